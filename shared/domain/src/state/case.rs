//! The snapshot of a case: the fold of its journal. It says where tokens stand, what is pending, what is timed, and so
//! when to look again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Ask, Booking, Counters, Fact, Invoice, Message, Package, Pending, Refund, Request, Scope, Settlement, Suspension,
    Timer, Token,
};
use super::{TokenId, What};
use crate::{CaseKey, Id};

/// The version that new snapshots carry. A snapshot of an earlier version is folded anew from the journal.
pub const VERSION: u32 = 2;

/// What stops all automation for a customer, as [`Suspension::by`] names it.
pub const EMERGENCY: &str = "emergency";

/// Open, or finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Somebody still expects something.
    Open,
    /// Nothing more will be asked; what is on its way still leaves.
    Closed,
}

/// Something of a case with a state of its own. Closed tracks leave the snapshot; the journal has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "track", rename_all = "kebab-case")]
pub enum Track {
    /// A question.
    Ask(Ask),
    /// One outgoing mail.
    Message(Message),
    /// A seat in a coach's day.
    Booking(Booking),
    /// Money asked for.
    Invoice(Invoice),
    /// Money that goes back.
    Refund(Refund),
    /// Something wanted outside the flow.
    Request(Request),
    /// How one was settled that was dealt with, until it is told.
    Settlement(Settlement),
}

/// The kinds of track, as they are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "named as the tracks themselves")]
pub enum TrackKind {
    Ask,
    Message,
    Booking,
    Invoice,
    Refund,
    Request,
    Settlement,
}

impl Track {
    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> TrackKind {
        match self {
            Self::Ask(_) => TrackKind::Ask,
            Self::Message(_) => TrackKind::Message,
            Self::Booking(_) => TrackKind::Booking,
            Self::Invoice(_) => TrackKind::Invoice,
            Self::Refund(_) => TrackKind::Refund,
            Self::Request(_) => TrackKind::Request,
            Self::Settlement(_) => TrackKind::Settlement,
        }
    }
}

/// Whether a value goes without saying: the snapshot stays small.
pub(crate) fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// Flow of the main token.
    pub flow: String,
    /// The form it came through.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub form: String,
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
    /// Where tokens stand; none after the end.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tokens: BTreeMap<TokenId, Token>,
    /// What is known, with marks in the place of personal values.
    pub facts: BTreeMap<String, Fact>,
    /// A payload that could not be understood, or not all of it: whoever decides must see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound: Option<Id>,
    /// How much there was so far.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub counters: Counters,
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
    /// What was proposed to the customer because of something they wrote, and when they wrote it (UTC). What it was about must
    /// still stand as it did.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub proposed: BTreeMap<String, Timestamp>,
    /// What is stopped.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub suspensions: BTreeMap<Id, Suspension>,
    /// Open tracks.
    pub tracks: BTreeMap<Id, Track>,
    /// Steps that somebody must take up.
    pub pending: BTreeMap<Id, Pending>,
    /// What to look at again.
    pub timers: BTreeMap<Id, Timer>,
}

