//! 臨時休業: days of a coach's are closed, and each booking there is moved by a request of its own. Which days and which
//! bookings these are is settled in one commit with the days themselves: from then on nothing more is taken there, so the list
//! is whole. A booking's request is raised once, however often it is called for, and only while it stands where it stood.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::answer::Submission;
use super::request::{self, NotRaised, Offer};
use super::{Also, Draft, Rejection, flow, inquiry};
use crate::playbook::{Closes, Playbook, Problem};
use crate::state::{Booking, Case, Day, Entry, Taken};
use crate::{CaseId, CaseKey, ClientId, Id};

/// What stands in the place of the form by which such a case came.
pub const FROM_COACH: &str = "coach";
/// How many days are closed at once: more is a matter of the playbook's calendar.
pub const MOST_DAYS: i64 = 31;
/// How many bookings a summary names.
const NAMED: usize = 100;

/// Days that a coach closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The coach.
    pub coach: String,
    /// The first day.
    pub from: Date,
    /// The last.
    pub to: Date,
    /// What is asked for, as the playbook calls it.
    pub kind: String,
    /// The flow of the case that sees to it.
    pub flow: String,
    /// When it was said, and the mark of what was shown.
    pub said: (Timestamp, String),
    /// What was given with it.
    pub facts: BTreeMap<String, String>,
}

impl Closing {
    /// The days.
    #[must_use]
    pub fn dates(&self) -> Vec<Date> {
        self.from.series(1.day()).take_while(|day| *day <= self.to).collect()
    }
}

/// The case that sees to what this cause sets off.
#[must_use]
pub fn case(client: &ClientId, cause: &Id) -> CaseKey {
    let case = CaseId::derive(&["case", FROM_COACH, client.as_str(), cause.as_str()]);
    CaseKey { client: client.clone(), case }
}

/// Reads which days a coach closes.
///
/// # Errors
/// Says which fields are to be corrected.
pub fn read(
    (playbook, coach): (&Playbook, &str),
    (offer, closes): (&Offer<'_>, &Closes),
    submission: &Submission,
    (shown, said_at): (&str, Timestamp),
) -> Result<Closing, NotRaised> {
    let facts = request::taken(playbook, offer, submission)?;
    let zone = playbook.zone_of(coach);
    let day = |name: &String| facts.get(name).and_then(|value| value.parse::<Date>().ok());
    let wrong = |name: &String| NotRaised::Fields([(name.clone(), Problem::Form)].into());
    let from = day(&closes.from).filter(|day| said_at.to_zoned(zone).date() <= *day);
    let from = from.ok_or_else(|| wrong(&closes.from))?;
    let last = from.saturating_add((MOST_DAYS - 1).days());
    let to = day(&closes.to).filter(|day| from <= *day && *day <= last).ok_or_else(|| wrong(&closes.to))?;
    Ok(Closing {
        coach: coach.to_owned(),
        from,
        to,
        kind: offer.kind.to_owned(),
        flow: closes.flow.clone(),
        said: (said_at, shown.to_owned()),
        facts,
    })
}

/// A booking that is to be moved, as it stood when its day was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Of this case.
    pub case: CaseId,
    /// The booking.
    pub booking: Id,
    /// When it begins (UTC).
    pub start: Timestamp,
}

/// Opens the case, and closes the days as they stand.
///
/// # Errors
/// When the playbook lacks the flow.
pub fn open(
    draft: &mut Draft<'_>,
    key: &CaseKey,
    closing: &Closing,
    days: &BTreeMap<Date, Day>,
) -> Result<(), Rejection> {
    let playbook = draft.playbook;
    inquiry::opened(draft, key, &closing.flow, (FROM_COACH, &playbook.language), Vec::new())?;
    draft.record(closing.facts.clone())?;
    let (coach, (said_at, shown)) = (closing.coach.clone(), closing.said.clone());
    draft.push(Entry::OwnerAssigned { owner: coach.clone() })?;
    let dates = closing.dates();
    let booked = booked(days, (&dates, playbook.zone_of(&coach)), draft.now);
    let list: String = booked.iter().map(|taken| line(playbook, &coach, taken)).collect();
    for date in dates {
        let day = days.get(&date).cloned().unwrap_or_default().shut();
        draft.also(Also::Day { coach: coach.clone(), date, day });
    }
    draft.push(Entry::RequestRaised {
        request: draft.new_id("request", &draft.index()),
        kind: closing.kind.clone(),
        tracks: Vec::new(),
        amount: None,
        said_at: Some(said_at),
        told: false,
        shown: Some(shown),
        settled: None,
    })?;
    let inbound = draft.new_id("inbound", &draft.index());
    draft.also(Also::Inbound { id: inbound.clone(), body: list.into_bytes() });
    let sessions = u32::try_from(booked.len()).unwrap_or(u32::MAX);
    draft.push(Entry::DaysClosed { coach, from: closing.from, to: closing.to, inbound, sessions })?;
    flow::start(draft)
}

