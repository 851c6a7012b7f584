//! The snapshot of a case: the fold of its journal. It says what is pending, what is timed, and so when to look again.
//!
//! ```text
//! case/fold.rs  what each entry does to it
//! ```

mod fold;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ask::Ask;
use crate::billing::Invoice;
use crate::booking::Booking;
use crate::fact::Fact;
use crate::message::Message;
use crate::{CaseKey, Id};

pub use fold::FoldError;

/// The version that new snapshots carry. A snapshot of another version is folded anew from the journal.
pub const VERSION: u32 = 1;
/// How long a step may take before it is asked for again: twice what Lambda's own two retries need.
pub const WATCHDOG: SignedDuration = SignedDuration::from_mins(5);
/// How many times a step is asked for again before a person must look, and how often the wait for it doubles.
pub const MAX_RETRIES: u32 = 5;

/// Open, or finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Somebody still expects something.
    Open,
    /// Nothing more will be asked; what is on its way still leaves.
    Closed,
}

/// Where the main token stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Node of the flow.
    pub node: String,
    /// The `node.entered` that brought it here: tells a visit from an earlier one.
    pub entered: Id,
}

/// Why a step is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The token entered a node.
    Entered,
    /// An ask was answered.
    Answered,
    /// A timer fired.
    Fired,
    /// A message is wanted.
    Intended,
    /// A booking was given up.
    Released,
    /// An invoice was paid.
    Settled,
    /// A payment did not succeed.
    Failed,
    /// An emergency word was found.
    Raised,
}

/// A step that somebody must take up. Keyed by the entry that caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The function that must.
    pub action: String,
    /// What happened.
    pub why: Why,
    /// The track it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Id>,
    /// The answer, the node, the timer's name, or the slot that was given up; empty for a message.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub what: String,
    /// The visit of a node (its `node.entered`) that it belongs to: a step for an earlier visit draws no consequences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<Id>,
    /// The node of the ask, when it is an answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub node: String,
    /// What the task was about, when it is the answer to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Id>,
    /// When it is asked for again (UTC); `None` once a person has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watchdog_at: Option<Timestamp>,
    /// How many times it was asked for again.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub attempts: u32,
}

/// Something to look at again later. It carries no decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// When (UTC).
    pub at: Timestamp,
    /// What for: `deadline`, `nudge`, `lease`, `deferred`, `reminder:` and its name, `session-end`, `due`.
    pub name: String,
    /// The function that decides when it fires.
    pub action: String,
    /// The track it belongs to, and dies with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Id>,
}

/// Something that runs beside the token, with a state of its own. Closed tracks leave the snapshot; the journal has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "track", rename_all = "kebab-case")]
pub enum Track {
    /// A question to one person.
    Ask(Ask),
    /// One outgoing mail.
    Message(Message),
    /// A seat in a coach's day.
    Booking(Booking),
    /// Money asked for.
    Invoice(Invoice),
}

/// What was bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// Whether a value goes without saying: the snapshot stays small.
pub(crate) fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Version of the snapshot's shape.
    pub v: u32,
    /// The case.
    #[serde(flatten)]
    pub key: CaseKey,
    /// Number of commits.
    pub seq: u64,
    /// SHA-256 (hex) of the last commit's bytes.
    pub head: String,
    /// UTC.
    pub opened_at: Timestamp,
    /// When the last commit was recorded (UTC).
    pub recorded_at: Timestamp,
    /// Flow of the playbook.
    pub flow: String,
    /// The playbook that the case keeps.
    pub playbook_version: u32,
    /// `ja` or `en`, for the customer.
    pub language: String,
    /// The customer.
    pub person: Id,
    /// Open or closed.
    pub status: Status,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Where the token stands; none before the first node and after the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// What is known, with marks in the place of personal values.
    pub facts: BTreeMap<String, Fact>,
    /// A payload that could not be understood, or not all of it: whoever decides must see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound: Option<Id>,
    /// How many messages were wanted so far.
    pub messages: u32,
    /// How many bookings were made so far.
    #[serde(default)]
    pub bookings_made: u32,
    /// How many invoices were issued so far.
    #[serde(default)]
    pub invoices_issued: u32,
    /// How many sessions were held so far, by menu; those that were missed and count all the same too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub held: BTreeMap<String, u32>,
    /// What was bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
    /// Days on which a coach opened hours for this customer; they are offered first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opened: Vec<Date>,
    /// The coach of the last booking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coach: Option<String>,
    /// Who looks after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The emergency that stopped all automation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Id>,
    /// Open tracks.
    pub tracks: BTreeMap<Id, Track>,
    /// Steps that somebody must take up.
    pub pending: BTreeMap<Id, Pending>,
    /// What to look at again.
    pub timers: BTreeMap<Id, Timer>,
}

