//! What nobody uses: it may be a slip in the name that should have used it.

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::playbook::{
    ATTEND, DIGEST, Flow, HEED, Meaning, Node, PROPOSE_PLAYBOOK, Question, START_IMPORTED, UNREADABLE, URGENT,
};
use banto_domain::steps::{self, Part};

use crate::check::uses::Use;
use crate::check::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;
use crate::sources::COMMON_QUESTIONS;

impl Check<'_> {
    pub(super) fn unused(&mut self, uses: &BTreeMap<&str, Vec<Use<'_>>>) {
        // What can't be read may be what uses it.
        let parts = self.parts;
        let (Some(main), Some(questions)) = (&parts.main, &parts.questions) else { return };
        if parts.flows.values().any(Option::is_none) {
            return;
        }
        let nodes = || parts.flows.values().flatten().flat_map(|flow| flow.nodes.values());
        let sought = main.approvals.values().map(|approval| approval.question.as_str());
        let asked: BTreeSet<&str> = nodes().filter_map(|node| node.question.as_deref()).chain(sought).collect();
        for name in questions.keys().filter(|name| !asked.contains(name.as_str())) {
            let file = self.sources.of_question(name);
            if file != COMMON_QUESTIONS && ![ATTEND, HEED, URGENT].contains(&name.as_str()) {
                self.warn(
                    file,
                    Spot::Key(&[name]),
                    format!("question {name}: no node asks it; remove it, or name it in a node"),
                );
            }
        }
        for name in parts.templates.keys().filter(|name| !uses.contains_key(name.as_str())) {
            let file = format!("templates/{name}.ja.md");
            self.warn_at(&file, None, "nobody sends it; remove it, or name it where it is sent".to_owned());
        }
        self.flows_and_policies(main, &nodes().collect::<Vec<_>>());
        self.facts_and_menus(main, &nodes().collect::<Vec<_>>());
    }

    fn flows_and_policies(&mut self, main: &Main, nodes: &[&Node]) {
        let ours = [UNREADABLE, DIGEST, START_IMPORTED, PROPOSE_PLAYBOOK];
        for name in self.parts.flows.keys().filter(|name| !ours.contains(&name.as_str())) {
            let is_side = self.parts.flows.get(name).and_then(Option::as_ref).is_some_and(Flow::is_side);
            let imported = main.import.as_ref().is_some_and(|import| import.flow == **name);
            let closes = main.requests.values().filter_map(|wanted| wanted.closes.as_ref());
            let closed = closes.into_iter().any(|closes| closes.flow == **name);
            if !is_side && !imported && !closed && !main.forms.values().any(|form| form.flow == **name) {
                let what = format!(
                    "flow {name}: no form begins it; remove it, name it as the flow: of a form, or give it starts:"
                );
                self.warn(&format!("flows/{name}.yaml"), Spot::Key(&["start"]), what);
            }
        }
        for name in main.policies.keys() {
            let leads = format!("policy:{name}");
            let uses = |node: &&&Node| node.policy.as_ref() == Some(name) || node.next.values().any(|to| *to == leads);
            if !nodes.iter().any(|node| uses(&node)) {
                let what = format!(
                    "policy {name}: nothing asks it, so where it leads isn't checked; remove it, or use policy:{name}"
                );
                self.warn(MAIN, Spot::Key(&["policies", name]), what);
            }
        }
        let sorters = || steps::nodes().filter(|step| step.parts.contains(&Part::Classification)).map(|step| step.name);
        let sorts = nodes.iter().any(|node| sorters().any(|name| name == node.action));
        if !sorts && !main.classification.categories.is_empty() {
            let action = sorters().collect::<Vec<_>>().join(" or ");
            let what =
                format!("classification: no node sorts by these; remove them, or add a node with action: {action}");
            self.warn(MAIN, Spot::Key(&["classification", "categories"]), what);
        }
    }

    fn facts_and_menus(&mut self, main: &Main, nodes: &[&Node]) {
        let of_forms = main.forms.values().flat_map(|form| form.fields.keys().chain(form.sets.keys()));
        let questions = self.parts.questions.iter().flatten();
        let of_questions = questions.flat_map(|(_, question)| filled_by(question));
        let imported =
            main.import.iter().flat_map(|import| import.columns.values()).filter_map(|meaning| match meaning {
                Meaning::Fact(fact) => Some(fact),
                _ => None,
            });
        let filled: BTreeSet<&str> = of_forms
            .chain(main.requests.values().flat_map(|wanted| wanted.facts()))
            .chain(of_questions)
            .chain(imported)
            .chain(nodes.iter().flat_map(|node| &node.facts))
            .map(String::as_str)
            .collect();
        for name in main.facts.keys().filter(|name| !filled.contains(name.as_str())) {
            let what = format!("fact {name}: no form and no question fills it; remove it, or ask for it");
            self.warn(MAIN, Spot::Key(&["facts", name]), what);
        }
        let chosen = |node: &Node| node.menu_from.as_ref().and_then(|fact| main.facts.get(fact));
        for name in main.menus.keys() {
            let names = |node: &&Node| {
                let is_choice = chosen(node).is_some_and(|fact| fact.choices.iter().any(|choice| choice.name == *name));
                node.menu.as_ref() == Some(name) || is_choice
            };
            if !nodes.iter().any(names) {
                let what = format!("menu {name}: no node offers or sells it; remove it, or name it in a node");
                self.warn(MAIN, Spot::Key(&["menus", name]), what);
            }
        }
    }
}

/// The facts that a question and its answers fill.
fn filled_by(question: &Question) -> impl Iterator<Item = &String> {
    question.fields.iter().chain(question.answers.iter().flat_map(|answer| &answer.asks)).chain(&question.records)
}
