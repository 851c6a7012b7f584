//! Tokens, suspensions and the brake, each told anew from the journal: a token ends once and moves only from where it
//! stands, what is stopped doesn't leave, and nothing runs away (16).

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::playbook::Topic;
use banto_domain::state::{MAX_MAILS, MAX_TOKENS, MAX_VISITS, Party, Scope};
use banto_domain::{Entry, Id, Stamped, TokenId};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Verdict;
use super::evidence::{Evidence, Filed, Kept};

/// A message, as it was wanted.
struct Wanted<'a> {
    to: &'a Party,
    topic: Topic,
    flow: Option<&'a str>,
    tracks: &'a [Id],
    task: bool,
    day: Date,
}

/// A case, as far as its journal was read.
#[derive(Default)]
struct Read<'a> {
    /// Where each token stands, and since which entry.
    tokens: BTreeMap<&'a TokenId, (&'a str, &'a Id)>,
    flows: BTreeMap<&'a TokenId, &'a str>,
    ended: BTreeSet<&'a TokenId>,
    most: usize,
    /// The token and the visit that a step belongs to: by entry, by ask, by visit.
    steps: BTreeMap<&'a Id, (&'a TokenId, Id)>,
    asks: BTreeMap<&'a Id, (&'a TokenId, Id)>,
    tasks: BTreeSet<&'a Id>,
    stopped: BTreeMap<&'a Id, (&'a Scope, &'a str)>,
    /// Visits that were one too many, until a person lets them go on.
    parked: BTreeSet<Id>,
    wanted: BTreeMap<&'a Id, Wanted<'a>>,
    released: BTreeSet<&'a Id>,
    left: BTreeMap<(&'a Party, Date), BTreeSet<&'a Id>>,
    visits: BTreeMap<(&'a str, &'a str, Date), u32>,
}

pub(super) fn check(evidence: &Evidence, verdict: &mut Verdict) {
    for (pk, filed) in &evidence.cases {
        let mut read = Read::default();
        for kept in &filed.commits {
            moves(pk, kept, &read, verdict);
            for (n, stamped) in kept.commit.entries.iter().enumerate() {
                token(pk, filed, &kept.commit.entries[n..], &mut read, verdict);
                remember(kept, stamped, &mut read);
                leaves(pk, stamped, &mut read, verdict);
                visited(kept, &kept.commit.entries[n..], &mut read);
            }
            read.most = read.most.max(read.tokens.keys().filter(|t| !t.is_main()).count());
        }
        brakes(pk, &read, verdict);
    }
}

fn day(kept: &Kept) -> Date {
    kept.commit.recorded_at.to_zoned(TimeZone::UTC).date()
}

/// A token starts once, ends once and moves only from where it stands.
fn token<'a>(pk: &str, filed: &'a Filed, entries: &'a [Stamped], read: &mut Read<'a>, verdict: &mut Verdict) {
    let Some(stamped) = entries.first() else { return };
    match &stamped.entry {
        Entry::TokenStarted { token, flow, .. } => {
            let new = !read.flows.contains_key(token) && !token.is_main();
            verdict.expect("2 a side flow starts once", new, || format!("{pk}: {token}"));
            read.flows.insert(token, flow);
            read.tokens.insert(token, ("", &stamped.id));
        }
        Entry::TokenEnded { token, .. } => {
            let once = read.flows.contains_key(token) && read.ended.insert(token);
            verdict.expect("2 a side flow ends once, after it started", once, || format!("{pk}: {token}"));
            read.tokens.remove(token);
        }
        Entry::NodeEntered { node, token, .. } => {
            let alive = token.is_main() || read.tokens.contains_key(token);
            verdict.expect("2 only a token that there is moves", alive, || format!("{pk}: {token} to {node}"));
            read.tokens.insert(token, (node, &stamped.id));
            read.flows.entry(token).or_insert(&filed.snapshot.flow);
            read.steps.insert(&stamped.id, (token, stamped.id.clone()));
        }
        Entry::NodeLeft { node, token, .. } => {
            let there = read.tokens.get(token).is_some_and(|(stands, _)| stands == node);
            verdict.expect("2 a token leaves where it stands", there, || format!("{pk}: {token} from {node}"));
        }
        Entry::CaseClosed { .. } => {
            let beside = read.tokens.keys().filter(|t| !t.is_main()).count();
            verdict.expect("2 nothing runs beside a closed case", beside == 0, || format!("{pk}: {:?}", read.tokens));
            read.tokens.clear();
        }
        Entry::AskOpened { ask, token, beside: false, reason: None, .. } => {
            if let Some((_, visit)) = read.tokens.get(token) {
                read.asks.insert(ask, (token, (*visit).clone()));
            }
        }
        Entry::AskOpened { ask, reason: Some(_), .. } => drop(read.tasks.insert(ask)),
        Entry::AskAnswered { ask, .. } => {
            if let Some(step) = read.asks.get(ask).cloned() {
                read.steps.insert(&stamped.id, step);
            }
        }
        Entry::TimerFired { about: Some(about), .. } => {
            if let Some(step) = read.asks.get(about).or_else(|| read.steps.get(about)).cloned() {
                read.steps.insert(&stamped.id, step);
            }
        }
        _ => {}
    }
}

