//! The course of a case: nodes, outcomes, which mails were wanted, and its money to the yen. With faults it is the same as without, for
//! everybody who isn't near a deadline.

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::Entry;
use banto_domain::rules::digest::LISTED;

use super::evidence::{Evidence, Filed};
use crate::practice::MINATO;
use crate::world::World;

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Story {
    pub(crate) flow: String,
    pub(crate) outcome: Option<String>,
    path: Vec<String>,
    templates: BTreeSet<String>,
    /// What was asked for, what came in, what of it went back, in minor units.
    money: [i64; 3],
    /// Nobody was near a deadline, no person had to attend to anything, nothing was revoked or came twice.
    comparable: bool,
}

pub(super) fn all(world: &World, evidence: &Evidence) -> BTreeMap<String, Story> {
    evidence.cases.iter().map(|(pk, filed)| (pk.clone(), story(world, filed))).collect()
}

fn story(world: &World, filed: &Filed) -> Story {
    let people = &world.people;
    let script = people.cases.iter().find(|(_, case)| **case == filed.case).map(|(n, _)| &people.scripts[*n]);
    let mut comparable = script.is_some_and(|s| s.is_calm())
        && filed.client != MINATO
        && !people.contested.contains(&filed.case)
        && !people.gave_up.contains(&filed.case)
        && !people.untidy.contains(&filed.case)
        && !people.revoked.keys().any(|(client, _)| *client == filed.client);
    let (mut path, mut templates, mut money) = (Vec::new(), BTreeSet::new(), [0; 3]);
    let mut ordered = BTreeMap::new();
    for stamped in filed.commits.iter().flat_map(|k| &k.commit.entries) {
        match &stamped.entry {
            Entry::NodeEntered { node, .. } => path.push(node.clone()),
            Entry::NodeLeft { node, outcome, .. } => {
                path.push(format!("{node}: {outcome}"));
                let by_chance = ["lost", "no-slots", "overdue", "failed"].contains(&outcome.as_str());
                comparable &= (outcome != "expired" || node == "collect") && !by_chance;
            }
            Entry::AskOpened { reason: Some(_), .. } => comparable = false,
            Entry::MessageDropped { reason, .. } if reason == LISTED => comparable = false,
            // Of several who are asked, who is first decides: whose mail comes first is chance.
            Entry::AskOpened { people, .. } if people.len() > 1 => comparable = false,
            // Whoever waits to be asked twice takes a mail that came twice for the reminder, and answers before it.
            Entry::MessageSending { attempt: 2.., .. } => comparable = false,
            Entry::EmergencyRaised { .. } => comparable = false,
            // A coach closes days when her own mail makes her look.
            Entry::RequestRaised { kind, .. } if kind == "coach-away" => comparable = false,
            Entry::InvoiceIssued { total, .. } => money[0] += total,
            Entry::InvoiceReduced { by, .. } => money[0] -= by,
            Entry::PaymentRecorded { amount, .. } => money[1] += amount,
            Entry::RefundOrdered { refund, amount, .. } => drop(ordered.insert(refund.clone(), *amount)),
            Entry::RefundMade { refund, .. } => money[2] += ordered.get(refund).copied().unwrap_or(0),
            // Which rungs are still ahead depends on the slot.
            Entry::MessageIntended { origin, .. } if origin.starts_with("reminder:") => {}
            Entry::MessageIntended { template, .. } => drop(templates.insert(template.clone())),
            _ => {}
        }
    }
    // What isn't finished when the world ends may have come to different points.
    comparable &= filed.snapshot.outcome.is_some();
    let (flow, outcome) = (filed.snapshot.flow.clone(), filed.snapshot.outcome.clone());
    Story { flow, outcome, path, templates, money, comparable }
}

/// Compares; returns how many could be.
pub(crate) fn same_stories(
    faulty: &BTreeMap<String, Story>,
    fair: &BTreeMap<String, Story>,
    broken: &mut Vec<String>,
) -> u64 {
    let mut compared = 0;
    for (pk, story) in faulty {
        let Some(twin) = fair.get(pk).filter(|twin| twin.comparable && story.comparable) else { continue };
        compared += 1;
        if story != twin {
            broken.push(format!("2 another story than without faults: {pk}: {story:?} instead of {twin:?}"));
        }
    }
    compared
}
