//! Codes: what can't be undone wants one that is mailed at that moment to whoever answers.

use jiff::{SignedDuration, Timestamp};

use crate::Id;
use crate::playbook::{APPROVAL_CODE, OF_CODE, Playbook};
use crate::rules::ask;
use crate::rules::message::{self, Intent};
use crate::rules::{Draft, Rejection};
use crate::state::{Ask, Code, Entry, Hold, Party};

/// How long a code is good for.
pub const CODE_LASTS: SignedDuration = SignedDuration::from_mins(10);
/// Why a person looks: somebody gave too many wrong codes. Their short name stands behind it.
const LOCKED: &str = "code-locked:";

/// What an answer wants beside the choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// A confirmation.
    pub confirm: bool,
    /// A code that is mailed at that moment.
    pub code: bool,
}

impl Needs {
    /// What answers of an ask want: a code is wanted of what settles it, by somebody of the practice.
    #[must_use]
    pub fn of(playbook: &Playbook, ask: &Ask) -> Self {
        let confirm = playbook.questions.get(&ask.question).is_some_and(|question| question.confirm);
        Self { confirm: confirm || ask.code, code: ask.code }
    }
}

/// The code of somebody that is good now, if one was mailed.
#[must_use]
pub fn code_of<'a>(ask: &'a Ask, person: &str, now: Timestamp) -> Option<&'a Code> {
    ask.codes.get(person).filter(|code| now < code.until)
}

/// Wants a code to be mailed to somebody who answers.
///
/// # Errors
/// When the playbook lacks the template.
pub fn mail_code(draft: &mut Draft<'_>, id: &Id, person: &str) -> Result<(), Rejection> {
    let n = draft.case()?.ask(id).and_then(|a| a.codes.get(person)).map_or(1, |code| code.n.saturating_add(1));
    let until = draft.now.checked_add(CODE_LASTS).unwrap_or(Timestamp::MAX);
    draft.push(Entry::CodeMailed { ask: id.clone(), person: person.to_owned(), n, until })?;
    let holds = vec![Hold::AskOpen { ask: id.clone() }];
    let intent =
        Intent { template: APPROVAL_CODE, holds, about: Some(id.clone()), origin: OF_CODE, ..Intent::default() };
    message::intend(draft, &intent, vec![Party::Person(person.to_owned())])
}

/// Somebody gave a wrong code. After five the question is locked for them, and the office is told.
///
/// # Errors
/// When the playbook lacks something.
pub fn refuse_code(draft: &mut Draft<'_>, id: &Id, person: &str) -> Result<(), Rejection> {
    draft.push(Entry::CodeRefused { ask: id.clone(), person: person.to_owned() })?;
    let locked = draft.case()?.ask(id).and_then(|a| a.codes.get(person)).is_some_and(Code::is_locked);
    if locked { ask::attend(draft, id, &format!("{LOCKED}{person}")) } else { Ok(()) }
}

/// Whether a mail is one with a code: it leaves at once, and is no question.
#[must_use]
pub(in crate::rules) fn is_code(origin: &str) -> bool {
    origin == OF_CODE
}
