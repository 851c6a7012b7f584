//! A question to one person, or to several of whom the first who answers decides.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::is_usual;
use super::{Case, Party, TokenId};
use crate::Id;
use crate::playbook::{AskKind, Playbook, To};

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
    /// The approval that it is a step of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeks: Option<Box<Seeks>>,
    /// What settles it wants a code.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub code: bool,
    /// The codes that were mailed, by whom they were mailed to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub codes: BTreeMap<String, Code>,
}

/// An approval, and how far it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Seeks {
    /// The kind, by its name in the playbook.
    pub approval: String,
    /// The mail that waits for it; none when a token does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Id>,
    /// Which of those who must agree it is, from 0.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub step: u32,
    /// Who wants it, by short name: they can't agree to it. Nobody when a rule does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// Who agreed before, by short name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<String>,
    /// The mark of the mail that was agreed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// A coach who works alone agrees to her own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub solo: bool,
    /// The mail waits because of how far its part has gone live: by what answers are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staged: Option<String>,
}

/// A code that was mailed to one person. It is nowhere stored: it follows from the ask, the person and its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Code {
    /// Its number, from 1.
    pub n: u32,
    /// When it ends (UTC).
    pub until: Timestamp,
    /// How many wrong ones were given so far, of all numbers.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub wrong: u32,
}

/// How many wrong codes lock a question for the person who gave them.
pub const MAX_WRONG_CODES: u32 = 5;

impl Code {
    /// Whether no code of this person is taken any more.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.wrong >= MAX_WRONG_CODES
    }
}

impl Ask {
    /// The confirmed booking to which it offers other times, when its node does.
    #[must_use]
    pub fn moves(&self, playbook: &Playbook, case: &Case) -> Option<Id> {
        let node = playbook.node(case.flow_of(self.flow.as_ref()), &self.node).filter(|node| node.moves);
        let confirmed = || case.booking_in(&self.tracks).filter(|(_, b)| b.is_confirmed());
        node.and_then(|_| confirmed()).map(|(id, _)| id.clone())
    }

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

    /// The mail that waits for it, when it is an approval of one.
    #[must_use]
    pub fn mail(&self) -> Option<&Id> {
        self.seeks.as_ref()?.message.as_ref()
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
