//! What somebody wants outside the flow: a complaint, a change, a wish. Its side flow deals with it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::is_usual;
use crate::Id;

/// An open request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// As the playbook calls it: `complaint`, `refund`, `reschedule`.
    pub kind: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tracks: Vec<Id>,
    /// When it was said (UTC): what counts, whenever it is dealt with.
    pub said_at: Timestamp,
    /// The amount that it is about, in minor units of the practice's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Circumstances were told that a person must weigh.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
    /// How what it ends is settled, as it was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settlement>,
}

/// How what ends before its time is settled (精算): the arithmetic, each line of which was shown. Amounts in minor units, with tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Settlement {
    /// What came in for it, less what went back.
    pub paid: i64,
    /// How many sessions were used.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub used: u32,
    /// The price of one.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub unit: i64,
    /// How much of what was paid is kept, in percent, when one booking is cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u32>,
    /// What is kept: never more than what is left.
    pub fee: i64,
    /// What is paid back.
    pub refund: i64,
    /// What was used and not paid for, when it is paid in parts: a person decides about it.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub short: i64,
    /// ISO 4217.
    pub currency: String,
}

impl Settlement {
    /// What the used sessions come to.
    #[must_use]
    pub fn for_used(&self) -> i64 {
        self.unit.saturating_mul(i64::from(self.used))
    }
}
