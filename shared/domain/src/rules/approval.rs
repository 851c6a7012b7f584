//! Approvals: what a rule may not decide is put to whoever may, one after the other, each somebody else, and nobody who
//! wants it. Silence never approves. A mail waits held; a token waits at its node.

mod code;
mod words;

use super::ask::{self, Opening};
use super::flow::{self, Here};
use super::gate::GateFacts;
use super::message::{self, Intent};
use super::{Also, Draft, Rejection, people, policy};
use crate::Id;
use crate::playbook::{
    Approval, COACHES, Controls, OF_APPROVAL, OF_PLAYBOOK, OPERATORS, Playbook, RESULTS, Stage, To, UNDO, UNSEND,
};
use crate::state::{Ask, Entry, Party, Seeks};
use crate::steps::{APPROVE, APPROVED, EXPIRED, REFUSED, SEND_MESSAGE};

pub(super) use code::is_code;
pub use code::{CODE_LASTS, Needs, code_of, mail_code, refuse_code};
use words::harmless;
pub use words::{is_harmless, is_wanted};
pub(super) use words::{is_own_words, of_mail};

/// The answer of whoever agrees.
pub const YES: &str = "approve";
/// The answer of whoever doesn't, with a reason.
pub const NO: &str = "refuse";
/// The answer of whoever writes a mail anew, with a note.
pub const CHANGE: &str = "change";
/// Why a mail is held that waits for an approval.
const WAITS: &str = "approval";
/// Why a person looks: nobody is left who may agree.
const NOBODY: &str = "no-approver";
/// Why a person looks: nobody agreed in time to a mail.
const SILENT: &str = "approval-expired";
/// Why a person looks: whoever wrote a mail stopped it.
const STOPPED: &str = "taken-back";

/// What stands before a message's id in the name of the fact that keeps what a person wrote: its subject, then its text.
pub const WRITTEN: &str = "mail:";
/// What stands before an ask's id in the name of the fact that keeps why somebody refused, or changed something.
pub const NOTE: &str = "note:";

/// A mail waits until those agree who must.
///
/// # Errors
/// When the playbook lacks something.
pub(super) fn seek_mail(draft: &mut Draft<'_>, id: &Id, facts: &GateFacts) -> Result<(), Rejection> {
    let Some(message) = draft.case()?.message(id).cloned() else { return Ok(()) };
    draft.push(Entry::MessageHeld { message: id.clone(), reason: WAITS.to_owned() })?;
    if draft.case()?.asks().any(|(_, a)| a.mail() == Some(id)) {
        return Ok(());
    }
    let seeks = Seeks {
        approval: of_mail(draft.today, draft.playbook.templates.get(&message.template), &message).to_owned(),
        message: Some(id.clone()),
        authors: message.author.into_iter().collect(),
        staged: facts.staged.clone().filter(|s| s.stage == Stage::Approved).map(|s| s.tally),
        ..Seeks::default()
    };
    match harmless(draft.playbook).zip(seeks.authors.first().cloned()) {
        Some((harmless, author)) if facts.harmless => {
            let until = Some(draft.playbook.after(draft.now, harmless.undo));
            let to = To::Person(author);
            let seeks = Seeks { mark: facts.mark.clone(), ..seeks };
            open(draft, None, Opening { question: UNSEND, to: Some(&to), until, ..Opening::default() }, seeks)
        }
        _ => step(draft, None, seeks),
    }
}

/// A token waits at its node until those agree who must.
///
/// # Errors
/// When the playbook lacks something.
pub fn seek<'a>(draft: &mut Draft<'a>, here: &Here<'a>) -> Result<(), Rejection> {
    let approval = here.needs(draft, "approval of the node", here.node.approval.as_ref())?.to_owned();
    let authors = draft.case()?.tokens.get(&here.token).map(|t| t.by.clone()).unwrap_or_default();
    step(draft, Some(here), Seeks { approval, authors, ..Seeks::default() })
}

