//! Journals and snapshots against each other, and against what people were told.

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::playbook::DIGEST;
use banto_domain::rules::approval::is_undo;
use banto_domain::state::{DUE, SESSION_END, WAIT_END, verify};
use banto_domain::steps::{APPROVED, EXPIRED};
use banto_domain::{Case, Entry, Id, Stamped, Status, StoredCommit, Track, What};
use jiff::{SignedDuration, Timestamp, Unit};
use serde_json::Value;

use super::Verdict;
use super::evidence::{Evidence, Filed, text};
use super::stranger;
use crate::people::Kind;
use crate::versions::without_newer;
use crate::world::World;

/// How large a part of a snapshot may get, in bytes as DynamoDB counts them.
const MAX_PART: usize = 4_096;

/// Asks, letters on their way, or steps that wait, that are more than a case with some side flows has: somebody writes and
/// writes, or much is stopped.
const MANY: usize = 7;
/// Values, letters and notes of people, that are more than a case usually has.
const WORDY: usize = 40;

pub(super) fn check(world: &World, evidence: &Evidence, verdict: &mut Verdict) {
    let mut entries: BTreeSet<Id> = BTreeSet::new();
    for (pk, filed) in &evidence.cases {
        chain(pk, filed, verdict);
        next(world, pk, filed, verdict);
        something_moves(pk, &filed.snapshot, verdict);
        once(pk, filed, &mut entries, verdict);
        silence(world, pk, filed, verdict);
        loose_ends(world.now(), pk, filed, verdict);
    }
    sizes(world, verdict);
    told(world, evidence, verdict);
}

/// No part of any snapshot was ever larger than what one read unit reads.
fn sizes(world: &World, verdict: &mut Verdict) {
    for change in
        world.cloud.net().changes.iter().filter(|c| matches!(c.sk.as_str(), "S" | "SA" | "SF" | "SM" | "SP" | "ST"))
    {
        let image = &change.event["dynamodb"]["NewImage"];
        let size: usize = image.as_object().into_iter().flatten().map(|(name, value)| name.len() + weight(value)).sum();
        let body: Value = serde_json::from_str(text(image, "body")).unwrap_or_default();
        let tracks = body["tracks"].as_object();
        let waits = body["pending"].as_object();
        // Four side flows at once are many, too: one that tells of an expiry stays for months.
        let flows = body["tokens"].as_object().is_some_and(|tokens| tokens.len() > 4);
        if change.sk == "S" && (flows || waits.is_some_and(|steps| steps.len() > MANY)) {
            verdict.expect("snapshots with very many steps are not large", size <= 2 * MAX_PART, || {
                format!("{} {} has {size} bytes: {}", change.pk, change.sk, heavy(image))
            });
            continue;
        }
        if matches!(change.sk.as_str(), "SA" | "SM") && tracks.is_some_and(|letters| letters.len() > MANY) {
            verdict.expect("snapshots with very many asks or letters", size <= 4 * MAX_PART, || {
                format!("{} {} has {size} bytes: {}", change.pk, change.sk, heavy(image))
            });
            continue;
        }
        // Whatever people wrote in their own words is kept, and each of them has its mark among the facts.
        let said = match change.sk.as_str() {
            "SP" => body["values"].as_object(),
            "SF" => body["facts"].as_object(),
            _ => None,
        };
        if said.is_some_and(|said| said.len() > WORDY) {
            verdict.expect("snapshots with very many words are not large", size <= 4 * MAX_PART, || {
                format!("{} {} has {size} bytes: {}", change.pk, change.sk, heavy(image))
            });
            continue;
        }
        verdict.expect("snapshots are small", size <= MAX_PART, || {
            format!("{} {} has {size} bytes: {}", change.pk, change.sk, heavy(image))
        });
        if change.sk == "S" && body["tokens"].as_object().is_some_and(|tokens| tokens.len() > 3) {
            verdict.expect("snapshots with three open side flows are small", size <= MAX_PART, String::new);
        }
    }
}

/// What of a part weighs most.
fn heavy(image: &Value) -> String {
    let body: Value = serde_json::from_str(text(image, "body")).unwrap_or_default();
    let count = |value: &Value| value.as_object().map_or(0, serde_json::Map::len);
    let keys =
        body.as_object().into_iter().flatten().map(|(name, value)| (value.to_string().len(), name, count(value)));
    let heavy = keys.filter(|(size, ..)| *size > 200).map(|(size, name, n)| format!("{name} {size} ({n})"));
    heavy.collect::<Vec<_>>().join(", ")
}

