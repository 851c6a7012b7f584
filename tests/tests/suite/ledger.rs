//! The ledger and the budget of design §2, on both engines: the embedded one, and Amazon's DynamoDB Local.

use banto_aws::reader::verify_all;
use banto_aws::{Changed, Plan};
use banto_domain::rules::{Also, ask};
use banto_domain::state::verify;
use banto_domain::{Actor, CaseKey, ClientId, Draft, Id, Rejection};
use banto_tests::TestWorld;
use jiff::SignedDuration;
use serde_json::json;

use super::steps::{body, case, encode, event, form, http, inquire, poke, shown, take_up};

macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(banto_tests::TestWorld::embedded().with_playbooks().await).await;
            })*
        }
        mod dynamodb_local {
            $(#[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs DynamoDB Local: scripts/real-parts install"]
            async fn $name() {
                super::$name(banto_tests::TestWorld::dynamodb_local().await.with_playbooks().await).await;
            })*
        }
    };
}

mod calendar;
mod cancelled;
mod parts;

on_both!(
    a_case_is_opened_once,
    the_budget_is_kept,
    two_at_a_time_both_get_through,
    a_cause_is_taken_up_once,
    what_is_due_wakes_and_nothing_else,
    a_suppressed_address_stops_the_lease,
    a_revoked_template_stops_the_lease,
    a_version_keeps_who_approved_it,
    a_flood_through_one_form_closes_it_for_nobody,
    an_address_is_found_within_its_client_only,
    playbooks_are_versions_and_a_live_item,
);

async fn a_case_is_opened_once(t: TestWorld) {
    let key = inquire(&t).await;
    assert_eq!(inquire(&t).await, key, "the same content on the same day is the same inquiry");
    let journal = t.world.env.ledger.journal(&key).await.expect("a journal");
    assert_eq!(journal.len(), 1);
    let folded = verify::journal(&journal).expect("it holds").expect("a case");
    assert_eq!(folded, case(&t, &key).await, "the snapshot is the fold of the journal");
}

async fn the_budget_is_kept(t: TestWorld) {
    // Reads the playbook once.
    form(&t.world, "yamada", "inquiry", &[("name", "y"), ("email", "y@customer.example"), ("message", "y")]).await;
    t.clock.advance(SignedDuration::from_hours(24));
    form(&t.world, "yamada", "inquiry", &[("name", "x"), ("email", "x@customer.example"), ("message", "x")]).await;
    t.counter.take();
    let key = inquire(&t).await;
    assert_eq!(t.counter.take(), "Query 1, TransactWriteItems 1", "an entry step: one look-up and the commit");

    let step = poke(&case(&t, &key).await, "classify-inquiry").expect("pending");
    t.counter.take();
    event(&t.world, "classify-inquiry", step).await.expect("done");
    assert_eq!(t.counter.take(), "Query 1, TransactWriteItems 1", "a node step: one Query and one transaction");

    let step = poke(&case(&t, &key).await, "send-message").expect("pending");
    t.counter.take();
    event(&t.world, "send-message", step).await.expect("sent");
    assert_eq!(
        t.counter.take(),
        "BatchGetItem 1, Query 1, TransactWriteItems 2",
        "an effect: one write and one BatchGet more"
    );

    take_up(&t, &key, "request-missing-info").await.expect("asked");
    let asked = case(&t, &key).await;
    let (ask, put) = asked.asks().next().expect("an open ask");
    let token = t.world.env.keys.token(&key, ask, &put.readers()[0]);
    t.counter.take();
    let page = http(&t.world, "answer-ask", &[("token", &token)], http::Request::get("/"), "").await;
    assert_eq!(t.counter.take(), "Query 1", "looking at an ask");
    let page = body(&page);
    let shown = shown(&page);
    assert!(!shown.is_empty(), "a mark");
    let fields =
        [("answer", "send"), ("shown", shown), ("field.menu", "trial"), ("field.goal", "x"), ("field.preferred", "x")];
    let reply = http(&t.world, "answer-ask", &[("token", &token)], http::Request::post("/"), &encode(&fields)).await;
    assert_eq!(reply.status(), 200, "{}", body(&reply));
    assert_eq!(t.counter.take(), "Query 1, TransactWriteItems 1", "answering it");

    t.counter.take();
    // The cases of a day ago have been waiting for steps that nobody took up.
    assert_eq!(wakes(&t).await, 1);
    assert_eq!(
        t.counter.take(),
        "Query 5, TransactWriteItems 1",
        "one Query a shard, and a step's budget for what is due"
    );
    event(&t.world, "wake-due", json!({})).await.expect("awake");
    assert_eq!(t.counter.take(), "Query 4", "when nothing is due, however many cases there are");
}

