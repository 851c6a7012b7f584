//! The journal on the bus: batches by count and size, and each entry that was refused is looked at by itself.

use aws_sdk_eventbridge::error::DisplayErrorContext;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use banto_domain::{Commit, commit::Event};
use serde_json::json;

use crate::{Error, Result};

/// What all our events carry as their source.
pub const SOURCE: &str = "banto";
/// PutEvents takes at most 10 entries (Amazon EventBridge API reference).
const MAX_ENTRIES: usize = 10;
/// … of 256 KB together; some room is left for what the entries are wrapped in.
const MAX_BYTES: usize = 240 * 1024;

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
    pub async fn publish(&self, commit: &Commit) -> Result<()> {
        let mut batch: Vec<(Event, String)> = Vec::new();
        let mut bytes = 0;
        for event in commit.events() {
            let detail = serde_json::to_string(&event).map_err(|e| Error::Bug(e.to_string()))?;
            if batch.len() == MAX_ENTRIES || (!batch.is_empty() && bytes + detail.len() > MAX_BYTES) {
                self.put(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
            bytes += detail.len();
            batch.push((event, detail));
        }
        if batch.is_empty() { Ok(()) } else { self.put(batch).await }
    }

    async fn put(&self, batch: Vec<(Event, String)>) -> Result<()> {
        let entry = |(event, detail): &(Event, String)| {
            PutEventsRequestEntry::builder()
                .event_bus_name(&self.bus)
                .source(SOURCE)
                .detail_type(event.entry.entry.kind())
                .detail(detail)
                .build()
        };
        let call = self.events.put_events().set_entries(Some(batch.iter().map(entry).collect()));
        let out = call.send().await.map_err(|e| Error::Again(DisplayErrorContext(&e).to_string()))?;
        let mut busy = None;
        for ((event, _), result) in batch.iter().zip(out.entries()) {
            match result.error_code() {
                None => {}
                Some(code @ ("InternalFailure" | "InternalException" | "ThrottlingException")) => {
                    busy = Some(code.to_owned())
                }
                Some(code) => self.give_up(event, code).await?,
            }
        }
        match busy {
            Some(code) => Err(Error::Again(format!("the bus did not take every event: {code}"))),
            None => Ok(()),
        }
    }

    /// What the bus refuses for good is kept as (client, case, seq), to be redriven from the journal.
    async fn give_up(&self, event: &Event, code: &str) -> Result<()> {
        tracing::error!(client = %event.client, case = %event.case, seq = event.seq, code, "the bus refused an event for good");
        let body =
            json!({ "client": event.client, "case": event.case, "seq": event.seq, "index": event.index, "code": code });
        let call = self.sqs.send_message().queue_url(&self.queue_url).message_body(body.to_string());
        call.send().await.map_err(|e| Error::Again(DisplayErrorContext(&e).to_string())).map(|_| ())
    }
}
