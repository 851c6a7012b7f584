//! 担当の割当: a policy of the playbook says who looks after the case. Questions and mails go to that person from then on.

use banto_aws::Function;
use banto_domain::rules::flow::{self, Here};
use banto_domain::rules::{ask, policy};
use banto_domain::steps::ASSIGN_OWNER;
use banto_domain::{Draft, Entry, Pending, Rejection};

/// The outcome: somebody has it.
const ASSIGNED: &str = "assigned";

/// Takes up `node.entered`.
#[must_use]
pub fn function() -> Function {
    Function::step(ASSIGN_OWNER, decide)
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    flow::take_up(draft, step, assign, |draft, _, _| ask::skip(draft, "it asks nothing"))
}

fn assign<'a>(draft: &mut Draft<'a>, here: &Here<'a>) -> Result<(), Rejection> {
    let policy = here.needs(draft, "policy of the node", here.node.policy.as_ref())?;
    let decided = policy::decide(draft, &here.token, policy)?;
    // `fact:NAME`: the person whom a fact of kind `person` names.
    let named = decided.strip_prefix("fact:").and_then(|fact| draft.case().ok()?.plain(fact).map(str::to_owned));
    draft.push(Entry::OwnerAssigned { owner: named.unwrap_or(decided) })?;
    flow::advance(draft, &here.token, ASSIGNED)
}
