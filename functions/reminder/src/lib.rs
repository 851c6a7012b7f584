//! 前日・1時間前: one rung of the ladder before a session. It dies with the booking, and with each change of its time.

use banto_aws::{Env, Result, take_up};
use banto_domain::message::{self, Hold, Intent};
use banto_domain::{Draft, Id, Pending, Rejection, ask};
use serde_json::Value;

/// Takes up `timer.fired`.
///
/// # Errors
/// As [`take_up`].
pub async fn handle(env: &Env, event: Value) -> Result<Value> {
    take_up(env, &event, banto_domain::booking::REMINDER, decide).await
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    match &step.about {
        Some(booking) => remind(draft, booking, step),
        None => ask::skip(draft, "about no booking"),
    }
}

fn remind(draft: &mut Draft<'_>, id: &Id, step: &Pending) -> Result<(), Rejection> {
    let playbook = draft.playbook;
    let name = step.what.strip_prefix("reminder:").unwrap_or(&step.what);
    let rung = playbook.reminders.get(name).ok_or_else(|| draft.lacks("reminder", name))?;
    let Some(booking) = draft.case()?.booking_of(id).filter(|b| b.is_confirmed()) else {
        return ask::skip(draft, "the booking is gone");
    };
    if booking.seat.begins() <= draft.now {
        return ask::skip(draft, "the session has begun");
    }
    // However long it waits for its provider: "we begin soon" is not said once the session has begun.
    let stands = Hold::BookingStands { booking: id.clone(), version: booking.version };
    let holds = vec![stands, Hold::SessionAhead { booking: id.clone() }];
    let (template, to) = (rung.template.as_str(), rung.to);
    message::intend(draft, Intent { template, to, holds, about: Some(id.clone()), origin: &step.what })
}