/// No step moves a token that isn't at its visit any more.
fn moves(pk: &str, kept: &Kept, read: &Read<'_>, verdict: &mut Verdict) {
    let Some((token, visit)) = read.steps.get(&kept.commit.cause) else { return };
    let moved = kept.commit.entries.iter().any(|e| matches!(&e.entry, Entry::NodeLeft { token: t, .. } if t == *token));
    let stands = read.tokens.get(*token).is_some_and(|(_, since)| *since == visit);
    verdict.expect("2 a step moves only a token that stands where it was asked for", !moved || stands, || {
        format!("{pk} #{}: {token} {}", kept.stored.seq, kept.commit.cause)
    });
    if kept.commit.cause == *visit {
        let stays = read.parked.contains(visit);
        verdict.expect("16 what ran too often moves by a person alone", !stays, || {
            format!("{pk} #{}: {token} {visit}", kept.stored.seq)
        });
    }
}

fn remember<'a>(kept: &'a Kept, stamped: &'a Stamped, read: &mut Read<'a>) {
    match &stamped.entry {
        Entry::AutomationSuspended { suspension, by, scope, .. } => {
            read.stopped.insert(suspension, (scope, by));
        }
        Entry::AutomationResumed { suspension: Some(suspension) } => drop(read.stopped.remove(suspension)),
        Entry::MessageReleased { message, .. } => drop(read.released.insert(message)),
        Entry::TokenParked { token, .. } => {
            read.parked.extend(read.tokens.get(token).map(|(_, visit)| (*visit).clone()))
        }
        Entry::StepRetried { cause, .. } => drop(read.parked.remove(cause)),
        Entry::MessageIntended { message, to, topic, about, tracks, flow, .. } => {
            let task = about.as_ref().is_some_and(|ask| read.tasks.contains(ask));
            let flow = flow.as_deref();
            read.wanted.insert(message, Wanted { to, topic: *topic, flow, tracks, task, day: day(kept) });
        }
        _ => {}
    }
}

/// Nothing leaves that a side flow stops.
fn leaves<'a>(pk: &str, stamped: &'a Stamped, read: &mut Read<'a>, verdict: &mut Verdict) {
    let Entry::MessageSending { message, .. } = &stamped.entry else { return };
    let Some(wanted) = read.wanted.get(message) else { return };
    for (scope, by) in read.stopped.values() {
        let reaches = match scope {
            Scope::Case => true,
            Scope::Track { track } => wanted.tracks.contains(track),
            Scope::Mails { topic } => *topic == wanted.topic,
        };
        let stopped = reaches && wanted.to.is_outside() && wanted.flow != Some(by);
        verdict
            .expect("4 what a side flow stops doesn't leave", !stopped, || format!("{pk}: {message} while {by} runs"));
    }
    if !wanted.task && !read.released.contains(message) {
        read.left.entry((wanted.to, wanted.day)).or_default().insert(message);
    }
}

/// A visit that doesn't end in standing still.
fn visited<'a>(kept: &Kept, entries: &'a [Stamped], read: &mut Read<'a>) {
    let Some(Stamped { entry: Entry::NodeEntered { node, token, .. }, .. }) = entries.first() else { return };
    let parked = entries.iter().any(|e| matches!(&e.entry, Entry::TokenParked { token: t, .. } if t == token));
    if let Some(flow) = read.flows.get(token).filter(|_| !parked) {
        *read.visits.entry((flow, node, day(kept))).or_default() += 1;
    }
}

/// 16: budgets hold.
fn brakes(pk: &str, read: &Read<'_>, verdict: &mut Verdict) {
    for ((to, day), mails) in &read.left {
        let most = usize::try_from(MAX_MAILS).unwrap_or(usize::MAX);
        verdict.expect("16 nobody gets mail after mail", mails.len() <= most, || {
            format!("{pk}: {to:?} on {day}: {}", mails.len())
        });
        if mails.len() == most {
            verdict.expect("16 the brake on mails was needed", true, String::new);
        }
    }
    for ((flow, node, day), visits) in &read.visits {
        verdict.expect("16 no node is visited again and again", *visits <= MAX_VISITS, || {
            format!("{pk}: {flow}/{node} on {day}: {visits}")
        });
        if *visits == MAX_VISITS {
            verdict.expect("16 the brake on visits was needed", true, String::new);
        }
    }
    verdict.expect("16 no side flows without end", read.most <= MAX_TOKENS, || format!("{pk}: {}", read.most));
    if read.most == MAX_TOKENS {
        verdict.expect("16 the brake on side flows was needed", true, String::new);
    }
    if read.most >= 3 {
        verdict.expect("cases with three side flows at once", true, String::new);
    }
}
