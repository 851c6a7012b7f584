//! Going live in steps: nothing leaves by itself before whoever may has said so, one press takes it back, and it counts at
//! the lease.

use banto_domain::Entry;
use banto_domain::playbook::{GoingLive, Part, Stage, Text, To, Topic};
use banto_playbooks::Folder;
use http::StatusCode;

use super::approvals::folder;
use super::house::House;
use super::payments;
use super::steps::{body, shown};

const CUSTOMER: &str = "nao@customer.example";
const HANAKO: &str = "hanako@refunds.example";

/// Two parts: what promotes something, and the rest.
fn staged(news: Stage, rest: Stage) -> Folder {
    in_two(folder(), news, rest)
}

fn in_two(mut folder: Folder, news: Stage, rest: Stage) -> Folder {
    let part = |name: &str, label: &str, topics: Vec<Topic>, begins| Part {
        name: name.to_owned(),
        label: Text { ja: label.to_owned(), en: name.to_owned() },
        flows: Vec::new(),
        topics,
        begins,
    };
    folder.playbook.going_live = Some(GoingLive {
        to: To::Group("coaches".to_owned()),
        approval: "mail".to_owned(),
        parts: vec![
            part("news", "お知らせ", vec![Topic::Promotion], news),
            part("rest", "そのほかのご案内", Vec::new(), rest),
        ],
    });
    folder
}

async fn open(news: Stage, rest: Stage) -> House {
    let house = House::open_with("2026-12-01T09:00:00+09:00", &[staged(news, rest)]).await;
    house.until("2026-12-01T09:00:01+09:00").await;
    house
}

async fn letters(house: &House) -> String {
    let fields = [("name", "佐々木 奈緒"), ("email", CUSTOMER), ("message", "お願いします。"), ("news", "yes")];
    house.inquire(["refunds", "letters"], &fields).await
}

/// Mails to somebody, by template, oldest first.
async fn to(house: &House, whom: &str) -> Vec<String> {
    let mails = house.mails().await;
    mails.iter().rev().filter(|m| m.to.contains(whom)).filter_map(|m| m.template.clone()).collect()
}

/// Moves parts by the newest link; its status and page.
async fn shift(house: &House, moves: &[(&str, &str)]) -> (StatusCode, String) {
    let link = house.newest_link_to("stages").await;
    press(house, &link, moves).await
}

