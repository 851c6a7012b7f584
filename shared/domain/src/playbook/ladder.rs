//! The ladder of mails about an invoice that isn't paid (督促; in mails お支払いのご案内): data on civil days.

use jiff::civil::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Text;

/// What stands before a ladder's name and a step's in the origin of its mails: `ladder:usual:first`.
pub const OF_LADDER: &str = "ladder:";

/// One ladder. It counts in the zone of whoever pays, and nothing of it leaves on a day on which banks or the practice rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    /// For people.
    pub label: Text,
    /// At what time of the day its mails leave, where the payer is.
    pub at: Time,
    /// The steps, in their order.
    pub steps: Vec<Step>,
    /// Days after the last mail arrived, before a person decides.
    pub grace: u32,
}

/// One mail of a ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// So many days after the last day to pay on; with a minus, before it. Between two that come after it lie at least as
    /// many days as between their numbers, counted from when the earlier one arrived.
    pub day: i32,
    /// What is sent.
    pub template: String,
}

impl Ladder {
    /// Where a mail of one of its steps says that it comes from.
    #[must_use]
    pub fn origin(name: &str, step: &Step) -> String {
        format!("{OF_LADDER}{name}:{}", step.name)
    }

    /// The step that comes after one, by its name; the first without one.
    #[must_use]
    pub fn after(&self, done: Option<&str>) -> Option<&Step> {
        let first = done.and_then(|done| self.steps.iter().position(|s| s.name == done)).map_or(0, |n| n + 1);
        self.steps.get(first)
    }

    /// A step by its name.
    #[must_use]
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|s| s.name == name)
    }
}

/// The step that a mail of this origin is, if it is one of a ladder.
#[must_use]
pub fn step_of(origin: &str) -> Option<(&str, &str)> {
    origin.strip_prefix(OF_LADDER)?.split_once(':')
}