/// Finds the tracks of one kind: `bookings()`, `booking(id)`, `booking_in(ids)`.
macro_rules! tracks {
    ($($(#[$doc:meta])* $all:ident, $one:ident, $within:ident: $kind:ident;)*) => {
        impl Case {
            $(
                $(#[$doc])*
                pub fn $all(&self) -> impl Iterator<Item = (&Id, &$kind)> {
                    self.tracks.iter().filter_map(|(id, track)| match track {
                        Track::$kind(found) => Some((id, found)),
                        _ => None,
                    })
                }

                /// One of them, while it is open.
                #[must_use]
                pub fn $one(&self, id: &Id) -> Option<&$kind> {
                    match self.tracks.get(id) {
                        Some(Track::$kind(found)) => Some(found),
                        _ => None,
                    }
                }

                /// The one among these tracks, while it is open.
                #[must_use]
                pub fn $within<'a>(&'a self, tracks: &[Id]) -> Option<(&'a Id, &'a $kind)> {
                    tracks.iter().rev().find_map(|id| match self.tracks.get_key_value(id)? {
                        (id, Track::$kind(found)) => Some((id, found)),
                        _ => None,
                    })
                }
            )*
        }
    };
}

tracks! {
    /// All open asks.
    asks, ask, ask_in: Ask;
    /// All messages that haven't found their end.
    messages, message, message_in: Message;
    /// All open bookings.
    bookings, booking, booking_in: Booking;
    /// All invoices of which something may still come.
    invoices, invoice, invoice_in: Invoice;
    /// All refunds that are under way or spoken of.
    refunds, refund, refund_in: Refund;
    /// All open requests.
    requests, request, request_in: Request;
    /// How requests were settled that mails still tell of.
    settlements, settlement, settlement_in: Settlement;
}

impl Case {
    /// The earliest instant at which something must be looked at (UTC).
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        let watchdogs = self.awake_steps().filter_map(|(_, p)| p.watchdog_at);
        self.awake_timers().map(|(_, t)| t.at).chain(watchdogs).min()
    }

    /// Timers that may fire: not those of what is stopped.
    pub fn awake_timers(&self) -> impl Iterator<Item = (&Id, &Timer)> {
        self.timers.iter().filter(|(_, t)| !self.is_stopped(t.about.as_ref(), None))
    }

    /// Steps that may be taken up.
    pub fn awake_steps(&self) -> impl Iterator<Item = (&Id, &Pending)> {
        self.pending.iter().filter(|(cause, step)| self.is_ready(cause, step))
    }

    /// Promise 13: an open case always has a next.
    #[must_use]
    pub fn is_forgotten(&self) -> bool {
        self.status == Status::Open && self.due_at().is_none()
    }

    /// The main token.
    #[must_use]
    pub fn main(&self) -> Option<&Token> {
        self.tokens.get(&TokenId::default())
    }

    /// The flow of what belongs to a node: the case's own, unless it names another.
    #[must_use]
    pub fn flow_of<'a>(&'a self, flow: Option<&'a String>) -> &'a str {
        flow.unwrap_or(&self.flow)
    }

    /// The tracks that a token is about.
    #[must_use]
    pub fn carried(&self, token: &TokenId) -> &[Id] {
        self.tokens.get(token).map_or(&[], |t| &t.tracks)
    }

    /// The emergency that stops all automation for this customer.
    #[must_use]
    pub fn emergency(&self) -> Option<&Id> {
        self.suspensions.iter().find(|(_, s)| s.by == EMERGENCY).map(|(id, _)| id)
    }

    /// Whether this step waits until what stops it is over. Tasks for people, and mails to them, go on, and so does what
    /// gives a slot back.
    #[must_use]
    pub fn is_suspended(&self, step: &Pending) -> bool {
        let always = step.task().is_some() || matches!(step.what, What::Raised | What::Released { .. });
        !always && self.is_stopped(step.about(), Some(&step.token))
    }

    /// Whether a function may take a step up now: nothing stops it, and it isn't of a token that ran too often, which moves
    /// when a person says so.
    #[must_use]
    pub fn is_ready(&self, cause: &Id, step: &Pending) -> bool {
        let parked = self.tokens.values().any(|t| t.parked && t.entered == *cause);
        !parked && !self.is_suspended(step)
    }

    /// Whether something stops what stands behind a step or a timer. A flow never stops itself.
    fn is_stopped(&self, about: Option<&Id>, token: Option<&TokenId>) -> bool {
        let flow = self.flow_behind(about, token);
        self.suspensions.values().filter(|s| flow != Some(s.by.as_str())).any(|s| match &s.scope {
            Scope::Case => self.is_automatic(about),
            Scope::Track { track } => self.is_automatic(about) && about.is_some_and(|id| self.concerns(id, track)),
            Scope::Mails { topic } => {
                let mail = about.and_then(|id| self.message(id));
                mail.is_some_and(|m| m.to.is_outside() && m.topic == *topic)
            }
        })
    }

    /// The side flow that something belongs to.
    fn flow_behind(&self, about: Option<&Id>, token: Option<&TokenId>) -> Option<&str> {
        let of_token = |token: &TokenId| self.tokens.get(token).map(|t| t.flow.as_str());
        match about.and_then(|id| self.tracks.get(id)) {
            Some(Track::Ask(ask)) => ask.flow.as_deref(),
            Some(Track::Message(message)) => message.flow.as_deref(),
            _ => {
                let waits = about.and_then(|visit| self.tokens.values().find(|t| t.entered == *visit));
                waits.map(|t| t.flow.as_str()).or_else(|| token.filter(|t| !t.is_main()).and_then(of_token))
            }
        }
    }

    /// Whether something is this track, or about it.
    fn concerns(&self, id: &Id, track: &Id) -> bool {
        let about = match self.tracks.get(id) {
            Some(Track::Ask(ask)) => ask.concerns(track),
            Some(Track::Message(message)) => message.tracks.contains(track),
            _ => false,
        };
        id == track || about
    }

    /// Whether what stands behind a step or a timer is automation for the customer.
    pub(crate) fn is_automatic(&self, about: Option<&Id>) -> bool {
        match about.and_then(|id| self.tracks.get(id)) {
            Some(Track::Message(message)) => message.to.is_outside() && !message.is_of_emergency(),
            Some(Track::Ask(ask)) => !ask.is_task(),
            Some(
                Track::Booking(_) | Track::Invoice(_) | Track::Refund(_) | Track::Request(_) | Track::Settlement(_),
            )
            | None => true,
        }
    }

    /// The value of a plain fact.
    #[must_use]
    pub fn plain(&self, fact: &str) -> Option<&str> {
        match self.facts.get(fact) {
            Some(Fact::Plain(value)) => Some(value),
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
