//! A session that is over is decided: whoever answers that the customer did not come may leave open what follows, but before
//! anything else is booked, and before the end, somebody says whether it counts.

use std::collections::BTreeSet;

use banto_domain::playbook::{Flow, Means, Node, Target};
use banto_domain::steps::{self, CANCEL_BOOKING, CONFIRM_BOOKING, OFFER_SLOTS};

use super::Check;
use super::flow::targets;
use super::known::question_of;
use crate::folder::Parts;
use crate::places::Spot;

impl Check<'_> {
    /// Says of each way from a session on which nobody decides.
    pub(super) fn undecided(&mut self, file: &str, flow: &Flow) {
        for (name, node) in flow.nodes.iter().filter(|(_, node)| asks_how_it_went(node)) {
            for (outcome, to) in node.next.iter().filter(|(outcome, _)| !decides(self.parts, node, outcome)) {
                let Some(there) = undecided(self.parts, flow, to) else { continue };
                let what = format!(
                    "node {name}: after {outcome} some way leads to {there}, and on it nobody says whether the session counts; \
                     let a question come between with answers that have means: held, counted or excused"
                );
                self.say(file, Spot::Value(&["nodes", name, "next", outcome]), what);
            }
        }
    }
}

/// Whether a node is a session: somebody says how it went.
fn asks_how_it_went(node: &Node) -> bool {
    steps::contract(&node.action).is_some_and(|step| step.says == Some(Means::Held))
}

/// Whether an outcome is an answer that says what became of the session.
fn decides(parts: &Parts, node: &Node, outcome: &str) -> bool {
    let answer = question_of(parts, node).and_then(|q| q.answers.iter().find(|a| a.name == outcome));
    answer.and_then(|a| a.means).is_some_and(|means| means.ends_session())
}

/// Where something else begins, or the case ends, before anybody decided.
fn undecided<'a>(parts: &'a Parts, flow: &'a Flow, from: &'a str) -> Option<&'a str> {
    let (mut seen, mut todo) = (BTreeSet::new(), vec![from]);
    while let Some(to) = todo.pop() {
        for target in targets(parts.main.as_ref(), to) {
            let next = match target {
                Target::Node(next) => next,
                Target::End(_) => return Some(to),
                Target::Policy(_) | Target::Main(_) | Target::Leave(_) => continue,
            };
            let Some(node) = flow.nodes.get(next).filter(|_| seen.insert(next)) else { continue };
            match node.action.as_str() {
                OFFER_SLOTS if !node.moves => return Some(next),
                CONFIRM_BOOKING => return Some(next),
                CANCEL_BOOKING => {}
                _ if asks_how_it_went(node) => {}
                _ => {
                    let open = node.next.iter().filter(|(outcome, _)| !decides(parts, node, outcome));
                    todo.extend(open.map(|(_, to)| to.as_str()));
                }
            }
        }
    }
    None
}