fn spec<'a>(draft: &Draft<'a>, seeks: &Seeks) -> Result<&'a Approval, Rejection> {
    draft.playbook.approvals.get(&seeks.approval).ok_or_else(|| draft.lacks("approval", &seeks.approval))
}

/// Puts it to the next who must agree, from `seeks.step` on; when nobody else must, it is approved.
fn step(draft: &mut Draft<'_>, here: Option<&Here<'_>>, mut seeks: Seeks) -> Result<(), Rejection> {
    let spec = spec(draft, &seeks)?;
    let tracks = tracks(draft, here, &seeks)?;
    for (n, approver) in (0..).zip(&spec.approves).skip(seeks.step as usize) {
        let holds = approver.when.as_ref().map_or(Ok(true), |when| policy::holds(draft, &tracks, when))?;
        if holds {
            seeks.step = n;
            return put(draft, here, seeks, &approver.by, Vec::new());
        }
    }
    match (spec.undo, seeks.given.last().cloned()) {
        (Some(undo), Some(last)) => {
            let until = Some(draft.playbook.after(draft.now, undo));
            let to = To::Person(last);
            open(draft, here, Opening { question: UNDO, to: Some(&to), until, ..Opening::default() }, seeks)
        }
        _ => take_effect(draft, here, &seeks),
    }
}

fn tracks(draft: &Draft<'_>, here: Option<&Here<'_>>, seeks: &Seeks) -> Result<Vec<Id>, Rejection> {
    let of_mail = seeks.message.as_ref().and_then(|id| draft.case().ok()?.message(id)).map(|m| m.tracks.clone());
    Ok(here.map(|here| here.tracks.clone()).or(of_mail).unwrap_or_default())
}

/// Asks those of `by` who may agree; nobody among them: whoever else may.
fn put(
    draft: &mut Draft<'_>,
    here: Option<&Here<'_>>,
    mut seeks: Seeks,
    by: &To,
    asked: Vec<Party>,
) -> Result<(), Rejection> {
    let tracks = tracks(draft, here, &seeks)?;
    let mut parties = asked;
    let groups = [OPERATORS, COACHES].map(|group| To::Group(group.to_owned()));
    // What was agreed with the client is changed by nobody else than it says.
    let others = groups.iter().filter(|_| seeks.approval != OF_PLAYBOOK);
    for to in [by].into_iter().chain(others) {
        // Nobody among them may: whoever else of the practice may.
        if to == by || parties.is_empty() {
            let may = |p: &Party| p.person().is_some_and(|id| !is_barred(draft.today, &seeks, id));
            people::join(&mut parties, people::addressees(draft, to, &tracks)?.into_iter().filter(may));
        }
    }
    if parties.is_empty() && draft.today.controls == Controls::Solo {
        seeks.solo = true;
        parties = people::addressees(draft, by, &tracks)?;
    }
    if parties.is_empty() {
        let about = match here {
            Some(here) => draft.case()?.tokens.get(&here.token).map(|t| t.entered.clone()),
            None => seeks.message,
        };
        return about.map_or(Ok(()), |about| ask::attend(draft, &about, NOBODY));
    }
    let question = &spec(draft, &seeks)?.question;
    open(draft, here, Opening { question, to: Some(by), only: Some(parties), ..Opening::default() }, seeks)
}

fn open(draft: &mut Draft<'_>, here: Option<&Here<'_>>, opening: Opening<'_>, seeks: Seeks) -> Result<(), Rejection> {
    let (tracks, beside) = (tracks(draft, here, &seeks)?, here.is_none());
    ask::open(draft, Opening { owner: APPROVE, here, tracks, beside, seeks: Some(seeks), ..opening }).map(|_| ())
}

/// Whether somebody may not agree: who wants it, and who agreed before, also under another address.
#[must_use]
pub fn is_barred(today: &Playbook, seeks: &Seeks, who: &str) -> bool {
    let barred = |other: &String| today.people.is_same(other, who);
    seeks.given.iter().any(barred) || (!seeks.solo && seeks.authors.iter().any(barred))
}

