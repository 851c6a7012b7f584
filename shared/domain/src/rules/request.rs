//! Requests: what somebody wants outside the flow. Raising one starts the side flow that the playbook has for its kind;
//! a kind without one goes to a person, and so does what comes after the end of a case.
//!
//! A customer raises them on their own page, where each stands with what follows from it, and so does the coach on hers,
//! about her own sessions. What counts is when it was said: the page that was shown says when that was, for as long as
//! [`STANDS`].

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::answer::Submission;
use super::settlement::{self, Settlement};
use super::{Draft, Rejection, ask, emergency, policy, side, stranger};
use crate::Id;
use crate::playbook::{ALWAYS, About, By, FactKind, Playbook, Problem, Wanted};
use crate::state::{Actor, Booking, Case, Entry, Party, Request, Status};

/// How long what a page showed counts: whoever opened it before a limit, and sent it soon after, was in time.
pub const STANDS: SignedDuration = SignedDuration::from_mins(30);
/// What stands behind a kind when circumstances are told with it.
const TELLS: &str = ".tell";
/// How a request ends that another took the place of.
const SUPERSEDED: &str = "superseded";

/// What stands in a link in the place of an ask: it is one's own page of the case.
#[must_use]
pub fn page() -> Id {
    Id::derive(&["my page"])
}

/// Whose page it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader<'a> {
    /// The customer's: all bookings of the case.
    Customer,
    /// A coach's: the bookings that are hers, or that she stands in for.
    Coach(&'a str),
}

impl Reader<'_> {
    /// Whose requests stand on the page.
    #[must_use]
    pub fn by(self) -> By {
        match self {
            Self::Customer => By::Customer,
            Self::Coach(_) => By::Coach,
        }
    }

    /// Whether a booking is on the page at an instant.
    #[must_use]
    pub fn sees(self, today: &Playbook, booking: &Booking, at: Timestamp) -> bool {
        match self {
            Self::Customer => true,
            Self::Coach(person) => {
                let day = at.to_zoned(today.time_zone()).date();
                let coach = booking.seat.coach.as_str();
                coach == person || today.people.acting(coach, day) == person
            }
        }
    }
}

/// Something that somebody may ask for now, with what would follow.
#[derive(Debug, Clone)]
pub struct Offer<'a> {
    /// Its name on the page: the kind; with the booking's number where there are several, and `.tell` when circumstances
    /// are told.
    pub name: String,
    /// As the playbook calls it.
    pub kind: &'a str,
    /// As the playbook has it.
    pub wanted: &'a Wanted,
    /// The booking that it is about.
    pub booking: Option<Id>,
    /// What the policy would decide.
    pub then: String,
    /// What is paid back, when it ends what was bought.
    pub settled: Option<Settlement>,
    /// Circumstances are told.
    pub told: bool,
}

impl<'a> Offer<'a> {
    /// The facts that it asks for.
    #[must_use]
    pub fn fields(&self) -> Vec<&'a String> {
        match &self.wanted.circumstances {
            Some(tells) if self.told => vec![&tells.fact],
            _ => self.wanted.asks.iter().collect(),
        }
    }
}

/// Why a request was not raised. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRaised {
    /// What was shown is no longer so.
    Replaced,
    /// It can't be asked for, or not any more.
    NoSuch,
    /// A confirmation is wanted beside the choice.
    Unconfirmed,
    /// Fields to be corrected.
    Fields(BTreeMap<String, Problem>),
    /// Our fault or the playbook's.
    Rejected(Rejection),
}

