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
    let all = "still-true not-stopped template-approved in-its-place recipient not-unsubscribed consent filled not-the-same second-person hours \
               weekdays per-day";
    assert_eq!(passed.as_deref(), Some(all));
}

/// The link by which the newest mail of a template stops such mails, as its header has it.
async fn way_out(house: &House, template: &str) -> String {
    let mails = house.mails().await;
    let mail = mails.iter().find(|m| m.template.as_deref() == Some(template)).expect("a mail");
    let (_, raw) = house.host.mail(&mail.id).await.expect("the store").expect("the mail as it left");
    let message = mail_parser::MessageParser::default().parse(&raw).expect("MIME");
    let header = |name: &str| message.header_raw(name).unwrap_or_default().trim().to_owned();
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let link = header("List-Unsubscribe");
    assert!(mail.text.contains(link.trim_matches(['<', '>'])), "the text has it too: {}", mail.text);
    link.trim_matches(['<', '>']).rsplit('/').next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_press_in_a_mail_program_ends_what_is_promoted_and_nothing_else() {
    let (house, case) = letters("2026-12-01T09:00:00+09:00", "yes").await;
    let link = way_out(&house, "news").await;
    // Looking, and a press without the choice, stop nothing.
    for (method, sent) in [("GET", ""), ("HEAD", ""), ("POST", ""), ("POST", "answer=stop")] {
        let request = http::Request::builder().method(method);
        house.http("answer-ask", &[("token", &link)], request, sent).await;
    }
    let stopped = |commits: Vec<banto_domain::Commit>| {
        let all = commits.into_iter().flat_map(|c| c.entries);
        all.filter(|e| matches!(e.entry, Entry::PromotionStopped { .. })).count()
    };
    assert_eq!(stopped(house.journal(&case).await), 0);
    for _ in 0..2 {
        let request = http::Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        let reply = house.http("answer-ask", &[("token", &link)], request, "List-Unsubscribe=One-Click").await;
        assert_eq!(reply.status(), http::StatusCode::OK);
    }
    assert_eq!(stopped(house.journal(&case).await), 1, "twice is once");
    // Another matter of hers, for which she ticks the box again: what she asked to stop stays stopped.
    let before = got(&house).await;
    let fields =
        [("name", "佐々木 奈緒"), ("email", "Nao@customer.example"), ("message", "お願いします。"), ("news", "yes")];
    house.inquire(["refunds", "letters"], &fields).await;
    let news = |mails: &[String]| mails.iter().filter(|m| m.ends_with("news")).count();
    let after = house.post().await.into_iter().filter(|m| m.to_lowercase().contains("nao@")).collect::<Vec<_>>();
    assert_eq!(news(&after), news(&before), "{after:?}");
    assert!(after.len() > before.len(), "other mails go on: {after:?}");
    house.is_in_order().await;
}
