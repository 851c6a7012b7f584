//! A booking: a seat in a coach's day, held, confirmed, and then held or missed. Reminders belong to it and die with it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::answer::{Chosen, NotTaken};
use super::{Also, Draft, Rejection, ask};
use crate::Id;
use crate::playbook::Reminder;
use crate::state::{Booking, Day, Entry, Moment, NotFree, Room, Seat, Taken, TokenId};
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
    let Chosen { booking, seat, until, room, holder, days } = chosen.clone();
    let case = draft.case()?.key.case.clone();
    let wanted = Taken { holder, ..seat.taken(&booking, &case, menu, Some(until)) };
    take(draft, &seat, &wanted, room, &days).map_err(|why| match why {
        NotFree::Taken => NotTaken::Taken,
        NotFree::Enough => NotTaken::Enough,
    })?;
    let (menu, token) = (menu.to_owned(), token.clone());
    Ok(draft.push(Entry::BookingHeld { booking, menu, seat, until, token })?)
}

/// Confirms a booking; its reminders are those of the playbook's ladder that are still ahead.
///
/// # Errors
/// When there is no such booking.
pub fn confirm(draft: &mut Draft<'_>, id: &Id) -> Result<(), Rejection> {
    let seat = draft.case()?.booking(id).ok_or(Rejection::Misplaced("no such booking"))?.seat.clone();
    let ahead = |(name, rung): (&String, &Reminder)| {
        let at = reminds_at(&seat, rung)?;
        (draft.now < at).then(|| Moment { name: name.clone(), at })
    };
    let reminders = draft.playbook.reminders.iter().filter_map(ahead).collect();
    draft.push(Entry::BookingConfirmed { booking: id.clone(), reminders })
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
    let held: Vec<Id> = draft.case()?.bookings().filter(|(_, b)| !b.is_confirmed()).map(|(id, _)| id.clone()).collect();
    held.iter().try_for_each(|id| release(draft, id, reason))
}

/// Ends a confirmed booking among these tracks: the session was held, or missed.
///
/// # Errors
/// When the playbook lacks the menu.
pub fn conclude(draft: &mut Draft<'_>, tracks: &[Id], held: bool) -> Result<(), Rejection> {
    let confirmed = draft.case()?.booking_in(tracks).filter(|(_, b)| Booking::is_confirmed(b));
    let Some((id, booking)) = confirmed else { return Ok(()) };
    let (booking, menu) = (id.clone(), booking.menu.clone());
    let counts = draft.playbook.menus.get(&menu).is_none_or(|m| m.missed_counts);
    ask::withdraw_beside(draft, &booking)?;
    draft.push(if held { Entry::SessionHeld { booking } } else { Entry::SessionMissed { booking, counts } })
}
