//! No case may go round and round by itself: on every cycle of a flow somebody answers, or time passes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use banto_domain::playbook::{Flow, Node, Target};
use banto_domain::steps::{self, Answers};

use super::Check;
use super::flow::targets;
use crate::folder::Main;
use crate::places::Spot;

/// Whether somebody answers, or time passes, before an outcome of a node comes. What only looks at what is known comes to
/// its outcome at once. (That a deadline is some time at all is checked where it stands.)
fn rests(node: &Node, outcome: &str) -> bool {
    let Some(step) = steps::contract(&node.action) else { return true };
    // Categories of an inquiry, too, come at once: of a step that asks nothing and doesn't wait.
    let by_itself = step.answers == Answers::None && step.name != steps::WAIT;
    (!by_itself && !step.at_once.contains(&outcome)) || step.dwindles.contains(&outcome)
}

/// Outcome → where it leads at once, by node.
type Steps<'a> = BTreeMap<&'a str, Vec<(&'a str, &'a str)>>;

impl Check<'_> {
    /// Says of each cycle without rest where it begins; answers with the nodes on them.
    pub(super) fn loops(&mut self, file: &str, flow: &Flow) -> BTreeSet<String> {
        let steps = steps(self.parts.main.as_ref(), flow);
        let mut nodes: Vec<&str> = steps.keys().copied().collect();
        nodes.sort_by_key(|node| self.sources.at(file, Spot::Key(&["nodes", node])));
        let mut looping = BTreeSet::new();
        for node in nodes {
            if looping.contains(node) {
                continue;
            }
            let Some((outcome, way)) = way_back(&steps, node) else { continue };
            let what = format!(
                "node {node}: outcome {outcome} leads round to itself ({node} → {}), and on the way nobody answers and no \
                 time passes; let a question come between, or an end",
                way.join(" → ")
            );
            self.say(file, Spot::Value(&["nodes", node, "next", outcome]), what);
            looping.extend(way.into_iter().map(str::to_owned));
        }
        looping
    }
}

fn steps<'a>(main: Option<&'a Main>, flow: &'a Flow) -> Steps<'a> {
    let mut steps = Steps::new();
    for (name, node) in &flow.nodes {
        for (outcome, to) in node.next.iter().filter(|(outcome, _)| !rests(node, outcome)) {
            let to = targets(main, to).into_iter().filter_map(|to| match to {
                Target::Node(next) => Some((outcome.as_str(), next)),
                Target::End(_) | Target::Policy(_) | Target::Main(_) | Target::Leave(_) => None,
            });
            steps.entry(name.as_str()).or_default().extend(to);
        }
    }
    steps
}

/// The shortest way from a node to itself: its first outcome, and the nodes after it.
fn way_back<'a>(steps: &Steps<'a>, node: &'a str) -> Option<(&'a str, Vec<&'a str>)> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let first = steps.get(node)?.iter().map(|(outcome, next)| (*outcome, vec![*next]));
    let mut todo: VecDeque<(&str, Vec<&str>)> = first.collect();
    while let Some((outcome, way)) = todo.pop_front() {
        let Some(here) = way.last().copied() else { continue };
        if here == node {
            return Some((outcome, way));
        }
        if !seen.insert(here) {
            continue;
        }
        for (_, next) in steps.get(here).into_iter().flatten() {
            todo.push_back((outcome, way.iter().copied().chain([*next]).collect()));
        }
    }
    None
}
