//! 受付・分類: sorts an inquiry by the playbook's keywords. Not sure: an operator decides.

use banto_aws::{Env, Result, take_up};
use banto_domain::{Draft, Entry, Pending, Rejection, classify, flow};
use serde_json::Value;

/// Takes up `node.entered`.
///
/// # Errors
/// As [`take_up`].
pub async fn handle(env: &Env, event: Value) -> Result<Value> {
    take_up(env, &event, "classify-inquiry", decide).await
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, _: &Pending) -> Result<(), Rejection> {
    let rules = &draft.playbook.classification;
    let facts = &draft.case()?.facts;
    let texts: Vec<&str> = rules.read.iter().filter_map(|name| draft.personal().value(facts, name)).collect();
    let verdict = classify::classify(rules, &texts);
    draft.push(Entry::InquiryClassified {
        category: verdict.category,
        score: verdict.score,
        runner_up: verdict.runner_up,
        matched: verdict.matched,
    })?;
    flow::advance(draft, &verdict.outcome)
}
