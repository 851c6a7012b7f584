//! What must hold after all that.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use banto_domain::ClientId;
use banto_tests::parts::http;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::get;
use super::load::{Known, Load, REFUND};

/// Seats of a seminar of 山田コーチング.
const SEATS: usize = 8;

/// What the house says of itself.
pub(crate) struct Found {
    /// By number; those of the people who went on with their journal.
    cases: BTreeMap<String, Value>,
    mails: Vec<Value>,
    dead: Value,
    /// The coaches' calendars.
    calendars: BTreeMap<&'static str, String>,
}

/// An interval of a coach's time.
struct Hour {
    case: String,
    coach: String,
    menu: String,
    from: Timestamp,
    to: Timestamp,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cases, mails, hours) = (self.cases.len(), self.mails.len(), self.hours().len());
        let confirmed: usize = self.calendars.values().map(|c| c.matches("BEGIN:VEVENT").count()).sum();
        write!(f, "found {cases} cases, {mails} mails, {hours} bookings of which {confirmed} confirmed")
    }
}

impl Found {
    pub(crate) async fn read(load: &Load) -> Self {
        let list = |value: Value| value.as_array().expect("a list").clone();
        let mut cases = BTreeMap::new();
        for case in list(get(load.port, "/_local/cases").await) {
            let id = text(&case, "id");
            // Nobody who only wrote has a journal worth the time.
            let whole =
                if case["node"] == "collect" { case } else { get(load.port, &format!("/_local/cases/{id}")).await };
            cases.insert(id, whole);
        }
        let mut calendars = BTreeMap::new();
        for coach in ["yamada", "mori"] {
            let client = ClientId::parse("yamada").expect("a name");
            let path = format!("/calendar/{}", load.keys().calendar(&client, coach));
            let (status, calendar) = http(load.port, "GET", &path, "", "").await;
            assert_eq!(status, 200, "{calendar}");
            // RFC 5545 §3.1: a line goes on where the next one begins with a space.
            calendars.insert(coach, calendar.replace("\r\n ", ""));
        }
        let mails = list(get(load.port, "/_local/mail").await);
        Self { cases, mails, dead: get(load.port, "/_local/dead-letters").await, calendars }
    }

    pub(crate) fn check(&self, known: &Known) {
        assert_eq!(self.dead, Value::Array(Vec::new()));
        self.nothing_is_lost(known);
        self.nothing_is_sent_twice(known);
        self.nothing_is_paid_twice(known);
        self.what_goes_back_goes_once(known);
        self.no_hour_has_two_bookings();
        self.days_and_cases_agree();
    }

    /// In how many cases something happened.
    pub(crate) fn booked(&self, kind: &str) -> usize {
        self.cases.values().filter(|c| happened(c, kind).count() > 0).count()
    }

    fn case(&self, id: &str) -> &Value {
        self.cases.get(id).unwrap_or_else(|| panic!("{id} was acknowledged and is lost"))
    }

    fn nothing_is_lost(&self, known: &Known) {
        for id in &known.written {
            assert_eq!(self.case(id)["node"], "collect", "{id}");
        }
        for id in &known.walked {
            assert_eq!(self.case(id)["status"], "open", "{id}");
        }
        for (id, ask) in &known.answered {
            let answers = happened(self.case(id), "ask.answered").filter(|e| e["ask"] == *ask).count();
            assert_eq!(answers, 1, "{id}: the answer to {ask} was acknowledged");
        }
    }

    fn nothing_is_sent_twice(&self, known: &Known) {
        let mut sent: BTreeMap<(String, String), usize> = BTreeMap::new();
        // A task may be told of more than once; what a customer gets twice is a fault.
        let to_customer = |mail: &&Value| mail["to"].as_str().is_some_and(|to| to.contains("@customer.example"));
        for mail in self.mails.iter().filter(to_customer) {
            *sent.entry((text(mail, "case"), text(mail, "template"))).or_default() += 1;
        }
        let twice: Vec<_> = sent.iter().filter(|(_, n)| **n > 1).collect();
        assert!(twice.is_empty(), "sent twice: {twice:?}");
        for id in &known.written {
            for template in ["acknowledge", "missing-info"] {
                assert_eq!(sent.get(&(id.clone(), template.to_owned())), Some(&1), "{id} {template}");
            }
        }
    }

