//! Carries new commits from the table's stream to the bus, in the order of the stream.

use banto_aws::{Error, Function, Publisher, Result, stream};
use banto_domain::steps::PUBLISH_JOURNAL;
use serde_json::{Value, json};

/// Takes the table's stream.
#[must_use]
pub fn function() -> Function {
    Function::event(PUBLISH_JOURNAL, |w, e| async move { handle(&w.publisher, e).await }).without_store()
}

/// Takes a stream batch. Stops at the first record that the bus is too busy for, and reports it: the batch comes again
/// from there. Publishing twice is harmless, since a cause is taken up once. What can never be published is set aside, as
/// (client, case, seq), and nothing waits for it.
///
/// # Errors
/// When the batch isn't one.
pub async fn handle(publisher: &Publisher, batch: Value) -> Result<Value> {
    let records = batch["Records"].as_array().ok_or_else(|| Error::Refused("not a stream batch".to_owned()))?;
    for record in records {
        if let Err(error) = publish_or_set_aside(publisher, record).await {
            let at = stream::sequence_number(record)?;
            tracing::warn!(at, %error, "the batch will come again from here");
            return Ok(json!({ "batchItemFailures": [{ "itemIdentifier": at }] }));
        }
    }
    Ok(json!({ "batchItemFailures": [] }))
}

async fn publish_or_set_aside(publisher: &Publisher, record: &Value) -> Result<()> {
    match publish(publisher, record).await {
        Ok(()) => Ok(()),
        Err(Error::Again(said)) => Err(Error::Again(said)),
        Err(poison) => {
            tracing::error!(error = %poison, "a commit can't be published");
            publisher.set_aside(&stream::whose(record)).await
        }
    }
}

async fn publish(publisher: &Publisher, record: &Value) -> Result<()> {
    let Some(stored) = stream::commit(record)? else { return Ok(()) };
    publisher.publish(&stored).await
}
