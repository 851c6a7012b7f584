//! The graph that a case travels through.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Role, Text};

/// A node of a flow: the action that does it, what it is given, and where each outcome leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    pub to: Option<Role>,
    /// Facts that must be known when it is done, or that its question asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<String>,
    /// What is booked or bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu: Option<String>,
    /// The fact that says what is booked or bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu_from: Option<String>,
    /// The policy that decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Outcome → node, or `end:` and how the case ends, or `policy:` and the policy that decides which.
    pub next: BTreeMap<String, String>,
}

/// A graph of nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Shown to people.
    pub label: Text,
    /// Where the token begins.
    pub start: String,
    /// By name.
    pub nodes: BTreeMap<String, Node>,
}

/// Where an outcome leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// To another node.
    Node(&'a str),
    /// Out of the flow.
    End(&'a str),
    /// Where a policy says.
    Policy(&'a str),
}

impl<'a> Target<'a> {
    /// Reads what stands beside an outcome: a node's name, `end:` and how the case ends, or `policy:` and its name.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        match text.split_once(':') {
            Some(("end", outcome)) => Self::End(outcome),
            Some(("policy", policy)) => Self::Policy(policy),
            _ => Self::Node(text),
        }
    }
}
