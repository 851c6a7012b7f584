//! The snapshot in parts, and what a rolling deploy puts beside it: torn reads, newer and older writers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use banto_aws::desk::Page;
use banto_aws::reader::verify_all;
use banto_aws::{Changed, Plan};
use banto_domain::rules::ask;
use banto_domain::{Actor, CaseKey, Id};
use banto_tests::TestWorld;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::suite::steps::{case, form, inquire, take_up};

on_both!(
    only_what_changed_is_written,
    a_torn_read_is_seen_and_made_again,
    keys_of_another_writer_stay,
    a_snapshot_of_a_newer_version_is_left_alone,
    a_snapshot_before_there_were_parts_goes_on,
    the_desk_lists_open_cases_page_by_page,
    the_desk_lists_what_waits_for_whom,
);

type Row = HashMap<String, AttributeValue>;

fn pk(key: &CaseKey) -> AttributeValue {
    AttributeValue::S(format!("CASE#{}#{}", key.client, key.case))
}

/// The items of a snapshot, by sort key.
async fn rows(t: &TestWorld, key: &CaseKey) -> BTreeMap<String, Row> {
    let call = t.clients.dynamodb.query().table_name(&t.table).consistent_read(true);
    let call = call.key_condition_expression("pk = :pk AND begins_with(sk, :s)");
    let call = call.expression_attribute_values(":pk", pk(key));
    let out = call.expression_attribute_values(":s", AttributeValue::S("S".to_owned())).send().await.expect("rows");
    let name = |row: &Row| row["sk"].as_s().expect("text").clone();
    out.items().iter().map(|row| (name(row), row.clone())).collect()
}

async fn put(t: &TestWorld, row: &Row) {
    t.clients.dynamodb.put_item().table_name(&t.table).set_item(Some(row.clone())).send().await.expect("written");
}

fn seqs(rows: &BTreeMap<String, Row>) -> BTreeMap<&str, &str> {
    rows.iter().map(|(name, row)| (name.as_str(), row["seq"].as_n().expect("a number").as_str())).collect()
}

async fn skip(t: &TestWorld, key: &CaseKey, why: &str) -> banto_aws::Result<Changed<(), banto_domain::Rejection>> {
    let plan = Plan { key, function: "test", actor: Actor::Banto };
    let cause = Id::derive(&["skip", why]);
    t.world.env.change(&plan, None, |_| Some(cause.clone()), |draft| ask::skip(draft, why).map(Some)).await
}

async fn only_what_changed_is_written(t: TestWorld) {
    let key = inquire(&t).await;
    assert_eq!(seqs(&rows(&t, &key).await), BTreeMap::from([("S", "1"), ("SF", "1"), ("SM", "1"), ("SP", "1")]));
    take_up(&t, &key, "classify-inquiry").await.expect("done");
    let after = rows(&t, &key).await;
    assert_eq!(
        seqs(&after),
        BTreeMap::from([("S", "2"), ("SF", "1"), ("SM", "1"), ("SP", "1")]),
        "no fact was recorded"
    );
    let hot = after["S"]["body"].as_s().expect("text");
    assert!(!hot.contains("\"facts\""), "{hot}");
    let listed = after["S"]["parts"].as_m().expect("a list");
    assert_eq!(listed.keys().map(String::as_str).collect::<BTreeSet<_>>(), ["SF", "SM", "SP"].into());
}

async fn a_torn_read_is_seen_and_made_again(t: TestWorld) {
    let key = inquire(&t).await;
    let before = rows(&t, &key).await;
    // A part of another commit than the one that the hot part names: every look is torn.
    for (name, seq) in [("SF", "0"), ("SP", "7")] {
        let mut torn = before[name].clone();
        torn.insert("seq".to_owned(), AttributeValue::N(seq.to_owned()));
        put(&t, &torn).await;
        t.counter.take();
        let error = t.world.env.ledger.load(&key).await.expect_err("never whole");
        assert!(matches!(error, banto_aws::Error::Again(_)), "{error}");
        assert_eq!(t.counter.take(), "Query 6", "bounded");
        put(&t, &before[name]).await;
    }
    // A part that the hot one doesn't know yet.
    let mut early = before["SF"].clone();
    early.insert("sk".to_owned(), AttributeValue::S("ST".to_owned()));
    put(&t, &early).await;
    t.world.env.ledger.load(&key).await.expect_err("never whole");
    // It becomes whole while it is looked at.
    let ledger = t.world.env.ledger.clone();
    let mend = async {
        tokio::time::sleep(std::time::Duration::from_millis(15)).await;
        let mut call = t.clients.dynamodb.delete_item().table_name(&t.table).key("pk", pk(&key));
        call = call.key("sk", AttributeValue::S("ST".to_owned()));
        call.send().await.expect("gone");
    };
    let (loaded, ()) = tokio::join!(ledger.load(&key), mend);
    assert_eq!(loaded.expect("whole").expect("a case").case.seq, 1);
}

