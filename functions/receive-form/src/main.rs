//! `receive-form` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::http("receive-form", |w, r| async move { receive_form::handle(&w.env, r).await }))
}
