//! Promise 14: an emergency word (希死念慮 and the like) goes to a person at once and stops all automation for that
//! customer. What is stopped stays pending: when a person says that it was none, it goes on from there.

mod excerpt;
mod fold;
mod search;

use std::collections::BTreeSet;

use super::message::{self, Intent};
use super::{Also, Draft, Rejection, ask, flow, side};
use crate::Id;
use crate::playbook::{EMERGENCY_NOTE, OF_EMERGENCY, Playbook};
use crate::state::{Case, Entry, Message, Party, State, Status};
use crate::steps::OPEN_ASK;

pub(super) use fold::is_unseen;
use fold::letters;
use search::Words;

pub use excerpt::{SAID, keep, stands_in};

/// Numbers of the emergency words in what a person wrote, however they are written.
pub fn words_in<'a>(playbook: &Playbook, texts: impl IntoIterator<Item = &'a String>) -> Vec<u32> {
    let words = Words::new(&playbook.classification);
    let found: BTreeSet<u32> = texts.into_iter().flat_map(|text| words.hits(text)).map(|hit| hit.word).collect();
    found.into_iter().collect()
}

/// Whether any of these words stands in a text, however it is written.
#[must_use]
pub(super) fn holds_any(words: &[String], text: &str) -> bool {
    !Words::listed(words).hits(text).is_empty()
}

/// Whether it has letters, and so can be found.
#[must_use]
pub fn is_word(word: &str) -> bool {
    !letters(word).is_empty()
}

/// Whether a phrase that is to be harmless would hide a word wherever it stands.
#[must_use]
pub fn hides(phrase: &str, word: &str) -> bool {
    let folded = |text: &str| letters(text).iter().map(|l| l.folded).collect::<String>();
    let phrase = folded(phrase);
    phrase.is_empty() || folded(word).contains(&phrase)
}

/// Stops the case, and this customer's other ones unless a stranger says so, and wants a person to look.
///
/// # Errors
/// As [`Draft::push`].
pub fn raise(draft: &mut Draft<'_>, by: &str, matched: Vec<u32>) -> Result<(), Rejection> {
    if ![SAME_CUSTOMER, STRANGER].contains(&by)
        && let Some(address) = draft.personal().values.get("email").cloned()
    {
        draft.also(Also::Stop { address });
    }
    if draft.case()?.emergency().is_some() {
        return Ok(());
    }
    draft.push(Entry::EmergencyRaised { by: by.to_owned(), matched, action: OPEN_ASK.to_owned() })?;
    if by == SAME_CUSTOMER { Ok(()) } else { acknowledge(draft) }
}

/// What raised it when it came without a signature: what nobody proved to be theirs stops its own case, and nobody else's.
pub const STRANGER: &str = "stranger";
/// What raised it when another case of the same customer was stopped.
pub const SAME_CUSTOMER: &str = "same-customer";

/// Whoever wrote it hears at once that a person reads it, and where help is: once, and no counsel. Not where no coach
/// approved the note.
fn acknowledge(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    if draft.playbook.emergency.is_none() || !draft.personal().values.contains_key("email") {
        return Ok(());
    }
    let intent = Intent { template: EMERGENCY_NOTE, origin: OF_EMERGENCY, ..Intent::default() };
    message::intend(draft, &intent, vec![Party::Customer])
}

/// A person saw that it was none: everything that was stopped is asked for again.
///
/// # Errors
/// As [`Draft::push`].
pub fn resume(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    if let Some(address) = draft.personal().values.get("email").cloned() {
        draft.also(Also::Resume { address });
    }
    let stopped = stopped(draft.case()?);
    draft.push(Entry::AutomationResumed { suspension: None })?;
    side::ask_again(draft, stopped)
}

/// Steps that wait until it is over.
fn stopped(case: &Case) -> Vec<Id> {
    case.pending.iter().filter(|(_, s)| case.is_suspended(s)).map(|(cause, _)| cause.clone()).collect()
}

/// A person has dealt with it: the case is theirs now.
///
/// # Errors
/// As [`Draft::push`].
pub fn hand_over(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let reason = || "a person deals with it".to_owned();
    for cause in stopped(draft.case()?) {
        draft.push(Entry::StepSkipped { reason: reason(), cause: Some(cause) })?;
    }
    // What was to be said to them and hasn't left never will: whoever has the case says it, or doesn't.
    let case = draft.case()?;
    // Of what is being sent the end of its lease tells; where that is over, nothing ever would.
    let leased = |id: &Id| case.timers.values().any(|timer| timer.about.as_ref() == Some(id));
    let unsaid = |(id, m): &(&Id, &Message)| m.to.is_outside() && (m.state != State::Sending || !leased(id));
    let unsaid: Vec<Id> = case.messages().filter(unsaid).map(|(id, _)| id.clone()).collect();
    unsaid.into_iter().try_for_each(|message| draft.push(Entry::MessageClosed { message }))?;
    let open = draft.case()?.status == Status::Open;
    if open { flow::close(draft, "handed-over") } else { ask::skip(draft, "the case was closed already") }
}
