//! A version of the playbook becomes live by the word of whoever may approve it, read on a link: that alone, once, and against
//! what they saw it compared with.

mod compare;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use banto_aws::Asked;
use banto_aws::reader::verify_all;
use banto_desk::{Lang, Story, evidence};
use banto_domain::playbook::{Controls, OF_PLAYBOOK};
use banto_domain::rules::version::NotProposed;
use banto_domain::state::Entry;
use banto_domain::{ClientId, Id, Playbook};
use banto_playbooks::Folder;
use http::StatusCode;
use serde_json::{Value, json};

use super::house::House;
use super::pure;
use super::steps::{body, encode, shown};

const HANAKO: &str = "hanako@yamada-coaching.example";
const ICHIRO: &str = "ichiro@yamada-coaching.example";
const NOW: &str = "2026-12-01T09:00:00+09:00";

async fn open() -> House {
    House::open(NOW).await
}

async fn open_with(change: impl FnOnce(&mut Folder)) -> House {
    House::open_with(NOW, &[pure::yamada(change)]).await
}

fn yamada() -> ClientId {
    ClientId::parse("yamada").expect("a name")
}

/// The ready-made playbook, with another price.
fn dearer(price: i64) -> Playbook {
    let mut playbook = pure::yamada(|_| {}).playbook;
    playbook.menus.get_mut("single").expect("a menu").price = price;
    playbook
}

async fn propose(house: &House, playbook: &Playbook, by: &str) -> Asked {
    let asked = house.host.world().env.propose(playbook, by).await.expect("the store").expect("proposed");
    house.host.idle().await.expect("idle");
    asked
}

async fn live(house: &House, client: &str) -> u32 {
    let client = ClientId::parse(client).expect("a name");
    house.host.world().env.playbooks.live_now(&client).await.expect("the store").expect("a client").0.version
}

async fn publish(house: &House, playbook: &Playbook) {
    house.host.world().env.playbooks.publish_approved(playbook, "somebody").await.expect("published");
}

/// What somebody answers as it is shown now; the status and what it says.
async fn decide(house: &House, link: &str, answer: &str) -> (StatusCode, String) {
    let page = body(&house.look(link).await);
    press(house, link, answer, shown(&page)).await
}

async fn press(house: &House, link: &str, answer: &str, mark: &str) -> (StatusCode, String) {
    let note = [("field.note", "まだ早いと思います。")];
    let fields = [("answer", answer), ("shown", mark), ("confirm", "yes")];
    let all: Vec<(&str, &str)> = fields.into_iter().chain(note.into_iter().filter(|_| answer == "refuse")).collect();
    house.press(link, &all).await
}

async fn entries(house: &House, case: &str) -> Vec<Entry> {
    let journal = house.journal(case).await;
    journal.into_iter().flat_map(|commit| commit.entries).map(|stamped| stamped.entry).collect()
}

async fn published(house: &House, case: &str) -> Vec<Entry> {
    let all = entries(house, case).await;
    all.into_iter().filter(|entry| matches!(entry, Entry::VersionPublished { .. })).collect()
}

async fn mailed(house: &House, template: &str) -> Vec<String> {
    let mut all: Vec<String> =
        house.post().await.into_iter().filter(|m| m.ends_with(&format!(" {template}"))).collect();
    all.sort();
    all
}

