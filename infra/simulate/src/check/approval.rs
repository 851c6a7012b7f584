//! 3, 5 and 6: what isn't routine leaves only as somebody else saw it, and nothing is approved but by those who must, each
//! somebody else than who wants it.

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::playbook::{People, REPLY};
use banto_domain::rules::approval::YES;
use banto_domain::steps::{APPROVE, APPROVED};
use banto_domain::{Actor, Entry, Id};

use super::Verdict;
use super::evidence::{Evidence, Filed};
use crate::provider::Accepted;
use crate::world::World;

/// From which amount on a refund wants two people, as the practice's playbook says.
const TWO_FROM: i64 = 1_000;

pub(super) fn check(world: &World, evidence: &Evidence, verdict: &mut Verdict) {
    let accepted = world.cloud.net().accepted.clone();
    for mail in accepted.iter().filter(|m| m.tag("class") == "exception" || m.tag("template") == REPLY) {
        let pk = format!("CASE#{}#{}", mail.tag("client"), mail.tag("case"));
        if let Some(filed) = evidence.cases.get(&pk) {
            let given = Given::of(world, filed, mail, verdict);
            as_seen(world, &pk, mail, &given, verdict);
        }
    }
    for (pk, filed) in &evidence.cases {
        nodes(world, pk, filed, verdict);
    }
}

/// Who agreed to a mail, to what.
#[derive(Default)]
struct Given {
    /// The ask, and the mark of what was shown.
    shown: Vec<(Id, String)>,
    /// It was called out once before.
    again: bool,
}

impl Given {
    /// Reads who agreed to a mail before its lease.
    fn of(world: &World, filed: &Filed, mail: &Accepted, verdict: &mut Verdict) -> Self {
        let intent = mail.tag("intent");
        let (mut asks, mut author, mut given, mut approved) = (BTreeSet::new(), None, Self::default(), false);
        let mut who: BTreeSet<&str> = BTreeSet::new();
        for kept in filed.commits.iter().filter(|kept| kept.order < mail.after) {
            for stamped in &kept.commit.entries {
                match &stamped.entry {
                    Entry::MessageWritten { message, author: by, .. } if message.as_str() == intent => {
                        (author, approved) = (Some(by.as_str()), false);
                        (given.shown, who) = (Vec::new(), BTreeSet::new());
                    }
                    Entry::AskOpened { ask, seeks: Some(seeks), .. }
                        if seeks.message.as_ref().is_some_and(|id| id.as_str() == intent) =>
                    {
                        asks.insert(ask);
                    }
                    Entry::ApprovalGiven { ask, person, .. } if asks.contains(ask) => {
                        who.insert(person);
                        pressed(world, filed, (ask, person), &kept.commit.actor, verdict);
                    }
                    Entry::AskAnswered { ask, answer, shown, .. } if asks.contains(ask) && answer == YES => {
                        given.shown.push((ask.clone(), shown.clone()));
                    }
                    Entry::MessageApproved { message, .. } if message.as_str() == intent => approved = true,
                    Entry::MessageUncertain { message } if message.as_str() == intent => given.again = true,
                    _ => {}
                }
            }
        }
        let case = &filed.case;
        verdict.expect("3 what isn't routine was approved", approved && !who.is_empty(), || {
            format!("{case}: {} {}", mail.tag("template"), mail.id)
        });
        let people = &filed.playbook.people;
        let own = author.is_some_and(|author| who.iter().any(|person| is_same(people, person, author)));
        verdict.expect("6 nobody approves their own", !own, || format!("{case}: {} by {author:?}", mail.id));
        given
    }
}

/// Whoever agreed pressed it themselves.
fn pressed(world: &World, filed: &Filed, (ask, person): (&Id, &str), actor: &Actor, verdict: &mut Verdict) {
    let is_actor = *actor == Actor::Person { person: person.to_owned() };
    let posted = world.people.posted_by.contains(&(ask.to_string(), YES.to_owned(), person.to_owned()));
    verdict.expect("6 who agreed pressed it", is_actor && posted, || format!("{}: {ask} {person}", filed.case));
}

