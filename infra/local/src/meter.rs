//! What the house used since it started, and what that would cost on AWS. Owns the counting layer and the price list;
//! refuses to limit anything.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::template::Template;
use crate::wire::{Answering, Backend, Call, Reply, Service, Units};

/// List prices in US dollars, without free tiers: Lambda (arm64, first tier), DynamoDB on demand (standard table class, as
/// halved in November 2024), EventBridge (custom events; those of AWS services are free), SES (outgoing mail), SQS
/// (standard queues), API Gateway (HTTP APIs, first tier). From the services' price pages as they stood in 2025; what
/// Lambda reads of a table's stream costs nothing. Left out: storage, what goes out to the internet, logs.
#[derive(Debug, Clone, Copy)]
pub struct Prices {
    /// The region.
    pub region: &'static str,
    lambda_call: f64,
    lambda_gb_second: f64,
    write_unit: f64,
    read_unit: f64,
    event: f64,
    mail: f64,
    queue_request: f64,
    http_request: f64,
}

const MILLION: f64 = 1_000_000.0;

/// The regions we quote.
pub const PRICES: [Prices; 2] = [
    Prices {
        region: "ap-northeast-1",
        lambda_call: 0.20 / MILLION,
        lambda_gb_second: 0.000_013_333_4, // arm64
        write_unit: 0.715 / MILLION,
        read_unit: 0.1425 / MILLION,
        event: 1.00 / MILLION,
        mail: 0.10 / 1000.0,
        queue_request: 0.40 / MILLION,
        http_request: 1.29 / MILLION,
    },
    Prices {
        region: "us-east-1",
        lambda_call: 0.20 / MILLION,
        lambda_gb_second: 0.000_013_333_4,
        write_unit: 0.625 / MILLION,
        read_unit: 0.125 / MILLION,
        event: 1.00 / MILLION,
        mail: 0.10 / 1000.0,
        queue_request: 0.40 / MILLION,
        http_request: 1.00 / MILLION,
    },
];

#[derive(Debug, Clone, Default)]
struct Calls {
    count: u64,
    failures: u64,
    time: Duration,
    /// The numbers of its last answer that had any.
    last: Option<Map<String, Value>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Requests {
    count: u64,
    units: Units,
}

#[derive(Debug, Default)]
struct Counts {
    functions: BTreeMap<String, Calls>,
    requests: BTreeMap<(Service, String), Requests>,
    events: u64,
    mails: u64,
}

/// The counters.
#[derive(Debug)]
pub struct Meter {
    since: Timestamp,
    counts: Mutex<Counts>,
}

impl Meter {
    /// All zero.
    #[must_use]
    pub fn new(since: Timestamp) -> Self {
        Self { since, counts: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A function was called.
    pub fn called(&self, name: &str, time: Duration, failed: bool) {
        let mut counts = self.lock();
        let calls = counts.functions.entry(name.to_owned()).or_default();
        calls.count += 1;
        calls.failures += u64::from(failed);
        calls.time += time;
    }

    /// A function answered an event: what it counted is kept.
    pub fn told(&self, name: &str, answer: &Value) {
        let numbers = answer.as_object().into_iter().flatten().filter(|(_, value)| value.is_number());
        let numbers: Map<String, Value> = numbers.map(|(name, value)| (name.clone(), value.clone())).collect();
        if !numbers.is_empty() {
            self.lock().functions.entry(name.to_owned()).or_default().last = Some(numbers);
        }
    }

    fn answered(&self, service: Service, operation: &str, reply: &Reply) {
        let mut counts = self.lock();
        let requests = counts.requests.entry((service, operation.to_owned())).or_default();
        requests.count += 1;
        requests.units.read += reply.units.read;
        requests.units.write += reply.units.write;
        match service {
            Service::Ses if reply.status == 200 => counts.mails += 1,
            Service::EventBridge if reply.status == 200 => counts.events += accepted(reply),
            _ => {}
        }
    }

    /// Everything counted, and the price by region.
    #[must_use]
    pub fn report(&self, template: &Template) -> Value {
        let counts = self.lock();
        let functions: BTreeMap<_, _> = counts
            .functions
            .iter()
            .map(|(name, c)| {
                let mut calls = json!({ "calls": c.count, "failures": c.failures, "seconds": c.time.as_secs_f64() });
                if let Some(last) = &c.last {
                    calls["last"] = json!(last);
                }
                (name, calls)
            })
            .collect();
        let by_operation = |wanted: Service| -> BTreeMap<&String, Value> {
            counts
                .requests
                .iter()
                .filter(|((service, _), _)| *service == wanted)
                .map(|((_, operation), r)| {
                    (
                        operation,
                        json!({ "requests": r.count, "read_units": r.units.read, "write_units": r.units.write }),
                    )
                })
                .collect()
        };
        let price: BTreeMap<_, _> = PRICES.iter().map(|p| (p.region, price(p, &counts, template))).collect();
        json!({
            "since": self.since.to_string(),
            "calls": counts.functions.values().map(|c| c.count).sum::<u64>(),
            "functions": functions, "dynamodb": by_operation(Service::DynamoDb),
            "events": counts.events, "mails": counts.mails, "price_usd": price,
        })
    }
}

/// How many entries of a `PutEvents` were taken.
fn accepted(reply: &Reply) -> u64 {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let entries = body["Entries"].as_array().map_or(0, Vec::len) as u64;
    entries.saturating_sub(body["FailedEntryCount"].as_u64().unwrap_or(0))
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn price(p: &Prices, counts: &Counts, template: &Template) -> Value {
    let (mut lambda, mut http, mut queue) = (0.0, 0.0, 0.0);
    for (name, calls) in &counts.functions {
        let memory = template.functions.get(name).map_or(128, |f| f.memory);
        lambda += calls.count as f64 * p.lambda_call;
        lambda += calls.time.as_secs_f64() * f64::from(memory) / 1024.0 * p.lambda_gb_second;
        if template.routes.iter().any(|r| &r.function == name) {
            http += calls.count as f64 * p.http_request;
        }
        if template.queue_mappings.iter().any(|m| &m.function == name) {
            queue += calls.count as f64 * 3.0 * p.queue_request; // sent, received, deleted
        }
    }
    let units = counts
        .requests
        .values()
        .fold(Units::default(), |sum, r| Units { read: sum.read + r.units.read, write: sum.write + r.units.write });
    let dynamodb = units.read * p.read_unit + units.write * p.write_unit;
    let (events, mails) = (counts.events as f64 * p.event, counts.mails as f64 * p.mail);
    let total = lambda + http + queue + dynamodb + events + mails;
    json!({ "lambda": lambda, "http": http, "sqs": queue, "dynamodb": dynamodb, "eventbridge": events, "ses": mails, "total": total })
}

/// The layer that counts.
#[derive(Debug)]
pub struct Metered {
    /// What answers.
    pub inner: Arc<dyn Backend>,
    /// Where it is counted.
    pub meter: Arc<Meter>,
}

impl Backend for Metered {
    fn call(&self, call: Call) -> Answering<'_> {
        Box::pin(async move {
            let (service, operation) = (call.service, call.operation.clone());
            let reply = self.inner.call(call).await?;
            self.meter.answered(service, &operation, &reply);
            Ok(reply)
        })
    }
}
