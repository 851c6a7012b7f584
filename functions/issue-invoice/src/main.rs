//! `issue-invoice` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::event("issue-invoice", |w, e| async move { issue_invoice::handle(&w.env, e).await }))
}
