//! The four services as the simulator offers them: the embedded engine for the case store, and records of what the
//! bus, the queue and the mail provider were given. Faults strike here, before or after a request is carried out.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use aws_smithy_runtime_api::client::result::ConnectorError;
use banto_aws::Clock as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Sabotage;
use super::faults::{Fault, Faults, is_index};
use super::provider::{self, Accepted};
use super::refusals::{Shown, conflict, lag, lost_a_day, throttled};
use super::rng::Rng;
use super::till::{self, Till};
use super::torn::Past;
use super::transcript::Transcript;
use super::versions::Versions;
use banto_cloud::clock::ManualClock;
use banto_cloud::engine::Engine;
use banto_cloud::stripe::refused;
use banto_cloud::wire::{Answering, Backend, Call, Reply, Service};

/// A change of the table, as its stream tells it.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) pk: String,
    pub(super) sk: String,
    pub(super) event: Value,
}

/// A request under way: whose it is, and what.
#[derive(Debug)]
struct InFlight {
    task: u64,
    newer: bool,
    call: Call,
}

/// What the services share with whoever moves the world.
#[derive(Debug)]
pub(super) struct Net {
    pub(super) rng: Rng,
    pub(super) faults: Faults,
    pub(super) sabotage: Option<Sabotage>,
    /// The task that is being polled.
    pub(super) task: u64,
    /// It is of a newer version than the others.
    pub(super) newer: bool,
    pub(super) versions: Versions,
    /// It must not change anything.
    pub(super) read_only: bool,
    next: u64,
    in_flight: BTreeMap<u64, InFlight>,
    /// Every change of the table, in order.
    pub(super) changes: Vec<Change>,
    after: Option<String>,
    /// When each case is due, by its partition key, as the sparse index has it.
    pub(super) due: BTreeMap<String, Timestamp>,
    /// Events that the bus took and nobody has delivered yet.
    pub(super) events: VecDeque<Value>,
    /// All that was ever on the bus, as text.
    pub(super) published: Vec<String>,
    /// What the mail provider accepted.
    pub(super) accepted: Vec<Accepted>,
    /// What the payment provider was paid and sent back.
    pub(super) till: Till,
    /// What the bus refused for good.
    pub(super) set_aside: Vec<Value>,
    /// Faults by kind.
    pub(super) tally: BTreeMap<String, u64>,
    /// Requests by service.
    pub(super) requests: u64,
    /// What the indexes once showed.
    pub(super) past: Shown,
    /// What the last transaction of each case changed.
    before: Past,
    pub(super) log: Transcript,
    /// Promises broken, as they are seen.
    pub(super) broken: Vec<String>,
}

impl Net {
    pub(super) fn new(rng: Rng, faults: Faults, sabotage: Option<Sabotage>, versions: Versions) -> Self {
        Self {
            newer: false,
            versions,
            rng,
            faults,
            sabotage,
            task: 0,
            read_only: false,
            next: 0,
            in_flight: BTreeMap::new(),
            changes: Vec::new(),
            after: None,
            due: BTreeMap::new(),
            events: VecDeque::new(),
            published: Vec::new(),
            accepted: Vec::new(),
            till: Till::default(),
            set_aside: Vec::new(),
            tally: BTreeMap::new(),
            requests: 0,
            past: Shown::default(),
            before: Past::default(),
            log: Transcript::default(),
            broken: Vec::new(),
        }
    }

    /// A number that was never given before.
    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Counts something that went wrong.
    pub(super) fn count(&mut self, what: &str) {
        *self.tally.entry(what.to_owned()).or_default() += 1;
    }

    /// A promise is broken.
    pub(super) fn breaks(&mut self, now: Timestamp, what: impl Into<String>) {
        let what = what.into();
        self.log.say(now, format!("✗ {what}"));
        self.broken.push(what);
    }
}

/// The services.
#[derive(Debug, Clone)]
pub(super) struct Cloud {
    pub(super) engine: Engine,
    pub(super) table: String,
    pub(super) configuration_set: String,
    pub(super) clock: Arc<ManualClock>,
    pub(super) net: Arc<Mutex<Net>>,
    /// Without faults: for setting things up and looking at them.
    pub(super) clean: bool,
}

/// Pends once: where another handler may go on, or this one be dropped.
pub(super) async fn breathe() {
    let mut done = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut done, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The value of a future that never waits for anything.
pub(super) fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn broken_connection() -> ConnectorError {
    ConnectorError::timeout("no answer".into())
}

impl Backend for Cloud {
    fn call(&self, call: Call) -> Answering<'_> {
        Box::pin(async move {
            if self.clean {
                let mut net = self.net();
                return Ok(self.carry_out(&mut net, &call, None));
            }
            let ticket = self.begin(call);
            breathe().await;
            let answer = self.apply(ticket);
            breathe().await;
            answer
        })
    }
}

