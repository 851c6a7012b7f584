//! The rules of the back office, pure: no I/O, no async, no clock, no randomness, no environment.
//!
//! ```text
//! playbook   what was agreed with a client: forms, facts, categories, asks, templates, flows
//! entry      a fact about a case
//! commit     the entries of one step, hashed and claimed; the journal is all commits
//! case       the snapshot: the fold of the journal, with its token, tracks, pending steps and timers
//! draft      a commit in the making: pushes entries, folds as it goes
//! flow       the routing slip: entering nodes, leaving them by an outcome
//! ask        opening, nudging, answering (`decide_answer`), expiring
//! booking    a seat in a coach's day: held, confirmed, and then held or missed; menus, reminders
//! calendar   when sessions may be held, what is taken, what can be offered; holidays
//! billing    invoices, tax, payments
//! policy     what a rule may decide
//! emergency  promise 14: stopping, resuming, handing over
//! message    intents, what must still hold, and the gate
//! migrate    whether a case may go on under another version of its playbook
//! classify   受付・分類 by keywords
//! fact       values of customers, personal or plain by type
//! due        what wakes a case, and what waking does
//! keys       link tokens, look-ups and marks (HMAC)
//! verify     the hash chain
//! ```

pub mod ask;
pub mod billing;
pub mod booking;
pub mod calendar;
pub mod case;
pub mod classify;
pub mod commit;
pub mod draft;
pub mod due;
pub mod emergency;
pub mod entry;
pub mod fact;
pub mod flow;
pub mod holidays;
pub mod id;
pub mod inquiry;
pub mod keys;
pub mod message;
pub mod migrate;
pub mod playbook;
pub mod policy;
pub mod upcast;
pub mod verify;

pub use case::{Case, Pending, Status, Timer, Track, Why};
pub use commit::{Commit, StoredCommit};
pub use draft::{Draft, Rejection};
pub use entry::{Actor, Entry, Stamped};
pub use id::{CaseId, CaseKey, ClientId, Id};
pub use playbook::Playbook;