/// What DynamoDB counts of a value, nearly: its text, and what holds it.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Object(map) => map.iter().map(|(name, value)| name.len().max(2) + weight(value)).sum::<usize>() + 1,
        _ => 1,
    }
}

/// 11: the chain verifies over the stored bytes, its fold is the snapshot, and a changed byte is noticed.
fn chain(pk: &str, filed: &Filed, verdict: &mut Verdict) {
    let mut stored: Vec<StoredCommit> = filed.commits.iter().map(|k| k.stored.clone()).collect();
    match verify::journal(&stored) {
        Ok(Some(case)) => {
            let same = serde_json::to_value(&case).is_ok_and(|folded| folded == without_newer(filed.stored.clone()));
            verdict.expect("11 the fold is the snapshot", same && case == filed.snapshot, || pk.to_owned());
        }
        other => verdict.expect("11 the chain verifies", false, || format!("{pk}: {other:?}")),
    }
    let n = stored.len() / 2;
    if let Some(commit) = stored.get_mut(n) {
        let at = commit.body.len() / 3;
        let at = (at..commit.body.len()).find(|at| commit.body.as_bytes()[*at].is_ascii_alphanumeric()).unwrap_or(0);
        commit.body.replace_range(at..=at, if commit.body.as_bytes()[at] == b'7' { "8" } else { "7" });
        let noticed = verify::journal(&stored).is_err();
        verdict.expect("11 a changed byte is noticed", noticed, || pk.to_owned());
    }
}

/// 13: an open case is due at the fold's instant, and nothing that is due was left lying.
fn next(world: &World, pk: &str, filed: &Filed, verdict: &mut Verdict) {
    let due = filed.snapshot.due_at();
    let round = jiff::TimestampRound::new().smallest(Unit::Second).mode(jiff::RoundMode::Ceil);
    let shown = due.and_then(|at| at.round(round).ok()).map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    // What could not be woken stands there later, and says since when.
    let asked = text(&filed.item, "due_asked");
    let stored = if asked.is_empty() { text(&filed.item, "due_at") } else { asked };
    verdict.expect("13 the item says when the case is due", shown.as_deref().unwrap_or_default() == stored, || {
        format!("{pk}: {stored:?} instead of {shown:?}")
    });
    let open = filed.snapshot.status == Status::Open;
    verdict.expect("13 an open case has a next", !open || due.is_some(), || pk.to_owned());
    let slack = SignedDuration::from_mins(2);
    let overdue = due.is_some_and(|at| at.saturating_add(slack).is_ok_and(|late| late < world.now()));
    verdict.expect("13 nothing is overdue at the end", !overdue, || format!("{pk} since {due:?}, now {}", world.now()));
}

/// 13: whatever wakes an open case must be able to move it on: a step, a question that the flow waits for or a person's
/// task, a session's end, an invoice's due date. A reminder alone moves nothing.
fn something_moves(pk: &str, case: &Case, verdict: &mut Verdict) {
    let step = case.pending.values().any(|step| !matches!(step.what, What::Intended { .. }));
    let asked = case.asks().any(|(_, ask)| !ask.beside);
    let timed = case.timers.values().any(|t| t.name == SESSION_END || t.name == DUE || t.name == WAIT_END);
    let moves = case.status == Status::Closed || step || asked || timed;
    verdict.expect("13 something moves an open case on", moves, || format!("{pk}: {:?}", case.tokens));
}

/// 2: one cause, one commit of a function; every entry has an id of its own.
fn once(pk: &str, filed: &Filed, entries: &mut BTreeSet<Id>, verdict: &mut Verdict) {
    let mut causes = BTreeSet::new();
    let mut last: Option<Timestamp> = None;
    for kept in &filed.commits {
        let (cause, function) = (&kept.commit.cause, &kept.commit.function);
        let new = causes.insert((cause.clone(), function.clone()));
        verdict.expect("2 one cause, once", new, || format!("{pk}: {cause} twice by {function}"));
        let onwards = last.is_none_or(|last| last <= kept.commit.recorded_at);
        verdict.expect("11 time never goes back", onwards, || format!("{pk} #{}", kept.stored.seq));
        last = Some(kept.commit.recorded_at);
        for entry in &kept.commit.entries {
            let new = entries.insert(entry.id.clone());
            verdict.expect("2 every entry has its own id", new, || format!("{pk}: {}", entry.id));
        }
    }
    let opened =
        filed.commits.iter().flat_map(|k| &k.commit.entries).filter(|e| matches!(e.entry, Entry::CaseOpened { .. }));
    let opened = opened.count();
    verdict.expect("2 a case is opened once", opened == 1, || format!("{pk}: {opened} times"));
}

