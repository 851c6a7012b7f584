//! Entries: facts about a case. The journal of them is history, audit log and events on the bus in one.
//!
//! Entries carry names, ids, numbers and marks, never what a person wrote: personal values live in erasable items.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ask::AskKind;
use crate::fact::Fact;
use crate::message::{Effect, Hold};
use crate::playbook::Role;
use crate::{CaseId, Id};

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "role")]
pub enum Actor {
    /// Banto itself, by the rules of the playbook.
    Banto,
    /// The customer of the case, by a form or a signed link.
    Customer,
    /// A coach, by a signed link.
    Coach,
    /// An operator, by a signed link.
    Operator,
    /// A provider's signed event.
    Provider,
}

impl Actor {
    /// As it stands in JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Banto => "banto",
            Self::Customer => "customer",
            Self::Coach => "coach",
            Self::Operator => "operator",
            Self::Provider => "provider",
        }
    }
}

impl From<Role> for Actor {
    fn from(role: Role) -> Self {
        match role {
            Role::Customer => Self::Customer,
            Role::Coach => Self::Coach,
            Role::Operator => Self::Operator,
        }
    }
}

/// A fact about a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Entry {
    /// An inquiry arrived and has become a case.
    #[serde(rename = "case.opened")]
    CaseOpened {
        /// Flow of the playbook.
        flow: String,
        /// Version of the playbook that the case keeps.
        playbook_version: u32,
        /// The form it came through.
        form: String,
        /// Language for the customer: `ja` or `en`.
        language: String,
        /// The customer.
        person: Id,
        /// Cases of this client with the same address: proposed as the same customer, decided by a person.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        same_address: Vec<CaseId>,
    },
    /// A signed payload could not be understood; it is stored as it came.
    #[serde(rename = "inbound.unreadable")]
    InboundUnreadable {
        /// The stored payload.
        inbound: Id,
        /// What could not be understood, without its content.
        reason: String,
    },
    /// Facts became known.
    #[serde(rename = "facts.recorded")]
    FactsRecorded {
        /// By name.
        facts: BTreeMap<String, Fact>,
    },
    /// The token stands at a node; its action must take it up.
    #[serde(rename = "node.entered")]
    NodeEntered {
        /// Node of the flow.
        node: String,
        /// Function that does it.
        action: String,
    },
    /// The token left a node.
    #[serde(rename = "node.left")]
    NodeLeft {
        /// Node of the flow.
        node: String,
        /// By which outcome.
        outcome: String,
    },
    /// The inquiry was sorted.
    #[serde(rename = "inquiry.classified")]
    InquiryClassified {
        /// Category of the playbook; `None` when unsure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<String>,
        /// Points of the best category.
        score: u32,
        /// Points of the second best.
        runner_up: u32,
        /// Why: `category:number of the keyword` as in the playbook.
        matched: Vec<String>,
    },
    /// A question was put to one person.
    #[serde(rename = "ask.opened")]
    AskOpened {
        /// The ask.
        ask: Id,
        /// Question of the playbook.
        question: String,
        /// How it is answered.
        kind: AskKind,
        /// Who must answer.
        to: Role,
        /// Function that draws the consequences.
        owner: String,
        /// Node it belongs to.
        node: String,
        /// Facts asked for, when the kind is `fields`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fields: Vec<String>,
        /// The finite set of answers.
        answers: Vec<String>,
        /// When it expires (UTC).
        deadline: Timestamp,
        /// When the addressee is reminded (UTC).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        nudges: Vec<Timestamp>,
        /// The step or message it is about, when it is a task for a person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Id>,
        /// Why it was opened, when it is a task for a person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The first decision stands.
    #[serde(rename = "ask.answered")]
    AskAnswered {
        /// The ask.
        ask: Id,
        /// Question of the playbook.
        question: String,
        /// One of its answers.
        answer: String,
        /// HMAC under the person's key of exactly what was shown.
        shown: String,
        /// Function that draws the consequences.
        action: String,
    },
    /// Nobody answered in time. Never an approval.
    #[serde(rename = "ask.expired")]
    AskExpired {
        /// The ask.
        ask: Id,
    },
    /// The question is moot.
    #[serde(rename = "ask.withdrawn")]
    AskWithdrawn {
        /// The ask.
        ask: Id,
    },
    /// A message is wanted. It isn't a mail yet: `send-message` asks the gate.
    #[serde(rename = "message.intended")]
    MessageIntended {
        /// The message; also its key with the provider.
        message: Id,
        /// Template of the playbook.
        template: String,
        /// To whom.
        to: Role,
        /// What decides when its fate is unknown.
        effect: Effect,
        /// What must still be true when it leaves.
        holds: Vec<Hold>,
        /// The ask whose link it carries.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Id>,
        /// Node, or `form:` and its name, that wants it.
        origin: String,
        /// Always `send-message`.
        action: String,
    },
    /// The lease: this is the moment that counts.
    #[serde(rename = "message.sending")]
    MessageSending {
        /// The message.
        message: Id,
        /// 1, or 2 when it is sent once more, disclosed.
        attempt: u32,
        /// When it counts as uncertain (UTC).
        lease_until: Timestamp,
    },
    /// The provider took it.
    #[serde(rename = "message.sent")]
    MessageSent {
        /// The message.
        message: Id,
        /// The provider's id.
        provider_id: String,
    },
    /// The provider was busy and took nothing; it will be tried again.
    #[serde(rename = "message.deferred")]
    MessageDeferred {
        /// The message.
        message: Id,
        /// When it is tried again (UTC).
        until: Timestamp,
        /// What the provider said.
        reason: String,
    },
    /// What it would have said is no longer true: it doesn't leave.
    #[serde(rename = "message.dropped")]
    MessageDropped {
        /// The message.
        message: Id,
        /// Which condition fell.
        reason: String,
    },
    /// The gate did not let it pass, or the provider refused it: a person decides.
    #[serde(rename = "message.held")]
    MessageHeld {
        /// The message.
        message: Id,
        /// Why.
        reason: String,
    },
    /// The lease ended without an outcome.
    #[serde(rename = "message.uncertain")]
    MessageUncertain {
        /// The message.
        message: Id,
    },
    /// A person dealt with a held message in another way.
    #[serde(rename = "message.closed")]
    MessageClosed {
        /// The message.
        message: Id,
    },
    /// A person wants a held message tried again.
    #[serde(rename = "message.released")]
    MessageReleased {
        /// The message.
        message: Id,
        /// Always `send-message`.
        action: String,
    },
    /// The recipient's server took it.
    #[serde(rename = "message.delivered")]
    MessageDelivered {
        /// The message.
        message: Id,
    },
    /// It came back, or the recipient complained.
    #[serde(rename = "message.bounced")]
    MessageBounced {
        /// The message.
        message: Id,
        /// `permanent`, `transient` or `complaint`.
        kind: String,
    },
    /// A timer's time has come. It carries no decision.
    #[serde(rename = "timer.fired")]
    TimerFired {
        /// The timer.
        timer: Id,
        /// What it is for.
        name: String,
        /// Function that decides.
        action: String,
        /// The track it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Id>,
    },
    /// A step never came: it is asked for again.
    #[serde(rename = "step.retried")]
    StepRetried {
        /// The entry to take up.
        cause: Id,
        /// Function that must.
        action: String,
        /// How many times it was asked for again.
        attempt: u32,
    },
    /// A step never came after all attempts: a person must look.
    #[serde(rename = "step.parked")]
    StepParked {
        /// The entry to take up.
        cause: Id,
        /// Function that should have.
        action: String,
    },
    /// Taken up, and there was nothing left to do.
    #[serde(rename = "step.skipped")]
    StepSkipped {
        /// Why.
        reason: String,
        /// Another entry that a person decided not to take up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Id>,
    },
    /// The matter is finished.
    #[serde(rename = "case.closed")]
    CaseClosed {
        /// How, in the playbook's words.
        outcome: String,
    },
}

