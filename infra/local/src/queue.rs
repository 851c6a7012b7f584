//! SQS in this process: `SendMessage`, and where a message goes. A queue that feeds a function holds messages; one
//! that nothing reads is where things lie that failed for good, so what is sent there is a dead letter at once.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::plan::Plan;
use crate::store::{Burial, Store, StoreError, Tx};
use crate::wire::Reply;

/// The longest message.
const MAX_BYTES: usize = 1024 * 1024;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessage {
    queue_url: String,
    message_body: String,
    #[serde(default)]
    delay_seconds: u64,
}

/// Answers `SendMessage`: takes a message.
pub(crate) async fn take(plan: &Plan, store: &Store, now: Timestamp, body: &[u8]) -> Reply {
    let request: SendMessage = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(e) => return Reply::error(400, "com.amazonaws.sqs#InvalidParameterValue", &e.to_string()),
    };
    if request.message_body.is_empty() || request.message_body.len() > MAX_BYTES {
        let reason = "the message body must be 1 to 1048576 bytes long";
        return Reply::error(400, "com.amazonaws.sqs#InvalidParameterValue", reason);
    }
    let Some(queue) = plan.template.queue_by_url(&request.queue_url).map(|q| q.name.clone()) else {
        // SQS keeps the codes of its older protocol for errors that the SDKs know by name.
        let reason = "The specified queue does not exist.";
        return Reply::error(400, "AWS.SimpleQueueService.NonExistentQueue", reason);
    };
    let plan = plan.clone();
    let visible = now.saturating_add(Duration::from_secs(request.delay_seconds.min(900))).unwrap_or(now);
    match store.change(move |tx| put(&plan, tx, &queue, &request.message_body, visible, now)).await {
        Ok(id) => Reply::ok(&json!({ "MessageId": id })),
        Err(e) => Reply::error(500, "com.amazonaws.sqs#InternalError", &e.to_string()),
    }
}

/// Puts a message into a queue, visible at `visible`.
pub(crate) fn put(
    plan: &Plan,
    tx: &Tx<'_>,
    queue: &str,
    body: &str,
    visible: Timestamp,
    now: Timestamp,
) -> Result<String, StoreError> {
    if plan.template.queue_mappings.iter().any(|m| m.queue == queue) {
        return tx.message(queue, body, visible);
    }
    let error = "set aside by a function";
    tx.lay_down(&Burial { queue: Some(queue), source: None, function: None, body, error, attempts: 0, now })
}
