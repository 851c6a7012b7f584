//! 送信前チェック: what a practice chooses beside what is always looked at, and that each mail says what it passed.

use banto_domain::Entry;

use super::approvals::folder;
use super::house::House;

async fn letters(now: &str, news: &str) -> (House, String) {
    let house = House::open_with(now, &[folder()]).await;
    let fields =
        [("name", "佐々木 奈緒"), ("email", "nao@customer.example"), ("message", "お願いします。"), ("news", news)];
    let fields = if news.is_empty() { &fields[..3] } else { &fields[..] };
    let case = house.inquire(["refunds", "letters"], fields).await;
    (house, case)
}

/// What she got: when, and of which template.
async fn got(house: &House) -> Vec<String> {
    let post = house.post().await;
    post.into_iter()
        .filter(|mail| mail.contains("nao@"))
        .map(|mail| mail.replace(" nao@customer.example", ""))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_mail_twice_is_held_and_a_deliberate_resend_goes() {
    let (house, case) = letters("2026-12-01T09:00:00+09:00", "").await;
    assert_eq!(got(&house).await, ["12-01 09:00 thanks", "12-01 09:00 calm"], "the second is held");
    let link = house.open_link("sato@", &case).await;
    house.answer(&link, "again", &[]).await;
    let thanks = got(&house).await.iter().filter(|mail| mail.ends_with("thanks")).count();
    assert_eq!(thanks, 2, "a person lets it go");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_promoted_to_whoever_did_not_agree_to_it() {
    let (house, _) = letters("2026-12-01T09:00:00+09:00", "").await;
    assert!(!got(&house).await.iter().any(|mail| mail.ends_with("news")));
    let (house, _) = letters("2026-12-01T09:00:00+09:00", "yes").await;
    assert!(got(&house).await.iter().any(|mail| mail.ends_with("news")));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_wait_leaves_on_a_working_day() {
    // A Saturday.
    let (house, _) = letters("2026-12-05T09:00:00+09:00", "").await;
    assert_eq!(got(&house).await, ["12-05 09:00 thanks"]);
    house.until("2026-12-07T09:00:00+09:00").await;
    let calm = got(&house).await.into_iter().find(|mail| mail.ends_with("calm")).expect("it left");
    assert!(calm.starts_with("12-07 08:"), "{calm}");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_promotes_something_waits_for_the_next_day_when_there_were_many() {
    let mut folder = folder();
    folder.playbook.gate.as_mut().expect("rules").per_day = Some(0);
    let house = House::open_with("2026-12-01T09:00:00+09:00", &[folder]).await;
    let fields =
        [("name", "佐々木 奈緒"), ("email", "nao@customer.example"), ("message", "お願いします。"), ("news", "yes")];
    house.inquire(["refunds", "letters"], &fields).await;
    let at_first = got(&house).await;
    assert!(!at_first.iter().any(|mail| mail.ends_with("news")) && at_first.len() == 2, "{at_first:?}");
    house.until("2026-12-02T10:00:00+09:00").await;
    let news = got(&house).await.into_iter().find(|mail| mail.ends_with("news")).expect("it left");
    assert!(news.starts_with("12-02 09:"), "{news}");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mail_says_which_checks_it_passed() {
    let (house, case) = letters("2026-12-01T09:00:00+09:00", "yes").await;
    let journal = house.journal(&case).await;
    let passed = journal.iter().flat_map(|commit| &commit.entries).find_map(|stamped| match &stamped.entry {
        Entry::MessageSending { passed, .. } => Some(passed.join(" ")),
        _ => None,
    });
    let all = "still-true not-stopped template-approved in-its-place recipient consent filled not-the-same second-person hours \
               weekdays per-day";
    assert_eq!(passed.as_deref(), Some(all));
}