async fn two_at_a_time_both_get_through(t: TestWorld) {
    let key = inquire(&t).await;
    let plan = Plan { key: &key, function: "test", actor: Actor::Banto };
    let change = |n: usize| {
        let (env, plan) = (&t.world.env, &plan);
        async move {
            let cause = Id::derive(&["race", &n.to_string()]);
            env.change(plan, None, |_| Some(cause.clone()), |draft| ask::skip(draft, "a race").map(Some)).await
        }
    };
    let (a, b, c, d) = tokio::join!(change(1), change(2), change(3), change(4));
    for changed in [a, b, c, d] {
        assert!(matches!(changed.expect("the store"), Changed::Mine((), _)));
    }
    assert_eq!(case(&t, &key).await.seq, 5);
    assert_eq!(verify_all(&t.world.env).await.expect("the store"), (1, Vec::new()));
}

async fn a_cause_is_taken_up_once(t: TestWorld) {
    let key = inquire(&t).await;
    let step = poke(&case(&t, &key).await, "classify-inquiry").expect("pending");
    let (a, b) = tokio::join!(
        event(&t.world, "classify-inquiry", step.clone()),
        event(&t.world, "classify-inquiry", step.clone())
    );
    let again = event(&t.world, "classify-inquiry", step).await.expect("an answer");
    assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
    assert_eq!(again, json!({ "did": "nothing left to do" }));
    let journal = t.world.env.ledger.journal(&key).await.expect("a journal");
    assert_eq!(journal.len(), 2, "opened, classified");
}

/// How many cases a tick wakes.
async fn wakes(t: &TestWorld) -> serde_json::Value {
    event(&t.world, "wake-due", json!({})).await.expect("awake")["woken"].clone()
}

async fn what_is_due_wakes_and_nothing_else(t: TestWorld) {
    let key = inquire(&t).await;
    assert_eq!(wakes(&t).await, 0);
    t.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(wakes(&t).await, 1);
    let woken = case(&t, &key).await;
    assert!(woken.pending.values().all(|p| p.attempts == 1), "both steps never came, and were asked for again");
    assert_eq!(wakes(&t).await, 0);
}

async fn a_suppressed_address_stops_the_lease(t: TestWorld) {
    let key = inquire(&t).await;
    let address = "NAO@customer.example".to_owned();
    let complained = with(&t, &key, "complaint", Also::Suppress { address: address.clone() }).await;
    assert!(matches!(complained, Changed::Mine((), _)));
    take_up(&t, &key, "send-message").await.expect("held");
    let journal = t.world.env.ledger.journal(&key).await.expect("a journal");
    let last = journal.last().expect("a commit");
    assert!(last.body.contains("message.held") && last.body.contains("suppressed"), "{}", last.body);
    // The condition is part of the lease itself, for an address that is suppressed in that very moment.
    assert!(matches!(with(&t, &key, "lease", Also::NotSuppressed { address }).await, Changed::Unmet(_)));
}

/// Commits nothing but what goes along.
async fn with(t: &TestWorld, key: &CaseKey, n: &str, also: Also) -> Changed<(), Rejection> {
    let plan = Plan { key, function: "test", actor: Actor::Provider };
    let cause = Id::derive(&["with", n]);
    let decide = |d: &mut Draft<'_>| {
        d.also(also.clone());
        ask::skip(d, "x").map(Some)
    };
    t.world.env.change(&plan, None, |_| Some(cause.clone()), decide).await.expect("the store")
}

async fn a_revoked_template_stops_the_lease(t: TestWorld) {
    let key = inquire(&t).await;
    let lease = |n: &'static str| with(&t, &key, n, Also::NotRevoked { template: "acknowledge".to_owned() });
    assert!(matches!(lease("before").await, Changed::Mine((), _)));
    t.world.env.playbooks.revoke(&key.client, "declined").await.expect("revoked");
    assert!(matches!(lease("another").await, Changed::Mine((), _)), "only the one that was revoked");
    t.world.env.playbooks.revoke(&key.client, "acknowledge").await.expect("revoked");
    assert!(matches!(lease("after").await, Changed::Unmet(_)));
    take_up(&t, &key, "send-message").await.expect("held");
    let journal = t.world.env.ledger.journal(&key).await.expect("a journal");
    assert!(journal.last().expect("a commit").body.contains("template-revoked"));
}

async fn a_version_keeps_who_approved_it(t: TestWorld) {
    let playbooks = &t.world.env.playbooks;
    let mut playbook = banto_playbooks::ready_made().expect("no problems").remove(0).playbook;
    playbook.name.ja = "新しい名前".to_owned();
    let published = playbooks.publish_approved(&playbook, "山田 花子").await.expect("published");
    assert_eq!((published.version, published.new), (2, true));
    let approval = playbooks.approval(&playbook.client, 2).await.expect("the store").expect("an approval");
    assert_eq!(approval.by, "山田 花子");
    assert_eq!(playbooks.approval(&playbook.client, 1).await.expect("the store"), None);
    let again = playbooks.publish_approved(&playbook, "山田 花子").await.expect("published");
    assert_eq!((again.version, again.new), (2, false));
}

