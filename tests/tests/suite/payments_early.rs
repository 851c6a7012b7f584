//! Providers tell in no order, and of sums that can't be: a refund finds its payment whichever comes first, no sum is moved
//! by what isn't one, and nobody is flooded.

use banto_domain::state::Received;
use serde_json::{Value, json};

use super::house::House;
use super::payments::{event, happened, invoiced, post, tasks};
use super::payments_odd::{key, mails_to_the_desk, strange};
use super::steps::body;

/// What the case knows of a payment, and how much its invoice says was paid.
async fn received(house: &House, case: &str, payment: &str) -> (Option<Received>, i64) {
    let key = key(house, case).await;
    let stands = house.host.world().env.ledger.load(&key).await.expect("the store").expect("a case").case;
    let invoice = stands.invoices().next().expect("an invoice").1.clone();
    (invoice.payments.get(payment).cloned(), invoice.paid)
}

fn refund(id: &str, payment: &str, amount: impl Into<Value>) -> Value {
    json!({ "id": id, "type": "charge.refunded",
        "data": { "object": { "id": "ch_1", "payment_intent": payment, "amount_refunded": amount.into() } } })
}

fn dispute(id: &str, payment: &str, amount: i64) -> Value {
    json!({ "id": id, "type": "charge.dispute.created",
        "data": { "object": { "id": "dp_1", "payment_intent": payment, "amount": amount } } })
}

