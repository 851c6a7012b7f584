//! `import:`: columns say something that there is, once each, and cases begin at nodes that can go on from there.

use std::collections::BTreeMap;

use banto_domain::playbook::{
    DISCARDED, FactKind, Flow, IMPORTED, Import, Meaning, ON_IMPORT, START_IMPORTED, STARTED, Suspends, To,
};
use banto_domain::steps::{self, Contract, Leaves, Part};

use super::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

impl Check<'_> {
    pub(super) fn import(&mut self, main: &Main) {
        let Some(import) = &main.import else { return };
        self.columns(main, import);
        self.menu_fact(main, import);
        if !matches!(import.language.as_str(), "ja" | "en") {
            let what = format!("import: language is {}; write ja or en", import.language);
            self.say(MAIN, Spot::Value(&["import", "language"]), what);
        }
        match self.parts.flows.get(&import.flow) {
            None if self.has_folder("flows/") => {
                let what = format!("import: there is no flow {0}; add flows/{0}.yaml", import.flow);
                self.say(MAIN, Spot::Value(&["import", "flow"]), what);
            }
            Some(Some(flow)) if flow.is_side() => {
                let what = format!("import: {} is a side flow (it has starts:); name a main one", import.flow);
                self.say(MAIN, Spot::Value(&["import", "flow"]), what);
            }
            Some(Some(flow)) => self.begins(import, flow),
            _ => {}
        }
        self.gates();
    }

    fn columns(&mut self, main: &Main, import: &Import) {
        let mut seen: BTreeMap<&Meaning, &str> = BTreeMap::new();
        for (header, meaning) in &import.columns {
            let path = ["import", "columns", header.as_str()];
            if header.trim() != header || header.is_empty() {
                let what = "import: columns: a header has white space around it, or is empty; write it as it stands";
                self.say(MAIN, Spot::Key(&path), what.to_owned());
            }
            if let Meaning::Fact(fact) = meaning {
                self.fact_name("import", fact, MAIN, Spot::Value(&path));
            }
            // Two names for one column are for lists of two languages; never both in one list.
            seen.insert(meaning, header);
        }
        let facts = ["name", "email", import.menu_from.as_str()];
        for fact in facts.iter().filter(|fact| !seen.contains_key(&Meaning::Fact((**fact).to_owned()))) {
            let what = format!("import: no column says {fact}, without which nobody comes in; add one to columns:");
            self.say(MAIN, Spot::Key(&["import", "columns"]), what);
        }
        let invoice = [Meaning::InvoiceNumber, Meaning::InvoiceAmount, Meaning::InvoiceDue];
        let there = invoice.iter().filter(|meaning| seen.contains_key(meaning)).count();
        if there > 0 && there < invoice.len() {
            let what = "import: an invoice has invoice-number, invoice-amount and invoice-due; add the missing columns";
            self.say(MAIN, Spot::Key(&["import", "columns"]), what.to_owned());
        }
        if let Some(header) = invoice.iter().find_map(|meaning| seen.get(meaning)).filter(|_| main.billing.is_none()) {
            let what = "import: there are invoices, but no billing: in playbook.yaml; add it, or remove the columns";
            self.say(MAIN, Spot::Key(&["import", "columns", header]), what.to_owned());
        }
    }

    /// The fact that names the menu is a choice of menus.
    fn menu_fact(&mut self, main: &Main, import: &Import) {
        let at = Spot::Value(&["import", "menu_from"]);
        match main.facts.get(&import.menu_from) {
            None => self.fact_name("import", &import.menu_from, MAIN, at),
            Some(spec) if spec.kind != FactKind::Choice => {
                let fact = &import.menu_from;
                let what = format!("import: the fact {fact} is no choice, so it names no menu; name another");
                self.say(MAIN, at, what);
            }
            Some(spec) => {
                for choice in spec.choices.iter().filter(|choice| !main.menus.contains_key(&choice.name)) {
                    let (choice, fact) = (&choice.name, &import.menu_from);
                    let what = format!("import: {choice} of the fact {fact} is no menu; add it to menus:");
                    self.say(MAIN, at, what);
                }
            }
        }
    }

    /// Each node is there, and does what such a case waits for.
    fn begins(&mut self, import: &Import, flow: &Flow) {
        for (when, name) in import.begins.named() {
            let at = Spot::Value(&["import", "begins", when]);
            let Some(node) = flow.nodes.get(name) else {
                let what = format!("import: flow {} has no node {name}; name one of its nodes", import.flow);
                self.say(MAIN, at, what);
                continue;
            };
            let Some(step) = steps::contract(&node.action) else { continue };
            let what = match when {
                "booked" if !runs(step) => format!("the session is run by {}", named(runs)),
                "owed" if !bills(step) => format!("the invoice is waited for by {}", named(bills)),
                "left" | "overdue" if runs(step) || step.leaves(Leaves::Confirmed) => {
                    "nothing is booked then".to_owned()
                }
                "left" if bills(step) => "nothing is owed then".to_owned(),
                _ => continue,
            };
            let what = format!("import: {when}: {what}, but {name} is a node of {}; name another", node.action);
            self.say(MAIN, at, what);
        }
    }

    /// A folder's own flow or question keeps what an import makes of it.
    fn gates(&mut self) {
        if let Some(Some(flow)) = self.parts.flows.get(IMPORTED) {
            let leads = |event: &str| flow.nodes.values().any(|node| node.next.contains_key(event));
            let wrong = [
                ("suspends", !flow.suspends.contains(&Suspends::Case), "suspends: [case]"),
                ("starts", !flow.starts.iter().any(|s| s.on.as_deref() == Some(ON_IMPORT)), "starts: [{ on: import }]"),
                (
                    "nodes",
                    !leads(STARTED) || !leads(DISCARDED),
                    "a wait with events: [\"import:start\", \"import:discard\"]",
                ),
            ];
            for (key, _, way_out) in wrong.into_iter().filter(|(_, wrong, _)| *wrong) {
                let what = format!("flow {IMPORTED}: what is imported must wait for a coach's word; write {way_out}");
                self.say(&format!("flows/{IMPORTED}.yaml"), Spot::Key(&[key]), what);
            }
        }
        let question = self.parts.questions.as_ref().and_then(|questions| questions.get(START_IMPORTED));
        if let Some(question) = question.filter(|question| matches!(question.to, To::Customer | To::Payer)) {
            let what =
                format!("question {START_IMPORTED}: a coach decides about it, not {}; write to: coach", question.to);
            self.say(self.sources.of_question(START_IMPORTED), Spot::Value(&[START_IMPORTED, "to"]), what);
        }
    }
}

/// Whether a step is the session itself.
fn runs(step: &Contract) -> bool {
    step.after.is_some_and(|after| after.left == Leaves::Confirmed)
}

/// Whether a step waits for an invoice.
fn bills(step: &Contract) -> bool {
    step.parts.contains(&Part::Billing)
}

/// The steps of which this is true, as they stand in a playbook.
fn named(is: fn(&Contract) -> bool) -> String {
    steps::nodes().filter(|step| is(step)).map(|step| step.name).collect::<Vec<_>>().join(" or ")
}