impl Case {
    /// The earliest instant at which something must be looked at (UTC).
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        let watchdogs = self.awake_steps().filter_map(|(_, p)| p.watchdog_at);
        self.awake_timers().map(|(_, t)| t.at).chain(watchdogs).min()
    }

    /// Timers that may fire: not those of a customer whose automation is stopped.
    pub fn awake_timers(&self) -> impl Iterator<Item = (&Id, &Timer)> {
        let stopped = self.stopped.is_some();
        self.timers.iter().filter(move |(_, t)| !stopped || !self.is_automatic(t.about.as_ref()))
    }

    /// Steps that may be taken up.
    pub fn awake_steps(&self) -> impl Iterator<Item = (&Id, &Pending)> {
        self.pending.iter().filter(|(_, step)| !self.is_suspended(step))
    }

    /// Promise 13: an open case always has a next.
    #[must_use]
    pub fn is_forgotten(&self) -> bool {
        self.status == Status::Open && self.due_at().is_none()
    }

    /// The value of a plain fact.
    #[must_use]
    pub fn plain(&self, fact: &str) -> Option<&str> {
        match self.facts.get(fact) {
            Some(Fact::Plain(value)) => Some(value),
            _ => None,
        }
    }

    /// An open ask.
    #[must_use]
    pub fn ask(&self, id: &Id) -> Option<&Ask> {
        match self.tracks.get(id) {
            Some(Track::Ask(ask)) => Some(ask),
            _ => None,
        }
    }

    /// A message that hasn't found its end.
    #[must_use]
    pub fn message(&self, id: &Id) -> Option<&Message> {
        match self.tracks.get(id) {
            Some(Track::Message(message)) => Some(message),
            _ => None,
        }
    }

    /// All messages that haven't found their end.
    pub fn open_messages(&self) -> impl Iterator<Item = (&Id, &Message)> {
        self.tracks.iter().filter_map(|(id, track)| match track {
            Track::Message(message) => Some((id, message)),
            _ => None,
        })
    }

    /// All open asks.
    pub fn asks(&self) -> impl Iterator<Item = (&Id, &Ask)> {
        self.tracks.iter().filter_map(|(id, track)| match track {
            Track::Ask(ask) => Some((id, ask)),
            _ => None,
        })
    }

    /// All open bookings.
    pub fn bookings(&self) -> impl Iterator<Item = (&Id, &Booking)> {
        self.tracks.iter().filter_map(|(id, track)| match track {
            Track::Booking(booking) => Some((id, booking)),
            _ => None,
        })
    }

    /// The booking that was made last, while it is open.
    #[must_use]
    pub fn booking(&self) -> Option<(&Id, &Booking)> {
        self.bookings().max_by_key(|(_, b)| b.n)
    }

    /// An open booking.
    #[must_use]
    pub fn booking_of(&self, id: &Id) -> Option<&Booking> {
        match self.tracks.get(id) {
            Some(Track::Booking(booking)) => Some(booking),
            _ => None,
        }
    }

    /// The invoice that was issued last.
    #[must_use]
    pub fn invoice(&self) -> Option<(&Id, &Invoice)> {
        let invoices = self.tracks.iter().filter_map(|(id, track)| match track {
            Track::Invoice(invoice) => Some((id, invoice)),
            _ => None,
        });
        invoices.max_by_key(|(_, i)| i.n)
    }

    /// An invoice.
    #[must_use]
    pub fn invoice_of(&self, id: &Id) -> Option<&Invoice> {
        match self.tracks.get(id) {
            Some(Track::Invoice(invoice)) => Some(invoice),
            _ => None,
        }
    }

    /// Whether something was bought and paid.
    #[must_use]
    pub fn has_paid(&self) -> bool {
        self.package.is_some()
    }

    /// How many paid sessions can still be held on this day.
    #[must_use]
    pub fn sessions_left(&self, today: Date) -> u32 {
        self.package.as_ref().map_or(0, |p| p.left(today))
    }
}
