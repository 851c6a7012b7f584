//! 不足情報回収: asks only for what is missing, reminds, and gives up politely by `expired`.

use banto_aws::{Env, Result, take_up};
use banto_domain::ask::{self, Opening};
use banto_domain::{Draft, Pending, Rejection, Why, flow};
use serde_json::Value;

/// This function, as asks name their owner.
const OWNER: &str = "request-missing-info";
/// The outcome: everything is known.
const COMPLETE: &str = "complete";

/// Takes up `node.entered`, and `ask.answered` and `timer.fired` of its asks.
///
/// # Errors
/// As [`take_up`].
pub async fn handle(env: &Env, event: Value) -> Result<Value> {
    take_up(env, &event, OWNER, decide).await
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    match (step.why, &step.about) {
        (Why::Entered, _) => ask_or_go_on(draft, &step.what, true),
        (Why::Answered, _) => match flow::current(draft, step)? {
            Some(node) => ask_or_go_on(draft, &node, false),
            None => ask::skip(draft, "the token has moved on"),
        },
        (Why::Fired, Some(ask)) => ask::timer_fired(draft, ask, &step.what),
        _ => ask::skip(draft, "nothing to do with missing information"),
    }
}

/// What may stay empty is asked for once, and never holds anybody up.
fn ask_or_go_on(draft: &mut Draft<'_>, node: &str, first: bool) -> Result<(), Rejection> {
    let playbook = draft.playbook;
    let case = draft.case()?;
    let spec = playbook.node(&case.flow, node).ok_or_else(|| draft.lacks("node", node))?;
    let fields = ask::missing(case, &spec.facts);
    let may_stay_empty = |name: &String| playbook.facts.get(name).is_some_and(|f| f.optional);
    if fields.is_empty() || (!first && fields.iter().all(may_stay_empty)) {
        return flow::advance(draft, COMPLETE);
    }
    let question = spec.question.as_deref().ok_or_else(|| draft.lacks("question of the node", node))?;
    ask::open(draft, Opening { question, owner: OWNER, node, fields, ..Opening::default() }).map(|_| ())
}
