//! Requests at any time, and the truth of the calendar: what a move or a cancellation leaves behind, what is done without
//! anybody's approval, and what a link opens.

use banto_domain::rules::answer::Chosen;
use banto_domain::rules::message::{self, Intent};
use banto_domain::rules::{booking, request};
use banto_domain::state::{Hold, Party, REMINDS, Room, Seat};
use banto_domain::steps::REMINDER;
use banto_domain::{ClientId, Entry, Id, Pending, TokenId, What};
use serde_json::Value;

use super::house::House;
use super::payments::happened;
use super::pure::{Pure, yamada};
use super::steps::{body, encode};

pub(crate) const NAO: [(&str, &str); 6] = [
    ("name", "佐々木 奈緒"),
    ("email", "nao@customer.example"),
    ("message", "コーチングを申し込みたいです。"),
    ("plan", "single"),
    ("goal", "転職"),
    ("preferred", "平日の午前"),
];
const KEN: [(&str, &str); 6] = [
    ("name", "髙橋 健"),
    ("email", "ken@customer.example"),
    ("message", "コーチングを申し込みたいです。"),
    ("plan", "single"),
    ("goal", "独立"),
    ("preferred", "いつでも"),
];
pub(crate) const MONDAY: &str = "2026-12-07T09:00:00+09:00";

impl House {
    /// The token of a customer's own page, from the newest mail about this case.
    pub(crate) async fn my(&self, to: &str, case: &str) -> String {
        let mails = self.mails().await;
        let mut tokens = mails
            .iter()
            .filter(|m| m.to.contains(to))
            .filter_map(|m| Some(m.text.split("/my/").nth(1)?.split_whitespace().next()?.to_owned()));
        tokens.find(|token| token.contains(case)).expect("every mail to a customer leads to their page")
    }

    pub(crate) async fn my_page(&self, token: &str) -> Value {
        let request = http::Request::get("/").header("accept", "application/json");
        let reply = self.http("handle-request", &[("token", token)], request, "").await;
        assert_eq!(reply.status(), 200, "{}", body(&reply));
        serde_json::from_slice(reply.body()).expect("JSON")
    }

    pub(crate) async fn ask_for(&self, token: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let request = http::Request::post("/").header("accept", "application/json");
        let reply = self.http("handle-request", &[("token", token)], request, encode(fields)).await;
        (reply.status().as_u16(), serde_json::from_slice(reply.body()).expect("JSON"))
    }

    /// Asks for something as the page shows it now.
    pub(crate) async fn want(&self, token: &str, request: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let page = self.my_page(token).await;
        let shown = page["shown"].as_str().expect("a mark").to_owned();
        let mut all = vec![("request", request), ("shown", shown.as_str()), ("confirm", "yes")];
        all.extend(fields);
        self.ask_for(token, &all).await
    }

    /// A customer whose session is booked; the case, and the slot's name.
    pub(crate) async fn booked(&self, who: &[(&str, &str)], nth: usize) -> (String, String) {
        let case = self.inquire(["yamada", "session"], who).await;
        let slot = self.slots(&case).await[nth].clone();
        let link = self.open_link(who[1].1, &case).await;
        let reply = self.answer(&link, &slot, &[]).await;
        assert_eq!(reply.status(), 200, "{}", body(&reply));
        assert_eq!(self.stands(&case).await, "open participate -");
        (case, slot)
    }

    pub(crate) async fn booking(&self, case: &str) -> Value {
        let case = self.case(case).await;
        let mut bookings = case["tracks"].as_array().expect("tracks").iter().filter(|t| t["kind"] == "booking");
        bookings.next().cloned().unwrap_or_default()
    }

    /// What the coach's calendar shows.
    async fn feed(&self, coach: &str) -> String {
        let file = banto_tests::keys().calendar(&ClientId::parse("yamada").expect("a name"), coach);
        body(&self.http("show-calendar", &[("file", &file)], http::Request::get("/"), "").await)
    }

