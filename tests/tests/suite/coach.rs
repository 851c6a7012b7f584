//! The coach's own page of a case: what she may ask for, what a link opens, and what the customer hears and doesn't.

use serde_json::Value;

use super::house::House;
use super::requests::{MONDAY, NAO, before, named};
use super::steps::body;

const COACH: &str = "@yamada-coaching.example";

impl House {
    /// The token of the coach's own page, from the newest mail to her about this case.
    async fn coachs(&self, case: &str) -> String {
        self.my(COACH, case).await
    }

    /// The token of the page of a case that somebody of the practice has, whether or not they had a mail about it.
    pub(crate) async fn page_of(&self, case: &str, person: &str) -> String {
        let env = &self.host.world().env;
        let keys = env.ledger.cases().await.expect("cases");
        let key = keys.iter().find(|key| key.case.as_str() == case).expect("a case");
        let link = env.page_link(key, &banto_domain::state::Party::Person(person.to_owned()));
        link.rsplit('/').next().expect("a token").to_owned()
    }
}

/// A booking, and both pages.
async fn both(house: &House) -> (String, String, String, Value) {
    let (case, _) = house.booked(&NAO, 3).await;
    let (own, coachs) = (house.my("nao@", &case).await, house.coachs(&case).await);
    let booking = house.booking(&case).await;
    (case, own, coachs, booking)
}

