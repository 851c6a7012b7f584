//! A booking: a seat in a coach's day, held, confirmed, and then held or missed. Reminders belong to it and die with it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::answer::{Chosen, NotTaken};
use super::{Also, Draft, Rejection, ask};
use crate::Id;
use crate::playbook::{About, Playbook, Reminder};
use crate::state::{Booking, Case, Day, Entry, Moment, NotFree, Pending, Room, Seat, Taken, TokenId, What};
use crate::steps::CONFIRM_BOOKING;

/// Takes an interval of a coach's time in the days that it touches, two across midnight. It holds only while nobody else
/// changes them.
///
/// # Errors
/// When it isn't free.
pub fn take(
    draft: &mut Draft<'_>,
    seat: &Seat,
    wanted: &Taken,
    room: Room,
    days: &BTreeMap<Date, Day>,
) -> Result<(), NotFree> {
    let dates = wanted.days(&seat.time_zone());
    let take = |date: Date| {
        let day = days.get(&date).cloned().unwrap_or_default().take(wanted.clone(), room, draft.now)?;
        Ok(Also::Day { coach: seat.coach.clone(), date, day })
    };
    let taken = dates.into_iter().map(take).collect::<Result<Vec<_>, NotFree>>()?;
    taken.into_iter().for_each(|also| draft.also(also));
    Ok(())
}

/// Gives a booking's interval back to the days around its slot.
pub fn give_back(draft: &mut Draft<'_>, coach: &str, booking: &Id, days: &BTreeMap<Date, Day>) {
    for (date, day) in days.iter().filter(|(_, day)| day.taken.iter().any(|t| t.booking == *booking)) {
        let day = day.without(booking, draft.now);
        draft.also(Also::Day { coach: coach.to_owned(), date: *date, day });
    }
}

/// Holds a slot for the customer, in the place of what the token held before.
///
/// # Errors
/// When it isn't free.
pub fn hold(draft: &mut Draft<'_>, token: &TokenId, menu: &str, chosen: &Chosen) -> Result<(), NotTaken> {
    release_held(draft, "other-date")?;
    let Chosen { booking, seat, until, room, holder, days, .. } = chosen.clone();
    let case = draft.case()?.key.case.clone();
    let wanted = Taken { holder, ..seat.taken(&booking, &case, menu, Some(until)) };
    take(draft, &seat, &wanted, room, &days)?;
    let (menu, token) = (menu.to_owned(), token.clone());
    Ok(draft.push(Entry::BookingHeld { booking, menu, seat, until, token })?)
}

/// Moves a confirmed booking to another slot: the coach's days, the reminders and the version change in one commit, and
/// what was taken before is free again.
///
/// # Errors
/// When the new slot isn't free, or the booking doesn't stand any more.
pub fn shift(draft: &mut Draft<'_>, id: &Id, chosen: &Chosen) -> Result<(), NotTaken> {
    let case = draft.case()?;
    let booking = case.booking(id).filter(|b| b.is_confirmed()).cloned().ok_or(NotTaken::Over)?;
    let version = booking.version.saturating_add(1);
    let Chosen { seat, room, holder, days, freed, .. } = chosen.clone();
    let wanted = seat.taken(id, &case.key.case, &booking.menu, None);
    let wanted = Taken { holder, version, ..wanted };
    let same_coach = seat.coach == booking.seat.coach;
    let touched = wanted.days(&seat.time_zone());
    take(draft, &seat, &wanted, room, &days)?;
    // Days that the new interval doesn't touch; of the others it took the old one's place.
    let left = |date: &Date| !same_coach || !touched.contains(date);
    let left = freed.into_iter().filter(|(date, _)| left(date)).collect();
    give_back(draft, &booking.seat.coach, id, &left);
    forget_steps(draft, id)?;
    let reminders = ahead(draft, &seat);
    Ok(draft.push(Entry::BookingMoved { booking: id.clone(), seat, reminders })?)
}

/// Calls a confirmed booking off, in the case and in the coach's days at once; questions and reminders about it are moot.
///
/// # Errors
/// As [`Draft::push`].
pub fn cancel(
    draft: &mut Draft<'_>,
    id: &Id,
    token: &TokenId,
    counts: bool,
    days: &BTreeMap<Date, Day>,
) -> Result<(), Rejection> {
    let booking = draft.case()?.booking(id).ok_or(Rejection::Misplaced("no such booking"))?.clone();
    give_back(draft, &booking.seat.coach, id, days);
    ask::withdraw_beside(draft, id)?;
    forget_steps(draft, id)?;
    draft.push(Entry::BookingCancelled { booking: id.clone(), counts, token: token.clone() })
}

