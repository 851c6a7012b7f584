//! The journal on the bus: what can never be published is set aside, and nothing else waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use banto::wire::{Answering, Backend, Call, Reply, Service};
use serde_json::json;

use super::house::House;

/// A bus that refuses any request that holds such an entry.
#[derive(Debug)]
struct Picky {
    all: Arc<dyn Backend>,
    on: Arc<AtomicBool>,
}

impl Backend for Picky {
    fn call(&self, call: Call) -> Answering<'_> {
        let holds = call.body.windows(17).any(|w| w == b"\"message.intended");
        if self.on.load(Ordering::SeqCst) && call.service == Service::EventBridge && holds {
            return Box::pin(async { Ok(Reply::error(400, "ValidationException", "not with that in it")) });
        }
        self.all.call(call)
    }
}

async fn house() -> (House, Arc<AtomicBool>) {
    let on = Arc::new(AtomicBool::new(true));
    let kept = Arc::clone(&on);
    let layer = Arc::new(move |all: Arc<dyn Backend>| {
        let picky: Arc<dyn Backend> = Arc::new(Picky { all, on: Arc::clone(&kept) });
        picky
    });
    (House::open_behind("2026-12-01T00:00:00Z", layer).await, on)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_entry_that_the_bus_never_takes_holds_up_nothing_else() {
    let (house, on) = house().await;
    let fields = [("name", "x"), ("email", "x@customer.example"), ("message", "コーチングの無料体験を希望します。")];
    let id = house.inquire(["yamada", "inquiry"], &fields).await;
    let case = house.case(&id).await;
    let done = |kind: &str| case["journal"].as_array().is_some_and(|rows| rows.iter().any(|row| row["type"] == kind));
    assert!(done("inquiry.classified"), "the entries beside it reached their functions: {case:#}");
    let dead = house.host.dead_letters().await.expect("the store");
    assert!(!dead.is_empty());
    for letter in &dead {
        assert_eq!((&letter.event["client"], &letter.event["case"]), (&json!("yamada"), &json!(id)));
        assert_eq!(letter.event["code"], "ValidationException");
        assert!(letter.event["seq"].is_u64(), "{}", letter.event);
    }
    on.store(false, Ordering::SeqCst);
    for letter in dead {
        house.host.redrive(&letter.id).await.expect("published again");
    }
    house.host.idle().await.expect("idle");
    assert!(house.post().await.iter().any(|line| line.ends_with("x@customer.example acknowledge")));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_nobody_can_read_is_set_aside_and_the_batch_goes_on() {
    let (house, on) = house().await;
    on.store(false, Ordering::SeqCst);
    let record = |seq: u32, body: &str| {
        let (pk, sk) = (json!({ "S": "CASE#yamada#0123456789AB" }), json!({ "S": "C#0123456789abcdef" }));
        json!({
            "eventName": "INSERT",
            "dynamodb": {
                "Keys": { "pk": pk, "sk": sk }, "SequenceNumber": seq.to_string(),
                "NewImage": { "pk": pk, "sk": sk, "seq": { "N": seq.to_string() }, "hash": { "S": "" }, "body": { "S": body } },
            },
        })
    };
    let batch = json!({ "Records": [record(7, "{"), record(8, "{\"entries\":[]}"), record(9, "[]")] });
    let answer = super::steps::event(house.host.world(), "publish-journal", batch).await.expect("an answer");
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    let dead = house.host.dead_letters().await.expect("the store");
    let mut aside: Vec<_> = dead.iter().map(|letter| letter.event["seq"].as_u64().expect("a number")).collect();
    aside.sort_unstable();
    assert_eq!(aside, [7, 9]);
    assert!(dead.iter().all(|letter| letter.event["case"] == "0123456789AB" && letter.event["code"] == "Unreadable"));
}
