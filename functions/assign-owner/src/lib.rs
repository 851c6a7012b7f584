//! 担当の割当: a policy of the playbook says who looks after the case. Questions and mails go to that person from then on.

use banto_aws::{Env, Result, take_up};
use banto_domain::{Draft, Entry, Pending, Rejection, flow, policy};
use serde_json::Value;

/// The outcome: somebody has it.
const ASSIGNED: &str = "assigned";

/// Takes up `node.entered`.
///
/// # Errors
/// As [`take_up`].
pub async fn handle(env: &Env, event: Value) -> Result<Value> {
    take_up(env, &event, "assign-owner", decide).await
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    let playbook = draft.playbook;
    let node = playbook.node(&draft.case()?.flow, &step.what).ok_or_else(|| draft.lacks("node", &step.what))?;
    let policy = node.policy.as_deref().ok_or_else(|| draft.lacks("policy of the node", &step.what))?;
    let owner = policy::decide(draft, policy)?;
    draft.push(Entry::OwnerAssigned { owner })?;
    flow::advance(draft, ASSIGNED)
}