/// Those of some people who may agree; none when none of them may. Whoever may take back what they agreed to is asked all the
/// same.
pub(super) fn may_agree(today: &Playbook, seeks: &Seeks, parties: Vec<Party>) -> Option<Vec<Party>> {
    let may = |party: &Party| party.person().is_some_and(|id| !is_barred(today, seeks, id));
    let may: Vec<Party> = parties.into_iter().filter(may).collect();
    (!may.is_empty()).then_some(may)
}

/// What an answer says is noted together with it. `mark` is that of the mail as it was shown.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn decided(
    draft: &mut Draft<'_>,
    id: &Id,
    asked: &Ask,
    (person, answer): (&str, &str),
    mark: Option<&String>,
) -> Result<(), Rejection> {
    let Some(seeks) = asked.seeks.as_ref().filter(|_| !is_undo(&asked.question)) else { return Ok(()) };
    if let Some(of) = seeks.staged.clone() {
        draft.also(Also::Tally { of, answer: answer.to_owned() });
    }
    if answer != YES {
        return Ok(());
    }
    draft.push(Entry::ApprovalGiven {
        ask: id.clone(),
        approval: seeks.approval.clone(),
        person: person.to_owned(),
        mark: mark.cloned(),
        solo: seeks.solo,
    })
}

/// Draws the consequences of an answer.
///
/// # Errors
/// When the playbook lacks something.
pub fn answered<'a>(
    draft: &mut Draft<'a>,
    here: Option<&Here<'a>>,
    (ask, answer): (&Id, &str),
    seeks: &Seeks,
) -> Result<(), Rejection> {
    let waits = match &seeks.message {
        Some(message) => draft.case()?.message(message).is_some(),
        None => here.is_some(),
    };
    if !waits {
        return ask::skip(draft, "what was to be approved has found its end");
    }
    match answer {
        YES => step(draft, here, Seeks { step: seeks.step + 1, ..seeks.clone() }),
        NO => {
            tell(draft, seeks, 1, Some(ask))?;
            match (&seeks.message, here) {
                (Some(message), _) => draft.push(Entry::MessageClosed { message: message.clone() }),
                (None, Some(here)) => flow::advance(draft, &here.token, REFUSED),
                (None, None) => Ok(()),
            }
        }
        // Nobody else agreed to it: whoever wrote it stopped it, and says what is to come of it.
        UNSEND => seeks.message.as_ref().map_or(Ok(()), |message| ask::attend(draft, message, STOPPED)),
        // Written anew, or taken back: what was agreed to before counts no more.
        _ => {
            let author = seeks.message.as_ref().and_then(|id| draft.case().ok()?.message(id)?.author.clone());
            let authors = author.map_or_else(|| seeks.authors.clone(), |author| vec![author]);
            step(draft, here, Seeks { step: 0, given: Vec::new(), mark: None, solo: false, authors, ..seeks.clone() })
        }
    }
}

/// Nobody answered in time: whoever is next is asked as well; when all were, it isn't approved, and all are told.
///
/// # Errors
/// When the playbook lacks something.
pub(super) fn expired(draft: &mut Draft<'_>, asked: &Ask, seeks: &Seeks) -> Result<(), Rejection> {
    let here = match seeks.message {
        Some(_) => None,
        None => Some(flow::place(draft, &asked.token)?),
    };
    if is_undo(&asked.question) {
        return take_effect(draft, here.as_ref(), seeks);
    }
    let before: Vec<Party> = asked.people.iter().cloned().map(Party::Person).collect();
    let question = draft.playbook.questions.get(&asked.question);
    let question = question.ok_or_else(|| draft.lacks("question", &asked.question))?;
    for next in &question.then {
        let more = people::addressees(draft, next, &asked.tracks)?;
        let is_new = |p: &Party| !before.contains(p) && p.person().is_some_and(|id| !is_barred(draft.today, seeks, id));
        if more.iter().any(is_new) {
            return put(draft, here.as_ref(), seeks.clone(), next, before);
        }
    }
    tell(draft, seeks, 2, None)?;
    match (&seeks.message, here) {
        (Some(message), _) => ask::attend(draft, message, SILENT),
        (None, Some(here)) => flow::advance(draft, &here.token, EXPIRED),
        (None, None) => Ok(()),
    }
}

