//! 臨時休業: asks for another time for each booking on the days that a coach closed, in the booking's own case: once each,
//! however often this is called, and those alone that stood there when the days were closed. Then the coach is told how many
//! and which.

use std::time::Duration;

use banto_aws::ledger::Loaded;
use banto_aws::{Changed, Env, Error, Function, Plan, Poke, Prepared, Result, take_up_prepared};
use banto_domain::rules::ask;
use banto_domain::rules::closure::{self, Listed, Raised};
use banto_domain::rules::flow::{self, Here};
use banto_domain::steps::CLOSE_DAYS;
use banto_domain::{Actor, CaseKey, Draft, Entry, Id, Pending, Rejection};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

/// The outcome: every booking's case knows.
const CLOSED: &str = "closed";
/// How many cases are changed at the same time.
const AT_ONCE: usize = 16;
/// How long it goes on: the template stops it after 55 seconds, and what is left is asked for again.
const PATIENCE: Duration = Duration::from_secs(45);

/// Takes up `node.entered`.
#[must_use]
pub fn function() -> Function {
    Function::event(CLOSE_DAYS, |w, e| async move { handle(&w.env, e).await })
}

/// Takes a step up: the cases first, and then the one in which it was asked for.
///
/// # Errors
/// When a case can't be changed, or time is up: it is asked for again, and goes on with those that are left.
pub async fn handle(env: &Env, event: Value) -> Result<Value> {
    let Poke { key, cause } = Poke::read(&event)?;
    let loaded = env.ledger.load(&key).await?.ok_or_else(|| Error::Refused(format!("there is no case {key}")))?;
    if loaded.case.pending.get(&cause).is_some_and(|step| step.action == CLOSE_DAYS) {
        let playbook = env.playbooks.get(&key.client, loaded.case.playbook_version).await?;
        if let Some(raised) = closure::sees_to(&playbook, &loaded.case) {
            each(env, &key, &raised, closure::listed(&list(env, &loaded).await?)).await?;
        }
    }
    take_up_prepared(env, &event, CLOSE_DAYS, bookings, decide).await
}

/// The list of the bookings, as it was when the days were closed.
async fn list(env: &Env, loaded: &Loaded) -> Result<String> {
    let Some(inbound) = &loaded.case.inbound else { return Ok(String::new()) };
    let list = env.ledger.inbound(&loaded.case.key, inbound).await?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&list).into_owned())
}

/// The list of the bookings, a line each.
#[derive(Debug, Clone, Default)]
pub struct Bookings(String);

fn bookings<'a>(env: &'a Env, loaded: &'a Loaded, _: &'a Pending) -> Prepared<'a, Bookings> {
    Box::pin(async move { list(env, loaded).await.map(Bookings) })
}

/// Asks for another time for each of these.
async fn each(env: &Env, from: &CaseKey, raised: &Raised<'_>, all: Vec<Listed>) -> Result<()> {
    let until = env.clock.running().saturating_add(PATIENCE);
    let changes = all.into_iter().map(|listed| async move {
        let key = CaseKey { client: from.client.clone(), case: listed.case.clone() };
        if env.clock.running() >= until {
            return Err(Error::Again(format!("{key}: no time was left for it")));
        }
        one(env, &key, raised, &listed).await
    });
    let mut changes = stream::iter(changes).buffer_unordered(AT_ONCE);
    // One that fails keeps nobody else waiting.
    let mut failed = None;
    while let Some(changed) = changes.next().await {
        if let Err(error) = changed {
            tracing::error!(client = %from.client, case = %from.case, %error, "a booking on a closed day could not be moved");
            failed = Some(error);
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn one(env: &Env, key: &CaseKey, raised: &Raised<'_>, listed: &Listed) -> Result<()> {
    let plan = Plan { key, function: CLOSE_DAYS, actor: Actor::Banto };
    let cause = Id::derive(&["away", raised.request.as_str(), listed.booking.as_str()]);
    // What was moved or called off meanwhile, by whomever, has another time or none.
    let stands = |case: &banto_domain::Case| closure::stands(case, listed).then(|| cause.clone());
    let away = |draft: &mut Draft<'_>| closure::away(draft, listed, raised).map(|is| is.then_some(()));
    match env.change(&plan, None, stands, away).await? {
        Changed::Refused(rejection) => Err(Error::Refused(Rejection::to_string(&rejection))),
        Changed::Unmet(_) => Err(Error::Bug(format!("{key}: a condition failed that nobody asked for"))),
        Changed::NoCase | Changed::Nothing | Changed::Mine(..) | Changed::Before(_) => Ok(()),
    }
}

/// Draws the consequences of one step for the case in which the days were closed: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending, list: &Bookings) -> std::result::Result<(), Rejection> {
    let close = |draft: &mut Draft<'_>, here: &Here<'_>| close(draft, here, &list.0);
    flow::take_up(draft, step, close, |draft, _, _| ask::skip(draft, "it asks nothing"))
}

fn close(draft: &mut Draft<'_>, here: &Here<'_>, list: &str) -> std::result::Result<(), Rejection> {
    let fact = here.needs(draft, "facts of the node", here.node.facts.first())?.to_owned();
    draft.record([(fact, closure::summary(draft.playbook, list))].into())?;
    if let Some(raised) = closure::sees_to(draft.playbook, draft.case()?) {
        draft.push(Entry::RequestClosed { request: raised.request, outcome: CLOSED.to_owned() })?;
    }
    flow::advance(draft, &here.token, CLOSED)
}
