//! `close-days` as a Lambda: wiring only.
use banto_aws::lambda;

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(close_days::function())
}
