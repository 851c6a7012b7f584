//! Messages: intents that say what must still be true, and the gate (送信前チェック) that each passes at its lease.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ask::Ask;
use crate::playbook::{Class, MailHours, Role};
use crate::{Case, Draft, Entry, Id, Playbook, Rejection, Status, ask, emergency};

/// How long a lease lasts: longer than a function may run, and than the provider's own events usually take.
pub const LEASE: SignedDuration = SignedDuration::from_mins(10);
/// How long to wait when the provider was busy.
pub const BUSY: SignedDuration = SignedDuration::from_mins(2);
/// How many times a message is called out at the most: once, and once more, disclosed.
pub const MAX_ATTEMPTS: u32 = 2;

/// What decides when a message's fate is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It only informs: sent once more, disclosed.
    #[default]
    Information,
    /// It settles something: a person decides.
    Decision,
    /// It moves money: a person decides.
    Money,
}

/// Something that a message states and that must still be true when it leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "hold", rename_all = "kebab-case")]
pub enum Hold {
    /// The ask is still open.
    AskOpen {
        /// The ask.
        ask: Id,
    },
    /// The case is still open.
    CaseOpen,
    /// The booking stands as it was.
    BookingStands {
        /// The booking.
        booking: Id,
        /// Its version.
        version: u32,
    },
    /// The session hasn't begun.
    SessionAhead {
        /// The booking.
        booking: Id,
    },
    /// Something is still to be paid.
    InvoiceOpen {
        /// The invoice.
        invoice: Id,
    },
}

impl Hold {
    /// Whether it is true now.
    #[must_use]
    pub fn is_true(&self, case: &Case, now: Timestamp) -> bool {
        match self {
            Self::AskOpen { ask } => case.ask(ask).is_some(),
            Self::CaseOpen => case.status == Status::Open,
            Self::BookingStands { booking, version } => {
                case.booking_of(booking).is_some_and(|b| b.is_confirmed() && b.version == *version)
            }
            Self::SessionAhead { booking } => case.booking_of(booking).is_some_and(|b| now < b.seat.begins()),
            Self::InvoiceOpen { invoice } => case.invoice_of(invoice).is_some_and(|i| !i.settled),
        }
    }

    /// Its name, as a reason for dropping.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::AskOpen { .. } => "ask-open",
            Self::CaseOpen => "case-open",
            Self::BookingStands { .. } => "booking-stands",
            Self::SessionAhead { .. } => "session-ahead",
            Self::InvoiceOpen { .. } => "invoice-open",
        }
    }
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Wanted; not a mail yet.
    #[default]
    Intended,
    /// Leased: the provider is being called, or was.
    Sending,
    /// The lease ended without an outcome.
    Uncertain,
    /// A person decides.
    Held,
}

/// One outgoing mail that hasn't found its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its place among the messages of the case, from 1: mails leave in the order in which they were wanted.
    pub n: u32,
    /// Template of the playbook.
    pub template: String,
    /// To whom.
    pub to: Role,
    /// What decides when its fate is unknown.
    #[serde(default, skip_serializing_if = "crate::case::is_usual")]
    pub effect: Effect,
    /// What must still be true when it leaves.
    pub holds: Vec<Hold>,
    /// The ask whose link it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Id>,
    /// Node, or `form:` and its name, that wants it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub origin: String,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "crate::case::is_usual")]
    pub state: State,
    /// How many times the provider was called.
    #[serde(default, skip_serializing_if = "crate::case::is_usual")]
    pub attempts: u32,
}

/// A wish to send.
#[derive(Debug, Clone)]
pub struct Intent<'a> {
    /// Template of the playbook.
    pub template: &'a str,
    /// To whom.
    pub to: Role,
    /// What must still be true when it leaves.
    pub holds: Vec<Hold>,
    /// The ask whose link it carries, or the booking it is about.
    pub about: Option<Id>,
    /// Node, `form:` or `reminder:` and its name.
    pub origin: &'a str,
}

