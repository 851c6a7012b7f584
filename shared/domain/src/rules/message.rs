//! Messages: intents that say what must still be true, the lease, and what comes of the call.

use jiff::{SignedDuration, Timestamp};

use super::flow::Here;
use super::gate::{GateFacts, SUPPRESSED, Verdict, gate};
use super::{Draft, Rejection, approval, ask, digest, emergency, provider, stages, stranger};
use crate::Id;
use crate::playbook::Effect;
use crate::state::{Ask, Case, Entry, Hold, MAX_MAILS, Message, Party, State};
use crate::steps::SEND_MESSAGE;

/// How long a lease lasts: longer than a function may run, and than the provider's own events usually take.
pub const LEASE: SignedDuration = SignedDuration::from_mins(10);
/// How long to wait before it is looked whether an emergency still stops the reader's mails.
const STOPPED: SignedDuration = SignedDuration::from_mins(2);
/// Over how long is spread what waits for the end of quiet hours.
const MORNING: SignedDuration = SignedDuration::from_mins(20);
/// How many times a message is called out at the most: once, and once more, disclosed.
pub const MAX_ATTEMPTS: u32 = 2;
/// Why a mail doesn't leave that would be one too many for its reader on one day.
const TOO_MANY: &str = "too-many-mails";

/// A wish to send.
#[derive(Debug, Clone, Default)]
pub struct Intent<'a> {
    /// Template of the playbook.
    pub template: &'a str,
    /// What must still be true when it leaves.
    pub holds: Vec<Hold>,
    /// The ask whose link it carries.
    pub about: Option<Id>,
    /// The tracks that it speaks of.
    pub tracks: Vec<Id>,
    /// The flow of the node that wants it, if not the case's.
    pub flow: Option<String>,
    /// Node, `form:` or `reminder:` and its name.
    pub origin: &'a str,
    /// Who wants it, by short name.
    pub author: Option<String>,
}

impl<'a> Intent<'a> {
    /// What a node wants to send about the tracks of its token.
    #[must_use]
    pub fn of_node(here: &'a Here<'_>, template: &'a str) -> Self {
        let (flow, tracks) = (here.noted_flow(), here.tracks.clone());
        Self { template, tracks, flow, origin: &here.name, ..Self::default() }
    }
}

/// Puts a wish to send into the journal: one message for each reader.
///
/// # Errors
/// When the playbook has no such template.
pub fn intend(draft: &mut Draft<'_>, intent: &Intent<'_>, parties: Vec<Party>) -> Result<(), Rejection> {
    intend_each(draft, intent, parties).map(drop)
}

/// The same; the messages.
///
/// # Errors
/// As [`intend`].
pub fn intend_each(draft: &mut Draft<'_>, intent: &Intent<'_>, parties: Vec<Party>) -> Result<Vec<Id>, Rejection> {
    let template = draft.playbook.templates.get(intent.template);
    let template = template.ok_or_else(|| draft.lacks("template", intent.template))?;
    let (effect, topic) = (template.effect, template.topic);
    let mut messages = Vec::new();
    for to in parties {
        let message = draft.new_id("message", &draft.index());
        messages.push(message.clone());
        draft.push(Entry::MessageIntended {
            message,
            template: intent.template.to_owned(),
            to,
            effect,
            topic,
            holds: intent.holds.clone(),
            about: intent.about.clone(),
            tracks: intent.tracks.clone(),
            flow: intent.flow.clone(),
            origin: intent.origin.to_owned(),
            author: intent.author.clone(),
            action: SEND_MESSAGE.to_owned(),
        })?;
    }
    Ok(messages)
}

