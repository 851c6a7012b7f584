//! What payment providers say that fits nothing: stored all the same, put to a person without flooding them, and never
//! counted for more than it is.

use banto::pay::stripe_signature;
use banto_domain::playbook::Provider;
use banto_domain::rules::answer::{self, Submission};
use banto_domain::rules::ask::Opening;
use banto_domain::rules::billing::{self, Payment};
use banto_domain::rules::{Draft, ask};
use banto_domain::state::commit::hash;
use banto_domain::state::{Party, Seat};
use banto_domain::steps::ISSUE_INVOICE;
use banto_domain::{CaseKey, Entry, Id, Rejection, TokenId};
use serde_json::{Value, json};

use super::house::House;
use super::payments::{SECRET, event, happened, invoiced, post, tasks};
use super::pure::{Pure, yamada};
use super::steps::body;

pub(crate) async fn key(house: &House, case: &str) -> CaseKey {
    let keys = house.host.world().env.ledger.cases().await.expect("cases");
    keys.into_iter().find(|k| k.case.as_str() == case).expect("a case")
}

/// The cases of what could not be understood.
pub(crate) async fn strange(house: &House) -> Vec<Value> {
    let mut strange = Vec::new();
    for key in house.host.world().env.ledger.cases().await.expect("cases") {
        let shown = house.case(key.case.as_str()).await;
        if shown["flow"] == "unreadable" {
            strange.push(shown);
        }
    }
    strange
}

