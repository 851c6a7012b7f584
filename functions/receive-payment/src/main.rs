//! `receive-payment` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::http("receive-payment", |w, r| async move { receive_payment::handle(&w.env, r).await }))
}
