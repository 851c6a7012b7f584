//! The only function that may send money: the lease (the moment that counts), the payment provider, asked under the refund's
//! own key, and what came of it. What stays unknown is asked again under the same key.

use banto_aws::ledger::Loaded;
use banto_aws::{Changed, Env, Error, Function, Plan, Poke, Refunds, Result};
use banto_domain::playbook::Provider;
use banto_domain::rules::refund::{self, Call};
use banto_domain::steps::SEND_REFUND;
use banto_domain::{Actor, Case, CaseKey, Id, Rejection, What};
use serde_json::{Value, json};

/// Takes up `refund.ordered`, the end of a lease, and the time to ask again.
#[must_use]
pub fn function() -> Function {
    Function::event(SEND_REFUND, |w, e| async move { handle(&w.env, &w.refunds, e).await })
}

/// Takes up one journal event.
///
/// # Errors
/// When the store can't be reached, or the practice has no key for its provider.
pub async fn handle(env: &Env, refunds: &Refunds, event: Value) -> Result<Value> {
    let Poke { key, cause } = Poke::read(&event)?;
    let plan = Plan { key: &key, function: SEND_REFUND, actor: Actor::Banto };
    let loaded = env.ledger.load(&key).await?.ok_or_else(|| Error::Refused(format!("there is no case {key}")))?;
    let Some(refund) = subject(&loaded.case, &cause) else { return Ok(json!({ "did": "nothing" })) };
    // Before the lease: without it nothing would leave, and the lease would only run out.
    let secret = secret(env, &key).await?;
    let changed = env
        .change(
            &plan,
            Some(loaded),
            |case| subject(case, &cause).map(|_| cause.clone()),
            |draft| refund::take_up(draft, &refund).map(Some),
        )
        .await?;
    match changed {
        Changed::Mine(Call::Attempt(attempt), made) => {
            call(env, refunds, (&key, &secret), (&refund, &cause, attempt), made.after).await
        }
        Changed::Refused(rejection) => Err(Error::Refused(Rejection::to_string(&rejection))),
        Changed::NoCase => Err(Error::Bug(format!("the case {key} is gone"))),
        Changed::Unmet(_) => Err(Error::Bug(format!("{key}: a condition failed that nobody asked for"))),
        Changed::Mine(Call::Not, _) | Changed::Before(_) | Changed::Nothing => Ok(json!({ "did": "nothing" })),
    }
}

/// The refund of a step that is still to be taken up. What is stopped waits with the rest of the case.
fn subject(case: &Case, cause: &Id) -> Option<Id> {
    let step = case.pending.get(cause).filter(|step| step.action == SEND_REFUND && case.is_ready(cause, step))?;
    match &step.what {
        What::Refund { refund } => Some(refund.clone()),
        What::Fired { about, .. } => about.clone(),
        _ => None,
    }
}

/// The practice's secret key at the provider.
async fn secret(env: &Env, key: &CaseKey) -> Result<String> {
    let name = format!("refund:{}", Provider::Stripe.name());
    let missing = || Error::Refused(format!("{} has no secret {name}; publish its playbook with it", key.client));
    let (live, _) = env.playbooks.current(&key.client).await?.ok_or_else(missing)?;
    let secret = env.playbooks.secret(&key.client, &live, &name)?;
    secret.and_then(|secret| String::from_utf8(secret).ok()).ok_or_else(missing)
}

/// The call, and its outcome as a fact. When nothing is known of it, the end of the lease will ask.
async fn call(
    env: &Env,
    refunds: &Refunds,
    (key, secret): (&CaseKey, &str),
    (id, cause, attempt): (&Id, &Id, u32),
    leased: Loaded,
) -> Result<Value> {
    let gone = || Error::Bug("a refund was leased that isn't there".to_owned());
    let refund = leased.case.refund(id).ok_or_else(gone)?;
    let Some(outcome) = refunds.send(secret, id, refund).await? else {
        tracing::warn!(client = %key.client, case = %key.case, refund = %id, "unknown whether the provider made it");
        return Ok(json!({ "did": "unknown" }));
    };
    tracing::info!(client = %key.client, case = %key.case, refund = %id, ?outcome, "refund");
    let cause = Id::derive(&["outcome", cause.as_str(), &attempt.to_string()]);
    let plan = Plan { key, function: SEND_REFUND, actor: Actor::Banto };
    let settle = |draft: &mut banto_domain::Draft<'_>| refund::settle(draft, id, &outcome).map(Some);
    match env.change(&plan, Some(leased), |_| Some(cause.clone()), settle).await? {
        Changed::Refused(rejection) => Err(Error::Refused(Rejection::to_string(&rejection))),
        _ => Ok(json!({ "did": "asked" })),
    }
}
