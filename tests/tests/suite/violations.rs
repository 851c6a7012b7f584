//! A violation of the terms: nothing is said or called off before the coach has decided and somebody else has read it.

use banto::pay::Outcome;

use super::house::House;
use super::payments::happened;
use super::refunds::applied;
use super::requests::{MONDAY, begins, named};
use super::steps::body;

const LETTER: (&str, &str) = ("violation_letter", "規約第8条により、契約を終了いたします。");

/// A programme that is paid for with a session booked, and a violation that an operator reported; the case.
async fn reported() -> (House, String) {
    let house = House::open(MONDAY).await;
    let case = applied(&house, "card", &[]).await;
    assert_eq!(house.pay(&case, Outcome::Paid).await, 202);
    let slot = house.slots(&case).await[2].clone();
    let link = house.open_link("nao@", &case).await;
    assert_eq!(house.answer(&link, &slot, &[]).await.status(), 200);
    let desk = house.page_of(&case, "desk").await;
    assert!(named(&house.my_page(&desk).await, "violation").is_some());
    let what = [("field.violation_what", "録画の無断公開(12月7日に確認)")];
    assert_eq!(house.want(&desk, "violation", &what).await.0, 200);
    (house, case)
}

async fn to_customer(house: &House) -> usize {
    let mails = house.mails().await;
    let told = |m: &&banto::mailbox::Mail| m.template.as_deref().is_some_and(|t| t.starts_with("violation-"));
    mails.iter().filter(told).filter(|m| m.to.contains("nao@")).count()
}

/// The coach decides, an operator writes.
async fn written(house: &House, case: &str, answer: &str) {
    let coach = if house.case(case).await["journal"].to_string().contains("\"coach\":\"mori\"") {
        "ichiro@"
    } else {
        "hanako@"
    };
    let link = house.open_link(coach, case).await;
    let page = body(&house.look(&link).await);
    assert!(page.contains("録画の無断公開"), "{page}");
    assert_eq!(house.answer(&link, answer, &[]).await.status(), 200);
    let link = house.open_link("desk@", case).await;
    assert_eq!(house.answer(&link, "written", &[LETTER]).await.status(), 200);
    assert_eq!(to_customer(house).await, 0, "nobody agreed to it yet");
    assert_eq!(happened(&house.case(case).await, "booking.cancelled"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_ends_once_somebody_else_agreed_and_what_is_booked_uses_up_nothing() {
    let (house, case) = reported().await;
    let (begins, reminded) = (begins(&house.booking(&case).await), house.sent("nao@", "reminder-hour").await);
    written(&house, &case, "end").await;
    let link = house.open_link("aoki@", &case).await;
    assert_eq!(house.answer(&link, "approve", &[]).await.status(), 200);
    assert_eq!(to_customer(&house).await, 2, "what is called off, and why");
    let shown = house.case(&case).await;
    let journal = shown["journal"].as_array().expect("a journal");
    let cancelled: Vec<_> = journal.iter().filter(|e| e["type"] == "booking.cancelled").collect();
    assert_eq!((cancelled.len(), &cancelled[0]["detail"]["counts"]), (1, &false.into()), "{cancelled:#?}");
    // An operator pays back what was not used; the coach agrees; then all is settled.
    let link = house.open_link("desk@", &case).await;
    assert_eq!(house.answer(&link, "refund", &[("refund_amount", "14000")]).await.status(), 200);
    let link = house.open_link("hanako@", &case).await;
    assert_eq!(house.answer(&link, "approve", &[]).await.status(), 200);
    house.until("2026-12-08T12:00:00+09:00").await;
    assert_eq!(happened(&house.case(&case).await, "refund.made"), 1);
    let link = house.open_link("desk@", &case).await;
    assert_eq!(house.answer(&link, "settled", &[]).await.status(), 200);
    assert_eq!(house.stands(&case).await, "closed - terminated");
    house.until(&begins.to_string()).await;
    assert_eq!(house.sent("nao@", "reminder-hour").await, reminded, "nobody is reminded of it");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_changes_no_booking_and_what_is_sent_back_is_not_sent() {
    let (house, case) = reported().await;
    written(&house, &case, "warn").await;
    let link = house.open_link("aoki@", &case).await;
    assert_eq!(house.answer(&link, "refuse", &[("note", "条項の番号が違います")]).await.status(), 200);
    assert_eq!(to_customer(&house).await, 0);
    let link = house.open_link("desk@", &case).await;
    assert_eq!(house.answer(&link, "written", &[LETTER]).await.status(), 200);
    let link = house.open_link("aoki@", &case).await;
    assert_eq!(house.answer(&link, "approve", &[]).await.status(), 200);
    assert_eq!((to_customer(&house).await, house.sent("nao@", "violation-warning").await), (1, 1));
    assert_eq!(happened(&house.case(&case).await, "booking.cancelled"), 0);
    house.is_in_order().await;
}
