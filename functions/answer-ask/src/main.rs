//! `answer-ask` as a Lambda: wiring only.
use banto_aws::{Function, lambda};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    lambda::run(Function::http("answer-ask", |w, r| async move { answer_ask::handle(&w.env, r).await }))
}
