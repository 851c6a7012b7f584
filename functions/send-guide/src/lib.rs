//! 事前案内: one mail with the meeting link, what to prepare and the terms, and a page for themes and questions. What the
//! customer writes there goes to the coach before the session.

use banto_aws::Function;
use banto_domain::playbook::To;
use banto_domain::rules::ask::{self, Opening};
use banto_domain::rules::flow::{self, Here};
use banto_domain::rules::message::{self, Intent};
use banto_domain::rules::people;
use banto_domain::steps::SEND_GUIDE;
use banto_domain::{Draft, Id, Pending, Rejection, What};

/// The outcome: the guide is on its way.
const SENT: &str = "sent";

/// Takes up `node.entered`, and `ask.answered` and `timer.fired` of its asks.
#[must_use]
pub fn function() -> Function {
    Function::step(SEND_GUIDE, decide)
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    match &step.what {
        // The flow has long gone on: what was answered belongs to the node that asked.
        What::Answered { flow, node, tracks, .. } => hand_over(draft, flow.as_ref(), node, tracks),
        _ => flow::take_up(draft, step, guide, flow::go_by_answer),
    }
}

/// The guide belongs to the booking, not to the node: the case goes on at once.
fn guide<'a>(draft: &mut Draft<'a>, here: &Here<'a>) -> Result<(), Rejection> {
    let question = here.needs(draft, "question of the node", here.node.question.as_ref())?;
    let until = draft.case()?.booking_in(&here.tracks).map(|(_, b)| b.seat.begins());
    let (fields, beside) = (here.node.facts.clone(), true);
    let opening =
        Opening { question, owner: SEND_GUIDE, here: Some(here), fields, until, beside, ..Opening::default() };
    ask::open(draft, opening)?;
    flow::advance(draft, &here.token, SENT)
}

/// Themes and questions to the coach.
fn hand_over(draft: &mut Draft<'_>, flow: Option<&String>, node: &str, tracks: &[Id]) -> Result<(), Rejection> {
    let spec = draft.playbook.node(draft.case()?.flow_of(flow), node);
    let Some(template) = spec.and_then(|spec| spec.template.as_deref()) else {
        return ask::skip(draft, "nobody is told");
    };
    let parties = people::addressees(draft, &To::Coach, tracks)?;
    let (tracks, flow) = (tracks.to_vec(), flow.cloned());
    message::intend(draft, &Intent { template, tracks, flow, origin: node, ..Intent::default() }, parties)
}
