//! When sessions may be held: hours, days and dates that make sense, of coaches who are there.

use std::collections::BTreeMap;

use banto_domain::playbook::{Calendar, Holidays, Menu, Weekly};
use banto_domain::rules::calendar::{Search, slots};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

use super::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

impl Check<'_> {
    pub(super) fn calendar(&mut self, main: &Main, calendar: &Calendar) {
        self.numbers(calendar);
        for (n, weekly) in calendar.weekly.iter().enumerate() {
            self.weekly(&calendar.weekly[..n], n, weekly);
        }
        self.exceptions(calendar);
        self.group_sessions(main, calendar);
        for (n, span) in calendar.breaks.iter().enumerate() {
            for (key, day) in [("from", &span.from), ("to", &span.to)] {
                // A leap year, for those who begin on 29 February.
                if day.len() != 5 || format!("2024-{day}").parse::<Date>().is_err() {
                    let what = format!("calendar: {day} is no day of the year; write month and day, e.g. 12-29");
                    self.say(MAIN, Spot::Value(&["calendar", "breaks", &n.to_string(), key]), what);
                }
            }
        }
    }

    fn numbers(&mut self, calendar: &Calendar) {
        let length = |span: Span| span.total((jiff::Unit::Second, jiff::SpanRelativeTo::days_are_24_hours()));
        let seconds = |span: Span| length(span).unwrap_or_else(|_| f64::from(span.get_months()) * 2.6e6 + 1.0);
        let wrong = [
            ("lead", seconds(calendar.lead) < 0.0, "is in the past; write PT0H or more"),
            (
                "horizon",
                seconds(calendar.horizon) <= seconds(calendar.lead),
                "is not later than lead:, so nothing is offered; make it longer",
            ),
            ("hold", seconds(calendar.hold) <= 0.0, "is no time at all; write e.g. P3D"),
            ("offers", calendar.offers == 0, "offers nothing; write 1 or more"),
            ("per_day", calendar.per_day == 0, "offers nothing; write 1 or more"),
            ("every", calendar.every < 5, "is too often; write 5 minutes or more"),
        ];
        for (key, _, what) in wrong.into_iter().filter(|(_, wrong, _)| *wrong) {
            self.say(MAIN, Spot::Value(&["calendar", key]), format!("calendar: {key} {what}"));
        }
    }

    fn weekly(&mut self, before: &[Weekly], n: usize, weekly: &Weekly) {
        let index = n.to_string();
        let coach = &weekly.coach;
        self.coach("calendar", coach, &["calendar", "weekly", &index, "coach"]);
        if weekly.from >= weekly.to {
            let what = format!(
                "calendar: hours from {} to {} are none; write the earlier first",
                hm(weekly.from),
                hm(weekly.to)
            );
            self.say(MAIN, Spot::Value(&["calendar", "weekly", &index, "from"]), what);
        }
        if weekly.days.is_empty() {
            let what = "calendar: hours on no day; write e.g. days: [mon, thu]".to_owned();
            self.say(MAIN, Spot::Value(&["calendar", "weekly", &index, "days"]), what);
        }
        for (m, day) in weekly.days.iter().enumerate() {
            let twice = weekly.days[..m].contains(day);
            let overlaps =
                |w: &&Weekly| w.coach == *coach && w.days.contains(day) && w.from < weekly.to && weekly.from < w.to;
            let what = match before.iter().find(overlaps) {
                Some(other) => format!(
                    "calendar: {coach} already has {} to {} on that day; write hours that don't overlap",
                    hm(other.from),
                    hm(other.to)
                ),
                None if twice => "calendar: the same day twice; remove one".to_owned(),
                None => continue,
            };
            self.say(MAIN, Spot::Value(&["calendar", "weekly", &index, "days", &m.to_string()]), what);
        }
    }

    fn exceptions(&mut self, calendar: &Calendar) {
        for (n, day) in calendar.exceptions.iter().enumerate() {
            let index = n.to_string();
            self.coach("calendar", &day.coach, &["calendar", "exceptions", &index, "coach"]);
            let what = match (day.closed, day.from, day.to) {
                (true, None, None) => continue,
                (false, Some(from), Some(to)) if from < to => continue,
                (false, Some(from), Some(to)) => {
                    format!("hours from {} to {} are none; write the earlier first", hm(from), hm(to))
                }
                (true, ..) => "is both closed and open; remove closed: or the hours".to_owned(),
                _ => "is neither closed nor open; write closed: true, or from: and to:".to_owned(),
            };
            let what = format!("calendar: {}: {what}", day.date);
            self.say(MAIN, Spot::Value(&["calendar", "exceptions", &index, "date"]), what);
        }
    }

    fn group_sessions(&mut self, main: &Main, calendar: &Calendar) {
        for (n, session) in calendar.sessions.iter().enumerate() {
            let index = n.to_string();
            let id = &session.id;
            self.coach(&format!("session {id}"), &session.coach, &["calendar", "sessions", &index, "coach"]);
            let zone = zone_of(main, &session.coach);
            let menu = main.menus.get(&session.menu);
            let wrong = [
                ("menu", menu.is_none(), format!("there is no menu {}; add it to menus:", session.menu)),
                (
                    "menu",
                    menu.is_some_and(|menu| !menu.group),
                    format!("{} is for one customer at a time; give it group: true, or name another", session.menu),
                ),
                (
                    "coach",
                    menu.is_some_and(|menu| !menu.is_held_by(&session.coach)),
                    format!("{} doesn't hold {}; add them to its coaches:", session.coach, session.menu),
                ),
                ("capacity", session.capacity == 0, "has no seats; write 1 or more".to_owned()),
                (
                    "id",
                    calendar.sessions[..n].iter().any(|other| other.id == *id),
                    "there is another of this name; give it its own".to_owned(),
                ),
                (
                    "at",
                    zone.is_some_and(|zone| zone.to_ambiguous_timestamp(session.at).unambiguous().is_err()),
                    "the clock is put forward or back just then; write another time".to_owned(),
                ),
            ];
            for (key, _, what) in wrong.into_iter().filter(|(_, wrong, _)| *wrong) {
                let spot = ["calendar", "sessions", &index, key];
                self.say(MAIN, Spot::Value(&spot), format!("session {id}: {what}"));
            }
        }
    }

    /// A coach that is named is there.
    pub(super) fn coach(&mut self, place: &str, id: &str, path: &[&str]) {
        let Some(main) = &self.parts.main else { return };
        if main.people.coach(id).is_none() {
            let ids: Vec<&str> = main.people.coaches.iter().map(|coach| coach.id.as_str()).collect();
            let what = format!("{place}: there is no coach {id}; there are {}", ids.join(", "));
            self.say(MAIN, Spot::Value(path), what);
        }
    }
}

