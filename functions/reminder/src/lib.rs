//! 前日・1時間前: one rung of the ladder before a session. It dies with the booking, and with each change of its time.

use banto_aws::Function;
use banto_domain::rules::message::{self, Intent};
use banto_domain::rules::{ask, people, policy};
use banto_domain::state::{Hold, REMINDS};
use banto_domain::steps::REMINDER;
use banto_domain::{Draft, Id, Pending, Rejection, What};

/// Takes up `timer.fired`.
#[must_use]
pub fn function() -> Function {
    Function::step(REMINDER, decide)
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    match &step.what {
        What::Fired { timer, about: Some(booking) } => remind(draft, booking, timer),
        _ => ask::skip(draft, "about no booking"),
    }
}

fn remind(draft: &mut Draft<'_>, id: &Id, timer: &str) -> Result<(), Rejection> {
    let playbook = draft.playbook;
    let name = timer.strip_prefix(REMINDS).unwrap_or(timer);
    let rung = playbook.reminders.get(name).ok_or_else(|| draft.lacks("reminder", name))?;
    let Some(booking) = draft.case()?.booking(id).filter(|b| b.is_confirmed()) else {
        return ask::skip(draft, "the booking is gone");
    };
    if booking.seat.begins() <= draft.now {
        return ask::skip(draft, "the session has begun");
    }
    let tracks = vec![id.clone()];
    if let Some(when) = &rung.when
        && !policy::holds(draft, &tracks, when)?
    {
        return ask::skip(draft, "there is nothing to be said");
    }
    // However long it waits for its provider: "we begin soon" is not said once the session has begun.
    let stands = Hold::BookingStands { booking: id.clone(), version: booking.version };
    let holds = vec![stands, Hold::SessionAhead { booking: id.clone() }];
    let parties = people::addressees(draft, &rung.to, &tracks)?;
    let intent = Intent { template: &rung.template, holds, tracks, origin: timer, ..Intent::default() };
    message::intend(draft, &intent, parties)
}
