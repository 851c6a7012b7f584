//! What is paid in parts, by the end of a month, or not at all: to the yen, one part after the other, and nobody who began
//! loses what they paid for.

use banto::pay::Outcome;
use serde_json::Value;

use super::house::House;
use super::payments::{happened, tasks};
use super::refunds::applied;
use super::requests::{MONDAY, begins, named};
use super::steps::body;

/// The invoices of a case, in order.
async fn invoices(house: &House, case: &str) -> Vec<Value> {
    let shown = house.case(case).await;
    let tracks = shown["tracks"].as_array().into_iter().flatten();
    let mut all: Vec<Value> = tracks.filter(|t| t["kind"] == "invoice").cloned().collect();
    all.sort_by_key(|i| i["n"].as_u64());
    all
}

/// What was asked for so far: how much, until when, and what became of it.
async fn asked(house: &House, case: &str) -> Vec<String> {
    let text = |i: &Value, key: &str| i[key].as_str().unwrap_or_default().to_owned();
    let row = |i: &Value| format!("{} {} {}", i["total"], text(i, "due_on"), text(i, "state"));
    invoices(house, case).await.iter().map(row).collect()
}

/// Whether somebody is asked this.
async fn asks(house: &House, case: &str, question: &str) -> bool {
    let shown = house.case(case).await;
    shown["tracks"].as_array().into_iter().flatten().any(|t| t["kind"] == "ask" && t["question"] == question)
}