/// How often sessions of a menu could begin in a week of which nothing is taken and no day is off; `None` when a coach's
/// zone can't be read, or nobody who is there holds it.
pub(super) fn in_a_week(main: &Main, calendar: &Calendar, name: &str, menu: &Menu) -> Option<usize> {
    let week = Calendar {
        lead: 0.seconds(),
        horizon: 7.days(),
        holidays: Holidays::None,
        breaks: Vec::new(),
        exceptions: Vec::new(),
        ..calendar.clone()
    };
    let holders = main.people.coaches.iter().filter(|coach| menu.is_held_by(&coach.id));
    let zones = holders.map(|coach| Some((coach.id.clone(), zone_of(main, &coach.id)?)));
    let zones = zones.collect::<Option<BTreeMap<String, TimeZone>>>().filter(|zones| !zones.is_empty())?;
    // A week of June, in which no clock is put forward or back; between two starts, so that none counts twice.
    let now = Timestamp::constant(1_780_272_001, 0);
    Some(slots(Search { calendar: &week, menu: (name, menu), zones: &zones, days: &BTreeMap::new(), now }).len())
}

/// A coach's zone, when it is one.
fn zone_of(main: &Main, coach: &str) -> Option<TimeZone> {
    let own = main.people.coach(coach).and_then(|c| c.zone.as_ref());
    TimeZone::get(own.unwrap_or(&main.zone)).ok()
}

fn hm(time: jiff::civil::Time) -> String {
    time.strftime("%H:%M").to_string()
}