/// The booking that a token calls off: the one that it is about; or, when what it deals with is about the case as a whole, the
/// next that is still ahead.
#[must_use]
pub fn to_call_off<'a>(
    playbook: &Playbook,
    case: &'a Case,
    token: &TokenId,
    now: Timestamp,
) -> Option<(&'a Id, &'a Booking)> {
    let carried = case.carried(token);
    let about = case.booking_in(carried).filter(|(_, booking)| booking.is_confirmed());
    let kind = case.request_in(carried).and_then(|(_, request)| playbook.requests.get(&request.kind));
    let of_case = kind.is_some_and(|wanted| wanted.about == About::Case);
    let ahead = case.bookings().filter(|(_, b)| of_case && b.is_confirmed() && now < b.seat.begins());
    about.or_else(|| ahead.min_by_key(|(_, booking)| booking.seat.begins()))
}

/// What its timers asked for before is not to be done any more: a reminder of the old time, the end of a session that
/// doesn't take place then.
fn forget_steps(draft: &mut Draft<'_>, id: &Id) -> Result<(), Rejection> {
    let fired = |step: &Pending| matches!(&step.what, What::Fired { about: Some(about), .. } if about == id);
    let moot: Vec<Id> =
        draft.case()?.pending.iter().filter(|(_, s)| fired(s)).map(|(cause, _)| cause.clone()).collect();
    let skip = |cause| Entry::StepSkipped { reason: "the booking changed".to_owned(), cause: Some(cause) };
    moot.into_iter().try_for_each(|cause| draft.push(skip(cause)))
}

/// Confirms a booking; its reminders are those of the playbook's ladder that are still ahead.
///
/// # Errors
/// When there is no such booking.
pub fn confirm(draft: &mut Draft<'_>, id: &Id) -> Result<(), Rejection> {
    let seat = draft.case()?.booking(id).ok_or(Rejection::Misplaced("no such booking"))?.seat.clone();
    let reminders = ahead(draft, &seat);
    draft.push(Entry::BookingConfirmed { booking: id.clone(), reminders })
}

/// The rungs of the ladder that are still ahead of a seat.
fn ahead(draft: &Draft<'_>, seat: &Seat) -> Vec<Moment> {
    let ahead = |(name, rung): (&String, &Reminder)| {
        let at = reminds_at(seat, rung)?;
        (draft.now < at).then(|| Moment { name: name.clone(), at })
    };
    draft.playbook.reminders.iter().filter_map(ahead).collect()
}

fn reminds_at(seat: &Seat, rung: &Reminder) -> Option<Timestamp> {
    let zone = seat.time_zone();
    let start = seat.begins().to_zoned(zone.clone());
    match rung.at {
        Some(time) => {
            let day = start.date().checked_sub(rung.before).ok()?;
            zone.to_ambiguous_zoned(day.to_datetime(time)).compatible().ok().map(|z| z.timestamp())
        }
        None => start.checked_sub(rung.before).ok().map(|z| z.timestamp()),
    }
}

/// Gives a booking up; questions about it are moot.
///
/// # Errors
/// As [`Draft::push`].
pub fn release(draft: &mut Draft<'_>, id: &Id, reason: &str) -> Result<(), Rejection> {
    ask::withdraw_beside(draft, id)?;
    let action = CONFIRM_BOOKING.to_owned();
    draft.push(Entry::BookingReleased { booking: id.clone(), reason: reason.to_owned(), action })
}

/// Gives up whatever is held and not confirmed.
///
/// # Errors
/// As [`Draft::push`].
pub fn release_held(draft: &mut Draft<'_>, reason: &str) -> Result<(), Rejection> {
    let held: Vec<Id> = draft.case()?.bookings().filter(|(_, b)| b.is_held()).map(|(id, _)| id.clone()).collect();
    held.iter().try_for_each(|id| release(draft, id, reason))
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It took place.
    Held,
    /// The customer did not come; the menu says whether it counts.
    Missed,
    /// The customer did not come, and it counts.
    Counted,
    /// The customer did not come, and it doesn't count.
    Excused,
}

/// Ends a confirmed booking among these tracks: the session was held, or missed.
///
/// # Errors
/// When the playbook lacks the menu.
pub fn conclude(draft: &mut Draft<'_>, tracks: &[Id], ended: Ended) -> Result<(), Rejection> {
    let confirmed = draft.case()?.booking_in(tracks).filter(|(_, b)| Booking::is_confirmed(b));
    let Some((id, booking)) = confirmed else { return Ok(()) };
    let (booking, menu) = (id.clone(), booking.menu.clone());
    ask::withdraw_beside(draft, &booking)?;
    let missed = |counts| Entry::SessionMissed { booking: booking.clone(), counts };
    draft.push(match ended {
        Ended::Held => Entry::SessionHeld { booking },
        Ended::Missed => missed(draft.playbook.menus.get(&menu).is_none_or(|m| m.missed_counts)),
        Ended::Counted => missed(true),
        Ended::Excused => missed(false),
    })
}
