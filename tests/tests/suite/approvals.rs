//! Promises 3, 5 and 6: what a rule may not decide reaches whoever may, with what exactly; silence never approves; nobody
//! approves their own; and what leaves is what was approved.

use std::path::Path;

use banto_playbooks::Folder;
use http::StatusCode;
use serde_json::Value;

use super::house::House;
use super::steps::{body, shown};

const SATO: &str = "sato@refunds.example";
const SUZUKI: &str = "suzuki@refunds.example";
const HANAKO: &str = "hanako@refunds.example";
const CUSTOMER: &str = "nao@customer.example";

pub(crate) fn folder() -> Folder {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/refunds");
    banto_playbooks::read(&dir).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

async fn open() -> House {
    House::open_with("2026-12-01T09:00:00+09:00", &[folder()]).await
}

async fn wants(house: &House, amount: &str) -> String {
    let fields =
        [("name", "佐々木 奈緒"), ("email", CUSTOMER), ("message", "受けられなくなりました。"), ("amount", amount)];
    house.inquire(["refunds", "refund"], &fields).await
}

/// What somebody answers, with a confirmation; its status and what it says.
async fn decide(house: &House, link: &str, answer: &str, more: &[(&str, &str)]) -> (StatusCode, String) {
    let page = body(&house.look(link).await);
    press(house, link, [("answer", answer), ("shown", shown(&page)), ("confirm", "yes")].as_slice(), more).await
}

async fn press(house: &House, link: &str, fields: &[(&str, &str)], more: &[(&str, &str)]) -> (StatusCode, String) {
    house.press(link, &[fields, more].concat()).await
}

async fn json(house: &House, link: &str) -> Value {
    let request = http::Request::get("/").header("accept", "application/json");
    let reply = house.http("answer-ask", &[("token", link)], request, "").await;
    serde_json::from_slice(reply.body()).expect("JSON")
}

async fn to_customer(house: &House) -> Vec<String> {
    house.mails().await.iter().filter(|m| m.to.contains(CUSTOMER)).map(|m| m.text.clone()).collect()
}

/// The code that was mailed last.
pub(crate) async fn code(house: &House, to: &str) -> String {
    let mails = house.mails().await;
    let mail = mails.iter().find(|m| m.to.contains(to) && m.template.as_deref() == Some("approval-code"));
    let subject = &mail.expect("a code").subject;
    subject.chars().filter(char::is_ascii_digit).take(6).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_routine_leaves_only_as_a_second_person_saw_it() {
    let house = open().await;
    let case = wants(&house, "5000").await;
    house.answer(&house.open_link(SATO, &case).await, "propose", &[]).await;
    // The author can't: only the other operator is asked, not the same person under another address either.
    let asked: Vec<String> = house.post().await.into_iter().filter(|m| m.ends_with(" approve")).collect();
    assert_eq!(asked, ["12-01 09:00 suzuki@refunds.example approve"]);
    let link = house.open_link(SUZUKI, &case).await;
    assert_eq!(decide(&house, &link, "approve", &[]).await.0, StatusCode::OK);
    assert_eq!(house.stands(&case).await, "open decide -", "it can be taken back for a while");
    house.until("2026-12-01T09:11:00+09:00").await;
    assert_eq!(house.stands(&case).await, "closed - refunded");
    // The mail itself isn't routine: it waits, and its page shows it exactly as it will leave.
    assert_eq!(to_customer(&house).await, Vec::<String>::new());
    let link = house.open_link(SATO, &case).await;
    let seen = json(&house, &link).await;
    assert_eq!(seen["needs"], serde_json::json!(["confirm"]));
    let text = seen["mail"]["text"].as_str().expect("a text").to_owned();
    assert!(text.contains("5,000円をご返金いたします"), "{text}");
    assert_eq!(seen["mail"]["to"][0], "佐々木 奈緒 <nao@customer.example>");
    assert_eq!(decide(&house, &link, "approve", &[]).await.0, StatusCode::OK);
    assert_eq!(to_customer(&house).await, [text]);
    // Whoever looks later sees who decided.
    let receipt = body(&house.look(&link).await);
    assert!(receipt.contains("佐藤 健") && receipt.contains("承認"), "{receipt}");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_alone_approves_nothing() {
    let house = open().await;
    let case = wants(&house, "5000").await;
    house.answer(&house.open_link(SATO, &case).await, "propose", &[]).await;
    let link = house.open_link(SUZUKI, &case).await;
    let page = body(&house.look(&link).await);
    assert!(
        !page.contains(" checked") && !page.contains(" selected") && page.contains("<option value=\"\">"),
        "nothing is preselected: {page}"
    );
    let mark = shown(&page).to_owned();
    for fields in [vec![("shown", mark.as_str())], vec![("answer", "approve"), ("shown", &mark)]] {
        let (status, _) = press(&house, &link, &fields, &[]).await;
        assert!(status.is_client_error(), "{status}");
    }
    for method in ["HEAD", "GET", "OPTIONS"] {
        house.http("answer-ask", &[("token", &link)], http::Request::builder().method(method), "").await;
    }
    assert_eq!(house.stands(&case).await, "open decide -");
    // Forged, empty, and of another ask.
    let (status, _) = press(&house, &link, &[("answer", "approve"), ("shown", "x"), ("confirm", "yes")], &[]).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(house.stands(&case).await, "open decide -");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn much_money_wants_the_coach_and_a_code_that_nobody_can_guess() {
    let house = open().await;
    let case = wants(&house, "50000").await;
    house.answer(&house.open_link(SATO, &case).await, "propose", &[]).await;
    let link = house.open_link(SUZUKI, &case).await;
    assert_eq!(json(&house, &link).await["needs"], serde_json::json!(["confirm", "code"]));
    let (status, page) = decide(&house, &link, "approve", &[]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("確認コードをメールでお送りしました"), "{page}");
    // Asked again, no second one is mailed.
    decide(&house, &link, "approve", &[]).await;
    let codes = || async { house.post().await.iter().filter(|m| m.ends_with("approval-code")).count() };
    assert_eq!(codes().await, 1);
    let right = code(&house, SUZUKI).await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    assert_eq!(decide(&house, &link, "approve", &[("code", wrong)]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(decide(&house, &link, "approve", &[("code", &right)]).await.0, StatusCode::OK);
    // Then the coach, with a code of her own; five wrong ones lock it, and the office hears.
    let link = house.open_link(HANAKO, &case).await;
    decide(&house, &link, "approve", &[]).await;
    let right = code(&house, HANAKO).await;
    for n in 0..5 {
        let guess = format!("{:06}", (right.parse::<u32>().expect("digits") + 1 + n) % 1_000_000);
        assert_eq!(decide(&house, &link, "approve", &[("code", &guess)]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let (status, page) = decide(&house, &link, "approve", &[("code", &right)]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "locked");
    assert!(page.contains("停止しました"), "{page}");
    let told = |m: &&String| m.ends_with(" attend") && !m.contains("12-01 09:00 sato2") && m.contains("09:00");
    assert!(house.post().await.iter().filter(told).count() > 3, "the office hears of it: {:?}", house.post().await);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_ends_after_ten_minutes() {
    let house = open().await;
    let case = wants(&house, "50000").await;
    house.answer(&house.open_link(SATO, &case).await, "propose", &[]).await;
    let link = house.open_link(SUZUKI, &case).await;
    decide(&house, &link, "approve", &[]).await;
    let old = code(&house, SUZUKI).await;
    house.until("2026-12-01T09:11:00+09:00").await;
    assert_eq!(decide(&house, &link, "approve", &[("code", &old)]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let new = code(&house, SUZUKI).await;
    assert_ne!(old, new, "a new one was mailed");
    assert_eq!(decide(&house, &link, "approve", &[("code", &new)]).await.0, StatusCode::OK);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_never_approves_and_says_so_to_all() {
    let house = open().await;
    let case = wants(&house, "5000").await;
    house.answer(&house.open_link(SATO, &case).await, "propose", &[]).await;
    let first = house.open_link(SUZUKI, &case).await;
    house.until("2026-12-02T09:01:00+09:00").await;
    let asked: Vec<String> = house.post().await.into_iter().filter(|m| m.ends_with(" approve")).collect();
    assert!(asked.contains(&"12-02 09:00 hanako@refunds.example approve".to_owned()), "the next is asked: {asked:?}");
    house.until("2026-12-03T09:01:00+09:00").await;
    assert_eq!(house.stands(&case).await, "open look -");
    let told: Vec<String> = house.post().await.into_iter().filter(|m| m.ends_with("approval-expired")).collect();
    assert_eq!(
        told,
        ["12-03 09:00 kaneko@refunds.example approval-expired", "12-03 09:00 sato@refunds.example approval-expired"]
    );
    let (status, _) = press(&house, &first, &[("answer", "approve"), ("shown", "x"), ("confirm", "yes")], &[]).await;
    assert_eq!(status, StatusCode::CONFLICT, "an answer after its end");
    assert_eq!(to_customer(&house).await, Vec::<String>::new());
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_approved_can_be_taken_back_for_a_while() {
    let house = open().await;
    let case = wants(&house, "5000").await;
    house.answer(&house.open_link(SATO, &case).await, "propose", &[]).await;
    decide(&house, &house.open_link(SUZUKI, &case).await, "approve", &[]).await;
    let undo = house.newest_link_to("undo").await;
    house.until("2026-12-01T09:05:00+09:00").await;
    assert_eq!(house.answer(&undo, "undo", &[]).await.status(), StatusCode::OK);
    house.until("2026-12-01T09:30:00+09:00").await;
    assert_eq!(house.stands(&case).await, "open decide -");
    // It is asked anew.
    let link = house.open_link(SUZUKI, &case).await;
    let (status, _) = decide(&house, &link, "refuse", &[("field.note", "二重のご請求ではありません。")]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(house.stands(&case).await, "closed - refused");
    let mails = house.mails().await;
    let told = mails.iter().find(|m| m.template.as_deref() == Some("approval-refused") && m.to.contains(SATO));
    assert!(told.expect("the author hears").text.contains("二重のご請求ではありません。"));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_writes_is_looked_at_by_somebody_else_and_any_edit_voids_what_was_approved() {
    let house = open().await;
    let case = wants(&house, "5000").await;
    let link = house.open_link(SATO, &case).await;
    let said = [
        ("subject", "ご返金について"),
        (
            "text",
            "ご連絡をありがとうございます。\nhttps://refunds.example/terms をご覧ください。\n{{ number }} <b>太字</b>",
        ),
    ];
    assert_eq!(house.answer(&link, "answered", &said).await.status(), StatusCode::OK);
    assert_eq!(to_customer(&house).await, Vec::<String>::new());
    let link = house.open_link(SUZUKI, &case).await;
    let seen = json(&house, &link).await;
    assert_eq!((&seen["mail"]["subject"], &seen["mail"]["author"]), (&"ご返金について".into(), &"佐藤 健".into()));
    // She writes it anew: it is hers now, and he looks at it.
    let mine = [
        ("field.subject", "ご返金の件"),
        ("field.text", "恐れ入りますが、規約をご確認ください。\n{{ number }}"),
        ("field.note", "丁寧に。"),
    ];
    assert_eq!(decide(&house, &link, "change", &mine).await.0, StatusCode::OK);
    assert_eq!(to_customer(&house).await, Vec::<String>::new());
    let link = house.open_link(SATO, &case).await;
    let before = json(&house, &link).await;
    assert_eq!(before["mail"]["author"], "鈴木 愛");
    assert_eq!(decide(&house, &link, "approve", &[]).await.0, StatusCode::OK);
    let sent = house.mails().await.into_iter().find(|m| m.to.contains(CUSTOMER)).expect("a mail");
    assert_eq!(sent.subject, "ご返金の件");
    assert!(sent.text.contains("{{ number }}") && sent.text.contains("佐々木 奈緒 様"), "{}", sent.text);
    assert_eq!(Some(sent.text.as_str()), before["mail"]["text"].as_str(), "as it was shown");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opposite_decisions_at_once_have_one_outcome() {
    let house = open().await;
    let case = wants(&house, "5000").await;
    house.answer(&house.open_link(SATO, &case).await, "propose", &[]).await;
    house.until("2026-12-02T09:01:00+09:00").await;
    let (one, other) = (house.open_link(SUZUKI, &case).await, house.open_link(HANAKO, &case).await);
    let (yes, no) =
        tokio::join!(decide(&house, &one, "approve", &[]), decide(&house, &other, "refuse", &[("field.note", "なし")]));
    let taken = [yes.0, no.0].iter().filter(|status| **status == StatusCode::OK).count();
    assert_eq!(taken, 1, "{} {}", yes.0, no.0);
    house.until("2026-12-02T10:00:00+09:00").await;
    let ends = house.stands(&case).await;
    assert_eq!(ends, if yes.0 == StatusCode::OK { "closed - refunded" } else { "closed - refused" });
    house.is_in_order().await;
}

/// A link of a person to the same question as another's link.
fn link_of(link: &str, person: &str) -> String {
    let keys = banto_tests::keys();
    let (key, ask, _) = keys.read_token(link).expect("a link");
    keys.token(&key, &ask, &banto_domain::state::Party::Person(person.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_their_own_by_whatever_link() {
    let house = open().await;
    let case = wants(&house, "5000").await;
    house.answer(&house.open_link(SATO, &case).await, "propose", &[]).await;
    let link = house.open_link(SUZUKI, &case).await;
    let page = body(&house.look(&link).await);
    let mark = shown(&page).to_owned();
    // Their own link, one of theirs under another address, one of somebody who wasn't asked, and one of nobody here.
    for person in ["sato", "sato2", "kaneko", "nobody"] {
        let theirs = link_of(&link, person);
        assert_ne!(house.look(&theirs).await.status(), StatusCode::OK, "{person}");
        let press = press(&house, &theirs, &[("answer", "approve"), ("shown", &mark), ("confirm", "yes")], &[]).await;
        assert!(press.0.is_client_error(), "{person}: {}", press.0);
    }
    assert_eq!(house.stands(&case).await, "open decide -");
    // The page says whose link it is, so that a forwarded one is noticed.
    assert!(page.contains("鈴木 愛: 本人が内容を確認しました"), "{page}");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_since_it_was_shown_is_not_approved() {
    let house = open().await;
    let case = wants(&house, "5000").await;
    let said = [("subject", "ご返金について"), ("text", "確認いたします。")];
    house.answer(&house.open_link(SATO, &case).await, "answered", &said).await;
    house.until("2026-12-02T09:01:00+09:00").await;
    // Two are asked by now; one looks, and meanwhile the other writes it anew.
    let (one, other) = (house.open_link(SUZUKI, &case).await, house.open_link(HANAKO, &case).await);
    let old = body(&house.look(&one).await);
    let anew = [("field.subject", "ご返金の件"), ("field.text", "至急確認いたします。"), ("field.note", "急ぎます。")];
    assert_eq!(decide(&house, &other, "change", &anew).await.0, StatusCode::OK);
    let late = [("answer", "approve"), ("shown", shown(&old)), ("confirm", "yes")];
    assert_eq!(press(&house, &one, &late, &[]).await.0, StatusCode::CONFLICT);
    assert_eq!(to_customer(&house).await, Vec::<String>::new());
    // Nor by a link to what is asked now, with the mark of what was shown before.
    let now = house.open_link(SUZUKI, &case).await;
    assert_eq!(press(&house, &now, &late, &[]).await.0, StatusCode::CONFLICT);
    assert_eq!(decide(&house, &now, "approve", &[]).await.0, StatusCode::OK);
    assert!(to_customer(&house).await[0].contains("至急確認いたします。"));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coach_who_works_alone_agrees_to_her_own_and_the_log_says_so() {
    let mut folder = folder();
    folder.playbook.people.operators = vec![folder.playbook.people.coaches[0].clone()];
    folder.playbook.people.others.clear();
    folder.playbook.people.groups.clear();
    folder.playbook.approvals.values_mut().for_each(|approval| approval.tells.clear());
    let alone = |controls| {
        let mut folder = Folder { playbook: folder.playbook.clone(), ..folder_of(&folder) };
        folder.playbook.controls = controls;
        folder
    };
    // Where two must agree, a task says that nobody else may.
    let house = House::open_with("2026-12-01T09:00:00+09:00", &[alone(banto_domain::playbook::Controls::Two)]).await;
    let case = wants(&house, "5000").await;
    house.answer(&house.open_link(HANAKO, &case).await, "propose", &[]).await;
    let page = body(&house.look(&house.open_link(HANAKO, &case).await).await);
    assert!(page.contains("承認できる人がほかにいません"), "{page}");
    let house = House::open_with("2026-12-01T09:00:00+09:00", &[alone(banto_domain::playbook::Controls::Solo)]).await;
    let case = wants(&house, "5000").await;
    house.answer(&house.open_link(HANAKO, &case).await, "propose", &[]).await;
    let link = house.open_link(HANAKO, &case).await;
    assert_eq!(decide(&house, &link, "approve", &[]).await.0, StatusCode::OK);
    let journal = house.journal(&case).await;
    let solo = |entry: &banto_domain::Entry| matches!(entry, banto_domain::Entry::ApprovalGiven { solo: true, .. });
    assert!(journal.iter().flat_map(|commit| &commit.entries).any(|stamped| solo(&stamped.entry)));
    assert_eq!(house.stands(&case).await, "open decide -", "with time to take it back");
    house.until("2026-12-01T09:11:00+09:00").await;
    assert_ne!(house.stands(&case).await, "open decide -");
    house.is_in_order().await;
}

fn folder_of(folder: &Folder) -> Folder {
    Folder { playbook: folder.playbook.clone(), demo_secrets: folder.demo_secrets.clone(), warnings: Vec::new() }
}
