//! A flow: every outcome leads somewhere, every node is reached and can end, and what a node needs is there by then.

use std::collections::BTreeSet;

use banto_domain::playbook::{Flow, Node, Target};
use banto_domain::steps;

use super::Check;
use super::action::outcomes_of;
use super::known;
use crate::folder::{Main, Parts};
use crate::places::Spot;

impl Check<'_> {
    pub(super) fn flow(&mut self, name: &str, flow: &Flow) {
        let file = format!("flows/{name}.yaml");
        self.node_names(&file, flow);
        let looping = self.loops(&file, flow);
        for (node_name, node) in &flow.nodes {
            self.node(&file, node_name, node);
            self.targets(&file, flow, node_name, node);
        }
        if !flow.nodes.contains_key(&flow.start) {
            let what = format!("start: there is no node {}; name one of nodes:", flow.start);
            self.say(&file, Spot::Value(&["start"]), what);
            return;
        }
        // What would be said of a flow that isn't whole only follows from what is wrong already.
        if !is_whole(self.parts, flow) {
            return;
        }
        let mut nodes: Vec<&str> = flow.nodes.keys().map(String::as_str).collect();
        nodes.sort_by_key(|node| self.sources.at(&file, Spot::Key(&["nodes", node])));
        let entries = self.entries(name, flow);
        for node in lost(self.parts.main.as_ref(), flow, (&entries, &nodes)) {
            let what =
                format!("node {node} can't be reached from {}; let an outcome lead to it, or remove it", flow.start);
            self.say(&file, Spot::Key(&["nodes", node]), what);
        }
        for node in traps(self.parts.main.as_ref(), flow, &entries).into_iter().filter(|node| !looping.contains(*node))
        {
            let what = format!("node {node}: no way leads to an end; let an outcome lead to end:RESULT");
            self.say(&file, Spot::Key(&["nodes", node]), what);
        }
        self.ways(&file, name, flow);
        self.undecided(&file, flow);
    }

    /// What a node needs is there, whichever way leads to it.
    fn ways(&mut self, file: &str, name: &str, flow: &Flow) {
        // Nobody can tell what is known in a flow that no form begins.
        if known::at_start(self.parts, name).is_none() {
            return;
        }
        for (node_name, before) in known::at_nodes(self.parts, name, flow) {
            let Some(node) = flow.nodes.get(node_name) else { continue };
            self.menu_is_known(file, node_name, node, &before);
            let Some(after) = steps::contract(&node.action).and_then(|step| step.after) else { continue };
            if !known::is_left(after.left, &before) {
                let what = format!("node {node_name}: some way leads to it on which no {}", after.unless);
                self.say(file, Spot::Key(&["nodes", node_name]), what);
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
                Target::Policy(policy) => {
                    let place = format!("node {name}: outcome {outcome}");
                    self.policy_name(&place, policy, file, &["nodes", name, "next", outcome]);
                    continue;
                }
                Target::Main(_) | Target::Leave(_) if !flow.is_side() => format!(
                    "node {name}: outcome {outcome} leads to {to}, but only a side flow (with starts:) may; write a node's \
                     name or end:RESULT"
                ),
                Target::Main(next) if !self.is_main_node(next) => format!(
                    "node {name}: outcome {outcome} leads to {next} of the main flow, but no form begins a flow that has it"
                ),
                _ => continue,
            };
            self.say(file, Spot::Value(&["nodes", name, "next", outcome]), what);
        }
    }
}

