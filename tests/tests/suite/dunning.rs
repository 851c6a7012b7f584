//! Invoices that aren't paid: mails by a ladder, on civil days, that stop the moment the facts change; nobody who paid, or
//! who said something, is written to.

use banto::pay::Outcome;
use banto_domain::TokenId;
use banto_domain::rules::billing::{self, Payment};
use serde_json::{Value, json};

use super::house::House;
use super::payments::{applied, event, happened, post, tasks};
use super::pure::{Pure, yamada};
use super::steps::body;

/// What was written about the payment so far: when, and which mail.
async fn told(house: &House) -> Vec<String> {
    let of = |line: String| {
        let mut parts = line.split(' ');
        let (day, at, to, template) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is = to.contains("ayaka@") && (template.starts_with("payment-") || template == "transfer-not-found");
        is.then(|| format!("{day} {at} {template}"))
    };
    house.post().await.into_iter().filter_map(of).collect()
}

fn invoice(case: &Value) -> Value {
    let tracks = case["tracks"].as_array().expect("tracks");
    tracks.iter().find(|t| t["kind"] == "invoice").cloned().unwrap_or_default()
}

/// The finance group looks for the money, and there is none: the mail leaves.
async fn nothing_came(house: &House, case: &str) {
    let link = house.open_link("kaneko@", case).await;
    assert_eq!(house.answer(&link, "none", &[]).await.status(), 200);
}

/// Both who must agree to the last mail do.
async fn agreed(house: &House, case: &str) {
    for who in ["aoki@", "hanako@"] {
        let link = house.open_link(who, case).await;
        let page = body(&house.look(&link).await);
        assert!(page.contains("最終のご案内"), "{who} sees the mail: {page}");
        assert_eq!(house.answer(&link, "approve", &[]).await.status(), 200, "{who}");
    }
}

const DAYS: [(&str, &str); 4] = [
    ("2026-12-04T11:00:00+09:00", "12-04 10:00 payment-due"),
    ("2026-12-09T11:00:00+09:00", "12-09 11:00 payment-first"),
    ("2026-12-14T11:00:00+09:00", "12-14 11:00 payment-second"),
    ("2026-12-21T11:00:00+09:00", "12-21 11:00 payment-last"),
];

/// Plays a ladder up to and with so many of its mails.
async fn played(house: &House, case: &str, steps: usize) {
    for (n, (until, _)) in DAYS.iter().enumerate().take(steps) {
        house.until(until).await;
        if n > 0 {
            nothing_came(house, case).await;
        }
        if n == 3 {
            agreed(house, case).await;
        }
    }
}

