//! Choosing a slot: what of the offer is still free, and the seat that an answer takes.

use std::collections::BTreeSet;

use banto_aws::render::session;
use banto_aws::{Env, Result};
use banto_domain::Id;
use banto_domain::playbook::AskKind;
use banto_domain::rules::answer::{Chosen, NotTaken, Submission, With};
use banto_domain::state::{Seat, Slot};

use crate::view::View;

/// A slot on the page.
pub(crate) struct Choice {
    pub(crate) name: String,
    pub(crate) time: String,
    /// With whom, where there are several.
    pub(crate) coach: Option<String>,
    /// Nobody took it since it was offered.
    pub(crate) free: bool,
}

/// The slots of an ask as they stand now; nothing for other kinds.
pub(crate) async fn choices(env: &Env, view: &View<'_>) -> Result<Vec<Choice>> {
    let Some(menu) = view.ask.menu.as_deref().filter(|_| view.ask.kind == AskKind::Slot) else {
        return Ok(Vec::new());
    };
    let open: BTreeSet<String> = env.open_slots(&view.case.key, menu).await?.iter().map(Slot::name).collect();
    let several = view.playbook.people.coaches.len() > 1;
    let offered = view.ask.answers.iter().filter(|name| view.is_slot(name));
    Ok(offered.filter_map(|name| choice(view, menu, name, several, open.contains(name))).collect())
}

fn choice(view: &View<'_>, menu: &str, name: &str, several: bool, free: bool) -> Option<Choice> {
    let slot = Slot::read(name, |coach| view.playbook.zone_of(coach))?;
    let zone = view.playbook.zone_of(&slot.coach);
    let seat = Seat::of(&slot, view.playbook.menus.get(menu)?, &zone);
    let time = session(seat.begins(), seat.ends(), &seat.zone, view.language);
    let person = view.playbook.people.coaches.iter().find(|c| several && c.id == slot.coach);
    Some(Choice { name: name.to_owned(), time, coach: person.map(|p| p.name.clone()), free })
}

/// The chosen slot as it would be held, and the coach's days around it as they stand.
pub(crate) async fn take(
    env: &Env,
    view: &View<'_>,
    submission: &Submission,
) -> Result<std::result::Result<With, NotTaken>> {
    let today = env.today(&view.case.key).await?;
    let name = &submission.answer;
    let known = view.ask.menu.as_deref().and_then(|menu| Some((menu, view.playbook.menus.get(menu)?)));
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
    // The name that the booking will have: the hold in the coach's day and the case's track are one.
    let booking = Id::derive(&["booking", view.id.as_str(), name]);
    let capacity = calendar.capacity(slot.group.as_deref());
    let wanted = seat.taken(&booking, &view.case.key.case, menu, Some(until));
    let days = env.days_of(&view.case.key, &seat, &wanted).await?;
    Ok(Ok(With::Slot(Chosen { booking, seat, until, capacity, days })))
}
