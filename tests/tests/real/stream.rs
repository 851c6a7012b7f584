//! The table's stream, read from DynamoDB Local as Lambda's mapping reads it: in order, a batch at a time, and from the
//! failed record on again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use banto::wire::REGION;
use banto_tests::Part;
use serde_json::{Value, json};

use super::cloud::{Cloud, PAUSE};

/// How often an empty stream is asked again.
const POLL: Duration = Duration::from_millis(20);

/// The commits that reached the bus, by their keys.
pub(crate) type Carried = Mutex<BTreeSet<String>>;

/// Reads the stream until the test ends.
pub(crate) async fn read(cloud: Arc<Cloud>, dynamodb: &Part, carried: &Carried) {
    let table = &cloud.template.table.name;
    let streams = dynamodb.dynamodb_streams("ListStreams", &json!({ "TableName": table })).await;
    let arn = streams["Streams"][0]["StreamArn"].as_str().expect("the table has a stream").to_owned();
    let mut done: BTreeSet<String> = BTreeSet::new();
    loop {
        let stream = dynamodb.dynamodb_streams("DescribeStream", &json!({ "StreamArn": arn })).await;
        let shards = stream["StreamDescription"]["Shards"].as_array().expect("shards").clone();
        let ids = shards.iter().map(|s| s["ShardId"].as_str().expect("an id").to_owned());
        for shard in ids.filter(|id| !done.contains(id)).collect::<Vec<_>>() {
            read_shard(&cloud, dynamodb, carried, &arn, &shard).await;
            done.insert(shard);
        }
    }
}

/// Reads one shard until it is closed.
async fn read_shard(cloud: &Arc<Cloud>, dynamodb: &Part, carried: &Carried, arn: &str, shard: &str) {
    let begin = json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
    let begin = dynamodb.dynamodb_streams("GetShardIterator", &begin).await;
    let mut iterator = begin["ShardIterator"].as_str().map(str::to_owned);
    while let Some(from) = iterator {
        let page = dynamodb.dynamodb_streams("GetRecords", &json!({ "ShardIterator": from })).await;
        let records = page["Records"].as_array().expect("records");
        let wanted: Vec<Value> = records.iter().map(|r| as_lambda(r, arn)).collect();
        let wanted: Vec<Value> = wanted.into_iter().filter(|r| cloud.router.wants_record(r)).collect();
        for batch in wanted.chunks(cloud.template.stream.batch) {
            publish(cloud, batch).await;
            carried.lock().expect("sound").extend(batch.iter().map(|r| r["dynamodb"]["Keys"].to_string()));
        }
        if records.is_empty() {
            tokio::time::sleep(POLL).await;
        }
        iterator = page["NextShardIterator"].as_str().map(str::to_owned);
    }
}

/// A record as Lambda passes it on: the stream's own, and where it comes from.
fn as_lambda(record: &Value, arn: &str) -> Value {
    let mut record = record.clone();
    record["eventSource"] = json!("aws:dynamodb");
    record["awsRegion"] = json!(REGION);
    record["eventSourceARN"] = json!(arn);
    record
}

/// Hands a batch to publish-journal, from the lowest failure on again; once more as a whole when everything comes twice.
async fn publish(cloud: &Arc<Cloud>, batch: &[Value]) {
    let _flight = cloud.flight();
    let spec = &cloud.template.stream;
    for _ in 0..cloud.copies() {
        let (mut from, mut attempts) = (0, 0);
        while from < batch.len() {
            let answer = cloud.functions[&spec.function].call(&json!({ "Records": batch[from..] })).await;
            let failed = answer.as_ref().map(|a| a["batchItemFailures"][0]["itemIdentifier"].clone());
            let number = |r: &Value| r["dynamodb"]["SequenceNumber"].clone();
            match failed {
                Ok(Value::Null) => break,
                Ok(failed) => from = batch.iter().position(|r| number(r) == failed).expect("one of the batch"),
                Err(_) => {}
            }
            attempts += 1;
            assert!(spec.retries.is_none_or(|most| attempts <= most), "the stream stands still: {answer:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }
}
