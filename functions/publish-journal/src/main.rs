//! `publish-journal` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(
        Function::event("publish-journal", |w, e| async move { publish_journal::handle(&w.publisher, e).await })
            .without_store(),
    )
}
