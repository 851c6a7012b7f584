//! A coach closes days: nothing more is taken there from that moment, and each customer who has a booking there hears of it
//! once, with other times, however often it is interrupted.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use banto::pay::Outcome;
use banto_domain::state::Party;
use banto_domain::{CaseKey, Entry};
use jiff::ToSpan;
use jiff::civil::{Date, date, time};
use serde_json::{Value, json};

use super::house::House;
use super::imports::killed::house as mortal;
use super::imports::{COACH, bring_in, collector};
use super::payments::invoiced;
use super::requests::{MONDAY, NAO, named};
use super::steps::event;

const REASON: (&str, &str) = ("field.closed_why", "ill");

/// Customers of one coach, with a session each from a day on, so many a day; begun.
pub(crate) async fn customers(house: &House, (from, per_day): (Date, usize), n: usize) -> Vec<String> {
    let row = |k: usize| {
        let day = from.saturating_add(i64::try_from(k / per_day).expect("few").days());
        let minutes = i64::try_from(k % per_day).expect("few") * 75;
        let at = day.to_datetime(time(10, 0, 0, 0)).saturating_add(minutes.minutes());
        let at = at.strftime("%Y-%m-%d %H:%M");
        format!("C-{k},田中 花,u{k}@customer.example,6回プログラム,4,2027-03-31,{at},山田 花子,,,,2025-04-01,")
    };
    assert_eq!(bring_in(house, &(0..n).map(row).collect::<Vec<_>>()).await.opened, n);
    let asks = collector(house).await;
    let link = house.open_link(COACH, &asks).await;
    assert_eq!(house.answer(&link, "start", &[]).await.status(), 200);
    house.case_numbers().await.into_iter().filter(|case| *case != asks).collect()
}

async fn key(house: &House, case: &str) -> CaseKey {
    let keys = house.host.world().env.ledger.cases().await.expect("cases");
    keys.into_iter().find(|key| key.case.as_str() == case).expect("a case")
}

/// The token of a coach's own page of a case.
async fn page_of(house: &House, case: &str, coach: &str) -> String {
    page_of_party(house, case, &Party::Person(coach.to_owned())).await
}

/// The token of somebody's own page of a case.
pub(crate) async fn page_of_party(house: &House, case: &str, who: &Party) -> String {
    let link = house.host.world().env.page_link(&key(house, case).await, who);
    link.rsplit('/').next().expect("a token").to_owned()
}

/// A coach closes days on her page of a case.
pub(crate) async fn closes(house: &House, case: &str, (from, to): (&str, &str)) -> (u16, Value) {
    let token = page_of(house, case, "yamada").await;
    house.want(&token, "closure", &[("field.closed_from", from), ("field.closed_to", to), REASON]).await
}

