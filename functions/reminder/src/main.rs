//! `reminder` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::event("reminder", |w, e| async move { reminder::handle(&w.env, e).await }))
}
