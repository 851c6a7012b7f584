//! Sessions as iCalendar (RFC 5545). Times are written in UTC, so that every calendar shows the same instant.

use icalendar::{Calendar, Component, Event, EventLike, EventStatus, Property};
use jiff::{SignedDuration, Timestamp};

/// A session.
#[derive(Debug, Clone)]
pub struct Session<'a> {
    /// Of the whole world only this: `booking@domain`.
    pub uid: String,
    /// Counts up with each change (RFC 5545 §3.8.7.4).
    pub sequence: u32,
    /// What it is called.
    pub title: String,
    /// What else there is to say.
    pub description: String,
    /// Where it takes place.
    pub location: Option<&'a str>,
    /// When it begins (UTC).
    pub from: Timestamp,
    /// How long it is, in minutes.
    pub minutes: u32,
    /// When this was written (UTC).
    pub written: Timestamp,
    /// It doesn't take place.
    pub cancelled: bool,
}

/// The text of a calendar with these sessions.
#[must_use]
pub fn text(name: &str, sessions: &[Session<'_>]) -> String {
    let mut calendar = Calendar::new();
    let cancels = !sessions.is_empty() && sessions.iter().all(|session| session.cancelled);
    calendar.name(name).append_property(Property::new("METHOD", if cancels { "CANCEL" } else { "PUBLISH" }));
    for session in sessions {
        let ends = session.from.checked_add(SignedDuration::from_mins(i64::from(session.minutes)));
        let mut event = Event::new();
        event
            .uid(&session.uid)
            .sequence(session.sequence)
            .summary(&session.title)
            .description(&session.description)
            .status(if session.cancelled { EventStatus::Cancelled } else { EventStatus::Confirmed })
            .add_property("DTSTAMP", utc(session.written))
            .add_property("DTSTART", utc(session.from))
            .add_property("DTEND", utc(ends.unwrap_or(session.from)));
        if let Some(location) = session.location {
            event.location(location);
        }
        calendar.push(event.done());
    }
    calendar.done().to_string()
}

/// The method of a calendar's text (RFC 5546 §1.4), as its media type must name it: of one event that doesn't take place
/// `CANCEL`, else `PUBLISH`.
#[must_use]
pub fn method(text: &str) -> &'static str {
    if text.lines().any(|line| line.trim_end() == "METHOD:CANCEL") { "CANCEL" } else { "PUBLISH" }
}

/// The form "date with UTC time", RFC 5545 §3.3.5.
fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_an_event_in_utc_with_folded_lines() {
        let session = Session {
            uid: "b1@banto.example".to_owned(),
            sequence: 1,
            title: "無料体験セッション、山田コーチング".to_owned(),
            description: "とても長い説明です。".repeat(12),
            location: Some("https://zoom.example/j/1?a=b;c,d"),
            from: "2026-12-03T01:00:00Z".parse().unwrap(),
            minutes: 45,
            written: "2026-11-21T00:00:00Z".parse().unwrap(),
            cancelled: false,
        };
        let text = text("山田コーチング", &[session]);
        for line in [
            "BEGIN:VCALENDAR\r\n",
            "METHOD:PUBLISH\r\n",
            "DTSTART:20261203T010000Z\r\n",
            "DTEND:20261203T014500Z\r\n",
            "SEQUENCE:1\r\n",
            "UID:b1@banto.example\r\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    }
}
