//! The real runtime: every function as its own Lambda binary under the runtime interface emulator, Amazon's DynamoDB
//! Local with its stream, an SES v2 server. Only EventBridge, SQS, the API gateway and the mail provider's events are
//! played here, by the rules of the template that is deployed.
//!
//! ```text
//! scripts/real-parts install
//! cargo build --workspace --bins
//! cargo test -p banto-tests --test real -- --ignored
//! ```
#![expect(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod real {
    mod bookings;
    mod cloud;
    mod gateway;
    mod house;
    mod lambda;
    mod mail;
    mod queue;
    mod stories;
    mod stream;
}
