//! A seat in a coach's day: held, then confirmed.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Slot, Taken};
use crate::playbook::Menu;
use crate::{CaseId, Id};

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
            holder: None,
            version: 1,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// It was called off; mails that say so are still to leave.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
}

impl Booking {
    /// Whether it is more than a hold, and stands.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.until.is_none() && !self.cancelled
    }

    /// Whether it is only a hold.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.until.is_some()
    }

    /// How often it was moved.
    #[must_use]
    pub fn moves(&self) -> u32 {
        self.version.saturating_sub(1)
    }
}
