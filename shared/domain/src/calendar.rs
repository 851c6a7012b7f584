//! A coach's time: when sessions may be held (weekly hours, exceptions, holidays, breaks), what is taken already, and
//! so what can be offered. One interval of a coach's day, one booking (promise 7): buffers are part of the interval, and
//! what was held and not confirmed in time is free again by condition, never by deletion.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::booking::{Menu, Seat};
use crate::{CaseId, Id, holidays};

/// When sessions may be held. Always today's: a running case is offered what is open now.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Nothing sooner than this is offered: `PT24H`.
    pub lead: Span,
    /// Nothing later than this is offered: `P28D`.
    pub horizon: Span,
    /// How many slots are offered at a time.
    pub offers: usize,
    /// At most this many on one day.
    pub per_day: usize,
    /// Fewer open slots than this: the coach is asked for more.
    pub at_least: usize,
    /// How long a chosen slot is held until it is confirmed: `P3D`.
    pub hold: Span,
    /// Sessions begin at multiples of this within open hours, in minutes.
    #[serde(default = "half_an_hour")]
    pub every: u32,
    /// Days on which nothing is offered unless an exception opens them.
    pub holidays: Holidays,
    /// Spans of each year on which nothing is offered either: 年末年始.
    #[serde(default)]
    pub breaks: Vec<Break>,
    /// Weekly hours.
    #[serde(default)]
    pub weekly: Vec<Weekly>,
    /// Single days that differ.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
    /// Group sessions, on fixed dates.
    #[serde(default)]
    pub sessions: Vec<GroupSession>,
}

fn half_an_hour() -> u32 {
    30
}

/// Whose public holidays are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Holidays {
    /// 国民の祝日.
    Japan,
    /// None.
    None,
}

/// A span of each year, both ends included; it may go over the year's end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Break {
    /// First day, `12-29`.
    #[schemars(regex(pattern = "^[01][0-9]-[0-3][0-9]$"))]
    pub from: String,
    /// Last day, `01-03`.
    #[schemars(regex(pattern = "^[01][0-9]-[0-3][0-9]$"))]
    pub to: String,
}

/// Hours that repeat each week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Weekly {
    /// The coach's short name.
    pub coach: String,
    /// On these days.
    pub days: Vec<Day7>,
    /// From, in the coach's zone.
    pub from: Time,
    /// To, later on the same day.
    pub to: Time,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "days of the week say what they are")]
pub enum Day7 {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day7 {
    fn is(self, day: Weekday) -> bool {
        self as i8 == day.to_monday_zero_offset()
    }
}

/// A single day that differs: closed, or open at other hours beside the weekly ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The coach's short name.
    pub coach: String,
    /// The day.
    pub date: Date,
    /// Nothing is offered on it.
    #[serde(default)]
    pub closed: bool,
    /// Open from, also on a holiday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// Open to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Time>,
}

/// A session for several customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupSession {
    /// Its name.
    pub id: String,
    /// What it is.
    pub menu: String,
    /// The coach's short name.
    pub coach: String,
    /// When it begins, in the coach's zone.
    pub at: DateTime,
    /// How many seats it has.
    pub capacity: u32,
}

/// Hours on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// From, in the coach's zone.
    pub from: Time,
    /// To.
    pub to: Time,
}

/// One civil day of a coach: what is taken, and what the coach opened beside the playbook's hours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Counts up with each change.
    pub rev: u64,
    /// Taken intervals.
    #[serde(default)]
    pub taken: Vec<Taken>,
    /// Hours that the coach opened.
    #[serde(default)]
    pub open: Vec<Hours>,
}

/// An interval of a coach's time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
}

