//! お支払いのご案内: asks for the price by a payment link or a transfer, and goes on when it came in, failed or is overdue.
//! Where a transfer is to be looked for, the office is asked beside the flow until the last day to pay on is over.

use banto_aws::Function;
use banto_domain::playbook::{Target, To};
use banto_domain::rules::ask::{self, Opening};
use banto_domain::rules::flow::{self, Here};
use banto_domain::rules::message::{self, Intent};
use banto_domain::rules::{billing, dunning, people};
use banto_domain::state::{DUE, Hold, Token, visited};
use banto_domain::steps::{ISSUE_INVOICE, PAID};
use banto_domain::{Draft, Entry, Id, Pending, Rejection, What};

/// The outcome: the last day to pay on is over.
const OVERDUE: &str = "overdue";
/// The outcome: a payment was tried and did not succeed.
const FAILED: &str = "failed";

/// Takes up `node.entered`, `invoice.settled`, `payment.failed`, the end of the last day to pay on, and what becomes of the
/// question for a transfer.
#[must_use]
pub fn function() -> Function {
    Function::step(ISSUE_INVOICE, decide)
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    match &step.what {
        What::Settled { invoice } => moves(draft, invoice, PAID),
        What::Failed { invoice } => failed(draft, invoice),
        What::Fired { timer, about: Some(invoice) } if timer == DUE => overdue(draft, invoice),
        _ => flow::take_up(draft, step, issue, |draft, here, _| looked(draft, here)),
    }
}

/// Where a ladder of mails goes on about the invoice, what comes of it is for that flow to say.
fn overdue(draft: &mut Draft<'_>, invoice: &Id) -> Result<(), Rejection> {
    let led = dunning::is_led(draft, invoice)?;
    if led { ask::skip(draft, "a ladder of mails goes on") } else { moves(draft, invoice, OVERDUE) }
}

/// A transfer was seen: of all that was open, or of a part, and then the rest is still looked for.
fn looked(draft: &mut Draft<'_>, here: Option<&Here<'_>>) -> Result<(), Rejection> {
    let open = here.and_then(|here| draft.case().ok()?.invoice_in(&here.tracks)).filter(|(_, i)| !i.settled);
    match here.zip(open.map(|(id, _)| id.clone())) {
        Some((here, invoice)) => watch(draft, here, invoice),
        None => ask::skip(draft, "what was answered settled the invoice"),
    }
}

/// Whoever tries a card again and again sees each time that it failed: one mail a day says so, and the office has one task
/// that counts.
fn failed(draft: &mut Draft<'_>, invoice: &Id) -> Result<(), Rejection> {
    let open = draft.case()?.invoice(invoice).is_some_and(|i| !i.settled);
    if open && was_told(draft, invoice)? {
        return ask::attend_counting(draft, invoice, billing::FAILING, 2);
    }
    moves(draft, invoice, FAILED)
}

/// Whether a token that is about an invoice was led on by a payment that failed today.
fn was_told(draft: &Draft<'_>, invoice: &Id) -> Result<bool, Rejection> {
    let (case, flows) = (draft.case()?, &draft.playbook.flows);
    let led = |token: &Token| {
        let nodes = flows.get(&token.flow).into_iter().flat_map(|flow| flow.nodes.values());
        let mut leads = nodes.filter_map(|node| node.next.get(FAILED)).filter_map(|target| match Target::of(target) {
            Target::Node(node) => case.counters.visits.get(&visited(&case.flow, &token.flow, node)),
            _ => None,
        });
        leads.any(|visits| visits.on_day_of(draft.now) > 0)
    };
    Ok(case.tokens.values().filter(|t| t.tracks.contains(invoice)).any(led))
}

fn moves(draft: &mut Draft<'_>, invoice: &Id, outcome: &str) -> Result<(), Rejection> {
    let open = draft.case()?.invoice(invoice).is_some_and(|i| !i.settled);
    let moves = (open || outcome == PAID) && flow::happened(draft, outcome, Some(invoice))?;
    if moves { Ok(()) } else { ask::skip(draft, "nothing waits for it") }
}