/// A brake (promise 16): what a commit wants that is one mail too many for its reader on one day, or beside all that wait.
/// A person decides about the first of a customer's; while they do, the others find their end, and so do mails to the
/// practice's own people, who find their work on the desk all the same. Mails of tasks always go, and so does what a person
/// let go.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn within_budget(draft: &mut Draft<'_>, wanted: &[Id]) -> Result<(), Rejection> {
    if wanted.is_empty() {
        return Ok(());
    }
    let (case, now) = (draft.case()?, draft.now);
    let today = |to: &Party| case.counters.mails.get(to).map_or(0, |tally| tally.on_day_of(now));
    // What is stopped, or can't leave, waits, day after day.
    let waiting = |to: &Party| case.messages().filter(|(_, m)| m.state == State::Intended && m.to == *to).count();
    let over = |to: &Party| today(to) > MAX_MAILS || waiting(to) > MAX_MAILS as usize;
    let of_task = |m: &Message| m.about.as_ref().and_then(|id| case.ask(id)).is_some_and(Ask::is_task);
    let wanted = wanted.iter().filter_map(|id| Some((id, case.message(id)?)));
    let is_due = |m: &Message| of_task(m) || m.is_digest() || approval::is_code(&m.origin);
    let excess = wanted.filter(|(_, m)| m.state == State::Intended && over(&m.to) && !is_due(m));
    let excess: Vec<(Id, bool)> = excess.map(|(id, m)| (id.clone(), m.to.is_outside())).collect();
    for (message, outside) in excess {
        let asked = draft.case()?.asks().any(|(_, a)| a.reason.as_deref() == Some(TOO_MANY));
        if outside && !asked {
            draft.push(Entry::MessageHeld { message: message.clone(), reason: TOO_MANY.to_owned() })?;
            ask::attend(draft, &message, TOO_MANY)?;
        } else {
            draft.push(Entry::MessageDropped { message, reason: TOO_MANY.to_owned() })?;
        }
    }
    Ok(())
}

/// Whether the provider is to be called after this commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Yes: the lease is ours once the commit is.
    Attempt(u32),
    /// No.
    Not,
}

/// Takes up a message: leases it when the gate lets it pass, drops or holds it otherwise. A message whose lease ended
/// without an outcome is uncertain first.
///
/// # Errors
/// When the playbook lacks something.
pub fn take_up(draft: &mut Draft<'_>, id: &Id, facts: &GateFacts) -> Result<Call, Rejection> {
    let Some(message) = draft.case()?.message(id).cloned() else {
        ask::skip(draft, "the message has found its end")?;
        return Ok(Call::Not);
    };
    if message.state == State::Held {
        ask::skip(draft, "a person has the message")?;
        return Ok(Call::Not);
    }
    if matches!(message.state, State::Sending | State::Uncertain) {
        draft.push(Entry::MessageUncertain { message: id.clone() })?;
        if message.effect != Effect::Information || message.attempts >= MAX_ATTEMPTS {
            hold(draft, id, &message, "uncertain")?;
            return Ok(Call::Not);
        }
    }
    let verdict = match gate(draft.case()?, books(draft), &message, facts, draft.now) {
        Verdict::Pass if !digest::admits(draft, &message, facts.crowded)? => Verdict::Drop(digest::LISTED.to_owned()),
        Verdict::Pass if !stranger::admits(draft, id, facts.stranger.as_ref())? => {
            Verdict::Hold(stranger::TOO_MANY.to_owned())
        }
        verdict => verdict,
    };
    obey(draft, id, &message, verdict, facts)
}

/// What was agreed with the case, and what is today's.
fn books<'a>(draft: &Draft<'a>) -> super::Books<'a> {
    super::Books { pinned: draft.playbook, today: draft.today }
}

