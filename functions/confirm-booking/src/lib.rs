//! 予約確定: the held slot becomes the customer's, in the coach's day and in the case, both or neither. A hold that ended
//! may have been lost to somebody else. What was given up goes back to the coach's day.

use banto_aws::ledger::Loaded;
use banto_aws::{Coach, Env, Prepared, Result, take_up_prepared};
use banto_domain::calendar::Slot;
use banto_domain::message::{self, Hold, Intent};
use banto_domain::playbook::Role;
use banto_domain::{Draft, Id, Pending, Rejection, Why, ask, booking, flow};
use serde_json::Value;

/// The outcome: the slot is the customer's.
const CONFIRMED: &str = "confirmed";
/// The outcome: it is somebody else's by now, or there is none.
const LOST: &str = "lost";

/// Takes up `node.entered` and `booking.released`.
///
/// # Errors
/// As [`take_up_prepared`].
pub async fn handle(env: &Env, event: Value) -> Result<Value> {
    take_up_prepared(env, &event, "confirm-booking", seat, decide).await
}

/// The booking, when its interval can be taken for good.
fn seat<'a>(env: &'a Env, loaded: &'a Loaded, step: &'a Pending) -> Prepared<'a, Option<Id>> {
    let case = &loaded.case;
    Box::pin(async move {
        if let (Why::Released, Some(booking)) = (step.why, &step.about) {
            let coach = step.what.split('/').next().unwrap_or_default();
            let slot = Slot::read(&step.what, &env.today(&case.key).await?.zone_of(coach));
            return Ok(match slot {
                Some(slot) => (None, env.give_back(&case.key, &slot, booking).await?),
                None => (None, Vec::new()),
            });
        }
        let Some((id, booking)) = case.booking().filter(|(_, b)| !b.is_confirmed()) else {
            return Ok((None, Vec::new()));
        };
        let zone = booking.seat.time_zone();
        let today = env.today(&case.key).await?;
        let capacity = today.calendar.as_ref().map_or(1, |c| c.capacity(booking.seat.group.as_deref()));
        let wanted = booking.seat.taken(id, &case.key.case, &booking.menu, None);
        let too_late = booking.seat.begins() <= env.clock.now();
        let coach = Coach { id: &booking.seat.coach, zone: &zone };
        Ok(match env.take(&case.key, coach, &wanted, capacity).await? {
            Ok(also) if !too_late => (Some(id.clone()), also),
            _ => (None, Vec::new()),
        })
    })
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending, seat: &Option<Id>) -> Result<(), Rejection> {
    if step.why == Why::Released {
        return ask::skip(draft, "the slot is free again");
    }
    if flow::current(draft, step)?.is_none() {
        return ask::skip(draft, "the token has moved on");
    }
    let Some(id) = seat else {
        booking::release_held(draft, "lost")?;
        return flow::advance(draft, LOST);
    };
    booking::confirm(draft, id)?;
    let version = draft.case()?.booking_of(id).map_or(1, |b| b.version);
    let node = draft.playbook.node(&draft.case()?.flow, &step.what);
    let template = node.and_then(|n| n.template.as_deref());
    let template = template.ok_or_else(|| draft.lacks("template of the node", &step.what))?;
    let holds = vec![Hold::BookingStands { booking: id.clone(), version }];
    let to = Role::Customer;
    message::intend(draft, Intent { template, to, holds, about: Some(id.clone()), origin: &step.what })?;
    flow::advance(draft, CONFIRMED)
}