impl Cloud {
    /// What is shared. A thread that panicked is the end of the simulation anyway.
    pub(super) fn net(&self) -> MutexGuard<'_, Net> {
        self.net.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, mut call: Call) -> u64 {
        let mut net = self.net();
        let (ticket, task, newer) = (net.number(), net.task, net.newer);
        if newer
            && call.operation == "TransactWriteItems"
            && let Some(body) = net.versions.write(&call.body)
        {
            call.body = body.into();
            net.count("written by a newer version");
        }
        net.in_flight.insert(ticket, InFlight { task, newer, call });
        ticket
    }

    /// Requests that a dropped handler left under way: each may still be carried out.
    pub(super) fn orphans(&self, task: u64) -> Vec<Call> {
        let mut net = self.net();
        let tickets: Vec<u64> = net.in_flight.iter().filter(|(_, f)| f.task == task).map(|(t, _)| *t).collect();
        tickets.iter().filter_map(|t| net.in_flight.remove(t)).map(|f| f.call).collect()
    }

    /// Carries out a request whose caller is gone.
    pub(super) fn late(&self, call: &Call) {
        let mut net = self.net();
        net.log.say(self.clock.now(), format!("⚡ {} of a dropped handler is carried out after all", call.operation));
        self.carry_out(&mut net, call, None);
    }

    fn apply(&self, ticket: u64) -> Result<Reply, ConnectorError> {
        let mut net = self.net();
        let Some(InFlight { call, newer, .. }) = net.in_flight.remove(&ticket) else { return Err(broken_connection()) };
        let took = SignedDuration::from_millis(net.rng.between(1, 40));
        self.clock.set(self.clock.now().saturating_add(took).unwrap_or(Timestamp::MAX));
        let now = self.clock.now();
        net.requests += 1;
        if net.read_only && changes_something(&call) {
            net.breaks(now, format!("6: a request that only shows called {} {}", call.service.name(), call.operation));
        }
        let Net { rng, faults, .. } = &mut *net;
        let fault = faults.strike(rng, &call, now);
        let answer = self.answer(&mut net, &call, fault);
        if newer { answer.map(|reply| net.versions.read(reply)) } else { answer }
    }

    fn answer(&self, net: &mut Net, call: &Call, fault: Option<Fault>) -> Result<Reply, ConnectorError> {
        let now = self.clock.now();
        let Some(fault) = fault else { return Ok(self.carry_out(net, call, None)) };
        // Most reads have nothing to tear.
        if fault != Fault::Torn {
            net.count(&format!("{}: {}", call.service.name(), fault.name()));
            net.log.say(now, format!("⚡ {} {}: {}", call.service.name(), call.operation, fault.name()));
        }
        self.faulty(net, call, fault)
    }

    fn faulty(&self, net: &mut Net, call: &Call, fault: Fault) -> Result<Reply, ConnectorError> {
        match fault {
            Fault::TimeoutBefore => Err(broken_connection()),
            Fault::TimeoutAfter => {
                self.carry_out(net, call, None);
                Err(broken_connection())
            }
            Fault::ErrorBefore => Ok(Reply::error(500, "InternalServerError", "try again")),
            Fault::ErrorAfter => {
                self.carry_out(net, call, None);
                Ok(Reply::error(500, "InternalServerError", "try again"))
            }
            Fault::Throttled => Ok(throttled(call.service)),
            Fault::Paused => Ok(Reply::error(400, "SendingPausedException", "sending is paused for this account")),
            Fault::Conflict => Ok(conflict(call)),
            Fault::Unprocessed => {
                let asked: Value = serde_json::from_slice(&call.body).unwrap_or_default();
                Ok(Reply::ok(&json!({ "Responses": {}, "UnprocessedKeys": asked["RequestItems"] })))
            }
            Fault::Refused if call.service == Service::Payments => Ok(refused(400, "charge_disputed")),
            Fault::Refused if call.service == Service::Ses => Ok(Reply::error(400, "MessageRejected", "not this one")),
            Fault::Lag | Fault::Stale | Fault::Torn | Fault::SomeFailed | Fault::Refused => {
                Ok(self.carry_out(net, call, Some(fault)))
            }
        }
    }

    fn carry_out(&self, net: &mut Net, call: &Call, fault: Option<Fault>) -> Reply {
        let now = self.clock.now();
        match (call.service, call.operation.as_str()) {
            (Service::DynamoDb, _) => self.table(net, call, fault),
            (Service::EventBridge, "PutEvents") => put_events(net, &call.body, now, fault),
            (Service::Ses, "SendEmail") => provider::accept(net, &self.configuration_set, &call.body, now),
            (Service::Payments, "POST /v1/refunds") => till::pays_back(net, call, now),
            (Service::Sqs, "SendMessage") => {
                let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
                let aside = body["MessageBody"].as_str().and_then(|b| serde_json::from_str(b).ok()).unwrap_or_default();
                net.log.say(now, format!("✉ set aside, to be redriven: {aside}"));
                net.set_aside.push(aside);
                Reply::ok(&json!({ "MessageId": format!("aside-{}", net.set_aside.len()) }))
            }
            (_, operation) => Reply::error(400, "UnknownOperationException", operation),
        }
    }

    fn table(&self, net: &mut Net, call: &Call, fault: Option<Fault>) -> Reply {
        if net.sabotage == Some(Sabotage::LoseWrites) && call.operation == "TransactWriteItems" && net.rng.per_mille(20)
        {
            return Reply::ok(&json!({}));
        }
        let body = match net.sabotage.and_then(|s| s.spoil(&call.operation, &call.body)) {
            Some(spoiled) => spoiled.into(),
            None => call.body.clone(),
        };
        let mut reply = self.engine.answer(&call.operation, &body);
        if changes_something(call) && reply.status == 200 {
            self.read_stream(net);
        } else if lost_a_day(call, &reply) {
            net.count("race for a coach's day lost");
        }
        if is_index(call) && reply.status == 200 {
            let Net { rng, past, .. } = net;
            reply = lag(rng, past, call, &reply, fault);
        } else if fault == Some(Fault::Torn)
            && let Some(torn) = net.before.tear(&mut net.rng, &reply)
        {
            net.count("dynamodb: torn read");
            net.log.say(self.clock.now(), "⚡ dynamodb Query: torn read");
            reply = torn;
        }
        if let Some(spoiled) = net.sabotage.and_then(|s| s.spoil_reply(&call.operation, &reply)) {
            reply = spoiled;
        }
        reply
    }

    /// Takes what is new from the table's stream.
    fn read_stream(&self, net: &mut Net) {
        let records = at_once(self.engine.stream(&self.table, net.after.clone(), 100));
        let records = records.and_then(Result::ok).unwrap_or_default();
        net.before.keep(records.iter().map(|record| &record.event));
        for record in records {
            let key = |name: &str| record.event["dynamodb"]["Keys"][name]["S"].as_str().unwrap_or_default().to_owned();
            if key("sk") == "S" {
                let due = record.event["dynamodb"]["NewImage"]["due_at"]["S"].as_str().and_then(|at| at.parse().ok());
                match due {
                    Some(at) => drop(net.due.insert(key("pk"), at)),
                    None => drop(net.due.remove(&key("pk"))),
                }
            }
            let lost = net.versions.written((&key("pk"), &key("sk")), &record.event["dynamodb"]["NewImage"]);
            if let Some(lost) = lost {
                net.breaks(self.clock.now(), lost);
            }
            net.changes.push(Change { pk: key("pk"), sk: key("sk"), event: record.event.clone() });
            net.after = Some(record.sequence);
        }
    }
}

