//! 7: one interval of a coach's day, one booking; and the coaches' days agree with the journals.

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::Entry;
use banto_domain::state::{Day, Seat};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Verdict;
use super::evidence::{Evidence, Filed, text};
use crate::world::World;

/// A booking, as the journals tell it.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) client: String,
    pub(super) menu: String,
    pub(super) seat: Seat,
    /// Where it was before it was moved, and how many changes the table had seen when it left there.
    earlier: Vec<(Seat, usize)>,
    pub(super) held_at: Timestamp,
    pub(super) until: Timestamp,
    /// How many changes the table had seen when it was held, confirmed, given up, and over.
    pub(super) held: usize,
    pub(super) confirmed: Option<usize>,
    pub(super) released: Option<usize>,
    pub(super) over: Option<usize>,
    pub(super) capacity: u32,
}

impl Told {
    /// When the session begins (UTC), from its civil time and zone.
    pub(super) fn begins(&self) -> Timestamp {
        let zone = TimeZone::get(&self.seat.zone).unwrap_or(TimeZone::UTC);
        zone.to_ambiguous_zoned(self.seat.start).compatible().map_or(Timestamp::MAX, |z| z.timestamp())
    }

    pub(super) fn ends(&self) -> Timestamp {
        self.begins().saturating_add(minutes(self.seat.minutes)).unwrap_or(Timestamp::MAX)
    }

    /// What the coach can't do anything else in.
    fn interval(&self) -> (Timestamp, Timestamp) {
        let from = self.begins().saturating_sub(minutes(self.seat.before)).unwrap_or(Timestamp::MIN);
        (from, self.ends().saturating_add(minutes(self.seat.after)).unwrap_or(Timestamp::MAX))
    }

    fn meets(&self, other: &Self) -> bool {
        let ((from, to), (other_from, other_to)) = (self.interval(), other.interval());
        self.client == other.client && self.seat.coach == other.seat.coach && from < other_to && other_from < to
    }

    fn is_confirmed_for_good(&self) -> bool {
        self.confirmed.is_some() && self.released.is_none()
    }

    /// As it was when the table had seen so many changes, beside when it was confirmed and given up.
    pub(super) fn as_of(&self, order: usize) -> Self {
        let then = self.earlier.iter().find(|(_, left)| order < *left).map(|(seat, _)| seat.clone());
        Self { seat: then.unwrap_or_else(|| self.seat.clone()), ..self.clone() }
    }

    /// Everywhere it was, one place after the other.
    pub(super) fn places(&self) -> Vec<Self> {
        let mut places = Vec::new();
        let (mut held, mut confirmed) = (self.held, self.confirmed);
        for (seat, left) in &self.earlier {
            places.push(Self { seat: seat.clone(), held, confirmed, released: Some(*left), ..self.clone() });
            (held, confirmed) = (*left, Some(*left));
        }
        places.push(Self { held, confirmed, ..self.clone() });
        places
    }

    /// Whether it stood when the table had seen so many changes, at this instant.
    fn stood(&self, order: usize, at: Timestamp) -> bool {
        let gone = self.released.is_some_and(|n| n < order);
        self.held < order && !gone && (self.confirmed.is_some_and(|n| n < order) || at < self.until)
    }
}

fn minutes(n: u32) -> SignedDuration {
    SignedDuration::from_mins(i64::from(n))
}

/// All bookings of all journals.
pub(super) fn all(evidence: &Evidence) -> BTreeMap<String, Told> {
    let mut told = BTreeMap::new();
    evidence.cases.values().for_each(|filed| of_case(filed, &mut told));
    told
}

fn of_case(filed: &Filed, told: &mut BTreeMap<String, Told>) {
    for kept in &filed.commits {
        for stamped in &kept.commit.entries {
            match &stamped.entry {
                Entry::BookingHeld { booking, menu, seat, until, .. } => {
                    let sessions = filed.playbook.calendar.as_ref().map(|c| c.sessions.as_slice()).unwrap_or_default();
                    let session = sessions.iter().find(|s| Some(&s.id) == seat.group.as_ref());
                    let new = Told {
                        client: filed.client.clone(),
                        menu: menu.clone(),
                        seat: seat.clone(),
                        earlier: Vec::new(),
                        held_at: kept.commit.recorded_at,
                        until: *until,
                        held: kept.order,
                        confirmed: None,
                        released: None,
                        over: None,
                        capacity: session.map_or(1, |s| s.capacity),
                    };
                    told.insert(booking.to_string(), new);
                }
                Entry::BookingConfirmed { booking, .. } => {
                    set(told, booking.as_str(), |b| b.confirmed = Some(kept.order))
                }
                Entry::BookingMoved { booking, seat, .. } => set(told, booking.as_str(), |b| {
                    b.earlier.push((std::mem::replace(&mut b.seat, seat.clone()), kept.order));
                    (b.held_at, b.until) = (kept.commit.recorded_at, Timestamp::MAX);
                }),
                Entry::BookingReleased { booking, .. } | Entry::BookingCancelled { booking, .. } => {
                    set(told, booking.as_str(), |b| b.released = Some(kept.order))
                }
                Entry::SessionHeld { booking } | Entry::SessionMissed { booking, .. } => {
                    set(told, booking.as_str(), |b| b.over = Some(kept.order));
                }
                _ => {}
            }
        }
    }
}

