//! The graphs that a case travels through: the main flow, and side flows that start beside it.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Text, To, Topic, Weekday7};

/// A node of a flow: the action that does it, what it is given, and where each outcome leads.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Text>,
    /// The function.
    pub action: String,
    /// The question it asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The template it sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// To whom it sends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<To>,
    /// Facts that must be known when it is done, or that its question asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<String>,
    /// What is booked or bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu: Option<String>,
    /// The fact that says what is booked or bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu_from: Option<String>,
    /// It offers other times for the booking that the token is about; what is chosen moves it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moves: bool,
    /// What it calls off uses up one session all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts: bool,
    /// It asks for the next part of what its token's invoice is a part of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub next_part: bool,
    /// All that came in goes back, whatever its token's request is about.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// Its mail is the receipt of the paid invoice that the token is about (領収書): numbered, and marked as issued anew (再発行)
    /// whenever it isn't the first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub receipt: bool,
    /// The policy that decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The ladder of mails about an invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ladder: Option<String>,
    /// The kind of decision that is sought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
    /// How long it waits: `PT4H`, `P3D`.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Until when it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// What ends its waiting: `paid`, `form:NAME`, … Each is an outcome.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// What people count cases by, where a flow has stages: 提案, 契約交渉.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Outcome → node; `end:` and how the case ends; `policy:` and the policy that decides which; in a side flow also
    /// `main:` and a node of the main flow, or `leave`, with `:` and how it ended.
    pub next: BTreeMap<String, String>,
}

/// An instant to wait for, in the practice's zone: a fact's date, a day of the week, or so many business days from now;
/// then at a time of that day.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Until {
    /// The day that a fact of kind `date` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fact: Option<String>,
    /// The day on which the next part of what the token's invoice is a part of is to be paid.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub next_part: bool,
    /// The last day on which what was bought may be used (有効期限).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expires: bool,
    /// So long after (or, with a minus, before) that day: `P30D`, `-P1D`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plus: Option<Span>,
    /// The next such day of the week; today, if the time is still ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekday: Option<Weekday7>,
    /// So many business days from now, or from the fact's day: 0 is that day, if it is one and the time is still ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_day: Option<u32>,
    /// No longer than so from now, whatever the fact says: `P14D`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Span>,
    /// At this time of the day; midnight without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
}

/// What sets a side flow off.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The type of an entry (`invoice.issued`), `answer:QUESTION`, `request:KIND`, `form:NAME`, or `hand` when a person
    /// starts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// Each week on this day, or each day: while the case is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Every>,
    /// Only if this condition holds (CEL, as in a policy).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

/// A time that comes again, in the practice's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Every {
    /// The day of the week; each day without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Weekday7>,
    /// The time of the day.
    pub at: Time,
}

/// What is stopped while a side flow runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Suspends {
    /// All automation of the case but this flow's own.
    Case,
    /// Whatever is about the tracks that this flow is about: reminders of a booking, dunning of an invoice.
    Track,
    /// Mails that ask for money.
    Payment,
    /// Mails that promote something.
    Promotion,
}

impl Suspends {
    /// The class of mails that it stops.
    #[must_use]
    pub fn topic(self) -> Option<Topic> {
        match self {
            Self::Payment => Some(Topic::Payment),
            Self::Promotion => Some(Topic::Promotion),
            Self::Case | Self::Track => None,
        }
    }
}

/// A graph of nodes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Shown to people.
    pub label: Text,
    /// What sets it off, when it is a side flow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<Start>,
    /// What is stopped while it runs, when it is a side flow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspends: Vec<Suspends>,
    /// Where the token begins.
    pub start: String,
    /// By name.
    pub nodes: BTreeMap<String, Node>,
}

impl Flow {
    /// Whether it runs beside the main one.
    #[must_use]
    pub fn is_side(&self) -> bool {
        !self.starts.is_empty()
    }
}

/// Where an outcome leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// To another node.
    Node(&'a str),
    /// Out of the flow, and the case ends.
    End(&'a str),
    /// Where a policy says.
    Policy(&'a str),
    /// Out of a side flow; the main token goes to this node.
    Main(&'a str),
    /// Out of a side flow, and nothing else happens; how it ended.
    Leave(&'a str),
}

impl<'a> Target<'a> {
    /// Reads what stands beside an outcome: a node's name, `end:`, `policy:`, `main:`, `leave` or `leave:`.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        match text.split_once(':') {
            Some(("end", outcome)) => Self::End(outcome),
            Some(("policy", policy)) => Self::Policy(policy),
            Some(("main", node)) => Self::Main(node),
            Some(("leave", outcome)) => Self::Leave(outcome),
            None if text == "leave" => Self::Leave("done"),
            _ => Self::Node(text),
        }
    }
}
