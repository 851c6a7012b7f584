//! What a customer or a coach may ask for: each consequence that may follow has its words, and what is asked for is there.

use std::collections::BTreeSet;

use banto_domain::playbook::{ALWAYS, About, By, FactKind, Flow, Wanted};
use banto_domain::rules::emergency::is_word;

use super::spans::seconds;
use super::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

/// How long before a session its day begins at the earliest, in seconds.
const LONGEST_BEFORE: f64 = 86_400.0;

impl Check<'_> {
    pub(super) fn requests(&mut self, main: &Main) {
        for (kind, wanted) in &main.requests {
            let place = format!("request {kind}");
            if kind.is_empty() || !kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                let what = format!("{place}: its name stands on the page; write letters, digits and hyphens");
                self.say(MAIN, Spot::Key(&["requests", kind]), what);
            }
            self.fact_names(MAIN, &place, &["requests", kind, "asks"], &wanted.asks);
            if let Some(tells) = &wanted.circumstances {
                self.fact_name(&place, &tells.fact, MAIN, Spot::Value(&["requests", kind, "circumstances", "fact"]));
            }
            self.words(kind, wanted);
            self.day_of(kind, wanted);
            self.of_coach(main, kind, wanted);
            self.closes(main, kind, wanted);
            let settled = match wanted.about {
                About::Booking => main.menus.values().any(|menu| !menu.cancel.is_empty()),
                _ => main.menus.values().any(|menu| menu.quit.is_some()),
            };
            if wanted.settles && !settled {
                let what =
                    format!("{place}: no menu says how it is settled; give one cancel: (about a booking) or quit:");
                self.say(MAIN, Spot::Value(&["requests", kind, "settles"]), what);
            }
            if let Some(when) = &wanted.when {
                self.condition(main, MAIN, &place, &["requests", kind, "when"], when);
            }
            self.consequences(main, kind, wanted);
        }
    }

    /// Words are looked for in what customers write, and propose what a customer may ask for.
    fn words(&mut self, kind: &str, wanted: &Wanted) {
        for (n, word) in wanted.words.iter().enumerate() {
            let why = match wanted.by.is_customer() {
                false => "is never proposed to a customer; remove it",
                true if !is_word(word) => "has no letters, and would never be found; write a word",
                true => continue,
            };
            self.say(
                MAIN,
                Spot::Value(&["requests", kind, "words", &n.to_string()]),
                format!("request {kind}: {word:?} {why}"),
            );
        }
    }

    /// What belongs to the day itself is about a session, and is offered some time before it begins.
    fn day_of(&mut self, kind: &str, wanted: &Wanted) {
        let Some(during) = wanted.during else { return };
        if wanted.about != About::Booking {
            let what = format!("request {kind}: during: is a time around a session; add about: booking");
            self.say(MAIN, Spot::Key(&["requests", kind, "during"]), what);
        }
        if !(-LONGEST_BEFORE..=LONGEST_BEFORE).contains(&seconds(during.from)) {
            let what = format!("request {kind}: {} before a session is not its day; write e.g. PT15M", during.from);
            self.say(MAIN, Spot::Value(&["requests", kind, "during", "from"]), what);
        }
    }

    /// What another takes the place of is a request, and what the customer is told of it is about the coach's alone.
    fn of_coach(&mut self, main: &Main, kind: &str, wanted: &Wanted) {
        for (n, other) in wanted.supersedes.iter().enumerate().filter(|(_, other)| !main.requests.contains_key(*other))
        {
            let what = format!("request {kind}: there is no request {other}; name one of requests:");
            self.say(MAIN, Spot::Value(&["requests", kind, "supersedes", &n.to_string()]), what);
        }
        if wanted.shown.is_some() && wanted.by == By::Customer {
            let what =
                format!("request {kind}: shown: is what the customer sees of the coach's; remove it, or add by: coach");
            self.say(MAIN, Spot::Key(&["requests", kind, "shown"]), what);
        }
    }

    /// Days are closed by a coach, from a date to a date that she gives, in a flow of their own.
    fn closes(&mut self, main: &Main, kind: &str, wanted: &Wanted) {
        let Some(closes) = &wanted.closes else { return };
        let place = format!("request {kind}: closes");
        if wanted.by != By::Coach || wanted.about != About::Case {
            let what = format!("{place}: days are closed by a coach, and about no one booking; write by: coach alone");
            self.say(MAIN, Spot::Key(&["requests", kind, "closes"]), what);
        }
        for (key, fact) in [("from", &closes.from), ("to", &closes.to)] {
            let is_date = main.facts.get(fact).is_some_and(|spec| spec.kind == FactKind::Date && !spec.optional);
            if !is_date || !wanted.asks.contains(fact) {
                let what =
                    format!("{place}: {fact} is no date that it asks for; name one of asks: that is of kind date");
                self.say(MAIN, Spot::Value(&["requests", kind, "closes", key]), what);
            }
        }
        // A flow that can't be read may be the one.
        let whole = self.parts.whole_flows();
        let read = !whole.is_empty() && whole.len() == self.parts.flows.len();
        if read && self.parts.flows.get(&closes.flow).is_none_or(|flow| flow.as_ref().is_some_and(Flow::is_side)) {
            let what = format!("{place}: there is no flow {} without starts:; add it", closes.flow);
            self.say(MAIN, Spot::Value(&["requests", kind, "closes", "flow"]), what);
        }
        if !main.requests.get(&closes.raises).is_some_and(|raised| raised.about == About::Booking) {
            let what = format!("{place}: there is no request {} about: booking; add it", closes.raises);
            self.say(MAIN, Spot::Value(&["requests", kind, "closes", "raises"]), what);
        }
    }

    fn consequences(&mut self, main: &Main, kind: &str, wanted: &Wanted) {
        let place = format!("request {kind}");
        let all: BTreeSet<&str> = match &wanted.policy {
            None => BTreeSet::from([ALWAYS]),
            Some(policy) => {
                self.policy_name(&place, policy, MAIN, &["requests", kind, "policy"]);
                let Some(policy) = main.policies.get(policy) else { return };
                policy.results().collect()
            }
        };
        for result in all.iter().filter(|result| !wanted.says.contains_key(**result)) {
            let what = format!("{place}: {result} may follow from it, and nothing says so; add it to says:");
            self.say(MAIN, Spot::Key(&["requests", kind, "says"]), what);
        }
        for said in wanted.says.keys().filter(|said| !all.contains(said.as_str())) {
            let what =
                format!("{place}: {said} never follows from it; there is {}", Vec::from_iter(all.clone()).join(", "));
            self.say(MAIN, Spot::Key(&["requests", kind, "says", said]), what);
        }
    }
}