    /// The calendar file of the newest mail of a template, with its media type.
    pub(crate) async fn ics(&self, template: &str) -> (String, String) {
        let mail = self.mails().await.into_iter().find(|m| m.template.as_deref() == Some(template)).expect("a mail");
        let (_, raw) = self.host.mail(&mail.id).await.expect("mails").expect("a mail");
        let parsed = mail_parser::MessageParser::default().parse(&raw).expect("MIME");
        let text = parsed.attachments().find_map(|a| a.text_contents().map(str::to_owned)).expect("a calendar");
        (text, String::from_utf8_lossy(&raw).into_owned())
    }

    pub(crate) async fn happened(&self, case: &str, kind: &str) -> usize {
        happened(&self.case(case).await, kind)
    }

    /// How often a template was sent to somebody.
    pub(crate) async fn sent(&self, to: &str, template: &str) -> usize {
        let mails = self.mails().await;
        mails.iter().filter(|m| m.to.contains(to) && m.template.as_deref() == Some(template)).count()
    }
}

fn line<'a>(ics: &'a str, name: &str) -> &'a str {
    ics.lines().find(|line| line.starts_with(name)).unwrap_or_default().trim_end()
}

pub(crate) fn begins(booking: &Value) -> jiff::Timestamp {
    booking["at"].as_str().expect("an instant").parse().expect("an instant")
}

/// So many minutes before a session begins.
pub(crate) fn before(booking: &Value, minutes: i64) -> String {
    use jiff::ToSpan;
    begins(booking).checked_sub(minutes.minutes()).expect("an instant").to_string()
}

