//! Slots, holds and bookings: what happens when two want the same, when a hold ends, and when nothing suits.

use serde_json::Value;

use super::house::House;
use super::steps::body;

const NAO: [(&str, &str); 6] = [
    ("name", "佐々木 奈緒"),
    ("email", "nao@customer.example"),
    ("message", "コーチングの無料体験を希望します。"),
    ("menu", "trial"),
    ("goal", "転職"),
    ("preferred", "平日の午前"),
];
const KEN: [(&str, &str); 6] = [
    ("name", "髙橋 健"),
    ("email", "ken@customer.example"),
    ("message", "コーチングの無料体験を希望します。"),
    ("menu", "trial"),
    ("goal", "独立"),
    ("preferred", "いつでも"),
];
const MONDAY: &str = "2026-12-07T09:00:00+09:00";

fn tracks<'a>(case: &'a Value, kind: &str) -> Vec<&'a Value> {
    case["tracks"].as_array().into_iter().flatten().filter(|t| t["kind"] == kind).collect()
}

fn happened(case: &Value, kind: &str) -> usize {
    case["journal"].as_array().into_iter().flatten().filter(|e| e["type"] == kind).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_choose_the_same_slot_at_once_one_gets_it() {
    let house = House::open(MONDAY).await;
    let nao = house.inquire(["yamada", "inquiry"], &NAO).await;
    let ken = house.inquire(["yamada", "inquiry"], &KEN).await;
    let slots = house.slots(&nao).await;
    assert_eq!(slots, house.slots(&ken).await);
    let links = [house.open_link("nao@", &nao).await, house.open_link("ken@", &ken).await];
    let (one, two) = tokio::join!(house.answer(&links[0], &slots[1], &[]), house.answer(&links[1], &slots[1], &[]));
    let mut both = [one.status().as_u16(), two.status().as_u16()];
    both.sort_unstable();
    assert_eq!(both, [200, 409], "{}\n{}", body(&one), body(&two));
    let (lost, case) = if one.status() == 409 { (one, &nao) } else { (two, &ken) };
    assert!(body(&lost).contains("お選びの日時の受付は終了しました"), "{}", body(&lost));
    assert_eq!(happened(&house.case(case).await, "booking.held"), 0);
    // The page now shows that slot as gone, and the others as before.
    let token = house.open_link(if case == &nao { "nao@" } else { "ken@" }, case).await;
    let page = body(&house.look(&token).await);
    assert_eq!(page.matches("disabled").count() - page.matches(":disabled").count(), 1, "{page}");
    assert_eq!(house.answer(&token, &slots[2], &[]).await.status(), 200);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_ended_may_be_lost_and_then_other_dates_are_offered() {
    let house = House::open(MONDAY).await;
    let nao = house.inquire(["yamada", "inquiry"], &NAO).await;
    let slot = house.slots(&nao).await[5].clone();
    let link = house.open_link("nao@", &nao).await;
    house.answer(&link, &slot, &[]).await;
    let held = house.case(&nao).await;
    assert_eq!(tracks(&held, "booking")[0]["state"], "held");
    // While it is held nobody else is offered it.
    let ken = house.inquire(["yamada", "inquiry"], &KEN).await;
    assert!(!house.slots(&ken).await.contains(&slot));
    // She never agrees: the case is given up politely, and what was held is free again.
    house.until("2026-12-09T10:00:00+09:00").await;
    let case = house.case(&nao).await;
    assert_eq!((case["status"].as_str(), case["outcome"].as_str()), (Some("closed"), Some("gave-up")));
    assert_eq!(happened(&case, "booking.released"), 1);
    assert_eq!(tracks(&case, "booking").len(), 0);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_held_and_given_up_can_be_chosen_again_at_once() {
    let house = House::open(MONDAY).await;
    let nao = house.inquire(["yamada", "inquiry"], &NAO).await;
    let slot = house.slots(&nao).await[2].clone();
    let link = house.open_link("nao@", &nao).await;
    house.answer(&link, &slot, &[]).await;
    let link = house.open_link("nao@", &nao).await;
    house.answer(&link, "other-date", &[]).await;
    let ken = house.inquire(["yamada", "inquiry"], &KEN).await;
    assert!(house.slots(&ken).await.contains(&slot), "nobody waits for a hold to end that was given up");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn page_mail_and_calendar_show_the_same_instant() {
    let house = House::open(MONDAY).await;
    let nao = house.inquire(["yamada", "inquiry"], &NAO).await;
    let slot = house.slots(&nao).await[0].clone();
    let link = house.open_link("nao@", &nao).await;
    let receipt = body(&house.answer(&link, &slot, &[]).await);
    let link = house.open_link("nao@", &nao).await;
    house.answer(&link, "agree", &[]).await;
    let case = house.case(&nao).await;
    let booking = tracks(&case, "booking")[0].clone();
    let at: jiff::Timestamp = booking["at"].as_str().expect("an instant").parse().expect("an instant");
    let shown = banto_aws::render::session(
        at,
        booking["ends"].as_str().expect("an end").parse().expect("an instant"),
        "Asia/Tokyo",
        "ja",
    );
    let confirmed =
        house.mails().await.into_iter().find(|m| m.template.as_deref() == Some("booking-confirmed")).expect("a mail");
    assert!(receipt.contains(&shown) && confirmed.text.contains(&shown), "{shown}\n{receipt}\n{}", confirmed.text);
    let utc = at.strftime("DTSTART:%Y%m%dT%H%M%SZ").to_string();
    let (_, raw) = house.host.mail(&confirmed.id).await.expect("mails").expect("a mail");
    let parsed = mail_parser::MessageParser::default().parse(&raw).expect("MIME");
    let attached = parsed.attachments().find_map(|a| a.text_contents().map(str::to_owned)).expect("a calendar");
    assert!(attached.contains(&utc) && attached.contains("METHOD:PUBLISH"), "{attached}");
    // The coach's own calendar has it too, and nobody else's name.
    let client = banto_domain::ClientId::parse("yamada").expect("a name");
    let file = banto_tests::keys().calendar(&client, booking["coach"].as_str().expect("a coach"));
    let reply = house.http("show-calendar", &[("file", &file)], http::Request::get("/"), "").await;
    assert_eq!(
        (reply.status().as_u16(), reply.headers()["content-type"].to_str().ok()),
        (200, Some("text/calendar; charset=utf-8"))
    );
    let calendar = body(&reply);
    assert!(calendar.contains(&utc) && calendar.contains(&nao) && !calendar.contains("奈緒"), "{calendar}");
    for wrong in [file.replace("yamada.yamada", "yamada.mori"), "x.ics".to_owned(), String::new()] {
        let reply = house.http("show-calendar", &[("file", &wrong)], http::Request::get("/"), "").await;
        assert_eq!(reply.status(), 404, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_open_slots_the_coach_is_asked_and_may_say_that_there_are_none() {
    let house = House::open("2026-12-28T10:00:00+09:00").await;
    // Everybody wants the few days around the turn of the year: the coaches' days fill up.
    let nao = house.inquire(["yamada", "inquiry"], &NAO).await;
    let link = house.open_link("nao@", &nao).await;
    house.answer(&link, "none-fits", &[]).await;
    let link = house.open_link("nao@", &nao).await;
    house.answer(&link, "send", &[("preferred", "元日の朝")]).await;
    assert_eq!(house.stands(&nao).await, "open trial-openings -");
    let link = house.open_link("hanako@", &nao).await;
    let page = body(&house.look(&link).await);
    assert!(page.contains("元日の朝"), "the coach sees what the customer wished: {page}");
    let nonsense = [("date1", "2026-13-01"), ("from1", "09:00"), ("to1", "08:00")];
    let reply = house.answer(&link, "opened", &nonsense).await;
    assert_eq!(reply.status(), 422, "{}", body(&reply));
    assert!(body(&reply).contains("2026-13-01"), "what was written is still there");
    let none = house.answer(&link, "opened", &[]).await;
    assert_eq!(none.status(), 422, "at least one line");
    house.answer(&link, "none", &[]).await;
    assert_eq!(house.stands(&nao).await, "closed - no-times");
    house.is_in_order().await;
}

/// When those who have not answered are reminded.
fn mornings(post: &[String]) -> Vec<String> {
    let reminds = |line: &&String| line.ends_with("missing-info-again");
    post.iter().filter(reminds).map(|line| line.chars().take("12-10 08:00".len()).collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_the_morning_does_not_leave_all_at_once() {
    let house = House::open("2026-12-07T22:30:00+09:00").await;
    for n in 0..12 {
        let address = format!("n{n}@customer.example");
        let fields = [NAO[0], ("email", address.as_str()), NAO[2]];
        house.inquire(["yamada", "inquiry"], &fields).await;
    }
    house.until("2026-12-10T12:00:00+09:00").await;
    let mut mornings = mornings(&house.post().await);
    assert_eq!(mornings.len(), 12);
    mornings.sort();
    assert!("12-10 08:00" <= mornings[0].as_str() && mornings[11].as_str() < "12-10 08:21", "{mornings:?}");
    mornings.dedup();
    assert!(mornings.len() >= 5, "spread over some minutes: {mornings:?}");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_that_can_wait_leave_the_night_alone() {
    let house = House::open("2026-12-07T22:30:00+09:00").await;
    let nao = house.inquire(["yamada", "inquiry"], &NAO[..3]).await;
    // The acknowledgement and the questions leave at once; a reminder would come at 22:30.
    house.until("2026-12-10T12:00:00+09:00").await;
    let post = house.post().await;
    assert_eq!(post[0], "12-07 22:30 nao@customer.example acknowledge");
    let [at] = &mornings(&post)[..] else { panic!("{post:#?}") };
    assert!(("12-10 08:00".."12-10 08:21").contains(&at.as_str()), "{post:#?}");
    assert_eq!(house.stands(&nao).await, "open collect -");
    house.is_in_order().await;
}
