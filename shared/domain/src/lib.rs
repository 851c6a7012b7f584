//! The rules of the back office, pure: no I/O, no async, no clock, no randomness, no environment.
//!
//! ```text
//! rules      what may happen: decisions
//! state      what there is: entries, and the case that they fold to
//! steps      the contract of each step
//! playbook   what was agreed with a client
//! id, keys   names, and keyed hashes (HMAC)
//! ```
//!
//! Arrows point down.

pub mod id;
pub mod keys;
pub mod playbook;
pub mod rules;
pub mod state;
pub mod steps;

pub use id::{CaseId, CaseKey, ClientId, Id};
pub use playbook::Playbook;
pub use rules::{Draft, Rejection};
pub use state::{Actor, Case, Commit, Entry, Pending, Stamped, Status, StoredCommit, Timer, TokenId, Track, What};
