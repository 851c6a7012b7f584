//! フォロー: thanks and a survey after a session, then the next one while the package has some left, or the close.

use banto_aws::{Env, Result, take_up};
use banto_domain::ask::{self, Opening};
use banto_domain::message::{self, Intent};
use banto_domain::playbook::Role;
use banto_domain::{Draft, Pending, Rejection, Why, flow};
use serde_json::Value;

/// This function, as asks name their owner.
const OWNER: &str = "follow-up";
/// The outcome: the package has sessions left.
const MORE: &str = "more";
/// The outcome: it has none, or there is none.
const FINISHED: &str = "finished";

/// Takes up `node.entered`, and `ask.answered` and `timer.fired` of its surveys.
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
        (Why::Entered, _) => follow(draft, &step.what),
        (Why::Answered, _) => ask::skip(draft, "the survey is kept with the case"),
        (Why::Fired, Some(ask)) => ask::timer_fired(draft, ask, &step.what),
        _ => ask::skip(draft, "nothing to do with a follow-up"),
    }
}

fn follow(draft: &mut Draft<'_>, node: &str) -> Result<(), Rejection> {
    let playbook = draft.playbook;
    let spec = playbook.node(&draft.case()?.flow, node).ok_or_else(|| draft.lacks("node", node))?;
    match (&spec.question, &spec.template) {
        (Some(question), _) => {
            let fields = spec.facts.clone();
            let beside = true;
            ask::open(draft, Opening { question, owner: OWNER, node, fields, beside, ..Opening::default() })?;
        }
        (None, Some(template)) => {
            let to = Role::Customer;
            message::intend(draft, Intent { template, to, holds: Vec::new(), about: None, origin: node })?;
        }
        (None, None) => return Err(draft.lacks("question of the node", node)),
    }
    let today = draft.now.to_zoned(playbook.time_zone()).date();
    let left = draft.case()?.sessions_left(today);
    flow::advance(draft, if left > 0 { MORE } else { FINISHED })
}