/// How many mails of a template each address got.
async fn told(house: &House, template: &str) -> Vec<(String, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for mail in house.mails().await.into_iter().filter(|m| m.template.as_deref() == Some(template)) {
        *counts.entry(mail.to).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}

/// How many requests of closed days were raised in each of these cases.
async fn raised(house: &House, cases: &[String]) -> Vec<usize> {
    let mut all = Vec::new();
    for case in cases {
        let journal = house.journal(case).await;
        let entries = journal.iter().flat_map(|commit| &commit.entries);
        all.push(
            entries.filter(|e| matches!(&e.entry, Entry::RequestRaised { kind, .. } if kind == "coach-away")).count(),
        );
    }
    all
}

async fn chooses(house: &House, (to, case): (&str, &str), nth: usize) {
    let slot = house.slots(case).await[nth].clone();
    let link = house.open_link(to, case).await;
    assert_eq!(house.answer(&link, &slot, &[]).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coach_who_is_ill_on_a_day_with_six_sessions_tells_it_once() {
    let house = House::open(MONDAY).await;
    let cases = customers(&house, (date(2026, 12, 15), 6), 6).await;
    house.until("2026-12-15T08:10:00+09:00").await;
    let reminded = house.mails().await.len();
    let (status, receipt) = closes(&house, &cases[2], ("2026-12-15", "2026-12-16")).await;
    assert_eq!(status, 200, "{receipt:#}");
    let closing = receipt["receipt"]["case"].as_str().expect("a case").to_owned();
    assert!(!cases.contains(&closing) && receipt.to_string().contains("体調不良"), "{receipt:#}");
    assert_eq!(house.stands(&closing).await, "closed - closed");
    // Each customer one mail, the coach one: how many, and which.
    assert_eq!(told(&house, "coach-cannot").await.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [1; 6]);
    assert_eq!(house.mails().await.len(), reminded + 7, "{:#?}", house.post().await);
    let summary = house.mails().await.into_iter().find(|m| m.template.as_deref() == Some("closure-summary"));
    let summary = summary.expect("a summary").text;
    assert!(
        summary.contains("全6件") && summary.contains("2026-12-15 16:15") && summary.contains(&cases[0]),
        "{summary}"
    );
    assert!(!summary.contains("田中"), "{summary}");
    assert_eq!(raised(&house, &cases).await, [1; 6]);
    // What is offered lies on no closed day, and on the customer's page stands why.
    for case in &cases {
        let slots = house.slots(case).await;
        assert!(
            !slots.is_empty() && slots.iter().all(|s| !s.contains("2026-12-15") && !s.contains("2026-12-16")),
            "{slots:?}"
        );
    }
    // Nobody is reminded of the old time, or asked how it went.
    house.until("2026-12-15T20:00:00+09:00").await;
    assert_eq!(house.mails().await.len(), reminded + 7, "{:#?}", house.post().await);
    // Three choose; each is moved once.
    for (n, case) in cases.iter().enumerate().take(3) {
        let mails = house.mails().await;
        let to = mails
            .iter()
            .find(|m| m.text.contains(case.as_str()) && m.to.contains("@customer.example"))
            .expect("a mail");
        let to = to.to.clone();
        chooses(&house, (&to, case), n).await;
        assert_eq!(house.happened(case, "booking.moved").await, 1, "{n}");
    }
    assert_eq!(house.sent("hanako@", "coach-moved").await, 3);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mass_move_that_dies_in_the_middle_apologises_once_to_each_of_two_hundred() {
    let (house, deaths) = mortal().await;
    let cases = customers(&house, (date(2026, 12, 7), 11), 200).await;
    // It dies after some forty transactions, which was made and nobody heard.
    deaths.made.store(true, Ordering::SeqCst);
    deaths.left.store(40, Ordering::SeqCst);
    let (status, receipt) = closes(&house, &cases[0], ("2026-12-05", "2026-12-25")).await;
    assert_eq!(status, 200, "{receipt:#}");
    house.until("2026-12-01T01:00:00Z").await;
    assert!(deaths.left.load(Ordering::SeqCst) < 0, "it died");
    let closing = receipt["receipt"]["case"].as_str().expect("a case").to_owned();
    assert_eq!(house.stands(&closing).await, "closed - closed");
    assert_eq!(raised(&house, &cases).await, vec![1; 200]);
    let (told, waits) = (told(&house, "coach-cannot").await, told(&house, "coach-cannot-wait").await);
    let all: BTreeSet<&String> = told.iter().chain(&waits).map(|(to, _)| to).collect();
    assert_eq!((all.len(), told.len() + waits.len()), (200, 200), "each one of them");
    assert!(told.iter().chain(&waits).all(|(_, n)| *n == 1), "once");
    assert_eq!(house.sent("hanako@", "closure-summary").await, 1);
    for case in &cases {
        assert_eq!(house.happened(case, "booking.moved").await, 0, "nobody has chosen");
    }
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn called_twice_at_once_it_asks_each_once() {
    let house = House::open(MONDAY).await;
    let cases = customers(&house, (date(2026, 12, 14), 6), 12).await;
    let token = page_of(&house, &cases[0], "yamada").await;
    let page = house.my_page(&token).await;
    let shown = page["shown"].as_str().expect("a mark");
    let fields = [("field.closed_from", "2026-12-14"), ("field.closed_to", "2026-12-15"), REASON];
    let mut press = vec![("request", "closure"), ("shown", shown), ("confirm", "yes")];
    press.extend(fields);
    // The same press twice, and the step thrice.
    let (one, two) = tokio::join!(house.ask_for(&token, &press), house.ask_for(&token, &press));
    assert_eq!((one.0, two.0), (200, 200));
    assert_eq!(one.1["receipt"], two.1["receipt"]);
    let closing = one.1["receipt"]["case"].as_str().expect("a case").to_owned();
    let entered = house.journal(&closing).await.into_iter().flat_map(|commit| commit.entries);
    let entered = entered.into_iter().find(|e| matches!(e.entry, Entry::NodeEntered { .. })).expect("a step").id;
    let poke = json!({ "source": "banto", "detail": { "client": "yamada", "case": closing, "cause": entered } });
    let world = house.host.world();
    let again = || event(world, "close-days", poke.clone());
    let (a, b, c) = tokio::join!(again(), again(), again());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    house.host.idle().await.expect("idle");
    assert_eq!(raised(&house, &cases).await, [1; 12]);
    assert_eq!(told(&house, "coach-cannot").await.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [1; 12]);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_taken_on_a_closed_day_by_whoever_was_offered_it_before() {
    let house = House::open(MONDAY).await;
    let (nao, slot) = house.booked(&NAO, 5).await;
    let mut ken = NAO.to_vec();
    (ken[0], ken[1]) = (("name", "髙橋 健"), ("email", "ken@customer.example"));
    let case = house.inquire(["yamada", "session"], &ken).await;
    let offered = house.slots(&case).await[0].clone();
    let mut rin = NAO.to_vec();
    (rin[0], rin[1], rin[3]) = (("name", "原 凛"), ("email", "rin@customer.example"), ("menu", "trial"));
    let trial = house.inquire(["yamada", "inquiry"], &rin).await;
    chooses(&house, ("rin@", &trial), 0).await;
    assert_eq!(house.stands(&trial).await, "open trial-info -");
    for (from, to) in [("2026-12-06", "2026-12-20"), ("2026-12-10", "2026-12-09"), ("2026-12-10", "2027-02-10")] {
        assert_eq!(closes(&house, &nao, (from, to)).await.0, 422, "{from} {to}");
    }
    assert!(slot.starts_with("yamada/") || offered.starts_with("yamada/"));
    assert_eq!(closes(&house, &nao, ("2026-12-07", "2026-12-20")).await.0, 200);
    // Who was shown a time there can't have it any more, and what was only held is lost as it is confirmed.
    let link = house.open_link("ken@", &case).await;
    assert_eq!(house.answer(&link, &offered, &[]).await.status(), 409, "{offered}");
    let link = house.open_link("rin@", &trial).await;
    assert_eq!(house.answer(&link, "agree", &[]).await.status(), 200);
    assert_eq!(house.happened(&trial, "booking.confirmed").await, 0);
    assert_eq!(house.stands(&trial).await, "open offer-trial -");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seminar_on_a_closed_day_is_called_off_and_a_person_sees_to_it() {
    let (house, case) = invoiced().await;
    assert_eq!(house.pay(&case, Outcome::Paid).await, 202);
    assert_eq!(house.stands(&case).await, "open participate -");
    assert_eq!(closes(&house, &case, ("2026-12-12", "2026-12-12")).await.0, 200);
    assert_eq!((told(&house, "seminar-off").await.len(), told(&house, "coach-cannot").await.len()), (1, 0));
    let link = house.open_link("desk@", &case).await;
    assert_eq!(house.answer(&link, "next-date", &[]).await.status(), 200);
    assert_eq!(house.stands(&case).await, "open offer-again -");
    assert!(house.slots(&case).await.iter().all(|slot| !slot.contains("2026-12-12")));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_closed_by_the_coach_alone_and_another_coachs_stay_open() {
    let house = House::open(MONDAY).await;
    let cases = customers(&house, (date(2026, 12, 14), 2), 2).await;
    let mori = page_of(&house, &cases[0], "mori").await;
    let page = house.my_page(&mori).await;
    assert!(named(&page, "closure").is_some() && named(&page, "coach-away").is_none(), "{page:#}");
    let days = [("field.closed_from", "2026-12-10"), ("field.closed_to", "2026-12-20"), REASON];
    assert_eq!(house.want(&mori, "closure", &days).await.0, 200);
    assert_eq!(raised(&house, &cases).await, [0, 0], "these are another's");
    assert_eq!(told(&house, "coach-cannot").await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_runs_on_after_midnight_is_of_the_day_on_which_it_begins() {
    let house = House::open(MONDAY).await;
    let row = "C-1,田中 花,u1@customer.example,6回プログラム,4,2027-03-31,2026-12-15 23:30,山田 花子,,,,2025-04-01,";
    assert_eq!(bring_in(&house, &[row.to_owned()]).await.opened, 1);
    let asks = collector(&house).await;
    let link = house.open_link(COACH, &asks).await;
    assert_eq!(house.answer(&link, "start", &[]).await.status(), 200);
    let case = house.case_numbers().await.into_iter().find(|case| *case != asks).expect("a case");
    // It ends on the 16th, half an hour after midnight: that day off leaves it alone.
    assert_eq!(closes(&house, &case, ("2026-12-16", "2026-12-16")).await.0, 200);
    assert_eq!(
        (raised(&house, std::slice::from_ref(&case)).await, house.happened(&case, "booking.moved").await),
        (vec![0], 0)
    );
    house.until("2026-12-08T09:00:00+09:00").await;
    assert_eq!(closes(&house, &case, ("2026-12-15", "2026-12-15")).await.0, 200);
    assert_eq!(raised(&house, &[case]).await, [1]);
    house.is_in_order().await;
}
