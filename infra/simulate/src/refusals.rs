//! Answers that aren't what was asked for: refusals as AWS words them, and indexes that lag.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::faults::Fault;
use super::rng::Rng;
use banto_cloud::wire::{Call, Reply, Service};

/// Whether a transaction was cancelled since a coach's day had been changed meanwhile.
pub(super) fn lost_a_day(call: &Call, reply: &Reply) -> bool {
    if reply.status == 200 || call.operation != "TransactWriteItems" || !call.body.windows(9).any(|w| w == b"CALENDAR#")
    {
        return false;
    }
    let asked: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let said: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let is_day = |n: usize| {
        asked["TransactItems"][n]["Put"]["Item"]["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("CALENDAR#"))
    };
    let reasons = said["CancellationReasons"].as_array().into_iter().flatten().enumerate();
    reasons.into_iter().any(|(n, reason)| reason["Code"] == "ConditionalCheckFailed" && is_day(n))
}

pub(super) fn throttled(service: Service) -> Reply {
    match service {
        Service::Payments => banto_cloud::stripe::refused(429, "rate_limit"),
        Service::Ses => Reply::error(429, "TooManyRequestsException", "Maximum sending rate exceeded."),
        Service::DynamoDb => {
            Reply::error(400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", "slow down")
        }
        _ => Reply::error(400, "ThrottlingException", "slow down"),
    }
}

pub(super) fn conflict(call: &Call) -> Reply {
    let asked: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let count = asked["TransactItems"].as_array().map_or(1, Vec::len);
    let reason = |n: usize| {
        if n == 1 {
            json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" })
        } else {
            json!({ "Code": "None" })
        }
    };
    let reasons: Vec<Value> = (0..count).map(reason).collect();
    let mut reply = Reply::error(400, "", "");
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    reply.body = json!({ "__type": kind, "Message": "Transaction cancelled", "CancellationReasons": reasons })
        .to_string()
        .into();
    reply
}

/// Rows that each partition of an index once showed, for showing them again.
#[derive(Debug, Default)]
pub(super) struct Shown(BTreeMap<String, VecDeque<Value>>);

/// How many rows of a partition are kept.
const KEPT: usize = 8;

/// What an index shows: not everything yet, or what is no longer so. What it shows was once so in that very partition: an
/// index holds only items that have its keys (Amazon DynamoDB Developer Guide, "Using Global Secondary Indexes").
pub(super) fn lag(rng: &mut Rng, past: &mut Shown, call: &Call, reply: &Reply, fault: Option<Fault>) -> Reply {
    let mut shown: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let Some(items) = shown["Items"].as_array_mut() else { return reply.clone() };
    let past = past.0.entry(partition(call)).or_default();
    past.extend(items.iter().take(2).cloned());
    match fault {
        Some(Fault::Lag) => items.retain(|_| rng.per_mille(500)),
        Some(Fault::Stale) => items.extend(past.iter().cloned()),
        _ => {}
    }
    past.drain(..past.len().saturating_sub(KEPT));
    let count = items.len();
    shown["Count"] = json!(count);
    shown["ScannedCount"] = json!(count);
    Reply::ok(&shown)
}

/// The index that is asked, and which partition of it.
fn partition(call: &Call) -> String {
    let asked: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let condition = asked["KeyConditionExpression"].as_str().unwrap_or_default();
    let hash = condition.split_whitespace().nth(2).unwrap_or_default();
    format!("{} {}", asked["IndexName"], asked["ExpressionAttributeValues"][hash]["S"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_that_lags_shows_what_it_once_showed_and_nothing_of_another() {
        let query = |index: &str, hash: &str| Call {
            service: Service::DynamoDb,
            key: None,
            operation: "Query".to_owned(),
            body: json!({
                "IndexName": index, "KeyConditionExpression": "due_shard = :hash AND due_at <= :now",
                "ExpressionAttributeValues": { ":hash": { "S": hash }, ":now": { "S": "2026-12-01T00:00:00Z" } },
            })
            .to_string()
            .into(),
        };
        let (mut rng, mut past) = (Rng::of(1, &["lag"]), Shown::default());
        let mut ask = |index: &str, hash: &str, now: Value, fault| -> Value {
            let reply = lag(&mut rng, &mut past, &query(index, hash), &Reply::ok(&json!({ "Items": now })), fault);
            serde_json::from_slice::<Value>(&reply.body).unwrap_or_default()["Items"].take()
        };
        let (due, work) = (json!([{ "due_at": { "S": "then" } }]), json!([{ "desk_sk": { "S": "then" } }]));
        assert_eq!(ask("due", "1", due.clone(), None), due);
        assert_eq!(ask("desk", "1", work.clone(), None), work);
        assert_eq!(ask("due", "1", json!([]), Some(Fault::Stale)), due);
        assert_eq!(ask("due", "2", json!([]), Some(Fault::Stale)), json!([]));
        assert_eq!(ask("desk", "1", json!([]), Some(Fault::Stale)), work);
    }
}
