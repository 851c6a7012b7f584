//! Requests: what somebody wants outside the flow. Raising one starts the side flow that the playbook has for its kind;
//! a kind without one goes to a person, and so does what comes after the end of a case.
//!
//! A customer raises them on their own page, where each stands with what follows from it; so does the coach on hers, about her
//! own sessions, and an operator for whoever said it elsewhere. What counts is when it was said: the page that was shown says when that was, for as long as
//! [`STANDS`].

mod offer;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::answer::Submission;
use super::{Draft, Rejection, ask, emergency, side, stranger};
use crate::Id;
use crate::playbook::{FactKind, Playbook, Problem, Wanted};
use crate::state::{Actor, Case, Entry, Party, Request, Settlement, Status};
use offer::is_open;
pub use offer::{Offer, PROPOSED, Reader, is_day_of, offers, open_about};

/// How long what a page showed counts: whoever opened it before a limit, and sent it soon after, was in time.
pub const STANDS: SignedDuration = SignedDuration::from_mins(30);
/// How a request ends that another took the place of.
const SUPERSEDED: &str = "superseded";

/// What stands in a link in the place of an ask: it is one's own page of the case.
#[must_use]
pub fn page() -> Id {
    Id::derive(&["my page"])
}

/// Whether the request among these tracks is the practice's own: it is dealt with for their sake, not the customer's.
#[must_use]
pub fn is_of_practice(playbook: &Playbook, case: &Case, tracks: &[Id]) -> bool {
    let request = case.request_in(tracks).map(|(_, request)| request);
    let wanted = request.and_then(|request| playbook.requests.get(&request.kind));
    wanted.is_some_and(|wanted| !wanted.by.is_customer())
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
    let reader = match person.as_deref() {
        Some(person) => Reader::of_person(draft.today, person).ok_or(NotRaised::NoSuch)?,
        None => Reader::Customer,
    };
    let offer = accept(books, (draft.case()?, reader), submission, (shown, said_at), draft.now)?;
    // Days are closed in a case of their own.
    if offer.wanted.closes.is_some() {
        return Err(NotRaised::NoSuch);
    }
    take_fields(draft, &offer, (submission, reader))?;
    if reader == Reader::Customer {
        stranger::prove(draft, &Party::Customer);
    }
    let fields: Vec<String> = offer.fields().into_iter().cloned().collect();
    let settled = offer.settled;
    let amount = settled.as_ref().map(|settled| settled.refund);
    let raising = Raising { said_at: Some(offer.said_at), told: offer.told, shown: Some(shown.to_owned()), settled };
    supersede(draft, &offer.wanted.supersedes, &offer.tracks)?;
    let raised = raise_as(draft, offer.kind, offer.tracks, amount, raising)?;
    hear(draft, &fields, Some(offer.kind), said_at)?;
    Ok(raised)
}

/// What a customer wrote may ask for something beside what they asked for: whatever has a word in it is proposed to them.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn hear<'a>(
    draft: &mut Draft<'_>,
    fields: impl IntoIterator<Item = &'a String>,
    asked: Option<&str>,
    said_at: Timestamp,
) -> Result<(), Rejection> {
    let (playbook, case) = (draft.playbook, draft.case()?);
    let is_heard = |name: &&String| playbook.facts.get(*name).is_some_and(|spec| spec.heard);
    let said = fields.into_iter().filter(is_heard).filter_map(|name| draft.personal().value(&case.facts, name));
    let said: Vec<&str> = said.collect();
    let meant = |wanted: &Wanted| said.iter().any(|text| emergency::holds_any(&wanted.words, text));
    let kinds = playbook.requests.iter().filter(|(kind, wanted)| Some(kind.as_str()) != asked && meant(wanted));
    let kinds: Vec<String> = kinds.map(|(kind, _)| kind.clone()).collect();
    propose(draft, kinds, said_at)
}

/// Proposes to the customer what of these they may ask for now, as of when they said it.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn propose(draft: &mut Draft<'_>, mut kinds: Vec<String>, said_at: Timestamp) -> Result<(), Rejection> {
    let case = draft.case()?;
    let offers = offers((draft.playbook, draft.today), case, Reader::Customer, draft.now);
    kinds.retain(|kind| offers.iter().any(|offer| offer.kind == kind));
    let open = case.status == Status::Open;
    if kinds.is_empty() || !open { Ok(()) } else { draft.push(Entry::RequestProposed { kinds, said_at }) }
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
fn take_fields(
    draft: &mut Draft<'_>,
    offer: &Offer<'_>,
    (submission, reader): (&Submission, Reader<'_>),
) -> Result<(), NotRaised> {
    let fields = offer.fields();
    let (mut taken, problems) = read_fields(draft.playbook, offer, submission)?;
    let known = &draft.case()?.facts;
    let stale = offer.wanted.facts().filter(|name| !taken.contains_key(*name) && known.contains_key(*name));
    let stale: Vec<String> = stale.cloned().collect();
    // Whatever else is wrong with it: an emergency word is never sent back to be corrected. What the practice's people write is
    // no cry.
    let words = match reader {
        Reader::Customer => emergency::words_in(draft.playbook, submission.fields.values()),
        Reader::Coach(_) | Reader::Operator(_) => Vec::new(),
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
    settled: Option<Settlement>,
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
    let Raising { said_at, told, shown, settled } = raising;
    let raised =
        Entry::RequestRaised { request: raised, kind: kind.clone(), tracks, amount, said_at, told, shown, settled };
    draft.push(raised)?;
    let starts = format!("request:{kind}");
    let mut flows = draft.playbook.flows.values().flat_map(|f| &f.starts);
    let begun = flows.any(|s| s.on.as_deref() == Some(&starts)) && draft.case()?.status == Status::Open;
    if !begun {
        ask::attend(draft, &request, &starts)?;
    }
    Ok(request)
}
