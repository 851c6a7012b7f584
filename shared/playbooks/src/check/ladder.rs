//! Ladders of mails about unpaid invoices: steps in their order, with mails that speak of money; and what may fall short.

use std::collections::BTreeSet;

use banto_domain::playbook::{Billing, FactKind, Ladder, Topic};
use jiff::tz::TimeZone;

use super::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

impl Check<'_> {
    pub(super) fn ladders(&mut self, main: &Main) {
        for (name, ladder) in &main.ladders {
            self.ladder(name, ladder);
            let flows = self.parts.flows.values().flatten();
            let mut nodes = flows.flat_map(|flow| flow.nodes.values());
            if !nodes.any(|node| node.ladder.as_ref() == Some(name)) {
                let what = format!("ladder {name}: no node follows it; remove it, or name it in a node as ladder:");
                self.warn(MAIN, Spot::Key(&["ladders", name]), what);
            }
        }
        if let Some(billing) = &main.billing {
            self.shortfalls(main, billing);
        }
    }

    /// The ladder that a node names.
    pub(super) fn ladder_name(&mut self, place: &str, ladder: &str, file: &str, node: &str) {
        let Some(main) = &self.parts.main else { return };
        if !main.ladders.contains_key(ladder) {
            let what = format!("{place}: there is no ladder {ladder}; add it under ladders: in playbook.yaml");
            self.say(file, Spot::Value(&["nodes", node, "ladder"]), what);
        }
    }

    fn ladder(&mut self, name: &str, ladder: &Ladder) {
        if ladder.steps.is_empty() {
            let what = format!("ladder {name}: has no steps; write one, e.g. {{ name: first, day: 3, template: … }}");
            self.say(MAIN, Spot::Key(&["ladders", name, "steps"]), what);
        }
        let (mut names, mut last) = (BTreeSet::new(), None);
        for (n, step) in ladder.steps.iter().enumerate() {
            let (n, place) = (n.to_string(), format!("ladder {name}, step {}", step.name));
            let at = |key: &'static str| ["ladders", name, "steps", &n, key].map(str::to_owned);
            let told = |check: &mut Self, key, what: String| {
                let path = at(key);
                check.say(MAIN, Spot::Value(&path.each_ref().map(String::as_str)), what);
            };
            if !names.insert(&step.name) {
                told(self, "name", format!("{place}: there is another one of this name; give each its own"));
            }
            if last.is_some_and(|last| step.day <= last) {
                told(
                    self,
                    "day",
                    format!("{place}: day {} isn't after the step before; write them in order", step.day),
                );
            }
            last = Some(step.day);
            let path = at("template");
            let path = path.each_ref().map(String::as_str);
            self.template_name(&place, &step.template, MAIN, &path);
            let pair = self.parts.templates.get(&step.template).and_then(|pair| pair.ja.as_ref());
            if pair.is_some_and(|written| written.front.topic != Topic::Payment) {
                let what = format!(
                    "{place}: template {} isn't about payment, so that a complaint doesn't stop it; write topic: payment",
                    step.template
                );
                self.warn(MAIN, Spot::Value(&path), what);
            }
        }
    }

    fn shortfalls(&mut self, main: &Main, billing: &Billing) {
        if billing.tolerance.fee < 0 {
            let what = "billing: a fee can't be negative; write e.g. 880".to_owned();
            self.say(MAIN, Spot::Value(&["billing", "tolerance", "fee"]), what);
        }
        if billing.tolerance.withholding && billing.currency != "JPY" {
            let what = "billing: tax is withheld (源泉徴収) from yen alone; remove withholding:".to_owned();
            self.say(MAIN, Spot::Value(&["billing", "tolerance", "withholding"]), what);
        }
        let Some(fact) = &billing.zone_from else { return };
        let zones = main.facts.get(fact).filter(|spec| spec.kind == FactKind::Choice).map(|spec| &spec.choices);
        let at = Spot::Value(&["billing", "zone_from"]);
        match zones {
            None => {
                let what = format!("billing: zone_from needs a fact of kind choice, which {fact} isn't; name another");
                self.say(MAIN, at, what);
            }
            Some(zones) => {
                if let Some(odd) = zones.iter().find(|zone| TimeZone::get(&zone.name).is_err()) {
                    let what = format!("billing: {} of {fact} is no IANA time zone; write e.g. Asia/Tokyo", odd.name);
                    self.say(MAIN, at, what);
                }
            }
        }
    }
}
