//! Warnings: what can be published and yet is hardly what was meant.

mod texts;
mod times;
mod unused;

use std::collections::BTreeMap;

use banto_domain::playbook::{AskKind, Attach, Flow, Form, Means, Signature};
use banto_domain::steps::{self, Answers, Contract};
use jiff::civil::Date;

use super::known::{self, Known, State};
use super::uses::Use;
use super::{Check, MAIN};
use crate::folder::Main;
use crate::places::{At, Spot};

impl Check<'_> {
    pub(super) fn lints(&mut self, uses: &BTreeMap<&str, Vec<Use<'_>>>, today: Option<Date>) {
        self.unused(uses);
        self.texts(uses);
        self.times(today);
        self.attachments(uses);
        if let Some(main) = &self.parts.main {
            self.one_field_twice(main);
            self.practised(main);
        }
        for (name, flow) in &self.parts.flows {
            if let Some(flow) = flow {
                self.meanings(name, flow);
            }
        }
    }

    pub(super) fn warn(&mut self, file: &str, spot: Spot<'_>, what: String) {
        self.warn_at(file, self.sources.at(file, spot), what);
    }

    fn warn_at(&mut self, file: &str, at: Option<At>, what: String) {
        // Nobody is asked to mend what every practice has.
        if !self.sources.is_common(file) {
            self.warnings.push(self.sources.problem(file, at, what));
        }
    }

    fn one_field_twice(&mut self, main: &Main) {
        for (name, form) in &main.forms {
            let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
            for (fact, field) in &form.fields {
                if let Some(other) = seen.insert(field, fact) {
                    let what =
                        format!("form {name}: {fact} comes from the field {field}, as {other} does; name another");
                    self.warn(MAIN, Spot::Value(&["forms", name, "fields", fact]), what);
                }
            }
        }
    }

    /// What is signed wants a secret, also in practice mode, which answers 500 without.
    fn practised(&mut self, main: &Main) {
        const SECRETS: &str = "demo-secrets.yaml";
        let mut wanted = Vec::new();
        let is_signed = |form: &Form| !matches!(form.signature, Signature::None { .. });
        for (name, _) in main.forms.iter().filter(|(_, form)| is_signed(form)) {
            wanted.push((format!("form:{name}"), vec!["forms", name, "signature"]));
        }
        if let Some(billing) = main.billing.as_ref().filter(|billing| billing.link.contains("/_local/pay/")) {
            let of =
                |provider: &banto_domain::playbook::Provider| (format!("payment:{}", provider.name()), vec!["billing"]);
            wanted.extend(billing.providers.iter().map(of));
        }
        for (secret, path) in wanted.into_iter().filter(|(secret, _)| !self.sources.has(SECRETS, &[secret])) {
            let what = format!(
                "{secret} has no secret in practice mode, which refuses it; add \"{secret}\": SECRET to {SECRETS}"
            );
            self.warn(MAIN, Spot::Key(&path), what);
        }
    }

    /// An answer that means something about a booking or an invoice, where there is none.
    fn meanings(&mut self, name: &str, flow: &Flow) {
        if known::at_start(self.parts, name).is_none() {
            return;
        }
        let file = format!("flows/{name}.yaml");
        for (node_name, before) in known::at_nodes(self.parts, name, flow) {
            let Some(node) = flow.nodes.get(node_name) else { continue };
            let chooses = |step: &Contract| step.answers == Answers::Outcomes && step.asks.contains(&AskKind::Choice);
            if !steps::contract(&node.action).is_some_and(chooses) {
                continue;
            }
            let Some(question) = known::question_of(self.parts, node) else { continue };
            for answer in &question.answers {
                let what = match answer.means {
                    Some(Means::Paid) if !before.contains(&Known::Invoice) => {
                        "paid, but on some way to it no invoice is open"
                    }
                    Some(means) if means.ends_session() && !is_booked(&before) => {
                        "held or missed, but on some way to it nothing is booked"
                    }
                    _ => continue,
                };
                let what =
                    format!("node {node_name}: the answer {} means {what}; it would say nothing there", answer.name);
                self.warn(&file, Spot::Value(&["nodes", node_name, "question"]), what);
            }
        }
    }

    fn attachments(&mut self, uses: &BTreeMap<&str, Vec<Use<'_>>>) {
        for (name, pair) in &self.parts.templates {
            let attaches = pair.ja.as_ref().is_some_and(|written| written.front.attach == Some(Attach::Calendar));
            let uses = uses.get(name.as_str()).map_or(&[][..], Vec::as_slice);
            if let Some(used) = uses.iter().filter(|_| attaches).find(|used| !is_booked(&used.known)) {
                let what = format!("attach: calendar, but nothing is booked when {} sends it; remove it", used.by);
                self.warn(&format!("templates/{name}.ja.md"), Spot::Value(&["attach"]), what);
            }
        }
    }
}

fn is_booked(state: &State<'_>) -> bool {
    state.contains(&Known::Booking)
}
