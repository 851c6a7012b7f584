//! 取り込みの開始: asks a coach whether customers who were imported may begin. By that word each of their cases goes on, or
//! is discarded: once each, however often this is called, and those alone that stood in the list.

use banto_aws::spread::done;
use banto_aws::{Env, Error, Function, Plan, Poke, Result, take_up};
use banto_domain::rules::ask::{self, Opening};
use banto_domain::rules::flow::{self, Here};
use banto_domain::rules::import;
use banto_domain::steps::RELEASE_IMPORTED;
use banto_domain::{Actor, CaseKey, Draft, Id, Pending, Rejection, What};
use serde_json::Value;

/// The answer by which they begin.
const START: &str = "start";
/// The answer by which they are discarded.
const DISCARD: &str = "discard";

/// Takes up `node.entered`, and `ask.answered` and `timer.fired` of its asks.
#[must_use]
pub fn function() -> Function {
    Function {
        decide: Some(decide),
        ..Function::event(RELEASE_IMPORTED, |w, e| async move { handle(&w.env, e).await })
    }
}

/// Takes a step up; after a coach's word the cases first, and then the one in which it was given.
///
/// # Errors
/// When a case can't be changed, or time is up: it is asked for again, and goes on with those that are left.
pub async fn handle(env: &Env, event: Value) -> Result<Value> {
    let Poke { key, cause } = Poke::read(&event)?;
    let loaded = env.ledger.load(&key).await?.ok_or_else(|| Error::Refused(format!("there is no case {key}")))?;
    let step = loaded.case.pending.get(&cause).filter(|step| step.action == RELEASE_IMPORTED);
    if let Some(Pending { what: What::Answered { answer, task: None, .. }, .. }) = step
        && let Some(decide) = decided(answer)
        && let Some(inbound) = &loaded.case.inbound
    {
        let list = env.ledger.inbound(&key, inbound).await?.unwrap_or_default();
        let cases = import::listed(&String::from_utf8_lossy(&list));
        let of_case = |case| (CaseKey { client: key.client.clone(), case }, ());
        let cases = cases.into_iter().map(of_case).collect();
        let cause = &cause;
        env.each(&key, cases, |case, ()| async move { one(env, &case, cause, decide).await }).await?;
    }
    take_up(env, &event, RELEASE_IMPORTED, decide).await
}

/// What becomes of each case.
type Decided = fn(&mut Draft<'_>) -> std::result::Result<(), Rejection>;

/// What an answer means for each case. One of a practice's own that is neither leaves them waiting.
fn decided(answer: &str) -> Option<Decided> {
    match answer {
        START => Some(import::start),
        DISCARD => Some(import::discard),
        _ => None,
    }
}

/// Lets one of these cases go on, or discards it.
async fn one(env: &Env, key: &CaseKey, cause: &Id, decide: Decided) -> Result<()> {
    let plan = Plan { key, function: RELEASE_IMPORTED, actor: Actor::Banto };
    // What doesn't wait any more was taken up before, or a person ended it.
    let waits = |case: &banto_domain::Case| import::waits(case).map(|_| cause.clone());
    done(key, env.change(&plan, None, waits, |draft| decide(draft).map(Some)).await?)
}

/// Draws the consequences of one step for the case in which it is asked: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> std::result::Result<(), Rejection> {
    flow::take_up(draft, step, open, flow::go_by_answer)
}

fn open<'a>(draft: &mut Draft<'a>, here: &Here<'a>) -> std::result::Result<(), Rejection> {
    let question = here.needs(draft, "question of the node", here.node.question.as_ref())?;
    let to = here.node.to.as_ref();
    ask::open(draft, Opening { question, owner: RELEASE_IMPORTED, here: Some(here), to, ..Opening::default() })
        .map(|_| ())
}
