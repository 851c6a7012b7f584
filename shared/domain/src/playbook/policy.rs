//! What a rule may decide, as data: conditions, or thresholds on one number.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Text;

/// What a rule may decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Shown to people.
    pub label: Text,
    /// Conditions, first match wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// The number that the bands are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// Thresholds on that number, without gaps or overlaps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bands: Vec<Band>,
    /// What is decided when nothing matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
}

/// A condition and what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// CEL over plain facts by name and the names that README.md of the playbooks lists: `menu == 'single' && !paid`.
    pub when: String,
    /// What is decided: a node or `end:…` beside an outcome, a person for `assign-owner`.
    pub then: String,
}

/// A span of numbers and what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// From this number on; no lower end without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    /// Below this number; no upper end without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
    /// What is decided.
    pub then: String,
}

impl Policy {
    /// Everything it may decide.
    pub fn results(&self) -> impl Iterator<Item = &str> {
        let bands = self.bands.iter().map(|b| b.then.as_str());
        self.rules.iter().map(|r| r.then.as_str()).chain(bands).chain(self.otherwise.as_deref())
    }
}
