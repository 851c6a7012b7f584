//! `notify` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::event("notify", |w, e| async move { notify::handle(&w.env, e).await }))
}
