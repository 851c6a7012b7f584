//! Puts a question of the playbook to one person, reminds them, and goes on by their answer, or by `expired`. It also
//! draws the consequences of tasks: something that Banto could not settle, answered by a person.

use banto_aws::{Env, Result, take_up};
use banto_domain::ask::{self, Opening};
use banto_domain::playbook::Role;
use banto_domain::{Draft, Pending, Rejection, Why, flow};
use serde_json::Value;

/// This function, as asks name their owner.
const OWNER: &str = "open-ask";
/// A task's answer: try again.
const AGAIN: &str = "again";

/// Takes up `node.entered`, `emergency.raised`, and `ask.answered` and `timer.fired` of its asks.
///
/// # Errors
/// As [`take_up`].
pub async fn handle(env: &Env, event: Value) -> Result<Value> {
    take_up(env, &event, OWNER, decide).await
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    match (step.why, &step.about) {
        (Why::Entered, _) => open(draft, &step.what),
        (Why::Raised, _) => match draft.case()?.stopped.clone() {
            // It came late: the watchdog had made it a task by then.
            Some(emergency) if draft.case()?.asks().any(|(_, a)| a.is_task_about(&emergency)) => {
                ask::skip(draft, "a person was asked already")
            }
            Some(emergency) => ask::attend(draft, &emergency, "emergency"),
            None => ask::skip(draft, "a person has looked already"),
        },
        (Why::Answered, _) => match (&step.task, flow::current(draft, step)?) {
            (Some(about), _) => ask::attended(draft, about, step.what == AGAIN),
            (None, Some(_)) => flow::advance(draft, &step.what),
            (None, None) => ask::skip(draft, "the token has moved on"),
        },
        (Why::Fired, Some(ask)) => ask::timer_fired(draft, ask, &step.what),
        _ => ask::skip(draft, "nothing to do with an ask"),
    }
}

fn open(draft: &mut Draft<'_>, node: &str) -> Result<(), Rejection> {
    let playbook = draft.playbook;
    let spec = playbook.node(&draft.case()?.flow, node).ok_or_else(|| draft.lacks("node", node))?;
    let question = spec.question.as_deref().ok_or_else(|| draft.lacks("question of the node", node))?;
    let (about, until) = draft.case()?.booking().map(|(id, b)| (id.clone(), b.until)).unzip();
    // A customer must answer a question about a slot that is only held while it is. What a person of the practice has to
    // settle doesn't end with it; and a hold that is over ends nothing, or the question would expire as it is asked.
    let to_customer = playbook.questions.get(question).is_some_and(|q| q.to == Role::Customer);
    let until = until.flatten().filter(|until| to_customer && draft.now < *until);
    let fields = spec.facts.clone();
    ask::open(draft, Opening { question, owner: OWNER, node, fields, about, until, ..Opening::default() }).map(|_| ())
}
