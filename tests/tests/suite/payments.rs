//! Payments as providers tell of them: once, twice, late, too little, too much, unreadable, unsigned.

use banto::pay::{self, Outcome, stripe_signature};
use serde_json::{Value, json};

use super::dunning::decided;
use super::house::House;
use super::steps::body;

pub(crate) const SECRET: &str = "whsec_demo-yamada-practice-mode-only";
pub(crate) const SEMINAR: [(&str, &str); 3] =
    [("name", "松本 綾香"), ("email", "ayaka@customer.example"), ("message", "セミナーに参加したいです。")];
pub(crate) const APPLICATION: [(&str, &str); 8] = [
    ("family_name", "松本"),
    ("given_name", "綾香"),
    ("family_kana", "まつもと"),
    ("given_kana", "あやか"),
    ("payer", "self"),
    ("payment", "card"),
    ("terms", "yes"),
    ("law_notice", "yes"),
];

/// A house in which somebody has a seat held and an invoice open.
pub(crate) async fn invoiced() -> (House, String) {
    let (house, case) = applied("card").await;
    assert_eq!(house.stands(&case).await, "open invoice -");
    (house, case)
}

/// The same, paid in the way that is named: an invoice over 5,500 yen since 1 December, due on the 8th.
pub(crate) async fn applied(payment: &str) -> (House, String) {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let (case, link) = chosen(&house).await;
    let mut application = APPLICATION;
    application[5] = ("payment", payment);
    house.answer(&link, "send", &application).await;
    (house, case)
}

/// Somebody who chose a seat, and the link to the application.
pub(crate) async fn chosen(house: &House) -> (String, String) {
    let case = house.inquire(["yamada", "seminar"], &SEMINAR).await;
    let slot = house.slots(&case).await[0].clone();
    let link = house.open_link("ayaka@", &case).await;
    house.answer(&link, &slot, &[]).await;
    let link = house.open_link("ayaka@", &case).await;
    (case, link)
}

/// Stripe's event about the open invoice, changed as the test likes.
pub(crate) async fn event(house: &House, case: &str, change: impl FnOnce(&mut Value)) -> Value {
    let shown = house.case(case).await;
    let invoices = shown["tracks"].as_array().expect("tracks").iter().find(|t| t["kind"] == "invoice");
    let invoice = invoices.expect("an invoice").clone();
    let mut event = json!({
        "id": "evt_1", "type": "checkout.session.completed", "created": house.host.now().as_second(),
        "data": { "object": {
            "id": "cs_1", "payment_intent": "pi_1", "payment_status": "paid",
            "client_reference_id": format!("{case}-{}", invoice["id"].as_str().expect("an id")),
            "amount_total": invoice["total"], "currency": "jpy",
        } },
    });
    change(&mut event);
    event
}

pub(crate) async fn post(house: &House, event: &Value) -> u16 {
    let content = event.to_string();
    let signature = stripe_signature(SECRET, &content, house.host.now());
    let request = http::Request::post("/").header("stripe-signature", signature);
    let params = [("client", "yamada"), ("provider", "stripe")];
    house.http("receive-payment", &params, request, &content).await.status().as_u16()
}

pub(crate) fn happened(case: &Value, kind: &str) -> usize {
    case["journal"].as_array().into_iter().flatten().filter(|e| e["type"] == kind).count()
}

