//! The case store: what the engine's weaknesses must not show through.

use aws_sdk_dynamodb::types::{AttributeValue::S, Put, TransactWriteItem};

use super::{Cast, house, put};
use crate::host::Host;

fn insert(sk: &str) -> TransactWriteItem {
    let put = Put::builder().table_name("banto").item("pk", S("CASE#y#1".into())).item("sk", S(sk.into()));
    let put = put.condition_expression("attribute_not_exists(pk)").build().expect("complete");
    TransactWriteItem::builder().put(put).build()
}

async fn commit(host: &Host, token: &str) -> Result<(), aws_sdk_dynamodb::Error> {
    let call = host.clients().dynamodb.transact_write_items().client_request_token(token);
    call.transact_items(insert("C#1")).send().await.map(|_| ()).map_err(Into::into)
}

#[tokio::test]
async fn request_tokens_do_nothing_so_that_nobody_relies_on_them() {
    let host = house(&Cast::default()).await;
    commit(&host, "same").await.expect("first");
    let error = commit(&host, "same").await.expect_err("the condition speaks, not the token");
    assert!(matches!(error, aws_sdk_dynamodb::Error::TransactionCanceledException(_)), "{error:?}");
}

#[tokio::test]
async fn the_stream_is_delivered_in_order_and_then_forgotten() {
    let cast = Cast::default();
    let host = house(&cast).await;
    for n in 0..250 {
        put(&host, "CASE#y#1", &format!("C#{n:03}"), &[]).await;
        put(&host, "CASE#y#1", "S", &[("n", &n.to_string())]).await;
    }
    host.idle().await.expect("idle");
    let keys = |event: &serde_json::Value| -> Vec<String> {
        let records = event["Records"].as_array().cloned().unwrap_or_default();
        records.iter().map(|r| r["dynamodb"]["NewImage"]["sk"]["S"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let heard: Vec<String> = cast.heard("publish-journal").iter().flat_map(|(_, event)| keys(event)).collect();
    let expected: Vec<String> = (0..250).map(|n| format!("C#{n:03}")).collect();
    assert_eq!(heard, expected, "every commit once, in order, and no snapshot");
    let left = host.engine().stream("banto", None, 1000).await.expect("read").len();
    assert_eq!(left, 1, "only the last record is kept, to number the next one after it");
    put(&host, "CASE#y#1", "C#999", &[]).await;
    host.idle().await.expect("idle");
    assert_eq!(keys(&cast.heard("publish-journal").last().expect("one more").1), ["C#999"]);
}

#[tokio::test]
async fn what_has_expired_is_swept_when_told() {
    use aws_sdk_dynamodb::types::AttributeValue::N;
    let host = house(&Cast::default()).await;
    let db = &host.clients().dynamodb;
    for (pk, expires) in [("RATE#old", "1700000000"), ("RATE#new", "4000000000")] {
        let call = db.put_item().table_name("banto").item("pk", S(pk.into())).item("sk", S("-".into()));
        call.item("expires_at", N(expires.into())).send().await.expect("stored");
    }
    let (engine, table) = (host.engine(), &host.plan().template.table);
    assert_eq!(engine.sweep_expired("banto", table, host.now()).await.expect("swept"), 1);
    let left = db.scan().table_name("banto").send().await.expect("scanned");
    assert_eq!(left.items()[0]["pk"], S("RATE#new".into()));
}

#[tokio::test]
async fn requests_and_their_cost_are_counted() {
    let host = house(&Cast::default()).await;
    put(&host, "CASE#y#1", "S", &[]).await;
    commit(&host, "t").await.expect("stored");
    let out =
        host.clients().dynamodb.get_item().table_name("banto").key("pk", S("CASE#y#1".into())).key("sk", S("S".into()));
    assert!(out.send().await.expect("read").consumed_capacity().is_none(), "nobody asked for it");
    let meter = host.meter();
    assert_eq!(meter["dynamodb"]["PutItem"]["write_units"], 1.0, "{meter}");
    assert_eq!(meter["dynamodb"]["TransactWriteItems"]["write_units"], 2.0);
    assert_eq!(meter["dynamodb"]["GetItem"]["read_units"], 0.5);
    assert!(meter["price_usd"]["ap-northeast-1"]["total"].as_f64().expect("a price") > 0.0);
}
