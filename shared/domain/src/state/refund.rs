//! Money that goes back: wanted, asked of the provider once under a key of its own, made.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::State;
use super::case::is_usual;
use crate::Id;

/// A refund of one payment, or of a part of it. Its id is the key under which the provider is asked, however often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refund {
    /// Its place among the refunds of the case, from 1.
    pub n: u32,
    /// The invoice that the payment was for.
    pub invoice: Id,
    /// The provider's id of the payment; of a transfer, the ask on which a person confirmed it.
    pub payment: String,
    /// `stripe`, `generic` or `transfer`.
    pub provider: String,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Where it stands: held when no provider can do it, or will; then a person does.
    #[serde(rename = "call", default, skip_serializing_if = "is_usual")]
    pub state: State,
    /// How many times the provider was asked.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub attempts: u32,
    /// When it was asked first (UTC): providers keep a key for a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When it was made (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_at: Option<Timestamp>,
    /// As people quote it, once it was made.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub number: String,
}

impl Refund {
    /// Whether the money is on its way, and nothing is to be done any more.
    #[must_use]
    pub fn is_made(&self) -> bool {
        self.made_at.is_some()
    }

    /// Whether a person has it.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.state == State::Held && !self.is_made()
    }

    /// Whether the provider is to be asked, or is being asked.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        !self.is_made() && !self.is_held()
    }
}
