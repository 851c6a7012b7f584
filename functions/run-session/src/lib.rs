//! 当日: waits for the session and asks the coach afterwards how it went (trial: 成約/見送り). The answer is recorded with
//! the coach's choice; here it only leads on.

use banto_aws::{Env, Result, take_up};
use banto_domain::ask::{self, Opening};
use banto_domain::booking::SESSION_END;
use banto_domain::{Draft, Pending, Rejection, Why, flow};
use serde_json::Value;

/// This function, as asks name their owner.
const OWNER: &str = banto_domain::booking::RUN_SESSION;

/// Takes up `node.entered`, the end of a session, and `ask.answered` and `timer.fired` of its asks.
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
        (Why::Entered, _) => wait_or_ask(draft, &step.what),
        (Why::Fired, _) if step.what == SESSION_END => match standing(draft)? {
            Some(node) => wait_or_ask(draft, &node),
            None => ask::skip(draft, "the flow doesn't stand at a session"),
        },
        (Why::Answered, _) => match flow::current(draft, step)? {
            Some(_) => flow::advance(draft, &step.what),
            None => ask::skip(draft, "the token has moved on"),
        },
        (Why::Fired, Some(ask)) => ask::timer_fired(draft, ask, &step.what),
        _ => ask::skip(draft, "nothing to do with a session"),
    }
}

/// The node at which the token stands, when it is one of this function's.
fn standing(draft: &Draft<'_>) -> Result<Option<String>, Rejection> {
    let case = draft.case()?;
    let node = case.token.as_ref().map(|t| t.node.clone());
    Ok(node.filter(|node| draft.playbook.node(&case.flow, node).is_some_and(|n| n.action == OWNER)))
}

fn wait_or_ask(draft: &mut Draft<'_>, node: &str) -> Result<(), Rejection> {
    let playbook = draft.playbook;
    let case = draft.case()?;
    let (id, booking) =
        case.booking().filter(|(_, b)| b.is_confirmed()).ok_or(Rejection::Misplaced("a session without a booking"))?;
    if draft.now < booking.seat.ends() {
        return ask::skip(draft, "the session is still ahead");
    }
    if case.asks().any(|(_, a)| a.owner == OWNER && a.node == node) {
        return ask::skip(draft, "the coach was asked already");
    }
    let spec = playbook.node(&case.flow, node).ok_or_else(|| draft.lacks("node", node))?;
    let question = spec.question.as_deref().ok_or_else(|| draft.lacks("question of the node", node))?;
    let about = Some(id.clone());
    ask::open(draft, Opening { question, owner: OWNER, node, about, ..Opening::default() }).map(|_| ())
}
