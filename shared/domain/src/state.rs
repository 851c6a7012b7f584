//! What there is: entries, and what they fold to. Data and fold only; nothing here decides.
//!
//! ```text
//! entry     a fact about a case; commit: the entries of one step, hashed and claimed; the journal is all commits
//! case      the snapshot; fold: what each entry does to it; verify: the hash chain; upcast: old shapes
//! token     where the case stands, and what is stopped
//! pending   steps that somebody must take up, and timers
//! ask, message, booking, invoice, refund, request   tracks
//! day       a coach's civil day, and slots by name
//! fact      values of customers: marks in the journal, values apart
//! payment   the mark of a provider's payment
//! stages    how far what a practice sends has gone live
//! standing  what an address that nobody proved has used up
//! counters  how much there was so far
//! ```

mod actor;
mod ask;
mod booking;
mod case;
pub mod commit;
mod counters;
mod day;
mod entry;
mod fact;
mod fold;
mod invoice;
mod message;
mod payment;
mod pending;
mod refund;
mod request;
mod stages;
mod standing;
mod token;
pub mod upcast;
pub mod verify;

pub use actor::Actor;
pub use ask::{Ask, Code, MAX_WRONG_CODES, Seeks};
pub use booking::{Booking, Moment, Seat};
pub use case::{Case, EMERGENCY, Status, Track, TrackKind, VERSION};
pub use commit::{Commit, Event, StoredCommit};
pub use counters::{Counters, MAX_MAILS, MAX_TOKENS, MAX_VISITS, Tally, visited};
pub use day::{Day, Hours, NotFree, Room, Slot, Taken};
pub use entry::{ENTRY_TYPES, Entry, Stamped};
pub use fact::{Fact, Personal};
pub use fold::FoldError;
pub use invoice::{Dunned, Instalment, Invoice, Line, Package, Received, Tax};
pub use message::{Hold, Message, Party, State};
pub use payment::{PaymentMark, Turn, Waiting};
pub use pending::{
    DEADLINE, DEFERRED, DUE, LEASE_END, MAX_RETRIES, NUDGE, Pending, REMINDS, SESSION_END, STARTS, Timer, WAIT_END,
    WATCHDOG, What,
};
pub use refund::Refund;
pub use request::{Request, Settlement};
pub use stages::{Moved, Staged, Stages};
pub use standing::{MAX_CASES, MAX_MORE, MAX_TO_STRANGERS, Standing};
pub use token::{Scope, Suspension, Token, TokenId};
