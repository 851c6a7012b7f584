//! お支払いのご案内: writes about an invoice that isn't paid, by a ladder of civil days, and stops the moment the facts change.
//! Each mail carries a question that whoever pays may answer: it has been paid, it will be on a day, or they want to talk.

use banto_aws::Function;
use banto_domain::playbook::{Ladder, Step, To};
use banto_domain::rules::ask::{self, Opening};
use banto_domain::rules::dunning::{self, Turn};
use banto_domain::rules::flow::{self, Here};
use banto_domain::rules::message::{self, Intent};
use banto_domain::rules::{people, wait};
use banto_domain::state::{Hold, WAIT_END};
use banto_domain::steps::{DUNNING, PAID};
use banto_domain::{Draft, Id, Pending, Rejection, What};

/// The outcome: nothing is owed any more.
const WITHDRAWN: &str = "withdrawn";
/// The outcome: the ladder has no more to say.
const ENDED: &str = "ended";
/// The outcome: somebody is to look for the money before the next mail.
const LOOK: &str = "look";

/// Takes up `node.entered`, the `timer.fired` of its own waits, and what whoever pays answered.
#[must_use]
pub fn function() -> Function {
    Function::step(DUNNING, decide)
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    match (&step.what, flow::current(draft, step)?) {
        (What::Fired { timer, .. }, Some(here)) if timer == WAIT_END => go_on(draft, &here),
        _ => flow::take_up(draft, step, go_on, flow::go_by_answer),
    }
}

/// What is to be done is found from the facts, each time.
fn go_on<'a>(draft: &mut Draft<'a>, here: &Here<'a>) -> Result<(), Rejection> {
    let name = here.needs(draft, "ladder of the node", here.node.ladder.as_ref())?;
    let ladder = draft.playbook.ladders.get(name).ok_or_else(|| draft.lacks("ladder", name))?;
    let invoice = draft.case()?.invoice_in(&here.tracks).map(|(id, _)| id.clone());
    let Some(invoice) = invoice else { return flow::advance(draft, &here.token, WITHDRAWN) };
    let looks = here.node.next.contains_key(LOOK);
    match dunning::turn(draft, ladder, &invoice, looks)? {
        Turn::Paid => flow::advance(draft, &here.token, PAID),
        Turn::Withdrawn => flow::advance(draft, &here.token, WITHDRAWN),
        Turn::Ended => flow::advance(draft, &here.token, ENDED),
        Turn::Look => flow::advance(draft, &here.token, LOOK),
        Turn::Wait(until) => wait::until(draft, here, until, DUNNING),
        Turn::Step(step, until) => {
            tell(draft, here, (name, step), &invoice)?;
            wait::until(draft, here, until, DUNNING)
        }
    }
}

/// One mail of the ladder. It leaves only while the invoice is open and whoever pays has said nothing.
fn tell<'a>(
    draft: &mut Draft<'a>,
    here: &Here<'a>,
    (ladder, step): (&str, &Step),
    invoice: &Id,
) -> Result<(), Rejection> {
    let question = here.needs(draft, "question of the node", here.node.question.as_ref())?;
    let to = here.node.to.clone().unwrap_or(To::Payer);
    let asked =
        draft.case()?.asks().find(|(_, ask)| ask.token == here.token && ask.node == here.name && !ask.is_task());
    let asked = asked.map(|(id, _)| id.clone());
    let ask = match asked {
        Some(open) => open,
        None => {
            let opening = Opening { question, owner: DUNNING, here: Some(here), to: Some(&to), ..Opening::default() };
            ask::open_quietly(draft, opening)?
        }
    };
    let holds = vec![Hold::InvoiceOpen { invoice: invoice.clone() }, Hold::AskOpen { ask: ask.clone() }];
    let parties = people::addressees(draft, &to, &here.tracks)?;
    let (origin, about) = (Ladder::origin(ladder, step), Some(ask));
    let intent = Intent { holds, about, origin: &origin, ..Intent::of_node(here, &step.template) };
    message::intend(draft, &intent, parties)
}
