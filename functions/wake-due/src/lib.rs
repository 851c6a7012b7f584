//! Every minute: wakes the cases that are due, and no others. A case that fails doesn't keep the others asleep.

use banto_aws::{Changed, Env, Error, Function, Plan, Result, ledger};
use banto_domain::rules::due;
use banto_domain::steps::WAKE_DUE;
use banto_domain::{Actor, CaseKey, Rejection};
use serde_json::{Value, json};

/// How many cases of one shard are woken at a time; the rest are still due a minute later.
const PER_SHARD: i32 = 100;

/// Takes the schedule's tick.
#[must_use]
pub fn function() -> Function {
    Function::event(WAKE_DUE, |w, e| async move { handle(&w.env, e).await })
}

/// Takes a schedule's tick.
///
/// # Errors
/// When the index can't be read, or some cases could not be woken: the tick is retried, and they are still due.
pub async fn handle(env: &Env, _tick: Value) -> Result<Value> {
    let (mut woken, mut failed) = (0, 0);
    for shard in 0..ledger::DUE_SHARDS {
        for key in env.ledger.due(shard, env.clock.now(), PER_SHARD).await? {
            match wake(env, &key).await {
                Ok(true) => woken += 1,
                Ok(false) => {}
                Err(error) => {
                    failed += 1;
                    tracing::error!(client = %key.client, case = %key.case, %error, "a case could not be woken");
                }
            }
        }
    }
    if failed > 0 {
        Err(Error::Again(format!("{failed} cases could not be woken")))
    } else {
        Ok(json!({ "woken": woken }))
    }
}

async fn wake(env: &Env, key: &CaseKey) -> Result<bool> {
    let plan = Plan { key, function: WAKE_DUE, actor: Actor::Banto };
    let changed = env
        .change(
            &plan,
            None,
            // The index lags: it may name a case that is no longer due.
            |case| case.due_at().is_some_and(|at| at <= env.clock.now()).then(|| due::cause(case)),
            |draft| due::wake(draft).map(Some),
        )
        .await?;
    match changed {
        Changed::Mine(..) => Ok(true),
        Changed::Refused(rejection) => Err(Error::Bug(Rejection::to_string(&rejection))),
        _ => Ok(false),
    }
}
