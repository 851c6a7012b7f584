//! Working time: a deadline put to the practice's own people counts while they work, and ends then (promise 9).

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Span, Timestamp, Zoned};

use crate::Playbook;

/// Over more days than this no deadline goes.
const FAR: usize = 400;

/// `from` plus a span of the practice's working time: whole days are working days at the same hour, hours count outside of quiet
/// hours on working days alone.
#[must_use]
pub(super) fn after(playbook: &Playbook, from: Timestamp, span: Span) -> Timestamp {
    let worked = walk(playbook, from, span).map(|at| at.timestamp());
    // Months aren't working time, and without any working day there is none.
    worked.unwrap_or_else(|| playbook.after(from, span))
}

fn walk(playbook: &Playbook, from: Timestamp, span: Span) -> Option<Zoned> {
    if span.is_negative() || span.get_years() != 0 || span.get_months() != 0 {
        return None;
    }
    let days = i64::from(span.get_weeks()) * 7 + i64::from(span.get_days());
    let clock = span.weeks(0).days(0).to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    let mut at = open(playbook, from.to_zoned(playbook.time_zone()))?;
    for _ in 0..days {
        let next = day(playbook, at.date().tomorrow().ok()?);
        at = next.to_datetime(at.time()).to_zoned(at.time_zone().clone()).ok()?;
    }
    let mut left = clock;
    for _ in 0..FAR {
        let closes = closes(playbook, &at)?;
        let room: SignedDuration = at.duration_until(&closes);
        if left <= room {
            return at.checked_add(left).ok();
        }
        left -= room;
        at = open(playbook, closes)?;
    }
    None
}

/// When work begins and ends on a day; without an end, with the day.
fn hours(playbook: &Playbook) -> (Time, Option<Time>) {
    match playbook.quiet {
        None => (Time::midnight(), None),
        Some(quiet) if quiet.from <= quiet.to => (quiet.to, None),
        Some(quiet) => (quiet.to, Some(quiet.from)),
    }
}

/// The first instant of working time at or after another.
fn open(playbook: &Playbook, at: Zoned) -> Option<Zoned> {
    let (begins, ends) = hours(playbook);
    let over = ends.is_some_and(|ends| ends <= at.time());
    let day = day(playbook, if over { at.date().tomorrow().ok()? } else { at.date() });
    if day == at.date() && begins <= at.time() {
        return Some(at);
    }
    day.to_datetime(begins).to_zoned(at.time_zone().clone()).ok()
}

/// When the working day ends in which an instant lies.
fn closes(playbook: &Playbook, at: &Zoned) -> Option<Zoned> {
    match hours(playbook).1 {
        Some(ends) => at.date().to_datetime(ends).to_zoned(at.time_zone().clone()).ok(),
        None => at.tomorrow().and_then(|next| next.start_of_day()).ok(),
    }
}

/// The first working day at or after another; each is one where the practice has no calendar.
pub(super) fn day(playbook: &Playbook, from: Date) -> Date {
    playbook.calendar.as_ref().map_or(from, |calendar| calendar.business_day(from))
}

#[cfg(test)]
mod tests {
    use super::super::sample::practice;
    use super::*;

    fn ends(quiet: &str, span: &str, now: &str) -> String {
        let playbook = practice("Asia/Tokyo", serde_json::from_str(quiet).expect("JSON"));
        let now: Zoned = format!("{now}[Asia/Tokyo]").parse().expect("an instant");
        let at = after(&playbook, now.timestamp(), span.parse().expect("a span"));
        at.to_zoned(playbook.time_zone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    #[test]
    fn nobody_is_waited_for_while_nobody_works() {
        let night = r#"{"from":"21:00","to":"08:00"}"#;
        // A Tuesday.
        assert_eq!(ends(night, "PT4H", "2026-12-01T09:00"), "2026-12-01 13:00");
        assert_eq!(ends(night, "P1D", "2026-12-01T09:00"), "2026-12-02 09:00");
        assert_eq!(
            ends(night, "PT4H", "2026-12-01T19:00"),
            "2026-12-02 10:00",
            "two hours in the evening, two the next day"
        );
        assert_eq!(ends(night, "PT4H", "2026-12-01T23:00"), "2026-12-02 12:00");
        // A Friday before a weekend, and before 年末年始.
        assert_eq!(ends(night, "P1D", "2026-12-04T18:00"), "2026-12-07 18:00");
        assert_eq!(ends(night, "PT4H", "2026-12-05T10:00"), "2026-12-07 12:00", "a Saturday counts for nothing");
        assert_eq!(ends(night, "P1D", "2026-12-28T10:00"), "2027-01-04 10:00");
        assert_eq!(
            ends("null", "PT30H", "2026-12-04T12:00"),
            "2026-12-07 18:00",
            "all of the day, without quiet hours"
        );
        assert_eq!(ends(r#"{"from":"00:00","to":"07:00"}"#, "PT2H", "2026-12-04T23:00"), "2026-12-07 08:00");
    }
}
