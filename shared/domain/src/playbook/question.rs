//! What people are asked and written: questions with their answers, and templates.

use jiff::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Role, Text};
use crate::ask::AskKind;
use crate::message::Effect;

/// A question and its finite set of answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// How it is answered.
    pub kind: AskKind,
    /// Who must answer.
    pub to: Role,
    /// Heading of the page.
    pub title: Text,
    /// What is asked.
    pub body: Text,
    /// The answers, in the order of the page. With kind `fields` there is one: it sends the fields.
    pub answers: Vec<Answer>,
    /// Facts asked for, with kind `fields`, where the node names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Facts shown to whom it is asked, so that they can decide.
    #[serde(default)]
    pub shows: Vec<String>,
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
}

/// A fact that follows from an answer, recorded together with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Means {
    /// The session took place.
    Held,
    /// The customer did not come.
    Missed,
    /// The open invoice was paid by transfer.
    Paid,
    /// It was no emergency: automation goes on.
    Resume,
}

/// When a mail may leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailHours {
    /// At once.
    #[default]
    Any,
    /// Not in the practice's quiet hours: it waits for the morning.
    Day,
}

/// What a mail carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Attach {
    /// The booking as iCalendar (RFC 5545).
    Calendar,
}

/// A mail's template: Markdown with placeholders, by language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Only `routine` passes the gate by itself.
    pub class: Class,
    /// What decides when its fate is unknown.
    pub effect: Effect,
    /// When it may leave.
    #[serde(default)]
    pub hours: MailHours,
    /// What it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attach: Option<Attach>,
    /// Who approved it; a template that nobody approved doesn't leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// Subject, by language.
    pub subject: Text,
    /// Markdown, by language.
    pub body: Text,
}

/// 定型 / 例外.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Leaves on the log.
    Routine,
    /// Waits for a second person or the client.
    Exception,
}

impl Class {
    /// As it stands in tags and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Routine => "routine",
            Self::Exception => "exception",
        }
    }
}
