//! `open-ask` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::event("open-ask", |w, e| async move { open_ask::handle(&w.env, e).await }))
}
