//! The journal on the bus: batches by count and size, and each entry that was refused is looked at by itself.

use aws_sdk_eventbridge::error::{DisplayErrorContext, ProvideErrorMetadata as _};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use banto_domain::state::commit::VERSION;
use banto_domain::state::upcast;
use banto_domain::{Entry, Stamped, StoredCommit};
use serde_json::{Value, json};

use crate::{Error, Result};

/// What all our events carry as their source.
pub const SOURCE: &str = "banto";
/// PutEvents takes at most 10 entries (Amazon EventBridge API reference).
const MAX_ENTRIES: usize = 10;
/// … of 256 KB together; some room is left for what the entries are wrapped in.
const MAX_BYTES: usize = 240 * 1024;

/// What the bus says of a request that it will never take, however often it comes.
const POISON: [&str; 4] =
    ["ValidationException", "ValidationError", "InvalidArgument", "RequestEntityTooLargeException"];

/// The way out for events. Only `publish-journal` may hold one.
#[derive(Debug, Clone)]
pub struct Publisher {
    events: aws_sdk_eventbridge::Client,
    sqs: aws_sdk_sqs::Client,
    bus: String,
    queue_url: String,
}

impl Publisher {
    /// A publisher to this bus; what the bus refuses for good goes to this queue.
    #[must_use]
    pub fn new(events: aws_sdk_eventbridge::Client, sqs: aws_sdk_sqs::Client, bus: String, queue_url: String) -> Self {
        Self { events, sqs, bus, queue_url }
    }

