//! What is kept when a seat that was paid for is cancelled: by when it was said, to the yen, with its arithmetic shown.

use banto::pay::Outcome;
use serde_json::Value;

use super::house::House;
use super::payments::{happened, invoiced};
use super::requests::{before, named};
use super::steps::body;

/// A seat that is paid for, so many minutes before it begins; the case, and the customer's own page.
async fn paid(minutes: i64) -> (House, String, String) {
    let (house, case) = invoiced().await;
    assert_eq!(house.pay(&case, Outcome::Paid).await, 202);
    assert_eq!(house.stands(&case).await, "open participate -");
    let at = before(&house.booking(&case).await, minutes);
    house.until(&at).await;
    let my = house.my("ayaka@", &case).await;
    (house, case, my)
}

/// What went back, by the journal.
async fn back(house: &House, case: &str) -> Vec<i64> {
    let shown = house.case(case).await;
    let journal = shown["journal"].as_array().into_iter().flatten();
    journal.filter(|e| e["type"] == "refund.ordered").filter_map(|e| e["detail"]["amount"].as_i64()).collect()
}

const DAY: i64 = 24 * 60;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_follows_from_when_it_was_said() {
    for (minutes, fee, refund) in [
        (7 * DAY, "キャンセル料(0%): 0円", 5_500),
        (7 * DAY - 1, "キャンセル料(50%): 2,750円", 2_750),
        (DAY, "キャンセル料(50%): 2,750円", 2_750),
        (DAY - 1, "キャンセル料(100%): 5,500円", 0),
    ] {
        let (house, case, my) = paid(minutes).await;
        let page = house.my_page(&my).await;
        let offer = named(&page, "seminar-cancel").unwrap_or_else(|| panic!("{minutes}: {page:#}")).clone();
        let said = offer["consequence"].to_string();
        assert!(said.contains(fee) && said.contains("お支払い済みの金額: 5,500円"), "{minutes}: {said}");
        assert_eq!(house.want(&my, "seminar-cancel", &[]).await.0, 200);
        let expected: Vec<i64> = Some(refund).filter(|refund| *refund > 0).into_iter().collect();
        assert_eq!(back(&house, &case).await, expected, "{minutes}");
        let shown = house.case(&case).await;
        assert_eq!(happened(&shown, "refund.made"), expected.len(), "{minutes}");
        assert_eq!(house.stands(&case).await, "closed - cancelled", "{minutes}");
        assert_eq!(house.sent("ayaka@", "seminar-cancelled-charged").await, 1);
        assert_eq!(house.sent("ayaka@", "refund-made").await, expected.len());
        let mails = house.mails().await;
        let told = mails
            .iter()
            .find(|m| m.template.as_deref() == Some("seminar-cancelled-charged"))
            .unwrap_or_else(|| panic!("{:#}", shown["journal"]));
        assert!(told.text.contains(fee), "{minutes}: {}", told.text);
        house.until("2026-12-13T09:00:00+09:00").await;
        assert_eq!(house.sent("ayaka@", "reminder-hour").await, 0, "{minutes}: nobody is reminded of it");
        house.is_in_order().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_what_happened_is_heard_and_the_coach_decides() {
    for (answer, refund) in [("approve", 5_500), ("refuse", 2_750)] {
        let (house, case, my) = paid(3 * DAY).await;
        let told = [("field.circumstances", "家族が入院しました")];
        assert_eq!(house.want(&my, "seminar-cancel.tell", &told).await.0, 200);
        assert_eq!((back(&house, &case).await.len(), house.stands(&case).await.as_str()), (0, "open participate -"));
        let link = house.open_link("hanako@", &case).await;
        let page = body(&house.look(&link).await);
        assert!(page.contains("家族が入院しました") && page.contains("全額のご返金"), "{page}");
        let why: &[(&str, &str)] = if answer == "refuse" { &[("note", "規約のとおり")] } else { &[] };
        let reply = house.answer(&link, answer, why).await;
        assert_eq!(reply.status(), 200, "{}", body(&reply));
        assert_eq!(back(&house, &case).await, [refund], "{answer}");
        assert_eq!(house.stands(&case).await, "closed - cancelled");
        house.is_in_order().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_for_a_charge_on_what_was_never_paid() {
    let (house, case) = invoiced().await;
    let my = house.my("ayaka@", &case).await;
    let page: Value = house.my_page(&my).await;
    assert!(named(&page, "seminar-cancel").is_none(), "the seat is only held: {page:#}");
    house.is_in_order().await;
}
