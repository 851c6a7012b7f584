//! Dates that don't speak against each other: a day is closed or open, a coach is at one place, some days aren't off.

use std::collections::BTreeSet;

use banto_domain::playbook::{Calendar, Exception, GroupSession};
use jiff::civil::{Date, DateTime, date};
use jiff::{Span, ToSpan};

use super::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

impl Check<'_> {
    pub(super) fn days(&mut self, main: &Main, calendar: &Calendar) {
        for (n, day) in calendar.exceptions.iter().enumerate() {
            let same = |other: &&Exception| other.coach == day.coach && other.date == day.date;
            let Some(what) = calendar.exceptions[..n].iter().filter(same).find_map(|other| clash(day, other)) else {
                continue;
            };
            let what = format!("calendar: {}: {} {what}; remove one", day.date, day.coach);
            self.say(MAIN, Spot::Value(&["calendar", "exceptions", &n.to_string(), "date"]), what);
        }
        for (n, session) in calendar.sessions.iter().enumerate() {
            let Some(time) = taken(main, session) else { continue };
            let overlaps = |other: &&GroupSession| {
                let is_other = other.coach == session.coach && other.id != session.id;
                is_other && taken(main, other).is_some_and(|t| t.0 < time.1 && time.0 < t.1)
            };
            if let Some(other) = calendar.sessions[..n].iter().find(overlaps) {
                let what = format!(
                    "session {}: {} holds {} at that time; write another time, or another coach",
                    session.id, session.coach, other.id
                );
                self.say(MAIN, Spot::Value(&["calendar", "sessions", &n.to_string(), "at"]), what);
            }
        }
        if is_all_year(calendar) {
            let what =
                "calendar: the breaks take the whole year, so nothing is ever offered; write shorter ones".to_owned();
            self.say(MAIN, Spot::Key(&["calendar", "breaks"]), what);
        }
    }
}

fn clash(day: &Exception, other: &Exception) -> Option<&'static str> {
    match ((day.from, day.to), (other.from, other.to)) {
        _ if day.closed != other.closed => Some("is both closed and open on that day"),
        _ if day.closed => Some("is closed on that day twice"),
        ((Some(from), Some(to)), (Some(other_from), Some(other_to))) if other_from < to && from < other_to => {
            Some("has hours on that day that overlap")
        }
        _ => None,
    }
}

/// When a group session begins and ends.
fn taken(main: &Main, session: &GroupSession) -> Option<(DateTime, DateTime)> {
    let minutes = Span::new().try_minutes(main.menus.get(&session.menu)?.minutes).ok()?;
    Some((session.at, session.at.checked_add(minutes).ok()?))
}

fn is_all_year(calendar: &Calendar) -> bool {
    let day = |text: &str| format!("2024-{text}").parse::<Date>().ok();
    let mut off: BTreeSet<Date> = BTreeSet::new();
    let (first, last) = (date(2024, 1, 1), date(2024, 12, 31));
    for span in &calendar.breaks {
        let (Some(from), Some(to)) = (day(&span.from), day(&span.to)) else { return false };
        let days = |from: Date, to: Date| from.series(1.days()).take_while(move |day| *day <= to);
        match from <= to {
            true => off.extend(days(from, to)),
            false => off.extend(days(from, last).chain(days(first, to))),
        }
    }
    off.len() >= 366
}
