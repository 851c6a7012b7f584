//! `request-missing-info` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::event(
        "request-missing-info",
        |w, e| async move { request_missing_info::handle(&w.env, e).await },
    ))
}