fn sorted(mut reasons: Vec<String>) -> Vec<String> {
    reasons.sort();
    reasons
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_and_a_dispute_find_their_payment_in_every_order() {
    // 0: the payment; the others before or after it, and twice.
    for order in [[0, 1, 2, 3], [1, 2, 3, 0], [3, 1, 0, 2], [2, 0, 3, 1], [3, 2, 1, 0]] {
        let (house, case) = invoiced().await;
        let paid = event(&house, &case, |_| {}).await;
        let told =
            [paid, refund("evt_r1", "pi_1", 1_000), refund("evt_r2", "pi_1", 3_000), dispute("evt_d", "pi_1", 2_500)];
        for n in order {
            assert_eq!((post(&house, &told[n]).await, post(&house, &told[n]).await), (202, 202), "{order:?} {n}");
        }
        let known = Received { amount: 5_500, refunded: 3_000, disputed: 2_500, provider: "stripe".to_owned() };
        assert_eq!(received(&house, &case, "pi_1").await, (Some(known), 5_500), "{order:?}");
        let shown = house.case(&case).await;
        assert_eq!(sorted(tasks(&shown)), ["disputed", "refunded"], "{order:?}");
        assert_eq!(house.stands(&case).await, "open participate -", "{order:?}");
        let waited = strange(&house).await;
        assert!(waited.iter().all(|w| w["status"] == "closed" && w["outcome"] == "joined"), "{order:?} {waited:#?}");
        house.is_in_order().await;
        assert_eq!(waited.iter().map(|w| tasks(w).len()).sum::<usize>(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_and_its_payment_that_come_at_once_never_miss_each_other() {
    for n in 0..6 {
        let (house, case) = invoiced().await;
        let paid = event(&house, &case, |_| {}).await;
        let (one, two) = (refund("evt_r1", "pi_1", 1_000 + n), dispute("evt_d", "pi_1", 2_000));
        let all = tokio::join!(post(&house, &one), post(&house, &paid), post(&house, &two), post(&house, &paid));
        assert_eq!(all, (202, 202, 202, 202));
        let known = Received { amount: 5_500, refunded: 1_000 + n, disputed: 2_000, provider: "stripe".to_owned() };
        assert_eq!(received(&house, &case, "pi_1").await.0, Some(known));
        assert_eq!(happened(&house.case(&case).await, "payment.recorded"), 1);
        assert!(strange(&house).await.iter().all(|w| w["status"] == "closed"));
        house.is_in_order().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_whose_payment_never_comes_is_a_task_after_some_hours() {
    let (house, case) = invoiced().await;
    let before = mails_to_the_desk(&house).await;
    for n in 0..3 {
        assert_eq!(post(&house, &refund(&format!("evt_{n}"), &format!("pi_9{n}"), 500)).await, 202);
    }
    assert_eq!(mails_to_the_desk(&house).await, before, "it may only be early");
    let [waits] = strange(&house).await.try_into().expect("one case for all of a day");
    assert_eq!((waits["status"].as_str(), happened(&waits, "request.raised")), (Some("open"), 3));
    house.until("2026-12-01T13:00:00+09:00").await;
    assert_eq!(mails_to_the_desk(&house).await, before + 1, "one for all of them");
    let id = waits["id"].as_str().expect("an id");
    assert_eq!(house.stands(id).await, "open look -");
    let link = house.open_link("desk@", id).await;
    assert_eq!(house.answer(&link, "handled", &[]).await.status(), 200);
    // One more of that day is looked at, too; and one that finds its payment late is taken from the list.
    assert_eq!(post(&house, &refund("evt_5", "pi_1", 700)).await, 202);
    house.until("2026-12-01T17:00:00+09:00").await;
    assert_eq!(tasks(&house.case(id).await), ["no-payment-for-it"]);
    assert_eq!(post(&house, &event(&house, &case, |_| {}).await).await, 202);
    assert_eq!(received(&house, &case, "pi_1").await.0.map(|r| r.refunded), Some(700));
    assert_eq!(happened(&house.case(id).await, "request.closed"), 1);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_that_cannot_be_move_no_sum() {
    let (house, case) = invoiced().await;
    let odd =
        [json!(-1), json!(-5_500), json!(i64::MIN), json!(i64::MAX), json!(u64::MAX), json!(1e300), json!("5500")];
    for (n, amount) in odd.iter().enumerate() {
        let paid = event(&house, &case, |e| {
            e["id"] = json!(format!("evt_{n}"));
            e["data"]["object"]["payment_intent"] = json!(format!("pi_7{n}"));
            e["data"]["object"]["amount_total"] = amount.clone();
        });
        assert_eq!(post(&house, &paid.await).await, 202, "{amount}");
        assert_eq!(post(&house, &refund(&format!("evt_r{n}"), "pi_1", amount.clone())).await, 202, "{amount}");
    }
    let shown = house.case(&case).await;
    assert_eq!((happened(&shown, "payment.recorded"), happened(&shown, "payment.refunded")), (0, 0));
    let kept = strange(&house).await;
    let entries = kept.iter().flat_map(|c| c["journal"].as_array().into_iter().flatten());
    let stored = entries.filter(|e| e["type"] == "inbound.unreadable");
    let reasons: Vec<&str> = stored.filter_map(|e| e["detail"]["reason"].as_str()).collect();
    assert!(reasons.contains(&"an amount of less than nothing") && reasons.contains(&"an amount too large to be true"));
    assert_eq!(reasons.len(), 14, "each is stored as it came: {reasons:?}");
    // Told before the payment, more than it was.
    assert_eq!(post(&house, &refund("evt_b", "pi_1", 5_501)).await, 202);
    assert_eq!(post(&house, &event(&house, &case, |_| {}).await).await, 202);
    for (id, amount) in [("evt_a", 5_501), ("evt_c", 9_000), ("evt_d", 0)] {
        assert_eq!(post(&house, &refund(id, "pi_1", amount)).await, 202);
    }
    assert_eq!(
        received(&house, &case, "pi_1").await,
        (Some(Received { amount: 5_500, provider: "stripe".to_owned(), ..Received::default() }), 5_500)
    );
    assert_eq!(tasks(&house.case(&case).await), ["payment-does-not-add-up"], "one for all of it");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_goes_back_than_came_in_also_when_the_invoice_is_gone() {
    let (house, case) = invoiced().await;
    let dollars = event(&house, &case, |e| e["data"]["object"]["currency"] = json!("usd")).await;
    assert_eq!(post(&house, &dollars).await, 202);
    for (id, amount) in [("evt_a", 5_501), ("evt_b", 5_500)] {
        assert_eq!(post(&house, &refund(id, "pi_1", amount)).await, 202);
    }
    let shown = house.case(&case).await;
    assert_eq!(happened(&shown, "payment.refunded"), 1, "what came in is known by the payment's mark");
    assert_eq!(sorted(tasks(&shown)), ["payment-does-not-add-up", "payment-in-other-currency", "refunded"]);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nine_hundred_disputes_are_a_handful_of_tasks() {
    let (house, case) = invoiced().await;
    assert_eq!(post(&house, &event(&house, &case, |_| {}).await).await, 202);
    let before = mails_to_the_desk(&house).await;
    for n in 0..60 {
        let more = event(&house, &case, |e| {
            e["id"] = json!(format!("evt_p{n}"));
            e["data"]["object"]["payment_intent"] = json!(format!("pi_8{n}"));
            let known = e["data"]["object"]["client_reference_id"].as_str().expect("a reference").to_owned();
            // Half of them name invoices that nobody knows.
            let made_up = format!("{case}-{}", banto_domain::Id::derive(&["invoice", &n.to_string()]));
            e["data"]["object"]["client_reference_id"] = json!(if n % 2 == 0 { known } else { made_up });
        });
        assert_eq!(post(&house, &more.await).await, 202);
        assert_eq!(post(&house, &dispute(&format!("evt_d{n}"), &format!("pi_8{n}"), 5_500)).await, 202);
        assert_eq!(post(&house, &dispute(&format!("evt_e{n}"), "pi_1", 5_501 + n)).await, 202);
    }
    let shown = house.case(&case).await;
    let reasons = tasks(&shown);
    assert!(reasons.len() <= 9 + 1, "{reasons:?}");
    let counts = reasons.iter().find_map(|r| r.strip_prefix("payments-flood:")).expect("one that counts");
    assert!(counts.parse::<u32>().is_ok_and(|n| n > 10), "{counts}");
    assert!(mails_to_the_desk(&house).await - before <= 10, "{}", mails_to_the_desk(&house).await - before);
    let key = key(&house, &case).await;
    let stands = house.host.world().env.ledger.load(&key).await.expect("the store").expect("a case").case;
    assert!(stands.tracks.len() < 40, "{} tracks", stands.tracks.len());
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_fails_five_times_is_one_mail_and_one_task_that_counts() {
    let (house, case) = invoiced().await;
    let (desk, all) = (mails_to_the_desk(&house).await, house.mails().await.len());
    for n in 0..5 {
        let failed = event(&house, &case, |e| {
            e["id"] = json!(format!("evt_f{n}"));
            e["type"] = json!("checkout.session.async_payment_failed");
        });
        assert_eq!(post(&house, &failed.await).await, 202);
        house.host.idle().await.expect("idle");
    }
    assert_eq!(tasks(&house.case(&case).await), ["payment-keeps-failing:5"]);
    let mails = house.mails().await.len() - all;
    assert_eq!((mails_to_the_desk(&house).await - desk, mails), (1, 2), "one to the office, one to who pays");
    // The one mail's link leads to what is asked now, with the count.
    let replaced = body(&house.look(&house.link("desk@").await).await);
    let link = replaced.split("/a/").nth(1).and_then(|rest| rest.split('"').next()).expect("what is asked now");
    let page = body(&house.look(link).await);
    assert!(page.contains("お支払いの失敗が続いています(5回)"), "{page}");
    assert_eq!(post(&house, &event(&house, &case, |_| {}).await).await, 202);
    assert_eq!(tasks(&house.case(&case).await), [] as [&str; 0], "it was paid after all");
    house.is_in_order().await;
}
