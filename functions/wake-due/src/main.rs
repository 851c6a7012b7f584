//! `wake-due` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::event("wake-due", |w, e| async move { wake_due::handle(&w.env, e).await }))
}
