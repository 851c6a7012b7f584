//! What somebody wants outside the flow: a complaint, a change, a wish. Its side flow deals with it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
}
