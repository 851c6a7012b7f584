use std::collections::BTreeMap;

use jiff::civil::date;

use super::super::sample::practice;
use super::*;
use crate::state::Dunned;

fn ladder() -> Ladder {
    serde_json::from_value(serde_json::json!({
        "label": { "ja": "", "en": "" }, "at": "10:00", "grace": 7, "steps": [
            { "name": "notice", "day": -2, "template": "t" }, { "name": "first", "day": 1, "template": "t" },
            { "name": "second", "day": 6, "template": "t" }, { "name": "last", "day": 12, "template": "t" },
        ],
    }))
    .expect("a ladder")
}

fn invoice(due_on: Date, issued: &str) -> Invoice {
    Invoice {
        n: 1,
        number: "X-1".to_owned(),
        lines: Vec::new(),
        taxes: Vec::new(),
        total: 5_500,
        currency: "JPY".to_owned(),
        due_on,
        paid: 0,
        settled: false,
        token: TokenId::default(),
        part: None,
        waived: false,
        reduced: 0,
        receipts: 0,
        led_on: false,
        issued_at: Some(issued.parse().expect("an instant")),
        checked_at: None,
        dunned: None,
        paid_at: None,
        payments: BTreeMap::new(),
    }
}

/// Every mail of a ladder and its end, in civil time of the payer, when each mail arrives so many hours after it left.
fn all(due_on: Date, issued: &str, zone: &str, late: i64) -> Vec<String> {
    let (playbook, ladder) = (practice("Asia/Tokyo", serde_json::Value::Null), ladder());
    let mut invoice = invoice(due_on, issued);
    let zone = TimeZone::get(zone).expect("a zone");
    let mut now: Timestamp = issued.parse().expect("an instant");
    let mut told = Vec::new();
    loop {
        let plan = Plan { playbook: &playbook, ladder: &ladder, invoice: &invoice, zone: zone.clone() };
        let (step, at) = plan.next(now);
        now = now.max(at);
        let name = step.map_or("end", |step| step.name.as_str());
        told.push(format!("{} {name}", now.to_zoned(zone.clone()).strftime("%m-%d %H:%M")));
        let Some(step) = step else { return told };
        let arrived = now.checked_add(late.hours()).expect("an instant");
        invoice.dunned =
            Some(Dunned { done: Some(step.name.clone()), at: Some(arrived), message: None, stopped: false });
    }
}

#[test]
fn mails_leave_on_working_days_and_count_from_when_they_arrived() {
    let tokyo = |due, late| all(due, "2026-12-01T00:00:00Z", "Asia/Tokyo", late);
    // The 6th is a Sunday, and so is the 20th.
    let usual =
        ["12-04 10:00 notice", "12-09 10:00 first", "12-14 10:00 second", "12-21 10:00 last", "12-28 10:00 end"];
    assert_eq!(tokyo(date(2026, 12, 8), 1), usual);
    // Each mail takes three days to arrive: whoever gets it has as long as was agreed.
    let late = ["12-04 10:00 notice", "12-09 10:00 first", "12-17 10:00 second", "12-28 10:00 last", "01-07 10:00 end"];
    assert_eq!(tokyo(date(2026, 12, 8), 72), late);
}

#[test]
fn nothing_leaves_over_the_turn_of_the_year() {
    let usual = all(date(2026, 12, 28), "2026-12-21T00:00:00Z", "Asia/Tokyo", 1);
    assert_eq!(
        usual,
        ["12-25 10:00 notice", "01-04 10:00 first", "01-12 10:00 second", "01-18 10:00 last", "01-25 10:00 end"],
        "the 11th is a holiday"
    );
}

#[test]
fn a_payer_elsewhere_has_their_own_day_and_the_bank_has_seen_it() {
    let (playbook, ladder) = (practice("Asia/Tokyo", serde_json::Value::Null), ladder());
    for (zone, due_on, first) in [
        ("Asia/Tokyo", date(2026, 12, 8), "2026-12-09T10:00:00+09:00"),
        ("America/Los_Angeles", date(2026, 12, 8), "2026-12-09T10:00:00-08:00"),
        // The evening in London is the next day for the bank in Tokyo, which sees it on the one after.
        ("Europe/London", date(2026, 12, 8), "2026-12-10T10:00:00+00:00"),
        // The transfer of Friday evening in Los Angeles is made on Saturday in Tokyo: its bank sees it on Monday.
        ("America/Los_Angeles", date(2026, 12, 11), "2026-12-14T10:00:00-08:00"),
        ("America/Los_Angeles", date(2026, 3, 6), "2026-03-09T10:00:00-07:00"),
    ] {
        let invoice = invoice(due_on, "2026-03-01T00:00:00Z");
        let zone = TimeZone::get(zone).expect("a zone");
        let plan = Plan { playbook: &playbook, ladder: &ladder, invoice: &invoice, zone: zone.clone() };
        let over = plus(due_on, 1).to_zoned(zone).expect("a day").timestamp();
        let first: Timestamp = first.parse().expect("an instant");
        // Whatever the hour at which it is looked at, all through the last day to pay on and the one after.
        for hour in -24..24 {
            let now = over.checked_add(hour.hours()).expect("an instant");
            let (step, at) = plan.next(now);
            assert_eq!((step.map(|s| s.name.as_str()), at), (Some("first"), first), "{due_on} {now}");
        }
        let seen = plan.bank_has_seen();
        assert!(over <= seen && seen <= first, "{over} {seen} {first}");
    }
}

#[test]
fn a_notice_never_comes_beside_the_invoice_nor_after_the_day() {
    let first = |due: Date, issued: &str| all(due, issued, "Asia/Tokyo", 1).remove(0);
    assert_eq!(
        first(date(2026, 12, 4), "2026-12-01T02:00:00Z"),
        "12-07 10:00 first",
        "on the 2nd it would be too soon"
    );
    assert_eq!(first(date(2026, 12, 4), "2026-11-30T00:00:00Z"), "12-02 10:00 notice");
    assert_eq!(first(date(2026, 12, 4), "2026-12-07T00:00:00Z"), "12-07 10:00 first");
}
