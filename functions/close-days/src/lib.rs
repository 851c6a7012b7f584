//! 臨時休業: asks for another time for each booking on the days that a coach closed, in the booking's own case: once each,
//! however often this is called, and those alone that stood there when the days were closed. Then the coach is told how many
//! and which.

use banto_aws::ledger::Loaded;
use banto_aws::spread::done;
use banto_aws::{Env, Error, Function, Plan, Poke, Prepared, Result, take_up_prepared};
use banto_domain::rules::ask;
use banto_domain::rules::closure::{self, Listed, Raised};
use banto_domain::rules::flow::{self, Here};
use banto_domain::steps::CLOSE_DAYS;
use banto_domain::{Actor, CaseKey, Draft, Entry, Id, Pending, Rejection};
use serde_json::Value;

/// The outcome: every booking's case knows.
const CLOSED: &str = "closed";

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
            let of_case = |listed: Listed| {
                let (client, case) = (key.client.clone(), listed.case.clone());
                (CaseKey { client, case }, listed)
            };
            let all = closure::listed(&list(env, &loaded).await?).into_iter().map(of_case).collect();
            let raised = &raised;
            env.each(&key, all, |case, listed| async move { one(env, &case, raised, &listed).await }).await?;
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

/// Asks for another time for one of these.
async fn one(env: &Env, key: &CaseKey, raised: &Raised<'_>, listed: &Listed) -> Result<()> {
    let plan = Plan { key, function: CLOSE_DAYS, actor: Actor::Banto };
    let cause = Id::derive(&["away", raised.request.as_str(), listed.booking.as_str()]);
    // What was moved or called off meanwhile, by whomever, has another time or none.
    let stands = |case: &banto_domain::Case| closure::stands(case, listed).then(|| cause.clone());
    let away = |draft: &mut Draft<'_>| closure::away(draft, listed, raised).map(|is| is.then_some(()));
    done(key, env.change(&plan, None, stands, away).await?)
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
