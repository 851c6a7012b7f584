//! The table's stream, read as Lambda reads it: in order, one batch at a time, and a batch that fails holds up what
//! comes after it. The checkpoint moves only when a record is done with; after a crash the batch simply comes again.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Worker;
use crate::engine::StreamRecord;
use crate::host::HostError;
use crate::store::Burial;

/// Where the checkpoint is kept.
pub(crate) const STREAM: &str = "stream";

/// How far the stream is read.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    /// Everything up to this record is done with.
    pub(super) after: Option<String>,
    /// Everything before this record is forgotten.
    trimmed: Option<String>,
    /// Records in the next batch: fewer while a bad one is being found.
    pub(super) limit: usize,
    /// How often the record after the checkpoint failed.
    attempts: u32,
    /// Not before this.
    pub(super) again_at: Option<Timestamp>,
}

/// Which records of a batch are done with, and why the next one isn't.
struct Outcome {
    done: usize,
    /// The records that failed together, from `done` on.
    failed: usize,
    error: Option<String>,
    /// The failure concerns the batch as a whole, so halving it may help.
    whole: bool,
}

impl Worker {
    pub(super) async fn load_stream(&self) -> Result<Stream, HostError> {
        let after = self.store.read(|tx| tx.meta(STREAM)).await?;
        Ok(Stream { after, trimmed: None, limit: self.plan.template.stream.batch, attempts: 0, again_at: None })
    }

    /// Forgets the records that are done with, so that the stream doesn't grow for ever.
    pub(super) async fn trim(&self, stream: &mut Stream) -> Result<(), HostError> {
        if let Some(after) = stream.after.clone().filter(|_| stream.after != stream.trimmed) {
            self.engine.trim_stream(&self.plan.template.table.name, &after).await?;
            stream.trimmed = Some(after);
        }
        Ok(())
    }

    /// Hands one batch to the function, and says how far the stream is read then.
    pub(super) async fn publish(&self, stream: Stream, records: Vec<StreamRecord>) -> Stream {
        let wanted: Vec<&StreamRecord> = records.iter().filter(|r| self.plan.router.wants_record(&r.event)).collect();
        let outcome = if wanted.is_empty() {
            Outcome { done: 0, failed: 0, error: None, whole: false }
        } else {
            self.hand_over(&wanted).await
        };
        let Some(error) = outcome.error else {
            let last = records.last().map(|r| r.sequence.clone());
            return self.advance(stream, last, None).await;
        };
        let spec = &self.plan.template.stream;
        let reached = wanted.get(outcome.done.wrapping_sub(1)).map(|r| r.sequence.clone());
        let stream = if reached.is_some() { self.advance(stream, reached, None).await } else { stream };
        if outcome.whole && spec.bisect && wanted.len() > 1 {
            return Stream { limit: (stream.limit.min(records.len()) / 2).max(1), ..stream };
        }
        let attempts = stream.attempts + 1;
        if spec.retries.is_none_or(|most| attempts <= most) {
            let pause = Duration::from_secs(1 << attempts.min(6));
            return Stream { attempts, again_at: self.clock.now().saturating_add(pause).ok(), ..stream };
        }
        let given_up = &wanted[outcome.done..outcome.done + outcome.failed];
        let last = given_up.last().map(|r| r.sequence.clone());
        self.advance(stream, last, Some((given_up, error, attempts))).await
    }

    async fn hand_over(&self, wanted: &[&StreamRecord]) -> Outcome {
        let spec = &self.plan.template.stream;
        let result = self.invoke(&spec.function, batch(wanted)).await;
        let answer = match result {
            Err(error) => return Outcome { done: 0, failed: wanted.len(), error: Some(error), whole: true },
            Ok(answer) => answer,
        };
        let named = answer["batchItemFailures"].as_array().filter(|_| spec.partial);
        let ids: Vec<&str> =
            named.into_iter().flatten().map(|f| f["itemIdentifier"].as_str().unwrap_or_default()).collect();
        if ids.is_empty() {
            return Outcome { done: wanted.len(), failed: 0, error: None, whole: false };
        }
        // The lowest failure is the checkpoint; what comes after it comes again.
        match wanted.iter().position(|r| ids.contains(&r.sequence.as_str())) {
            Some(done) => Outcome {
                done,
                failed: 1,
                error: Some("the function reports that this record failed".to_owned()),
                whole: false,
            },
            None => {
                let error = "bug: the function names a record that was not in its batch".to_owned();
                Outcome { done: 0, failed: wanted.len(), error: Some(error), whole: true }
            }
        }
    }

    /// Moves the checkpoint, together with what is given up on the way.
    async fn advance(
        &self,
        stream: Stream,
        to: Option<String>,
        given_up: Option<(&[&StreamRecord], String, u32)>,
    ) -> Stream {
        let Some(to) = to else { return stream };
        let (spec, now, checkpoint) = (self.plan.template.stream.clone(), self.clock.now(), to.clone());
        let dead = given_up.map(|(records, error, attempts)| (batch(records).to_string(), error, attempts));
        let stored = self.store.change(move |tx| {
            if let Some((body, error, attempts)) = &dead {
                let (queue, function) = (spec.dead_letter_queue.as_deref(), Some(spec.function.as_str()));
                tx.lay_down(&Burial { queue, source: None, function, body, error, attempts: *attempts, now })?;
            }
            tx.set_meta(STREAM, &checkpoint)
        });
        match stored.await {
            Ok(()) => Stream {
                after: Some(to),
                limit: self.plan.template.stream.batch,
                attempts: 0,
                again_at: None,
                ..stream
            },
            Err(error) => {
                tokio::time::sleep(self.trouble.met("the stream's checkpoint could not be stored", &error)).await;
                stream
            }
        }
    }
}

fn batch(records: &[&StreamRecord]) -> Value {
    json!({ "Records": records.iter().map(|r| &r.event).collect::<Vec<_>>() })
}
