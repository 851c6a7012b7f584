//! `follow-up` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::event("follow-up", |w, e| async move { follow_up::handle(&w.env, e).await }))
}
