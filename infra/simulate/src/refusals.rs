//! Answers that aren't what was asked for: refusals as AWS words them, and indexes that lag.

use serde_json::{Value, json};

use super::cloud::Net;
use super::faults::Fault;
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

/// What an index shows: not everything yet, or what is no longer so.
pub(super) fn lag(net: &mut Net, reply: &Reply, fault: Option<Fault>) -> Reply {
    let mut shown: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let Some(items) = shown["Items"].as_array_mut() else { return reply.clone() };
    for item in items.iter().take(2) {
        net.past.push_back(item.clone());
    }
    match fault {
        Some(Fault::Lag) => items.retain(|_| net.rng.per_mille(500)),
        Some(Fault::Stale) => items.extend(net.past.iter().cloned()),
        _ => {}
    }
    while net.past.len() > 8 {
        net.past.pop_front();
    }
    let count = items.len();
    shown["Count"] = json!(count);
    shown["ScannedCount"] = json!(count);
    Reply::ok(&shown)
}
