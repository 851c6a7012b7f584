//! お支払いのご案内: asks for the price by a payment link or a transfer, and goes on when it came in, failed or is overdue.
//! Where a transfer is to be looked for, the office is asked beside the flow until the last day to pay on is over.

use banto_aws::{Env, Result, take_up};
use banto_domain::ask::{self, Opening};
use banto_domain::billing::{self, DUE, ISSUE_INVOICE, PAID};
use banto_domain::message::{self, Hold, Intent};
use banto_domain::playbook::Role;
use banto_domain::{Draft, Entry, Id, Pending, Rejection, Why, flow};
use serde_json::Value;

/// The outcome: the last day to pay on is over.
const OVERDUE: &str = "overdue";
/// The outcome: a payment was tried and did not succeed.
const FAILED: &str = "failed";

/// Takes up `node.entered`, `invoice.settled`, `payment.failed`, the end of the last day to pay on, and what becomes of the
/// question for a transfer.
///
/// # Errors
/// As [`take_up`].
pub async fn handle(env: &Env, event: Value) -> Result<Value> {
    take_up(env, &event, ISSUE_INVOICE, decide).await
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    let outcome = match (step.why, &step.about) {
        (Why::Entered, _) => return issue(draft, &step.what),
        (Why::Fired, Some(ask)) if step.what != DUE => return ask::timer_fired(draft, ask, &step.what),
        (Why::Answered, _) => return ask::skip(draft, "what was answered settled the invoice"),
        (Why::Settled, _) => PAID,
        (Why::Failed, _) => FAILED,
        (Why::Fired, _) => OVERDUE,
        _ => return ask::skip(draft, "nothing to do with an invoice"),
    };
    let open = step.about.as_ref().and_then(|id| draft.case().ok()?.invoice_of(id)).is_some_and(|i| !i.settled);
    let moves = (open || outcome == PAID) && flow::advance_if_awaited(draft, outcome)?;
    if moves { Ok(()) } else { ask::skip(draft, "nothing waits for it") }
}

/// Asks for the price. Of an invoice that is open already only the day is set anew, once it is over: a payment that
/// failed gives nobody more time.
fn issue(draft: &mut Draft<'_>, node: &str) -> Result<(), Rejection> {
    let menu = flow::menu(draft, node)?;
    // It came in while the case stood elsewhere: on a mail about a payment that failed, say.
    if draft.case()?.invoice().is_some_and(|(_, i)| i.settled && !i.led_on) {
        return flow::advance(draft, PAID);
    }
    let open = draft.case()?.invoice().filter(|(_, i)| !i.settled && i.lines.iter().all(|l| l.menu == menu));
    let today = draft.now.to_zoned(draft.playbook.time_zone()).date();
    if let Some((invoice, due_on)) = open.map(|(id, i)| (id.clone(), i.due_on)) {
        if today <= due_on {
            return ask::skip(draft, "the invoice is open");
        }
        let (due_on, due_at) = billing::due(draft).ok_or(Rejection::Misplaced("no day to pay on"))?;
        draft.push(Entry::InvoiceExtended { invoice: invoice.clone(), due_on, due_at })?;
        return watch(draft, node, invoice);
    }
    let invoice = billing::issue(draft, &menu)?;
    tell(draft, node, &invoice)?;
    watch(draft, node, invoice)
}

/// Asks whether the transfer came in: no provider tells of it.
fn watch(draft: &mut Draft<'_>, node: &str, invoice: Id) -> Result<(), Rejection> {
    let spec = draft.playbook.node(&draft.case()?.flow, node);
    let Some(question) = spec.and_then(|spec| spec.question.as_deref()) else { return Ok(()) };
    let until =
        draft.case()?.timers.values().find(|t| t.name == DUE && t.about.as_ref() == Some(&invoice)).map(|t| t.at);
    let about = Some(invoice);
    ask::open(
        draft,
        Opening { question, owner: ISSUE_INVOICE, node, about, until, beside: true, ..Opening::default() },
    )?;
    Ok(())
}

fn tell(draft: &mut Draft<'_>, node: &str, invoice: &Id) -> Result<(), Rejection> {
    let spec = draft.playbook.node(&draft.case()?.flow, node).ok_or_else(|| draft.lacks("node", node))?;
    let template = spec.template.as_deref().ok_or_else(|| draft.lacks("template of the node", node))?;
    let (holds, to) = (vec![Hold::InvoiceOpen { invoice: invoice.clone() }], spec.to.unwrap_or(Role::Payer));
    message::intend(draft, Intent { template, to, holds, about: Some(invoice.clone()), origin: node })
}
