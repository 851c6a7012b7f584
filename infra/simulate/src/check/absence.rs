//! 5: a no-show is heard before it is judged. Where the playbook asks the customer first, no session is used up before they
//! were asked about that very session, and a person of the practice decided since; and what they told is about it alone.

use std::collections::BTreeMap;

use banto_domain::playbook::Means;
use banto_domain::{Actor, Entry, Id};

use super::Verdict;
use super::evidence::{Evidence, Filed};

/// The question by which the customer is heard.
const HEARD: &str = "absence";
/// The menus whose absences are heard.
const MENUS: [&str; 2] = ["single", "programme"];

pub(super) fn check(evidence: &Evidence, verdict: &mut Verdict) {
    for (pk, filed) in evidence.cases.iter().filter(|(_, filed)| filed.playbook.questions.contains_key(HEARD)) {
        of_case(pk, filed, verdict);
    }
}

fn of_case(pk: &str, filed: &Filed, verdict: &mut Verdict) {
    let mut menus: BTreeMap<&Id, &str> = BTreeMap::new();
    let mut heard: Vec<&Id> = Vec::new();
    for kept in &filed.commits {
        for stamped in &kept.commit.entries {
            match &stamped.entry {
                Entry::BookingHeld { booking, menu, .. } => drop(menus.insert(booking, menu)),
                Entry::AskOpened { question, tracks, .. } if question == HEARD => heard.extend(tracks),
                Entry::SessionMissed { booking, .. } if menus.get(booking).is_some_and(|menu| MENUS.contains(menu)) => {
                    verdict.expect("5 an absence is heard before it is judged", heard.contains(&booking), || {
                        format!("{pk}: {booking}")
                    });
                    let person = matches!(kept.commit.actor, Actor::Person { .. });
                    verdict.expect("5 a person decides whether an absence counts", person && said(filed, kept), || {
                        format!("{pk}: {booking} by {}", kept.commit.actor.name())
                    });
                }
                _ => {}
            }
        }
    }
}

/// Whether the commit holds an answer that says so.
fn said(filed: &Filed, kept: &super::evidence::Kept) -> bool {
    kept.commit.entries.iter().any(|stamped| {
        let Entry::AskAnswered { question, answer, .. } = &stamped.entry else { return false };
        let answers = filed.playbook.questions.get(question).map(|q| q.answers.as_slice()).unwrap_or_default();
        let means = answers.iter().find(|a| a.name == *answer).and_then(|a| a.means);
        matches!(means, Some(Means::Counted | Means::Excused))
    })
}
