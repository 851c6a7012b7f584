//! The house on one machine: the same functions, the same AWS clients, the same template; only what lies behind the
//! clients is in this process. A host, never a second implementation: no business rule lives here.
//!
//! ```text
//! template, pattern, router, schedule   what the template says, read and checked
//! plan                                  template and functions brought together
//! wire                                  the SDK clients' connector; every layer is a Backend
//! engine, bus, queue, mail, cloud       DynamoDB, EventBridge, SQS, SES
//! store                                 what must survive a crash besides the cases
//! worker, host, clock, meter            doing what is due; opening, waiting, moving time; counting
//! mailbox                               what was sent, as people read it
//! simulate                              small worlds where everything goes wrong, and the promises checked in them
//! practice                              what practice mode adds: playbooks, forms, cases to look at
//! ```

mod bus;
pub mod cli;
pub mod clock;
mod cloud;
pub mod engine;
pub mod host;
pub mod http;
mod ids;
mod mail;
pub mod mailbox;
pub mod meter;
pub mod pages;
pub mod pattern;
pub mod pay;
pub mod plan;
pub mod practice;
mod pulse;
mod queue;
pub mod registry;
pub mod router;
pub mod schedule;
pub mod simulate;
mod store;
pub mod template;
pub mod wire;
mod worker;

#[cfg(test)]
mod tests;

pub use pulse::Mode;
pub use store::{DeadLetter, StoreError};
