//! A node that sends one mail of the playbook and goes on.

use banto_aws::Function;
use banto_domain::playbook::{Target, To};
use banto_domain::rules::flow::{self, Here};
use banto_domain::rules::message::{self, Intent};
use banto_domain::rules::{ask, people, receipt};
use banto_domain::state::{Case, Hold};
use banto_domain::steps::{self, Leaves, NOTIFY};
use banto_domain::{Draft, Pending, Rejection};

/// The outcome: the mail is on its way.
const DONE: &str = "done";

/// Takes up `node.entered`.
#[must_use]
pub fn function() -> Function {
    Function::step(NOTIFY, decide)
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    flow::take_up(draft, step, tell, |draft, _, _| ask::skip(draft, "it asks nothing"))
}

fn tell<'a>(draft: &mut Draft<'a>, here: &Here<'a>) -> Result<(), Rejection> {
    let template = here.needs(draft, "template of the node", here.node.template.as_ref())?;
    let to = here.node.to.clone().unwrap_or(To::Customer);
    let parties = people::addressees(draft, &to, &here.tracks)?;
    // What leads back to an invoice says that it is still to be paid, even if it no longer is when it is said.
    let asks_to_pay = |node: &str| {
        let step = draft.playbook.node(&here.flow, node).and_then(|node| steps::contract(&node.action));
        step.is_some_and(|step| step.within.contains(&Leaves::Invoice))
    };
    let leads = |next: &str| matches!(Target::of(next), Target::Node(node) if asks_to_pay(node));
    let unpaid = here.node.next.get(DONE).is_some_and(|next| match Target::of(next) {
        Target::Policy(name) => draft.playbook.policies.get(name).is_some_and(|policy| policy.results().any(leads)),
        _ => leads(next),
    });
    let holds = holds(draft.case()?, here, &to, unpaid);
    let messages = message::intend_each(draft, &Intent { holds, ..Intent::of_node(here, template) }, parties)?;
    if here.node.receipt {
        receipt::issue(draft, &here.tracks, messages)?;
    }
    flow::advance(draft, &here.token, DONE)
}

/// What such a mail says is of the case as it stands: it must still stand so when it leaves.
fn holds(case: &Case, here: &Here<'_>, to: &To, unpaid: bool) -> Vec<Hold> {
    let booked = case.booking_in(&here.tracks).filter(|(_, b)| b.is_confirmed());
    let stands = booked.map(|(id, b)| Hold::BookingStands { booking: id.clone(), version: b.version });
    let owed = case.invoice_in(&here.tracks).filter(|(_, i)| unpaid || (*to == To::Payer && !i.settled));
    let open = owed.map(|(id, _)| Hold::InvoiceOpen { invoice: id.clone() });
    stands.into_iter().chain(open).collect()
}
