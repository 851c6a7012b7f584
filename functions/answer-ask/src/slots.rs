//! Choosing a slot: what of the offer is still free, and the seat that an answer takes.

use std::collections::BTreeSet;

use banto_aws::ledger::Also;
use banto_aws::render::session;
use banto_aws::{Coach, Env, Result};
use banto_domain::Id;
use banto_domain::ask::{AskKind, NotTaken, Submission};
use banto_domain::booking::Seat;
use banto_domain::calendar::Slot;

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
    let coach = name.split('/').next()?;
    let zone = view.playbook.zone_of(coach);
    let slot = Slot::read(name, &zone)?;
    let seat = Seat::of(&slot, view.playbook.menus.get(menu)?, &zone);
    let time = session(seat.begins(), seat.ends(), &seat.zone, view.language);
    let person = view.playbook.people.coaches.iter().find(|c| several && c.id == coach);
    Some(Choice { name: name.to_owned(), time, coach: person.map(|p| p.name.clone()), free })
}

/// The writes that take the chosen slot, as a hold; the seat goes into the submission.
pub(crate) async fn take(
    env: &Env,
    view: &View<'_>,
    submission: &mut Submission,
) -> Result<std::result::Result<Vec<Also>, NotTaken>> {
    let today = env.today(&view.case.key).await?;
    let name = submission.answer.clone();
    let coach = name.split('/').next().unwrap_or_default();
    let zone = today.zone_of(coach);
    let known = view.ask.menu.as_deref().and_then(|menu| Some((menu, view.playbook.menus.get(menu)?)));
    let (Some(slot), Some((menu, spec)), Some(calendar)) = (Slot::read(&name, &zone), known, &today.calendar) else {
        return Ok(Err(NotTaken::NoSuchAnswer));
    };
    let now = env.clock.now();
    // The lead holds when a slot is chosen, not only when it is offered.
    if slot.at < today.after(now, calendar.lead) {
        return Ok(Err(NotTaken::Taken));
    }
    let seat = Seat::of(&slot, spec, &zone);
    let until = today.after(now, spec.hold.unwrap_or(calendar.hold)).min(slot.at);
    // The name that the booking will have: the hold in the coach's day and the case's track are one.
    let booking = Id::derive(&["booking", view.id.as_str(), &name]);
    let wanted = seat.taken(&booking, &view.case.key.case, menu, Some(until));
    let capacity = calendar.capacity(slot.group.as_deref());
    match env.take(&view.case.key, Coach { id: coach, zone: &zone }, &wanted, capacity).await? {
        Ok(also) => {
            submission.seat = Some(banto_domain::ask::Chosen { booking, seat, until });
            Ok(Ok(also))
        }
        Err(_) => Ok(Err(NotTaken::Taken)),
    }
}
