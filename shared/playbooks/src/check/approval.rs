//! Approvals: somebody is left who may agree, by a question that lets them, and conditions that can be evaluated.

use std::collections::BTreeSet;

use banto_domain::playbook::{
    Approval, AskKind, Controls, OF_MAIL, OF_PLAYBOOK, PROPOSE_PLAYBOOK, People, Question, To,
};
use banto_domain::rules::approval::{CHANGE, NO, YES, is_undo};
use banto_domain::rules::{emergency, policy};
use banto_domain::steps::PUBLISH_PLAYBOOK;

use super::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

impl Check<'_> {
    pub(super) fn approvals(&mut self, main: &Main) {
        for (name, approval) in &main.approvals {
            self.approval(main, name, approval);
        }
        let Some(questions) = &self.parts.questions else { return };
        for (name, question) in questions {
            self.answers_of_approval(name, question);
            if let Some(code) = &question.code {
                self.condition(
                    main,
                    self.sources.of_question(name),
                    &format!("question {name}"),
                    &[name, "code"],
                    code,
                );
            }
        }
        // A practice may let nobody approve a version: the flow that it has for it is never begun then.
        let is_ours = |flow: &str, wanted: &str| flow == PROPOSE_PLAYBOOK && wanted == OF_PLAYBOOK;
        for (flow_name, flow) in &self.parts.flows {
            for (node_name, node) in flow.iter().flat_map(|flow| &flow.nodes) {
                if node.action == PUBLISH_PLAYBOOK && flow_name != PROPOSE_PLAYBOOK {
                    let what = format!(
                        "node {node_name}: only in the flow {PROPOSE_PLAYBOOK} is a version proposed that {} could make \
                         live; remove it",
                        node.action
                    );
                    let spot = ["nodes", node_name, "action"];
                    self.say(&format!("flows/{flow_name}.yaml"), Spot::Value(&spot), what);
                }
                let lacks = |name: &&String| !main.approvals.contains_key(*name) && !is_ours(flow_name, name);
                let Some(wanted) = node.approval.as_ref().filter(lacks) else { continue };
                let what =
                    format!("node {node_name}: there is no approval {wanted}; add it to approvals: in playbook.yaml");
                let spot = ["nodes", node_name, "approval"];
                self.say(&format!("flows/{flow_name}.yaml"), Spot::Value(&spot), what);
            }
        }
    }

    fn approval(&mut self, main: &Main, name: &str, approval: &Approval) {
        let place = format!("approval {name}");
        let known = self.parts.questions.as_ref().map(|all| all.get(&approval.question).map(|question| question.kind));
        let wrong = match known {
            Some(None) => Some(format!("there is no question {}; add it to questions.yaml", approval.question)),
            Some(Some(kind)) if kind != AskKind::Approval => {
                Some(format!("question {} is not of kind approval; name one that is", approval.question))
            }
            _ => None,
        };
        if let Some(wrong) = wrong {
            self.say(MAIN, Spot::Value(&["approvals", name, "question"]), format!("{place}: {wrong}"));
        }
        if approval.approves.is_empty() {
            let what = format!("{place}: nobody must agree to it; add somebody to approves:");
            self.say(MAIN, Spot::Key(&["approvals", name, "approves"]), what);
        }
        for (n, approver) in approval.approves.iter().enumerate() {
            let n = n.to_string();
            let path = ["approvals", name, "approves", &n, "by"];
            self.inside(&place, &approver.by, &path);
            if let Some(when) = &approver.when {
                self.condition(main, MAIN, &place, &["approvals", name, "approves", &n, "when"], when);
            }
        }
        for (key, all) in [("prepares", &approval.prepares), ("tells", &approval.tells)] {
            for (n, to) in all.iter().enumerate() {
                self.inside(&place, to, &["approvals", name, key, &n.to_string()]);
            }
        }
        self.enough(main, name, approval);
        self.in_their_words(name, approval);
    }

    /// What a person wrote and needs nobody's agreement.
    fn in_their_words(&mut self, name: &str, approval: &Approval) {
        let place = format!("approval {name}");
        for (n, to) in approval.own_words.iter().enumerate() {
            self.inside(&place, to, &["approvals", name, "own_words", &n.to_string()]);
        }
        let both = [("own_words", !approval.own_words.is_empty()), ("harmless", approval.harmless.is_some())];
        for (key, _) in both.into_iter().filter(|(_, is)| *is && name != OF_MAIL) {
            let what = format!("{place}: {key} is of mails alone; write it under {OF_MAIL}");
            self.say(MAIN, Spot::Key(&["approvals", name, key]), what);
        }
        let Some(harmless) = &approval.harmless else { return };
        if harmless.unless.is_empty() {
            let what =
                format!("{place}: harmless: everything would be; add words of money, promises and health to unless:");
            self.say(MAIN, Spot::Key(&["approvals", name, "harmless", "unless"]), what);
        }
        for (n, _) in harmless.unless.iter().enumerate().filter(|(_, word)| !emergency::is_word(word)) {
            let what = format!("{place}: harmless: a word without letters is never found; leave it out");
            self.say(MAIN, Spot::Value(&["approvals", name, "harmless", "unless", &n.to_string()]), what);
        }
    }

    fn inside(&mut self, place: &str, to: &To, path: &[&str]) {
        if to.is_outside() {
            let what = format!("{place}: {to} doesn't work for the practice; name a coach, an operator or a group");
            self.say(MAIN, Spot::Value(path), what);
        } else {
            self.addressee(place, to, MAIN, path);
        }
    }

    pub(super) fn condition(&mut self, main: &Main, file: &str, place: &str, path: &[&str], when: &str) {
        if let Err(flaw) = policy::check(when, &main.facts, &self.parts.whole_flows()) {
            let what = format!("{place}: {when:?} {flaw}; write e.g. request.amount >= 30000");
            self.say(file, Spot::Value(path), what);
        }
    }

    /// Each who must agree is somebody else, and whoever wants it isn't among them.
    fn enough(&mut self, main: &Main, name: &str, approval: &Approval) {
        let all: BTreeSet<&str> = main.people.all().map(|person| person.address.as_str()).collect();
        let needed = approval.approves.iter().filter(|approver| approver.when.is_none()).count() + 1;
        if main.controls == Controls::Two && all.len() < needed {
            let what = format!(
                "approval {name}: wants {needed} different people, whoever wants it among them, and {} work here; \
                 add somebody, or write controls: solo where a coach works alone",
                all.len()
            );
            self.say(MAIN, Spot::Key(&["approvals", name, "approves"]), what);
        }
        for approver in &approval.approves {
            if let [only] = members(&main.people, &approver.by)[..]
                && approval.prepares.iter().any(|to| members(&main.people, to) == [only])
            {
                let what = format!(
                    "approval {name}: {only} alone wants it and is asked to agree, which nobody may to their own; \
                     somebody else is asked each time"
                );
                self.warn(MAIN, Spot::Key(&["approvals", name, "approves"]), what);
            }
        }
    }

    fn answers_of_approval(&mut self, name: &str, question: &Question) {
        if question.kind != AskKind::Approval || is_undo(name) {
            return;
        }
        let (file, has) =
            (self.sources.of_question(name), |answer: &str| question.answers.iter().any(|a| a.name == answer));
        if !has(YES) || !has(NO) {
            let what = format!(
                "question {name}: of kind approval, its answers are {YES} and {NO}, of a mail also {CHANGE}; add them"
            );
            self.say(file, Spot::Key(&[name, "answers"]), what);
        }
        for (n, answer) in question.answers.iter().enumerate() {
            if ![YES, NO, CHANGE].contains(&answer.name.as_str()) {
                let what = format!(
                    "question {name}: of kind approval, it has no answer {}; write {YES}, {NO} or {CHANGE}",
                    answer.name
                );
                self.say(file, Spot::Value(&[name, "answers", &n.to_string(), "name"]), what);
            }
        }
    }
}

/// Who is in a group or is one person; nobody where that depends on the case.
fn members<'a>(people: &'a People, to: &To) -> Vec<&'a str> {
    match to {
        To::Group(group) | To::OnDuty(group) => people.group(group).unwrap_or_default(),
        To::Person(id) => people.person(id).map(|person| person.id.as_str()).into_iter().collect(),
        _ => Vec::new(),
    }
}