fn set(told: &mut BTreeMap<String, Told>, booking: &str, change: impl FnOnce(&mut Told)) {
    if let Some(booking) = told.get_mut(booking) {
        change(booking);
    }
}

pub(super) fn check(world: &World, evidence: &Evidence, told: &BTreeMap<String, Told>, verdict: &mut Verdict) {
    apart(told, verdict);
    seats(told, verdict);
    menus(evidence, told, verdict);
    days(world, evidence, told, verdict);
}

/// What is confirmed never overlaps, and nothing is held where something stands.
fn apart(told: &BTreeMap<String, Told>, verdict: &mut Verdict) {
    let bookings: Vec<(&String, Told)> =
        told.iter().flat_map(|(id, b)| b.places().into_iter().map(move |p| (id, p))).collect();
    for (n, (id, one)) in bookings.iter().enumerate() {
        for (other_id, other) in bookings[n + 1..].iter().filter(|(other, _)| other != id) {
            let same_group = one.seat.group.is_some() && one.seat.group == other.seat.group;
            let meet = one.meets(other) && !same_group;
            let both = meet && one.is_confirmed_for_good() && other.is_confirmed_for_good();
            verdict.expect("7 one interval, one booking", !both, || format!("{id} and {other_id}: {one:?} {other:?}"));
            let (first, later) = if one.held < other.held { (one, other) } else { (other, one) };
            let stood = meet && first.stood(later.held, later.held_at);
            verdict.expect("7 nothing is held where something stands", !stood, || {
                format!("{id} and {other_id}: {first:?} {later:?}")
            });
        }
    }
}

/// A group session has no more seats than it has.
fn seats(told: &BTreeMap<String, Told>, verdict: &mut Verdict) {
    let mut groups: BTreeMap<(&str, &str), (u32, u32)> = BTreeMap::new();
    for booking in told.values().filter(|b| b.is_confirmed_for_good()) {
        if let Some(group) = &booking.seat.group {
            groups.entry((&booking.client, group)).or_insert((0, booking.capacity)).0 += 1;
        }
    }
    for (group, (taken, capacity)) in groups {
        verdict.expect("7 a group has no more seats than it has", taken <= capacity, || {
            format!("{group:?}: {taken} of {capacity}")
        });
    }
}

/// A seat is as long as its menu says, with its buffers.
fn menus(evidence: &Evidence, told: &BTreeMap<String, Told>, verdict: &mut Verdict) {
    for (id, booking) in told {
        let filed = evidence.cases.values().find(|f| f.client == booking.client);
        let menu = filed.and_then(|f| f.playbook.menus.get(&booking.menu));
        let seat = &booking.seat;
        let right = menu.is_some_and(|m| (m.minutes, m.before, m.after) == (seat.minutes, seat.before, seat.after));
        verdict.expect("7 a seat is as long as was agreed", right, || format!("{id}: {booking:?}"));
    }
}

/// Every confirmed booking stands in the coach's day; nothing stands there that no case has.
fn days(world: &World, evidence: &Evidence, told: &BTreeMap<String, Told>, verdict: &mut Verdict) {
    let mut stands: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for item in &evidence.items {
        let mut pk = text(item, "pk").split('#');
        if pk.next() != Some("CALENDAR") {
            continue;
        }
        let (client, coach) = (pk.next().unwrap_or_default(), pk.next().unwrap_or_default());
        let place = format!("{client}/{coach} {}", text(item, "sk"));
        let day: Option<Day> = serde_json::from_str(text(item, "body")).ok();
        verdict.expect("7 a coach's day can be read", day.is_some(), || place.clone());
        for taken in day.map(|d| d.taken).unwrap_or_default() {
            let date = text(item, "sk").trim_start_matches("D#").to_owned();
            stands.entry(taken.booking.to_string()).or_default().insert(date);
            let known = told.get(taken.booking.as_str()).filter(|b| b.client == client && b.seat.coach == coach);
            let same = known.is_some_and(|b| b.interval() == (taken.from, taken.to) && b.begins() == taken.start);
            verdict.expect("7 what stands in a coach's day is a booking", same, || {
                format!("{place}: {taken:?} {known:?}")
            });
            let confirmed = known.is_some_and(Told::is_confirmed_for_good);
            let held = known.is_some_and(|b| b.confirmed.is_none() && b.released.is_none());
            let over = taken.until.is_some_and(|until| until <= world.now());
            let right = if taken.until.is_none() { confirmed } else { held || over };
            verdict.expect("7 nothing stands in a coach's day that no case has", right, || {
                format!("{place}: {taken:?} {known:?}")
            });
        }
    }
    for (id, booking) in told.iter().filter(|(_, b)| b.is_confirmed_for_good()) {
        let zone = TimeZone::get(&booking.seat.zone).unwrap_or(TimeZone::UTC);
        let (from, to) = booking.interval();
        let last = to.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(to);
        let dates = [from, last].map(|at| at.to_zoned(zone.clone()).date().to_string());
        let there = stands.get(id).is_some_and(|there| dates.iter().all(|d| there.contains(d)));
        verdict.expect("7 every confirmed booking stands in the coach's day", there, || format!("{id}: {booking:?}"));
    }
}
