//! 14: whoever writes an emergency word is written to by nobody but people, in every case of theirs, until a person says
//! otherwise; and that person was asked at once.

use std::collections::BTreeMap;

use banto_domain::playbook::OF_EMERGENCY;
use banto_domain::{Entry, Status};

use super::Verdict;
use super::evidence::{Evidence, Filed};
use crate::provider::Accepted;

/// What the scripts write when they cry out.
const CRIES: [&str; 4] = ["消 えたい", "消えたい", "want  to die", "feel suicidal"];
/// The question that an operator is asked then.
const URGENT: &str = "urgent";

/// From when to when, in changes of the table, an address must not be written to; by client and address. What a stranger
/// wrote silences its own case alone: by client and case.
pub(super) type Silences = BTreeMap<(String, String), Vec<(usize, usize)>>;

pub(super) fn check(evidence: &Evidence, verdict: &mut Verdict) -> Silences {
    let mut silences = Silences::new();
    for (pk, filed) in &evidence.cases {
        cried(pk, filed, verdict);
        asked(pk, filed, verdict);
        answered(pk, filed, verdict);
        went_on(pk, filed, verdict);
        for (order, by) in raised(filed) {
            let who = if by == "stranger" { filed.case.clone() } else { address(filed) };
            silences.entry((filed.client.clone(), who)).or_default().push((order, usize::MAX));
        }
    }
    // A person who lets it go on in one case of somebody's does so for all of them.
    for filed in evidence.cases.values() {
        for who in [address(filed), filed.case.clone()] {
            let Some(of_address) = silences.get_mut(&(filed.client.clone(), who)) else { continue };
            for (order, _) in entries(filed).filter(|(_, e)| matches!(e, Entry::AutomationResumed { suspension: None }))
            {
                for (from, to) in of_address.iter_mut() {
                    *to = if *from < order { order.min(*to) } else { *to };
                }
            }
        }
    }
    silences
}

/// No mail whose lease was within a silence.
pub(super) fn is_silent(silences: &Silences, filed: &Filed, mail: &Accepted, lease: usize) -> bool {
    let of = |to: String| silences.get(&(filed.client.clone(), to));
    let addresses = mail.to.iter().map(|to| to.to_ascii_lowercase());
    addresses.chain([filed.case.clone()]).filter_map(of).flatten().any(|(from, to)| *from < lease && lease < *to)
}

fn address(filed: &Filed) -> String {
    filed.personal["values"]["email"].as_str().unwrap_or_default().to_ascii_lowercase()
}

fn entries(filed: &Filed) -> impl Iterator<Item = (usize, &Entry)> {
    filed.commits.iter().flat_map(|k| k.commit.entries.iter().map(|e| (k.order, &e.entry)))
}

/// By a word in a form or an answer.
fn raised(filed: &Filed) -> impl Iterator<Item = (usize, &str)> {
    entries(filed).filter_map(|(order, entry)| match entry {
        Entry::EmergencyRaised { by, .. } if by != "same-customer" => Some((order, by.as_str())),
        _ => None,
    })
}

/// A word that stands in what is known of a case was noticed in the very commit that recorded it.
fn cried(pk: &str, filed: &Filed, verdict: &mut Verdict) {
    let values = filed.personal["values"].as_object();
    for (name, value) in values.into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        if !CRIES.iter().any(|cry| value.contains(cry)) {
            continue;
        }
        let recorded = filed.commits.iter().rfind(|k| k.commit.entries.iter().any(|e| records(&e.entry, name)));
        let at_once = recorded.is_some_and(|k| is_stopped(filed, k.stored.seq));
        verdict.expect("14 an emergency word is noticed at once", at_once, || format!("{pk}: {name}"));
    }
}

fn records(entry: &Entry, name: &str) -> bool {
    matches!(entry, Entry::FactsRecorded { facts } if facts.contains_key(name))
}

/// Whether after so many commits, of what stops and what lets go on, the last was to stop.
fn is_stopped(filed: &Filed, seq: u64) -> bool {
    let until = filed.commits.iter().take_while(|k| k.stored.seq <= seq);
    until.flat_map(|k| &k.commit.entries).fold(false, |stopped, e| match &e.entry {
        Entry::EmergencyRaised { .. } => true,
        Entry::AutomationResumed { suspension: None } => false,
        _ => stopped,
    })
}

/// An operator is asked, by a question of its own.
fn asked(pk: &str, filed: &Filed, verdict: &mut Verdict) {
    let stamped = || filed.commits.iter().flat_map(|k| &k.commit.entries);
    for raised in stamped().filter(|e| matches!(e.entry, Entry::EmergencyRaised { .. })) {
        let asked = stamped().any(|e| match &e.entry {
            Entry::AskOpened { question, about: Some(about), .. } => question == URGENT && *about == raised.id,
            _ => false,
        });
        verdict.expect("14 an operator is asked", asked, || format!("{pk}: {}", raised.id));
    }
}

/// Whoever wrote it isn't left in silence: one note for each word, in the same commit; and the coach hears with the office.
fn answered(pk: &str, filed: &Filed, verdict: &mut Verdict) {
    for kept in &filed.commits {
        let entries = || kept.commit.entries.iter().map(|stamped| &stamped.entry);
        let by_them = |e: &Entry| matches!(e, Entry::EmergencyRaised { by, .. } if by != "same-customer");
        let note = |e: &Entry| matches!(e, Entry::MessageIntended { origin, .. } if origin == OF_EMERGENCY);
        let (raised, notes) = (entries().filter(|e| by_them(e)).count(), entries().filter(|e| note(e)).count());
        let wanted = if filed.playbook.emergency.is_some() && !address(filed).is_empty() { raised } else { 0 };
        verdict.expect("14 nobody who cries out is left in silence, or written to twice", notes == wanted, || {
            format!("{pk}: {notes} notes for {raised} in {}", kept.stored.seq)
        });
        for entry in entries() {
            let Entry::AskOpened { question, people, .. } = entry else { continue };
            let is_coach = |id: &String| filed.playbook.people.coach(id).is_some();
            let told = question != URGENT || filed.playbook.people.coaches.is_empty() || people.iter().any(is_coach);
            verdict.expect("14 the coach is told", told, || format!("{pk}: {people:?}"));
        }
    }
}

/// What the operator decided came to be: handed over, or gone on.
fn went_on(pk: &str, filed: &Filed, verdict: &mut Verdict) {
    for kept in &filed.commits {
        for stamped in &kept.commit.entries {
            let Entry::AskAnswered { question, answer, .. } = &stamped.entry else { continue };
            if question != URGENT {
                continue;
            }
            if answer == "resume" {
                let resumed = kept
                    .commit
                    .entries
                    .iter()
                    .any(|e| matches!(e.entry, Entry::AutomationResumed { suspension: None }));
                verdict.expect("14 it goes on with the answer", resumed, || pk.to_owned());
            } else {
                let closed = filed.snapshot.status == Status::Closed;
                verdict.expect("14 what was handed over is a person's", closed, || pk.to_owned());
            }
        }
    }
    let stopped = is_stopped(filed, u64::MAX);
    verdict.expect(
        "14 the snapshot knows whether it is stopped",
        stopped == filed.snapshot.emergency().is_some(),
        || pk.to_owned(),
    );
    let waits = filed.snapshot.pending.values().any(|p| filed.snapshot.is_suspended(p));
    let suspended = stopped || !filed.snapshot.suspensions.is_empty();
    verdict.expect("14 nothing waits that may go on", suspended || !waits, || pk.to_owned());
}