async fn a_flood_through_one_form_closes_it_for_nobody(t: TestWorld) {
    let client = ClientId::parse("yamada").expect("a name");
    let mut last = String::new();
    for n in 0..121 {
        let address = format!("n{n}@customer.example");
        let reply = form(&t.world, "yamada", "inquiry", &[("name", "x"), ("email", &address), ("message", "x")]).await;
        assert_eq!(reply.status(), 202, "{}", body(&reply));
        last = address;
    }
    // The last one is kept as it came, for a person; nothing is sent to whoever that is.
    let found = t.world.env.ledger.look_up(&client, &t.world.env.keys.look_up(&client, &last)).await.expect("a look");
    assert_eq!(found.cases, []);
    let mut kept = Vec::new();
    for key in t.world.env.ledger.cases().await.expect("cases") {
        let stored = case(&t, &key).await;
        kept.extend(stored.inbound.clone().map(|inbound| (key, stored, inbound)));
    }
    let [(key, stored, inbound)] = &kept[..] else { panic!("{} cases keep something", kept.len()) };
    assert_eq!(stored.flow, "unreadable");
    let payload = t.world.env.ledger.inbound(key, inbound).await.expect("the store").expect("a payload");
    let payload = String::from_utf8_lossy(&payload).into_owned();
    assert!(payload.contains("%6E%31%32%30%40"), "{payload}");
    t.clock.advance(SignedDuration::from_mins(1));
    inquire(&t).await;
}

async fn an_address_is_found_within_its_client_only(t: TestWorld) {
    let first = inquire(&t).await;
    let fields = [("name", "奈緒"), ("email", "Nao@Customer.example"), ("message", "coaching")];
    form(&t.world, "harbor", "inquiry", &fields).await;
    let second = form(&t.world, "yamada", "inquiry", &fields).await;
    let second: serde_json::Value = serde_json::from_slice(second.body()).expect("JSON");
    let keys = t.world.env.ledger.cases().await.expect("cases");
    for key in keys {
        let journal = t.world.env.ledger.journal(&key).await.expect("a journal");
        let proposed = journal[0].body.contains("same_address");
        assert_eq!(proposed, second["case"] == json!(key.case), "{key}");
        assert!(!proposed || journal[0].body.contains(first.case.as_str()));
    }
}

async fn playbooks_are_versions_and_a_live_item(t: TestWorld) {
    let env = &t.world.env;
    let folder = banto_playbooks::ready_made().expect("no problems").remove(0);
    let publish = |p: banto_domain::Playbook| async move {
        env.playbooks
            .publish(&p, &std::collections::BTreeMap::new(), &banto_aws::SystemEntropy)
            .await
            .expect("published")
    };
    assert_eq!(publish(folder.playbook.clone()).await, 1, "nothing changed");
    let mut changed = folder.playbook.clone();
    changed.name.ja = "新しい名前".to_owned();
    assert_eq!(publish(changed).await, 2);
    let (live, current) = env.playbooks.current(&folder.playbook.client).await.expect("the store").expect("a client");
    assert_eq!((live.version, current.name.ja.as_str()), (2, "新しい名前"));
    let secret = env.playbooks.secret(&folder.playbook.client, &live, "form:typeform").expect("opens");
    assert_eq!(secret.as_deref(), Some(b"demo-typeform-secret".as_slice()), "secrets stay when none are given");
    assert!(!live.secrets["form:typeform"].contains("demo"), "sealed");
    env.playbooks.revoke(&folder.playbook.client, "declined").await.expect("revoked");
    let live = env.playbooks.live(&folder.playbook.client).await.expect("the store").expect("a client");
    assert!(live.revoked.contains("declined"));
}

/// A release that changes the snapshot's shape needs no migration: the journal is the record.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_of_another_version_is_folded_anew() {
    let t = TestWorld::embedded().with_playbooks().await;
    let key = inquire(&t).await;
    let before = case(&t, &key).await;
    let client = t.clients.dynamodb.clone();
    let attribute = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let update = client.update_item().table_name(&t.table);
    let update = update.key("pk", attribute(&format!("CASE#yamada#{}", key.case))).key("sk", attribute("S"));
    let update = update.update_expression("SET v = :v, body = :b").expression_attribute_values(":b", attribute("{}"));
    let old = aws_sdk_dynamodb::types::AttributeValue::N("0".to_owned());
    update.expression_attribute_values(":v", old).send().await.expect("written");
    assert_eq!(case(&t, &key).await, before);
    take_up(&t, &key, "classify-inquiry").await.expect("it goes on");
    assert_eq!(verify_all(&t.world.env).await.expect("the store"), (1, Vec::new()));
}
