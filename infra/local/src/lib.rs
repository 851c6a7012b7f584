//! The house on one machine: the same functions, the same AWS clients, the same template; only what lies behind the
//! clients is in this process. A host, never a second implementation: no business rule lives here.
//!
//! ```text
//! bus, queue, mail, cloud       EventBridge, SQS, SES; the case store and all else that the template says: `infra/cloud`
//! store                         what must survive a crash besides the cases
//! house                         key and files: whether they are all there, and belong together
//! door                          by which commands reach a house that runs
//! worker, host, meter           doing what is due; opening, waiting, moving time; counting
//! mailbox                       what was sent, as people read it
//! practice                      what practice mode adds: playbooks, forms, cases to look at
//! ```

mod bus;
pub mod cli;
mod cloud;
pub mod door;
pub mod host;
pub mod house;
pub mod http;
mod ids;
mod mail;
pub mod mailbox;
pub mod meter;
pub mod pages;
pub mod pay;
pub mod practice;
mod queue;
mod sandbox;
mod store;
mod worker;

#[cfg(test)]
mod tests;

// What the house stands on, under one name with it.
pub use banto_cloud::{Mode, clock, engine, plan, registry, router, schedule, template, wire};
pub use store::{DeadLetter, StoreError};