/// An entry with its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// Hash of (cause, function, index).
    pub id: Id,
    /// Version of the entry's shape.
    pub v: u32,
    /// The fact.
    #[serde(flatten)]
    pub entry: Entry,
}

impl Entry {
    /// The entry's type as it stands on the bus: `node.entered`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CaseOpened { .. } => "case.opened",
            Self::InboundUnreadable { .. } => "inbound.unreadable",
            Self::FactsRecorded { .. } => "facts.recorded",
            Self::NodeEntered { .. } => "node.entered",
            Self::NodeLeft { .. } => "node.left",
            Self::InquiryClassified { .. } => "inquiry.classified",
            Self::AskOpened { .. } => "ask.opened",
            Self::AskAnswered { .. } => "ask.answered",
            Self::AskExpired { .. } => "ask.expired",
            Self::AskWithdrawn { .. } => "ask.withdrawn",
            Self::MessageIntended { .. } => "message.intended",
            Self::MessageSending { .. } => "message.sending",
            Self::MessageSent { .. } => "message.sent",
            Self::MessageDeferred { .. } => "message.deferred",
            Self::MessageDropped { .. } => "message.dropped",
            Self::MessageHeld { .. } => "message.held",
            Self::MessageUncertain { .. } => "message.uncertain",
            Self::MessageClosed { .. } => "message.closed",
            Self::MessageReleased { .. } => "message.released",
            Self::MessageDelivered { .. } => "message.delivered",
            Self::MessageBounced { .. } => "message.bounced",
            Self::TimerFired { .. } => "timer.fired",
            Self::StepRetried { .. } => "step.retried",
            Self::StepParked { .. } => "step.parked",
            Self::StepSkipped { .. } => "step.skipped",
            Self::CaseClosed { .. } => "case.closed",
        }
    }

    /// The function that must take this entry up, if it expects a step.
    #[must_use]
    pub fn action(&self) -> Option<&str> {
        match self {
            Self::NodeEntered { action, .. }
            | Self::AskAnswered { action, .. }
            | Self::MessageIntended { action, .. }
            | Self::MessageReleased { action, .. }
            | Self::TimerFired { action, .. }
            | Self::StepRetried { action, .. } => Some(action),
            _ => None,
        }
    }
}
