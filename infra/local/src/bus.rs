//! EventBridge in this process: `PutEvents` as AWS answers it, and the way of an event into the store. An event is
//! stored with every delivery it causes in one transaction, or refused. Refuses to call anybody: the pump does.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::ids;
use crate::plan::Plan;
use crate::store::{Store, StoreError, Tx};
use crate::template::Target;
use crate::wire::{ACCOUNT, REGION, Reply};

/// The most entries of one request.
const MAX_ENTRIES: usize = 10;
/// The most bytes of one request's entries.
const MAX_BYTES: usize = 256 * 1024;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
    time: Option<f64>,
    #[serde(default)]
    resources: Vec<String>,
}

/// Why one entry was not taken.
type EntryError = (&'static str, String);

/// An event on its way to a bus.
#[derive(Debug)]
struct Accepted {
    bus: String,
    event: Value,
}

/// Answers `PutEvents`.
pub(crate) async fn put_events(plan: &Plan, store: &Store, now: Timestamp, body: &[u8]) -> Reply {
    let request: PutEvents = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(e) => return Reply::error(400, "SerializationException", &e.to_string()),
    };
    if let Err(reason) = check_request(&request) {
        return Reply::error(400, "ValidationException", &reason);
    }
    let results: Vec<_> = request.entries.into_iter().map(|entry| accept(plan, entry, now)).collect();
    let (mut answers, mut accepted) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(taken) => {
                answers.push(json!({ "EventId": taken.event["id"] }));
                accepted.push(taken);
            }
            Err((code, message)) => answers.push(json!({ "ErrorCode": code, "ErrorMessage": message })),
        }
    }
    let failed = answers.len() - accepted.len();
    let plan = plan.clone();
    let stored = store.change(move |tx| accepted.iter().try_for_each(|a| deliver(&plan, tx, &a.bus, &a.event, now)));
    match stored.await {
        Ok(()) => Reply::ok(&json!({ "FailedEntryCount": failed, "Entries": answers })),
        Err(e) => Reply::error(500, "InternalException", &e.to_string()),
    }
}

fn check_request(request: &PutEvents) -> Result<(), String> {
    let count = request.entries.len();
    if count == 0 || count > MAX_ENTRIES {
        return Err(format!(
            "1 validation error detected: Value at 'entries' has {count} members; it must have 1 to {MAX_ENTRIES}"
        ));
    }
    if request.entries.iter().map(entry_size).sum::<usize>() > MAX_BYTES {
        return Err("Total size of the entries in the request is over the limit.".to_owned());
    }
    Ok(())
}

/// An entry's size as AWS counts it.
fn entry_size(entry: &Entry) -> usize {
    let text = |t: &Option<String>| t.as_ref().map_or(0, String::len);
    let time = if entry.time.is_some() { 14 } else { 0 };
    time + text(&entry.source)
        + text(&entry.detail_type)
        + text(&entry.detail)
        + entry.resources.iter().map(String::len).sum::<usize>()
}

fn accept(plan: &Plan, entry: Entry, now: Timestamp) -> Result<Accepted, EntryError> {
    let required = |value: Option<String>, name: &str| {
        let reason = format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
        value.filter(|v| !v.is_empty()).ok_or(("InvalidArgument", reason))
    };
    let source = required(entry.source, "Source")?;
    let detail_type = required(entry.detail_type, "DetailType")?;
    let detail = required(entry.detail, "Detail")?;
    if source.starts_with("aws.") {
        return Err(("NotAuthorizedForSourceException", format!("Not authorized for the source {source}.")));
    }
    let detail: Value =
        serde_json::from_str(&detail).map_err(|_| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
    if !detail.is_object() {
        return Err(("MalformedDetail", "Detail is malformed.".to_owned()));
    }
    let bus = entry.event_bus_name.as_deref().map_or("default", bus_name).to_owned();
    if !plan.router.has_bus(&bus) {
        return Err(("InvalidArgument", format!("Event bus {bus} does not exist.")));
    }
    #[expect(clippy::cast_possible_truncation, reason = "seconds since the epoch")]
    let time = entry.time.and_then(|t| Timestamp::from_second(t as i64).ok()).unwrap_or(now);
    let mut event = event(&source, &detail_type, time, detail);
    event["resources"] = json!(entry.resources);
    Ok(Accepted { bus, event })
}

/// A bus's name from its name or ARN.
fn bus_name(name: &str) -> &str {
    name.rsplit_once("event-bus/").map_or(name, |(_, name)| name)
}

/// An event in its envelope.
pub(crate) fn event(source: &str, detail_type: &str, time: Timestamp, detail: Value) -> Value {
    json!({
        "version": "0", "id": ids::uuid(), "detail-type": detail_type, "source": source, "account": ACCOUNT,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "region": REGION, "resources": [], "detail": detail,
    })
}

/// Stores what an event on `bus` causes: a call for each function, a message for each queue whose rule matches.
pub(crate) fn deliver(plan: &Plan, tx: &Tx<'_>, bus: &str, event: &Value, now: Timestamp) -> Result<(), StoreError> {
    let id = event["id"].as_str().unwrap_or_default();
    let body = event.to_string();
    for routed in plan.router.route(bus, event) {
        match &routed.target {
            Target::Function(function) => tx.call(id, function, &body, now)?,
            Target::Queue(queue) => {
                crate::queue::put(plan, tx, queue, &body, now, now)?;
            }
            Target::Bus(_) => {}
        }
    }
    Ok(())
}