/// 5: nothing is answered that nobody answered; an ask that expired goes on by `expired`, or is asked again.
fn silence(world: &World, pk: &str, filed: &Filed, verdict: &mut Verdict) {
    let mut over: BTreeMap<Id, &'static str> = BTreeMap::new();
    let mut beside: BTreeSet<&Id> = BTreeSet::new();
    let mut sought: BTreeMap<&Id, bool> = BTreeMap::new();
    let mut of_steps: BTreeSet<&Id> = BTreeSet::new();
    for kept in &filed.commits {
        let entries = &kept.commit.entries;
        for (n, stamped) in entries.iter().enumerate() {
            let (ask, how) = match &stamped.entry {
                Entry::AskOpened { ask, question, seeks: Some(_), .. } => {
                    sought.insert(ask, is_undo(question));
                    continue;
                }
                Entry::AskOpened { ask, beside: true, .. } => {
                    beside.insert(ask);
                    continue;
                }
                Entry::AskOpened { ask, reason: Some(reason), .. } if reason.starts_with("step-never-came") => {
                    of_steps.insert(ask);
                    continue;
                }
                Entry::AskAnswered { ask, answer, .. } => {
                    let posted = world.people.posted.contains(&(ask.to_string(), answer.clone()));
                    verdict.expect("5 every answer was posted", posted, || format!("{pk}: {answer} to {ask}"));
                    (ask, "answered")
                }
                Entry::AskExpired { ask } if sought.contains_key(ask) => {
                    // Only the time to take back what all agreed to ends by itself.
                    let right = sought[ask] || !entries.iter().any(approves);
                    verdict.expect("5 silence never approves", right, || format!("{pk}: {ask}"));
                    (ask, "expired")
                }
                Entry::AskExpired { ask } => {
                    let goes_on = entries[n..].iter().any(|e| match &e.entry {
                        Entry::NodeLeft { outcome, .. } => outcome == EXPIRED,
                        Entry::AskOpened { .. } => true,
                        _ => false,
                    });
                    // Nobody waits for what is asked beside the flow: then nothing moves at all. (That this step came late
                    // may have been somebody's task.)
                    let quiet = |e: &Stamped| match &e.entry {
                        Entry::AskExpired { .. } | Entry::MessageDropped { .. } => true,
                        Entry::AskWithdrawn { ask } => of_steps.contains(ask),
                        _ => false,
                    };
                    let right = if beside.contains(ask) { entries.iter().all(quiet) } else { goes_on };
                    verdict.expect("5 what expires goes on by `expired`", right, || format!("{pk}: {ask}"));
                    (ask, "expired")
                }
                Entry::AskWithdrawn { ask } => (ask, "withdrawn"),
                _ => continue,
            };
            let before = over.insert(ask.clone(), how);
            verdict.expect("2 an ask ends once", before.is_none(), || format!("{pk}: {ask} {before:?} and {how}"));
        }
    }
}

/// Whether an entry says that something is approved.
fn approves(stamped: &Stamped) -> bool {
    match &stamped.entry {
        Entry::NodeLeft { outcome, .. } => outcome == APPROVED,
        Entry::MessageApproved { .. } | Entry::MessageReleased { .. } => true,
        _ => false,
    }
}

/// 1: when everything works again, nothing is left half done: no step that nobody looks at, no message in between.
fn loose_ends(now: Timestamp, pk: &str, filed: &Filed, verdict: &mut Verdict) {
    let case = &filed.snapshot;
    for (cause, step) in &case.pending {
        let recent =
            step.watchdog_at.is_some_and(|at| at.saturating_add(SignedDuration::from_mins(2)).is_ok_and(|at| at > now));
        // What a side flow stops waits for its end.
        let looked_at = recent || is_asked_about(case, cause) || case.is_suspended(step);
        verdict.expect("1 every step is done or somebody's task", looked_at, || format!("{pk}: {cause} {step:?}"));
    }
    for (id, track) in &case.tracks {
        let Track::Message(message) = track else { continue };
        let timed = case.timers.values().any(|t| t.about.as_ref() == Some(id) && t.at > now);
        let pending = case
            .pending
            .values()
            .any(|p| p.about() == Some(id) && (case.is_suspended(p) || p.watchdog_at.is_none_or(|at| at > now)));
        let moot = message.holds.iter().any(|h| !h.is_true(case, now));
        let held = is_asked_about(case, id) || mails_a_task(case, id) || moot;
        verdict.expect("1 every message finds its end", timed || pending || held, || format!("{pk}: {id} {message:?}"));
    }
}

