//! What the gate (送信前チェック) looks at beside what it always does: as little as a practice needs.

use jiff::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Weekday7;

/// Checks that a practice chooses.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GateRules {
    /// Every amount that a mail about an invoice says is one of the invoice, or a price.
    #[serde(default)]
    pub amounts: bool,
    /// The same mail about the same to the same reader isn't sent twice within this time, unless a person lets it go:
    /// `PT10M`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_within: Option<Span>,
    /// How many mails a reader outside of the practice gets on one day before those that promote something or ask for money
    /// wait for the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<u32>,
    /// On which days what may wait (`hours: day`) leaves; each day without it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<Weekday7>,
    /// The fact of kind `consent` without which nothing is promoted to somebody who bought nothing (特定電子メール法 第3条).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
}
