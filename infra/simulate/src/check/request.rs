//! What customers ask for on their own page: each request was one's, and nothing outside of the terms was done unless
//! somebody who may agreed to it. The terms are those of the ready-made playbook, worked out anew.

use std::collections::BTreeMap;

use banto_domain::playbook::By;
use banto_domain::state::Seat;
use banto_domain::{Actor, Entry, Id, TokenId};
use jiff::{SignedDuration, Timestamp};

use super::Verdict;
use super::evidence::{Evidence, Filed, Kept};
use crate::world::World;

/// Until so long before a session begins it is moved or called off at no cost.
const IN_TIME: SignedDuration = SignedDuration::from_hours(24);
/// How often it may be moved without asking.
const MOVES: usize = 3;

/// The request about a booking that is open last.
#[derive(Debug, Clone)]
struct Open {
    said_at: Timestamp,
    told: bool,
    /// Somebody who may decide agreed to it.
    agreed: bool,
    /// The coach can't hold it: it uses up nothing.
    by_coach: bool,
    /// A charge was shown and taken: whatever the coach decides it is called off, and uses up nothing.
    charged: bool,
}

/// A booking, as the journal tells it so far.
#[derive(Debug)]
struct Told {
    menu: String,
    seat: Seat,
    moves: usize,
    open: Option<Open>,
}

pub(super) fn check(world: &World, evidence: &Evidence, verdict: &mut Verdict) {
    for (pk, filed) in evidence.cases.iter().filter(|(_, filed)| !filed.playbook.requests.is_empty()) {
        of_case(world, (pk, filed), verdict);
    }
}

fn of_case(world: &World, (pk, filed): (&str, &Filed), verdict: &mut Verdict) {
    let mut bookings: Vec<(Id, Told)> = Vec::new();
    let (mut flows, mut ended): (BTreeMap<TokenId, String>, bool) = (BTreeMap::new(), false);
    for kept in &filed.commits {
        for stamped in &kept.commit.entries {
            match &stamped.entry {
                Entry::BookingHeld { booking, menu, seat, .. } => {
                    let told = Told { menu: menu.clone(), seat: seat.clone(), moves: 0, open: None };
                    bookings.push((booking.clone(), told));
                }
                Entry::RequestRaised { .. } => {
                    raised(world, (pk, filed, kept), &stamped.entry, &mut bookings, verdict);
                }
                Entry::AskAnswered { question, answer, .. } if may(question, answer) => agree(&mut bookings),
                Entry::AskAnswered { question, answer, .. } if question == "approve-violation" => {
                    ended = answer == "approve";
                }
                Entry::TokenStarted { token, flow, .. } => drop(flows.insert(token.clone(), flow.clone())),
                Entry::BookingMoved { booking, seat, .. } => {
                    let Some((_, b)) = bookings.iter_mut().find(|(id, _)| id == booking) else { continue };
                    let right = b.open.as_ref().is_some_and(|open| {
                        let in_time = b.seat.begins().duration_since(open.said_at) >= IN_TIME;
                        open.agreed || (!open.told && in_time && b.moves < MOVES)
                    });
                    verdict.expect("6 outside of the terms nothing moves without approval", right, || {
                        format!("{pk}: {b:?}")
                    });
                    (b.seat, b.moves) = (seat.clone(), b.moves + 1);
                }
                Entry::BookingCancelled { booking, counts, token } => {
                    let Some((_, b)) = bookings.iter_mut().find(|(id, _)| id == booking) else { continue };
                    // All that is booked ends with the contract, by the customer's wish or by what a coach agreed to.
                    let ends = match flows.get(token).map(String::as_str) {
                        Some("violation") => Some(ended),
                        Some("quit") => Some(true),
                        _ => None,
                    };
                    if let Some(agreed) = ends {
                        verdict.expect("6 what ends a contract uses up nothing", agreed && !counts, || {
                            format!("{pk}: {b:?}")
                        });
                        continue;
                    }
                    let right = b.open.as_ref().is_some_and(|open| {
                        let in_time = b.seat.begins().duration_since(open.said_at) >= IN_TIME;
                        let free = in_time || b.menu == "trial";
                        if open.charged {
                            return !counts;
                        }
                        if *counts { !open.by_coach && (!free || open.told) } else { open.agreed || free }
                    });
                    verdict.expect("6 what is called off counts as was agreed", right, || format!("{pk}: {b:?}"));
                }
                _ => {}
            }
        }
    }
}

