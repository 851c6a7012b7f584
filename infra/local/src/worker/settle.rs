//! What becomes of a call or of messages after the function has answered: done, once more later, or given up.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Worker;
use crate::plan::Plan;
use crate::store::{Job, StoreError, Tx};
use crate::template::QueueMapping;
use crate::wire::{ACCOUNT, REGION};

/// How long Lambda waits before it repeats a failed asynchronous call: a minute, then two.
fn pause(attempts: u32) -> Duration {
    Duration::from_secs(60 * u64::from(attempts.max(1)))
}

impl Worker {
    /// An asynchronous call, from beginning to end.
    pub(super) async fn carry_out(&self, job: Job) -> i64 {
        let n = job.n;
        let name = job.function.clone().unwrap_or_default();
        let event = serde_json::from_str(&job.body).unwrap_or_default();
        let result = self.invoke(&name, event).await.and_then(|answer| self.whole(&name, &answer));
        let (plan, now) = (self.plan.clone(), self.clock.now());
        self.write(move |tx| match &result {
            Ok(()) => tx.done(job.n),
            Err(error) => call_failed(&plan, tx, &job, &name, error, now),
        })
        .await;
        n
    }

    /// A stream's batch that is redriven by a call must succeed as a whole.
    fn whole(&self, name: &str, answer: &Value) -> Result<(), String> {
        let failed = answer["batchItemFailures"].as_array().map_or(0, Vec::len);
        if failed > 0 && name == self.plan.template.stream.function {
            return Err(format!("{failed} records failed"));
        }
        Ok(())
    }

    /// A batch of messages, from beginning to end.
    pub(super) async fn hand_out(&self, mapping: usize, jobs: Vec<Job>) -> Vec<i64> {
        let numbers = jobs.iter().map(|j| j.n).collect();
        let mapping = self.plan.template.queue_mappings[mapping].clone();
        let (plan, now) = (self.plan.clone(), self.clock.now());
        let result = self.invoke(&mapping.function, batch(&mapping.queue, &jobs, now)).await;
        let failures = failures(&mapping, &jobs, result);
        self.write(move |tx| {
            jobs.iter().zip(&failures).try_for_each(|(job, failure)| match failure {
                None => tx.done(job.n),
                Some(error) => message_failed(&plan, tx, job, &mapping, error, now),
            })
        })
        .await;
        numbers
    }

    /// Writes down what came of something. If even that fails, it stays due; a pause keeps that from spinning.
    pub(super) async fn write(&self, change: impl FnOnce(&Tx<'_>) -> Result<(), StoreError> + Send + 'static) {
        match self.store.change(change).await {
            Ok(()) => self.trouble.over(),
            Err(error) => {
                tokio::time::sleep(self.trouble.met("the outcome of a call could not be stored", &error)).await;
            }
        }
    }
}

fn call_failed(plan: &Plan, tx: &Tx<'_>, job: &Job, name: &str, error: &str, now: Timestamp) -> Result<(), StoreError> {
    let spec = plan.template.functions.get(name);
    if job.attempts < spec.map_or(2, |s| s.retries) {
        return tx.again(job.n, error, now.saturating_add(pause(job.attempts + 1)).unwrap_or(now));
    }
    let stream = &plan.template.stream;
    let of_stream = stream.dead_letter_queue.as_ref().filter(|_| stream.function == name);
    match spec.and_then(|s| s.dead_letter_queue.as_ref()).or(of_stream) {
        Some(queue) => give_up(plan, tx, job, queue, name, error, now),
        None => {
            tracing::warn!(function = name, event = job.id, "a call is dropped: the template names no queue for it");
            tx.done(job.n)
        }
    }
}

fn message_failed(
    plan: &Plan,
    tx: &Tx<'_>,
    job: &Job,
    mapping: &QueueMapping,
    error: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(queue) = plan.template.queues.get(&mapping.queue) else { return tx.done(job.n) };
    match &queue.redrive {
        Some((count, dead)) if job.attempts + 1 >= *count => {
            give_up(plan, tx, job, dead, &mapping.function, error, now)
        }
        _ => tx.again(job.n, error, now.saturating_add(queue.visibility).unwrap_or(now)),
    }
}

/// To the queue for what failed for good: a dead letter, unless some function reads that queue.
fn give_up(
    plan: &Plan,
    tx: &Tx<'_>,
    job: &Job,
    queue: &str,
    name: &str,
    error: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if plan.template.queue_mappings.iter().any(|m| m.queue == queue) {
        tx.done(job.n)?;
        return tx.message(queue, &job.body, now).map(|_| ());
    }
    tracing::error!(function = name, event = job.id, "given up: see the dead letters");
    tx.bury(job, Some(queue), name, error, now)
}

/// A batch as Lambda delivers it.
fn batch(queue: &str, jobs: &[Job], now: Timestamp) -> Value {
    let record = |job: &Job| {
        json!({
            "messageId": job.id, "receiptHandle": job.n.to_string(), "body": job.body,
            "attributes": {
                "ApproximateReceiveCount": (job.attempts + 1).to_string(),
                "SentTimestamp": now.as_millisecond().to_string(), "SenderId": ACCOUNT,
                "ApproximateFirstReceiveTimestamp": now.as_millisecond().to_string(),
            },
            "messageAttributes": {}, "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"), "awsRegion": REGION,
        })
    };
    json!({ "Records": jobs.iter().map(record).collect::<Vec<_>>() })
}

/// For each message why it failed, if it did. An id that isn't in the batch fails all of it, as with Lambda.
fn failures(mapping: &QueueMapping, jobs: &[Job], result: Result<Value, String>) -> Vec<Option<String>> {
    let answer = match result {
        Ok(answer) if mapping.partial => answer,
        Ok(_) => return vec![None; jobs.len()],
        Err(error) => return vec![Some(error); jobs.len()],
    };
    let named = answer["batchItemFailures"].as_array();
    let ids: Vec<&str> =
        named.into_iter().flatten().map(|f| f["itemIdentifier"].as_str().unwrap_or_default()).collect();
    if ids.iter().any(|id| jobs.iter().all(|j| j.id != *id)) {
        return vec![Some("bug: the function names a message that was not in its batch".to_owned()); jobs.len()];
    }
    let failed =
        |job: &Job| ids.contains(&job.id.as_str()).then(|| "the function reports that this message failed".to_owned());
    jobs.iter().map(failed).collect()
}
