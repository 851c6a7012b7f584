//! Who sends a template, to whom, and what surely is there by then.

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::playbook::{
    APPROVAL_CODE, DIGEST, EMERGENCY_NOTE, FactSpec, Flow, Node, Question, REPLY, RESULTS, To,
};
use banto_domain::steps::{self, Contract, FOLLOW_UP, Leaves, SEND_GUIDE};

use super::known::{self, Known, State};
use crate::folder::Parts;

/// Who sends a template.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    /// A form, at once.
    Form(&'a str),
    /// A node of a flow: flow, node.
    Node(&'a str, &'a str),
    /// A question that Banto itself asks.
    Question(&'a str),
    /// A reminder before a session.
    Reminder(&'a str),
    /// An emergency word.
    Emergency,
    /// Much that waits for one of the practice's people.
    Digest,
    /// Something that Banto itself sends because of an answer: a code, what came of an approval, what a person wrote.
    Own(&'static str),
}

/// One use of a template.
#[derive(Clone)]
pub(super) struct Use<'a> {
    /// Who sends it.
    pub(super) from: Origin<'a>,
    /// As people know it: `node confirm of flow inquiry`.
    pub(super) by: String,
    /// To whom it goes.
    pub(super) to: To,
    /// The question whose link it carries.
    pub(super) question: Option<&'a str>,
    /// What surely is there by then.
    pub(super) known: State<'a>,
    /// Nobody can tell which facts are known, so any may be.
    pub(super) any_fact: bool,
}

impl Use<'_> {
    /// Whether its mail may say a fact. Who pays is told nothing of what a customer said, and the practice's own people only
    /// what is plain of it; the coach who meets the customer all.
    pub(super) fn may_say(&self, spec: &FactSpec) -> bool {
        match self.to {
            To::Customer | To::Coach => true,
            To::Payer => false,
            To::Operator | To::Owner | To::Group(_) | To::OnDuty(_) | To::Person(_) => !spec.kind.is_personal(),
        }
    }

    /// Whether its mail may say any fact.
    pub(super) fn has_facts(&self) -> bool {
        self.to != To::Payer
    }
}

/// Uses by template.
#[derive(Default)]
struct Uses<'a> {
    by_template: BTreeMap<&'a str, Vec<Use<'a>>>,
    /// Questions that some node asks.
    asked: BTreeSet<&'a str>,
    /// What is there whenever a booking was confirmed.
    confirmed: Option<State<'a>>,
}

/// All uses of templates, by template, as far as the playbook can be read.
pub(super) fn of(parts: &Parts) -> BTreeMap<&str, Vec<Use<'_>>> {
    let mut uses = Uses::default();
    for (name, form) in parts.main.iter().flat_map(|main| &main.forms) {
        let known = form.required.iter().map(|fact| Known::Fact(fact)).collect();
        let by = format!("form {name}");
        let used = Use { from: Origin::Form(name), by, to: To::Customer, question: None, known, any_fact: false };
        if let Some(template) = &form.acknowledge {
            uses.note(template, used);
        }
    }
    for (name, flow) in parts.flows.iter().filter_map(|(name, flow)| Some((name, flow.as_ref()?))) {
        uses.flow(parts, name, flow);
    }
    uses.rest(parts);
    uses.by_template
}

impl<'a> Uses<'a> {
    /// Notes a use; one that is like another, but for who it is, can't have another problem.
    fn note(&mut self, template: &'a str, used: Use<'a>) {
        let uses = self.by_template.entry(template).or_default();
        let key = |used: &Use<'a>| (used.to.clone(), used.question, used.any_fact);
        if !uses.iter().any(|other| key(other) == key(&used) && other.known == used.known) {
            uses.push(used);
        }
    }

    fn question(&mut self, question: &'a Question, to: &To, used: &Use<'a>) {
        for template in question.nudge.iter().chain([&question.template]) {
            for to in [to].into_iter().chain(&question.with).chain(&question.then) {
                self.note(template, Use { to: to.clone(), ..used.clone() });
            }
        }
    }

