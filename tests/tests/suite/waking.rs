//! Promise 17 of those who wait: nobody's reminder is late because of another client's cases, and what fails is tried
//! more and more seldom, but never left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use banto::wire::{Answering, Backend, Call, Reply};
use banto_aws::reader::{examine_all, verify_all};
use banto_aws::{Error, ledger::Due};
use banto_domain::{CaseId, CaseKey, ClientId};
use banto_tests::TestWorld;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::house::House;
use super::steps::{case, event, form, inquire, poke, take_up};

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// Cases of a client whose snapshots nobody can read, all due at this instant.
async fn broken(house: &House, client: &str, count: u32, at: Timestamp) {
    for n in 0..count {
        let id = CaseId::derive(&["broken", &n.to_string()]);
        let shard = id.as_str().bytes().map(u32::from).sum::<u32>() % 4;
        let put = house.host.clients().dynamodb.put_item().table_name("banto");
        let put = put.item("pk", text(&format!("CASE#{client}#{id}"))).item("sk", text("S")).item("body", text("{"));
        let put = put.item("v", AttributeValue::N("2".to_owned())).item("seq", AttributeValue::N("1".to_owned()));
        let put = put.item("due_shard", text(&shard.to_string())).item("due_at", text(&at.to_string()));
        put.send().await.expect("written");
    }
}

