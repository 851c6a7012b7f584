//! What a commit writes, or wants to hold, beside the case: a seat in a coach's day, a stop for an address, a payment's
//! mark. It comes out of the same decision; the ledger only carries it out, in the same transaction.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::Id;
use crate::state::{Day, PaymentMark, Stages, Standing};

/// One of them. Addresses stand here as they are written; the ledger keeps only their HMAC under the client's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Also {
    /// Stores a payload as it came.
    Inbound {
        /// Its id.
        id: Id,
        /// Its bytes.
        body: Vec<u8>,
    },
    /// Makes the case findable by the value of a fact: an address, or what a form reaches it by.
    LookUp {
        /// The fact.
        fact: String,
        /// Its value.
        value: String,
    },
    /// Counts one of a kind: an unsigned submission, a mail to somebody; fails when it would be one too many.
    Rate {
        /// The kind: the form, or whose mails.
        of: String,
        /// How many there may be.
        most: u32,
        /// Within how many minutes, counted from the epoch.
        minutes: u32,
        /// The present instant.
        now: Timestamp,
    },
    /// Fails when this template was revoked.
    NotRevoked {
        /// The template.
        template: String,
    },
    /// Fails when mails must not go to this address.
    NotSuppressed {
        /// The address.
        address: String,
    },
    /// From now on mails must not go to this address.
    Suppress {
        /// The address.
        address: String,
    },
    /// From now on nothing is promoted to this address.
    Unsubscribe {
        /// The address.
        address: String,
    },
    /// Fails when nothing may be promoted to this address.
    NotUnsubscribed {
        /// The address.
        address: String,
    },
    /// Fails when an emergency stopped automation for this address.
    NotStopped {
        /// The address.
        address: String,
    },
    /// Stops automation for this address.
    Stop {
        /// The address.
        address: String,
    },
    /// Automation for this address may go on.
    Resume {
        /// The address.
        address: String,
    },
    /// An answer, a signed provider or a person proved that this address is its owner's.
    Prove {
        /// The address.
        address: String,
    },
    /// Changes what an address that nobody proved has used up; fails when something else changed it meanwhile.
    Standing {
        /// The address.
        address: String,
        /// As it will be; it was one revision before.
        standing: Standing,
    },
    /// Moves parts of what the practice sends; fails when somebody else moved any meanwhile.
    Stages {
        /// As they will be; they were one revision before.
        stages: Stages,
    },
    /// Fails when any part was moved since this revision.
    StagesStand {
        /// The revision; 0 when none ever was.
        rev: u64,
    },
    /// Counts one more answer to approvals of a part.
    Tally {
        /// What they are counted by.
        of: String,
        /// The answer.
        answer: String,
    },
    /// Changes a coach's day; fails when somebody else changed it meanwhile.
    Day {
        /// The coach's short name.
        coach: String,
        /// The civil day in the coach's zone.
        date: Date,
        /// As it will be; it was one revision before.
        day: Day,
    },
    /// Changes the mark of a provider's payment: a case counts it, or something waits for it. Fails when something else
    /// changed it meanwhile, so that neither misses the other.
    Payment {
        /// The provider's id.
        payment: String,
        /// As it will be; it was one revision before.
        mark: PaymentMark,
    },
    /// Makes a version live that was proposed; fails when another one is by now.
    Publish(Proposal),
}

/// A version that was proposed and is to be live, with what it stands for in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its number.
    pub version: u32,
    /// SHA-256 (hex) of its text.
    pub hash: String,
    /// Its own item: its text, or the beginning of it.
    pub text: String,
    /// How many items hold the rest.
    pub parts: usize,
    /// What was live when it was looked at; it must still be so.
    pub live: String,
    /// Who approved it, by short name.
    pub approved_by: Vec<String>,
    /// When it becomes live.
    pub at: Timestamp,
}
