//! A refund or a dispute of which we are told before its payment: providers tell in no order. It is kept as it came, in a
//! case of the day, and waits as a request there; when the payment comes, it joins it. What still waits after some hours is
//! a task for a person.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{Draft, Rejection, ask, flow, inquiry};
use crate::playbook::UNREADABLE;
use crate::state::{Entry, Status, Turn, Waiting};
use crate::{CaseKey, Id};

/// How long a payment is waited for before a person looks: providers try again for some hours when we were out of reach.
pub const PATIENCE: SignedDuration = SignedDuration::from_hours(3);
/// How many may wait in one case; the rest are looked at by a person, whether their payments come or not.
pub const MAX_EARLY: usize = 50;
/// What it is called as a request.
pub const EARLY: &str = "before-its-payment";
/// Why a person looks at it.
pub const ALONE: &str = "no-payment-for-it";

/// What came too early.
#[derive(Debug, Clone, Copy)]
pub struct Early<'a> {
    /// The payment, by the provider's id.
    pub payment: &'a str,
    /// What is said of it.
    pub turn: Turn,
    /// The id of its payload.
    pub inbound: &'a Id,
    /// Its payload.
    pub body: &'a [u8],
}

impl Early<'_> {
    /// How it waits, in this case.
    #[must_use]
    pub fn waiting(&self, kept: &CaseKey) -> Waiting {
        let (kind, amount) = match self.turn {
            Turn::Refunded(amount) => ("refunded", amount.to_string()),
            Turn::Disputed(amount) => ("disputed", amount.to_string()),
        };
        // The same told twice waits once.
        let request = Id::derive(&["early", kept.case.as_str(), self.payment, kind, &amount]);
        Waiting { turn: self.turn, kept: kept.case.clone(), request }
    }
}

/// Opens the case of a day's early ones with its first.
///
/// # Errors
/// When the playbook lacks the flow `unreadable`.
pub fn open(draft: &mut Draft<'_>, key: &CaseKey, name: &str, early: Early<'_>) -> Result<(), Rejection> {
    inquiry::open_kept(draft, key, (name, "ja"), (early.inbound.clone(), early.body), EARLY)?;
    wait(draft, key, early)
}

/// Keeps one more.
///
/// # Errors
/// As [`Draft::push`].
pub fn more(draft: &mut Draft<'_>, key: &CaseKey, early: Early<'_>) -> Result<(), Rejection> {
    inquiry::keep(draft, early.inbound.clone(), early.body, EARLY)?;
    wait(draft, key, early)
}

fn wait(draft: &mut Draft<'_>, key: &CaseKey, early: Early<'_>) -> Result<(), Rejection> {
    let request = early.waiting(key).request;
    let case = draft.case()?;
    // What is one too many is counted as one: a person looks, whether its payment comes or not.
    let room = case.requests().count() < MAX_EARLY;
    let request = if room { request } else { Id::derive(&["early", key.case.as_str(), "the rest"]) };
    if case.request(&request).is_none() {
        let (kind, tracks, amount) = (EARLY.to_owned(), Vec::new(), room.then(|| early.turn.amount()));
        draft.push(Entry::RequestRaised {
            request,
            kind,
            tracks,
            amount,
            said_at: None,
            told: false,
            shown: None,
            settled: None,
        })?;
    }
    let at = draft.now.checked_add(PATIENCE).map_err(|_| Rejection::Misplaced("after the end of time"))?;
    draft.push(Entry::ScheduleSet { flow: UNREADABLE.to_owned(), at })
}

/// Nobody knows their payments after all that time: a person looks, unless one has them.
///
/// # Errors
/// When the playbook lacks the flow, or the question of a task.
pub(super) fn look(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let case = draft.case()?;
    let (open, begun) = (case.status == Status::Open, case.main().is_some());
    match (open, begun) {
        (true, false) => flow::start(draft),
        (true, true) => ask::skip(draft, "a person looks at it"),
        // They dealt with what came before it.
        (false, _) if case.requests().next().is_some() => {
            let all = case.person.clone();
            ask::attend(draft, &all, ALONE)
        }
        (false, _) => ask::skip(draft, "their payments came"),
    }
}

/// Its payment came, and it joined it. When none waits any more, nobody needs to look.
///
/// # Errors
/// As [`Draft::push`].
pub fn found(draft: &mut Draft<'_>, request: &Id) -> Result<(), Rejection> {
    draft.push(Entry::RequestClosed { request: request.clone(), outcome: "joined".to_owned() })?;
    if draft.case()?.requests().next().is_some() {
        return Ok(());
    }
    // What somebody wrote here and couldn't be sent is still theirs to settle.
    let mails: BTreeSet<Id> = draft.case()?.messages().map(|(id, _)| id.clone()).collect();
    ask::withdraw(draft, |ask| ask.about.as_ref().or(ask.mail()).is_none_or(|id| !mails.contains(id)))?;
    if draft.case()?.status == Status::Open { flow::close(draft, "joined") } else { Ok(()) }
}
