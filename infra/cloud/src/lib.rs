//! What the functions reach, answered in process, and what the template says of them: the ground under the host on one
//! machine and the simulator. Owns no time, no order and no business rule: who stands on it decides what happens when.
//!
//! ```text
//! template, pattern, router, schedule   what the template says, read and checked
//! registry, plan                        every function; template and functions brought together
//! wire                                  the SDK clients' connector; every layer is a Backend
//! engine                                DynamoDB
//! clock, pulse                          a clock that is moved; who waits for what is stored
//! stripe                                how the payment provider signs
//! ```

pub mod clock;
pub mod engine;
pub mod pattern;
pub mod plan;
mod pulse;
pub mod registry;
pub mod router;
pub mod schedule;
pub mod stripe;
pub mod template;
pub mod wire;

#[cfg(test)]
mod tests;

pub use pulse::{Mode, Pulse};
pub use stripe::stripe_signature;