    /// Publishes one commit, all of it.
    ///
    /// # Errors
    /// When the bus is busy: the commit must come again, whole. (Consumers take a cause up once.)
    pub async fn publish(&self, stored: &StoredCommit) -> Result<()> {
        let mut batch: Vec<Outgoing> = Vec::new();
        let mut bytes = 0;
        for event in outgoing(stored)? {
            if batch.len() == MAX_ENTRIES || (!batch.is_empty() && bytes + event.text.len() > MAX_BYTES) {
                self.put(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
            bytes += event.text.len();
            batch.push(event);
        }
        if batch.is_empty() { Ok(()) } else { self.put(batch).await }
    }

    /// What is wrong about one event is found by itself, and keeps none of the others.
    async fn put(&self, batch: Vec<Outgoing>) -> Result<()> {
        let Some(code) = self.put_together(&batch).await? else { return Ok(()) };
        if let [event] = &batch[..] {
            return self.give_up(&event.detail, &code).await;
        }
        for event in batch {
            if let Some(code) = self.put_together(std::slice::from_ref(&event)).await? {
                self.give_up(&event.detail, &code).await?;
            }
        }
        Ok(())
    }

    /// Gives events to the bus in one request; the bus's word when it refuses the request itself.
    async fn put_together(&self, batch: &[Outgoing]) -> Result<Option<String>> {
        let entry = |event: &Outgoing| {
            PutEventsRequestEntry::builder()
                .event_bus_name(&self.bus)
                .source(SOURCE)
                .detail_type(event.kind())
                .detail(&event.text)
                .build()
        };
        let call = self.events.put_events().set_entries(Some(batch.iter().map(entry).collect()));
        let out = match call.send().await {
            Ok(out) => out,
            Err(error) if error.code().is_some_and(|code| POISON.contains(&code)) => {
                return Ok(error.code().map(str::to_owned));
            }
            Err(error) => return Err(Error::Again(DisplayErrorContext(&error).to_string())),
        };
        let mut busy = None;
        for (event, result) in batch.iter().zip(out.entries()) {
            match result.error_code() {
                None => {}
                Some(code @ ("InternalFailure" | "InternalException" | "ThrottlingException")) => {
                    busy = Some(code.to_owned())
                }
                Some(code) => self.give_up(&event.detail, code).await?,
            }
        }
        match busy {
            Some(code) => Err(Error::Again(format!("the bus did not take every event: {code}"))),
            None => Ok(None),
        }
    }

    /// What can't be read, and so not be published, is kept as well: nothing else waits for it.
    ///
    /// # Errors
    /// When the queue can't be reached: the commit must come again.
    pub async fn set_aside(&self, whose: &Value) -> Result<()> {
        self.give_up(whose, "Unreadable").await
    }

    /// What the bus refuses for good is kept as (client, case, seq), to be redriven from the journal.
    async fn give_up(&self, event: &Value, code: &str) -> Result<()> {
        tracing::error!(client = %event["client"], case = %event["case"], seq = %event["seq"], code, "the bus refused an event for good");
        let body = json!({
            "client": event["client"], "case": event["case"], "seq": event["seq"], "index": event["index"], "code": code,
        });
        let call = self.sqs.send_message().queue_url(&self.queue_url).message_body(body.to_string());
        call.send().await.map_err(|e| Error::Again(DisplayErrorContext(&e).to_string())).map(|_| ())
    }
}

/// An event on its way to the bus.
#[derive(Debug)]
struct Outgoing {
    /// As `events/schema.json` has it.
    detail: Value,
    /// The same, as it is sent.
    text: String,
}

impl Outgoing {
    fn kind(&self) -> &str {
        self.detail["entry"]["type"].as_str().unwrap_or_default()
    }
}

/// The events of a commit. Entries go out as they are stored, brought up to date where we know how, and otherwise as they
/// are: while a release is rolled out, a publisher carries what only its successor understands.
fn outgoing(stored: &StoredCommit) -> Result<Vec<Outgoing>> {
    let bad = |e: &dyn std::fmt::Display| Error::Bug(format!("commit {}: {e}", stored.seq));
    let commit: Value = serde_json::from_str(&stored.body).map_err(|e| bad(&e))?;
    let entries = commit["entries"].as_array().ok_or_else(|| bad(&"has no entries"))?;
    Ok(entries.iter().enumerate().map(|(index, entry)| event(&commit, index, entry.clone())).collect())
}

fn event(commit: &Value, index: usize, mut entry: Value) -> Outgoing {
    upcast::entry(&mut entry, upcast::UPCASTERS);
    let known: Option<Stamped> = serde_json::from_value(entry.clone()).ok();
    let (action, cause) = match known.as_ref().map(|stamped| &stamped.entry) {
        Some(Entry::StepRetried { cause, action, .. }) => (Some(action.as_str()), cause.as_str()),
        Some(known) => (known.action(), entry["id"].as_str().unwrap_or_default()),
        // Should it not be for this function after all, there is no such step, and nothing comes of it.
        None => (entry["action"].as_str(), entry["id"].as_str().unwrap_or_default()),
    };
    let mut detail = json!({
        "v": VERSION, "client": commit["client"], "case": commit["case"], "seq": commit["seq"], "index": index,
        "cause": cause, "at": commit["recorded_at"],
    });
    if let Some(action) = action {
        detail["action"] = json!(action);
    }
    detail["entry"] = entry;
    Outgoing { text: detail.to_string(), detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(line: &str) -> StoredCommit {
        let claim = banto_domain::Id::derive(&["x"]);
        StoredCommit { claim, seq: 1, hash: String::new(), body: line.to_owned() }
    }

    #[test]
    fn what_leaves_is_what_the_types_say() {
        for line in include_str!("../../../events/golden/v1.jsonl").lines() {
            let expected = stored(line).open().expect("a commit").events();
            let expected: Vec<Value> = expected.iter().map(|e| serde_json::to_value(e).expect("JSON")).collect();
            let found: Vec<Value> = outgoing(&stored(line)).expect("events").into_iter().map(|e| e.detail).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_only_a_newer_version_understands_leaves_as_it_is_stored() {
        let line = include_str!("../../../events/golden/v1.jsonl").lines().next().expect("a commit");
        let mut commit: Value = serde_json::from_str(line).expect("JSON");
        let entries = json!([
            { "id": "0000000000000001", "v": 9, "type": "moon.rose", "action": "howl", "phase": "full" },
            { "id": "0000000000000002", "v": 9, "type": "node.entered", "node": "a", "action": "notify", "speed": 3 },
        ]);
        commit["entries"] = entries.clone();
        let found = outgoing(&stored(&commit.to_string())).expect("events");
        assert_eq!(found.iter().map(Outgoing::kind).collect::<Vec<_>>(), ["moon.rose", "node.entered"]);
        for ((event, entry), action) in found.iter().zip(entries.as_array().expect("a list")).zip(["howl", "notify"]) {
            assert_eq!((&event.detail["entry"], &event.detail["action"]), (entry, &json!(action)));
            assert_eq!(event.detail["cause"], entry["id"]);
        }
    }
}
