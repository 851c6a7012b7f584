//! A booking: a seat in a coach's day, held, confirmed, and then held or missed. Reminders belong to it and die with it.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ask::Chosen;
use crate::calendar::{Slot, Taken};
use crate::playbook::{Role, Text};
use crate::{CaseId, Draft, Entry, Id, Rejection, ask};

/// Something that customers can book and buy.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Menu {
    /// Shown to people.
    pub label: Text,
    /// How long a session is.
    pub minutes: u32,
    /// Minutes that the coach needs before it.
    #[serde(default)]
    pub before: u32,
    /// Minutes that the coach needs after it.
    #[serde(default)]
    pub after: u32,
    /// Price of the whole, in minor units of the practice's currency (yen; pence).
    pub price: i64,
    /// How many sessions it has.
    #[serde(default = "one")]
    pub sessions: u32,
    /// For how long they can be held once it is paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<Span>,
    /// Several customers share one session, on the dates of the calendar.
    #[serde(default)]
    pub group: bool,
    /// How long a chosen slot of it is held, where that differs from the calendar's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Span>,
    /// Only these coaches hold it; nobody named: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coaches: Vec<String>,
    /// Whether a session that the customer missed uses up one of them.
    #[serde(default = "yes")]
    pub missed_counts: bool,
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

impl Menu {
    /// Whether this coach holds it.
    #[must_use]
    pub fn is_held_by(&self, coach: &str) -> bool {
        self.coaches.is_empty() || self.coaches.iter().any(|c| c == coach)
    }
}

/// One rung of the ladder of reminders.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reminder {
    /// What is sent.
    pub template: String,
    /// To whom.
    pub to: Role,
    /// How long before the session: with `at`, so many days before it.
    pub before: Span,
    /// At this time of that day, in the coach's zone; without it, exactly that long before the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
}

/// When, with whom, how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Seat {
    /// The coach's short name.
    pub coach: String,
    /// When it begins, in the coach's zone: an appointment is civil time.
    pub start: DateTime,
    /// IANA name of that zone.
    pub zone: String,
    /// How long the session is.
    pub minutes: u32,
    /// Minutes that the coach needs before it.
    #[serde(default)]
    pub before: u32,
    /// Minutes that the coach needs after it.
    #[serde(default)]
    pub after: u32,
    /// The group session it is a seat of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

impl Seat {
    /// The seat of a slot.
    #[must_use]
    pub fn of(slot: &Slot, menu: &Menu, zone: &TimeZone) -> Self {
        Self {
            coach: slot.coach.clone(),
            start: slot.start,
            zone: zone.iana_name().unwrap_or("UTC").to_owned(),
            minutes: menu.minutes,
            before: menu.before,
            after: menu.after,
            group: slot.group.clone(),
        }
    }

    /// The coach's zone; UTC only when the playbook was never checked.
    #[must_use]
    pub fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC)
    }

    /// When it begins (UTC).
    #[must_use]
    pub fn begins(&self) -> Timestamp {
        self.time_zone().to_ambiguous_zoned(self.start).compatible().map_or(Timestamp::MAX, |z| z.timestamp())
    }

    /// The slot it is a seat of.
    #[must_use]
    pub fn slot(&self) -> Slot {
        Slot { at: self.begins(), start: self.start, coach: self.coach.clone(), group: self.group.clone() }
    }

    /// When it ends (UTC).
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        later(self.begins(), self.minutes)
    }

    /// As it stands in the coach's day.
    #[must_use]
    pub fn taken(&self, booking: &Id, case: &CaseId, menu: &str, until: Option<Timestamp>) -> Taken {
        let start = self.begins();
        Taken {
            booking: booking.clone(),
            case: case.clone(),
            menu: menu.to_owned(),
            from: start.checked_sub(i64::from(self.before).minutes()).unwrap_or(start),
            to: later(self.ends(), self.after),
            start,
            minutes: self.minutes,
            until,
            group: self.group.clone(),
        }
    }
}

fn later(at: Timestamp, minutes: u32) -> Timestamp {
    at.checked_add(i64::from(minutes).minutes()).unwrap_or(Timestamp::MAX)
}

/// A named instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
    /// Its name.
    pub name: String,
    /// When (UTC).
    pub at: Timestamp,
}

/// An open booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// Its place among the bookings of the case, from 1.
    pub n: u32,
    /// What for.
    pub menu: String,
    /// When, with whom, how long.
    #[serde(flatten)]
    pub seat: Seat,
    /// Counts up with each change of its time.
    pub version: u32,
    /// When the hold ends (UTC); `None` once it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Booking {
    /// Whether it is more than a hold.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.until.is_none()
    }
}

/// The function that takes slots for good, and gives them back.
pub const CONFIRM_BOOKING: &str = "confirm-booking";
/// The function that takes up the end of a session.
pub const RUN_SESSION: &str = "run-session";
/// The timer at the end of a session.
pub const SESSION_END: &str = "session-end";
/// The function that takes up the reminders of a session.
pub const REMINDER: &str = "reminder";

/// Holds a slot for the customer, in the place of what was held before.
///
/// # Errors
/// As [`Draft::push`].
pub fn hold(draft: &mut Draft<'_>, menu: &str, chosen: &Chosen) -> Result<(), Rejection> {
    release_held(draft, "other-date")?;
    let Chosen { booking, seat, until } = chosen.clone();
    draft.push(Entry::BookingHeld { booking, menu: menu.to_owned(), seat, until })
}

/// Confirms a booking; its reminders are those of the playbook's ladder that are still ahead.
///
/// # Errors
/// When there is no such booking.
pub fn confirm(draft: &mut Draft<'_>, id: &Id) -> Result<(), Rejection> {
    let seat = draft.case()?.booking_of(id).ok_or(Rejection::Misplaced("no such booking"))?.seat.clone();
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

/// Ends the case's confirmed booking: the session was held, or missed.
///
/// # Errors
/// When the playbook lacks the menu.
pub fn conclude(draft: &mut Draft<'_>, held: bool) -> Result<(), Rejection> {
    let Some((id, booking)) = draft.case()?.booking().filter(|(_, b)| b.is_confirmed()) else { return Ok(()) };
    let (booking, menu) = (id.clone(), booking.menu.clone());
    let counts = draft.playbook.menus.get(&menu).is_none_or(|m| m.missed_counts);
    ask::withdraw_beside(draft, &booking)?;
    draft.push(if held { Entry::SessionHeld { booking } } else { Entry::SessionMissed { booking, counts } })
}