/// Puts a wish to send into the journal.
///
/// # Errors
/// When the playbook has no such template.
pub fn intend(draft: &mut Draft<'_>, intent: Intent<'_>) -> Result<(), Rejection> {
    let template = draft.playbook.templates.get(intent.template);
    let effect = template.ok_or_else(|| draft.lacks("template", intent.template))?.effect;
    let message = draft.new_id("message", &draft.index());
    draft.push(Entry::MessageIntended {
        message,
        template: intent.template.to_owned(),
        to: intent.to,
        effect,
        holds: intent.holds,
        about: intent.about,
        origin: intent.origin.to_owned(),
        action: "send-message".to_owned(),
    })
}

/// What the gate must know beside the case: today's facts, and whether the mail could be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GateFacts {
    /// The template was revoked since.
    pub revoked: bool,
    /// The recipient bounced or complained.
    pub suppressed: bool,
    /// Another case of the recipient was stopped by an emergency.
    pub stopped: bool,
    /// There is an address to send to.
    pub has_address: bool,
    /// The placeholder that nothing fills, if the mail could not be written.
    pub unfilled: Option<String>,
}

/// What the gate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may leave.
    Pass,
    /// What it would say is no longer true.
    Drop(String),
    /// A person decides.
    Hold(String),
    /// Not now.
    Later(Timestamp),
    /// All automation for this person is stopped.
    Stop,
}

/// 送信前チェック. Order matters: what is no longer true is dropped without bothering anybody.
#[must_use]
pub fn gate(case: &Case, playbook: &Playbook, message: &Message, facts: &GateFacts, now: Timestamp) -> Verdict {
    let hold = |reason: &str| Verdict::Hold(reason.to_owned());
    if let Some(fallen) = message.holds.iter().find(|h| !h.is_true(case, now)) {
        return Verdict::Drop(fallen.name().to_owned());
    }
    if facts.stopped && matches!(message.to, Role::Customer | Role::Payer) {
        return Verdict::Stop;
    }
    let Some(template) = playbook.templates.get(&message.template) else { return hold("template-unknown") };
    if template.hours == MailHours::Day
        && let Some(until) = playbook.quiet_until(now)
    {
        return Verdict::Later(until);
    }
    let question = message.about.as_ref().and_then(|id| case.ask(id)).map(|a| a.question.as_str());
    if template.approved_by.is_none() {
        hold("template-not-approved")
    } else if facts.revoked {
        hold("template-revoked")
    } else if template.class != Class::Routine {
        hold("not-routine")
    } else if !playbook.may_send(&case.flow, &message.origin, question, &message.template) {
        hold("not-allowed-here")
    } else if !facts.has_address {
        hold("no-address")
    } else if facts.suppressed {
        hold("suppressed")
    } else if let Some(name) = &facts.unfilled {
        Verdict::Hold(format!("unfilled:{name}"))
    } else {
        Verdict::Pass
    }
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
    match gate(draft.case()?, draft.playbook, &message, facts, draft.now) {
        Verdict::Pass => {
            let attempt = message.attempts + 1;
            let lease_until = later(draft.now, LEASE);
            draft.push(Entry::MessageSending { message: id.clone(), attempt, lease_until })?;
            Ok(Call::Attempt(attempt))
        }
        Verdict::Drop(reason) => {
            draft.push(Entry::MessageDropped { message: id.clone(), reason })?;
            Ok(Call::Not)
        }
        Verdict::Hold(reason) => {
            hold(draft, id, &message, &reason)?;
            Ok(Call::Not)
        }
        Verdict::Later(until) => {
            draft.push(Entry::MessageDeferred { message: id.clone(), until, reason: "quiet-hours".to_owned() })?;
            Ok(Call::Not)
        }
        Verdict::Stop => {
            // It waits with the rest of the case until a person has looked.
            let until = later(draft.now, BUSY);
            draft.push(Entry::MessageDeferred { message: id.clone(), until, reason: "stopped".to_owned() })?;
            emergency::raise(draft, "same-customer", Vec::new())?;
            Ok(Call::Not)
        }
    }
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
        Outcome::Busy(reason) => {
            let until = later(draft.now, BUSY);
            draft.push(Entry::MessageDeferred { message: id.clone(), until, reason: reason.clone() })
        }
        Outcome::Refused(reason) => hold(draft, id, &message, &format!("refused-by-provider:{reason}")),
    }
}

fn later(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