    fn flow(&mut self, parts: &'a Parts, name: &'a str, flow: &'a Flow) {
        let begun = known::at_start(parts, name).is_some();
        let known = known::at_nodes(parts, name, flow);
        for (node_name, node) in &flow.nodes {
            let before = known.get(node_name.as_str());
            let used = Use {
                from: Origin::Node(name, node_name),
                by: format!("node {node_name} of flow {name}"),
                to: addressee(node),
                question: None,
                known: before.map_or_else(known::everything, |before| known::within(parts, node, before)),
                any_fact: !begun || before.is_none(),
            };
            let any_fact = used.any_fact;
            let confirms = steps::contract(&node.action).is_some_and(|step| step.leaves(Leaves::Confirmed));
            if confirms && !any_fact {
                let confirmed = self.confirmed.as_ref().map_or_else(|| used.known.clone(), |all| all & &used.known);
                self.confirmed = Some(confirmed);
            }
            self.node(parts, node, &used);
        }
    }

    fn node(&mut self, parts: &'a Parts, node: &'a Node, used: &Use<'a>) {
        let asks = node.question.as_ref().and_then(|q| parts.questions.as_ref()?.get_key_value(q));
        let with_link = asks.map(|(name, _)| Use { question: Some(name), ..used.clone() });
        if let (Some((name, question)), Some(used)) = (asks, &with_link) {
            self.asked.insert(name);
            self.question(question, &asked_of(node, question), used);
        }
        // The mails of a ladder carry the link of its node's question.
        let ladder = node.ladder.as_ref().and_then(|name| parts.main.as_ref()?.ladders.get(name));
        for (step, used) in
            ladder.zip(with_link.as_ref()).into_iter().flat_map(|(l, used)| l.steps.iter().map(move |s| (s, used)))
        {
            self.note(&step.template, used.clone());
        }
        let Some(template) = node.template.as_deref() else { return };
        let used = match (node.action.as_str(), with_link) {
            // What was answered goes to the coach.
            (SEND_GUIDE, _) => {
                let answers = known::asked(parts, &node.facts).collect();
                Use { known: &used.known | &answers, ..used.clone() }
            }
            // It carries the survey's link, when there is a survey.
            (FOLLOW_UP, Some(with_link)) => with_link,
            _ => used.clone(),
        };
        self.note(template, used);
    }

    /// What Banto itself sends and asks, whatever the flow.
    fn rest(&mut self, parts: &'a Parts) {
        let asked = self.asked.clone();
        // A flow that can't be read may be the one that asks it, wherever.
        let known = match parts.flows.values().all(Option::is_some) {
            true => State::new(),
            false => known::everything(),
        };
        for (name, question) in parts.questions.iter().flatten().filter(|(name, _)| !asked.contains(name.as_str())) {
            let by = format!("question {name}");
            let from = Origin::Question(name);
            let used =
                Use { from, by, to: question.to.clone(), question: Some(name), known: known.clone(), any_fact: true };
            self.question(question, &question.to, &used);
        }
        let (from, by, to) = (Origin::Emergency, "an emergency".to_owned(), To::Customer);
        self.note(EMERGENCY_NOTE, Use { from, by, to, question: None, known: State::new(), any_fact: false });
        let (from, by, to) = (Origin::Digest, "a list".to_owned(), To::Operator);
        self.note(DIGEST, Use { from, by, to, question: None, known: State::new(), any_fact: false });
        for (name, to) in OWN {
            let (from, by) = (Origin::Own(name), format!("template {name}"));
            self.note(name, Use { from, by, to, question: None, known: State::new(), any_fact: false });
        }
        let any_fact = self.confirmed.is_none();
        let known = self.confirmed.clone().unwrap_or_else(|| State::from([Known::Booking, Known::Confirmed]));
        for (name, rung) in parts.main.iter().flat_map(|main| &main.reminders) {
            let by = format!("reminder {name}");
            let (from, known) = (Origin::Reminder(name), known.clone());
            self.note(&rung.template, Use { from, by, to: rung.to.clone(), question: None, known, any_fact });
        }
    }
}

/// What Banto itself sends because of an answer, and to whom.
const OWN: [(&str, To); 6] = [
    (APPROVAL_CODE, To::Operator),
    (RESULTS[0], To::Operator),
    (RESULTS[1], To::Operator),
    (RESULTS[2], To::Operator),
    (RESULTS[3], To::Operator),
    (REPLY, To::Customer),
];

/// To whom a node puts its question.
pub(super) fn asked_of(node: &Node, question: &Question) -> To {
    let named = steps::contract(&node.action).is_some_and(Contract::asks_whom_the_node_says);
    let other = node.to.as_ref().filter(|_| named);
    other.unwrap_or(&question.to).clone()
}

/// To whom a node sends its template.
pub(super) fn addressee(node: &Node) -> To {
    let step = steps::contract(&node.action);
    node.to.clone().unwrap_or_else(|| step.map_or(To::Customer, |step| step.mails.into()))
}
