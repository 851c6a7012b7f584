//! What a mail says, against the journal and the calendar on the wall: 4, nothing that is over; 9, the same instant in
//! text, .ics and journal, and no mail by day that disturbs the night.

use std::collections::BTreeMap;

use banto_domain::playbook::MailHours;
use banto_domain::state::{Hold, Message};
use banto_domain::{Case, Entry, Id};
use jiff::civil::time;
use jiff::tz::TimeZone;

use super::Verdict;
use super::booking::Told;
use super::evidence::{Filed, Kept};
use super::money::settled;
use crate::provider::Accepted;

/// A mail with its lease, and the case as it was then.
pub(super) struct Said<'a> {
    pub(super) filed: &'a Filed,
    pub(super) mail: &'a Accepted,
    pub(super) lease: &'a Kept,
    pub(super) case: &'a Case,
    pub(super) message: &'a Message,
}

pub(super) fn check(said: &Said<'_>, told: &BTreeMap<String, Told>, verdict: &mut Verdict) {
    let Said { filed, mail, lease, message, .. } = said;
    let template = filed.playbook.templates.get(&message.template);
    if message.origin.starts_with("reminder:") {
        reminds(said, told, verdict);
    }
    if matches!(message.template.as_str(), "invoice" | "payment-failed") {
        // The invoice that it asks for: one that was bought and paid before is another matter.
        let asks_for = message.holds.iter().find_map(|hold| match hold {
            Hold::InvoiceOpen { invoice } => Some(invoice.to_string()),
            _ => None,
        });
        let paid = settled(filed);
        let over = asks_for.is_none_or(|id| paid.get(&id).is_some_and(|order| *order < lease.order));
        verdict.expect("4 nobody is asked for what was paid", !over, || format!("{}: {}", mail.id, message.template));
    }
    let by_day = template.is_some_and(|t| t.hours == MailHours::Day);
    if by_day && filed.playbook.quiet.is_some() {
        let local = lease.commit.recorded_at.to_zoned(zone(&filed.playbook.zone)).time();
        let quiet = local >= time(21, 0, 0, 0) || local < time(8, 0, 0, 0);
        verdict.expect("9 nothing that may wait disturbs the night", !quiet, || format!("{}: {local}", mail.id));
    }
    let booking = booking_of(said).and_then(|id| told.get(&id)).map(|b| b.as_of(lease.order));
    let outside = message.to.is_outside();
    let language = if outside { filed.snapshot.language.as_str() } else { filed.playbook.language.as_str() };
    let names = template.is_some_and(|t| t.body.get(language).contains("{{ session }}"));
    if let Some(booking) = booking.as_ref().filter(|_| names) {
        let wanted = session(booking, language);
        verdict.expect("9 a mail shows the instant of its session", mail.text.contains(&wanted), || {
            format!("{} {}: not {wanted}", mail.id, message.template)
        });
    }
    if template.is_some_and(|t| t.attach.is_some()) {
        let utc = |at: jiff::Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
        let lines =
            booking.as_ref().map(|b| [format!("DTSTART:{}", utc(b.begins())), format!("DTEND:{}", utc(b.ends()))]);
        let shown = mail.calendar.as_deref().unwrap_or_default();
        let right =
            lines.as_ref().is_some_and(|lines| lines.iter().all(|line| shown.lines().any(|l| l.trim_end() == line)));
        verdict
            .expect("9 the .ics shows the instant of its session", right, || format!("{}: {lines:?} {shown}", mail.id));
    }
}

/// 4: a reminder speaks of a session that stands, and is still ahead.
fn reminds(said: &Said<'_>, told: &BTreeMap<String, Told>, verdict: &mut Verdict) {
    let Said { mail, lease, .. } = said;
    let booking = booking_of(said).and_then(|id| told.get(&id)).map(|b| b.as_of(lease.order));
    let booking = booking.as_ref();
    let before = |order: Option<usize>| order.is_some_and(|n| n < lease.order);
    let stands = booking.is_some_and(|b| before(b.confirmed) && !before(b.released) && !before(b.over));
    verdict.expect("4 a reminder speaks of a session that stands", stands, || format!("{}: {booking:?}", mail.id));
    let ahead = booking.is_some_and(|b| lease.commit.recorded_at < b.begins());
    verdict.expect("4 a reminder speaks of a session that is ahead", ahead, || {
        format!("{} {} at {}: {booking:?}", mail.id, mail.tag("template"), lease.commit.recorded_at)
    });
}

/// The booking that a mail says it is about, among those that the journal tells of.
fn booking_of(said: &Said<'_>) -> Option<String> {
    let entries = || said.filed.commits.iter().flat_map(|k| &k.commit.entries);
    let is_booking =
        |id: &Id| entries().any(|e| matches!(&e.entry, Entry::BookingHeld { booking, .. } if booking == id));
    said.message.tracks.iter().find(|id| is_booking(id)).map(ToString::to_string)
}

pub(super) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// A session as people read it: `12月3日(木)10:00〜11:00(日本時間)`, `Thu, Dec 3, 2026 10:00–11:00 (Japan time)`.
fn session(booking: &Told, language: &str) -> String {
    let zone = zone(&booking.seat.zone);
    let (from, to) = (booking.begins().to_zoned(zone.clone()), booking.ends().to_zoned(zone));
    let japan = booking.seat.zone == "Asia/Tokyo";
    let (start, end) = (from.strftime("%H:%M"), to.strftime("%H:%M"));
    if language == "en" {
        let place = if japan { "Japan time" } else { &booking.seat.zone };
        return format!("{} {start}–{end} ({place})", from.strftime("%a, %b %-d, %Y"));
    }
    let place = if japan { "日本時間" } else { &booking.seat.zone };
    let day =
        ["月", "火", "水", "木", "金", "土", "日"][usize::from(from.weekday().to_monday_zero_offset().unsigned_abs())];
    format!("{}月{}日({day}){start}〜{end}({place})", from.month(), from.day())
}
