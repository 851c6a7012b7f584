//! Money asked for, and what was bought with it. Amounts are integers in minor units (yen; pence).

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TokenId;
use super::case::is_usual;
use crate::Id;

/// What was bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// Of the playbook's menus.
    pub menu: String,
    /// How many.
    pub quantity: u32,
    /// Price of one, in minor units, with or without tax as was agreed.
    pub price: i64,
    /// Percent.
    pub rate: u32,
}

/// What is owed at one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tax {
    /// Percent.
    pub rate: u32,
    /// Without tax, in minor units.
    pub net: i64,
    /// The tax, in minor units.
    pub tax: i64,
}

/// Which part of the whole an invoice asks for (分割払い).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Instalment {
    /// Of its menu's plans.
    pub plan: String,
    /// From 1.
    pub n: u32,
    /// How many there are.
    pub of: u32,
    /// The last day to pay the first part on, from which the others are counted.
    pub first_due_on: Date,
}

/// An invoice that the case knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invoice {
    /// Its place among the invoices of the case, from 1.
    pub n: u32,
    /// As people quote it.
    pub number: String,
    /// What was bought.
    pub lines: Vec<Line>,
    /// Tax by rate.
    pub taxes: Vec<Tax>,
    /// With tax, in minor units.
    pub total: i64,
    /// ISO 4217.
    pub currency: String,
    /// The last day to pay on.
    pub due_on: Date,
    /// What came in so far, in minor units.
    pub paid: i64,
    /// Nothing more is asked for: everything came in, or the rest was waived.
    #[serde(default)]
    pub settled: bool,
    /// The rest was waived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waived: bool,
    /// By how much less is asked for than at first, with tax, in minor units (減額).
    #[serde(default, skip_serializing_if = "is_usual")]
    pub reduced: i64,
    /// The token that waits for it; others may be about it as well.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub token: TokenId,
    /// Which part of the whole it is; none: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Instalment>,
    /// How many mails were its receipt: the first, and each that was issued anew.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub receipts: u32,
    /// The flow went on because of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub led_on: bool,
    /// When it was issued (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Timestamp>,
    /// When somebody last looked for the money, and there was none (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Timestamp>,
    /// How far its ladder of mails has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dunned: Option<Dunned>,
    /// When the last payment came in (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// The payments, by the provider's id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub payments: BTreeMap<String, Received>,
}

impl Invoice {
    /// What is still to be paid, in minor units: never less than nothing.
    #[must_use]
    pub fn open(&self) -> i64 {
        if self.settled { 0 } else { self.total.saturating_sub(self.paid).max(0) }
    }

    /// What became of it, in a word: `open`, `paid` or `waived`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match (self.settled, self.waived) {
            (_, true) => "waived",
            (true, false) => "paid",
            (false, false) => "open",
        }
    }
}

/// How far the mails about an invoice have come. A step counts once its mail was taken, and from when it arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dunned {
    /// The last step whose mail the provider took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<String>,
    /// When it arrived; until that is told, when it was taken (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// That mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Id>,
    /// A mail came back, or somebody didn't agree to it: a person decides.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
}

/// A payment as the case knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Received {
    /// What came in, in minor units.
    pub amount: i64,
    /// `stripe`, `generic` or `transfer`; empty when it isn't known any more.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub provider: String,
    /// What of it went back so far.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub refunded: i64,
    /// What of it the payer disputes.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub disputed: i64,
}

/// What was bought and paid for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Package {
    /// Of the playbook's menus.
    pub menu: String,
    /// How many sessions it has.
    pub sessions: u32,
    /// How many are used up.
    pub used: u32,
    /// The last day on which one may be held, in the practice's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<Date>,
}

impl Package {
    /// How many were not used, whether or not they still can be.
    #[must_use]
    pub fn unused(&self) -> u32 {
        self.sessions.saturating_sub(self.used)
    }

    /// How many sessions can still be held on this day.
    #[must_use]
    pub fn left(&self, today: Date) -> u32 {
        let over = self.expires_on.is_some_and(|last| last < today);
        if over { 0 } else { self.unused() }
    }
}