fn is_asked_about(case: &Case, about: &Id) -> bool {
    case.asks().any(|(_, ask)| ask.about.as_ref() == Some(about) || ask.mail() == Some(about))
}

/// A mail about a task: the task asks again by itself.
fn mails_a_task(case: &Case, message: &Id) -> bool {
    let about = case.message(message).and_then(|m| m.about.as_ref());
    about.and_then(|ask| case.ask(ask)).is_some_and(|ask| ask.about.is_some())
}

/// 1: whoever was told that it worked, it did.
fn told(world: &World, evidence: &Evidence, verdict: &mut Verdict) {
    for (n, case) in &world.people.cases {
        let script = &world.people.scripts[*n];
        let pk = format!("CASE#{}#{case}", script.channel.route().0);
        let filed = evidence.cases.get(&pk);
        let joined = filed.is_none() && !script.channel.is_signed() && stranger::has_joined(evidence, case);
        verdict.expect("1 every 202 is a case", filed.is_some() || joined, || format!("submission {n}: {pk}"));
        let Some(filed) = filed else { continue };
        let unreadable = matches!(script.kind, Kind::Unreadable);
        if matches!(script.kind, Kind::Unreadable | Kind::PartlyUnreadable) {
            // Once each: a payment that doesn't add up may be told of later.
            let told = unreadable_of(filed);
            let stored = !told.is_empty() && told.len() == filed.inbound.len();
            verdict.expect("1 what is not understood is stored", stored, || pk.clone());
        }
        let wanted = if unreadable { "unreadable" } else { script.channel.flow() };
        verdict.expect("1 what is not understood is a task", filed.snapshot.flow == wanted, || pk.clone());
        let acknowledged = intents(filed).filter(|t| *t == "acknowledge").count();
        let routine = !unreadable && script.kind != Kind::Emergency;
        verdict.expect("2 one acknowledgment for one submission", acknowledged == usize::from(routine), || {
            format!("{pk}: {acknowledged}")
        });
    }
    let known: BTreeSet<&String> = world.people.cases.values().collect();
    let opened_by_itself = |f: &&Filed| f.snapshot.flow == DIGEST || super::neighbours::is_about_provider(f);
    let strangers = evidence.cases.values().filter(|f| !known.contains(&f.case) && !opened_by_itself(f)).count();
    // A case whose 202 was lost on its way is known by nobody yet; nothing else may make one.
    let unknown = world.people.scripts.len() - world.people.cases.len() + world.people.unclear;
    verdict.expect("1 bad input leaves no trace", strangers <= unknown, || {
        format!("{strangers} cases that nobody submitted")
    });
    for ((script, ..), case) in &world.people.reached {
        let client = world.people.scripts[*script].channel.route().0;
        let there = evidence.cases.contains_key(&format!("CASE#{client}#{case}"));
        let there = there || stranger::has_joined(evidence, case);
        verdict.expect("1 every 202 is a case", there, || format!("{client} {case}"));
    }
    for token in &world.people.receipts {
        let mut parts = token.split('.');
        let pk = format!("CASE#{}#{}", parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let ask = parts.next().unwrap_or_default();
        let answered = evidence.cases.get(&pk).is_some_and(|f| answers(f).any(|a| a.as_str() == ask));
        verdict.expect("1 every receipt is in the journal", answered, || format!("{pk}: {ask}"));
    }
}

/// What of a case could not be understood, by what was stored of it.
fn unreadable_of(filed: &Filed) -> BTreeSet<&Id> {
    filed
        .commits
        .iter()
        .flat_map(|k| &k.commit.entries)
        .filter_map(|e| match &e.entry {
            Entry::InboundUnreadable { inbound, .. } => Some(inbound),
            _ => None,
        })
        .collect()
}

fn intents(filed: &Filed) -> impl Iterator<Item = &str> {
    filed.commits.iter().flat_map(|k| &k.commit.entries).filter_map(|e| match &e.entry {
        Entry::MessageIntended { template, .. } => Some(template.as_str()),
        _ => None,
    })
}

fn answers(filed: &Filed) -> impl Iterator<Item = &Id> {
    filed.commits.iter().flat_map(|k| &k.commit.entries).filter_map(|e| match &e.entry {
        Entry::AskAnswered { ask, .. } => Some(ask),
        _ => None,
    })
}
