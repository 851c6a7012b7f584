//! The practice: people who can be reached, quiet hours that end, reminders that are there, and how it is paid.

use std::collections::BTreeSet;

use banto_domain::playbook::Billing;
use jiff::tz::TimeZone;

use super::{Check, MAIN, currency};
use crate::folder::Main;
use crate::places::Spot;

/// What the link to a session may have filled in.
const OF_MEETING: [&str; 1] = ["booking"];
/// What the link to a payment may have filled in.
const OF_PAYMENT: [&str; 4] = ["public_url", "client", "invoice", "reference"];

impl Check<'_> {
    pub(super) fn practice(&mut self, main: &Main) {
        self.people(main);
        if main.quiet.is_some_and(|quiet| quiet.from == quiet.to) {
            let what =
                "quiet: from and to are the same, so it never or always is; write e.g. from: \"21:00\", to: \"08:00\"";
            self.say(MAIN, Spot::Value(&["quiet", "to"]), what.to_owned());
        }
        for (name, rung) in &main.reminders {
            self.template_name(&format!("reminder {name}"), &rung.template, MAIN, &["reminders", name, "template"]);
            if let Some(when) = &rung.when {
                self.condition(main, MAIN, &format!("reminder {name}"), &["reminders", name, "when"], when);
            }
            if rung.before.is_negative() {
                let what = format!("reminder {name}: comes after the session; write a span before it, e.g. P1D");
                self.say(MAIN, Spot::Value(&["reminders", name, "before"]), what);
            }
        }
        if let Some(billing) = &main.billing {
            self.billing(billing);
        }
    }

    fn people(&mut self, main: &Main) {
        for (list, people) in [("coaches", &main.people.coaches), ("operators", &main.people.operators)] {
            let mut ids = BTreeSet::new();
            for (n, person) in people.iter().enumerate().filter(|(_, person)| !ids.insert(&person.id)) {
                let what = format!("people: there is another {} among the {list}; give each their own id", person.id);
                self.say(MAIN, Spot::Value(&["people", list, &n.to_string(), "id"]), what);
            }
        }
        for (n, coach) in main.people.coaches.iter().enumerate() {
            let (n, id) = (n.to_string(), &coach.id);
            if let Some(zone) = coach.zone.as_ref().filter(|zone| TimeZone::get(zone).is_err()) {
                let what = format!("coach {id}: {zone} is no IANA time zone; write e.g. Asia/Tokyo");
                self.say(MAIN, Spot::Value(&["people", "coaches", &n, "zone"]), what);
            }
            for (key, link) in [("meeting", &coach.meeting), ("backup", &coach.backup)] {
                self.session_link(&format!("coach {id}"), link.as_ref(), &["people", "coaches", &n, key]);
            }
        }
        self.session_link("people", main.people.backup.as_ref(), &["people", "backup"]);
    }

    fn session_link(&mut self, place: &str, link: Option<&String>, at: &[&str]) {
        let Some(link) = link else { return };
        if !link.starts_with("https://") {
            let what = format!("{place}: the link to sessions must begin with https://; write it in full");
            self.say(MAIN, Spot::Value(at), what);
        }
        self.braces(place, link, &OF_MEETING, at);
    }

    fn billing(&mut self, billing: &Billing) {
        if let Some(flaw) = currency::flaw(&billing.currency) {
            self.say(MAIN, Spot::Value(&["billing", "currency"]), format!("billing: {flaw}"));
        }
        // Elsewhere a tax number looks otherwise.
        let is_japanese = billing.currency == "JPY";
        let number = billing.registration.as_ref().map(|number| number.trim());
        let wrong = [
            ("tax", billing.tax > 100, format!("a tax of {}%; write percent, e.g. 10", billing.tax)),
            ("due", billing.due.is_negative(), "due before it is invoiced; write e.g. P7D".to_owned()),
            (
                "registration",
                number.is_some_and(str::is_empty),
                "an empty number; write it, or remove registration:".to_owned(),
            ),
            (
                "registration",
                number.is_some_and(|number| !number.is_empty() && !is_registration(number) && is_japanese),
                "no number of a qualified invoice issuer; write T and 13 digits, or remove registration:".to_owned(),
            ),
            (
                "link",
                !["https://", "{public_url}"].iter().any(|start| billing.link.starts_with(start)),
                "the link must begin with https:// or {public_url}; write it in full".to_owned(),
            ),
            (
                "link",
                !["{invoice}", "{reference}"].iter().any(|name| billing.link.contains(name)),
                "no payment could be told to be for an invoice; add {reference} or {invoice} to the link".to_owned(),
            ),
        ];
        for (key, _, what) in wrong.into_iter().filter(|(_, wrong, _)| *wrong) {
            self.say(MAIN, Spot::Value(&["billing", key]), format!("billing: {what}"));
        }
        self.braces("billing", &billing.link, &OF_PAYMENT, &["billing", "link"]);
    }

    /// What stands in braces in a link is filled in.
    fn braces(&mut self, place: &str, link: &str, filled: &[&str], path: &[&str]) {
        let names = link.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or(rest));
        for name in names.filter(|name| !filled.contains(name)) {
            let what = format!("{place}: nothing fills {{{name}}} in the link; there are {}", filled.join(", "));
            self.say(MAIN, Spot::Value(path), what);
        }
    }
}

/// 適格請求書発行事業者の登録番号: T and 13 digits.
fn is_registration(number: &str) -> bool {
    number.strip_prefix('T').is_some_and(|digits| digits.len() == 13 && digits.bytes().all(|b| b.is_ascii_digit()))
}
