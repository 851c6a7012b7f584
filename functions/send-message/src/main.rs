//! `send-message` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::event("send-message", |w, e| async move { send_message::handle(&w.env, &w.mailer, e).await }))
}
