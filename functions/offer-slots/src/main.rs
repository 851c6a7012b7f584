//! `offer-slots` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::event("offer-slots", |w, e| async move { offer_slots::handle(&w.env, e).await }))
}
