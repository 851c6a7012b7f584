//! Choosing a slot: the offer as it was made, what of it is still free, and the seat that an answer takes.

use std::collections::{BTreeMap, BTreeSet};

use banto_aws::render::session;
use banto_aws::{Env, Result};
use banto_domain::Id;
use banto_domain::rules::answer::{Chosen, NotTaken, Submission, With};
use banto_domain::state::{Seat, Slot};

use super::{Asked, Brought, choice};
use crate::shown::Choice;
use crate::view::View;

pub(super) fn show(view: &View<'_>) -> Asked {
    let offered = view.ask.answers.iter().filter(|name| is_slot(view, name));
    let mut answers: Vec<Choice> = offered.filter_map(|name| slot(view, name)).collect();
    answers.extend(choice::own(view));
    (Vec::new(), answers)
}

/// Whether this answer is one of the slots that were offered.
fn is_slot(view: &View<'_>, answer: &str) -> bool {
    let own = view.question.answers.iter().any(|a| a.name == answer);
    !own && view.ask.answers.iter().any(|a| a == answer)
}

fn slot(view: &View<'_>, name: &str) -> Option<Choice> {
    let menu = view.books.playbook.menus.get(view.ask.menu.as_deref()?)?;
    let slot = Slot::read(name, |coach| view.books.today.zone_of(coach))?;
    let seat = Seat::of(&slot, menu, &view.books.today.zone_of(&slot.coach));
    let several = view.books.today.people.coaches.len() > 1;
    let coach = view.books.today.people.coach(&slot.coach).filter(|_| several);
    Some(Choice {
        name: name.to_owned(),
        label: session(seat.begins(), seat.ends(), &seat.zone, view.books.language),
        coach: coach.map(|c| c.name.clone()),
        slot: true,
        asks: Vec::new(),
    })
}

/// The slots that somebody took since they were offered.
pub(super) async fn gone(env: &Env, view: &View<'_>) -> Result<BTreeSet<String>> {
    let Some(menu) = view.ask.menu.as_deref() else { return Ok(BTreeSet::new()) };
    let open: BTreeSet<String> = env.open_slots(&view.case.key, menu).await?.iter().map(Slot::name).collect();
    let offered = view.ask.answers.iter().filter(|name| is_slot(view, name));
    Ok(offered.filter(|name| !open.contains(*name)).cloned().collect())
}

/// The chosen slot as it would be held, and the coach's days around it as they stand.
pub(super) async fn take(env: &Env, view: &View<'_>, submission: &Submission) -> Result<Brought> {
    let name = &submission.answer;
    if !is_slot(view, name) {
        return Ok(Ok(With::Nothing));
    }
    let today = view.books.today;
    let known = view.ask.menu.as_deref().and_then(|menu| Some((menu, view.books.playbook.menus.get(menu)?)));
    let slot = Slot::read(name, |coach| today.zone_of(coach));
    let (Some(slot), Some((menu, spec)), Some(calendar)) = (slot, known, &today.calendar) else {
        return Ok(Err(NotTaken::NoSuchAnswer));
    };
    let now = env.clock.now();
    // The lead holds when a slot is chosen, not only when it is offered.
    if slot.at < today.after(now, calendar.lead) {
        return Ok(Err(NotTaken::Taken));
    }
    let seat = Seat::of(&slot, spec, &today.zone_of(&slot.coach));
    let until = today.after(now, spec.hold.unwrap_or(calendar.hold)).min(slot.at);
    let moved = view.ask.moves(view.books.playbook, view.case);
    // The name that the booking will have: the hold in the coach's day and the case's track are one.
    let booking = moved.clone().unwrap_or_else(|| Id::derive(&["booking", view.id.as_str(), name]));
    let group = slot.group.as_deref();
    let (room, holder) = (env.room(today, menu, group), env.holder(view.case, view.personal, group));
    let wanted = seat.taken(&booking, &view.case.key.case, menu, Some(until));
    let days = env.days_of(&view.case.key, &seat, &wanted).await?;
    let freed = match moved.and_then(|id| view.case.booking(&id)) {
        Some(before) => env.days_around(&view.case.key, &before.seat.slot()).await?,
        None => BTreeMap::new(),
    };
    Ok(Ok(With::Slot(Chosen { booking, seat, until, room, holder, days, freed })))
}
