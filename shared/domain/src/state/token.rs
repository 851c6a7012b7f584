//! Where a case stands: its main token, and any number beside it, each at a node of a flow and about some tracks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Id;
use crate::playbook::Topic;

/// The main token's name.
const MAIN: &str = "main";

/// A token's name: `main`, or the id of one that runs beside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TokenId(String);

impl TokenId {
    /// A token of a side flow.
    #[must_use]
    pub fn beside(id: &Id) -> Self {
        Self(id.to_string())
    }

    /// Whether it is the main one.
    #[must_use]
    pub fn is_main(&self) -> bool {
        self.0 == MAIN
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for TokenId {
    fn default() -> Self {
        Self(MAIN.to_owned())
    }
}

impl std::fmt::Display for TokenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a token stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Token {
    /// Flow of the playbook.
    pub flow: String,
    /// Node of the flow.
    pub node: String,
    /// The `node.entered` that brought it here: tells a visit from an earlier one.
    pub entered: Id,
    /// The tracks that it is about: its booking, its invoice, its request; at most one of each kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tracks: Vec<Id>,
    /// Who of the practice moved it so far, by short name: whoever wants something can't agree to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// It was stopped because it ran too often, and a person looks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub parked: bool,
}

/// Something that is stopped, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suspension {
    /// `emergency`, or the flow that stops it.
    pub by: String,
    /// The token of that flow; it ends with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenId>,
    /// How far it goes.
    #[serde(flatten)]
    pub scope: Scope,
}

/// How far a suspension goes. Tasks for people, and mails to the practice's own people, always go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "scope", rename_all = "kebab-case")]
pub enum Scope {
    /// All automation for this customer.
    Case,
    /// Whatever is about a track.
    Track {
        /// The track.
        track: Id,
    },
    /// A class of mails.
    Mails {
        /// What they are about.
        topic: Topic,
    },
}
