//! Less is asked for, as the coach decides: to the yen, never all of it by mistake, and nobody is asked for what was taken off.

use banto::pay::Outcome;
use serde_json::Value;

use super::house::House;
use super::payments::{happened, invoiced};
use super::requests::named;
use super::steps::body;

async fn newest(house: &House, template: &str) -> String {
    let mails = house.mails().await;
    mails.into_iter().find(|m| m.template.as_deref() == Some(template)).map_or(String::new(), |m| m.text)
}

fn invoice(case: &Value) -> Value {
    let tracks = case["tracks"].as_array().expect("tracks");
    tracks.iter().find(|t| t["kind"] == "invoice").cloned().unwrap_or_default()
}

/// An unpaid seat over 5,500 yen, and a customer who asks to pay less; the link to the coach's question.
async fn asked() -> (House, String, String) {
    let (house, case) = invoiced().await;
    let own = house.my("ayaka@", &case).await;
    let page = house.my_page(&own).await;
    let offer = named(&page, "discount").unwrap_or_else(|| panic!("{page:#}"));
    assert!(offer["consequence"].to_string().contains("対象のご請求"), "{offer:#}");
    let why = [("field.payment_talk", "今月は支払いが難しいです")];
    assert_eq!(house.want(&own, "discount", &why).await.0, 200);
    assert!(named(&house.my_page(&own).await, "discount").is_none(), "it is dealt with");
    let link = house.open_link("hanako@", &case).await;
    (house, case, link)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_coach_takes_off_is_asked_for_no_more_and_tax_follows() {
    let (house, case, link) = asked().await;
    let page = body(&house.look(&link).await);
    assert!(page.contains("今月は支払いが難しいです") && page.contains("減額する"), "{page}");
    for wrong in ["0", "5500", "6000", "-1", "abc"] {
        let reply = house.answer(&link, "reduce", &[("reduce_by", wrong)]).await;
        assert_eq!(reply.status(), 422, "{wrong}: {}", body(&reply));
    }
    assert_eq!(happened(&house.case(&case).await, "invoice.reduced"), 0);
    assert_eq!(house.answer(&link, "reduce", &[("reduce_by", "1,501")]).await.status(), 200);
    let shown = invoice(&house.case(&case).await);
    assert_eq!(shown["total"], 3_999, "{shown:#}");
    let mail = newest(&house, "invoice-reduced").await;
    for line in ["減額した金額: 1,501円", "ご請求金額: 3,999円(税込)", "税抜 3,636円、消費税(10%) 363円"]
    {
        assert!(mail.contains(line), "{line}: {mail}");
    }
    let own = house.my_page(&house.my("ayaka@", &case).await).await;
    assert_eq!((&own["invoices"][0]["total"], &own["invoices"][0]["open"]), (&3_999.into(), &3_999.into()));
    // The ladder goes on with the new amount.
    house.until("2026-12-04T11:00:00+09:00").await;
    assert!(newest(&house, "payment-due").await.contains("3,999円"));
    assert_eq!(house.pay(&case, Outcome::Paid).await, 202);
    assert_eq!(house.stands(&case).await, "open participate -");
    let receipt = newest(&house, "receipt").await;
    assert!(receipt.contains("領収金額: 3,999円") && receipt.contains("税抜 3,636円"), "{receipt}");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_asks_for_the_payment_while_a_coach_decides_and_silence_takes_nothing_off() {
    let (house, case, _) = asked().await;
    house.until("2026-12-04T11:00:00+09:00").await;
    assert_eq!(house.sent("ayaka@", "payment-due").await, 0);
    let link = house.open_link("hanako@", &case).await;
    assert_eq!(house.answer(&link, "kept", &[]).await.status(), 200);
    assert_eq!(invoice(&house.case(&case).await)["total"], 5_500);
    let mail = newest(&house, "discount-declined").await;
    assert!(mail.contains("お支払いいただく金額: 5,500円"), "{mail}");
    assert_eq!(happened(&house.case(&case).await, "invoice.reduced"), 0);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_while_a_coach_decides_is_not_reduced() {
    let (house, case, link) = asked().await;
    assert_eq!(house.pay(&case, Outcome::Paid).await, 202);
    let reply = house.answer(&link, "reduce", &[("reduce_by", "500")]).await;
    assert_eq!(reply.status(), 200, "{}", body(&reply));
    let shown = house.case(&case).await;
    assert_eq!((happened(&shown, "invoice.reduced"), &invoice(&shown)["total"]), (0, &5_500.into()));
    house.is_in_order().await;
}