impl Taken {
    fn stands(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// The interval is not free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the slot is taken")]
pub struct NotFree;

impl Day {
    /// Whether this interval could be taken: nothing that stands overlaps, but seats of the same group session while
    /// there are fewer than `capacity`.
    #[must_use]
    pub fn is_free(&self, wanted: &Taken, capacity: u32, now: Timestamp) -> bool {
        let others = || self.taken.iter().filter(|t| t.booking != wanted.booking && t.stands(now));
        let same_group = |t: &Taken| wanted.group.is_some() && t.group == wanted.group;
        let overlaps = |t: &Taken| t.from < wanted.to && wanted.from < t.to;
        let seats = others().filter(|t| same_group(t)).count();
        !others().any(|t| overlaps(t) && !same_group(t)) && (wanted.group.is_none() || seats < capacity as usize)
    }

    /// The day with this interval taken, in the place of what the same booking had; holds that ended are forgotten.
    ///
    /// # Errors
    /// When it isn't free.
    pub fn take(&self, wanted: Taken, capacity: u32, now: Timestamp) -> Result<Self, NotFree> {
        if !self.is_free(&wanted, capacity, now) {
            return Err(NotFree);
        }
        let mut day = self.without(&wanted.booking, now);
        day.taken.push(wanted);
        day.taken.sort_by_key(|t| t.from);
        Ok(day)
    }

    /// The day without a booking, and without holds that ended.
    #[must_use]
    pub fn without(&self, booking: &Id, now: Timestamp) -> Self {
        let mut day = self.clone();
        day.rev += 1;
        day.taken.retain(|t| t.booking != *booking && t.stands(now));
        day
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

    /// Reads its name; `None` when it is none, or the time doesn't exist in that zone.
    #[must_use]
    pub fn read(name: &str, zone: &TimeZone) -> Option<Self> {
        let mut parts = name.splitn(3, '/');
        let (coach, start) = (parts.next()?, parts.next()?.parse::<DateTime>().ok()?);
        let at = zone.to_ambiguous_timestamp(start).unambiguous().ok()?;
        Some(Self { at, start, coach: coach.to_owned(), group: parts.next().map(str::to_owned) })
    }
}

/// What [`slots`] looks at.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// The rules.
    pub calendar: &'a Calendar,
    /// What for, by name.
    pub menu: (&'a str, &'a Menu),
    /// Zone by coach.
    pub zones: &'a BTreeMap<String, TimeZone>,
    /// What is taken and opened, by coach and day.
    pub days: &'a BTreeMap<(String, Date), Day>,
    /// The present instant (UTC).
    pub now: Timestamp,
}

/// All slots that could be taken now, in the order of time.
#[must_use]
pub fn slots(search: Search<'_>) -> Vec<Slot> {
    let Search { calendar, menu: (name, menu), zones, .. } = search;
    let mut found = BTreeSet::new();
    for (coach, zone) in zones.iter().filter(|(coach, _)| menu.is_held_by(coach)) {
        let starts = if menu.group {
            let of_menu = calendar.sessions.iter().filter(|s| s.menu == name && s.coach == *coach);
            of_menu.map(|s| (s.at, Some(s.id.clone()))).collect()
        } else {
            starts(search, coach, zone)
        };
        found.extend(starts.into_iter().filter_map(|(start, group)| {
            let at = zone.to_ambiguous_timestamp(start).unambiguous().ok()?;
            let slot = Slot { at, start, coach: coach.clone(), group };
            is_open(search, zone, &slot).then_some(slot)
        }));
    }
    found.into_iter().collect()
}

fn starts(search: Search<'_>, coach: &str, zone: &TimeZone) -> Vec<(DateTime, Option<String>)> {
    let Search { calendar, menu: (_, menu), now, .. } = search;
    let today = now.to_zoned(zone.clone()).date();
    let last = now.to_zoned(zone.clone()).checked_add(calendar.horizon).map_or(today, |z| z.date());
    let mut starts = Vec::new();
    for date in today.series(1.day()).take_while(|d| *d <= last) {
        for hours in open_hours(search, coach, date) {
            let end = date.to_datetime(hours.to);
            let mut start = date.to_datetime(hours.from);
            while start.checked_add(i64::from(menu.minutes).minutes()).is_ok_and(|e| e <= end) {
                starts.push((start, None));
                let Ok(next) = start.checked_add(i64::from(calendar.every.max(5)).minutes()) else { break };
                start = next;
            }
        }
    }
    starts
}

/// When a coach could hold sessions on a day, taken or not.
fn open_hours(search: Search<'_>, coach: &str, date: Date) -> Vec<Hours> {
    let calendar = search.calendar;
    let of_day = || calendar.exceptions.iter().filter(|e| e.coach == coach && e.date == date);
    if of_day().any(|e| e.closed) {
        return Vec::new();
    }
    let extra = of_day().filter_map(|e| Some(Hours { from: e.from?, to: e.to? }));
    let by_coach = search.days.get(&(coach.to_owned(), date)).into_iter().flat_map(|d| d.open.iter().copied());
    let mut hours: Vec<Hours> = extra.chain(by_coach).collect();
    if !calendar.is_off(date) {
        let weekly = calendar.weekly.iter().filter(|w| w.coach == coach);
        let on_day = weekly.filter(|w| w.days.iter().any(|d| d.is(date.weekday())));
        hours.extend(on_day.map(|w| Hours { from: w.from, to: w.to }));
    }
    hours
}

fn is_open(search: Search<'_>, zone: &TimeZone, slot: &Slot) -> bool {
    let Search { calendar, menu: (name, menu), now, days, .. } = search;
    let earliest = now.to_zoned(zone.clone()).checked_add(calendar.lead).map_or(Timestamp::MAX, |z| z.timestamp());
    let latest = now.to_zoned(zone.clone()).checked_add(calendar.horizon).map_or(now, |z| z.timestamp());
    let in_time = earliest <= slot.at && (slot.at <= latest || slot.group.is_some());
    let seat = Seat::of(slot, menu, zone);
    let wanted = seat.taken(&Id::derive(&["slot"]), &CaseId::derive(&["slot"]), name, None);
    let free = |date: &Date| {
        let day = days.get(&(slot.coach.clone(), *date));
        day.is_none_or(|day| day.is_free(&wanted, calendar.capacity(slot.group.as_deref()), now))
    };
    in_time && wanted.days(zone).iter().all(free)
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

impl Calendar {
    /// A holiday or a break.
    #[must_use]
    pub fn is_off(&self, date: Date) -> bool {
        let day = date.strftime("%m-%d").to_string();
        let within = |b: &Break| match b.from <= b.to {
            true => b.from <= day && day <= b.to,
            false => b.from <= day || day <= b.to,
        };
        (self.holidays == Holidays::Japan && holidays::is_holiday(date)) || self.breaks.iter().any(within)
    }

    /// The first day from this one on which people work: no Saturday, Sunday, holiday or break.
    #[must_use]
    pub fn business_day(&self, from: Date) -> Date {
        let rests = |d: &Date| matches!(d.weekday(), Weekday::Saturday | Weekday::Sunday) || self.is_off(*d);
        from.series(1.day()).take(60).find(|d| !rests(d)).unwrap_or(from)
    }

    /// How many may share a slot: 1, or the seats of a group session that is still planned.
    #[must_use]
    pub fn capacity(&self, group: Option<&str>) -> u32 {
        group.map_or(1, |id| self.sessions.iter().find(|s| s.id == id).map_or(0, |s| s.capacity))
    }

    /// Of all open slots those that are offered: on the days that were opened for this customer as many as there are,
    /// else spread over the days, at most some on each.
    #[must_use]
    pub fn choose(&self, open: &[Slot], opened: &[Date]) -> Vec<Slot> {
        let is_opened = |slot: &&Slot| opened.contains(&slot.start.date());
        let first: Vec<Slot> = open.iter().filter(is_opened).take(self.offers).cloned().collect();
        let rest: Vec<&Slot> = open.iter().filter(|slot| !is_opened(slot)).collect();
        let mut chosen = self.spread(&rest);
        chosen.truncate(self.offers - first.len());
        chosen.extend(first);
        chosen.sort();
        chosen
    }

    fn spread(&self, open: &[&Slot]) -> Vec<Slot> {
        let mut by_day: BTreeMap<Date, Vec<&Slot>> = BTreeMap::new();
        for slot in open {
            by_day.entry(slot.start.date()).or_default().push(slot);
        }
        let spread = |slots: Vec<&Slot>| -> Vec<Slot> {
            let n = self.per_day.clamp(1, slots.len().max(1));
            (0..n).filter_map(|i| slots.get(i * slots.len() / n).map(|s| (*s).clone())).collect()
        };
        by_day.into_values().flat_map(spread).collect()
    }
}

#[cfg(test)]
mod tests;