    fn nothing_is_paid_twice(&self, known: &Known) {
        let mut payments = BTreeSet::new();
        for (id, case) in &self.cases {
            for payment in happened(case, "payment.recorded") {
                assert!(payments.insert(text(payment, "payment")), "{id}: {payment} is recorded twice");
            }
            assert!(happened(case, "invoice.settled").count() <= 1, "{id} is settled twice");
            assert!(happened(case, "package.started").count() <= 1, "{id} has two packages");
        }
        for (id, payment) in &known.paid {
            assert!(payments.contains(payment), "{id}: {payment} was acknowledged and is lost");
        }
    }

    /// Whichever was told first, the payment or that it went back.
    fn what_goes_back_goes_once(&self, known: &Known) {
        let back = |case| -> Vec<(String, i64)> {
            let refunds = happened(case, "payment.refunded");
            refunds.map(|e| (text(e, "payment"), e["refunded"].as_i64().expect("an amount"))).collect()
        };
        for (id, case) in &self.cases {
            let refunds = back(case);
            assert!(refunds.len() <= 1 && refunds.iter().all(|(_, amount)| *amount == REFUND), "{id}: {refunds:?}");
        }
        for (id, payment) in &known.refunded {
            if known.paid.iter().any(|(of, _)| of == id) {
                assert_eq!(back(self.case(id)), [(payment.clone(), REFUND)], "{id}: its refund was acknowledged");
            }
        }
    }

    /// What is held or booked, buffers included.
    fn hours(&self) -> Vec<Hour> {
        let bookings = self.cases.iter().flat_map(|(id, case)| {
            let tracks = case["tracks"].as_array().expect("tracks").iter();
            tracks.filter(|t| t["kind"] == "booking").map(move |t| (id, t))
        });
        let minutes = |t: &Value, name: &str| SignedDuration::from_mins(t[name].as_i64().unwrap_or(0));
        let at = |t: &Value, name: &str| text(t, name).parse::<Timestamp>().expect("an instant");
        let hour = |(case, t): (&String, &Value)| Hour {
            case: case.clone(),
            coach: text(t, "coach"),
            menu: text(t, "menu"),
            from: at(t, "at") - minutes(t, "before"),
            to: at(t, "ends") + minutes(t, "after"),
        };
        bookings.map(hour).collect()
    }

    fn no_hour_has_two_bookings(&self) {
        let hours = self.hours();
        let mut seats: BTreeMap<(&str, Timestamp), usize> = BTreeMap::new();
        for (n, one) in hours.iter().enumerate() {
            if one.menu == "seminar" {
                *seats.entry((&one.coach, one.from)).or_default() += 1;
            }
            for other in hours[..n].iter().filter(|o| o.coach == one.coach && o.from < one.to && one.from < o.to) {
                let group = one.menu == "seminar" && other.menu == "seminar" && one.from == other.from;
                assert!(group, "{} and {} have the same hour of {}", one.case, other.case, one.coach);
            }
        }
        assert!(seats.values().all(|n| *n <= SEATS), "{seats:?}");
    }

    /// The coach's calendar is read from the coach's days: it has what the cases have, and nothing else.
    fn days_and_cases_agree(&self) {
        let confirmed = |case: &Value, coach: &str| {
            let tracks = case["tracks"].as_array().expect("tracks").iter();
            let of_coach =
                tracks.filter(|t| t["kind"] == "booking" && t["state"] == "confirmed" && t["coach"] == coach);
            of_coach.map(|t| text(t, "id")).collect::<Vec<_>>()
        };
        for (coach, calendar) in &self.calendars {
            let of_cases: BTreeSet<String> = self.cases.values().flat_map(|case| confirmed(case, coach)).collect();
            let booking = |line: &str| Some(line.strip_prefix("UID:")?.split('@').next()?.to_owned());
            let of_days: BTreeSet<String> = calendar.lines().filter_map(booking).collect();
            assert_eq!(of_days, of_cases, "{coach}'s days and the cases tell different stories");
        }
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is missing: {value}")).to_owned()
}

/// The details of all entries of one kind.
fn happened<'a>(case: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let journal = case["journal"].as_array().into_iter().flatten();
    journal.filter(move |e| e["type"] == kind).map(|e| &e["detail"])
}
