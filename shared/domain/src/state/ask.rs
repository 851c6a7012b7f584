//! A question to one person, or to several of whom the first who answers decides.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::is_usual;
use super::{Party, TokenId};
use crate::Id;
use crate::playbook::{AskKind, To};

/// An open ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ask {
    /// Question of the playbook.
    pub question: String,
    /// How it is answered.
    pub kind: AskKind,
    /// Who must answer, as the playbook says it.
    pub to: To,
    /// Who was asked, by short name, when they are the practice's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// Function that draws the consequences.
    pub owner: String,
    /// The flow of its node, if not the case's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// Node it belongs to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub node: String,
    /// The token that asks.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub token: TokenId,
    /// The visit of its node that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<Id>,
    /// Facts asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The finite set of answers.
    pub answers: Vec<String>,
    /// When it expires (UTC).
    pub deadline: Timestamp,
    /// The step or message that a person must deal with, when it is a task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Id>,
    /// Why it was opened, when it is a task for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The tracks that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tracks: Vec<Id>,
    /// It is asked beside the flow: leaving its node doesn't withdraw it, and its silence moves nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beside: bool,
    /// What a slot is chosen for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu: Option<String>,
}

impl Ask {
    /// Whether it is a task: something that Banto can't settle.
    #[must_use]
    pub fn is_task(&self) -> bool {
        self.reason.is_some()
    }

    /// Whether it is a task about this.
    #[must_use]
    pub fn is_task_about(&self, id: &Id) -> bool {
        self.is_task() && self.about.as_ref() == Some(id)
    }

    /// Who got a link to it.
    #[must_use]
    pub fn readers(&self) -> Vec<Party> {
        match (&self.to, self.people.as_slice()) {
            (To::Customer, _) => vec![Party::Customer],
            (To::Payer, _) => vec![Party::Payer],
            // In version 1 it was a role, and its link nobody's by name.
            (To::Coach, []) => vec![Party::Coach],
            (_, []) => vec![Party::Operator],
            (_, people) => people.iter().cloned().map(Party::Person).collect(),
        }
    }

    /// Whether it is about this track.
    #[must_use]
    pub fn concerns(&self, track: &Id) -> bool {
        self.tracks.contains(track) || self.about.as_ref() == Some(track)
    }
}
