//! What a case expects: steps that somebody must take up, and timers. Keyed by the entry that caused them.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::is_usual;
use super::{Seeks, TokenId};
use crate::Id;

/// How long a step may take before it is asked for again: twice what Lambda's own two retries need.
pub const WATCHDOG: SignedDuration = SignedDuration::from_mins(5);
/// How many times a step is asked for again before a person must look, and how often the wait for it doubles.
pub const MAX_RETRIES: u32 = 5;

/// The timer at an ask's deadline.
pub const DEADLINE: &str = "deadline";
/// The timer at which whoever was asked is reminded.
pub const NUDGE: &str = "nudge";
/// The timer at the end of a mail's lease.
pub const LEASE_END: &str = "lease";
/// The timer at which a mail is tried again.
pub const DEFERRED: &str = "deferred";
/// The timer at the end of a session.
pub const SESSION_END: &str = "session-end";
/// The timer at the end of the last day to pay on.
pub const DUE: &str = "due";
/// The timer at which a wait is over.
pub const WAIT_END: &str = "wait";
/// What stands before a reminder's name in its timer's.
pub const REMINDS: &str = "reminder:";
/// What stands before a flow's name in the timer that starts it.
pub const STARTS: &str = "start:";

/// What happened that a step must be taken up for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum What {
    /// A token entered a node.
    Entered {
        /// The node.
        node: String,
    },
    /// An ask was answered.
    Answered {
        /// The ask.
        ask: Id,
        /// One of its answers.
        answer: String,
        /// The flow of its node, if not the case's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow: Option<String>,
        /// Its node.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        node: String,
        /// What a person had to deal with, when it was a task.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<Id>,
        /// The tracks that it was about.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tracks: Vec<Id>,
        /// The approval that it was a step of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seeks: Option<Box<Seeks>>,
    },
    /// A timer fired.
    Fired {
        /// Its name.
        timer: String,
        /// What it belonged to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Id>,
    },
    /// A message is wanted.
    Intended {
        /// The message.
        message: Id,
    },
    /// A booking was given up.
    Released {
        /// The booking.
        booking: Id,
        /// The slot's name.
        slot: String,
    },
    /// An invoice was paid.
    Settled {
        /// The invoice.
        invoice: Id,
    },
    /// A payment did not succeed.
    Failed {
        /// The invoice.
        invoice: Id,
    },
    /// Money is to go back, or something came of that.
    Refund {
        /// The refund.
        refund: Id,
    },
    /// An emergency word was found.
    Raised,
}

/// A step that somebody must take up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pending {
    /// The function that must.
    pub action: String,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
    /// The token that it moves.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub token: TokenId,
    /// The visit of a node (its `node.entered`) that it belongs to: a step for an earlier visit draws no consequences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<Id>,
    /// When it is asked for again (UTC); `None` once a person has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watchdog_at: Option<Timestamp>,
    /// How many times it was asked for again.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub attempts: u32,
}

impl Pending {
    /// The track, ask or message that it is about.
    #[must_use]
    pub fn about(&self) -> Option<&Id> {
        match &self.what {
            What::Entered { .. } | What::Raised => None,
            What::Answered { ask, .. } => Some(ask),
            What::Fired { about, .. } => about.as_ref(),
            What::Intended { message } => Some(message),
            What::Released { booking, .. } => Some(booking),
            What::Refund { refund } => Some(refund),
            What::Settled { invoice } | What::Failed { invoice } => Some(invoice),
        }
    }

    /// What a person had to deal with, when it is the answer to a task.
    #[must_use]
    pub fn task(&self) -> Option<&Id> {
        match &self.what {
            What::Answered { task, .. } => task.as_ref(),
            _ => None,
        }
    }
}

/// Something to look at again later. It carries no decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Timer {
    /// When (UTC).
    pub at: Timestamp,
    /// What for: one of the names above.
    pub name: String,
    /// The function that decides when it fires.
    pub action: String,
    /// The track, or the visit of a node, that it belongs to, and dies with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Id>,
}

/// When a step asked for at `at` is asked for again: 5, 10, 20, 40, 80 minutes, then every 160.
pub(super) fn watchdog(at: Timestamp, attempt: u32) -> Timestamp {
    let wait = WATCHDOG.saturating_mul(1 << attempt.min(MAX_RETRIES));
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
