//! `record-delivery` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::event("record-delivery", |w, e| async move { record_delivery::handle(&w.env, e).await }))
}
