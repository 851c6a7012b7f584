//! What a node may do: the functions that it may name, what each must be given, and all that may come of it, as their
//! contracts say.

use std::collections::BTreeSet;

use banto_domain::playbook::{AskKind, Means, Node, Question};
use banto_domain::steps::{self, Answers, Contract, EXPIRED, Key, Part};

use super::Check;
use crate::folder::Parts;
use crate::places::Spot;

impl Check<'_> {
    pub(super) fn node(&mut self, file: &str, name: &str, node: &Node) {
        let action_at = ["nodes", name, "action"];
        let Some(step) = steps::nodes().find(|step| step.name == node.action) else {
            let names: Vec<&str> = steps::nodes().map(|step| step.name).collect();
            let what = format!("node {name}: there is no function {}; there are {}", node.action, names.join(", "));
            self.say(file, Spot::Value(&action_at), what);
            return;
        };
        let given = Key::given(node);
        for row in step.needs.iter().filter(|row| !row.iter().any(|key| given.contains(key))) {
            let row: Vec<&str> = row.iter().map(|key| key.name()).collect();
            let what = format!("node {name}: {} needs {}:, which isn't there; add it", node.action, row.join(": or "));
            self.say(file, Spot::Value(&action_at), what);
        }
        for key in given.iter().filter(|key| !step.makes_something_of(**key)).map(|key| key.name()) {
            let what = format!("node {name}: {} makes nothing of {key}:; remove it", node.action);
            self.say(file, Spot::Key(&["nodes", name, key]), what);
        }
        self.names(file, name, node, step);
        if self.asked(file, name, node, step) {
            self.outcomes(file, name, node, step);
        }
    }

    fn names(&mut self, file: &str, name: &str, node: &Node, step: &Contract) {
        let place = format!("node {name}");
        self.fact_names(file, &place, &["nodes", name, "facts"], &node.facts);
        if let Some(template) = &node.template {
            self.template_name(&place, template, file, &["nodes", name, "template"]);
        }
        if let Some(policy) = &node.policy {
            self.policy_name(&place, policy, file, &["nodes", name, "policy"]);
        }
        if let Some(ladder) = &node.ladder {
            self.ladder_name(&place, ladder, file, name);
        }
        self.node_menu(file, name, node);
        if let Some(to) = &node.to {
            self.addressee(&place, to, file, &["nodes", name, "to"]);
        }
        let Some(main) = &self.parts.main else { return };
        for part in step.parts {
            let there = match part {
                // Without it, every inquiry is one that an operator sorts.
                Part::Classification => true,
                Part::Calendar => main.calendar.is_some(),
                Part::Billing => main.billing.is_some(),
            };
            if !there {
                let (action, part) = (step.name, part.name());
                let what = format!("{place}: {action} needs {part}: in playbook.yaml, which isn't there; add it");
                self.say(file, Spot::Value(&["nodes", name, "action"]), what);
            }
        }
    }

    /// Whether the question of a node is one that its function asks.
    fn asked(&mut self, file: &str, name: &str, node: &Node, step: &Contract) -> bool {
        let (Some(wanted), Some(questions)) = (&node.question, &self.parts.questions) else { return true };
        let at = Spot::Value(&["nodes", name, "question"]);
        let Some(question) = questions.get(wanted) else {
            self.say(file, at, format!("node {name}: there is no question {wanted}; add it to questions.yaml"));
            return false;
        };
        if !step.asks.is_empty() && !step.asks.contains(&question.kind) {
            let kinds: Vec<&str> = step.asks.iter().map(|kind| kind_name(*kind)).collect();
            let (kinds, kind) = (kinds.join(" or "), kind_name(question.kind));
            let what = format!(
                "node {name}: {} asks questions of kind {kinds}, but {wanted} is of kind {kind}; name another",
                node.action
            );
            self.say(file, at, what);
            return false;
        }
        if question.kind != AskKind::Fields && !node.facts.is_empty() {
            let what = format!("node {name}: {wanted} asks for no facts, as it isn't of kind fields; remove facts:");
            self.say(file, Spot::Key(&["nodes", name, "facts"]), what);
        }
        let leads = step.answers == Answers::Outcomes;
        let is_taken = |answer: &str| answer != EXPIRED && step.outcomes.iter().any(|o| o.name == answer);
        if let Some(answer) = question.answers.iter().find(|a| leads && is_taken(&a.name)) {
            let what = format!(
                "node {name}: {} is an outcome of {} itself; give that answer of {wanted} another name",
                answer.name, node.action
            );
            self.say(file, at, what);
        }
        match step.says {
            Some(Means::Paid) => self.staff_says(file, name, question, (Means::Paid, "the transfer came in", "paid")),
            Some(means) => self.staff_says(file, name, question, (means, "the session was held", "held")),
            None => {}
        }
        true
    }

    /// How a session went, or that a transfer came in, is known to the practice's own people, and one answer says so.
    fn staff_says(&mut self, file: &str, name: &str, question: &Question, said: (Means, &str, &str)) {
        let at = ["nodes", name, "question"];
        let (means, what, written) = said;
        if question.to.is_outside() {
            let what =
                format!("node {name}: the coach or an operator knows that {what}; its question is to somebody else");
            self.say(file, Spot::Value(&at), what);
        }
        if !question.answers.iter().any(|a| a.means == Some(means)) {
            let what =
                format!("node {name}: no answer of its question says that {what}; give one of them means: {written}");
            self.say(file, Spot::Value(&at), what);
        }
    }

    fn outcomes(&mut self, file: &str, name: &str, node: &Node, step: &Contract) {
        let Some(outcomes) = outcomes_of(self.parts, node) else { return };
        for outcome in outcomes.iter().filter(|o| !node.next.contains_key(*o)) {
            let what = format!("node {name}: outcome {outcome} leads nowhere; add it to next:");
            self.say(file, Spot::Key(&["nodes", name, "next"]), what);
        }
        let may_come = |o: &str| step.may_come.iter().any(|m| m.name == o);
        for outcome in node.next.keys().filter(|o| !outcomes.contains(*o) && !may_come(o)) {
            let has: Vec<&str> = outcomes.iter().map(String::as_str).collect();
            let what = format!("node {name}: never has the outcome {outcome}; it has {}", has.join(", "));
            self.say(file, Spot::Key(&["nodes", name, "next", outcome]), what);
        }
    }
}

