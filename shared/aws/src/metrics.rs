//! Numbers that people watch. A function tells them as an event of `tracing` under [`TARGET`], whose fields are the
//! numbers; what becomes of it is the host's: a log line on one machine, and on AWS a line in CloudWatch's embedded metric
//! format, out of which CloudWatch makes metrics by itself.

use std::io::Write as _;

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// What such events carry as their target.
pub const TARGET: &str = "banto::metrics";
/// Under which CloudWatch keeps them, by the function's name.
const NAMESPACE: &str = "Banto";

/// Writes metrics to standard output, for CloudWatch.
pub(crate) struct Embedded {
    /// The function's name, which stands for the installation as well.
    pub(crate) function: String,
}

impl<S: Subscriber> Layer<S> for Embedded {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut numbers = Numbers::default();
        event.record(&mut numbers);
        let line = embedded(&self.function, numbers.0, jiff::Timestamp::now().as_millisecond());
        // A line that can't be written is no reason to fail.
        drop(writeln!(std::io::stdout().lock(), "{line}"));
    }
}

/// One line of the embedded metric format.
fn embedded(function: &str, numbers: Map<String, Value>, at: i64) -> Value {
    let metrics: Vec<Value> = numbers.keys().map(|name| json!({ "Name": name, "Unit": unit(name) })).collect();
    let mut line = json!({
        "_aws": {
            "Timestamp": at,
            "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": metrics }],
        },
        "FunctionName": function,
    });
    for (name, number) in numbers {
        line[name] = number;
    }
    line
}

fn unit(name: &str) -> &'static str {
    if name.ends_with("_seconds") { "Seconds" } else { "Count" }
}

/// The numbers among an event's fields; words are left out.
#[derive(Default)]
struct Numbers(Map<String, Value>);

impl Visit for Numbers {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_which_of_its_numbers_are_metrics() {
        let numbers = json!({ "due_backlog": 3, "oldest_due_seconds": 61 });
        let line = embedded("banto-wake-due", numbers.as_object().cloned().expect("numbers"), 1_796_083_200_000);
        assert_eq!(
            line,
            json!({
                "_aws": {
                    "Timestamp": 1_796_083_200_000_i64,
                    "CloudWatchMetrics": [{
                        "Namespace": "Banto", "Dimensions": [["FunctionName"]],
                        "Metrics": [
                            { "Name": "due_backlog", "Unit": "Count" },
                            { "Name": "oldest_due_seconds", "Unit": "Seconds" },
                        ],
                    }],
                },
                "FunctionName": "banto-wake-due", "due_backlog": 3, "oldest_due_seconds": 61,
            })
        );
    }
}