impl From<Rejection> for NotRaised {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

/// What the reader of a page may ask for at an instant. Of what is asked for already nothing is offered again: about a booking
/// that somebody deals with, or of a kind that is open. The first playbook is that of the case, the second today's.
#[must_use]
pub fn offers<'a>(
    (playbook, today): (&'a Playbook, &Playbook),
    case: &Case,
    reader: Reader<'_>,
    at: Timestamp,
) -> Vec<Offer<'a>> {
    let seen = |b: &Booking| b.is_confirmed() && reader.sees(today, b, at);
    let mut confirmed: Vec<_> = case.bookings().filter(|(_, b)| seen(b)).collect();
    confirmed.sort_by_key(|(_, b)| b.n);
    let mut offers = Vec::new();
    for (kind, wanted) in playbook.requests.iter().filter(|(_, wanted)| wanted.by == reader.by()) {
        let about: Vec<Option<(&Id, u32)>> = match wanted.about {
            About::Case => vec![None],
            About::Booking => {
                let open = confirmed.iter().filter(|(_, b)| is_open(wanted, b, at));
                open.map(|(id, b)| Some((*id, b.n))).collect()
            }
        };
        let several = about.len() > 1;
        for booking in about {
            let id = booking.map(|(id, _)| id);
            let number = booking.filter(|_| several).map(|(_, n)| format!(".{n}")).unwrap_or_default();
            let plain = format!("{kind}{number}");
            offers.extend(offer((playbook, case), (kind, wanted), id, plain.clone(), (at, false)));
            if wanted.circumstances.is_some() {
                offers.extend(offer((playbook, case), (kind, wanted), id, format!("{plain}{TELLS}"), (at, true)));
            }
        }
    }
    offers
}

/// Bookings that are confirmed.
fn ahead(case: &Case) -> impl Iterator<Item = Id> {
    case.bookings().filter(|(_, booking)| booking.is_confirmed()).map(|(id, _)| id.clone())
}

/// Whether something may be asked for about a booking at an instant.
fn is_open(wanted: &Wanted, booking: &Booking, at: Timestamp) -> bool {
    wanted.is_open(at, booking.seat.begins(), booking.seat.ends())
}

/// Whether it is the day itself at an instant: a session runs, or its reader may ask for something that belongs to its day.
#[must_use]
pub fn is_day_of(playbook: &Playbook, booking: &Booking, by: By, at: Timestamp) -> bool {
    let (begins, ends) = (booking.seat.begins(), booking.seat.ends());
    let mut days = playbook.requests.values().filter(|wanted| wanted.by == by).filter_map(|wanted| wanted.during);
    begins <= at && at < ends || days.any(|during| during.has(at, begins, ends))
}

/// One offer, unless it can't be had.
fn offer<'a>(
    (playbook, case): (&'a Playbook, &Case),
    (kind, wanted): (&'a str, &'a Wanted),
    booking: Option<&Id>,
    name: String,
    (at, told): (Timestamp, bool),
) -> Option<Offer<'a>> {
    let tracks: Vec<Id> = booking.into_iter().cloned().collect();
    let settled = settlement::of(playbook, case).filter(|_| wanted.settles);
    let tracks = if wanted.settles { ahead(case).collect() } else { tracks };
    if wanted.settles && settled.is_none() {
        return None;
    }
    if open_about((playbook, case), kind, &tracks).is_some() {
        return None;
    }
    let wished = Request {
        kind: kind.to_owned(),
        tracks: tracks.clone(),
        said_at: at,
        amount: settled.as_ref().map(|s| s.refund),
        told,
    };
    let holds = |when: &String| policy::would_hold(playbook, case, &tracks, &wished, when);
    if !wanted.when.as_ref().is_none_or(holds) {
        return None;
    }
    let then = match &wanted.policy {
        Some(policy) => policy::foresee(playbook, case, &tracks, &wished, policy)?,
        None => ALWAYS.to_owned(),
    };
    Some(Offer { name, kind, wanted, booking: booking.cloned(), then, settled, told })
}

/// The open request that somebody deals with already: about the same booking, or of the same kind. What belongs to the day
/// itself waits for nothing else: whoever said that they are late may find that they can't connect; and what the coach has to
/// say waits for nothing that the customer said.
#[must_use]
pub fn open_about<'a>(
    (playbook, case): (&Playbook, &'a Case),
    kind: &str,
    tracks: &[Id],
) -> Option<(&'a Id, &'a Request)> {
    let is = |kind: &str, of: fn(&Wanted) -> bool| playbook.requests.get(kind).is_some_and(of);
    let of_day = |kind: &str| is(kind, |wanted| wanted.during.is_some());
    let of_coach = |kind: &str| is(kind, |wanted| !wanted.by.is_customer());
    // A session that the coach can't hold has no day any more.
    let gone = |other: &str| of_coach(other) && !of_day(other);
    let first = |other: &str| of_coach(kind) && !of_coach(other);
    let apart = |other: &str| kind != other && (first(other) || ((of_day(kind) || of_day(other)) && !gone(other)));
    let same = |request: &Request| match tracks {
        [] => request.kind == kind,
        tracks => !apart(&request.kind) && tracks.iter().any(|track| request.tracks.contains(track)),
    };
    case.requests().find(|(_, request)| same(request))
}