/// What is booked on these days and still ahead, each once, in the order of time. A session is of the day on which it begins, by
/// the coach's clock: one that runs on after midnight is not called off by the day that follows.
fn booked<'a>(days: &'a BTreeMap<Date, Day>, (dates, zone): (&[Date], TimeZone), now: Timestamp) -> Vec<&'a Taken> {
    let begins_there = |taken: &Taken| dates.contains(&taken.start.to_zoned(zone.clone()).date());
    let ahead = |taken: &&Taken| taken.until.is_none() && now < taken.start && begins_there(taken);
    let all = dates.iter().filter_map(|date| days.get(date)).flat_map(|day| &day.taken).filter(ahead);
    // One across midnight stands in two days.
    let by_id: BTreeMap<&Id, &Taken> = all.map(|taken| (&taken.booking, taken)).collect();
    let mut booked: Vec<&Taken> = by_id.into_values().collect();
    booked.sort_by_key(|taken| (taken.start, &taken.booking));
    booked
}

/// A line of the list: case, booking, the instant, and what people read.
fn line(playbook: &Playbook, coach: &str, taken: &Taken) -> String {
    let menu = playbook.menus.get(&taken.menu).map_or(taken.menu.as_str(), |menu| menu.label.get(&playbook.language));
    let at = taken.start.to_zoned(playbook.zone_of(coach)).strftime("%Y-%m-%d %H:%M").to_string();
    format!("{}  {}  {}  {at} {menu} ({})\n", taken.case, taken.booking, taken.start, taken.case)
}

/// The bookings that such a list names.
#[must_use]
pub fn listed(list: &str) -> Vec<Listed> {
    let read = |line: &str| {
        let mut parts = line.splitn(4, "  ");
        let (case, booking, start) = (parts.next()?, parts.next()?, parts.next()?);
        let (case, booking) = (CaseId::parse(case).ok()?, Id::parse(booking).ok()?);
        Some(Listed { case, booking, start: start.parse().ok()? })
    };
    list.lines().filter_map(read).collect()
}

/// How many they are and which, as the coach reads it.
#[must_use]
pub fn summary(playbook: &Playbook, list: &str) -> String {
    let lines: Vec<&str> = list.lines().filter_map(|line| line.splitn(4, "  ").nth(3)).collect();
    let english = playbook.language == "en";
    let mut said = if english { format!("{} in all", lines.len()) } else { format!("全{}件", lines.len()) };
    for line in lines.iter().take(NAMED) {
        said.push('\n');
        said.push_str(line);
    }
    if let Some(more) = lines.len().checked_sub(NAMED).filter(|more| *more > 0) {
        said.push_str(&if english { format!("\nand {more} more") } else { format!("\nほか{more}件") });
    }
    said
}

/// What a coach asked for by which days are closed.
#[derive(Debug, Clone)]
pub struct Raised<'a> {
    /// The request.
    pub request: Id,
    /// When it was said (UTC).
    pub said_at: Timestamp,
    /// What follows from it.
    pub closes: &'a Closes,
}

/// What a case was opened for, while it sees to it.
#[must_use]
pub fn sees_to<'a>(playbook: &'a Playbook, case: &Case) -> Option<Raised<'a>> {
    let (id, request) = case.requests().next()?;
    let closes = playbook.requests.get(&request.kind)?.closes.as_ref()?;
    Some(Raised { request: id.clone(), said_at: request.said_at, closes })
}

/// Whether a booking still stands where it stood.
#[must_use]
pub fn stands(case: &Case, listed: &Listed) -> bool {
    let same = |b: &Booking| b.is_confirmed() && b.seat.begins() == listed.start;
    case.booking(&listed.booking).is_some_and(same)
}

/// Asks for another time for one booking. `false`: it is being moved already, for the coach's sake.
///
/// # Errors
/// As [`Draft::push`].
pub fn away(draft: &mut Draft<'_>, listed: &Listed, raised: &Raised<'_>) -> Result<bool, Rejection> {
    let (playbook, case) = (draft.playbook, draft.case()?);
    let tracks = vec![listed.booking.clone()];
    let moved = |kind: &str| playbook.requests.get(kind).is_some_and(|w| !w.by.is_customer() && w.during.is_none());
    if case.requests().any(|(_, r)| r.tracks.contains(&listed.booking) && moved(&r.kind)) {
        return Ok(false);
    }
    request::raise_for(draft, &raised.closes.raises, tracks, raised.said_at)?;
    Ok(true)
}