fn take_effect(draft: &mut Draft<'_>, here: Option<&Here<'_>>, seeks: &Seeks) -> Result<(), Rejection> {
    match (&seeks.message, here) {
        (Some(message), _) if draft.case()?.message(message).is_some() => {
            if !seeks.authors.is_empty() && !seeks.given.is_empty() {
                tell(draft, seeks, 0, None)?;
            }
            if let Some(mark) = seeks.mark.clone() {
                draft.push(Entry::MessageApproved { message: message.clone(), mark })?;
            }
            draft.push(Entry::MessageReleased { message: message.clone(), action: SEND_MESSAGE.to_owned() })
        }
        (Some(_), _) => ask::skip(draft, "the message has found its end"),
        (None, Some(here)) => {
            tell(draft, seeks, 0, None)?;
            flow::advance(draft, &here.token, APPROVED)
        }
        (None, None) => Ok(()),
    }
}

/// It was approved and can't take effect any more, which all learn who wanted it or are to be told.
///
/// # Errors
/// When the playbook lacks something.
pub fn void(draft: &mut Draft<'_>, here: &Here<'_>, approval: &str) -> Result<(), Rejection> {
    let authors = draft.case()?.tokens.get(&here.token).map(|t| t.by.clone()).unwrap_or_default();
    let seeks = Seeks { approval: approval.to_owned(), authors, ..Seeks::default() };
    tell(draft, &seeks, 3, None)
}

/// Whoever wanted it, and whoever is to be told, learns what came of it. `ask` is where a reason was given.
fn tell(draft: &mut Draft<'_>, seeks: &Seeks, result: usize, ask: Option<&Id>) -> Result<(), Rejection> {
    let spec = spec(draft, seeks)?;
    let tracks = tracks(draft, None, seeks)?;
    let authors = seeks.authors.iter().filter(|id| draft.today.people.person(id).is_some());
    let mut parties: Vec<Party> = authors.cloned().map(Party::Person).collect();
    for to in &spec.tells {
        people::join(&mut parties, people::addressees(draft, to, &tracks)?);
    }
    let ask = ask.map(|id| format!(":{id}")).unwrap_or_default();
    let origin = format!("{OF_APPROVAL}{}{ask}", seeks.approval);
    let template = RESULTS.get(result).copied().unwrap_or_default();
    message::intend(draft, &Intent { template, tracks, origin: &origin, ..Intent::default() }, parties)
}

/// Approvals of mails that have found their end are moot, and so are mails that wait and are no longer true.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn withdraw_moot(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let (case, now) = (draft.case()?, draft.now);
    let untrue = |id: &Id| {
        let fallen = case.message(id).and_then(|m| m.holds.iter().find(|hold| !hold.is_true(case, now)));
        fallen.map(|hold| (id.clone(), hold.name().to_owned()))
    };
    let waits = case.asks().filter_map(|(_, a)| a.mail());
    let untrue: Vec<(Id, String)> = waits.filter_map(untrue).collect();
    for (message, reason) in untrue {
        draft.push(Entry::MessageDropped { message, reason })?;
    }
    let case = draft.case()?;
    let gone = |a: &Ask| a.mail().is_some_and(|id| case.message(id).is_none());
    let gone: Vec<Id> = case.asks().filter(|(_, a)| gone(a)).map(|(id, _)| id.clone()).collect();
    gone.into_iter().try_for_each(|ask| draft.push(Entry::AskWithdrawn { ask }))
}

/// Whether a question only lets somebody take back what they did.
#[must_use]
pub fn is_undo(question: &str) -> bool {
    [UNDO, UNSEND].contains(&question)
}
