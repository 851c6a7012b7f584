//! 事前案内: one mail with the meeting link, what to prepare and the terms, and a page for themes and questions. What the
//! customer writes there goes to the coach before the session.

use banto_aws::{Env, Result, take_up};
use banto_domain::ask::{self, Opening};
use banto_domain::message::{self, Intent};
use banto_domain::playbook::Role;
use banto_domain::{Draft, Pending, Rejection, Why, flow};
use serde_json::Value;

/// This function, as asks name their owner.
const OWNER: &str = "send-guide";
/// The outcome: the guide is on its way.
const SENT: &str = "sent";

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
        (Why::Entered, _) => guide(draft, &step.what),
        (Why::Answered, _) => hand_over(draft, &step.node),
        (Why::Fired, Some(ask)) => ask::timer_fired(draft, ask, &step.what),
        _ => ask::skip(draft, "nothing to do with a guide"),
    }
}

/// The guide belongs to the booking, not to the node: the case goes on at once.
fn guide(draft: &mut Draft<'_>, node: &str) -> Result<(), Rejection> {
    let playbook = draft.playbook;
    let spec = playbook.node(&draft.case()?.flow, node).ok_or_else(|| draft.lacks("node", node))?;
    let question = spec.question.as_deref().ok_or_else(|| draft.lacks("question of the node", node))?;
    let booking = draft.case()?.booking().map(|(id, b)| (id.clone(), b.seat.begins()));
    let (about, until) = booking.unzip();
    let fields = spec.facts.clone();
    ask::open(
        draft,
        Opening { question, owner: OWNER, node, fields, about, until, beside: true, ..Opening::default() },
    )?;
    flow::advance(draft, SENT)
}

/// Themes and questions to the coach.
fn hand_over(draft: &mut Draft<'_>, node: &str) -> Result<(), Rejection> {
    let spec = draft.playbook.node(&draft.case()?.flow, node);
    match spec.and_then(|spec| spec.template.as_deref()) {
        Some(template) => {
            let (about, to) = (draft.case()?.booking().map(|(id, _)| id.clone()), Role::Coach);
            message::intend(draft, Intent { template, to, holds: Vec::new(), about, origin: node })
        }
        None => ask::skip(draft, "nobody is told"),
    }
}
