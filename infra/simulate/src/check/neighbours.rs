//! 16 and 17 from outside: a provider that takes nothing is asked more and more seldom, somebody of the practice learns of
//! it once a day, and nobody's case is woken late because of another's.

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::rules::provider::{BUSY, MANY};
use banto_domain::{Entry, Id};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::Verdict;
use super::evidence::{Evidence, Filed, text};
use super::said::zone;
use crate::trouble::TROUBLED;
use crate::world::World;

/// When nothing goes wrong, whoever is due is woken with the next minute's tick.
const PROMPT: SignedDuration = SignedDuration::from_mins(3);
/// So often what can't be read is tried at the most, in two days: seven times in the first hour, and then once in each. When
/// it was the store that failed, it is tried sooner.
const TRIES: usize = 7 + 48;
const TRIES_IN_TROUBLE: usize = 5 * TRIES;

pub(super) fn check(world: &World, evidence: &Evidence, verdict: &mut Verdict) {
    let mut told: BTreeMap<(&str, Date), u32> = BTreeMap::new();
    let mut knows: BTreeSet<&str> = BTreeSet::new();
    for filed in evidence.cases.values().filter(|filed| is_about_provider(filed)) {
        let at = filed.commits[0].commit.recorded_at.to_zoned(zone(&filed.playbook.zone)).date();
        *told.entry((&filed.client, at)).or_default() += 1;
        knows.insert(&filed.client);
    }
    for ((client, day), cases) in &told {
        verdict.expect("17 one task about a busy provider for each client and day", *cases == 1, || {
            format!("{client} on {day}: {cases}")
        });
    }
    for (pk, filed) in &evidence.cases {
        seldom(pk, filed, &knows, verdict);
    }
    prompt(world, evidence, verdict);
    tries(world, verdict);
}

/// Whether it is the case in which somebody learns that the provider takes no mails.
pub(super) fn is_about_provider(filed: &Filed) -> bool {
    let first = filed.commits.first().map(|kept| &kept.commit.entries);
    first.into_iter().flatten().any(|e| matches!(&e.entry, Entry::CaseOpened { form, .. } if form == BUSY))
}

/// Each time in a row that the provider takes nothing, a mail waits about twice as long.
fn seldom(pk: &str, filed: &Filed, knows: &BTreeSet<&str>, verdict: &mut Verdict) {
    let mut leased: BTreeSet<&Id> = BTreeSet::new();
    let mut busy: BTreeMap<&Id, u32> = BTreeMap::new();
    for kept in &filed.commits {
        for stamped in &kept.commit.entries {
            match &stamped.entry {
                Entry::MessageSending { message, .. } => drop(leased.insert(message)),
                Entry::MessageUncertain { message } | Entry::MessageHeld { message, .. } => {
                    leased.remove(message);
                }
                Entry::MessageDeferred { message, until, .. } if leased.remove(message) => {
                    let times = busy.entry(message).or_default();
                    let least = SignedDuration::from_secs(90).saturating_mul(1 << (*times).min(2));
                    *times += 1;
                    let waits = until.duration_since(kept.commit.recorded_at);
                    verdict.expect("16 a busy provider is asked more and more seldom", waits >= least, || {
                        format!("{pk}: {message} waits {waits:#} after {times} times")
                    });
                    verdict.expect("16 a mail waits an hour at the most", waits.as_mins() <= 60, || pk.to_owned());
                    let known = *times < MANY || knows.contains(filed.client.as_str());
                    verdict.expect("17 somebody learns of a busy provider", known, || format!("{pk}: {message}"));
                }
                Entry::MessageDeferred { message, .. } => drop(busy.remove(message)),
                _ => {}
            }
        }
    }
}

/// When nothing goes wrong but another practice's cases, what is due is woken at once.
fn prompt(world: &World, evidence: &Evidence, verdict: &mut Verdict) {
    if world.cloud.net().faults.weather.request > 0 {
        return;
    }
    let mut due: BTreeMap<(&str, u64), Timestamp> = BTreeMap::new();
    let net = world.cloud.net();
    for change in net.changes.iter().filter(|c| c.sk == "S") {
        let image = &change.event["dynamodb"]["NewImage"];
        let seq = image["seq"]["N"].as_str().and_then(|seq| seq.parse().ok());
        if let (Some(seq), Ok(at)) = (seq, text(image, "due_at").parse()) {
            due.insert((&change.pk, seq), at);
        }
    }
    for (pk, filed) in &evidence.cases {
        let earlier = filed.commits.iter().map(|kept| Some(kept.commit.recorded_at));
        for (kept, before) in filed.commits.iter().zip(std::iter::once(None).chain(earlier)) {
            let Some(at) = kept.stored.seq.checked_sub(1).and_then(|before| due.get(&(pk.as_str(), before))) else {
                continue;
            };
            // What a suspension kept asleep is due when that ends, however long ago it was to be.
            let since = before.map_or(*at, |before: Timestamp| before.max(*at));
            let late = kept.commit.recorded_at.duration_since(since);
            verdict.expect("17 nobody waits for another's trouble", late <= PROMPT, || {
                format!("{pk} #{}: {late:#} late", kept.stored.seq)
            });
        }
    }
}

/// What can't be read is tried again, but not each minute.
fn tries(world: &World, verdict: &mut Verdict) {
    let mut tries: BTreeMap<String, usize> = BTreeMap::new();
    let fair = world.cloud.net().faults.weather.request == 0;
    let most = if fair { TRIES } else { TRIES_IN_TROUBLE };
    let of_them = format!("CASE#{TROUBLED}#");
    for change in world.cloud.net().changes.iter().filter(|c| c.pk.starts_with(&of_them)) {
        if change.event["eventName"] == "MODIFY" {
            *tries.entry(change.pk.clone()).or_default() += 1;
        }
    }
    for (pk, tries) in tries {
        verdict.expect("17 what fails is tried, and not each minute", (10..=most).contains(&tries), || {
            format!("{pk}: {tries} times")
        });
    }
}
