//! What a playbook must hold before it may be published: every name leads somewhere, every flow can end.

use std::collections::BTreeSet;

use banto_domain::ask::AskKind;
use banto_domain::classify::{EMERGENCY, UNSURE};
use banto_domain::playbook::{EXPIRED, Flow, Node, Playbook, Target};

use crate::Problem;

/// All problems of a playbook.
pub(crate) fn all(playbook: &Playbook) -> Vec<Problem> {
    let mut found = Found { playbook, problems: Vec::new() };
    found.main();
    found.questions();
    found.templates();
    for (name, flow) in &playbook.flows {
        found.flow(name, flow);
    }
    found.problems
}

struct Found<'a> {
    playbook: &'a Playbook,
    problems: Vec<Problem>,
}

impl Found<'_> {
    fn say(&mut self, file: &str, what: String) {
        self.problems.push(Problem { file: file.to_owned(), at: None, what });
    }

    fn main(&mut self) {
        let (playbook, file) = (self.playbook, "playbook.yaml");
        if playbook.v != 1 {
            self.say(file, format!("v is {}; this Banto reads version 1", playbook.v));
        }
        if jiff::tz::TimeZone::get(&playbook.zone).is_err() {
            self.say(file, format!("zone: {} is no IANA time zone; write e.g. Asia/Tokyo", playbook.zone));
        }
        if playbook.people.operators.is_empty() {
            self.say(file, "people: there must be an operator, who gets every exception".to_owned());
        }
        for (name, form) in &playbook.forms {
            self.fact_names(file, &format!("forms: {name}"), form.fields.keys());
            for required in form.required.iter().filter(|f| !form.fields.contains_key(*f)) {
                self.say(file, format!("forms: {name}: required {required} is not among its fields"));
            }
            if !playbook.flows.contains_key(&form.flow) {
                self.say(file, format!("forms: {name}: there is no flow {}", form.flow));
            }
            self.template_name(file, &format!("forms: {name}"), &form.acknowledge);
        }
        self.fact_names(file, "classification: read", &playbook.classification.read);
    }

    fn questions(&mut self) {
        let file = "questions.yaml";
        for (name, question) in &self.playbook.questions {
            if question.answers.is_empty() {
                self.say(file, format!("{name}: has no answers; a question needs a finite set of them"));
            }
            if question.answers.iter().any(|a| a.name == EXPIRED) {
                self.say(file, format!("{name}: no answer may be called {EXPIRED}: that is the outcome of silence"));
            }
            if !question.nudges.is_empty() && question.nudge.is_none() {
                self.say(file, format!("{name}: has nudges but no template for them; add nudge:"));
            }
            self.fact_names(file, name, &question.shows);
            for template in question.nudge.iter().chain([&question.template]) {
                self.template_name(file, name, template);
            }
        }
    }

    fn templates(&mut self) {
        for (name, template) in &self.playbook.templates {
            if template.approved_by.is_none() {
                self.say(
                    &format!("templates/{name}.ja.md"),
                    "nobody approved it; add approved_by: in both languages".to_owned(),
                );
            }
        }
    }

    fn flow(&mut self, name: &str, flow: &Flow) {
        let file = format!("flows/{name}.yaml");
        if !flow.nodes.contains_key(&flow.start) {
            self.say(&file, format!("start: there is no node {}", flow.start));
            return;
        }
        for (node_name, node) in &flow.nodes {
            self.node(&file, node_name, node);
            for (outcome, to) in &node.next {
                if !to.starts_with("end:") && !flow.nodes.contains_key(to) {
                    self.say(&file, format!("node {node_name}: outcome {outcome} leads to {to}, which is no node; write a node's name or end:RESULT"));
                }
            }
        }
        let reached = self.reached(name, flow);
        for node in flow.nodes.keys().filter(|n| !reached.contains(n.as_str())) {
            self.say(&file, format!("node {node} can't be reached from {}", flow.start));
        }
        let stuck: Vec<&String> = reached.iter().filter(|n| !self.can_end(name, flow, n)).collect();
        for node in stuck {
            self.say(&file, format!("node {node}: no way leads to an end"));
        }
    }

    fn node(&mut self, file: &str, name: &str, node: &Node) {
        let playbook = self.playbook;
        let question = node.question.as_ref().and_then(|q| playbook.questions.get(q));
        if let Some(missing) = node.question.as_ref().filter(|q| !playbook.questions.contains_key(*q)) {
            self.say(file, format!("node {name}: there is no question {missing}"));
        }
        if let Some(template) = &node.template {
            self.template_name(file, &format!("node {name}"), template);
        }
        self.fact_names(file, &format!("node {name}"), &node.facts);
        let outcomes: Vec<&str> = match node.action.as_str() {
            "classify-inquiry" => {
                let named = playbook.classification.categories.values().map(|c| c.outcome.as_str());
                named.chain([UNSURE, EMERGENCY]).collect()
            }
            "open-ask" => {
                let answers = question.into_iter().flat_map(|q| &q.answers).map(|a| a.name.as_str());
                answers.chain([EXPIRED]).collect()
            }
            "request-missing-info" => {
                if question.is_some_and(|q| q.kind != AskKind::Fields) {
                    self.say(file, format!("node {name}: its question must be of kind fields"));
                }
                vec!["complete", EXPIRED]
            }
            "notify" => vec!["done"],
            other => {
                self.say(file, format!("node {name}: there is no function {other}"));
                return;
            }
        };
        if matches!(node.action.as_str(), "open-ask" | "request-missing-info") && node.question.is_none() {
            self.say(file, format!("node {name}: {} needs a question", node.action));
        }
        if node.action == "notify" && node.template.is_none() {
            self.say(file, format!("node {name}: notify needs a template"));
        }
        let outcomes: BTreeSet<&str> = outcomes.into_iter().collect();
        for outcome in outcomes.iter().filter(|o| !node.next.contains_key(**o)) {
            self.say(file, format!("node {name}: outcome {outcome} leads nowhere; add it to next:"));
        }
        for outcome in node.next.keys().filter(|o| !outcomes.contains(o.as_str())) {
            self.say(file, format!("node {name}: {} never has the outcome {outcome}", node.action));
        }
    }

    fn targets<'b>(&'b self, name: &'b str, flow: &'b Flow, node: &'b str) -> impl Iterator<Item = Target<'b>> {
        let outcomes = flow.nodes.get(node).into_iter().flat_map(|n| n.next.keys());
        outcomes.filter_map(move |outcome| self.playbook.target(name, node, outcome))
    }

    fn reached(&self, name: &str, flow: &Flow) -> BTreeSet<String> {
        let (mut reached, mut todo) = (BTreeSet::new(), vec![flow.start.clone()]);
        while let Some(node) = todo.pop() {
            let next = self.targets(name, flow, &node).filter_map(|t| match t {
                Target::Node(next) => Some(next.to_owned()),
                Target::End(_) => None,
            });
            let next: Vec<String> = next.collect();
            if reached.insert(node) {
                todo.extend(next);
            }
        }
        reached
    }

    fn can_end(&self, name: &str, flow: &Flow, from: &str) -> bool {
        let sub = Flow { start: from.to_owned(), ..flow.clone() };
        self.reached(name, &sub).iter().any(|n| self.targets(name, flow, n).any(|t| matches!(t, Target::End(_))))
    }

    fn fact_names<'b>(&mut self, file: &str, place: &str, names: impl IntoIterator<Item = &'b String>) {
        for name in names.into_iter().filter(|n| !self.playbook.facts.contains_key(*n)) {
            self.say(file, format!("{place}: there is no fact {name}; add it to facts: in playbook.yaml"));
        }
    }

    fn template_name(&mut self, file: &str, place: &str, name: &str) {
        if !self.playbook.templates.contains_key(name) {
            self.say(file, format!("{place}: there is no template {name}; add templates/{name}.ja.md and .en.md"));
        }
    }
}