async fn begins(house: &House, email: &str) -> Value {
    let fields = [("name", "佐々木 奈緒"), ("email", email), ("message", "コーチングの体験を希望します")];
    let case = house.inquire(["yamada", "inquiry"], &fields).await;
    house.case(&case).await["playbook_version"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_approved_by_link_is_live_for_new_cases_and_running_ones_keep_theirs() {
    let house = open().await;
    assert_eq!(begins(&house, "one@customer.example").await, 1);
    let asked = propose(&house, &dearer(22_000), "desk").await;
    let case = asked.key.case.to_string();
    assert_eq!(
        (live(&house, "yamada").await, begins(&house, "two@customer.example").await),
        (1, json!(1)),
        "only asked"
    );
    assert_eq!(
        mailed(&house, "approve-playbook").await,
        [
            "12-01 09:00 hanako@yamada-coaching.example approve-playbook",
            "12-01 09:00 ichiro@yamada-coaching.example approve-playbook"
        ]
    );
    let link = house.open_link(HANAKO, &case).await;
    let page = body(&house.look(&link).await);
    for said in
        ["第2版の変更点(現在の第1版との比較)", "メニュー・料金", "料金", "<del>", "<mark>22000</mark>", "事務局担当"]
    {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert_eq!(decide(&house, &link, "approve").await.0, StatusCode::OK);
    assert_eq!(live(&house, "yamada").await, 2);
    assert_eq!(house.stands(&case).await, "closed - published");
    assert_eq!(begins(&house, "three@customer.example").await, 2, "new cases begin with it");
    let wanted = Entry::VersionPublished {
        version: 2,
        hash: asked.proposed.hash.clone(),
        approved_by: vec!["yamada".to_owned()],
    };
    assert_eq!(published(&house, &case).await, [wanted]);
    let env = &house.host.world().env;
    let approval = env.playbooks.approval(&yamada(), 2).await.expect("the store").expect("approved");
    assert_eq!(approval.by, "yamada");
    let stored = env.playbooks.get(&yamada(), 2).await.expect("the store");
    assert_eq!((stored.version, stored.menus["single"].price), (2, 22_000));
    let told = mailed(&house, "approval-approved").await;
    assert!(told.len() == 2 && told[0].contains("desk@") && told[1].contains("kanno@"), "{told:?}");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_evidence_says_who_approved_what_exactly() {
    let house = open().await;
    let asked = propose(&house, &dearer(22_000), "desk").await;
    let case = asked.key.case.to_string();
    let link = house.open_link(HANAKO, &case).await;
    let ask = Id::parse(link.split('.').nth(2).expect("an ask")).expect("an id");
    decide(&house, &link, "approve").await;
    let story = Story::of(&house.host.world().env, house.case(&case).await).await.expect("a story");
    let told = evidence(&story, &ask, Lang::En);
    let said: Vec<String> =
        told.iter().map(|(_, line, mark)| format!("{} [{}]", line.text, mark.clone().unwrap_or_default())).collect();
    let all = said.join("\n");
    assert!(all.contains(&asked.proposed.hash), "the hash of exactly that text: {all}");
    assert!(
        all.contains("Version 2 of the playbook proposed") && all.contains("is live, approved by 山田 花子"),
        "{all}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_approved_never_goes_live() {
    let house = open().await;
    let asked = propose(&house, &dearer(22_000), "desk").await;
    let case = asked.key.case.to_string();
    let link = house.open_link(HANAKO, &case).await;
    let page = body(&house.look(&link).await);
    // No press alone, nothing forged, nothing of another ask.
    for (answer, mark) in [("approve", "x"), ("", shown(&page)), ("publish", shown(&page))] {
        assert!(press(&house, &link, answer, mark).await.0.is_client_error());
    }
    let unconfirmed = [("answer", "approve"), ("shown", shown(&page))];
    let reply = house.http("answer-ask", &[("token", &link)], http::Request::post("/"), &encode(&unconfirmed)).await;
    assert_eq!(reply.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(decide(&house, &link, "refuse").await.0, StatusCode::OK);
    assert_eq!(house.stands(&case).await, "closed - refused");
    assert_eq!((live(&house, "yamada").await, published(&house, &case).await), (1, Vec::new()));
    let told = mailed(&house, "approval-refused").await;
    assert!(told.contains(&"12-01 09:00 desk@banto-office.example approval-refused".to_owned()), "{told:?}");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_leads_past_the_approval_publishes_nothing() {
    let house = open_with(|folder| {
        let flow = folder.playbook.flows.get_mut("propose-playbook").expect("a flow");
        flow.start = "publish".to_owned();
    })
    .await;
    let mut next = dearer(22_000);
    next.flows.get_mut("propose-playbook").expect("a flow").start = "publish".to_owned();
    let asked = propose(&house, &next, "desk").await;
    house.until("2026-12-01T12:00:00+09:00").await;
    assert_eq!(live(&house, "yamada").await, 1);
    assert_eq!(published(&house, asked.key.case.as_str()).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_their_own_version() {
    let house = open().await;
    let asked = propose(&house, &dearer(22_000), "yamada").await;
    assert_eq!(
        mailed(&house, "approve-playbook").await,
        ["12-01 09:00 ichiro@yamada-coaching.example approve-playbook"]
    );
    let case = asked.key.case.to_string();
    let shown = house.case(&case).await;
    let people =
        &shown["tracks"].as_array().expect("tracks").iter().find(|t| t["kind"] == "ask").expect("an ask")["people"];
    assert!(!people.to_string().contains("yamada"), "{people}");
    decide(&house, &house.open_link(ICHIRO, &case).await, "approve").await;
    assert_eq!(live(&house, "yamada").await, 2);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_asked_when_none_is_left_who_may() {
    let one_coach = |folder: &mut Folder| folder.playbook.people.coaches.truncate(1);
    let house = open_with(one_coach).await;
    let mut next = pure::yamada(one_coach).playbook;
    next.menus.get_mut("single").expect("a menu").price = 22_000;
    let asked = propose(&house, &next, "yamada").await;
    assert_eq!(mailed(&house, "approve-playbook").await, [] as [&str; 0]);
    let case = house.case(asked.key.case.as_str()).await;
    let is_task = |track: &Value| track["reason"] == "no-approver";
    assert!(case["tracks"].as_array().expect("tracks").iter().any(is_task), "the office hears of it: {case:#}");
    assert_eq!(live(&house, "yamada").await, 1);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coach_who_works_alone_approves_her_own_and_the_log_says_so() {
    let alone = |folder: &mut Folder| {
        folder.playbook.controls = Controls::Solo;
        folder.playbook.people.coaches.truncate(1);
        folder.playbook.people.operators.clear();
        folder.playbook.people.deputies.clear();
        folder.playbook.people.shifts.clear();
    };
    let house = open_with(alone).await;
    let mut next = pure::yamada(alone).playbook;
    next.menus.get_mut("single").expect("a menu").price = 22_000;
    let asked = propose(&house, &next, "yamada").await;
    let case = asked.key.case.to_string();
    decide(&house, &house.open_link(HANAKO, &case).await, "approve").await;
    assert_eq!(live(&house, "yamada").await, 2);
    let solo = |entry: &Entry| matches!(entry, Entry::ApprovalGiven { solo: true, .. });
    assert!(entries(&house, &case).await.iter().any(solo), "the log says so");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_twice_publishes_once() {
    let house = open().await;
    let asked = propose(&house, &dearer(22_000), "desk").await;
    let case = asked.key.case.to_string();
    let link = house.open_link(HANAKO, &case).await;
    decide(&house, &link, "approve").await;
    let journal = house.journal(&case).await;
    let entered = journal.iter().flat_map(|commit| &commit.entries);
    let entered =
        entered.filter(|s| matches!(&s.entry, Entry::NodeEntered { action, .. } if action == "publish-playbook"));
    let cause = entered.map(|stamped| stamped.id.clone()).next().expect("the step");
    let before = journal.len();
    for _ in 0..3 {
        let detail = json!({ "client": "yamada", "case": case, "cause": cause });
        house.event("publish-playbook", json!({ "detail": detail })).await;
    }
    // The second press on the link, too, changes nothing: the first stands.
    let (_, page) = press(&house, &link, "approve", "x").await;
    assert!(page.contains("回答控え") && page.contains("山田 花子"), "{page}");
    assert_eq!((live(&house, "yamada").await, house.journal(&case).await.len()), (2, before));
    assert_eq!(published(&house, &case).await.len(), 1);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_is_compared_with_was_replaced_so_nothing_is_published() {
    let house = open().await;
    let asked = propose(&house, &dearer(22_000), "desk").await;
    let case = asked.key.case.to_string();
    let link = house.open_link(HANAKO, &case).await;
    let before = body(&house.look(&link).await);
    publish(&house, &dearer(18_000)).await;
    // What she saw before, and what she sees now.
    let (status, said) = press(&house, &link, "approve", shown(&before)).await;
    assert!(status == StatusCode::CONFLICT && said.contains("もう一度提案"), "{status} {said}");
    let now = body(&house.look(&link).await);
    assert!(now.contains("差し替えられている") && !now.contains("value=\"approve\""), "{now}");
    assert_eq!(press(&house, &link, "approve", shown(&now)).await.0, StatusCode::CONFLICT);
    let env = &house.host.world().env;
    assert_eq!(env.playbooks.get(&yamada(), 2).await.expect("the store").menus["single"].price, 18_000);
    assert_eq!(published(&house, &case).await, []);
    assert_eq!(decide(&house, &link, "refuse").await.0, StatusCode::OK);
    // Proposed again, it is compared with what is live now.
    let again = propose(&house, &dearer(22_000), "desk").await;
    assert_eq!(again.proposed.version, 3);
    decide(&house, &house.open_link(HANAKO, again.key.case.as_str()).await, "approve").await;
    assert_eq!(live(&house, "yamada").await, 3);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_between_the_word_and_its_effect_stands_and_all_are_told() {
    let undo = |folder: &mut Folder| {
        let approval = folder.playbook.approvals.get_mut(OF_PLAYBOOK).expect("an approval");
        approval.undo = Some("PT10M".parse().expect("a span"));
    };
    let house = open_with(undo).await;
    let with_undo = |price: i64| {
        let mut next = dearer(price);
        next.approvals = pure::yamada(undo).playbook.approvals;
        next
    };
    let asked = propose(&house, &with_undo(22_000), "desk").await;
    let case = asked.key.case.to_string();
    assert_eq!(decide(&house, &house.open_link(HANAKO, &case).await, "approve").await.0, StatusCode::OK);
    assert_eq!(live(&house, "yamada").await, 1, "it can be taken back for a while");
    publish(&house, &with_undo(18_000)).await;
    house.until("2026-12-01T09:11:00+09:00").await;
    assert_eq!(house.stands(&case).await, "closed - replaced");
    assert_eq!((live(&house, "yamada").await, published(&house, &case).await), (2, Vec::new()));
    let told = mailed(&house, "approval-void").await;
    assert!(told.iter().any(|m| m.contains("desk@")) && told.iter().any(|m| m.contains("kanno@")), "{told:?}");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_approved_and_taken_back_is_not_published() {
    let undo = |folder: &mut Folder| {
        let approval = folder.playbook.approvals.get_mut(OF_PLAYBOOK).expect("an approval");
        approval.undo = Some("PT10M".parse().expect("a span"));
    };
    let house = open_with(undo).await;
    let mut next = dearer(22_000);
    next.approvals = pure::yamada(undo).playbook.approvals;
    let asked = propose(&house, &next, "desk").await;
    let case = asked.key.case.to_string();
    decide(&house, &house.open_link(HANAKO, &case).await, "approve").await;
    let link = house.newest_link_to("undo").await;
    assert_eq!(house.answer(&link, "undo", &[]).await.status(), StatusCode::OK);
    house.until("2026-12-01T10:00:00+09:00").await;
    assert_eq!((live(&house, "yamada").await, published(&house, &case).await), (1, Vec::new()));
    // Whoever agrees then is who approved it, and not who had taken it back.
    decide(&house, &house.open_link(ICHIRO, &case).await, "approve").await;
    house.until("2026-12-01T11:00:00+09:00").await;
    let [Entry::VersionPublished { approved_by, .. }] = &published(&house, &case).await[..] else {
        panic!("published")
    };
    assert_eq!(*approved_by, ["mori"]);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_publishes_nothing_and_whoever_proposed_it_is_told() {
    let house = open().await;
    let asked = propose(&house, &dearer(22_000), "desk").await;
    let case = asked.key.case.to_string();
    let link = house.open_link(HANAKO, &case).await;
    let page = body(&house.look(&link).await);
    house.until("2026-12-07T12:00:00+09:00").await;
    assert_eq!(house.stands(&case).await, "closed - expired");
    assert_eq!(press(&house, &link, "approve", shown(&page)).await.0, StatusCode::CONFLICT, "an answer after its end");
    assert_eq!((live(&house, "yamada").await, published(&house, &case).await), (1, Vec::new()));
    assert!(mailed(&house, "approval-expired").await.iter().any(|m| m.contains("desk@")));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_is_asked_once_and_again_only_once_it_was_refused() {
    let house = open().await;
    let first = propose(&house, &dearer(22_000), "desk").await;
    let twice = propose(&house, &dearer(22_000), "aoki").await;
    assert_eq!((first.key.clone(), false, true), (twice.key.clone(), first.before, twice.before));
    assert_eq!(mailed(&house, "approve-playbook").await.len(), 2, "each coach once");
    decide(&house, &house.open_link(HANAKO, first.key.case.as_str()).await, "refuse").await;
    let again = propose(&house, &dearer(22_000), "desk").await;
    assert!(again.key != first.key && !again.before);
    decide(&house, &house.open_link(ICHIRO, again.key.case.as_str()).await, "approve").await;
    assert_eq!(live(&house, "yamada").await, 2);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_client_is_not_touched() {
    let house = open().await;
    let asked = propose(&house, &dearer(22_000), "desk").await;
    decide(&house, &house.open_link(HANAKO, asked.key.case.as_str()).await, "approve").await;
    assert_eq!((live(&house, "yamada").await, live(&house, "harbor").await), (2, 1));
    let env = &house.host.world().env;
    // What one client proposed is nothing of another's, by whatever hash.
    let harbor = ClientId::parse("harbor").expect("a name");
    assert!(env.playbooks.proposed(&harbor, &asked.proposed).await.expect("the store").is_none());
    assert!(env.playbooks.proposed(&yamada(), &asked.proposed).await.expect("the store").is_some());
    let mut other = dearer(1);
    other.client = harbor.clone();
    let refused = env.propose(&other, "kanno").await.expect("the store").expect_err("another client's people");
    assert_eq!(refused, NotProposed::Nobody("kanno".to_owned(), harbor));
    other.client = ClientId::parse("nobody").expect("a name");
    assert!(matches!(env.propose(&other, "desk").await.expect("the store"), Err(NotProposed::NoPlaybook(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_proposed_says_why_and_what_to_do() {
    let house = open_with(|folder| drop(folder.playbook.approvals.remove(OF_PLAYBOOK))).await;
    let env = &house.host.world().env;
    let refused = env.propose(&dearer(22_000), "desk").await.expect("the store").expect_err("nobody may");
    assert!(refused.way_out().contains("approvals:"), "{}", refused.way_out());
    let house = open().await;
    let env = &house.host.world().env;
    assert_eq!(
        env.propose(&dearer(22_000), "nobody").await.expect("the store").err(),
        Some(NotProposed::Nobody("nobody".to_owned(), yamada()))
    );
    let same = pure::yamada(|_| {}).playbook;
    assert_eq!(env.propose(&same, "desk").await.expect("the store").err(), Some(NotProposed::Same(1)));
    assert_eq!(house.case_numbers().await, [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_other_hands_changed_can_not_be_approved_and_is_found() {
    let house = open().await;
    let asked = propose(&house, &dearer(22_000), "desk").await;
    let link = house.open_link(HANAKO, asked.key.case.as_str()).await;
    let mark = shown(&body(&house.look(&link).await)).to_owned();
    let client = &house.host.clients().dynamodb;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let sk = format!("P#000002#{}", asked.proposed.hash);
    let key = HashMap::from([("pk".to_owned(), text("PLAYBOOK#yamada")), ("sk".to_owned(), text(&sk))]);
    let found = client.get_item().table_name("banto").set_key(Some(key)).send().await.expect("read");
    let mut row = found.item.expect("what is proposed");
    let said = row["body"].as_s().expect("text").replace("22000", "2200");
    row.insert("body".to_owned(), text(&said));
    client.put_item().table_name("banto").set_item(Some(row)).send().await.expect("written");
    let fields = [("answer", "approve"), ("shown", mark.as_str()), ("confirm", "yes")];
    let request = http::Request::post("/").body(bytes::Bytes::from(encode(&fields))).expect("a request");
    let mut request: banto_aws::Request = request;
    request.extensions_mut().insert(banto_aws::PathParams([("token".to_owned(), link)].into()));
    assert!(house.host.request("answer-ask", request).await.is_none_or(|reply| !reply.status().is_success()));
    house.host.idle().await.expect("idle");
    assert_eq!(live(&house, "yamada").await, 1);
    let found = verify_all(&house.host.world().env).await.expect("the store").1;
    assert!(found.iter().any(|finding| finding.about == "yamada"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_playbook_is_proposed_in_parts_and_live_whole() {
    let house = open().await;
    let mut long = dearer(22_000);
    long.templates.values_mut().next().expect("a template").body.ja = "番頭。\n".repeat(60_000);
    let asked = propose(&house, &long, "desk").await;
    decide(&house, &house.open_link(HANAKO, asked.key.case.as_str()).await, "approve").await;
    let stored = house.host.world().env.playbooks.get(&yamada(), 2).await.expect("whole");
    assert!(stored.templates.values().any(|t| t.body.ja.chars().count() == 240_000));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_english_practice_reads_it_in_english() {
    let house = open().await;
    let folders = banto_playbooks::ready_made().expect("no problems");
    let mut next = folders.into_iter().find(|f| f.playbook.client.as_str() == "harbor").expect("harbor").playbook;
    let (name, template) = next.templates.iter_mut().next().expect("a template");
    let name = name.clone();
    template.subject.en = "Another subject".to_owned();
    template.body.en = format!("{}\nOne line more.\n", template.body.en.trim_end());
    let coach = next.people.coaches[0].clone();
    let by = next.people.operators[0].id.clone();
    let asked = propose(&house, &next, &by).await;
    let page = body(&house.look(&house.open_link(&coach.address, asked.key.case.as_str()).await).await);
    for said in [
        "Version 2: what changes against version 1",
        "Mails",
        &name,
        "<mark>Another subject</mark>",
        "<mark>One line more.</mark>",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("変更点"), "{page}");
}
