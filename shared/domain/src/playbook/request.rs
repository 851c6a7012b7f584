//! What a customer, or somebody of the practice, may ask for on their own page at any time, and what follows from it, as data.

use std::collections::BTreeMap;

use jiff::{Span, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Text;

/// What follows where no policy decides, as `says:` names it.
pub const ALWAYS: &str = "always";

/// Something that somebody may ask for on their own page.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// What it is called.
    pub label: Text,
    /// Who asks for it.
    #[serde(default, skip_serializing_if = "By::is_customer")]
    pub by: By,
    /// What it is about: each confirmed booking that is still ahead, or the case.
    #[serde(default)]
    pub about: About,
    /// On the day itself: from so long before a session (with a minus: after it began) until its end, instead of while it is
    /// ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub during: Option<During>,
    /// Only if this condition holds (CEL, as in a policy): `booking.menu != 'seminar'`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// It ends what was bought before its time: what is paid back stands with it, line by line, and is its amount. About the case
    /// it is settled as its menu's `quit:` says (中途解約), about a booking as its menu's `cancel:` does (キャンセル料).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub settles: bool,
    /// Words, however they are spelt, by which what a customer writes elsewhere may ask for it: where a fact says that it is
    /// `heard:`, and it may be asked for by then, it is proposed to them, as of when they wrote it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Facts that whoever wants it gives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<String>,
    /// What decides which consequence it has: the policy by which its side flow goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Open requests of these kinds about the same booking are over by it: they were about a time that is no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<String>,
    /// What the customer's page says while a request of the practice's is dealt with; without it nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Text>,
    /// Days of the coach's are closed by it, in a case of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<Closes>,
    /// Each consequence in words, by what the policy decides; without a policy the one named `always`.
    pub says: BTreeMap<String, Text>,
    /// The third choice: to tell circumstances that a person weighs (事情を伝える).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circumstances: Option<Circumstances>,
}

/// Who asks for something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The customer.
    #[default]
    Customer,
    /// The coach of the booking.
    Coach,
    /// Somebody of the practice: that coach, or an operator.
    Staff,
    /// Nobody by themselves: Banto, because days of the coach's are closed.
    Banto,
}

impl By {
    /// Whether the customer does.
    #[must_use]
    pub fn is_customer(&self) -> bool {
        *self == Self::Customer
    }
}

/// What a request is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum About {
    /// The case as a whole.
    #[default]
    Case,
    /// One booking.
    Booking,
    /// One invoice of which there is a receipt.
    Invoice,
    /// One invoice that is still to be paid.
    Unpaid,
}

/// A time around a session.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct During {
    /// So long before it begins: `PT15M`; with a minus, after: `-PT5M`.
    pub from: Span,
}

/// Circumstances that a person weighs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Circumstances {
    /// The fact that keeps them.
    pub fact: String,
    /// The choice's words.
    pub label: Text,
    /// What follows from telling them.
    pub says: Text,
}

/// Days of a coach's that are closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closes {
    /// The flow of the case that sees to it.
    pub flow: String,
    /// The fact of kind `date` that names the first day.
    pub from: String,
    /// … and the last.
    pub to: String,
    /// The request that is raised about each booking there.
    pub raises: String,
}

impl During {
    /// Whether an instant is within it, for a session that begins and ends then (UTC).
    #[must_use]
    pub fn has(&self, at: Timestamp, begins: Timestamp, ends: Timestamp) -> bool {
        begins.checked_sub(self.from).is_ok_and(|from| from <= at) && at < ends
    }
}

impl Wanted {
    /// Whether it may be asked for at an instant about a session that begins and ends then (UTC): while it is ahead, or on
    /// the day itself.
    #[must_use]
    pub fn is_open(&self, at: Timestamp, begins: Timestamp, ends: Timestamp) -> bool {
        self.during.map_or(at < begins, |during| during.has(at, begins, ends))
    }

    /// All facts that it may be given.
    pub fn facts(&self) -> impl Iterator<Item = &String> {
        self.asks.iter().chain(self.circumstances.iter().map(|tells| &tells.fact))
    }
}
