//! When the mail provider takes nothing (promises 16, 17): each mail is tried again more and more seldom, not all at once,
//! and one person of each client learns of it, once a day. When it works again, the mails leave by themselves.

use jiff::SignedDuration;

use super::message::Outcome;
use super::{Draft, Rejection, ask, inquiry};
use crate::playbook::{MailHours, Playbook, UNREADABLE};
use crate::state::Message;
use crate::{CaseKey, Id};

/// Why a person looks when the provider takes nothing; what it said stands behind it.
pub const BUSY: &str = "provider-busy";
/// How many times in a row a mail isn't taken before a person learns of it: about an hour.
pub const MANY: u32 = 6;
/// How long a mail waits that wasn't taken once; then twice as long, and so on.
const FIRST: SignedDuration = SignedDuration::from_mins(2);
/// … but never longer.
pub(super) const LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// … and what the practice's people must have at once, not even as long.
const URGENT: SignedDuration = SignedDuration::from_mins(8);

/// How long a mail waits that wasn't taken, once more.
#[must_use]
pub fn wait(playbook: &Playbook, id: &Id, message: &Message) -> SignedDuration {
    let at_once = playbook.templates.get(&message.template).is_some_and(|t| t.hours == MailHours::Any);
    backoff(id, message.busy, if at_once && !message.to.is_outside() { URGENT } else { LONGEST })
}

/// How long something waits that a provider was too busy for `times` times before: 2 minutes, 4, 8 … up to the longest.
pub(super) fn backoff(id: &Id, times: u32, longest: SignedDuration) -> SignedDuration {
    let whole = FIRST.saturating_mul(1 << times.min(5)).min(longest);
    // What wasn't taken at one instant doesn't come again at one instant.
    whole - Id::derive(&["busy", id.as_str(), &times.to_string()]).part_of(whole / 4)
}

/// What a person must learn of: the provider paused us, or took this mail for the `MANY`th time in a row not.
#[must_use]
pub fn trouble<'a>(before: &Message, outcome: &'a Outcome) -> Option<&'a str> {
    match outcome {
        Outcome::Paused(said) => Some(said),
        Outcome::Busy(said) if before.busy + 1 >= MANY => Some(said),
        _ => None,
    }
}

/// Opens the case in which a person learns of it. It has a task and no flow: with the task's answer it is closed.
///
/// # Errors
/// When the playbook lacks the question of a task.
pub fn tell(draft: &mut Draft<'_>, key: &CaseKey, said: &str) -> Result<(), Rejection> {
    let language = &draft.playbook.language;
    inquiry::opened(draft, key, UNREADABLE, (BUSY, language), Vec::new())?;
    ask::attend(draft, &Id::derive(&[BUSY, key.case.as_str()]), &format!("{BUSY}:{said}"))
}
