//! How far the parts of what a practice sends have gone live. It is today's, and belongs to no case.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::{Part, Stage};

/// How far a practice's parts are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stages {
    /// Counts up with each change.
    pub rev: u64,
    /// Parts that were moved, by name.
    #[serde(default)]
    pub parts: BTreeMap<String, Moved>,
}

/// Where a part was moved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moved {
    /// The stage.
    pub to: Stage,
    /// By which change.
    pub rev: u64,
}

impl Stages {
    /// Where a part is.
    #[must_use]
    pub fn of(&self, part: &Part) -> Stage {
        self.parts.get(&part.name).map_or(part.begins, |moved| moved.to)
    }

    /// What a part's approvals are counted by since it was moved last.
    #[must_use]
    pub fn tally(&self, part: &Part) -> String {
        format!("{}#{}", part.name, self.parts.get(&part.name).map_or(0, |moved| moved.rev))
    }

    /// Once these parts were moved.
    #[must_use]
    pub fn moved(&self, moves: &[(String, Stage)]) -> Self {
        let rev = self.rev + 1;
        let mut parts = self.parts.clone();
        parts.extend(moves.iter().map(|(name, to)| (name.clone(), Moved { to: *to, rev })));
        Self { rev, parts }
    }
}

/// The stage of one mail, as the gate knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// What its part's approvals are counted by.
    pub tally: String,
    /// The stage.
    pub stage: Stage,
}