/// Something was asked for: by whom it may be, by whoever was shown it, a moment ago.
fn raised(
    world: &World,
    (pk, filed, kept): (&str, &Filed, &Kept),
    entry: &Entry,
    bookings: &mut [(Id, Told)],
    verdict: &mut Verdict,
) {
    let Entry::RequestRaised { kind, tracks, said_at, told, shown, settled, amount, .. } = entry else { return };
    let now = kept.commit.recorded_at;
    let wanted = filed.playbook.requests.get(kind);
    // Days off are asked for on the page of some case, and have a case of their own.
    let elsewhere = wanted.is_some_and(|wanted| wanted.closes.is_some());
    let posted = |shown: &String| {
        let mut all = world.people.wanted.iter();
        all.any(|(case, mark)| mark == shown && (elsewhere || *case == filed.case))
    };
    verdict.expect("6 every request of a customer was theirs", shown.as_ref().is_none_or(posted), || {
        format!("{pk} at {now}")
    });
    let said_at = said_at.unwrap_or(now);
    // What follows from days off was said when they were closed.
    let wrote = |kept: &Kept| kept.commit.entries.iter().any(|e| was_proposed(&e.entry, kind, said_at));
    let proposed = filed.commits.iter().any(wrote) && now.duration_since(said_at) <= SignedDuration::from_hours(73);
    let soon = shown.is_none() || now.duration_since(said_at) <= SignedDuration::from_mins(31) || proposed;
    verdict.expect("5 what counts is when it was said", said_at <= now && soon, || format!("{pk}: {said_at}, {now}"));
    let by_coach = wanted.is_some_and(|wanted| !wanted.by.is_customer());
    let people = &filed.playbook.people;
    let may = match (&kept.commit.actor, wanted.map(|wanted| wanted.by)) {
        _ if shown.is_none() => true,
        (Actor::Customer, Some(By::Customer)) => true,
        (Actor::Person { person }, Some(By::Coach)) => people.coach(person).is_some(),
        (Actor::Person { person }, Some(By::Staff)) => people.person(person).is_some(),
        // For whoever rang.
        (Actor::Person { person }, Some(By::Customer)) => people.operators.iter().any(|p| p.id == *person),
        _ => false,
    };
    verdict.expect("6 what is asked for is whoever's to ask", may, || {
        format!("{pk} at {now}: {kind} by {}", kept.commit.actor.name())
    });
    // What she says on the day moves nothing.
    if by_coach && wanted.is_some_and(|wanted| wanted.during.is_some()) {
        return;
    }
    let charged = settled.as_ref().is_some_and(|settled| settled.percent.is_some());
    for (_, b) in bookings.iter_mut().filter(|(id, _)| tracks.contains(id)) {
        if let Some(settled) = &settled {
            let ahead = b.seat.begins().duration_since(said_at).as_secs();
            // The seminar's: 7 days before nothing, 24 hours before half of it, later all.
            let percent = if ahead >= 7 * 86_400 { 0 } else { 50 * (1 + i64::from(ahead < 86_400)) };
            let fee = if charged { settled.paid * percent / 100 } else { settled.fee };
            let used = settled.unit * i64::from(settled.used);
            let adds_up = settled.paid + settled.short == used + settled.fee + settled.refund;
            let right = adds_up && fee == settled.fee && *amount == Some(settled.refund) && settled.refund >= 0;
            verdict.expect("8 what is settled adds up as was agreed", right, || format!("{pk}: {settled:?} {ahead} s"));
        }
        b.open = Some(Open { said_at, told: *told, agreed: by_coach, by_coach, charged });
    }
}

/// Whether an entry proposed it, as of then.
fn was_proposed(entry: &Entry, kind: &String, said_at: Timestamp) -> bool {
    matches!(entry, Entry::RequestProposed { kinds, said_at: at } if kinds.contains(kind) && *at == said_at)
}

/// Whether an answer agrees to what is outside of the terms.
fn may(question: &str, answer: &str) -> bool {
    let agrees = [("approve-request", "approve"), ("approve-refund", "approve"), ("request-unclear", "allow")];
    // On the day itself whoever is on duty may find another day with the customer.
    let of_day = ["trouble", "trouble-all", "trouble-late", "late", "day-decision"];
    agrees.contains(&(question, answer)) || (answer == "move" && of_day.contains(&question))
}

/// Somebody agreed to what is open.
fn agree(bookings: &mut [(Id, Told)]) {
    bookings.iter_mut().filter_map(|(_, b)| b.open.as_mut()).for_each(|open| open.agreed = true);
}