/// The mail says what those who agreed to it saw.
fn as_seen(world: &World, pk: &str, mail: &Accepted, given: &Given, verdict: &mut Verdict) {
    let Some(last) = given.shown.last().filter(|_| !given.again) else { return };
    let seen = world.people.approvable.get(&(last.0.to_string(), last.1.clone()));
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let same = seen.is_some_and(|seen| plain(seen) == plain(&mail.text));
    verdict.expect("6 what leaves is what was seen", same, || {
        format!("{pk}: {} says {:?}, seen was {seen:?}", mail.id, mail.text)
    });
}

/// The flow, and the request, by which a coach ends something.
const COACH_QUIT: &str = "coach-quit";

/// A node of approval is left by `approved` only when all who must agreed since it was entered.
fn nodes(world: &World, pk: &str, filed: &Filed, verdict: &mut Verdict) {
    let people = &filed.playbook.people;
    let mut asks: BTreeMap<&Id, _> = BTreeMap::new();
    let mut authors: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    let mut given: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    let (mut amount, mut flows, mut by_coach) = (0, BTreeMap::new(), 0);
    for kept in &filed.commits {
        let by = match &kept.commit.actor {
            Actor::Person { person } => Some(person.as_str()),
            _ => None,
        };
        for stamped in &kept.commit.entries {
            match &stamped.entry {
                Entry::NodeEntered { token, action, .. } if action == APPROVE => drop(given.insert(token, Vec::new())),
                Entry::TokenStarted { token, flow, .. } => {
                    flows.insert(token, flow.as_str());
                    authors.entry(token).or_default().extend(by);
                }
                Entry::RequestRaised { kind, amount: Some(back), .. } if kind == COACH_QUIT => by_coach = *back,
                Entry::AskOpened { ask, token, seeks, beside: false, reason: None, .. } => {
                    asks.insert(ask, (token, seeks.is_some()));
                }
                Entry::FactsRecorded { facts } => {
                    if let Some(banto_domain::state::Fact::Plain(value)) = facts.get("amount") {
                        amount = value.parse().unwrap_or(0);
                    }
                }
                Entry::AskAnswered { ask, answer, .. } => match asks.get(ask) {
                    Some((token, false)) => authors.entry(token).or_default().extend(by),
                    // Sent back or taken back: all agree anew.
                    Some((token, true)) if answer != YES => drop(given.insert(token, Vec::new())),
                    _ => {}
                },
                Entry::ApprovalGiven { ask, person, .. } => {
                    if let Some((token, _)) = asks.get(ask) {
                        pressed(world, filed, (ask, person), &kept.commit.actor, verdict);
                        given.entry(token).or_default().push(person);
                    }
                }
                Entry::NodeLeft { token, outcome, .. } if outcome == APPROVED => {
                    let who = given.get(token).cloned().unwrap_or_default();
                    // What a coach ends for her own sake is seen by finance when it is much money.
                    let wanted = match flows.get(token) {
                        Some(flow) if *flow == COACH_QUIT => usize::from(by_coach >= 50_000),
                        _ if amount >= TWO_FROM => 2,
                        _ => 1,
                    };
                    let all: BTreeSet<&&str> = who.iter().collect();
                    verdict.expect("3 all who must agreed", all.len() >= wanted, || {
                        format!("{pk}: {amount} yen by {who:?}")
                    });
                    let wants = authors.get(token).cloned().unwrap_or_default();
                    let own = who.iter().any(|one| wants.iter().any(|other| is_same(people, one, other)));
                    verdict.expect("6 nobody agrees to what they want", !own, || format!("{pk}: {who:?} {wants:?}"));
                }
                _ => {}
            }
        }
    }
}

fn is_same(people: &People, one: &str, other: &str) -> bool {
    one == other || people.is_same(one, other)
}