fn tries(house: &House) -> u64 {
    house.host.meter()["dynamodb"]["UpdateItem"]["requests"].as_u64().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_clients_broken_cases_delay_no_reminder() {
    let house = House::open("2026-12-01T00:00:00Z").await;
    let fields = [("name", "Nao"), ("email", "nao@customer.example"), ("message", "I am looking for a coach.")];
    let id = house.inquire(["harbor", "inquiry"], &fields).await;
    let due: Timestamp = house.case(&id).await["due_at"].as_str().and_then(|at| at.parse().ok()).expect("a reminder");
    let before = house.post().await.len();
    // In the same minute, and every one of them earlier.
    broken(&house, "yamada", 500, due - SignedDuration::from_secs(30)).await;
    house.until(&(due + SignedDuration::from_secs(10)).to_string()).await;
    let post = house.post().await;
    assert!(post.len() > before, "the reminder left in the tick at which it was due: {post:#?}");
    assert_eq!(tries(&house), 500, "each of the others was tried, and put off");
    let told = house.host.meter()["functions"]["wake-due"]["last"].clone();
    assert_eq!((told["woken"].clone(), told["failed"].clone()), (json!(1), json!(500)), "{told}");
    assert_eq!((told["due_backlog"].clone(), told["oldest_due_seconds"].clone()), (json!(501), json!(30)), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_case_is_tried_more_and_more_seldom_and_never_left() {
    let house = House::open("2026-12-01T00:00:00Z").await;
    let at: Timestamp = "2026-12-01T01:00:00Z".parse().expect("an instant");
    broken(&house, "yamada", 1, at).await;
    let mut seen = Vec::new();
    for minute in 0..=240 {
        let before = tries(&house);
        house.until(&(at + SignedDuration::from_mins(minute)).to_string()).await;
        if tries(&house) > before {
            seen.push(minute);
        }
    }
    assert_eq!(seen, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
    let env = &house.host.world().env;
    let (_, found) = examine_all(&env.ledger, house.host.now()).await.expect("the store");
    assert!(found.iter().any(|f| f.what.contains("could not be woken 9 times")), "doctor says so: {found:#?}");
}

/// What waits for a person because a step never came.
async fn never_came(t: &TestWorld, key: &CaseKey) -> Vec<String> {
    let case = case(t, key).await;
    let reasons = case.asks().filter_map(|(_, ask)| ask.reason.clone());
    reasons.filter(|reason| reason.starts_with("step-never-came")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_about_a_step_is_over_once_the_step_came_after_all() {
    let t = TestWorld::embedded().with_playbooks().await;
    let key = inquire(&t).await;
    for _ in 0..7 {
        t.clock.advance(SignedDuration::from_hours(3));
        event(&t.world, "wake-due", json!({})).await.expect("a tick");
    }
    let (step, mail) = ("step-never-came:classify-inquiry", "step-never-came:send-message");
    let mut waits = never_came(&t, &key).await;
    waits.sort();
    assert_eq!(waits, [step, mail]);
    // What was held up arrives after all.
    take_up(&t, &key, "classify-inquiry").await.expect("taken up");
    assert_eq!(never_came(&t, &key).await, [mail]);
    while let Some(poke) = poke(&case(&t, &key).await, "send-message") {
        event(&t.world, "send-message", poke).await.expect("sent");
    }
    assert_eq!(never_came(&t, &key).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_stays_somebodys_task_when_the_step_that_was_to_ask_comes_late() {
    let t = TestWorld::embedded().with_playbooks().await;
    let fields = [("name", "渡辺 陽子"), ("email", "yoko@customer.example"), ("message", "もう消えたいと思います。")];
    let reply = super::steps::form(&t.world, "yamada", "inquiry", &fields).await;
    assert_eq!(reply.status(), 202);
    let key = t.world.env.ledger.cases().await.expect("the store").remove(0);
    for _ in 0..7 {
        t.clock.advance(SignedDuration::from_hours(3));
        event(&t.world, "wake-due", json!({})).await.expect("a tick");
    }
    assert_eq!(never_came(&t, &key).await.iter().filter(|reason| reason.ends_with("open-ask")).count(), 1);
    take_up(&t, &key, "open-ask").await.expect("taken up");
    assert!(case(&t, &key).await.asks().any(|(_, ask)| ask.question == "urgent"), "somebody still has it");
}

/// Every row of the due index, as it is found.
async fn due(t: &TestWorld, key: &CaseKey) -> Due {
    Due::of(key, case(t, key).await.due_at().expect("a next"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_off_still_is_what_its_journal_says() {
    let t = TestWorld::embedded().with_playbooks().await;
    let (key, env) = (inquire(&t).await, &t.world.env);
    t.clock.advance(SignedDuration::from_mins(6));
    let row = due(&t, &key).await;
    let trouble = Error::Bug("x".to_owned());
    env.ledger.put_off(&row, &trouble, env.clock.now()).await.expect("the store");
    assert_eq!(verify_all(env).await.expect("the store"), (1, Vec::new()), "the index may have it later, and says why");
    let doctor = |found: Vec<banto_aws::reader::Finding>| found.into_iter().map(|f| f.what).collect::<Vec<_>>();
    let (_, found) = examine_all(&env.ledger, env.clock.now()).await.expect("the store");
    assert_eq!(doctor(found), ["could not be woken 1 times; it is tried again at 2026-12-01T00:07:00Z"]);
    assert_eq!(event(&t.world, "wake-due", json!({})).await.expect("a tick")["due_backlog"], 0);
    // Whoever looked earlier doesn't put it off once more.
    env.ledger.put_off(&row, &trouble, env.clock.now()).await.expect("the store");
    t.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(event(&t.world, "wake-due", json!({})).await.expect("a tick")["woken"], 1);
    assert_eq!(examine_all(&env.ledger, env.clock.now()).await.expect("the store").1, []);
    // One that is put off for ever is found.
    let call = t.clients.dynamodb.update_item().table_name(&t.table);
    let call = call.key("pk", text(&format!("CASE#yamada#{}", key.case))).key("sk", text("S"));
    let call = call.update_expression("SET due_asked = due_at, due_at = :far");
    call.expression_attribute_values(":far", text("2036-01-01T00:00:00Z")).send().await.expect("written");
    let (_, found) = verify_all(env).await.expect("the store");
    assert_eq!(doctor(found), ["the index of what is due has it wrong"]);
}

/// Doesn't answer for one shard of the index.
#[derive(Debug)]
struct Deaf {
    store: Arc<dyn Backend>,
    on: AtomicBool,
}

impl Backend for Deaf {
    fn call(&self, call: Call) -> Answering<'_> {
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let of_shard = body["ExpressionAttributeValues"][":shard"]["S"] == "0";
        if of_shard && self.on.load(Ordering::SeqCst) {
            return Box::pin(async { Ok(Reply::error(400, "AccessDeniedException", "not this one")) });
        }
        self.store.call(call)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_cannot_be_read_keeps_nobody_from_the_others() {
    let kept = Arc::new(std::sync::OnceLock::new());
    let keep = Arc::clone(&kept);
    let t = TestWorld::embedded_behind(move |store| {
        let deaf = Arc::new(Deaf { store, on: AtomicBool::new(true) });
        keep.set(Arc::clone(&deaf)).expect("once");
        deaf
    });
    let t = t.with_playbooks().await;
    for n in 0..12 {
        let address = format!("n{n}@customer.example");
        form(&t.world, "yamada", "inquiry", &[("name", "x"), ("email", &address), ("message", "x")]).await;
    }
    t.clock.advance(SignedDuration::from_mins(6));
    event(&t.world, "wake-due", json!({})).await.expect_err("a part of the index");
    let (client, env) = (ClientId::parse("yamada").expect("a name"), &t.world.env);
    let mut asleep = 0;
    for key in env.ledger.cases().await.expect("cases") {
        assert_eq!(key.client, client);
        asleep += u32::from(case(&t, &key).await.pending.values().all(|step| step.attempts == 0));
    }
    assert!(asleep < 12, "those of the other shards were woken");
    kept.get().expect("in between").on.store(false, Ordering::SeqCst);
    assert_eq!(event(&t.world, "wake-due", json!({})).await.expect("a tick")["woken"], asleep);
}