async fn text(house: &House, template: &str) -> String {
    let mails = house.mails().await;
    mails.into_iter().find(|m| m.template.as_deref() == Some(template)).map_or(String::new(), |m| m.text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coachs_page_shows_her_booking_and_no_word_of_money_or_complaints() {
    let house = House::open(MONDAY).await;
    let (case, own, coachs, _) = both(&house).await;
    let commits = house.journal(&case).await.len();
    let page = house.my_page(&coachs).await;
    assert_eq!((page["person"].as_str(), page["coach"].as_str()), (Some("佐々木 奈緒"), Some("山田 花子")), "{page:#}");
    assert_eq!(page["bookings"], house.my_page(&own).await["bookings"]);
    assert!(named(&page, "coach-cannot").is_some() && named(&page, "reschedule").is_none(), "{page:#}");
    assert!(named(&house.my_page(&own).await, "coach-cannot").is_none());
    let html = body(&house.http("handle-request", &[("token", &coachs)], http::Request::get("/"), "").await);
    assert!(html.contains("コーチ用ページ") && !html.contains(" checked") && !html.contains("nao@"), "{html}");
    assert_eq!(house.journal(&case).await.len(), commits, "looking changes nothing");
    // A complaint about her is nobody's business but the office's.
    assert_eq!(house.want(&own, "complaint", &[("field.complaint", "コーチの対応に困っています")]).await.0, 200);
    let page = house.my_page(&coachs).await;
    assert!(!page.to_string().contains("complaint") && page["pending"] == serde_json::json!([]), "{page:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_one_persons_and_a_coach_sees_no_booking_of_another() {
    let house = House::open(MONDAY).await;
    let (case, own, coachs, _) = both(&house).await;
    let altered = coachs.replacen("yamada", "mori", 1);
    for token in [&altered, &coachs.replacen(&case, "AAAA-BBBB-CCCC", 1)] {
        let request = http::Request::get("/").header("accept", "application/json");
        assert_eq!(house.http("handle-request", &[("token", token)], request, "").await.status(), 404);
    }
    // What the customer was shown, sent by the coach's link, asks for nothing; and the other way round.
    let shown = house.my_page(&own).await["shown"].as_str().expect("a mark").to_owned();
    let press = [("request", "cancel"), ("shown", shown.as_str()), ("confirm", "yes")];
    assert_eq!(house.ask_for(&coachs, &press).await.0, 409);
    let shown = house.my_page(&coachs).await["shown"].as_str().expect("a mark").to_owned();
    let press = [("request", "coach-cannot"), ("shown", shown.as_str()), ("confirm", "yes")];
    assert_eq!(house.ask_for(&own, &press).await.0, 409);
    assert_eq!(house.ask_for(&coachs, &press[..2]).await.0, 422, "no single press tells");
    assert_eq!(house.happened(&case, "request.raised").await, 0);
    // The session is another coach's by now.
    let page = house.my_page(&house.page_of(&case, "mori").await).await;
    assert_eq!(page["bookings"], serde_json::json!([]), "{page:#}");
    assert!(named(&page, "coach-cannot").is_none(), "{page:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coach_who_waits_is_heard_at_once_and_nothing_is_judged_by_it() {
    let house = House::open(MONDAY).await;
    let (case, own, coachs, booking) = both(&house).await;
    for (minutes, offered) in [(1, false), (0, false), (-4, false), (-5, true)] {
        house.until(&before(&booking, minutes)).await;
        assert_eq!(named(&house.my_page(&coachs).await, "absent").is_some(), offered, "{minutes}");
    }
    let (status, receipt) = house.want(&coachs, "absent", &[]).await;
    assert_eq!(status, 200, "{receipt:#}");
    // At once: the links to the customer, and whoever is on duty with the name.
    let called = text(&house, "absent-calling").await;
    assert!(called.contains("https://zoom.example/j/1234567890") && called.contains("https://meet.example/yamada"));
    let duty: Vec<String> = house.post().await.into_iter().filter(|line| line.ends_with("day-absent")).collect();
    assert_eq!(duty.len(), 2, "after hours all of them: {duty:?}");
    assert!(text(&house, "day-absent").await.contains("佐々木 奈緒"));
    assert_eq!(house.want(&coachs, "absent", &[]).await.0, 409, "once is enough");
    assert!(!house.my_page(&own).await.to_string().contains("いらっしゃらない"), "the customer isn't called absent");
    // Ten minutes later, with no word from anybody.
    house.until(&before(&booking, -14)).await;
    assert_eq!(house.sent("nao@", "absent-not-seen").await, 0);
    house.until(&before(&booking, -15)).await;
    assert_eq!(house.sent("nao@", "absent-not-seen").await, 1);
    assert_eq!(house.happened(&case, "request.closed").await, 1);
    // The coach is asked afterwards, as always.
    house.until(&before(&booking, -62)).await;
    assert_eq!((house.sent(COACH, "session-result").await, house.happened(&case, "session.missed").await), (1, 0));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_was_reached_is_not_told_that_nobody_saw_them() {
    let house = House::open(MONDAY).await;
    let (case, _, coachs, booking) = both(&house).await;
    house.until(&before(&booking, -6)).await;
    assert_eq!(house.want(&coachs, "absent", &[]).await.0, 200);
    let link = house.newest_link_to("day-absent").await;
    assert_eq!(house.answer(&link, "came", &[]).await.status(), 200);
    house.until(&before(&booking, -30)).await;
    assert_eq!(house.sent("nao@", "absent-not-seen").await, 0);
    assert_eq!(house.happened(&case, "request.closed").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_coach_says_by_how_much_and_the_customer_hears_at_once() {
    let house = House::open(MONDAY).await;
    let (_, own, coachs, booking) = both(&house).await;
    house.until(&before(&booking, 10)).await;
    assert_eq!(house.want(&coachs, "coach-late", &[]).await.0, 422, "by how much");
    assert_eq!(house.want(&coachs, "coach-late", &[("field.coach_late_by", "15")]).await.0, 200);
    let told = text(&house, "coach-late").await;
    assert!(told.contains("15分ほど") && told.contains("申し訳ございません") && told.contains("山田 花子"), "{told}");
    assert!(named(&house.my_page(&own).await, "trouble").is_some(), "nothing stands in the customer's way");
    // Again, if it gets later.
    house.until(&before(&booking, 2)).await;
    assert_eq!(house.want(&coachs, "coach-late", &[("field.coach_late_by", "30")]).await.0, 200);
    assert_eq!(house.sent("nao@", "coach-late").await, 2);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_coach_cannot_hold_is_moved_whatever_the_hour_and_uses_up_nothing() {
    let house = House::open(MONDAY).await;
    let (case, own, coachs, booking) = both(&house).await;
    house.until(&before(&booking, 30)).await;
    // The customer had asked for something about it: that is about a time that is no more.
    assert_eq!(house.want(&own, "cancel", &[]).await.0, 200);
    assert_eq!(house.want(&coachs, "coach-cannot", &[]).await.0, 200);
    let told = text(&house, "coach-cannot").await;
    assert!(told.contains("申し訳ございません") && told.contains("コーチの山田 花子です"), "{told}");
    assert_eq!((house.sent("nao@", "coach-cannot").await, house.happened(&case, "request.closed").await), (1, 1));
    let page = house.my_page(&own).await;
    assert!(page["pending"].to_string().contains("コーチ都合による日程変更"), "{page:#}");
    for gone in ["cancel", "reschedule", "trouble", "late"] {
        assert!(named(&page, gone).is_none(), "{gone}: {page:#}");
    }
    // The old time comes and goes: nobody is reminded of it, or asked how it went; the offer stands.
    house.until(&before(&booking, -90)).await;
    assert_eq!(house.sent(COACH, "session-result").await, 0);
    let slot = house.slots(&case).await[0].clone();
    let link = house.open_link("nao@", &case).await;
    assert_eq!(house.answer(&link, &slot, &[]).await.status(), 200);
    assert_eq!((house.sent("nao@", "booking-moved").await, house.sent(COACH, "coach-moved").await), (1, 1));
    assert_eq!(house.stands(&case).await, "open participate -");
    let moved = house.booking(&case).await;
    house.until(&before(&moved, -65)).await;
    assert_eq!(house.sent(COACH, "session-result").await, 1, "{:#?}", house.post().await);
    assert_eq!(house.happened(&case, "booking.moved").await, 1);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_without_another_time_ends_with_a_person_and_is_called_off_for_nothing() {
    let house = House::open(MONDAY).await;
    let (case, _, coachs, booking) = both(&house).await;
    house.until(&before(&booking, 60 * 30)).await;
    assert_eq!(house.want(&coachs, "coach-cannot", &[]).await.0, 200);
    // Nobody chooses: silence moves nothing and calls nothing off.
    house.until(&before(&booking, -60 * 24 * 6)).await;
    assert_eq!(house.happened(&case, "booking.cancelled").await, 0);
    let link = house.open_link("desk@", &case).await;
    assert_eq!(house.answer(&link, "call-off", &[]).await.status(), 200);
    let journal = house.journal(&case).await;
    let counts = journal.iter().flat_map(|c| &c.entries).find_map(|e| match e.entry {
        banto_domain::Entry::BookingCancelled { counts, .. } => Some(counts),
        _ => None,
    });
    assert_eq!(counts, Some(false));
    house.is_in_order().await;
}