/// Nobody pays, and on 28 December the coach decides what comes of it.
pub(crate) async fn decided(house: &House, case: &str, answer: &str) {
    played(house, case, 4).await;
    house.until("2026-12-28T11:00:00+09:00").await;
    let link = house.open_link("hanako@", case).await;
    assert_eq!(house.answer(&link, answer, &[]).await.status(), 200, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ladder_ends_with_a_person_and_never_with_a_threat() {
    let (house, case) = applied("card").await;
    assert_eq!(invoice(&house.case(&case).await)["due_on"], "2026-12-08");
    played(&house, &case, 4).await;
    assert_eq!(told(&house).await, DAYS.map(|(_, line)| line), "12-06 is a Sunday, and so is the 20th");
    house.until("2026-12-28T11:00:00+09:00").await;
    assert_eq!(told(&house).await.len(), 4, "nothing more leaves by itself");
    let link = house.open_link("hanako@", &case).await;
    assert!(body(&house.look(&link).await).contains("未入金の対応をお決めください"));
    // The coach waits, and is asked again when nothing came.
    let wait = house.answer(&link, "wait", &[("wait_until", "2027-01-08")]).await;
    assert_eq!(wait.status(), 200, "{}", body(&wait));
    house.until("2027-01-08T11:00:00+09:00").await;
    let link = house.open_link("hanako@", &case).await;
    assert_eq!(house.answer(&link, "close", &[]).await.status(), 200);
    assert_eq!(house.stands(&case).await, "closed - unpaid");
    assert_eq!(told(&house).await.len(), 4);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_at_any_step_is_the_last_that_is_heard_of_it() {
    for steps in 0..=4 {
        let (house, case) = applied("card").await;
        played(&house, &case, steps).await;
        assert_eq!(house.pay(&case, Outcome::Paid).await, 202);
        house.until("2027-01-12T12:00:00+09:00").await;
        assert_eq!(told(&house).await, DAYS.map(|(_, line)| line)[..steps], "{steps}");
        let shown = house.case(&case).await;
        assert_eq!((happened(&shown, "invoice.settled"), happened(&shown, "token.ended")), (1, 1), "{steps}");
        house.is_in_order().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_written_to_before_somebody_has_looked_for_the_money() {
    let (house, case) = applied("transfer").await;
    house.until("2026-12-09T11:00:00+09:00").await;
    let link = house.open_link("kaneko@", &case).await;
    assert!(body(&house.look(&link).await).contains("ご案内の前に入金をご確認ください"));
    // It had come in the evening before: less the fee of the bank.
    let arrived = [("arrived_amount", "5170"), ("arrived_on", "2026-12-08"), ("arrived_name", "マツモト アヤカ")];
    let reply = house.answer(&link, "arrived", &arrived).await;
    assert_eq!(reply.status(), 200, "{}", body(&reply));
    let shown = house.case(&case).await;
    assert_eq!((happened(&shown, "invoice.settled"), tasks(&shown)), (1, vec![]));
    let paid = |kind: &str| shown["journal"].as_array().into_iter().flatten().rfind(|e| e["type"] == kind).cloned();
    let recorded = paid("payment.recorded").expect("a payment");
    assert_eq!(recorded["detail"]["amount"], 5_170);
    assert_eq!(recorded["detail"]["occurred_at"], "2026-12-07T15:00:00Z", "the day in Tokyo");
    assert_eq!(paid("invoice.settled").expect("settled")["detail"]["short"], 330);
    house.until("2026-12-28T11:00:00+09:00").await;
    assert_eq!(told(&house).await, ["12-04 10:00 payment-due"]);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_is_counted_and_only_the_rest_is_asked_for() {
    let (house, case) = applied("card").await;
    house.until("2026-12-07T11:00:00+09:00").await;
    let part = event(&house, &case, |e| e["data"]["object"]["amount_total"] = json!(2_000)).await;
    assert_eq!(post(&house, &part).await, 202);
    assert_eq!(tasks(&house.case(&case).await), ["underpaid"]);
    house.until("2026-12-09T11:00:00+09:00").await;
    assert_eq!(told(&house).await, ["12-04 10:00 payment-due"], "a person looks at it, and nothing leaves meanwhile");
    let task = house.newest_task(&case).await;
    assert_eq!(house.answer(&task, "done", &[]).await.status(), 200);
    house.until("2026-12-10T11:00:00+09:00").await;
    nothing_came(&house, &case).await;
    let mails = house.mails().await;
    let mail = mails.iter().find(|m| m.template.as_deref() == Some("payment-first")).expect("the mail");
    assert!(
        mail.text.contains("残りのお支払い額: 3,500円") && mail.text.contains("お支払い済み: 2,000円"),
        "{}",
        mail.text
    );
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_something_is_heard_before_the_next_mail() {
    // They have transferred it: the bank has two working days, then somebody looks, and they hear when it isn't there.
    let (house, case) = applied("card").await;
    played(&house, &case, 2).await;
    let link = house.open_link("ayaka@", &case).await;
    assert!(body(&house.look(&link).await).contains("すでに振り込みました"));
    let bad = house.answer(&link, "transferred", &[("says_paid_on", "きのう"), ("says_paid_name", "松本")]).await;
    assert_eq!(bad.status(), 422, "no day");
    let said = house.answer(&link, "transferred", &[("says_paid_on", "2026-12-10"), ("says_paid_name", "松本")]).await;
    assert_eq!(said.status(), 200, "{}", body(&said));
    house.until("2026-12-14T11:00:00+09:00").await;
    assert_eq!(told(&house).await.len(), 2, "the second mail would have been due");
    let look = house.open_link("kaneko@", &case).await;
    let page = body(&house.look(&look).await);
    assert!(page.contains("12月10日") && page.contains("松本"), "{page}");
    assert_eq!(house.answer(&look, "none", &[]).await.status(), 200);
    house.until("2026-12-17T09:00:00+09:00").await;
    assert_eq!(told(&house).await[2..], ["12-14 11:00 transfer-not-found"], "they have time to look for it");
    house.until("2026-12-17T11:00:00+09:00").await;
    nothing_came(&house, &case).await;
    assert_eq!(told(&house).await[3..], ["12-17 11:00 payment-second"]);
    // They promise a day: nothing before it, and two working days for the bank.
    let (house, case) = applied("card").await;
    played(&house, &case, 2).await;
    let link = house.open_link("ayaka@", &case).await;
    assert_eq!(house.answer(&link, "promised", &[("promised_on", "2026-12-18")]).await.status(), 200);
    house.until("2026-12-22T09:00:00+09:00").await;
    assert_eq!(told(&house).await.len(), 2);
    house.until("2026-12-22T11:00:00+09:00").await;
    nothing_came(&house, &case).await;
    assert_eq!(told(&house).await[2..], ["12-22 11:00 payment-second"]);
    // They want to talk: only the coach decides, and nothing leaves meanwhile.
    let link = house.open_link("ayaka@", &case).await;
    assert_eq!(house.answer(&link, "talk", &[("payment_talk", "分割でお願いできますか。")]).await.status(), 200);
    house.until("2026-12-24T11:00:00+09:00").await;
    let page = body(&house.look(&house.open_link("hanako@", &case).await).await);
    assert!(page.contains("分割でお願いできますか。"), "{page}");
    assert_eq!(told(&house).await.len(), 3);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_is_for_a_person_and_what_was_not_agreed_to_is_not_asked_again() {
    // The coach doesn't agree to the last mail: she is asked what else.
    let (house, case) = applied("card").await;
    played(&house, &case, 3).await;
    house.until(DAYS[3].0).await;
    nothing_came(&house, &case).await;
    let link = house.open_link("aoki@", &case).await;
    assert_eq!(house.answer(&link, "refuse", &[("note", "電話で話します。")]).await.status(), 200);
    house.until("2026-12-22T11:00:00+09:00").await;
    assert_eq!(told(&house).await.len(), 3);
    let task = house.case(&case).await;
    assert_eq!(task["tracks"].as_array().expect("tracks").iter().filter(|t| t["question"] == "payment-end").count(), 1);
    // A part was paid, and is disputed.
    let (house, case) = applied("card").await;
    let part = event(&house, &case, |e| e["data"]["object"]["amount_total"] = json!(2_000)).await;
    assert_eq!(post(&house, &part).await, 202);
    let dispute = event(&house, &case, |e| {
        e["id"] = json!("evt_9");
        e["type"] = json!("charge.dispute.created");
        e["data"]["object"]["amount"] = json!(2_000);
    });
    assert_eq!(post(&house, &dispute.await).await, 202);
    house.until("2026-12-28T11:00:00+09:00").await;
    assert_eq!(told(&house).await, [] as [&str; 0]);
    assert!(happened(&house.case(&case).await, "payment.disputed") == 1);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreed_wait_begins_the_ladder_anew() {
    let (house, case) = applied("transfer").await;
    // The coach hands it over to the office, which gives more time.
    decided(&house, &case, "hand-over").await;
    assert_eq!(house.stands(&case).await, "open unpaid -");
    let link = house.open_link("kaneko@", &case).await;
    assert_eq!(house.answer(&link, "wait", &[]).await.status(), 200);
    assert_eq!(house.stands(&case).await, "open invoice-transfer -");
    assert_eq!(invoice(&house.case(&case).await)["due_on"], "2027-01-04");
    house.until("2027-01-05T11:00:00+09:00").await;
    nothing_came(&house, &case).await;
    assert_eq!(
        told(&house).await[4..],
        ["12-28 11:00 payment-due", "01-05 11:00 payment-first"],
        "from the new day on"
    );
    house.is_in_order().await;
}

#[test]
fn what_was_paid_while_the_case_stood_elsewhere_is_not_asked_for_again() {
    let playbook = yamada(|_| {}).playbook;
    let mut case = Pure::open(&playbook, "unreadable");
    case.run();
    // The case stands on a mail about a card that was declined, say, while the ladder beside it hears of the payment.
    let invoice = case.commit(|draft| billing::issue(draft, &TokenId::default(), "single"));
    case.run();
    assert_eq!(case.case.tokens.len(), 2, "the ladder is about it as well");
    let (id, occurred_at) = ("pi_1".to_owned(), case.now);
    let (provider, currency) = ("stripe".to_owned(), "JPY".to_owned());
    let payment = Payment { id, invoice: invoice.clone(), provider, amount: 16_500, currency, occurred_at };
    case.commit(|draft| billing::pay(draft, payment));
    case.run();
    assert_eq!(case.case.tokens.len(), 1, "the ladder is over");
    let paid = case.case.invoice(&invoice).expect("an invoice");
    assert!(paid.settled && !paid.led_on, "the case itself hasn't gone on because of it, and asks for nothing anew");
}
