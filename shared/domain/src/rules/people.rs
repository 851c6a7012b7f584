//! Who it is: an addressee of the playbook becomes people by name, today's, at the moment when something is wanted.

use jiff::civil::Date;

use super::{Draft, Rejection};
use crate::Id;
use crate::playbook::{COACHES, OPERATORS, Playbook, To};
use crate::state::{Case, Party};

/// The people that an addressee means now, each once; deputies in the place of those who are away. Never nobody: what
/// names nobody goes to the operators.
///
/// # Errors
/// When there is no case.
pub fn addressees(draft: &Draft<'_>, to: &To, tracks: &[Id]) -> Result<Vec<Party>, Rejection> {
    let (case, today, now) = (draft.case()?, draft.today, draft.now);
    match to {
        To::Customer => return Ok(vec![Party::Customer]),
        To::Payer => return Ok(vec![Party::Payer]),
        _ => {}
    }
    let zone = today.time_zone();
    let people = &today.people;
    let named = match to {
        To::Customer | To::Payer => Vec::new(),
        To::Person(id) => vec![id.as_str()],
        To::Group(group) => people.group(group).unwrap_or_default(),
        To::OnDuty(group) => people.on_duty(group, now, &zone).unwrap_or_default(),
        To::Owner => case.owner.as_deref().into_iter().collect(),
        To::Operator => member(today, case.owner.as_deref(), OPERATORS),
        To::Coach => match coach(case, tracks).filter(|id| people.coach(id).is_some()) {
            Some(coach) => vec![coach],
            None => people.group(COACHES).unwrap_or_default(),
        },
    };
    let day = now.to_zoned(zone).date();
    let present = present(today, named, day);
    let present = if present.is_empty() { present_operators(today, day) } else { present };
    Ok(present.into_iter().map(|id| Party::Person(id.to_owned())).collect())
}

/// Adds people to others, each once; whether there are more by it.
pub(super) fn join(parties: &mut Vec<Party>, more: impl IntoIterator<Item = Party>) -> bool {
    let before = parties.len();
    for party in more {
        if !parties.contains(&party) {
            parties.push(party);
        }
    }
    parties.len() > before
}

/// The owner, when one of this group; else all of the group.
fn member<'a>(today: &'a Playbook, owner: Option<&'a str>, group: &str) -> Vec<&'a str> {
    let all = today.people.group(group).unwrap_or_default();
    match owner.filter(|owner| all.contains(owner)) {
        Some(owner) => vec![owner],
        None => all,
    }
}

/// The coach of the booking among some tracks, else of the case, else its owner.
#[must_use]
pub fn coach<'a>(case: &'a Case, tracks: &[Id]) -> Option<&'a str> {
    let of_booking = case.booking_in(tracks).map(|(_, b)| b.seat.coach.as_str());
    of_booking.or(case.coach.as_deref()).or(case.owner.as_deref())
}

fn present_operators(today: &Playbook, day: Date) -> Vec<&str> {
    present(today, today.people.group(OPERATORS).unwrap_or_default(), day)
}

/// Who acts for them on a day, as far as they still work here; each once.
fn present<'a>(today: &'a Playbook, named: Vec<&'a str>, day: Date) -> Vec<&'a str> {
    let mut present = Vec::new();
    for id in named {
        let acting = today.people.acting(id, day);
        if today.people.person(acting).is_some() && !present.contains(&acting) {
            present.push(acting);
        }
    }
    present
}
