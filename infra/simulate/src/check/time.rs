//! 9: civil time is right. Reminders, due dates and offers, each worked out anew from the wall calendar.

use std::collections::BTreeMap;

use banto_domain::playbook::{Calendar, Holidays};
use banto_domain::state::Day;
use banto_domain::state::Instalment;
use banto_domain::{Entry, Playbook};
use jiff::civil::{Date, DateTime, Weekday};
use jiff::{SignedDuration, Span, Timestamp, ToSpan};

use super::Verdict;
use super::booking::Told;
use super::evidence::{Evidence, Filed, text};
use super::said::zone;

/// 国民の祝日 in the seasons of the worlds, copied from the Cabinet Office's list.
const HOLIDAYS: [&str; 15] = [
    "2026-10-12",
    "2026-11-03",
    "2026-11-23",
    "2027-01-01",
    "2027-01-11",
    "2027-02-11",
    "2027-02-23",
    "2027-03-21",
    "2027-03-22",
    "2027-04-29",
    "2027-05-03",
    "2027-05-04",
    "2027-05-05",
    "2027-07-19",
    "2027-08-11",
];
/// Between looking at the calendar and asking, a handler may be held up.
const SLACK: SignedDuration = SignedDuration::from_mins(10);

pub(super) fn check(evidence: &Evidence, told: &BTreeMap<String, Told>, verdict: &mut Verdict) {
    let opened = opened(evidence);
    for (pk, filed) in &evidence.cases {
        for kept in &filed.commits {
            let now = kept.commit.recorded_at;
            for stamped in &kept.commit.entries {
                match &stamped.entry {
                    Entry::BookingConfirmed { booking, reminders } | Entry::BookingMoved { booking, reminders, .. } => {
                        let Some(b) = told.get(booking.as_str()).map(|b| b.as_of(kept.order)) else { continue };
                        let stated: BTreeMap<&str, Timestamp> =
                            reminders.iter().map(|m| (m.name.as_str(), m.at)).collect();
                        let right = stated == ahead(&filed.playbook, &b, now);
                        verdict
                            .expect("9 reminders are at their civil time", right, || format!("{pk}: {b:?} {stated:?}"));
                    }
                    Entry::InvoiceIssued { due_on, due_at, part, .. } => {
                        due((pk, filed), part.as_ref(), now, (*due_on, *due_at), verdict);
                    }
                    Entry::InvoiceExtended { due_on, due_at, .. } => {
                        due((pk, filed), None, now, (*due_on, *due_at), verdict);
                    }
                    Entry::AskOpened { answers, menu: Some(menu), .. } => {
                        for slot in answers.iter().filter(|a| a.contains('/')) {
                            let right = is_open(filed, menu, slot, now, &opened);
                            verdict.expect("9 only open hours are offered", right, || {
                                format!("{pk} at {now}: {menu} {slot}")
                            });
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Rungs of the ladder that are still ahead: so many days before, at that time; or exactly so long before.
fn ahead<'a>(playbook: &'a Playbook, booking: &Told, now: Timestamp) -> BTreeMap<&'a str, Timestamp> {
    let zone = zone(&booking.seat.zone);
    let instant = |rung: &banto_domain::playbook::Reminder| match rung.at {
        Some(time) => {
            let day = booking.seat.start.date().saturating_sub(rung.before);
            zone.to_ambiguous_zoned(day.to_datetime(time)).compatible().map_or(Timestamp::MIN, |z| z.timestamp())
        }
        None => booking.begins().saturating_sub(hours(rung.before)).unwrap_or(Timestamp::MIN),
    };
    playbook.reminders.iter().map(|(name, rung)| (name.as_str(), instant(rung))).filter(|(_, at)| now < *at).collect()
}

fn hours(span: Span) -> SignedDuration {
    SignedDuration::from_hours(i64::from(span.get_hours())) + SignedDuration::from_mins(span.get_minutes())
}

/// A week later in the practice's zone, or the first day after it on which people work; until that day is over.
fn due(
    (pk, filed): (&str, &Filed),
    part: Option<&Instalment>,
    now: Timestamp,
    stated: (Date, Timestamp),
    verdict: &mut Verdict,
) {
    let Some((billing, calendar)) = filed.playbook.billing.as_ref().zip(filed.playbook.calendar.as_ref()) else {
        return;
    };
    let zone = zone(&filed.playbook.zone);
    let today = now.to_zoned(zone.clone()).date();
    // A later part is due so many months after the first, and never sooner than any invoice.
    let later = part.filter(|part| part.n > 1).map(|part| {
        let every = filed.playbook.menus.values().find_map(|menu| menu.plans.get(&part.plan)).map(|plan| plan.every);
        let months = every.map_or(0, |every| i64::from(every.get_months())) * i64::from(part.n - 1);
        part.first_due_on.saturating_add(months.months())
    });
    let works = |mut day: Date| {
        while matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) || rests(calendar, day) {
            day = day.saturating_add(1.day());
        }
        day
    };
    // For whom a month is closed only the case's facts say.
    let closing = billing
        .closing
        .as_ref()
        .map(|closing| today.first_of_month().saturating_add(i64::from(closing.months).months()).last_of_month());
    let usual = [Some(today.saturating_add(billing.due.get_days().days())), closing];
    let days: Vec<Date> =
        usual.into_iter().flatten().map(|day| works(works(day).max(later.unwrap_or(Date::MIN)))).collect();
    let over = |day: Date| day.saturating_add(1.day()).to_zoned(zone.clone()).map_or(Timestamp::MAX, |z| z.timestamp());
    let right = days.iter().any(|day| stated == (*day, over(*day)));
    verdict.expect("9 due dates follow the civil calendar", right, || {
        format!("{pk} at {now}: {stated:?} instead of {days:?}")
    });
}

/// A holiday, or within a break.
pub(super) fn rests(calendar: &Calendar, day: Date) -> bool {
    let holiday = calendar.holidays == Holidays::Japan && HOLIDAYS.contains(&day.to_string().as_str());
    let md = day.strftime("%m-%d").to_string();
    let within = |from: &str, to: &str| {
        if from <= to { from <= md.as_str() && md.as_str() <= to } else { md.as_str() >= from || md.as_str() <= to }
    };
    holiday || calendar.breaks.iter().any(|b| within(&b.from, &b.to))
}

/// Hours that coaches opened, by client, coach and day.
fn opened(evidence: &Evidence) -> BTreeMap<(String, String, Date), Day> {
    let mut days = BTreeMap::new();
    for item in &evidence.items {
        let parts: Vec<&str> = text(item, "pk").split('#').collect();
        let ["CALENDAR", client, coach] = parts[..] else { continue };
        let date = text(item, "sk").trim_start_matches("D#").parse();
        let day = serde_json::from_str(text(item, "body"));
        if let (Ok(date), Ok(day)) = (date, day) {
            days.insert((client.to_owned(), coach.to_owned(), date), day);
        }
    }
    days
}

/// Whether a slot lies in hours that were open: of the week, of the day, or opened by the coach at any time.
fn is_open(
    filed: &Filed,
    menu: &str,
    slot: &str,
    now: Timestamp,
    opened: &BTreeMap<(String, String, Date), Day>,
) -> bool {
    let playbook = &filed.playbook;
    let (Some(calendar), Some(menu)) = (&playbook.calendar, playbook.menus.get(menu)) else { return false };
    let mut parts = slot.splitn(3, '/');
    let (Some(coach), Some(start)) = (parts.next(), parts.next().and_then(|s| s.parse::<DateTime>().ok())) else {
        return false;
    };
    let zone = playbook.zone_of(coach);
    let Ok(at) = zone.to_ambiguous_timestamp(start).unambiguous() else { return false };
    let sooner = now.saturating_add(hours(calendar.lead)).unwrap_or(now).saturating_sub(SLACK).unwrap_or(now);
    if at < sooner {
        return false;
    }
    if let Some(group) = parts.next() {
        return calendar.sessions.iter().any(|s| s.id == group && s.coach == coach && s.at == start);
    }
    let date = start.date();
    let last = now.to_zoned(zone.clone()).checked_add(calendar.horizon).map_or(now, |z| z.timestamp());
    let exceptions: Vec<_> = calendar.exceptions.iter().filter(|e| e.coach == coach && e.date == date).collect();
    if at > last.saturating_add(SLACK).unwrap_or(last) || exceptions.iter().any(|e| e.closed) {
        return false;
    }
    let end = start.saturating_add(i64::from(menu.minutes).minutes());
    let fits = |from, to| date.to_datetime(from) <= start && end <= date.to_datetime(to);
    let weekday = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        [usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())];
    let name = |d: &banto_domain::playbook::Weekday7| format!("{d:?}").to_ascii_lowercase();
    let weekly = calendar.weekly.iter().filter(|w| w.coach == coach && w.days.iter().any(|d| name(d) == weekday));
    let by_week = !rests(calendar, date) && weekly.into_iter().any(|w| fits(w.from, w.to));
    let by_day = exceptions.iter().any(|e| e.from.zip(e.to).is_some_and(|(from, to)| fits(from, to)));
    let day = opened.get(&(filed.client.clone(), coach.to_owned(), date));
    by_week || by_day || day.is_some_and(|d| d.open.iter().any(|h| fits(h.from, h.to)))
}