impl<'a> Check<'a> {
    /// Where a token may come to a flow: its first node, where forms begin it, and where side flows lead the main token.
    fn entries(&self, name: &str, flow: &'a Flow) -> Vec<&'a str> {
        let parts = self.parts;
        let forms = parts.main.iter().flat_map(|main| main.forms.values()).filter(|form| form.flow == name);
        let mut named: Vec<&str> = forms.filter_map(|form| form.start.as_deref()).collect();
        let import = parts.main.as_ref().and_then(|main| main.import.as_ref()).filter(|import| import.flow == name);
        named.extend(import.iter().flat_map(|import| import.begins.named()).map(|(_, node)| node));
        if !flow.is_side() {
            let beside = parts.flows.values().flatten().filter(|flow| flow.is_side());
            let led = beside.flat_map(|flow| flow.nodes.values()).flat_map(|node| node.next.values());
            named.extend(led.flat_map(|to| targets(parts.main.as_ref(), to)).filter_map(|to| match to {
                Target::Main(node) => Some(node),
                _ => None,
            }));
        }
        let own = named.into_iter().filter_map(|node| flow.nodes.get_key_value(node).map(|(node, _)| node.as_str()));
        own.chain([flow.start.as_str()]).collect()
    }

    /// Whether some main flow has this node.
    fn is_main_node(&self, node: &str) -> bool {
        self.parts.flows.values().any(|flow| flow.as_ref().is_none_or(|f| !f.is_side() && f.nodes.contains_key(node)))
    }
}

/// Where an outcome may lead: a policy leads where any of its results does.
pub(super) fn targets<'a>(main: Option<&'a Main>, to: &'a str) -> Vec<Target<'a>> {
    match Target::of(to) {
        Target::Policy(name) => {
            let policy = main.and_then(|main| main.policies.get(name));
            policy.into_iter().flat_map(|policy| policy.results()).map(Target::of).collect()
        }
        target => vec![target],
    }
}

/// The nodes that the token may come to from some nodes.
fn reached<'a>(main: Option<&'a Main>, flow: &'a Flow, from: &[&'a str]) -> BTreeSet<&'a str> {
    let (mut reached, mut todo) = (BTreeSet::new(), from.to_vec());
    while let Some(name) = todo.pop() {
        let Some((name, node)) = flow.nodes.get_key_value(name) else { continue };
        if reached.insert(name.as_str()) {
            todo.extend(node.next.values().flat_map(|to| targets(main, to)).filter_map(|to| match to {
                Target::Node(next) => Some(next),
                Target::End(_) | Target::Policy(_) | Target::Main(_) | Target::Leave(_) => None,
            }));
        }
    }
    reached
}

/// The nodes that can't be reached; not those to which only such nodes lead.
fn lost<'a>(main: Option<&'a Main>, flow: &'a Flow, (entries, nodes): (&[&'a str], &[&'a str])) -> Vec<&'a str> {
    let mut found = reached(main, flow, entries);
    let lost = nodes.iter().filter(|node| !found.contains(*node));
    let lost: Vec<(&str, BTreeSet<&str>)> = lost.map(|node| (*node, reached(main, flow, &[node]))).collect();
    let mut first = Vec::new();
    for (node, to) in &lost {
        let follows = lost.iter().any(|(other, leads)| leads.contains(node) && !to.contains(other));
        if !follows && !found.contains(node) {
            first.push(*node);
            found.extend(to);
        }
    }
    first
}

/// The nodes by which the token comes to where no way leads to an end.
fn traps<'a>(main: Option<&'a Main>, flow: &'a Flow, entries: &[&'a str]) -> Vec<&'a str> {
    let ends = |to: &Target<'_>| matches!(to, Target::End(_) | Target::Main(_) | Target::Leave(_));
    let may_end = |to: &String| targets(main, to).iter().any(ends);
    let ends =
        |from: &'a str| reached(main, flow, &[from]).iter().any(|name| flow.nodes[*name].next.values().any(may_end));
    let leads =
        |node: &Node, to: &str| node.next.values().flat_map(|t| targets(main, t)).any(|t| t == Target::Node(to));
    let found = reached(main, flow, entries);
    let enters =
        |to: &str| entries.contains(&to) || found.iter().any(|from| ends(from) && leads(&flow.nodes[*from], to));
    found.iter().copied().filter(|node| !ends(node) && enters(node)).collect()
}

/// Whether everything that leads on can be told: all outcomes lead to what there is, and all that nodes name is there.
pub(super) fn is_whole(parts: &Parts, flow: &Flow) -> bool {
    let (Some(main), Some(questions)) = (&parts.main, &parts.questions) else { return false };
    let leads = |to: &str| match Target::of(to) {
        Target::Node(next) => flow.nodes.contains_key(next),
        Target::End(_) | Target::Main(_) | Target::Leave(_) => true,
        Target::Policy(_) => false,
    };
    let is_there = |to: &String| match Target::of(to) {
        Target::Policy(name) => main.policies.get(name).is_some_and(|policy| {
            let decides = policy.otherwise.is_some() || !policy.bands.is_empty();
            decides && policy.results().all(leads)
        }),
        _ => leads(to),
    };
    let is_node_whole = |node: &Node| {
        let outcomes = outcomes_of(parts, node);
        node.next.values().all(is_there)
            && outcomes.is_some_and(|outcomes| outcomes.iter().all(|outcome| node.next.contains_key(outcome)))
            && node.question.as_ref().is_none_or(|question| questions.contains_key(question))
            && node.facts.iter().all(|fact| main.facts.contains_key(fact))
    };
    flow.nodes.contains_key(&flow.start) && flow.nodes.values().all(is_node_whole)
}
