//! `send-guide` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::event("send-guide", |w, e| async move { send_guide::handle(&w.env, e).await }))
}