/// Does what the gate says.
fn obey(
    draft: &mut Draft<'_>,
    id: &Id,
    message: &Message,
    verdict: Verdict,
    facts: &GateFacts,
) -> Result<Call, Rejection> {
    match verdict {
        Verdict::Pass => {
            let attempt = message.attempts + 1;
            let lease_until = later(draft.now, LEASE);
            let passed = super::gate::applied(books(draft)).map(str::to_owned).collect();
            draft.push(Entry::MessageSending { message: id.clone(), attempt, lease_until, passed })?;
            Ok(Call::Attempt(attempt))
        }
        Verdict::Drop(reason) => {
            draft.push(Entry::MessageDropped { message: id.clone(), reason })?;
            Ok(Call::Not)
        }
        Verdict::Approve => {
            approval::seek_mail(draft, id, facts)?;
            Ok(Call::Not)
        }
        Verdict::Sample => {
            stages::sample(draft, id, message)?;
            Ok(Call::Not)
        }
        // Somebody has been asked already about this reader, who gets nothing: one task, not one for each mail.
        Verdict::Hold(reason) if is_known(draft.case()?, &message.to, &reason) => {
            draft.push(Entry::MessageDropped { message: id.clone(), reason })?;
            Ok(Call::Not)
        }
        Verdict::Hold(reason) => {
            hold(draft, id, message, &reason)?;
            Ok(Call::Not)
        }
        Verdict::Later(ends) => {
            let until = later(ends, morning(draft.case()?, &message.to));
            draft.push(Entry::MessageDeferred { message: id.clone(), until, reason: "quiet-hours".to_owned() })?;
            Ok(Call::Not)
        }
        Verdict::Stop => {
            // It waits with the rest of the case until a person has looked.
            let until = later(draft.now, STOPPED);
            draft.push(Entry::MessageDeferred { message: id.clone(), until, reason: "stopped".to_owned() })?;
            emergency::raise(draft, emergency::SAME_CUSTOMER, Vec::new()).map(|()| Call::Not)
        }
    }
}

/// How long after the end of quiet hours a reader's mails leave: what waited all night doesn't leave in one minute, and all
/// that one reader gets from a case leaves in the order in which it was wanted. What is urgent waits for no morning.
fn morning(case: &Case, reader: &Party) -> SignedDuration {
    let reader = if reader.is_outside() { String::new() } else { reader.to_string() };
    Id::derive(&["morning", case.key.client.as_str(), case.key.case.as_str(), &reader]).part_of(MORNING)
}

/// Whether a person looks already, because mails to this reader are stopped.
fn is_known(case: &Case, reader: &Party, reason: &str) -> bool {
    let stops_all = [SUPPRESSED, stranger::TOO_MANY].contains(&reason);
    let tasks = case.asks().filter(|(_, ask)| stops_all && ask.reason.as_deref() == Some(reason));
    tasks.filter_map(|(_, ask)| case.message(ask.about.as_ref()?)).any(|held| held.to == *reader)
}

fn hold(draft: &mut Draft<'_>, id: &Id, message: &Message, reason: &str) -> Result<(), Rejection> {
    draft.push(Entry::MessageHeld { message: id.clone(), reason: reason.to_owned() })?;
    // The mail about a task is held: another mail about that would be held as well. The task itself has a deadline.
    let about_a_task = message.about.as_ref().and_then(|a| draft.case().ok()?.ask(a)).is_some_and(Ask::is_task);
    if about_a_task { Ok(()) } else { ask::attend(draft, id, reason) }
}

/// What came of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider took it.
    Sent {
        /// The provider's id.
        provider_id: String,
    },
    /// The provider took nothing and was only busy.
    Busy(String),
    /// The provider takes nothing, whatever it is, until somebody has spoken with it.
    Paused(String),
    /// The provider refuses it, now and ever.
    Refused(String),
}

/// Records what came of the call.
///
/// # Errors
/// When the playbook lacks something.
pub fn settle(draft: &mut Draft<'_>, id: &Id, outcome: &Outcome) -> Result<(), Rejection> {
    // What the provider took it took, whichever call that was: a message that waits to be called out again doesn't go.
    let took = matches!(outcome, Outcome::Sent { .. });
    let message = draft.case()?.message(id).cloned();
    let Some(message) = message.filter(|m| took || m.state != State::Intended) else {
        return ask::skip(draft, "the message has found its end");
    };
    match outcome {
        Outcome::Sent { provider_id } => {
            draft.push(Entry::MessageSent { message: id.clone(), provider_id: provider_id.clone() })?;
            // A task about a message that has found its end is moot.
            ask::withdraw(draft, |ask| ask.is_task_about(id))
        }
        Outcome::Busy(reason) | Outcome::Paused(reason) => {
            let until = later(draft.now, provider::wait(draft.playbook, id, &message));
            draft.push(Entry::MessageDeferred { message: id.clone(), until, reason: reason.clone() })
        }
        Outcome::Refused(reason) => hold(draft, id, &message, &format!("refused-by-provider:{reason}")),
    }
}

pub(super) fn later(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
