//! A node that sends one mail of the playbook and goes on.

use banto_aws::{Env, Result, take_up};
use banto_domain::billing::{ISSUE_INVOICE, Invoice};
use banto_domain::booking::Booking;
use banto_domain::message::{self, Hold, Intent};
use banto_domain::playbook::{Role, Target};
use banto_domain::{Case, Draft, Id, Pending, Rejection, flow};
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
    let case = draft.case()?;
    let about = case.booking().map(|(id, _)| id.clone());
    // What leads back to an invoice says that it is still to be paid, even if it no longer is when it is said.
    let next = playbook.target(&case.flow, &step.what, DONE);
    let unpaid = matches!(next, Some(Target::Node(next)) if playbook.node(&case.flow, next).is_some_and(|n| n.action == ISSUE_INVOICE));
    let holds = holds(case, to, unpaid);
    message::intend(draft, Intent { template, to, holds, about, origin: &step.what })?;
    flow::advance(draft, DONE)
}

/// What such a mail says is of the case as it stands: it must still stand so when it leaves.
fn holds(case: &Case, to: Role, unpaid: bool) -> Vec<Hold> {
    let booked = case.booking().filter(|(_, b)| b.is_confirmed());
    let stands = |(id, b): (&Id, &Booking)| Hold::BookingStands { booking: id.clone(), version: b.version };
    let owed = case.invoice().filter(|(_, i)| unpaid || (to == Role::Payer && !i.settled));
    let open = |(id, _): (&Id, &Invoice)| Hold::InvoiceOpen { invoice: id.clone() };
    booked.map(stands).into_iter().chain(owed.map(open)).collect()
}
