//! One civil day of a coach: what is taken of it, what was opened, and slots by name.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CaseId, Id};

/// Hours on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hours {
    /// From, in the coach's zone.
    pub from: Time,
    /// To.
    pub to: Time,
}

/// One civil day of a coach: what is taken, and what the coach opened beside the playbook's hours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Day {
    /// Counts up with each change.
    pub rev: u64,
    /// Taken intervals.
    #[serde(default)]
    pub taken: Vec<Taken>,
    /// Hours that the coach opened.
    #[serde(default)]
    pub open: Vec<Hours>,
    /// The coach isn't there: nothing more is taken, whatever is open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
}

/// An interval of a coach's time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Taken {
    /// By this booking.
    pub booking: Id,
    /// Of this case.
    pub case: CaseId,
    /// What for.
    pub menu: String,
    /// When it begins, with the buffer before it (UTC).
    pub from: Timestamp,
    /// When it ends, with the buffer after it (UTC).
    pub to: Timestamp,
    /// When the session itself begins (UTC).
    pub start: Timestamp,
    /// How long the session itself is.
    pub minutes: u32,
    /// When the hold ends (UTC); `None` once it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The group session it is a seat of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whose seat of the group session it is: an HMAC that tells no session's seats from another's by their address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Counts up with each change of its time, for calendars.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub version: u32,
}

fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde wants it")]
fn is_first(version: &u32) -> bool {
    *version == first()
}

/// How many may share a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// All of them.
    pub capacity: u32,
    /// Of one customer.
    pub each: u32,
}

impl Room {
    /// A slot that nobody shares.
    pub const ALONE: Self = Self { capacity: 1, each: 1 };
}

impl Taken {
    pub(crate) fn stands(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// Why an interval can't be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotFree {
    /// It is somebody else's.
    #[error("the slot is taken")]
    Taken,
    /// The same customer has as many seats of the session as one may have.
    #[error("one customer has no more seats")]
    Enough,
}

impl Day {
    /// Whether this interval could be taken: nothing that stands overlaps, but seats of the same group session while
    /// there are fewer than `capacity`.
    #[must_use]
    pub fn is_free(&self, wanted: &Taken, capacity: u32, now: Timestamp) -> bool {
        let others = || self.taken.iter().filter(|t| t.booking != wanted.booking && t.stands(now));
        let same_group = |t: &Taken| wanted.group.is_some() && t.group == wanted.group;
        let overlaps = |t: &Taken| t.from < wanted.to && wanted.from < t.to;
        let seats = others().filter(|t| same_group(t)).count();
        !self.closed
            && !others().any(|t| overlaps(t) && !same_group(t))
            && (wanted.group.is_none() || seats < capacity as usize)
    }

    /// The day with this interval taken, in the place of what the same booking had; holds that ended are forgotten.
    ///
    /// # Errors
    /// When it isn't free.
    pub fn take(&self, wanted: Taken, room: Room, now: Timestamp) -> Result<Self, NotFree> {
        if !self.is_free(&wanted, room.capacity, now) {
            return Err(NotFree::Taken);
        }
        if self.seats_of_holder(&wanted, now) >= room.each as usize {
            return Err(NotFree::Enough);
        }
        let mut day = self.without(&wanted.booking, now);
        day.taken.push(wanted);
        day.taken.sort_by_key(|t| t.from);
        Ok(day)
    }

    /// How many seats of the same session the same customer has, in other cases: within one, another choice takes the
    /// place of the first.
    fn seats_of_holder(&self, wanted: &Taken, now: Timestamp) -> usize {
        let same = |t: &&Taken| t.case != wanted.case && t.group == wanted.group && t.holder == wanted.holder;
        let is_seat = wanted.group.is_some() && wanted.holder.is_some();
        self.taken.iter().filter(|t| is_seat && t.stands(now)).filter(same).count()
    }

    /// The day without a booking, and without holds that ended.
    #[must_use]
    pub fn without(&self, booking: &Id, now: Timestamp) -> Self {
        let mut day = self.clone();
        day.rev += 1;
        day.taken.retain(|t| t.booking != *booking && t.stands(now));
        day
    }

    /// The day on which the coach isn't there. What is booked stays until it is moved.
    #[must_use]
    pub fn shut(&self) -> Self {
        Self { rev: self.rev + 1, closed: true, ..self.clone() }
    }

    /// The day with more open hours.
    #[must_use]
    pub fn opened(&self, hours: Hours) -> Self {
        let mut day = self.clone();
        day.rev += 1;
        if !day.open.contains(&hours) {
            day.open.push(hours);
        }
        day
    }
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// When it begins (UTC).
    pub at: Timestamp,
    /// When it begins, in the coach's zone.
    pub start: DateTime,
    /// The coach's short name.
    pub coach: String,
    /// The group session.
    pub group: Option<String>,
}

impl Slot {
    /// Its name among the answers of an ask: `yamada/2026-12-03T10:00`, with the group session after it.
    #[must_use]
    pub fn name(&self) -> String {
        let start = self.start.strftime("%Y-%m-%dT%H:%M");
        self.group.iter().fold(format!("{}/{start}", self.coach), |name, group| name + "/" + group)
    }

    /// Reads its name; `None` when it is none, or the time doesn't exist in the coach's zone.
    #[must_use]
    pub fn read(name: &str, zone_of: impl FnOnce(&str) -> TimeZone) -> Option<Self> {
        let mut parts = name.splitn(3, '/');
        let (coach, start) = (parts.next()?, parts.next()?.parse::<DateTime>().ok()?);
        let at = zone_of(coach).to_ambiguous_timestamp(start).unambiguous().ok()?;
        Some(Self { at, start, coach: coach.to_owned(), group: parts.next().map(str::to_owned) })
    }

    /// The coach in a slot's name.
    #[must_use]
    pub fn coach_of(name: &str) -> &str {
        name.split('/').next().unwrap_or_default()
    }
}

impl Taken {
    /// The civil days it touches in a zone: two across midnight.
    #[must_use]
    pub fn days(&self, zone: &TimeZone) -> Vec<Date> {
        let last = self.to.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(self.to);
        let (first, last) = (self.from.to_zoned(zone.clone()).date(), last.to_zoned(zone.clone()).date());
        first.series(1.day()).take_while(|d| *d <= last).collect()
    }
}