pub(crate) fn named<'a>(page: &'a Value, name: &str) -> Option<&'a Value> {
    page["requests"].as_array().expect("requests").iter().find(|r| r["name"] == name)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_session_frees_its_time_and_no_reminder_of_the_old_one_leaves() {
    let house = House::open(MONDAY).await;
    let (case, slot) = house.booked(&NAO, 0).await;
    let was = house.booking(&case).await;
    let token = house.my("nao@", &case).await;
    let page = house.my_page(&token).await;
    assert_eq!(page["bookings"][0]["zone"], "Asia/Tokyo", "{page:#}");
    let offer = named(&page, "reschedule").expect("it may be moved");
    assert!(offer["consequence"].to_string().contains("追加のご負担なく"), "{offer:#}");
    let (status, receipt) = house.want(&token, "reschedule", &[("field.wish_date", "来週の午前")]).await;
    assert_eq!((status, receipt["receipt"]["lines"][0][1].as_str()), (200, Some("来週の午前")), "{receipt:#}");
    // Until another time is chosen the old one stands, and nobody else gets it.
    let ken = house.inquire(["yamada", "session"], &KEN).await;
    assert!(!house.slots(&ken).await.contains(&slot));
    let offered = house.slots(&case).await;
    assert!(offered.iter().all(|s| s.starts_with(slot.split('/').next().expect("a coach"))), "the same coach first");
    let link = house.open_link("nao@", &case).await;
    assert_eq!(house.answer(&link, &offered[3], &[]).await.status(), 200);
    let now = house.booking(&case).await;
    assert_eq!((now["id"].clone(), now["version"].as_u64()), (was["id"].clone(), Some(2)));
    assert_ne!(now["at"], was["at"]);
    for (to, template) in [("nao@", "booking-moved"), ("hanako@", "coach-moved")] {
        assert_eq!(house.sent(to, template).await, 1, "{template}: {:#?}", house.post().await);
    }
    assert_eq!(house.stands(&case).await, "open participate -");
    // The time it had can be chosen by somebody else.
    let mio = [NAO[0], ("email", "mio@customer.example"), NAO[2], NAO[3], NAO[4], NAO[5]];
    let mio = house.inquire(["yamada", "session"], &mio).await;
    assert!(house.slots(&mio).await.contains(&slot), "{slot} is free again");
    house.until(&before(&now, -5)).await;
    let reminders: Vec<_> = house.mails().await.into_iter().filter(|m| m.to.contains("nao@")).collect();
    let of_now = banto_aws::render::session(
        begins(&now),
        now["ends"].as_str().expect("an end").parse().expect("an instant"),
        "Asia/Tokyo",
        "ja",
    );
    let reminders: Vec<_> =
        reminders.iter().filter(|m| m.template.as_deref().is_some_and(|t| t.starts_with("reminder"))).collect();
    assert_eq!(reminders.len(), 2, "{:#?}", house.post().await);
    assert!(reminders.iter().all(|m| m.text.contains(&of_now)), "of the new time alone");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_moved_five_times_leaves_one_live_event() {
    let house = House::open(MONDAY).await;
    let (case, _) = house.booked(&NAO, 4).await;
    let (first, _) = house.ics("booking-confirmed").await;
    let token = house.my("nao@", &case).await;
    for n in 1..=5u32 {
        let page = house.my_page(&token).await;
        let says = named(&page, "reschedule").expect("it may be moved")["consequence"].to_string();
        assert_eq!(says.contains("追加のご負担なく"), n <= 3, "the fourth is the coach's: {says}");
        assert_eq!(house.want(&token, "reschedule", &[]).await.0, 200);
        if n > 3 {
            let link = house.open_link("hanako@", &case).await;
            assert_eq!(house.answer(&link, "approve", &[]).await.status(), 200);
        }
        let slots = house.slots(&case).await;
        let link = house.open_link("nao@", &case).await;
        assert_eq!(house.answer(&link, &slots[slots.len() - 1], &[]).await.status(), 200);
        let (ics, _) = house.ics("booking-moved").await;
        assert_eq!(line(&ics, "UID:"), line(&first, "UID:"));
        assert_eq!(line(&ics, "SEQUENCE:"), format!("SEQUENCE:{}", n + 1));
    }
    let feed = house.feed("yamada").await;
    assert_eq!((feed.matches("BEGIN:VEVENT").count(), line(&feed, "SEQUENCE:")), (1, "SEQUENCE:6"), "{feed}");
    let (ics, _) = house.ics("booking-moved").await;
    assert_eq!(line(&feed, "DTSTART:"), line(&ics, "DTSTART:"));
    assert_eq!(house.happened(&case, "booking.moved").await, 5);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_session_is_called_off_everywhere_at_once() {
    let house = House::open(MONDAY).await;
    let (case, slot) = house.booked(&NAO, 3).await;
    let was = house.booking(&case).await;
    let (first, _) = house.ics("booking-confirmed").await;
    let token = house.my("nao@", &case).await;
    assert_eq!(house.want(&token, "cancel", &[]).await.0, 200);
    let (ics, raw) = house.ics("booking-cancelled").await;
    assert!(
        ics.contains("METHOD:CANCEL") && ics.contains("STATUS:CANCELLED") && raw.contains("method=CANCEL"),
        "{ics}"
    );
    assert_eq!((line(&ics, "UID:"), line(&ics, "SEQUENCE:")), (line(&first, "UID:"), "SEQUENCE:2"));
    assert_eq!(house.feed("yamada").await.matches("BEGIN:VEVENT").count(), 0);
    assert_eq!(house.sent("hanako@", "coach-cancelled").await, 1, "{:#?}", house.post().await);
    assert_eq!(house.stands(&case).await, "closed - cancelled");
    let ken = house.inquire(["yamada", "session"], &KEN).await;
    assert!(house.slots(&ken).await.contains(&slot));
    house.until(&before(&was, -60)).await;
    let post = house.post().await;
    assert!(!post.iter().any(|m| m.contains("nao@") && m.contains("reminder")), "{post:#?}");
    assert!(house.booking(&case).await.is_null(), "what was called off leaves once all know");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_requests_about_one_booking_the_second_is_told_that_one_is_open() {
    let house = House::open(MONDAY).await;
    let (case, _) = house.booked(&NAO, 3).await;
    let token = house.my("nao@", &case).await;
    let page = house.my_page(&token).await;
    let shown = page["shown"].as_str().expect("a mark");
    let press = |request| [("request", request), ("shown", shown), ("confirm", "yes")];
    let (one, two) = (press("reschedule"), press("cancel"));
    let (one, two) = tokio::join!(house.ask_for(&token, &one), house.ask_for(&token, &two));
    let mut both = [one.0, two.0];
    both.sort_unstable();
    assert_eq!(both, [200, 409], "{one:#?}\n{two:#?}");
    assert_eq!(house.happened(&case, "request.raised").await, 1);
    // The same press once more is answered as the first one was.
    let won = if one.0 == 200 { "reschedule" } else { "cancel" };
    let again = house.ask_for(&token, &press(won)).await;
    assert_eq!((again.0, again.1["receipt"]["shown"].as_str()), (200, Some(shown)), "{:#}", again.1);
    assert_eq!(house.happened(&case, "request.raised").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_is_dealt_with_no_second_is_offered() {
    let house = House::open(MONDAY).await;
    let (case, _) = house.booked(&NAO, 3).await;
    let token = house.my("nao@", &case).await;
    assert_eq!(house.want(&token, "reschedule", &[]).await.0, 200);
    let page = house.my_page(&token).await;
    assert!(named(&page, "cancel").is_none() && named(&page, "reschedule").is_none(), "{page:#}");
    assert_eq!(page["pending"][0]["name"], "reschedule");
    assert!(page["asks"][0]["link"].as_str().is_some_and(|link| link.contains("/a/")), "{page:#}");
    assert_eq!(house.want(&token, "cancel", &[]).await.0, 409);
    assert!(named(&page, "complaint").is_some(), "a complaint is another matter");
    // She changes her mind, and may then ask for something else.
    let link = house.open_link("nao@", &case).await;
    assert_eq!(house.answer(&link, "keep", &[]).await.status(), 200);
    assert_eq!(house.sent("nao@", "change-kept").await, 1);
    assert!(named(&house.my_page(&token).await, "cancel").is_some());
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_of_the_terms_nothing_is_done_without_approval() {
    let house = House::open(MONDAY).await;
    let (case, _) = house.booked(&NAO, 3).await;
    let was = house.booking(&case).await;
    house.until(&before(&was, 20 * 60)).await;
    let token = house.my("nao@", &case).await;
    let page = house.my_page(&token).await;
    assert!(
        named(&page, "reschedule").expect("one")["consequence"].to_string().contains("担当コーチが判断"),
        "{page:#}"
    );
    assert_eq!(house.want(&token, "reschedule.tell", &[("field.circumstances", "子どもの発熱のため")]).await.0, 200);
    assert_eq!(house.booking(&case).await["at"], was["at"], "it stands");
    assert_eq!(house.happened(&case, "booking.moved").await, 0);
    // Rule, facts and money on one page.
    let link = house.open_link("hanako@", &case).await;
    let page = body(&house.look(&link).await);
    for said in ["子どもの発熱のため", "規約上の扱い", "開始の20時間前", "これまでの変更"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let refused = house.answer(&link, "refuse", &[("note", "当日の会場費が発生するため")]).await;
    assert_eq!(refused.status(), 200, "{}", body(&refused));
    assert_eq!(house.sent("nao@", "change-refused").await, 1, "{:#?}", house.post().await);
    assert_eq!(
        (house.booking(&case).await["at"].clone(), house.sent("nao@", "other-slots").await),
        (was["at"].clone(), 0)
    );
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_counts_is_when_it_was_said() {
    let house = House::open(MONDAY).await;
    let (case, _) = house.booked(&NAO, 3).await;
    let was = house.booking(&case).await;
    let token = house.my("nao@", &case).await;
    // The page is opened in time, and sent ten minutes after the limit: she was in time.
    house.until(&before(&was, 24 * 60 + 5)).await;
    let page = house.my_page(&token).await;
    let shown = page["shown"].as_str().expect("a mark");
    house.until(&before(&was, 24 * 60 - 10)).await;
    let late = house.my_page(&token).await;
    assert!(named(&late, "cancel").expect("one")["consequence"].to_string().contains("24時間を過ぎている"), "{late:#}");
    let press = [("request", "cancel"), ("shown", shown), ("confirm", "yes")];
    let (status, receipt) = house.ask_for(&token, &press).await;
    assert_eq!(status, 200, "{receipt:#}");
    assert_eq!(house.sent("nao@", "booking-cancelled").await, 1, "no session is used up: {:#?}", house.post().await);
    let journal = house.journal(&case).await;
    let counted = journal
        .iter()
        .flat_map(|c| &c.entries)
        .any(|e| matches!(e.entry, Entry::BookingCancelled { counts: true, .. }));
    assert!(!counted);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_stood_open_too_long_is_shown_anew() {
    let house = House::open(MONDAY).await;
    let (case, _) = house.booked(&NAO, 3).await;
    let was = house.booking(&case).await;
    let token = house.my("nao@", &case).await;
    house.until(&before(&was, 24 * 60 + 5)).await;
    let page = house.my_page(&token).await;
    let shown = page["shown"].as_str().expect("a mark");
    house.until(&before(&was, 24 * 60 - 30)).await;
    for forged in [shown, &shown.replacen("17", "18", 1), "1.x", ""] {
        let press = [("request", "cancel"), ("shown", forged), ("confirm", "yes")];
        assert_eq!(house.ask_for(&token, &press).await.0, 409, "{forged}");
    }
    assert_eq!(house.happened(&case, "request.raised").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_changes_nothing_and_no_single_press_decides() {
    let house = House::open(MONDAY).await;
    let (case, _) = house.booked(&NAO, 3).await;
    let token = house.my("nao@", &case).await;
    let commits = house.journal(&case).await.len();
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
        let request = http::Request::builder().method(method).uri("/");
        let reply = house.http("handle-request", &[("token", &token)], request, "").await;
        let read = matches!(method, "GET" | "HEAD");
        assert_eq!(reply.status(), if read { 200 } else { 405 }, "{method}");
    }
    let page = body(&house.http("handle-request", &[("token", &token)], http::Request::get("/"), "").await);
    assert!(!page.contains(" checked") && !page.contains(" selected"), "{page}");
    for said in ["1回分の実施", "事情を伝えて相談する", "ご予約をキャンセルする"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let shown = house.my_page(&token).await["shown"].as_str().expect("a mark").to_owned();
    for (press, status) in [
        (vec![("request", "cancel"), ("shown", shown.as_str())], 422),
        (vec![("shown", shown.as_str()), ("confirm", "yes")], 422),
        (vec![("request", "complaint"), ("shown", shown.as_str()), ("confirm", "yes")], 422),
        (vec![("request", "refund"), ("shown", shown.as_str()), ("confirm", "yes")], 409),
        (vec![("request", "cancel"), ("confirm", "yes")], 409),
    ] {
        let (was, told) = house.ask_for(&token, &press).await;
        assert_eq!(was, status, "{press:?}: {told:#}");
    }
    assert_eq!(house.journal(&case).await.len(), commits);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_its_own_page_and_nothing_else() {
    let house = House::open(MONDAY).await;
    let (nao, _) = house.booked(&NAO, 3).await;
    let ken = house.inquire(["yamada", "session"], &KEN).await;
    let mine = house.my("nao@", &nao).await;
    let asked = house.open_link("ken@", &ken).await;
    let keys = banto_tests::keys();
    let env = &house.host.world().env;
    let key = env.ledger.cases().await.expect("cases").into_iter().find(|k| k.case.as_str() == nao).expect("a case");
    let of = |party| keys.token(&key, &request::page(), &party);
    assert_eq!(mine, of(Party::Customer));
    for token in [
        asked.as_str(),
        &mine.replace(&nao, &ken),
        &of(Party::Payer),
        &of(Party::Person("kaneko".to_owned())),
        &mine[..mine.len() - 1],
        "",
    ] {
        let reply = house.http("handle-request", &[("token", token)], http::Request::get("/"), "").await;
        assert_eq!(reply.status(), 404, "{token}");
        let reply = house.http("handle-request", &[("token", token)], http::Request::post("/"), "request=cancel").await;
        assert_eq!(reply.status(), 404, "{token}");
    }
    let page = house.my_page(&mine).await.to_string();
    assert!(page.contains("奈緒") && !page.contains("髙橋") && !page.contains(&ken), "{page}");
    assert_eq!(house.look(&mine).await.status(), 404, "it answers no question");
    // Every mail to a customer has such a link; of the practice's own people the coach and operators have one, and it is theirs.
    for mail in house.mails().await {
        let (theirs, has) = (mail.to.contains("customer.example"), mail.text.contains("/my/"));
        let of_staff = ["yamada-coaching.example", "banto-office.example"].iter().any(|of| mail.to.contains(of));
        assert!(has == theirs || of_staff, "{}: {}", mail.to, mail.text);
        assert!(theirs || !mail.text.contains(&mine), "{}: {}", mail.to, mail.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_took_meanwhile_moves_nothing() {
    let house = House::open(MONDAY).await;
    let (case, _) = house.booked(&NAO, 3).await;
    let was = house.booking(&case).await;
    let token = house.my("nao@", &case).await;
    assert_eq!(house.want(&token, "reschedule", &[]).await.0, 200);
    let offered = house.slots(&case).await;
    let ken = house.inquire(["yamada", "session"], &KEN).await;
    let wanted = house.slots(&ken).await.into_iter().find(|slot| offered.contains(slot)).expect("offered to both");
    let link = house.open_link("ken@", &ken).await;
    assert_eq!(house.answer(&link, &wanted, &[]).await.status(), 200);
    let link = house.open_link("nao@", &case).await;
    let lost = house.answer(&link, &wanted, &[]).await;
    assert_eq!(lost.status(), 409, "{}", body(&lost));
    assert_eq!(house.booking(&case).await["at"], was["at"]);
    let other = offered.iter().find(|slot| **slot != wanted).expect("another");
    assert_eq!(house.answer(&link, other, &[]).await.status(), 200);
    assert_eq!(house.feed("yamada").await.matches("BEGIN:VEVENT").count(), 2);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_reaches_a_person_by_name_and_ends_with_what_was_agreed() {
    let house = House::open("2026-12-07T10:00:00+09:00").await;
    let (case, _) = house.booked(&NAO, 3).await;
    let token = house.my("nao@", &case).await;
    let said = [("field.complaint", "時間どおりに始まりませんでした。")];
    assert_eq!(house.want(&token, "complaint", &said).await.0, 200);
    assert_eq!(house.sent("nao@", "complaint-received").await, 1);
    // Nobody takes it within the hour: everybody is asked.
    house.until("2026-12-07T11:05:00+09:00").await;
    let link = house.open_link("aoki@", &case).await;
    let page = body(&house.look(&link).await);
    assert!(page.contains("時間どおりに始まりませんでした") && page.contains("期限超過"), "{page}");
    assert_eq!(house.answer(&link, "mine", &[]).await.status(), 200);
    let mails = house.mails().await;
    let told = mails.iter().find(|m| m.template.as_deref() == Some("complaint-owner")).expect("who looks");
    assert!(told.text.contains("青木 恵子") && told.text.contains("2営業日以内"), "{}", told.text);
    let link = house.open_link("aoki@", &case).await;
    let answer = [("complaint_reply", "次回は延長して実施いたします。")];
    assert_eq!(house.answer(&link, "answered", &answer).await.status(), 200);
    assert_eq!(house.sent("nao@", "complaint-reply").await, 0, "whoever it is about doesn't decide alone");
    let link = house.open_link("hanako@", &case).await;
    assert_eq!(house.answer(&link, "approve", &[]).await.status(), 200);
    let mails = house.mails().await;
    let reply = mails.iter().find(|m| m.template.as_deref() == Some("complaint-reply")).expect("an answer");
    assert!(reply.text.contains("次回は延長して実施いたします。"), "{}", reply.text);
    assert_eq!(
        (house.happened(&case, "request.closed").await, house.happened(&case, "automation.resumed").await),
        (1, 2)
    );
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_word_on_the_page_is_heard_whatever_becomes_of_the_request() {
    for shown in [true, false] {
        let house = House::open(MONDAY).await;
        let (case, _) = house.booked(&NAO, 3).await;
        let token = house.my("nao@", &case).await;
        let page = house.my_page(&token).await;
        let mark = if shown { page["shown"].as_str().expect("a mark") } else { "0.x" };
        let press =
            [("request", "wish"), ("shown", mark), ("confirm", "yes"), ("field.wish", "もう消えてしまいたいです")];
        assert_eq!(house.ask_for(&token, &press).await.0, if shown { 200 } else { 409 });
        assert_eq!(house.happened(&case, "emergency.raised").await, 1);
        let link = house.open_link("hanako@", &case).await;
        assert!(body(&house.look(&link).await).contains("消えてしまいたい"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_end_of_a_case_its_page_says_so_and_what_is_written_reaches_a_person() {
    let house = House::open(MONDAY).await;
    let (case, _) = house.booked(&NAO, 3).await;
    let token = house.my("nao@", &case).await;
    assert_eq!(house.want(&token, "cancel", &[]).await.0, 200);
    assert_eq!(house.stands(&case).await, "closed - cancelled");
    let page = house.my_page(&token).await;
    assert_eq!((page["open"].as_bool(), named(&page, "cancel"), named(&page, "reschedule")), (Some(false), None, None));
    let html = body(&house.http("handle-request", &[("token", &token)], http::Request::get("/"), "").await);
    assert!(html.contains("お手続きは終了しております"), "{html}");
    let said = [("field.wish", "領収書の宛名を変えてください。")];
    assert_eq!(house.want(&token, "wish", &said).await.0, 200);
    let link = house.open_link("desk@", &case).await;
    assert!(body(&house.look(&link).await).contains("領収書の宛名を変えてください。"));
    assert_eq!(house.answer(&link, "done", &[]).await.status(), 200);
    assert!(named(&house.my_page(&token).await, "wish").is_some(), "it is dealt with");
    house.is_in_order().await;
}

#[test]
fn a_reminder_that_was_due_as_the_session_changed_does_not_leave() {
    let playbook = yamada(|_| {}).playbook;
    for moves in [true, false] {
        let mut case = Pure::open(&playbook, "unreadable");
        case.run();
        let (id, token) = (Id::derive(&["booking"]), TokenId::default());
        let seat = |day: i8| Seat {
            coach: "yamada".to_owned(),
            start: jiff::civil::date(2027, 1, day).at(10, 0, 0, 0),
            zone: "Asia/Tokyo".to_owned(),
            minutes: 60,
            before: 0,
            after: 15,
            group: None,
        };
        case.commit(|draft| {
            let (booking, menu, until) = (id.clone(), "single".to_owned(), draft.now);
            draft.push(Entry::BookingHeld { booking, menu, seat: seat(12), until, token: token.clone() })?;
            booking::confirm(draft, &id)
        });
        // One reminder's time has come and nobody has taken it up; another is wanted and hasn't left.
        let (timer, name) = (Id::derive(&["timer"]), format!("{REMINDS}day-before"));
        let fired = Entry::TimerFired { timer, name, action: REMINDER.to_owned(), about: Some(id.clone()) };
        case.commit(|draft| draft.push(fired.clone()));
        let holds = vec![Hold::BookingStands { booking: id.clone(), version: 1 }];
        let (tracks, origin) = (vec![id.clone()], "reminder:hour");
        let intent = Intent { template: "reminder-hour", holds, tracks, origin, ..Intent::default() };
        case.commit(|draft| message::intend(draft, &intent, vec![Party::Customer]));
        let (days, until) = (Default::default(), case.now);
        let chosen = Chosen {
            booking: id.clone(),
            seat: seat(19),
            until,
            room: Room::ALONE,
            holder: None,
            days: Default::default(),
            freed: Default::default(),
        };
        case.commit(|draft| {
            if moves {
                booking::shift(draft, &id, &chosen).expect("it is free");
                return Ok(());
            }
            booking::cancel(draft, &id, &token, false, &days)
        });
        let about = |step: &Pending| matches!(&step.what, What::Fired { about: Some(about), .. } if *about == id);
        assert!(!case.case.pending.values().any(about), "{:#?}", case.case.pending);
        let reminds = |m: &banto_domain::state::Message| m.template.starts_with("reminder");
        assert!(!case.case.messages().any(|(_, m)| reminds(m)));
        let timers = case.case.timers.values().filter(|t| t.about.as_ref() == Some(&id));
        let of_old = jiff::civil::date(2027, 1, 13).to_zoned(playbook.time_zone()).expect("a day").timestamp();
        let timers: Vec<_> = timers.map(|t| t.at).collect();
        assert!(timers.iter().all(|at| *at > of_old) && timers.is_empty() != moves, "{timers:?}");
    }
}