fn with(row: &Row, change: impl Fn(&mut Value)) -> Row {
    let mut body: Value = serde_json::from_str(row["body"].as_s().expect("text")).expect("JSON");
    change(&mut body);
    let mut row = row.clone();
    row.insert("body".to_owned(), AttributeValue::S(body.to_string()));
    row
}

async fn keys_of_another_writer_stay(t: TestWorld) {
    let key = inquire(&t).await;
    let before = rows(&t, &key).await;
    put(&t, &with(&before["S"], |body| body["weather"] = json!({ "is": "fine" }))).await;
    put(&t, &with(&before["SP"], |body| body["voice"] = json!("low"))).await;
    take_up(&t, &key, "classify-inquiry").await.expect("done");
    let first = t.world.env.ledger.load(&key).await.expect("the store").expect("a case");
    let plan = Plan { key: &key, function: "test", actor: Actor::Customer };
    let taken = BTreeMap::from([("goal".to_owned(), "転職".to_owned())]);
    let cause = Id::derive(&["goal"]);
    let changed =
        t.world.env.change(&plan, Some(first), |_| Some(cause.clone()), |d| d.record(taken.clone()).map(Some));
    assert!(matches!(changed.await.expect("the store"), Changed::Mine((), _)));
    let after = rows(&t, &key).await;
    let body = |name: &str| after[name]["body"].as_s().expect("text").clone();
    assert!(body("S").contains("\"weather\":{\"is\":\"fine\"}"), "{}", body("S"));
    assert!(body("SP").contains("\"voice\":\"low\"") && body("SP").contains("転職"), "{}", body("SP"));
    assert_eq!(seqs(&after), BTreeMap::from([("S", "3"), ("SF", "3"), ("SM", "1"), ("SP", "3")]));
    assert_eq!(verify_all(&t.world.env).await.expect("the store"), (1, Vec::new()));
}

async fn a_snapshot_of_a_newer_version_is_left_alone(t: TestWorld) {
    let key = inquire(&t).await;
    let mut newer = rows(&t, &key).await["S"].clone();
    newer.insert("v".to_owned(), AttributeValue::N("99".to_owned()));
    put(&t, &newer).await;
    let error = skip(&t, &key, "x").await.expect_err("not by this version");
    assert!(matches!(error, banto_aws::Error::Again(_)), "{error}");
    assert_eq!(rows(&t, &key).await["S"], newer, "untouched");
}

/// Houses of before: one snapshot with everything in it, and personal values without a number.
async fn a_snapshot_before_there_were_parts_goes_on(t: TestWorld) {
    let key = inquire(&t).await;
    let before = rows(&t, &key).await;
    let facts: Value = serde_json::from_str(before["SF"]["body"].as_s().expect("text")).expect("JSON");
    let mut old = with(&before["S"], |body| {
        body["facts"] = facts["facts"].clone();
        body["v"] = json!(1);
    });
    for gone in ["parts", "desk_pk", "desk_sk"] {
        old.remove(gone);
    }
    old.insert("v".to_owned(), AttributeValue::N("1".to_owned()));
    put(&t, &old).await;
    let mut personal = before["SP"].clone();
    personal.remove("seq");
    put(&t, &personal).await;
    let mut call = t.clients.dynamodb.delete_item().table_name(&t.table).key("pk", pk(&key));
    call = call.key("sk", AttributeValue::S("SF".to_owned()));
    call.send().await.expect("gone");

    assert_eq!(case(&t, &key).await.facts.len(), facts["facts"].as_object().expect("facts").len());
    take_up(&t, &key, "classify-inquiry").await.expect("it goes on");
    let after = rows(&t, &key).await;
    assert!(after["S"].contains_key("parts") && after["S"].contains_key("desk_pk"), "written in parts, and listed");
    assert_eq!(after["SF"]["seq"].as_n().expect("a number"), "2");
    assert_eq!(verify_all(&t.world.env).await.expect("the store"), (1, Vec::new()));
}

