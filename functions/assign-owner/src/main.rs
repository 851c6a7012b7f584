//! `assign-owner` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::event("assign-owner", |w, e| async move { assign_owner::handle(&w.env, e).await }))
}
