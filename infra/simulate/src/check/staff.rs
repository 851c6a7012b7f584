//! 15: the practice's people can be reached; and who decides is somebody who may, by name.

use std::collections::{BTreeMap, BTreeSet};

use banto_aws::Keys;
use banto_domain::state::Ask;
use banto_domain::{Actor, ClientId, Entry, Id, Status};
use jiff::{SignedDuration, Timestamp};

use super::Verdict;
use super::evidence::{Evidence, Filed, Kept};
use super::said::zone;
use crate::practice::{may_act, works_there};
use crate::world::{ROOT_KEY, World};

/// How long a letter may take.
const LETTER: SignedDuration = SignedDuration::from_hours(2);

pub(super) fn check(world: &World, evidence: &Evidence, verdict: &mut Verdict) {
    let letters = letters(world);
    for (pk, filed) in &evidence.cases {
        let mut people: BTreeMap<&Id, &[String]> = BTreeMap::new();
        for kept in &filed.commits {
            for stamped in &kept.commit.entries {
                match &stamped.entry {
                    Entry::AskOpened { ask, people: asked, .. } => drop(people.insert(ask, asked)),
                    Entry::AskAnswered { ask, answer, .. } => {
                        let asked = people.get(ask).copied().unwrap_or_default();
                        decided(world, (pk, filed), kept, (ask, answer, asked), verdict);
                    }
                    Entry::OwnerAssigned { owner } if kept.commit.function == banto_domain::steps::ANSWER_ASK => {
                        let claimed = kept.commit.actor == Actor::Person { person: owner.clone() };
                        verdict.expect("6 whoever takes it has it", claimed, || format!("{pk}: {owner}"));
                    }
                    Entry::MessageHeld { message, reason } => {
                        let own = filed.commits.iter().flat_map(|k| &k.commit.entries).any(|e| {
                            matches!(&e.entry, Entry::MessageIntended { message: m, to, .. } if m == message && !to.is_outside())
                        });
                        let silenced = own && reason == "suppressed";
                        verdict
                            .expect("15 nobody of the practice is silenced", !silenced, || format!("{pk}: {message}"));
                    }
                    _ => {}
                }
            }
        }
        if filed.snapshot.status == Status::Open {
            let case = &filed.snapshot;
            case.asks().for_each(|(id, ask)| reached(world, (pk, filed), (id, ask), &letters, verdict));
        }
    }
    suppressed(world, verdict);
}

/// Exactly one decides, and the journal names who it was: somebody who was asked, or stood in on that day.
fn decided(
    world: &World,
    (pk, filed): (&str, &Filed),
    kept: &Kept,
    (ask, answer, asked): (&Id, &str, &[String]),
    verdict: &mut Verdict,
) {
    let Actor::Person { person } = &kept.commit.actor else {
        return verdict.expect("6 whoever decides is named", asked.is_empty(), || format!("{pk}: {ask} {answer}"));
    };
    let posted = world.people.posted_by.contains(&(ask.to_string(), answer.to_owned(), person.clone()));
    let silent = world.cloud.net().sabotage == Some(crate::Sabotage::SilentAnswer);
    verdict.expect("6 the journal names who decided", posted || silent, || format!("{pk}: {person} {answer} to {ask}"));
    let at = kept.commit.recorded_at;
    let date = at.to_zoned(zone(&filed.playbook.zone)).date();
    let around = world.people.rosters.around(&filed.client, at);
    let may = around.iter().any(|people| may_act(people, person, asked, date));
    verdict
        .expect("6 whoever decides was asked, or stands in", may, || format!("{pk}: {person} for {asked:?} at {at}"));
    let posted = |(id, _, who): &&(String, String, String)| id == ask.as_str() && who != person;
    if world.people.posted_by.iter().any(|p| posted(&p)) {
        verdict.expect("asks that several answered", true, String::new);
    }
}

/// Asks and the addresses to which letters about them went: `accepted` by the provider.
fn letters(world: &World) -> BTreeMap<String, BTreeSet<String>> {
    let mut letters: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for mail in &world.cloud.net().accepted {
        for token in mail.tokens() {
            let ask = token.split('.').nth(2).unwrap_or_default().to_owned();
            letters.entry(ask).or_default().extend(mail.to.iter().cloned());
        }
    }
    letters
}

/// Whoever is asked has a letter; or somebody else has a task about it.
fn reached(
    world: &World,
    (pk, filed): (&str, &Filed),
    (id, ask): (&Id, &Ask),
    letters: &BTreeMap<String, BTreeSet<String>>,
    verdict: &mut Verdict,
) {
    let opened = filed.commits.iter().find_map(|k| {
        let opens = k.commit.entries.iter().any(|e| matches!(&e.entry, Entry::AskOpened { ask, .. } if ask == id));
        opens.then_some(k.commit.recorded_at)
    });
    let young = opened.is_none_or(|at: Timestamp| at.saturating_add(LETTER).is_ok_and(|late| late > world.now()));
    if ask.to.is_outside() || young {
        return;
    }
    let Some(today) = world.people.rosters.around(&filed.client, world.now()).last().copied() else { return };
    let has_letter = |id: &Id| {
        let to = letters.get(id.as_str()).into_iter().flatten();
        let mut to = to.filter_map(|address| today.all().find(|p| p.address == *address));
        to.next().is_some()
    };
    let case = &filed.snapshot;
    let about = |task: &Ask| {
        let of_message = || case.message(task.about.as_ref()?)?.about.as_ref();
        task.is_task() && (task.about.as_ref() == Some(id) || of_message() == Some(id))
    };
    let task = case.asks().any(|(other, task)| other != id && about(task) && has_letter(other));
    // Whoever was asked has left since: when its time is over, it goes to others.
    let gone = !ask.people.iter().any(|p| works_there(today, p)) && ask.deadline > world.now();
    verdict.expect("15 whoever is asked can be reached", has_letter(id) || task || gone, || {
        format!("{pk}: {id} {} to {:?}, opened {opened:?}, until {}", ask.question, ask.people, ask.deadline)
    });
    if gone {
        verdict.expect("15 asks of people who have left, until their deadline", true, String::new);
    }
}

/// No address of somebody who works there is ever stopped for good.
fn suppressed(world: &World, verdict: &mut Verdict) {
    let keys = Keys::new(ROOT_KEY);
    let net = world.cloud.net();
    let stopped: BTreeSet<&str> =
        net.changes.iter().filter(|c| c.pk.starts_with("SUPPRESSED#")).map(|c| c.pk.as_str()).collect();
    for (client, people) in world.people.rosters.today() {
        let Ok(id) = ClientId::parse(client) else { continue };
        for person in people.all() {
            let pk = format!("SUPPRESSED#{client}#{}", keys.look_up(&id, &person.address));
            verdict.expect(
                "15 no address of the practice's people is suppressed",
                !stopped.contains(pk.as_str()),
                || format!("{client}: {}", person.id),
            );
        }
    }
}
