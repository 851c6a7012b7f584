//! Going live in steps: what leaves by itself, for each part of what the practice sends. The coach moves a part on, by a
//! link, once its mails were seen; and back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{OF_MAIL, Text, To, Topic};

/// The flow in which whoever may moves the parts.
pub const GOING_LIVE: &str = "going-live";

/// How a practice goes live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoingLive {
    /// Who moves a part on and back, and gets the mails of those that only show what would leave.
    pub to: To,
    /// The approval that mails wait for which wait only because of their stage.
    #[serde(default = "of_mail")]
    pub approval: String,
    /// The parts: a mail belongs to the first that fits.
    pub parts: Vec<Part>,
}

/// A part of what the practice sends to people outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its short name.
    pub name: String,
    /// What it is called: お支払いのご案内.
    pub label: Text,
    /// Mails of cases of these flows; of any without it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flows: Vec<String>,
    /// Mails of these topics; of any without it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<Topic>,
    /// Where it begins.
    pub begins: Stage,
}

/// How much leaves by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// 見本のみ: nothing reaches anybody outside; the coach gets each mail as it would have left.
    Sample,
    /// 全件承認: each mail waits for an approval.
    Approved,
    /// 定型のみ自動: what is routine leaves by itself; all that a person wrote waits.
    Routine,
    /// 全体: as agreed in `approvals:`, where also a person's harmless words may leave without one.
    All,
}

impl Stage {
    /// All of them, from the most careful on.
    pub const EACH: [Self; 4] = [Self::Sample, Self::Approved, Self::Routine, Self::All];

    /// As it stands in playbooks and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sample => "sample",
            Self::Approved => "approved",
            Self::Routine => "routine",
            Self::All => "all",
        }
    }

    /// By that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::EACH.into_iter().find(|stage| stage.name() == name)
    }
}

impl GoingLive {
    /// The part that a mail belongs to; what belongs to none leaves as ever.
    #[must_use]
    pub fn part_of(&self, flow: &str, topic: Topic) -> Option<&Part> {
        let fits = |part: &&Part| {
            (part.flows.is_empty() || part.flows.iter().any(|name| name == flow))
                && (part.topics.is_empty() || part.topics.contains(&topic))
        };
        self.parts.iter().find(fits)
    }

    /// A part by its name.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }
}

fn of_mail() -> String {
    OF_MAIL.to_owned()
}
