//! A node that sends one mail of the playbook and goes on.

use banto_aws::{Env, Result, take_up};
use banto_domain::message::{self, Intent};
use banto_domain::playbook::Role;
use banto_domain::{Draft, Pending, Rejection, flow};
use serde_json::Value;

/// The outcome: the mail is on its way.
const DONE: &str = "done";

/// Takes up `node.entered`.
///
/// # Errors
/// As [`take_up`].
pub async fn handle(env: &Env, event: Value) -> Result<Value> {
    take_up(env, &event, "notify", decide).await
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    let playbook = draft.playbook;
    let node = playbook.node(&draft.case()?.flow, &step.what).ok_or_else(|| draft.lacks("node", &step.what))?;
    let template = node.template.as_deref().ok_or_else(|| draft.lacks("template of the node", &step.what))?;
    let to = node.to.unwrap_or(Role::Customer);
    let about = draft.case()?.booking().map(|(id, _)| id.clone());
    message::intend(draft, Intent { template, to, holds: Vec::new(), about, origin: &step.what })?;
    flow::advance(draft, DONE)
}
