//! A flow: each node has what its function needs, every outcome leads somewhere, every node is reached and can end.

use std::collections::BTreeSet;

use banto_domain::ask::AskKind;
use banto_domain::classify::{EMERGENCY, UNSURE};
use banto_domain::playbook::{EXPIRED, Flow, Node, Question, Target};

use super::Check;
use crate::places::Spot;

/// A function that a node may name: what it must be given, and what else it takes.
pub(crate) struct Action {
    pub(crate) name: &'static str,
    needs: &'static [&'static str],
    takes: &'static [&'static str],
}

/// The functions that a node may name.
pub(crate) const ACTIONS: [Action; 4] = [
    Action { name: "classify-inquiry", needs: &[], takes: &[] },
    Action { name: "notify", needs: &["template"], takes: &["to"] },
    Action { name: "open-ask", needs: &["question"], takes: &[] },
    Action { name: "request-missing-info", needs: &["question", "facts"], takes: &[] },
];

impl Check<'_> {
    pub(super) fn flow(&mut self, name: &str, flow: &Flow) {
        let file = format!("flows/{name}.yaml");
        for (node_name, node) in &flow.nodes {
            self.node(&file, node_name, node);
            self.targets(&file, flow, node_name, node);
        }
        if !flow.nodes.contains_key(&flow.start) {
            let what = format!("start: there is no node {}; name one of nodes:", flow.start);
            self.say(&file, Spot::Value(&["start"]), what);
            return;
        }
        let reached = reached(flow, &flow.start);
        for node in flow.nodes.keys() {
            let spot = Spot::Key(&["nodes", node]);
            if !reached.contains(node.as_str()) {
                let what = format!(
                    "node {node} can't be reached from {}; let an outcome lead to it, or remove it",
                    flow.start
                );
                self.say(&file, spot, what);
            } else if !can_end(flow, node) {
                let what = format!("node {node}: no way leads to an end; let an outcome lead to end:RESULT");
                self.say(&file, spot, what);
            }
        }
    }

    fn targets(&mut self, file: &str, flow: &Flow, name: &str, node: &Node) {
        for (outcome, to) in &node.next {
            let what = match Target::of(to) {
                Target::End("") => format!("node {name}: outcome {outcome} ends without a result; write end:RESULT"),
                Target::Node(next) if !flow.nodes.contains_key(next) => format!(
                    "node {name}: outcome {outcome} leads to {next}, which is no node; write a node's name or end:RESULT"
                ),
                _ => continue,
            };
            self.say(file, Spot::Value(&["nodes", name, "next", outcome]), what);
        }
    }

    fn node(&mut self, file: &str, name: &str, node: &Node) {
        let action_at = ["nodes", name, "action"];
        let Some(action) = ACTIONS.iter().find(|a| a.name == node.action) else {
            let names: Vec<&str> = ACTIONS.iter().map(|a| a.name).collect();
            let what = format!("node {name}: there is no function {}; there are {}", node.action, names.join(", "));
            self.say(file, Spot::Value(&action_at), what);
            return;
        };
        let given = [
            ("question", node.question.is_some()),
            ("template", node.template.is_some()),
            ("to", node.to.is_some()),
            ("facts", !node.facts.is_empty()),
        ];
        for (key, given) in given {
            if !given && action.needs.contains(&key) {
                let what = format!("node {name}: {} needs {key}:, which isn't there; add it", node.action);
                self.say(file, Spot::Value(&action_at), what);
            }
            if given && !action.needs.contains(&key) && !action.takes.contains(&key) {
                let what = format!("node {name}: {} makes nothing of {key}:; remove it", node.action);
                self.say(file, Spot::Key(&["nodes", name, key]), what);
            }
        }
        self.names(file, name, node);
        self.outcomes(file, name, node);
    }

    fn names(&mut self, file: &str, name: &str, node: &Node) {
        let place = format!("node {name}");
        self.fact_names(file, &place, &["nodes", name, "facts"], &node.facts);
        if let Some(template) = &node.template {
            self.template_name(&place, template, file, &["nodes", name, "template"]);
        }
        let kind = match node.action.as_str() {
            "open-ask" => AskKind::Choice,
            "request-missing-info" => AskKind::Fields,
            _ => return,
        };
        if let (Some(wanted), Some(questions)) = (&node.question, &self.parts.questions) {
            let what = match questions.get(wanted) {
                None => Some(format!("{place}: there is no question {wanted}; add it to questions.yaml")),
                Some(question) if question.kind != kind => {
                    let kind = if kind == AskKind::Choice { "choice" } else { "fields" };
                    Some(format!("{place}: {} asks questions of kind {kind}; {wanted} is of another", node.action))
                }
                Some(_) => None,
            };
            if let Some(what) = what {
                self.say(file, Spot::Value(&["nodes", name, "question"]), what);
            }
        }
    }

    fn outcomes(&mut self, file: &str, name: &str, node: &Node) {
        let Some(outcomes) = self.outcomes_of(node) else { return };
        for outcome in outcomes.iter().filter(|o| !node.next.contains_key(*o)) {
            let what = format!("node {name}: outcome {outcome} leads nowhere; add it to next:");
            self.say(file, Spot::Key(&["nodes", name, "next"]), what);
        }
        for outcome in node.next.keys().filter(|o| !outcomes.contains(*o)) {
            let has: Vec<&str> = outcomes.iter().map(String::as_str).collect();
            let what = format!("node {name}: never has the outcome {outcome}; it has {}", has.join(", "));
            self.say(file, Spot::Key(&["nodes", name, "next", outcome]), what);
        }
    }

    /// All that may come of a node; `None` when what says so can't be read.
    fn outcomes_of(&self, node: &Node) -> Option<BTreeSet<String>> {
        let answers = |question: &Question| question.answers.iter().map(|a| a.name.clone()).collect();
        let (mut named, more): (BTreeSet<String>, &[&str]) = match node.action.as_str() {
            "classify-inquiry" => {
                let categories = &self.parts.main.as_ref()?.classification.categories;
                (categories.values().map(|c| c.outcome.clone()).collect(), &[UNSURE, EMERGENCY])
            }
            "open-ask" => {
                let question = self.parts.questions.as_ref()?.get(node.question.as_ref()?)?;
                (answers(question), &[EXPIRED])
            }
            "request-missing-info" => (BTreeSet::new(), &["complete", EXPIRED]),
            _ => (BTreeSet::new(), &["done"]),
        };
        named.extend(more.iter().map(|&o| o.to_owned()));
        Some(named)
    }
}

/// The nodes that the token may come to from a node.
fn reached<'a>(flow: &'a Flow, from: &'a str) -> BTreeSet<&'a str> {
    let (mut reached, mut todo) = (BTreeSet::new(), vec![from]);
    while let Some(name) = todo.pop() {
        let Some((name, node)) = flow.nodes.get_key_value(name) else { continue };
        if reached.insert(name.as_str()) {
            todo.extend(node.next.values().filter_map(|to| match Target::of(to) {
                Target::Node(next) => Some(next),
                Target::End(_) => None,
            }));
        }
    }
    reached
}

fn can_end(flow: &Flow, from: &str) -> bool {
    let ends = |name: &&str| flow.nodes[*name].next.values().any(|to| matches!(Target::of(to), Target::End(_)));
    reached(flow, from).iter().any(ends)
}
