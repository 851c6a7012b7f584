//! A coach's time: when sessions may be held (weekly hours, exceptions, holidays, breaks), what is taken already, and
//! so what can be offered. One interval of a coach's day, one booking (promise 7): buffers are part of the interval, and
//! what was held and not confirmed in time is free again by condition, never by deletion.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::holidays;
use crate::playbook::{Break, Calendar, Holidays, Menu};
use crate::state::{Day, Hours, Seat, Slot};
use crate::{CaseId, Id};

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
