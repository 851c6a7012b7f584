//! What people are asked: questions with their answers, their own fields, and what follows from them.

use jiff::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Text, To};

/// A question and its finite set of answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// How it is answered.
    pub kind: AskKind,
    /// Who must answer.
    pub to: To,
    /// Who is asked together with them: whoever answers first decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<To>,
    /// Who is asked as well when a task was answered by nobody until its deadline, one further each time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<To>,
    /// Heading of the page.
    pub title: Text,
    /// What is asked.
    pub body: Text,
    /// The answers, in the order of the page. With kind `fields` there is one: it sends the fields.
    pub answers: Vec<Answer>,
    /// Facts asked for, with kind `fields`, where the node names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// What was told before is forgotten as it is asked: it is about this time alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anew: bool,
    /// The fact of kind `choice` that keeps which answer was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<String>,
    /// An answer wants a confirmation beside the choice, which pressing buttons doesn't give.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirm: bool,
    /// When this condition holds (CEL, as in a policy) as it is asked, what settles it wants a code as well, which is mailed
    /// to whoever answers at that moment: `invoice.total >= 100000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Facts shown to whom it is asked, so that they can decide.
    #[serde(default)]
    pub shows: Vec<String>,
    /// Its deadline and reminders count in the practice's working time: outside of quiet hours, on working days.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub working_time: bool,
    /// Template of the mail that carries the link.
    pub template: String,
    /// Template of the reminder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nudge: Option<String>,
    /// After how long the addressee is reminded, in the client's zone: `P2D`.
    #[serde(default)]
    pub nudges: Vec<Span>,
    /// After how long it expires, in the client's zone: `P7D`.
    pub deadline: Span,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Its name; with a choice also the node's outcome.
    pub name: String,
    /// What it says beside that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub means: Option<Means>,
    /// The button's text.
    pub label: Text,
    /// Facts that whoever chooses it must give.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<String>,
    /// It raises a request of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Whoever answers read that the customer may ask for one of these: those that they may ask for by then are proposed to them,
    /// as of when they wrote it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposes: Vec<String>,
}

/// A fact that follows from an answer, recorded together with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Means {
    /// The session took place.
    Held,
    /// What was bought may be used until the day that a fact of kind `date` among those that the answer asks names, if that is later.
    Extended,
    /// The customer did not come, and the menu says at once whether it counts.
    Missed,
    /// The customer did not come, was heard, and it uses up a session.
    Counted,
    /// The customer did not come, was heard, and it uses up nothing.
    Excused,
    /// The open invoice was paid by transfer: what a fact of kind `money` among those that the answer asks says, on the day
    /// that one of kind `date` says; without them, all that is still open, now.
    Paid,
    /// Somebody looked for the money of the open invoice, and none had come in.
    Unpaid,
    /// What is still open of the invoice isn't asked for any more, and no part after it (免除).
    Waived,
    /// Less is asked for (減額): by what a fact of kind `money` among those that the answer asks says, which is less than what is
    /// still open.
    Reduced,
    /// Whoever answers sent back what was to go back and no provider could send.
    Refunded,
    /// It was no emergency: automation goes on.
    Resume,
    /// Whoever answers looks after the case from now on (引き受け).
    Claim,
    /// Whoever answers writes to the customer, and somebody else looks at it before it leaves.
    Reply,
}

impl Means {
    /// Whether it books money.
    #[must_use]
    pub fn is_money(self) -> bool {
        matches!(self, Self::Paid | Self::Refunded)
    }

    /// Whether it says what became of a session: after it nothing is booked any more.
    #[must_use]
    pub fn ends_session(self) -> bool {
        matches!(self, Self::Held | Self::Missed | Self::Counted | Self::Excused)
    }
}

/// How an ask is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AskKind {
    /// One of its answers.
    Choice,
    /// Values for its fields.
    Fields,
    /// One of the slots that were offered, or one of its answers.
    Slot,
    /// Hours that a coach opens, or one of its answers but the first.
    Openings,
    /// `approve`, `refuse` with a reason, and of a mail `change`.
    Approval,
    /// `moved`, with where each part of what the practice sends goes on to, or one of its answers.
    Stages,
}
