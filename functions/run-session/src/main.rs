//! `run-session` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::event("run-session", |w, e| async move { run_session::handle(&w.env, e).await }))
}
