//! `confirm-booking` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::event("confirm-booking", |w, e| async move { confirm_booking::handle(&w.env, e).await }))
}
