//! 受付・分類: sorts an inquiry by the playbook's keywords. Not sure: an operator decides.

use banto_aws::Function;
use banto_domain::rules::flow::{self, Here};
use banto_domain::rules::{ask, classify};
use banto_domain::steps::CLASSIFY_INQUIRY;
use banto_domain::{Draft, Entry, Pending, Rejection};

/// Takes up `node.entered`.
#[must_use]
pub fn function() -> Function {
    Function::step(CLASSIFY_INQUIRY, decide)
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    flow::take_up(draft, step, sort, |draft, _, _| ask::skip(draft, "it asks nothing"))
}

fn sort<'a>(draft: &mut Draft<'a>, here: &Here<'a>) -> Result<(), Rejection> {
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
    flow::advance(draft, &here.token, &verdict.outcome)
}