/// All that may come of a node; `None` when what says so can't be read.
pub(super) fn outcomes_of(parts: &Parts, node: &Node) -> Option<BTreeSet<String>> {
    let step = steps::nodes().find(|step| step.name == node.action)?;
    // Only an event ends a wait that has no time.
    let timeless = step.name == steps::WAIT && node.span.is_none() && node.until.is_none();
    let own = step.outcomes.iter().filter(|o| !(timeless && o.name == steps::ELAPSED));
    let mut outcomes: BTreeSet<String> = own.map(|o| o.name.to_owned()).collect();
    outcomes.extend(node.events.iter().cloned());
    if step.parts.contains(&Part::Classification) {
        let categories = &parts.main.as_ref()?.classification.categories;
        outcomes.extend(categories.values().map(|c| c.outcome.clone()));
    }
    if step.answers == Answers::Outcomes {
        let question = parts.questions.as_ref()?.get(node.question.as_ref()?)?;
        outcomes.extend(question.answers.iter().map(|a| a.name.clone()));
    }
    Some(outcomes)
}

/// As it stands in `questions.yaml`.
fn kind_name(kind: AskKind) -> &'static str {
    match kind {
        AskKind::Choice => "choice",
        AskKind::Fields => "fields",
        AskKind::Slot => "slot",
        AskKind::Openings => "openings",
        AskKind::Approval => "approval",
        AskKind::Stages => "stages",
    }
}
