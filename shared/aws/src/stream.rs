//! Commits out of a DynamoDB stream batch, as Lambda delivers it.

use aws_sdk_dynamodb::types::AttributeValue;
use banto_domain::StoredCommit;
use serde_json::{Value, json};

use crate::ledger::Item;
use crate::{Error, Result, items};

/// The commit that a stream record inserted; `None` when it is another kind of change.
///
/// # Errors
/// When a commit item can't be read: our bug.
pub fn commit(record: &Value) -> Result<Option<StoredCommit>> {
    let image = &record["dynamodb"]["NewImage"];
    let is_commit = image["sk"]["S"].as_str().is_some_and(|sk| sk.starts_with("C#"));
    if record["eventName"] != "INSERT" || !is_commit {
        return Ok(None);
    }
    let attribute = |(name, value): (&String, &Value)| {
        let text = |kind: &str| value[kind].as_str().map(str::to_owned);
        let value = text("S").map(AttributeValue::S).or_else(|| text("N").map(AttributeValue::N))?;
        Some((name.clone(), value))
    };
    let row: Item = image.as_object().into_iter().flatten().filter_map(attribute).collect();
    items::read_commit(&row).map(Some)
}

/// Whose commit a stream record is of, and which one, as far as it says: `{client, case, seq}`.
#[must_use]
pub fn whose(record: &Value) -> Value {
    let keys = &record["dynamodb"]["Keys"];
    let key = keys["pk"]["S"].as_str().and_then(|pk| items::read_case_pk(pk).ok());
    let seq = record["dynamodb"]["NewImage"]["seq"]["N"].as_str().and_then(|seq| seq.parse::<u64>().ok());
    let (client, case) = key.map(|key| (key.client, key.case)).unzip();
    json!({ "client": client, "case": case, "seq": seq, "pk": keys["pk"]["S"], "sk": keys["sk"]["S"] })
}

/// The sequence number by which a stream record is reported as failed.
///
/// # Errors
/// When it has none: not a stream record.
pub fn sequence_number(record: &Value) -> Result<&str> {
    let number = record["dynamodb"]["SequenceNumber"].as_str();
    number.ok_or_else(|| Error::Refused("a stream record lacks its sequence number".to_owned()))
}
