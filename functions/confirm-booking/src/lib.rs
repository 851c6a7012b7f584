//! 予約確定: the held slot becomes the customer's, in the coach's day and in the case, both or neither. A hold that ended
//! may have been lost to somebody else. What was given up goes back to the coach's day.

use std::collections::BTreeMap;

use banto_aws::ledger::Loaded;
use banto_aws::{Env, Function, Prepared};
use banto_domain::rules::flow::{self, Here};
use banto_domain::rules::message::{self, Intent};
use banto_domain::rules::{ask, booking};
use banto_domain::state::{Day, Hold, Party, Room, Slot, Taken};
use banto_domain::steps::CONFIRM_BOOKING;
use banto_domain::{Case, Draft, Id, Pending, Rejection, What};
use jiff::civil::Date;

/// The outcome: the slot is the customer's.
const CONFIRMED: &str = "confirmed";
/// The outcome: it is somebody else's by now, or there is none.
const LOST: &str = "lost";

/// Takes up `node.entered` and `booking.released`.
#[must_use]
pub fn function() -> Function {
    Function::prepared(CONFIRM_BOOKING, days, decide)
}

/// The coach's days around the slot, as they stand.
#[derive(Debug, Clone)]
pub struct Days {
    /// By date.
    pub days: BTreeMap<Date, Day>,
    /// How many may share the slot.
    pub room: Room,
    /// The mark of whose seat of a group session it is.
    pub holder: Option<String>,
}

impl Default for Days {
    fn default() -> Self {
        Self { days: BTreeMap::new(), room: Room::ALONE, holder: None }
    }
}

fn days<'a>(env: &'a Env, loaded: &'a Loaded, step: &'a Pending) -> Prepared<'a, Days> {
    let case = &loaded.case;
    Box::pin(async move {
        let today = env.today(&case.key).await?;
        if let What::Released { slot, .. } = &step.what {
            return Ok(match Slot::read(slot, |coach| today.zone_of(coach)) {
                Some(slot) => Days { days: env.days_around(&case.key, &slot).await?, ..Days::default() },
                None => Days::default(),
            });
        }
        let Some((id, booking)) = held(case, step) else { return Ok(Days::default()) };
        let group = booking.seat.group.as_deref();
        let (room, holder) = (env.room(&today, &booking.menu, group), env.holder(case, &loaded.personal, group));
        let wanted = booking.seat.taken(id, &case.key.case, &booking.menu, None);
        Ok(Days { days: env.days_of(&case.key, &booking.seat, &wanted).await?, room, holder })
    })
}

/// The slot that the token of a step holds.
fn held<'a>(case: &'a Case, step: &Pending) -> Option<(&'a Id, &'a banto_domain::state::Booking)> {
    case.booking_in(case.carried(&step.token)).filter(|(_, b)| b.is_held())
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending, around: &Days) -> Result<(), Rejection> {
    if let What::Released { booking, slot } = &step.what {
        booking::give_back(draft, Slot::coach_of(slot), booking, &around.days);
        return ask::skip(draft, "the slot is free again");
    }
    let confirm = |draft: &mut Draft<'_>, here: &Here<'_>| confirm(draft, here, step, around);
    flow::take_up(draft, step, confirm, flow::go_by_answer)
}

fn confirm(draft: &mut Draft<'_>, here: &Here<'_>, step: &Pending, around: &Days) -> Result<(), Rejection> {
    let Some(id) = taken(draft, step, around)? else {
        booking::release_held(draft, "lost")?;
        return flow::advance(draft, &here.token, LOST);
    };
    booking::confirm(draft, &id)?;
    let version = draft.case()?.booking(&id).map_or(1, |b| b.version);
    let template = here.needs(draft, "template of the node", here.node.template.as_ref())?;
    let holds = vec![Hold::BookingStands { booking: id.clone(), version }];
    let intent = Intent { holds, tracks: vec![id], ..Intent::of_node(here, template) };
    message::intend(draft, &intent, vec![Party::Customer])?;
    flow::advance(draft, &here.token, CONFIRMED)
}

/// The booking, when its interval could be taken for good.
fn taken(draft: &mut Draft<'_>, step: &Pending, around: &Days) -> Result<Option<Id>, Rejection> {
    let case = draft.case()?;
    let Some((id, booking)) = held(case, step).map(|(id, b)| (id.clone(), b.clone())) else { return Ok(None) };
    if booking.seat.begins() <= draft.now {
        return Ok(None);
    }
    let wanted = booking.seat.taken(&id, &case.key.case, &booking.menu, None);
    let wanted = Taken { holder: around.holder.clone(), ..wanted };
    Ok(booking::take(draft, &booking.seat, &wanted, around.room, &around.days).is_ok().then_some(id))
}
