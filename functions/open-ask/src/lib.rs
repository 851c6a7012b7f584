//! Puts a question of the playbook to people, reminds them, and goes on by the answer, or by `expired`. It also draws the
//! consequences of tasks: something that Banto could not settle, answered by a person.

use banto_aws::Function;
use banto_domain::playbook::To;
use banto_domain::rules::ask::{self, Opening};
use banto_domain::rules::flow::{self, Here};
use banto_domain::state::Ask;
use banto_domain::steps::OPEN_ASK;
use banto_domain::{Draft, Pending, Rejection, What};

/// Takes up `node.entered`, `emergency.raised`, and `ask.answered` and `timer.fired` of its asks.
#[must_use]
pub fn function() -> Function {
    Function::step(OPEN_ASK, decide)
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    match &step.what {
        What::Raised => raised(draft),
        What::Answered { task: Some(about), answer, .. } => ask::attended(draft, about, answer == ask::AGAIN),
        _ => flow::take_up(draft, step, open, flow::go_by_answer),
    }
}

fn raised(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let Some(emergency) = draft.case()?.emergency().cloned() else {
        return ask::skip(draft, "a person has looked already");
    };
    // It came late: the watchdog had made it a task by then.
    let is_asked = |(_, a): (_, &Ask)| a.is_task_about(&emergency);
    if draft.case()?.asks().any(is_asked) {
        return ask::skip(draft, "a person was asked already");
    }
    ask::attend(draft, &emergency, "emergency")
}

fn open<'a>(draft: &mut Draft<'a>, here: &Here<'a>) -> Result<(), Rejection> {
    let question = here.needs(draft, "question of the node", here.node.question.as_ref())?;
    // A customer must answer a question about a slot that is only held while it is. What a person of the practice has to
    // settle doesn't end with it; and a hold that is over ends nothing, or the question would expire as it is asked.
    let to_customer = draft.playbook.questions.get(question).is_some_and(|q| q.to == To::Customer);
    let held = draft.case()?.booking_in(&here.tracks).and_then(|(_, b)| b.until);
    let until = held.filter(|until| to_customer && draft.now < *until);
    let (fields, to) = (here.node.facts.clone(), here.node.to.as_ref());
    let opening = Opening { question, owner: OPEN_ASK, here: Some(here), to, fields, until, ..Opening::default() };
    ask::open(draft, opening).map(|_| ())
}
