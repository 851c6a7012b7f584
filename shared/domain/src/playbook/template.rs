//! What people are written: templates, and what decides when and whether they leave.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Text;

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
    /// What it is about, for those who stop a class of mails.
    #[serde(default, skip_serializing_if = "Topic::is_service")]
    pub topic: Topic,
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

/// What a mail is about. A side flow may stop all mails of a topic while it runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// The matter itself.
    #[default]
    Service,
    /// It asks for money.
    Payment,
    /// It promotes something (広告宣伝).
    Promotion,
}

impl Topic {
    /// Whether it is the usual one.
    #[must_use]
    pub fn is_service(&self) -> bool {
        *self == Self::Service
    }
}
