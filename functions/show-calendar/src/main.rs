//! `show-calendar` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::http("show-calendar", |w, r| async move { show_calendar::handle(&w.env, r).await }))
}
