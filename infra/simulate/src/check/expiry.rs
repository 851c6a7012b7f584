//! 9: what was bought ends on its day. Whoever has sessions left hears of it in time and of nothing that is used up; only a person of
//! the practice gives more time, or what she moved for her own sake; and nothing lapses unless somebody says so.

use std::collections::BTreeMap;

use banto_domain::playbook::{By, Means};
use banto_domain::{Actor, Entry, Id};
use jiff::ToSpan;
use jiff::civil::Date;

use super::Verdict;
use super::evidence::{Evidence, Filed, Kept};
use super::said::zone;

/// What tells of the end.
const NOTICE: &str = "expiry-notice";
/// How many days before it is told, and how many days it may be late by.
const DAYS: [i64; 3] = [60, 30, 7];
const LATE: i64 = 3;

/// What was bought, as its journal tells it so far.
#[derive(Debug)]
struct Bought {
    menu: String,
    sessions: u32,
    used: u32,
    last: Date,
}

pub(super) fn check(evidence: &Evidence, verdict: &mut Verdict) {
    for (pk, filed) in evidence.cases.iter().filter(|(_, filed)| filed.playbook.flows.contains_key("expiry")) {
        of_case(pk, filed, verdict);
    }
}

fn of_case(pk: &str, filed: &Filed, verdict: &mut Verdict) {
    let mut bought: Option<Bought> = None;
    let mut menus: BTreeMap<&Id, &str> = BTreeMap::new();
    let mut open: BTreeMap<&Id, &str> = BTreeMap::new();
    for kept in &filed.commits {
        let today = kept.commit.recorded_at.to_zoned(zone(&filed.playbook.zone)).date();
        for stamped in &kept.commit.entries {
            match &stamped.entry {
                Entry::RequestRaised { request, kind, .. } => drop(open.insert(request, kind)),
                Entry::RequestClosed { request, .. } => drop(open.remove(request)),
                Entry::BookingHeld { booking, menu, .. } => drop(menus.insert(booking, menu)),
                Entry::PackageStarted { menu, sessions, used, expires_on: Some(last) } => {
                    bought = Some(Bought { menu: menu.clone(), sessions: *sessions, used: *used, last: *last });
                }
                Entry::PackageExtended { expires_on, .. } => {
                    let Some(package) = &mut bought else { continue };
                    let right = package.last < *expires_on && (said(filed, kept) || is_moved(filed, kept, &open));
                    verdict.expect("9 only the practice gives more time", right, || {
                        format!("{pk}: {package:?} until {expires_on} by {}", kept.commit.actor.name())
                    });
                    package.last = *expires_on;
                }
                Entry::SessionHeld { booking }
                | Entry::SessionMissed { booking, counts: true }
                | Entry::BookingCancelled { booking, counts: true, .. } => {
                    if let Some(package) = bought.as_mut().filter(|p| menus.get(booking) == Some(&p.menu.as_str())) {
                        package.used += 1;
                    }
                }
                Entry::MessageIntended { template, .. } if template == NOTICE => {
                    let right = bought.as_ref().is_some_and(|package| {
                        let in_time = |n: &i64| (0..=LATE).any(|late| package.last - (n - late).days() == today);
                        package.used < package.sessions && DAYS.iter().any(in_time)
                    });
                    verdict.expect("9 who has sessions left hears of their end in time", right, || {
                        format!("{pk}: {today} {bought:?}")
                    });
                }
                _ => {}
            }
        }
    }
}

/// Whether somebody of the practice said so.
fn said(filed: &Filed, kept: &Kept) -> bool {
    let person = matches!(kept.commit.actor, Actor::Person { .. });
    person
        && kept.commit.entries.iter().any(|stamped| {
            let Entry::AskAnswered { question, answer, .. } = &stamped.entry else { return false };
            let answers = filed.playbook.questions.get(question).map(|q| q.answers.as_slice()).unwrap_or_default();
            answers.iter().any(|a| a.name == *answer && a.means == Some(Means::Extended))
        })
}

/// Whether a session was moved while the practice wanted it.
fn is_moved(filed: &Filed, kept: &Kept, open: &BTreeMap<&Id, &str>) -> bool {
    let moved = kept.commit.entries.iter().any(|stamped| matches!(stamped.entry, Entry::BookingMoved { .. }));
    let wants = |kind: &&str| filed.playbook.requests.get(*kind).is_some_and(|wanted| wanted.by != By::Customer);
    moved && open.values().any(wants)
}
