//! 取り込みの開始: asks a coach whether customers who were imported may begin. By that word each of their cases goes on, or
//! is discarded: once each, however often this is called, and those alone that stood in the list.

use std::time::Duration;

use banto_aws::{Changed, Env, Error, Function, Plan, Poke, Result, take_up};
use banto_domain::rules::ask::{self, Opening};
use banto_domain::rules::flow::{self, Here};
use banto_domain::rules::import;
use banto_domain::steps::RELEASE_IMPORTED;
use banto_domain::{Actor, CaseId, CaseKey, Draft, Id, Pending, Rejection, What};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

/// The answer by which they begin.
const START: &str = "start";
/// The answer by which they are discarded.
const DISCARD: &str = "discard";
/// How many cases are changed at the same time.
const AT_ONCE: usize = 16;
/// How long it goes on: the template stops it after 55 seconds, and what is left is asked for again.
const PATIENCE: Duration = Duration::from_secs(45);

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
        each(env, (&key, &cause), cases, decide).await?;
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

/// Lets each of these cases go on, or discards it.
async fn each(env: &Env, (from, cause): (&CaseKey, &Id), cases: Vec<CaseId>, decide: Decided) -> Result<()> {
    let until = env.clock.running().saturating_add(PATIENCE);
    let changes = cases.into_iter().map(|case| async move {
        let key = CaseKey { client: from.client.clone(), case };
        if env.clock.running() >= until {
            return Err(Error::Again(format!("{key}: no time was left for it")));
        }
        one(env, &key, cause, decide).await
    });
    let mut changes = stream::iter(changes).buffer_unordered(AT_ONCE);
    // One that fails keeps nobody else waiting.
    let mut failed = None;
    while let Some(changed) = changes.next().await {
        if let Err(error) = changed {
            tracing::error!(client = %from.client, case = %from.case, %error, "an imported case could not go on");
            failed = Some(error);
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn one(env: &Env, key: &CaseKey, cause: &Id, decide: Decided) -> Result<()> {
    let plan = Plan { key, function: RELEASE_IMPORTED, actor: Actor::Banto };
    // What doesn't wait any more was taken up before, or a person ended it.
    let waits = |case: &banto_domain::Case| import::waits(case).map(|_| cause.clone());
    match env.change(&plan, None, waits, |draft| decide(draft).map(Some)).await? {
        Changed::Refused(rejection) => Err(Error::Refused(Rejection::to_string(&rejection))),
        Changed::Unmet(_) => Err(Error::Bug(format!("{key}: a condition failed that nobody asked for"))),
        Changed::NoCase | Changed::Nothing | Changed::Mine(..) | Changed::Before(_) => Ok(()),
    }
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