async fn the_desk_lists_open_cases_page_by_page(t: TestWorld) {
    let ledger = t.world.env.ledger.clone();
    let mut opened = Vec::new();
    for n in 0..5 {
        let address = format!("n{n}@customer.example");
        let reply = form(&t.world, "yamada", "inquiry", &[("name", "x"), ("email", &address), ("message", "x")]).await;
        let answer: Value = serde_json::from_slice(reply.body()).expect("JSON");
        opened.push(answer["case"].as_str().expect("a case").to_owned());
        t.clock.advance(SignedDuration::from_mins(1));
    }
    form(&t.world, "harbor", "inquiry", &[("name", "x"), ("email", "x@customer.example"), ("message", "x")]).await;
    let client = banto_domain::ClientId::parse("yamada").expect("a name");
    let (mut listed, mut page) = (Vec::new(), Page { after: None, limit: 2 });
    loop {
        let found = ledger.open_cases(&client, &page).await.expect("a page");
        assert!(found.rows.len() <= 2);
        listed.extend(found.rows.iter().map(|row| row.case.case.to_string()));
        let Some(next) = found.next else { break };
        page.after = Some(next);
    }
    assert_eq!(listed, opened, "its own, the longest open first");
    let elsewhere = Page { after: Some("2026-12-01T00:00:00Z#x#y".to_owned()), limit: 2 };
    let error = ledger.open_cases(&client, &elsewhere).await.expect_err("no page");
    assert!(matches!(error, banto_aws::Error::Refused(_)), "{error}");

    let key = CaseKey { client: client.clone(), case: banto_domain::CaseId::parse(&opened[0]).expect("a case") };
    let plan = Plan { key: &key, function: "test", actor: Actor::Banto };
    let cause = Id::derive(&["close"]);
    let close = |d: &mut banto_domain::Draft<'_>| banto_domain::rules::flow::close(d, "declined").map(Some);
    let changed = t.world.env.change(&plan, None, |_| Some(cause.clone()), close).await.expect("the store");
    assert!(matches!(changed, Changed::Mine(..)));
    let left = ledger.open_cases(&client, &Page::default()).await.expect("a page");
    assert_eq!((left.rows.len(), left.next), (4, None), "what is closed isn't listed");
}

async fn the_desk_lists_what_waits_for_whom(t: TestWorld) {
    let (key, ledger) = (inquire(&t).await, t.world.env.ledger.clone());
    let page = Page::default();
    assert_eq!(ledger.work_of(&key.client, "group:operators", &page).await.expect("a page").rows, []);
    let plan = Plan { key: &key, function: "test", actor: Actor::Banto };
    for why in ["one", "another"] {
        let about = Id::derive(&[why]);
        let task = |d: &mut banto_domain::Draft<'_>| ask::attend(d, &about, why).map(Some);
        let changed = t.world.env.change(&plan, None, |_| Some(about.clone()), task).await.expect("the store");
        assert!(matches!(changed, Changed::Mine(..)));
        t.clock.advance(SignedDuration::from_mins(1));
    }
    let found = ledger.work_of(&key.client, "group:operators", &page).await.expect("a page");
    let open = case(&t, &key).await;
    let mut asks: Vec<_> = open.asks().filter(|(_, ask)| ask.is_task()).collect();
    asks.sort_by_key(|(_, ask)| ask.deadline);
    let asks: Vec<&Id> = asks.into_iter().map(|(id, _)| id).collect();
    assert_eq!(found.rows.iter().map(|row| &row.ask).collect::<Vec<_>>(), asks, "the most urgent first");
    assert_eq!(ledger.work_of(&key.client, "group:coaches", &page).await.expect("a page").rows, []);

    let gone = asks[0].clone();
    let withdraw =
        |d: &mut banto_domain::Draft<'_>| d.push(banto_domain::Entry::AskWithdrawn { ask: gone.clone() }).map(Some);
    let cause = Id::derive(&["withdrawn"]);
    let changed = t.world.env.change(&plan, None, |_| Some(cause.clone()), withdraw).await.expect("the store");
    assert!(matches!(changed, Changed::Mine(..)));
    let left = ledger.work_of(&key.client, "group:operators", &Page { after: None, limit: 1 }).await.expect("a page");
    assert_eq!(left.rows.iter().map(|row| &row.ask).collect::<Vec<_>>(), [asks[1]]);
}
