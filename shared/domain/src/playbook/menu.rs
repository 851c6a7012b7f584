//! What can be booked and bought, and the ladder of reminders before it.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Text, To};

/// Something that customers can book and buy.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Menu {
    /// Shown to people.
    pub label: Text,
    /// How long a session is.
    pub minutes: u32,
    /// Minutes that the coach needs before it.
    #[serde(default)]
    pub before: u32,
    /// Minutes that the coach needs after it.
    #[serde(default)]
    pub after: u32,
    /// Price of the whole, in minor units of the practice's currency (yen; pence).
    pub price: i64,
    /// How many sessions it has.
    #[serde(default = "one")]
    pub sessions: u32,
    /// For how long they can be held once it is paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<Span>,
    /// Several customers share one session, on the dates of the calendar.
    #[serde(default)]
    pub group: bool,
    /// How many seats of one session one customer may have, by one address, over all their inquiries.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub seats_per_customer: u32,
    /// How long a chosen slot of it is held, where that differs from the calendar's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Span>,
    /// Only these coaches hold it; nobody named: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coaches: Vec<String>,
    /// How it is settled when it ends before all of it was used (中途解約); without it nobody may ask for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quit: Option<Quit>,
    /// What is kept of its price when one booking of it is cancelled (キャンセル料): the first that fits counts; without it nobody
    /// may ask for that to be settled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancel: Vec<Charge>,
    /// In which parts it may be paid, by name (分割払い): the fact that `billing.plan_from` names says which. Whoever chose none
    /// of these pays all of it at once.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub plans: BTreeMap<String, Plan>,
    /// Whether a session that the customer missed uses up one of them.
    #[serde(default = "yes")]
    pub missed_counts: bool,
}

/// How what was bought is settled when it ends early: what was paid, less the used sessions, less the fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quit {
    /// The price of one used session in minor units, with tax; without it, that of the whole by its sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<i64>,
    /// What is kept for ending it early, in minor units.
    #[serde(default)]
    pub fee: i64,
}

/// What is kept when a booking is cancelled by some time before it begins.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// Said so long before it begins, or longer: `P7D` (a day is 24 hours); without it, whenever it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Span>,
    /// How much of its price is kept, in percent.
    pub percent: u32,
}

/// In how many parts something is paid, and when. It is used from the first payment on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// How many, two or more.
    pub parts: u32,
    /// How long after one last day to pay on the next one is: `P1M`. The first is as for any invoice.
    pub every: Span,
    /// What is paid first (頭金), in minor units, tax as in the price. Without it all parts are alike, and what doesn't divide is
    /// paid with the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<i64>,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde wants")]
fn is_one(n: &u32) -> bool {
    *n == 1
}

fn yes() -> bool {
    true
}

impl Menu {
    /// Whether this coach holds it.
    #[must_use]
    pub fn is_held_by(&self, coach: &str) -> bool {
        self.coaches.is_empty() || self.coaches.iter().any(|c| c == coach)
    }
}

/// One rung of the ladder of reminders.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reminder {
    /// What is sent.
    pub template: String,
    /// To whom.
    pub to: To,
    /// How long before the session: with `at`, so many days before it.
    pub before: Span,
    /// At this time of that day, in the coach's zone; without it, exactly that long before the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// Only if this condition holds by then (CEL, as in a policy): `overdue > 0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}
