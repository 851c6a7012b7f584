//! `rate(…)` and `cron(…)`: when a schedule runs next. Pure. Refuses the forms of cron that no schedule of ours needs
//! (`L`, `W`, `#`).

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

/// When a schedule runs.
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// Every so many seconds, counted from the epoch.
    Rate(i64),
    /// By the calendar.
    Cron(Box<Cron>),
}

/// A cron expression with its zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Cron {
    minutes: BTreeSet<i16>,
    hours: BTreeSet<i16>,
    days: Option<BTreeSet<i16>>,
    months: BTreeSet<i16>,
    weekdays: Option<BTreeSet<i16>>,
    years: BTreeSet<i16>,
    zone: TimeZone,
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/// A schedule that finds no day within so many days never runs.
const HORIZON_DAYS: usize = 366 * 5;

impl When {
    /// Reads a schedule expression.
    ///
    /// # Errors
    /// Says what it does not understand.
    pub fn parse(expression: &str, zone: Option<&str>) -> Result<Self, String> {
        let inner = |name: &str| expression.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(rate) = inner("rate") {
            return parse_rate(rate).map(Self::Rate).ok_or_else(|| format!("{expression}: expected rate(5 minutes)"));
        }
        let cron = inner("cron").ok_or_else(|| format!("{expression}: expected rate(…) or cron(…)"))?;
        let zone = TimeZone::get(zone.unwrap_or("UTC")).map_err(|e| e.to_string())?;
        Cron::parse(cron, zone).map(|c| Self::Cron(Box::new(c))).map_err(|e| format!("{expression}: {e}"))
    }

    /// A schedule that runs so often that it only looks whether there is something to do. With a clock that people
    /// move, it is skipped while nothing is due.
    #[must_use]
    pub fn is_poll(&self) -> bool {
        matches!(self, Self::Rate(60))
    }

    /// The first run after `now`.
    #[must_use]
    pub fn after(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Rate(every) => {
                let next = (now.as_second().div_euclid(*every) + 1) * every;
                Timestamp::from_second(next).ok()
            }
            Self::Cron(cron) => cron.after(now),
        }
    }

    /// The first run at or after `at`.
    #[must_use]
    pub fn from(&self, at: Timestamp) -> Option<Timestamp> {
        self.after(at.checked_sub(SignedDuration::from_nanos(1)).ok()?)
    }
}

fn parse_rate(text: &str) -> Option<i64> {
    let (count, unit) = text.split_once(' ')?;
    let seconds = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        _ => return None,
    };
    count.parse::<i64>().ok().filter(|n| *n > 0)?.checked_mul(seconds)
}

impl Cron {
    fn parse(text: &str, zone: TimeZone) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays, years] = fields[..] else {
            return Err("cron has six fields: minute hour day month weekday year".to_owned());
        };
        if (days == "?") == (weekdays == "?") {
            return Err("exactly one of day and weekday is ?".to_owned());
        }
        let optional = |text: &str, low, high, names: &[&str]| match text {
            "?" => Ok(None),
            text => field(text, low, high, names).map(Some),
        };
        Ok(Self {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: optional(days, 1, 31, &[])?,
            months: field(months, 1, 12, &MONTHS)?,
            weekdays: optional(weekdays, 1, 7, &WEEKDAYS)?,
            years: field(years, 1970, 2199, &[])?,
            zone,
        })
    }

    fn runs_on(&self, date: Date) -> bool {
        let weekday = i16::from(date.weekday().to_sunday_one_offset());
        self.years.contains(&date.year())
            && self.months.contains(&i16::from(date.month()))
            && self.days.as_ref().is_none_or(|d| d.contains(&i16::from(date.day())))
            && self.weekdays.as_ref().is_none_or(|w| w.contains(&weekday))
    }

    fn after(&self, now: Timestamp) -> Option<Timestamp> {
        let first = now.to_zoned(self.zone.clone()).date();
        let days = first.series(1.day()).take(HORIZON_DAYS).filter(|d| self.runs_on(*d));
        days.flat_map(|day| self.runs_of(day)).find(|run| *run > now)
    }

    fn runs_of(&self, day: Date) -> Vec<Timestamp> {
        let times = self.hours.iter().flat_map(|h| self.minutes.iter().map(move |m| (*h, *m)));
        let at = |(h, m): (i16, i16)| {
            let civil: DateTime = day.at(i8::try_from(h).ok()?, i8::try_from(m).ok()?, 0, 0);
            self.zone.to_timestamp(civil).ok()
        };
        times.filter_map(at).collect()
    }
}

/// One field: `*`, `5`, `MON-FRI`, `1,15`, `0/15`, `*/10`.
fn field(text: &str, low: i16, high: i16, names: &[&str]) -> Result<BTreeSet<i16>, String> {
    let mut all = BTreeSet::new();
    for part in text.split(',') {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let step = step.parse::<i16>().ok().filter(|s| *s > 0).ok_or_else(|| format!("{part} has no such step"))?;
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (value(from, low, high, names)?, value(to, low, high, names)?),
            None if range == "*" => (low, high),
            None if part.contains('/') => (value(range, low, high, names)?, high),
            None => (value(range, low, high, names)?, value(range, low, high, names)?),
        };
        if from > to {
            return Err(format!("{part} runs backwards"));
        }
        all.extend((from..=to).step_by(usize::try_from(step).unwrap_or(1)));
    }
    Ok(all)
}

fn value(text: &str, low: i16, high: i16, names: &[&str]) -> Result<i16, String> {
    let named =
        names.iter().position(|n| n.eq_ignore_ascii_case(text)).and_then(|i| i16::try_from(i).ok()).map(|i| i + low);
    let number = named.or_else(|| text.parse().ok()).filter(|n| (low..=high).contains(n));
    number.ok_or_else(|| format!("{text} is not within {low} to {high}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(expression: &str, zone: Option<&str>, after: &str) -> String {
        let when = When::parse(expression, zone).expect("valid");
        when.after(after.parse().expect("instant")).expect("runs").to_string()
    }

    #[test]
    fn rates_fall_on_whole_units() {
        assert_eq!(next("rate(1 minute)", None, "2026-12-01T00:00:30Z"), "2026-12-01T00:01:00Z");
        assert_eq!(next("rate(1 minute)", None, "2026-12-01T00:01:00Z"), "2026-12-01T00:02:00Z");
        assert_eq!(next("rate(2 hours)", None, "2026-12-01T01:00:00Z"), "2026-12-01T02:00:00Z");
    }

    #[test]
    fn cron_follows_its_zone() {
        let monday_morning = "cron(0 9 ? * MON *)";
        assert_eq!(next(monday_morning, Some("Asia/Tokyo"), "2026-12-01T00:00:00Z"), "2026-12-07T00:00:00Z");
        assert_eq!(next("cron(0/15 8-9 1 JAN,JUL ? *)", None, "2026-12-01T00:00:00Z"), "2027-01-01T08:00:00Z");
    }

    #[test]
    fn nonsense_is_refused() {
        for expression in [
            "rate(0 minutes)",
            "rate(1 week)",
            "at(now)",
            "cron(0 9 * * MON *)",
            "cron(0 25 * * ? *)",
            "cron(0 9 L * ? *)",
        ] {
            assert!(When::parse(expression, None).is_err(), "{expression}");
        }
    }
}