/// Asks for the price. Of an invoice that is open already only the day is set anew, once it is over and that was told: a
/// payment that failed gives nobody more time, and neither does one that was there before this Banto.
fn issue<'a>(draft: &mut Draft<'a>, here: &Here<'a>) -> Result<(), Rejection> {
    if here.node.next_part {
        return issue_next(draft, here);
    }
    let menu = flow::menu(draft, here)?;
    let of_token = draft.case()?.invoice_in(&here.tracks);
    // It came in while the case stood elsewhere: on a mail about a payment that failed, say.
    if of_token.is_some_and(|(_, i)| i.settled && !i.led_on) {
        return flow::advance(draft, &here.token, PAID);
    }
    let open = of_token.filter(|(_, i)| !i.settled && i.lines.iter().all(|l| l.menu == menu));
    if let Some(invoice) = open.map(|(id, _)| id.clone()) {
        return extend(draft, here, invoice);
    }
    let invoice = billing::issue(draft, &here.token, &menu)?;
    ask_for(draft, here, invoice)
}

/// Asks for the next part of what was agreed to be paid in parts; goes on when it is paid, or there is none.
fn issue_next(draft: &mut Draft<'_>, here: &Here<'_>) -> Result<(), Rejection> {
    let last = draft.case()?.invoice_in(&here.tracks);
    let last = last.map(|(id, i)| (id.clone(), i.settled, i.token == here.token));
    let next = match last {
        Some((open, false, _)) => return extend(draft, here, open),
        Some((before, true, false)) => billing::issue_next(draft, &here.token, &before)?,
        Some((_, true, true)) | None => None,
    };
    match next {
        Some(invoice) => ask_for(draft, here, invoice),
        None => flow::advance(draft, &here.token, PAID),
    }
}

/// Tells whoever pays, and has the money looked for.
fn ask_for(draft: &mut Draft<'_>, here: &Here<'_>, invoice: Id) -> Result<(), Rejection> {
    tell(draft, here, &invoice)?;
    watch(draft, here, invoice)
}

/// Of an invoice that is open already only the day is set anew.
fn extend(draft: &mut Draft<'_>, here: &Here<'_>, invoice: Id) -> Result<(), Rejection> {
    let today = draft.now.to_zoned(draft.playbook.time_zone()).date();
    let case = draft.case()?;
    let has_time = case.invoice(&invoice).is_some_and(|i| today <= i.due_on);
    let untold = case.timers.values().any(|t| t.name == DUE && t.about.as_ref() == Some(&invoice));
    let asked = case.asks().any(|(_, a)| a.owner == ISSUE_INVOICE && a.concerns(&invoice));
    if has_time && !asked && here.node.question.is_some() {
        return watch(draft, here, invoice);
    }
    if has_time || untold {
        return ask::skip(draft, "the invoice is open");
    }
    let (due_on, due_at) = billing::due(draft).ok_or(Rejection::Misplaced("no day to pay on"))?;
    draft.push(Entry::InvoiceExtended { invoice: invoice.clone(), due_on, due_at })?;
    watch(draft, here, invoice)
}

/// Asks whether the transfer came in: no provider tells of it.
fn watch(draft: &mut Draft<'_>, here: &Here<'_>, invoice: Id) -> Result<(), Rejection> {
    let Some(question) = here.node.question.as_deref() else { return Ok(()) };
    let due = draft.case()?.timers.values().find(|t| t.name == DUE && t.about.as_ref() == Some(&invoice));
    // Where a ladder goes on after that day, the money is looked for as long.
    let due = due.map(|t| t.at);
    let until = if dunning::is_led(draft, &invoice)? { None } else { due };
    let (tracks, beside) = (vec![invoice], true);
    let opening =
        Opening { question, owner: ISSUE_INVOICE, here: Some(here), tracks, until, beside, ..Opening::default() };
    ask::open(draft, opening).map(|_| ())
}

fn tell(draft: &mut Draft<'_>, here: &Here<'_>, invoice: &Id) -> Result<(), Rejection> {
    let template = here.needs(draft, "template of the node", here.node.template.as_ref())?;
    let to = here.node.to.clone().unwrap_or(To::Payer);
    let (holds, tracks) = (vec![Hold::InvoiceOpen { invoice: invoice.clone() }], vec![invoice.clone()]);
    let parties = people::addressees(draft, &to, &tracks)?;
    message::intend(draft, &Intent { holds, tracks, ..Intent::of_node(here, template) }, parties)
}
