//! 有効期限: who has sessions left hears of their end in time; nothing lapses by itself; what the coach couldn't hold costs the
//! customer no time, and what she ends for her own sake no fee.

use banto::pay::Outcome;
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::Value;

use super::approvals::code;
use super::house::House;
use super::payments::happened;
use super::refunds::applied;
use super::requests::{MONDAY, named};
use super::steps::{body, shown};

/// A programme that is paid for, on 8 December; the case.
async fn bought(house: &House) -> String {
    let case = applied(house, "card", &[]).await;
    assert_eq!(house.pay(&case, Outcome::Paid).await, 202);
    assert_eq!(house.stands(&case).await, "open offer -");
    case
}

async fn expires(house: &House, case: &str) -> Date {
    let shown = house.case(case).await;
    let journal = shown["journal"].as_array().expect("a journal");
    let of = |e: &&Value| ["package.started", "package.extended"].contains(&e["type"].as_str().unwrap_or_default());
    let last = journal.iter().rev().find(of).expect("a package");
    last["detail"]["expires_on"].as_str().expect("a day").parse().expect("a day")
}

async fn on(house: &House, day: Date, at: &str) {
    house.until(&format!("{day}T{at}:00+09:00")).await;
}

/// The mails about its end so far: on which days.
async fn notices(house: &House) -> Vec<String> {
    let post = house.post().await;
    post.iter().filter(|line| line.ends_with("expiry-notice")).map(|line| line[..5].to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_sessions_left_hears_of_it_three_times_and_nothing_lapses_by_itself() {
    let house = House::open(MONDAY).await;
    let case = bought(&house).await;
    let last = expires(&house, &case).await;
    assert_eq!(last.to_string(), "2027-06-08");
    on(&house, last, "23:00").await;
    let days: Vec<String> = [60, 30, 7].map(|n| (last - n.days()).strftime("%m-%d").to_string()).into();
    assert_eq!(notices(&house).await, days);
    let mails = house.mails().await;
    let mail = mails.iter().find(|m| m.template.as_deref() == Some("expiry-notice")).expect("a mail");
    assert!(mail.text.contains("残りの回数: 5回") && mail.text.contains("有効期限: 6月8日(火)"), "{}", mail.text);
    // Nobody decides for days: nothing is said to the customer, and nothing is over.
    on(&house, last + 10.days(), "12:00").await;
    assert_eq!(house.sent("nao@", "expiry-lapsed").await, 0);
    let link = house.newest_link_to("attend").await;
    let page = body(&house.look(&link).await);
    assert!(page.contains("有効期限を過ぎて"), "{page}");
    for wrong in ["2027-06-01", "2026-01-01", "x"] {
        assert_eq!(house.answer(&link, "extend", &[("extended_to", wrong)]).await.status(), 422, "{wrong}");
    }
    assert_eq!(house.answer(&link, "extend", &[("extended_to", "2027-09-30")]).await.status(), 200);
    assert_eq!(
        (expires(&house, &case).await.to_string().as_str(), house.sent("nao@", "expiry-extended").await),
        ("2027-09-30", 1)
    );
    // From then on it is counted to the new day.
    on(&house, "2027-09-29".parse().expect("a day"), "12:00").await;
    assert_eq!(notices(&house).await[3..], ["08-01", "08-31", "09-23"]);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_coach_moves_costs_no_time_and_what_the_customer_moves_gives_none() {
    let house = House::open(MONDAY).await;
    let case = bought(&house).await;
    let last = expires(&house, &case).await;
    let slot = house.slots(&case).await[0].clone();
    let link = house.open_link("nao@", &case).await;
    assert_eq!(house.answer(&link, &slot, &[]).await.status(), 200);
    let day = |booking: &Value| booking["start"].as_str().expect("a day")[..10].parse::<Date>().expect("a day");
    let was = day(&house.booking(&case).await);
    let coach = if house.booking(&case).await["coach"] == "mori" { "mori" } else { "yamada" };
    let hers = house.page_of(&case, coach).await;
    assert_eq!(house.want(&hers, "coach-cannot", &[]).await.0, 200);
    let slot = house.slots(&case).await.last().expect("a slot").clone();
    let link = house.newest_link_to("coach-cannot").await;
    assert_eq!(house.answer(&link, &slot, &[]).await.status(), 200);
    let now = day(&house.booking(&case).await);
    assert!(was < now, "{was} {now}");
    assert_eq!(expires(&house, &case).await, last + was.until(now).expect("days"), "as long as it was put off");
    let extended = happened(&house.case(&case).await, "package.extended");
    // The customer moves it as well.
    let own = house.my("nao@", &case).await;
    assert_eq!(house.want(&own, "reschedule", &[]).await.0, 200);
    let slot = house.slots(&case).await.last().expect("a slot").clone();
    let link = house.newest_link_to("other-slots").await;
    assert_eq!(house.answer(&link, &slot, &[]).await.status(), 200);
    assert_eq!(happened(&house.case(&case).await, "package.extended"), extended);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_coach_ends_for_her_own_sake_keeps_no_fee_and_calls_off_what_is_booked() {
    let house = House::open(MONDAY).await;
    let case = bought(&house).await;
    let slot = house.slots(&case).await[0].clone();
    let link = house.open_link("nao@", &case).await;
    assert_eq!(house.answer(&link, &slot, &[]).await.status(), 200);
    let coach = if house.booking(&case).await["coach"] == "mori" { "mori" } else { "yamada" };
    let hers = house.page_of(&case, coach).await;
    let page = house.my_page(&hers).await;
    let said = named(&page, "coach-quit").unwrap_or_else(|| panic!("{page:#}"))["consequence"].to_string();
    // One of six was used: 88,000 - 14,666.
    assert!(said.contains("73,334円") && !said.contains("5,000円"), "{said}");
    assert_eq!(house.want(&hers, "coach-quit", &[]).await.0, 200);
    // So much is looked at by somebody of finance, with a code.
    assert_eq!((house.happened(&case, "refund.ordered").await, house.sent("nao@", "coach-quit-done").await), (0, 0));
    let link = house.open_link("kaneko@", &case).await;
    assert_eq!(house.answer(&link, "approve", &[]).await.status(), 422);
    let code = code(&house, "kaneko@").await;
    let fields = [("answer", "approve"), ("confirm", "yes"), ("code", code.as_str())];
    let shown = shown(&body(&house.look(&link).await)).to_owned();
    let (status, page) = house.press(&link, &[&fields[..], &[("shown", &shown)]].concat()).await;
    assert_eq!(status, 200, "{page}");
    let shown = house.case(&case).await;
    assert_eq!((happened(&shown, "booking.cancelled"), house.stands(&case).await), (1, "closed - quit".to_owned()));
    let back: Vec<i64> = shown["journal"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|e| e["type"] == "refund.ordered")
        .filter_map(|e| e["detail"]["amount"].as_i64())
        .collect();
    assert_eq!(back, [73_334]);
    let mails = house.mails().await;
    let mail = mails.iter().find(|m| m.template.as_deref() == Some("coach-quit-done")).expect("a mail");
    assert!(mail.text.contains("誠に申し訳ございません") && mail.text.contains("73,334円"), "{}", mail.text);
    house.is_in_order().await;
}