/// The reasons of the tasks that people have.
pub(crate) fn tasks(case: &Value) -> Vec<String> {
    let asks = case["tracks"].as_array().into_iter().flatten();
    asks.filter_map(|t| t["reason"].as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_counts_once_whatever_tells_of_it() {
    let (house, case) = invoiced().await;
    let first = event(&house, &case, |_| {}).await;
    assert_eq!(post(&house, &first).await, 202);
    assert_eq!(post(&house, &first).await, 202, "the same event again");
    let other = event(&house, &case, |e| e["id"] = json!("evt_2")).await;
    assert_eq!(post(&house, &other).await, 202, "another event about the same payment");
    let shown = house.case(&case).await;
    assert_eq!((happened(&shown, "payment.recorded"), happened(&shown, "invoice.settled")), (1, 1));
    assert_eq!((happened(&shown, "package.started"), tasks(&shown)), (1, vec![]));
    assert_eq!(house.stands(&case).await, "open participate -", "the seat was booked");
    // Somebody pays the same invoice with another card: a person looks.
    let twice = event(&house, &case, |e| {
        e["id"] = json!("evt_3");
        e["data"]["object"]["payment_intent"] = json!("pi_2");
    });
    assert_eq!(post(&house, &twice.await).await, 202);
    assert_eq!(tasks(&house.case(&case).await), ["paid-twice"]);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_exactly_paid_goes_to_a_person() {
    let (house, case) = invoiced().await;
    let less = event(&house, &case, |e| e["data"]["object"]["amount_total"] = json!(5_000)).await;
    assert_eq!(post(&house, &less).await, 202);
    assert_eq!(tasks(&house.case(&case).await), ["underpaid"]);
    assert_eq!(house.stands(&case).await, "open invoice -");
    let rest = event(&house, &case, |e| {
        e["id"] = json!("evt_2");
        e["data"]["object"]["payment_intent"] = json!("pi_2");
        e["data"]["object"]["amount_total"] = json!(500);
    });
    assert_eq!(post(&house, &rest.await).await, 202);
    assert_eq!(house.stands(&case).await, "open participate -", "5,000 and 500 are 5,500");
    assert_eq!(tasks(&house.case(&case).await), [] as [&str; 0], "nobody needs to look any more");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_currency_counts_for_nothing() {
    let (house, case) = invoiced().await;
    let dollars = event(&house, &case, |e| e["data"]["object"]["currency"] = json!("usd")).await;
    assert_eq!(post(&house, &dollars).await, 202);
    assert_eq!(tasks(&house.case(&case).await), ["payment-in-other-currency"]);
    let link = house.open_link("desk@", &case).await;
    assert_eq!(house.answer(&link, "done", &[]).await.status(), 200);
    decided(&house, &case, "hand-over").await;
    let link = house.open_link("desk@", &case).await;
    assert_eq!(house.answer(&link, "paid", &[]).await.status(), 200);
    let shown = house.case(&case).await;
    let transfer = shown["journal"].as_array().into_iter().flatten().rfind(|e| e["type"] == "payment.recorded");
    assert_eq!(transfer.expect("a transfer")["detail"]["amount"], 5_500, "all of it, not what the dollars left");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_office_says_when_a_transfer_came_in() {
    let (house, case) = applied("transfer").await;
    assert_eq!(house.stands(&case).await, "open invoice-transfer -");
    // The page says what to look for; the office is reminded, and answers before the last day.
    let link = house.open_link("desk@", &case).await;
    let page = body(&house.look(&link).await);
    assert!(page.contains("5,500円") && page.contains(&format!("{case}-1")), "{page}");
    house.until("2026-12-03T12:00:00+09:00").await;
    assert_eq!(house.answer(&link, "paid", &[]).await.status(), 200);
    let shown = house.case(&case).await;
    assert_eq!((happened(&shown, "invoice.settled"), tasks(&shown)), (1, vec![]));
    assert_eq!(house.stands(&case).await, "open participate -", "the seat was booked");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wanted_to_transfer_may_pay_by_card_after_all() {
    let (house, case) = applied("transfer").await;
    let link = house.open_link("desk@", &case).await;
    assert_eq!(house.pay(&case, Outcome::Paid).await, 202);
    assert_eq!(house.stands(&case).await, "open participate -");
    assert_eq!(house.answer(&link, "paid", &[]).await.status(), 409, "nobody looks for it any more");
    assert_eq!(happened(&house.case(&case).await, "payment.recorded"), 1);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_has_time_for_a_question_also_when_the_hold_is_over() {
    let (house, case) = invoiced().await;
    // Nobody pays, until the seat is no longer held; the coach hands it over to the office.
    decided(&house, &case, "hand-over").await;
    assert_eq!(house.stands(&case).await, "open unpaid -");
    let before = happened(&house.case(&case).await, "ask.opened");
    house.until("2026-12-28T15:00:00+09:00").await;
    assert_eq!(happened(&house.case(&case).await, "ask.opened"), before, "not asked again every minute");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_provider_is_believed_and_nothing_signed_is_lost() {
    let (house, case) = invoiced().await;
    let before = house.case(&case).await;
    let paid = event(&house, &case, |_| {}).await.to_string();
    let params = [("client", "yamada"), ("provider", "stripe")];
    for signature in ["", "t=1,v1=00", &stripe_signature("another secret", &paid, house.host.now())] {
        let request = http::Request::post("/").header("stripe-signature", signature);
        assert_eq!(house.http("receive-payment", &params, request, &paid).await.status(), 401);
    }
    for wrong in [[("client", "yamada"), ("provider", "generic")], [("client", "nobody"), ("provider", "stripe")]] {
        let reply = house.http("receive-payment", &wrong, http::Request::post("/"), &paid).await;
        assert_eq!(reply.status(), 404);
    }
    let broken = "{";
    let request =
        http::Request::post("/").header("stripe-signature", stripe_signature(SECRET, broken, house.host.now()));
    assert_eq!(house.case(&case).await, before, "nothing was changed");
    assert_eq!(house.http("receive-payment", &params, request, broken).await.status(), 202, "signed is signed");
    // Signed, but about nothing that is known: stored as it came, and a task for the office.
    assert_eq!(
        post(&house, &json!({ "id": "evt_9", "type": "customer.created", "data": { "object": {} } })).await,
        202
    );
    let link = house.link("desk@").await;
    let page = body(&house.look(&link).await);
    assert!(page.contains("customer.created") && page.contains("evt_9"), "{page}");
    let elsewhere = event(&house, &case, |e| e["data"]["object"]["client_reference_id"] = json!("not-ours")).await;
    assert_eq!(post(&house, &elsewhere).await, 202);
    // A payment that one case has counted, told of another: counted once, and a person looks.
    assert_eq!(post(&house, &event(&house, &case, |e| e["id"] = json!("evt_10")).await).await, 202);
    let other =
        house.inquire(["yamada", "seminar"], &[SEMINAR[0], ("email", "rin@customer.example"), SEMINAR[2]]).await;
    let claimed = event(&house, &case, |e| {
        e["id"] = json!("evt_11");
        e["data"]["object"]["client_reference_id"] = json!(format!("{other}-0000000000000000"));
    });
    assert_eq!(post(&house, &claimed.await).await, 202);
    assert_eq!(happened(&house.case(&other).await, "payment.recorded"), 0);
    let link = house.link("desk@").await;
    assert!(body(&house.look(&link).await).contains("evt_11"));
    let cases = house.host.world().env.ledger.cases().await.expect("cases").len();
    assert_eq!(cases, 6, "four tasks beside the two cases");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_and_disputes_find_their_case() {
    let (house, case) = invoiced().await;
    assert_eq!(house.pay(&case, Outcome::Paid).await, 202);
    let shown = house.case(&case).await;
    let paid = shown["journal"].as_array().expect("a journal").iter().find(|e| e["type"] == "payment.recorded");
    let payment = paid.expect("a payment")["detail"]["payment"].as_str().expect("an id").to_owned();
    let refund = json!({ "id": "evt_r", "type": "charge.refunded",
        "data": { "object": { "id": "ch_1", "payment_intent": payment, "amount_refunded": 5_500 } } });
    assert_eq!(post(&house, &refund).await, 202);
    let dispute = json!({ "id": "evt_d", "type": "charge.dispute.created",
        "data": { "object": { "id": "dp_1", "payment_intent": payment, "amount": 5_500 } } });
    assert_eq!(post(&house, &dispute).await, 202);
    let mut reasons = tasks(&house.case(&case).await);
    reasons.sort();
    assert_eq!(reasons, ["disputed", "refunded"]);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_after_the_end_becomes_a_task() {
    let (house, case) = invoiced().await;
    let shown = house.case(&case).await;
    let invoice =
        shown["tracks"].as_array().expect("tracks").iter().find(|t| t["kind"] == "invoice").expect("one").clone();
    let payable = pay::find(house.host.world(), invoice["id"].as_str().expect("an id")).await;
    let payable = payable.expect("the store").expect("an invoice");
    // The coach closes the matter in the end.
    decided(&house, &case, "close").await;
    assert_eq!(house.stands(&case).await, "closed - unpaid");
    let reply = pay::send(&house.host, &payable, Outcome::Paid).await.expect("the store").expect("an answer");
    assert_eq!(reply.status(), 202);
    house.host.idle().await.expect("idle");
    assert_eq!(tasks(&house.case(&case).await), ["payment-unexpected"]);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dealing_with_a_mail_that_came_back_does_not_end_a_case_that_waits() {
    let (house, case) = invoiced().await;
    // The invoice mail bounces; the office telephones, and marks the task as handled.
    let shown = house.case(&case).await;
    let intended = shown["journal"].as_array().expect("a journal").iter().rev();
    let message =
        intended.clone().find(|e| e["type"] == "message.intended").expect("a mail")["detail"]["message"].clone();
    let bounce = json!({ "source": "aws.ses", "detail-type": "Email Bounced", "detail": {
        "eventType": "Bounce", "bounce": { "bounceType": "Permanent" },
        "mail": { "messageId": "x", "timestamp": house.host.now().to_string(),
            "tags": { "client": ["yamada"], "case": [case], "intent": [message] } } } });
    house.event("record-delivery", bounce).await;
    let link = house.open_link("desk@", &case).await;
    house.answer(&link, "done", &[]).await;
    assert_eq!(house.stands(&case).await, "open invoice -", "it still waits for the payment");
    assert_eq!(house.pay(&case, Outcome::Paid).await, 202);
    assert_eq!(house.stands(&case).await, "open participate -");
    house.is_in_order().await;
}