async fn press(house: &House, link: &str, moves: &[(&str, &str)]) -> (StatusCode, String) {
    let reply = house.answer(link, "moved", moves).await;
    (reply.status(), body(&reply))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_reaches_the_coach_and_nobody_outside() {
    let house = open(Stage::Sample, Stage::Sample).await;
    let case = letters(&house).await;
    assert_eq!(to(&house, CUSTOMER).await, Vec::<String>::new());
    let mails = house.mails().await;
    let sample = mails.iter().find(|m| m.template.as_deref() == Some("thanks")).expect("a sample");
    assert!(sample.to.contains(HANAKO), "{}", sample.to);
    assert!(sample.subject.starts_with("【見本】") && sample.text.contains("お客様には送られていません"), "{sample:?}");
    assert!(sample.html.as_ref().is_some_and(|html| html.contains("お客様には送られていません")), "{sample:?}");
    let sampled = house.journal(&case).await.into_iter().flat_map(|c| c.entries);
    assert_eq!(sampled.filter(|e| matches!(e.entry, Entry::MessageSampled { .. })).count(), 4);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_each_mail_is_to_be_approved_none_leaves_by_itself() {
    let house = open(Stage::Routine, Stage::Approved).await;
    let case = letters(&house).await;
    assert_eq!(to(&house, CUSTOMER).await, ["news"], "the other part has gone on");
    let link = house.open_link("sato@", &case).await;
    let page = body(&house.look(&link).await);
    assert!(page.contains("全件承認"), "it says why it waits: {page}");
    let all = [("answer", "approve"), ("shown", shown(&page)), ("confirm", "yes")];
    assert_eq!(house.press(&link, &all).await.0, StatusCode::OK);
    assert_eq!(to(&house, CUSTOMER).await.len(), 2);
    // What came of it stands beside the choice.
    let page = body(&house.look(&house.newest_link_to("stages").await).await);
    assert!(page.contains("承認1件・修正0件・差し戻し0件"), "{page}");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_moved_on_leaves_by_itself_and_one_press_takes_it_back() {
    let house = open(Stage::Approved, Stage::Approved).await;
    let (status, receipt) = shift(&house, &[("rest", "all")]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(receipt.contains("全件承認 → 全体"), "{receipt}");
    letters(&house).await;
    assert!(to(&house, CUSTOMER).await.contains(&"thanks".to_owned()), "it leaves by itself");
    let before = to(&house, CUSTOMER).await.len();
    let (status, _) = shift(&house, &[("rest", "approved")]).await;
    assert_eq!(status, StatusCode::OK);
    letters(&house).await;
    assert_eq!(to(&house, CUSTOMER).await.len(), before, "and not any more");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_waits_for_the_morning_obeys_what_was_said_at_night() {
    let house = open(Stage::All, Stage::All).await;
    house.until("2026-12-05T09:00:00+09:00").await;
    letters(&house).await;
    let before = to(&house, CUSTOMER).await;
    assert!(!before.contains(&"calm".to_owned()), "a Saturday: {before:?}");
    shift(&house, &[("rest", "approved")]).await;
    house.until("2026-12-07T10:00:00+09:00").await;
    assert!(!to(&house, CUSTOMER).await.contains(&"calm".to_owned()), "it waits for an approval");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_without_a_choice_or_by_somebody_else_moves_nothing() {
    let house = open(Stage::Approved, Stage::Approved).await;
    let link = house.newest_link_to("stages").await;
    let page = body(&house.look(&link).await);
    assert!(!page.contains(" checked") && !page.contains(" selected"), "nothing is preselected: {page}");
    assert_eq!(press(&house, &link, &[]).await.0, StatusCode::UNPROCESSABLE_ENTITY, "nothing was chosen");
    assert_eq!(press(&house, &link, &[("rest", "approved")]).await.0, StatusCode::UNPROCESSABLE_ENTITY, "no change");
    assert_eq!(press(&house, &link, &[("rest", "everything")]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let unconfirmed = [("answer", "moved"), ("shown", shown(&page)), ("field.rest", "all")];
    assert_eq!(house.press(&link, &unconfirmed).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    letters(&house).await;
    assert_eq!(to(&house, CUSTOMER).await, Vec::<String>::new());
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_presses_at_once_the_first_stands() {
    let house = open(Stage::Approved, Stage::Approved).await;
    let link = house.newest_link_to("stages").await;
    tokio::join!(press(&house, &link, &[("rest", "all")]), press(&house, &link, &[("news", "sample")]));
    let case = house.case_numbers().await.into_iter().next().expect("the case in which it is asked");
    let moved = house.journal(&case).await.into_iter().flat_map(|c| c.entries);
    let moved = moved.filter(|e| matches!(e.entry, Entry::StageMoved { .. })).count();
    assert_eq!(moved, 1, "the first decision stands");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_note_in_an_emergency_and_mails_to_the_practice_have_no_stage() {
    let house = open(Stage::Sample, Stage::Sample).await;
    let fields = [("name", "佐々木 奈緒"), ("email", CUSTOMER), ("message", "もう死にたいです")];
    house.inquire(["refunds", "letters"], &fields).await;
    assert!(to(&house, "sato@").await.contains(&"urgent".to_owned()), "{:?}", house.post().await);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_the_facts_overtook_is_withdrawn_and_its_page_says_by_what() {
    let folders = banto_playbooks::ready_made().expect("no problems").into_iter();
    let folders: Vec<Folder> = folders
        .map(|f| if f.playbook.client.as_str() == "yamada" { in_two(f, Stage::All, Stage::All) } else { f })
        .collect();
    let house = House::open_with("2026-12-01T09:00:00+09:00", &folders).await;
    let (case, application) = payments::chosen(&house).await;
    assert_eq!(shift(&house, &[("rest", "approved")]).await.0, StatusCode::OK);
    house.answer(&application, "send", &payments::APPLICATION).await;
    assert_eq!(house.stands(&case).await, "open invoice -");
    let link = house.newest_link_to("approve").await;
    assert!(body(&house.look(&link).await).contains("ご請求"), "the invoice waits");
    house.until("2026-12-01T09:05:00+09:00").await;
    // Paid by the page of the provider, before anybody looked at the invoice.
    assert_eq!(house.pay(&case, banto::pay::Outcome::Paid).await, 202);
    let reply = house.look(&link).await;
    assert_eq!(reply.status(), StatusCode::GONE);
    let page = body(&reply);
    assert!(page.contains("その後の変更") && page.contains("入金"), "{page}");
    let mails = to(&house, "ayaka@").await;
    assert!(!mails.contains(&"invoice".to_owned()), "nobody is asked for what is paid: {mails:?}");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_switched_on_mails_nobody_whose_case_began_before() {
    let (house, case) = payments::invoiced().await;
    assert_eq!(house.pay(&case, banto::pay::Outcome::Paid).await, 202);
    let folders = banto_playbooks::ready_made().expect("no problems").into_iter();
    let mut folder = folders.into_iter().find(|f| f.playbook.client.as_str() == "yamada").expect("山田コーチング");
    let rungs = &mut folder.playbook.reminders;
    let mut extra = rungs.get("hour").expect("a reminder").clone();
    extra.before = jiff::ToSpan::hours(5);
    rungs.insert("hours".to_owned(), extra);
    banto::practice::publish(house.host.world(), &[folder], true).await.expect("published");
    let booking =
        house.case(&case).await["tracks"].as_array().expect("tracks").iter().find(|t| t["kind"] == "booking").cloned();
    let ends: jiff::Timestamp =
        booking.expect("a booking")["ends"].as_str().expect("an end").parse().expect("an instant");
    house.until(&ends.to_string()).await;
    let mails = to(&house, "ayaka@").await;
    let hours = mails.iter().filter(|template| *template == "reminder-hour").count();
    assert_eq!(hours, 1, "by the ladder that was agreed with her: {mails:?}");
    house.is_in_order().await;
}