/// Looks at what came in from somebody's own page: what is asked for, when it may be. `shown` is the mark of what the page is to
/// show as of `said_at`, when it was opened (UTC).
///
/// # Errors
/// Says why it can't be taken.
pub fn accept<'a>(
    books: (&'a Playbook, &Playbook),
    (case, reader): (&Case, Reader<'_>),
    submission: &Submission,
    (shown, said_at): (&str, Timestamp),
    now: Timestamp,
) -> Result<Offer<'a>, NotRaised> {
    if submission.shown != shown || now < said_at || now.duration_since(said_at) > STANDS {
        return Err(NotRaised::Replaced);
    }
    let offers = offers(books, case, reader, said_at);
    let offer = offers.into_iter().find(|offer| offer.name == submission.answer).ok_or(NotRaised::NoSuch)?;
    // It began, or ended, while the page stood open.
    let over = |id: &Id| case.booking(id).is_none_or(|b| !is_open(offer.wanted, b, now));
    if offer.booking.as_ref().is_some_and(over) {
        return Err(NotRaised::Replaced);
    }
    if submission.confirm { Ok(offer) } else { Err(NotRaised::Unconfirmed) }
}

/// Decides what came in from the page of whoever acts, as [`accept`].
///
/// # Errors
/// Says why it was not taken.
pub fn decide(
    draft: &mut Draft<'_>,
    submission: &Submission,
    (shown, said_at): (&str, Timestamp),
) -> Result<Id, NotRaised> {
    let books = (draft.playbook, draft.today);
    let person = match draft.actor() {
        Actor::Person { person } => Some(person.clone()),
        _ => None,
    };
    let reader = person.as_deref().map_or(Reader::Customer, Reader::Coach);
    let offer = accept(books, (draft.case()?, reader), submission, (shown, said_at), draft.now)?;
    // Days are closed in a case of their own.
    if offer.wanted.closes.is_some() {
        return Err(NotRaised::NoSuch);
    }
    take_fields(draft, &offer, (submission, reader.by()))?;
    if reader == Reader::Customer {
        stranger::prove(draft, &Party::Customer);
    }
    let raising = Raising { said_at: Some(said_at), told: offer.told, shown: Some(shown.to_owned()) };
    let mut tracks: Vec<Id> = offer.booking.iter().cloned().collect();
    supersede(draft, &offer.wanted.supersedes, &tracks)?;
    if offer.wanted.settles {
        // What is booked ends with it.
        tracks.extend(ahead(draft.case()?));
    }
    let amount = offer.settled.as_ref().map(|settled| settled.refund);
    Ok(raise_as(draft, offer.kind, tracks, amount, raising)?)
}

/// Raises a request for somebody who said it elsewhere.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn raise_for(
    draft: &mut Draft<'_>,
    kind: &str,
    tracks: Vec<Id>,
    said_at: Timestamp,
) -> Result<(), Rejection> {
    if let Some(wanted) = draft.playbook.requests.get(kind) {
        supersede(draft, &wanted.supersedes, &tracks)?;
    }
    let raising = Raising { said_at: Some(said_at), ..Raising::default() };
    raise_as(draft, kind, tracks, None, raising).map(|_| ())
}

/// What was written into the fields of what is asked for.
///
/// # Errors
/// Says which fields are to be corrected.
pub(super) fn taken(
    playbook: &Playbook,
    offer: &Offer<'_>,
    submission: &Submission,
) -> Result<BTreeMap<String, String>, NotRaised> {
    let (taken, problems) = read_fields(playbook, offer, submission)?;
    if problems.is_empty() { Ok(taken) } else { Err(NotRaised::Fields(problems)) }
}

/// What of the fields could be taken, and what is wrong with the others.
type Read = (BTreeMap<String, String>, BTreeMap<String, Problem>);