pub(crate) async fn mails_to_the_desk(house: &House) -> usize {
    house.mails().await.iter().filter(|m| m.to.contains("desk@")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_one_kind_and_day_are_one_task() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let unknown = |id: &str| json!({ "id": id, "type": "customer.created", "data": { "object": {} } });
    for id in ["evt_1", "evt_2", "evt_2", "evt_3"] {
        assert_eq!(post(&house, &unknown(id)).await, 202);
    }
    let [first] = strange(&house).await.try_into().expect("one case");
    assert_eq!((happened(&first, "inbound.unreadable"), mails_to_the_desk(&house).await), (3, 1));
    let link = house.link("desk@").await;
    assert!(body(&house.look(&link).await).contains("evt_3"));
    house.answer(&link, "handled", &[]).await;
    assert_eq!(post(&house, &unknown("evt_4")).await, 202);
    assert_eq!((strange(&house).await.len(), mails_to_the_desk(&house).await), (1, 1), "somebody knows of that kind");
    let other = json!({ "id": "evt_5", "type": "customer.deleted", "data": { "object": {} } });
    assert_eq!(post(&house, &other).await, 202);
    house.until("2026-12-02T09:00:00+09:00").await;
    assert_eq!(post(&house, &unknown("evt_6")).await, 202);
    assert_eq!(strange(&house).await.len(), 3, "another kind, and another day");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_about_no_case_is_looked_at_also_when_the_first_was_dealt_with() {
    let (house, case) = invoiced().await;
    for (id, pi) in [("evt_1", "pi_1"), ("evt_2", "pi_2")] {
        let strange = event(&house, &case, |e| {
            e["id"] = json!(id);
            e["data"]["object"]["payment_intent"] = json!(pi);
            e["data"]["object"]["client_reference_id"] = json!("another shop's");
        });
        let before = mails_to_the_desk(&house).await;
        assert_eq!(post(&house, &strange.await).await, 202);
        assert_eq!(mails_to_the_desk(&house).await, before + 1);
        let link = house.link("desk@").await;
        let page = body(&house.look(&link).await);
        assert!(page.contains(pi), "{page}");
        let answer = if id == "evt_1" { "handled" } else { "done" };
        assert_eq!(house.answer(&link, answer, &[]).await.status(), 200);
    }
    assert_eq!(strange(&house).await.len(), 1);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_only_begun_is_stored_and_bothers_nobody() {
    let (house, case) = invoiced().await;
    let begun = event(&house, &case, |e| e["data"]["object"]["payment_status"] = json!("unpaid")).await;
    assert_eq!(post(&house, &begun).await, 202);
    let content = hash(&json!([begun["type"], begun["data"]]).to_string());
    let cause = Id::derive(&["payment", "yamada", "stripe", "evt_1", &content]);
    let (key, inbound) = (key(&house, &case).await, Id::derive(&["inbound", cause.as_str()]));
    let kept = house.host.world().env.ledger.inbound(&key, &inbound).await.expect("the store");
    assert_eq!(kept.as_deref(), Some(begun.to_string().as_bytes()), "as it came");
    assert_eq!((tasks(&house.case(&case).await), strange(&house).await.len()), (vec![], 0));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_writes_never_enters_the_journal() {
    let (house, case) = invoiced().await;
    let person = "Hanako Yamada hanako1@customer.example 山田花子";
    let long = format!("{person}{}", "1".repeat(5_000));
    let all = ["id", "payment_intent", "currency", "client_reference_id", "payment_status"];
    for (n, name) in all.into_iter().enumerate() {
        for (kind, text) in [("checkout.session.completed", person), ("charge.refunded", long.as_str())] {
            let odd = event(&house, &case, |e| {
                e["id"] = json!(format!("{text}{n}"));
                e["type"] = json!(kind);
                e["data"]["object"]["amount_refunded"] = json!(1);
                e["data"]["object"][name] = json!(text);
            });
            assert_eq!(post(&house, &odd.await).await, 202, "{name}");
        }
    }
    for kind in ["hanako.yamada", person, &long, ""] {
        let odd = event(&house, &case, |e| e["type"] = json!(kind)).await;
        assert_eq!(post(&house, &odd).await, 202, "{kind}");
    }
    let paid = house.case(&case).await;
    assert!(happened(&paid, "payment.recorded") > 0, "{paid:#}");
    for key in house.host.world().env.ledger.cases().await.expect("cases") {
        for stored in house.host.world().env.ledger.journal(&key).await.expect("a journal") {
            for part in ["anako", "amada H", "customer.example", "花子", "11111111"] {
                assert!(!stored.body.contains(part), "{part} stands in {}", stored.body);
            }
        }
    }
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_under_one_id_of_an_event_or_under_a_long_one_of_their_own_are_all_recorded() {
    for id in ["", "constant", "long".repeat(2_000).as_str()] {
        let (house, case) = invoiced().await;
        let payments = [format!("pi_1{id}"), format!("pi_2{id}")];
        for payment in &payments {
            let paid = event(&house, &case, |e| {
                e["id"] = json!(id);
                e["data"]["object"]["payment_intent"] = json!(payment);
            });
            let paid = paid.await;
            assert_eq!((post(&house, &paid).await, post(&house, &paid).await), (202, 202));
        }
        assert_eq!(happened(&house.case(&case).await, "payment.recorded"), 2, "the second is looked at by a person");
        // What goes back finds its payment all the same.
        assert_eq!(post(&house, &turned("evt_back", &payments[0], 1_000)).await, 202);
        assert_eq!(happened(&house.case(&case).await, "payment.refunded"), 1);
        house.is_in_order().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_is_never_made_up() {
    let (house, case) = invoiced().await;
    let reference = format!("{case}-no invoice of ours");
    let paid = event(&house, &case, |e| e["data"]["object"]["client_reference_id"] = json!(reference)).await;
    assert_eq!(post(&house, &paid).await, 202);
    assert_eq!(happened(&house.case(&case).await, "payment.recorded"), 0);
    let link = house.link("desk@").await;
    let page = body(&house.look(&link).await);
    assert!(page.contains("no invoice of ours"), "what it named is there: {page}");
    let known = Id::derive(&["an invoice of long ago"]);
    let late = event(&house, &case, |e| {
        e["id"] = json!("evt_2");
        e["data"]["object"]["client_reference_id"] = json!(format!("{case}-{known}"));
    });
    assert_eq!(post(&house, &late.await).await, 202);
    let shown = house.case(&case).await;
    let recorded = shown["journal"].as_array().expect("a journal").iter().find(|e| e["type"] == "payment.recorded");
    assert_eq!(recorded.expect("a payment")["detail"]["invoice"], json!(known));
    assert_eq!(tasks(&shown), ["payment-unexpected"]);
    house.is_in_order().await;
}

fn turned(id: &str, payment: &str, amount: i64) -> Value {
    json!({ "id": id, "type": "charge.refunded",
        "data": { "object": { "id": "ch_1", "payment_intent": payment, "amount_refunded": amount } } })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_goes_back_than_came_in() {
    let (house, case) = invoiced().await;
    assert_eq!(post(&house, &event(&house, &case, |_| {}).await).await, 202);
    for (id, amount) in [("evt_a", 5_501), ("evt_b", -1), ("evt_c", 0)] {
        assert_eq!(post(&house, &turned(id, "pi_1", amount)).await, 202);
    }
    let shown = house.case(&case).await;
    assert_eq!((happened(&shown, "payment.refunded"), strange(&house).await.len()), (0, 1));
    assert_eq!(tasks(&shown), ["payment-does-not-add-up"], "one for all that is odd about it");
    for (id, amount) in [("evt_d", 1_000), ("evt_e", 5_500), ("evt_f", 1_000)] {
        assert_eq!(post(&house, &turned(id, "pi_1", amount)).await, 202);
    }
    let dispute = json!({ "id": "evt_g", "type": "charge.dispute.created",
        "data": { "object": { "id": "dp_1", "payment_intent": "pi_1", "amount": 9_999 } } });
    assert_eq!(post(&house, &dispute).await, 202);
    let key = key(&house, &case).await;
    let stands = house.host.world().env.ledger.load(&key).await.expect("the store").expect("a case").case;
    let received = stands.invoices().find_map(|(_, i)| i.payments.get("pi_1").cloned()).expect("the payment");
    assert_eq!((received.amount, received.refunded, received.disputed), (5_500, 5_500, 0));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reason_is_a_task_of_its_own_without_a_button_that_does_nothing() {
    let (house, case) = invoiced().await;
    let more = event(&house, &case, |e| e["data"]["object"]["amount_total"] = json!(6_000)).await;
    assert_eq!(post(&house, &more).await, 202);
    let twice = event(&house, &case, |e| {
        e["id"] = json!("evt_2");
        e["data"]["object"]["payment_intent"] = json!("pi_2");
    });
    assert_eq!(post(&house, &twice.await).await, 202);
    let mut reasons = tasks(&house.case(&case).await);
    reasons.sort();
    assert_eq!(reasons, ["overpaid", "paid-twice"]);
    let link = house.open_link("desk@", &case).await;
    let page = body(&house.look(&link).await);
    assert!(!page.contains("もう一度実行する") && page.contains("対応済みにする"), "{page}");
    assert_eq!(house.answer(&link, "done", &[]).await.status(), 200);
    assert_eq!(tasks(&house.case(&case).await).len(), 1);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_and_a_bank_may_both_tell() {
    let folder = yamada(|folder| {
        folder.playbook.billing.as_mut().expect("billing").providers = vec![Provider::Stripe, Provider::Generic];
        let secret = "whsec_ZGVtby1oYXJib3ItcGF5bWVudHMtZGVtbyEh".to_owned();
        folder.demo_secrets.insert("payment:generic".to_owned(), secret);
    });
    let house = House::open_with("2026-12-01T09:00:00+09:00", &[folder]).await;
    let content = "{}";
    for (provider, header, value) in [
        ("stripe", "stripe-signature", stripe_signature(SECRET, content, house.host.now())),
        ("stripe", "stripe-signature", "t=1,v1=00".to_owned()),
        ("generic", "webhook-signature", "v1,AAAA".to_owned()),
    ] {
        let request = http::Request::post("/").header(header, &value);
        let params = [("client", "yamada"), ("provider", provider)];
        let status = house.http("receive-payment", &params, request, content).await.status();
        assert_eq!(status, if value.len() > 20 { 202 } else { 401 }, "{provider} {value}");
    }
}

fn pay(draft: &mut Draft<'_>, invoice: &Id, n: u32) -> Result<(), Rejection> {
    let open = draft.case()?.invoice(invoice).cloned().expect("an invoice");
    let id = format!("pi_{n}");
    let (provider, amount, currency) = ("stripe".to_owned(), open.total, open.currency);
    billing::pay(draft, Payment { id, invoice: invoice.clone(), provider, amount, currency, occurred_at: draft.now })
}

/// A session of the programme, held.
fn session(case: &mut Pure<'_>, day: i8) {
    let start = jiff::civil::date(2026, 12, day).at(10, 0, 0, 0);
    let seat = Seat {
        coach: "yamada".to_owned(),
        start,
        zone: "Asia/Tokyo".to_owned(),
        minutes: 60,
        before: 0,
        after: 15,
        group: None,
    };
    let (booking, token) = (Id::derive(&["booking", &day.to_string()]), TokenId::default());
    let held =
        Entry::BookingHeld { booking: booking.clone(), menu: "programme".to_owned(), seat, until: case.now, token };
    case.commit(|draft| {
        draft.push(held)?;
        draft.push(Entry::BookingConfirmed { booking: booking.clone(), reminders: Vec::new() })?;
        draft.push(Entry::SessionHeld { booking })
    });
}

#[test]
fn a_second_package_starts_with_its_own_sessions_and_what_was_left() {
    let playbook = yamada(|_| {}).playbook;
    let mut case = Pure::open(&playbook, "unreadable");
    case.run();
    let today = case.now.to_zoned(playbook.time_zone()).date();
    let buy = |case: &mut Pure<'_>, n: u32| {
        let invoice = case.commit(|draft| billing::issue(draft, &TokenId::default(), "programme"));
        case.commit(|draft| pay(draft, &invoice, n));
    };
    session(&mut case, 1);
    buy(&mut case, 1);
    assert_eq!(case.case.sessions_left(today), 5, "one was held before it was paid for");
    (2..=5).for_each(|day| session(&mut case, day));
    assert_eq!(case.case.sessions_left(today), 1);
    buy(&mut case, 2);
    assert_eq!(case.case.sessions_left(today), 7, "six more, and the one that was left");
    (6..=12).for_each(|day| session(&mut case, day));
    assert_eq!(case.case.sessions_left(today), 0);
    buy(&mut case, 3);
    assert_eq!(case.case.sessions_left(today), 6);
}

#[test]
fn a_transfer_pays_the_invoice_that_was_asked_about() {
    let playbook = yamada(|_| {}).playbook;
    let mut case = Pure::open(&playbook, "unreadable");
    case.run();
    let issue = |case: &mut Pure<'_>| case.commit(|draft| billing::issue(draft, &TokenId::default(), "single"));
    let (first, last) = (issue(&mut case), issue(&mut case));
    let ask = case.commit(|draft| {
        let (tracks, beside) = (vec![first.clone()], true);
        let opening = Opening { question: "transfer", owner: ISSUE_INVOICE, tracks, beside, ..Opening::default() };
        ask::open(draft, opening)
    });
    let said = Submission { answer: "paid".to_owned(), confirm: true, ..Submission::default() };
    case.commit(|draft| {
        let who = Party::Person("desk".to_owned());
        answer::decide(draft, &ask, &who, &said, ("", None)).expect("taken");
        Ok(())
    });
    let settled = |id: &Id| case.case.invoice(id).map(|i| i.settled);
    assert_eq!((settled(&first), settled(&last)), (Some(true), Some(false)));
}

#[test]
fn a_session_that_was_held_is_the_one_that_was_asked_about() {
    let playbook = yamada(|_| {}).playbook;
    let mut case = Pure::open(&playbook, "unreadable");
    case.run();
    let book = |case: &mut Pure<'_>, day: i8| {
        let start = jiff::civil::date(2026, 12, day).at(10, 0, 0, 0);
        let (coach, zone) = ("yamada".to_owned(), "Asia/Tokyo".to_owned());
        let seat = Seat { coach, start, zone, minutes: 60, before: 0, after: 15, group: None };
        let (booking, token, menu) = (Id::derive(&["b", &day.to_string()]), TokenId::default(), "single".to_owned());
        case.commit(|draft| {
            draft.push(Entry::BookingHeld { booking: booking.clone(), menu, seat, until: draft.now, token })?;
            draft.push(Entry::BookingConfirmed { booking: booking.clone(), reminders: Vec::new() })
        });
        booking
    };
    let (first, last) = (book(&mut case, 2), book(&mut case, 9));
    let ask = case.commit(|draft| {
        let (tracks, beside) = (vec![first.clone()], true);
        ask::open(
            draft,
            Opening { question: "session-result", owner: "run-session", tracks, beside, ..Opening::default() },
        )
    });
    let asked = case.case.ask(&ask).cloned().expect("an ask");
    let question = &playbook.questions["session-result"];
    let held = question.answers.iter().find(|a| a.means == Some(banto_domain::playbook::Means::Held)).expect("held");
    let said = Submission { answer: held.name.clone(), ..Submission::default() };
    case.commit(|draft| {
        answer::decide(draft, &ask, &Party::Person(asked.people[0].clone()), &said, ("", None)).expect("taken");
        Ok(())
    });
    assert!(case.case.booking(&first).is_none() && case.case.booking(&last).is_some());
}