/// Whether a request can change anything.
fn changes_something(call: &Call) -> bool {
    !matches!(call.operation.as_str(), "GetItem" | "Query" | "BatchGetItem" | "Scan" | "TransactGetItems")
}

fn put_events(net: &mut Net, body: &[u8], now: Timestamp, fault: Option<Fault>) -> Reply {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut answers = Vec::new();
    let mut failed = 0;
    for entry in request["Entries"].as_array().into_iter().flatten() {
        let code = match fault {
            Some(Fault::SomeFailed) if net.rng.per_mille(500) => Some("InternalFailure"),
            Some(Fault::Refused) if net.rng.per_mille(300) => Some("NotAuthorizedForDetailTypeException"),
            _ => None,
        };
        if let Some(code) = code {
            failed += 1;
            answers.push(json!({ "ErrorCode": code, "ErrorMessage": "not taken" }));
            continue;
        }
        let id = format!("event-{}", net.number());
        let detail = entry["Detail"].as_str().unwrap_or_default();
        net.published.push(detail.to_owned());
        let detail: Value = serde_json::from_str(detail).unwrap_or_default();
        net.events.push_back(event(
            &id,
            entry["Source"].as_str().unwrap_or_default(),
            entry["DetailType"].as_str().unwrap_or_default(),
            now,
            detail,
        ));
        answers.push(json!({ "EventId": id }));
    }
    Reply::ok(&json!({ "FailedEntryCount": failed, "Entries": answers }))
}

/// An event as EventBridge delivers it.
pub(super) fn event(id: &str, source: &str, detail_type: &str, at: Timestamp, detail: Value) -> Value {
    json!({
        "version": "0", "id": id, "source": source, "detail-type": detail_type, "account": banto_cloud::wire::ACCOUNT,
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "region": banto_cloud::wire::REGION, "resources": [],
        "detail": detail,
    })
}
