//! What a customer may ask for: each consequence that may follow has its words, and what is asked for is there.

use std::collections::BTreeSet;

use banto_domain::playbook::{ALWAYS, Wanted};

use super::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

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
            if let Some(when) = &wanted.when {
                self.condition(main, MAIN, &place, &["requests", kind, "when"], when);
            }
            self.consequences(main, kind, wanted);
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