/// The newest mail of a template.
async fn newest(house: &House, template: &str) -> String {
    let mails = house.mails().await;
    mails.iter().find(|mail| mail.template.as_deref() == Some(template)).expect("a mail").text.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_part_is_asked_for_a_week_before_its_day_and_once() {
    let house = House::open(MONDAY).await;
    let case = applied(&house, "card", &[("pay_in", "twice")]).await;
    let first = invoices(&house, &case).await;
    assert_eq!((first.len(), &first[0]["total"]), (1, &Value::from(44_000)), "{first:#?}");
    let mail = newest(&house, "invoice").await;
    assert!(mail.contains("6回プログラム(2回払いの1回目)") && mail.contains("1回目: 44,000円"), "{mail}");
    assert_eq!(house.pay(&case, Outcome::Paid).await, 202);
    assert_eq!(house.stands(&case).await, "open offer -", "it is used from the first payment on");
    let due = first[0]["due_on"].as_str().expect("a day").parse::<jiff::civil::Date>().expect("a day");
    let next = due.checked_add(jiff::Span::new().months(1)).expect("a day");
    // Eight days before there is nothing to pay; a week before there is.
    let day = |before: i64| next.checked_sub(jiff::Span::new().days(before)).expect("a day");
    house.until(&format!("{}T12:00:00+09:00", day(8))).await;
    assert_eq!(asked(&house, &case).await.len(), 1);
    house.until(&format!("{}T12:00:00+09:00", day(7))).await;
    let all = asked(&house, &case).await;
    assert_eq!((all.len(), all[0].ends_with("paid")), (2, true), "{all:?}");
    assert!(all[1].starts_with("44000 ") && all[1].ends_with(" open"), "{all:?}");
    let mail = newest(&house, "invoice").await;
    assert!(mail.contains("2回払いの2回目"), "{mail}");
    assert_eq!(house.pay(&case, Outcome::Paid).await, 202);
    let shown = house.case(&case).await;
    assert_eq!((happened(&shown, "package.started"), happened(&shown, "invoice.settled")), (1, 2), "one programme");
    assert!(newest(&house, "receipt").await.contains("44,000円"));
    let far = next.checked_add(jiff::Span::new().months(2)).expect("a day");
    house.until(&format!("{far}T12:00:00+09:00")).await;
    assert_eq!(asked(&house, &case).await.len(), 2, "there is no third");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_comes_first_and_a_single_session_is_paid_at_once() {
    let house = House::open(MONDAY).await;
    let case = applied(&house, "transfer", &[("pay_in", "deposit")]).await;
    assert_eq!(invoices(&house, &case).await[0]["total"], 20_000);
    let link = house.open_link("desk@", &case).await;
    let page = body(&house.look(&link).await);
    let reply = house.answer(&link, "paid", &[]).await;
    assert_eq!(reply.status(), 200, "{page}");
    assert_eq!(house.stands(&case).await, "open offer -");
    house.until("2027-01-20T12:00:00+09:00").await;
    let all = asked(&house, &case).await;
    assert!(all.len() == 2 && all[1].starts_with("68000 "), "{all:?}");
    // The office looks for the rest as it did for the first.
    let link = house.open_link("desk@", &case).await;
    let page = body(&house.look(&link).await);
    assert!(page.contains("68,000円") && page.contains("2回払いの2回目"), "{page}");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_second_part_is_the_coachs_to_decide_and_stops_no_session() {
    let house = House::open(MONDAY).await;
    let case = applied(&house, "card", &[("pay_in", "twice")]).await;
    assert_eq!(house.pay(&case, Outcome::Paid).await, 202);
    let coach = "hanako@";
    for day in
        ["2027-01-25", "2027-02-01", "2027-02-08", "2027-02-15", "2027-02-22", "2027-03-01", "2027-03-08", "2027-03-15"]
    {
        house.until(&format!("{day}T12:00:00+09:00")).await;
        if asks(&house, &case, "look-for-money").await {
            let link = house.open_link("kaneko@", &case).await;
            assert_eq!(house.answer(&link, "none", &[]).await.status(), 200);
        }
        for who in ["aoki@", coach] {
            if asks(&house, &case, "approve-mail").await {
                let link = house.open_link(who, &case).await;
                assert_eq!(house.answer(&link, "approve", &[]).await.status(), 200, "{who}");
            }
        }
        if asks(&house, &case, "payment-end").await {
            let link = house.open_link(coach, &case).await;
            assert_eq!(house.answer(&link, "close", &[]).await.status(), 200);
            // It would have ended the case, were it the first.
            assert!(house.stands(&case).await.starts_with("open "), "{}", house.stands(&case).await);
            let link = house.open_link(coach, &case).await;
            let page = body(&house.look(&link).await);
            assert!(page.contains("分割のお支払いが済んでいません"), "{page}");
            assert_eq!(house.answer(&link, "waived", &[]).await.status(), 200);
            let all = asked(&house, &case).await;
            assert!(all[1].ends_with("waived"), "{all:?}");
            let my = house.my("nao@", &case).await;
            let page = house.my_page(&my).await;
            assert_eq!(page["invoices"][1]["state"], "waived", "{page:#}");
            assert!(named(&page, "quit").is_some(), "what is left may still be ended early: {page:#}");
            house.until("2027-04-01T12:00:00+09:00").await;
            assert_eq!(asked(&house, &case).await.len(), 2, "nothing more is asked for");
            assert_eq!(tasks(&house.case(&case).await), [] as [&str; 0]);
            return house.is_in_order().await;
        }
    }
    panic!("nobody decided: {:#?}", house.post().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_pays_at_the_end_of_the_following_month() {
    let house = House::open(MONDAY).await;
    let case = applied(&house, "transfer", &[("payer", "other")]).await;
    let link = house.open_link("nao@", &case).await;
    let payer = [("payer_name", "株式会社みなと"), ("payer_kind", "company"), ("payer_email", "keiri@minato.example")];
    assert_eq!(house.answer(&link, "send", &payer).await.status(), 200);
    let link = house.open_link("keiri@", &case).await;
    assert_eq!(house.answer(&link, "agree", &[]).await.status(), 200);
    let issued = house.host.now().to_zoned(jiff::tz::TimeZone::get("Asia/Tokyo").expect("a zone")).date();
    let end = issued.first_of_month().checked_add(jiff::Span::new().months(1)).expect("a day").last_of_month();
    // 31 January 2027 is a Sunday.
    let due = invoices(&house, &case).await[0]["due_on"].as_str().expect("a day").to_owned();
    assert_eq!((end.to_string().as_str(), due.as_str()), ("2027-01-31", "2027-02-01"));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_part_before_a_session_is_the_coachs_to_weigh() {
    let house = House::open(MONDAY).await;
    let case = applied(&house, "card", &[("pay_in", "twice")]).await;
    assert_eq!(house.pay(&case, Outcome::Paid).await, 202);
    // The second part was due on 15 January.
    house.until("2027-01-19T09:00:00+09:00").await;
    let link = house.open_link("kaneko@", &case).await;
    assert_eq!(house.answer(&link, "none", &[]).await.status(), 200);
    let link = house.open_link("desk@", &case).await;
    assert_eq!(house.answer(&link, "again", &[]).await.status(), 200);
    let slots = house.slots(&case).await;
    let late = slots.last().expect("a slot");
    let link = house.open_link("nao@", &case).await;
    assert_eq!(house.answer(&link, late, &[]).await.status(), 200);
    let zone = jiff::tz::TimeZone::get("Asia/Tokyo").expect("a zone");
    let day = begins(&house.booking(&case).await).to_zoned(zone);
    let two_before = day.date().checked_sub(jiff::Span::new().days(2)).expect("a day");
    house.until(&format!("{two_before}T11:00:00+09:00")).await;
    let coach = if house.booking(&case).await["coach"] == "mori" { "ichiro@" } else { "hanako@" };
    assert_eq!(house.sent(coach, "coach-unpaid").await, 1);
    assert!(newest(&house, "coach-unpaid").await.contains("未入金 44,000円"));
    // Silence holds the session; the coach would rather be paid first.
    let own = house.my(coach, &case).await;
    let offer = named(&house.my_page(&own).await, "unpaid-move").expect("it may be asked for").clone();
    assert!(offer["consequence"].to_string().contains("元の日時には実施されません"), "{offer:#}");
    assert_eq!(house.want(&own, "unpaid-move", &[]).await.0, 200);
    assert_eq!(house.sent("nao@", "unpaid-move").await, 1);
    let link = house.open_link("nao@", &case).await;
    let slots = house.slots(&case).await;
    assert_eq!(house.answer(&link, &slots[0], &[]).await.status(), 200);
    assert_eq!(house.sent("nao@", "booking-moved").await, 1);
    assert_eq!(happened(&house.case(&case).await, "session.missed"), 0);
    house.is_in_order().await;
}
