//! 16 for the practice's own people: a flood reaches them as lists, and nothing is lost by it.

use std::collections::BTreeMap;

use banto_domain::playbook::{DIGEST, URGENT};
use banto_domain::rules::digest::{LISTED, MOST};
use banto_domain::state::Party;
use banto_domain::{Entry, Id};
use jiff::{SignedDuration, Timestamp};

use super::Verdict;
use super::evidence::{Evidence, Filed};

/// How long after a list was wanted a mail may give way to it.
const LATE: SignedDuration = SignedDuration::from_mins(20);

/// A mail that asks somebody for something: who, and whether it is an emergency.
type Asking<'a> = BTreeMap<&'a Id, (&'a str, bool)>;

pub(super) fn check(evidence: &Evidence, verdict: &mut Verdict) {
    let mut mailed: BTreeMap<(&str, &str, bool, i64), u32> = BTreeMap::new();
    let mut lists: BTreeMap<(&str, &str), Vec<(usize, Timestamp)>> = BTreeMap::new();
    for filed in evidence.cases.values() {
        for kept in &filed.commits {
            for stamped in &kept.commit.entries {
                if let Entry::MessageIntended { template, to: Party::Person(person), .. } = &stamped.entry
                    && template == DIGEST
                {
                    let wanted = (kept.order, kept.commit.recorded_at);
                    lists.entry((&filed.client, person)).or_default().push(wanted);
                }
            }
        }
    }
    for (pk, filed) in &evidence.cases {
        let asking = asking(filed);
        for kept in &filed.commits {
            let at = kept.commit.recorded_at;
            for stamped in &kept.commit.entries {
                match &stamped.entry {
                    Entry::MessageSending { message, attempt: 1, .. } => {
                        let Some((person, urgent)) = asking.get(message) else { continue };
                        let hour = at.as_second().div_euclid(3_600);
                        *mailed.entry((&filed.client, person, *urgent, hour)).or_default() += 1;
                    }
                    Entry::MessageDropped { message, reason } if reason == LISTED => {
                        let who = asking.get(message).map(|(person, _)| (filed.client.as_str(), *person));
                        let wanted = who.and_then(|who| lists.get(&who)).is_some_and(|lists| {
                            lists.iter().any(|(order, when)| *order < kept.order && at.duration_since(*when) < LATE)
                        });
                        verdict.expect("16 what isn't mailed stands on a list", wanted, || format!("{pk}: {message}"));
                    }
                    _ => {}
                }
            }
        }
    }
    for ((client, person, ..), mails) in mailed {
        verdict.expect("16 nobody of the practice is flooded", mails <= MOST, || {
            format!("{client}: {person} got {mails}")
        });
    }
}

fn asking(filed: &Filed) -> Asking<'_> {
    let entries = || filed.commits.iter().flat_map(|k| &k.commit.entries).map(|stamped| &stamped.entry);
    let questions: BTreeMap<&Id, bool> = entries()
        .filter_map(|entry| match entry {
            Entry::AskOpened { ask, question, .. } => Some((ask, question == URGENT)),
            _ => None,
        })
        .collect();
    entries()
        .filter_map(|entry| match entry {
            Entry::MessageIntended { message, to: Party::Person(person), about: Some(ask), .. } => {
                Some((message, (person.as_str(), *questions.get(ask)?)))
            }
            _ => None,
        })
        .collect()
}
