//! `classify-inquiry` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::event("classify-inquiry", |w, e| async move { classify_inquiry::handle(&w.env, e).await }))
}