fn read_fields(playbook: &Playbook, offer: &Offer<'_>, submission: &Submission) -> Result<Read, NotRaised> {
    let (mut taken, mut problems) = Read::default();
    for name in offer.fields() {
        let spec = playbook.facts.get(name).ok_or(NotRaised::NoSuch)?;
        match spec.take(submission.fields.get(name).map_or("", String::as_str)) {
            Err(Problem::Missing) if spec.optional => {}
            Ok(value) => drop(taken.insert(name.clone(), value)),
            Err(problem) => drop(problems.insert(name.clone(), problem)),
        }
    }
    Ok((taken, problems))
}

/// What was asked for about a time that is no more is over, with all that was asked because of it.
fn supersede(draft: &mut Draft<'_>, kinds: &[String], tracks: &[Id]) -> Result<(), Rejection> {
    let case = draft.case()?;
    let about = |request: &Request| tracks.iter().any(|track| request.tracks.contains(track));
    let over = case.requests().filter(|(_, r)| kinds.contains(&r.kind) && about(r));
    let over: Vec<Id> = over.map(|(id, _)| id.clone()).collect();
    for request in over {
        let dealt_with = draft.case()?.tokens.iter().find(|(_, token)| token.tracks.contains(&request));
        match dealt_with.map(|(token, _)| token.clone()) {
            Some(token) => side::end(draft, &token, SUPERSEDED)?,
            None => draft.push(Entry::RequestClosed { request, outcome: SUPERSEDED.to_owned() })?,
        }
    }
    Ok(())
}

/// What was written into the fields; what was given with an earlier request of the kind and isn't now is not kept.
fn take_fields(draft: &mut Draft<'_>, offer: &Offer<'_>, (submission, by): (&Submission, By)) -> Result<(), NotRaised> {
    let fields = offer.fields();
    let (mut taken, problems) = read_fields(draft.playbook, offer, submission)?;
    let known = &draft.case()?.facts;
    let stale = offer.wanted.facts().filter(|name| !taken.contains_key(*name) && known.contains_key(*name));
    let stale: Vec<String> = stale.cloned().collect();
    // Whatever else is wrong with it: an emergency word is never sent back to be corrected. What the coach writes is no cry.
    let words = match by {
        By::Customer => emergency::words_in(draft.playbook, submission.fields.values()),
        By::Coach | By::Banto => Vec::new(),
    };
    if words.is_empty() {
        if !problems.is_empty() {
            return Err(NotRaised::Fields(problems));
        }
        taken.extend(stale.into_iter().map(|name| (name, String::new())));
        return Ok(draft.record(taken)?);
    }
    emergency::keep(draft.playbook, &mut taken, &submission.fields, |name| fields.contains(&name));
    draft.record(taken)?;
    Ok(emergency::raise(draft, "answer", words)?)
}

/// How a request is raised.
#[derive(Debug, Clone, Default)]
struct Raising {
    said_at: Option<Timestamp>,
    told: bool,
    shown: Option<String>,
}

/// Raises a request about some tracks, and about an amount if one of these facts is one.
///
/// # Errors
/// When the playbook lacks something.
pub fn raise<'a>(
    draft: &mut Draft<'_>,
    kind: &str,
    tracks: Vec<Id>,
    facts: impl IntoIterator<Item = &'a String>,
) -> Result<(), Rejection> {
    let is_money = |fact: &&String| draft.playbook.facts.get(*fact).is_some_and(|f| f.kind == FactKind::Money);
    let case = draft.case()?;
    let amount = facts.into_iter().filter(is_money).find_map(|fact| case.plain(fact)?.parse().ok());
    raise_as(draft, kind, tracks, amount, Raising::default()).map(|_| ())
}

fn raise_as(
    draft: &mut Draft<'_>,
    kind: &str,
    tracks: Vec<Id>,
    amount: Option<i64>,
    raising: Raising,
) -> Result<Id, Rejection> {
    let request = draft.new_id("request", &draft.index());
    let (raised, kind) = (request.clone(), kind.to_owned());
    let Raising { said_at, told, shown } = raising;
    draft.push(Entry::RequestRaised { request: raised, kind: kind.clone(), tracks, amount, said_at, told, shown })?;
    let starts = format!("request:{kind}");
    let mut flows = draft.playbook.flows.values().flat_map(|f| &f.starts);
    let begun = flows.any(|s| s.on.as_deref() == Some(&starts)) && draft.case()?.status == Status::Open;
    if !begun {
        ask::attend(draft, &request, &starts)?;
    }
    Ok(request)
}
