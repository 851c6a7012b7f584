//! Every minute: wakes the cases that are due, and no others. Clients take turns, and a case that fails is put off, so
//! that nobody's trouble keeps the others asleep.

mod turns;

use std::time::Duration;

use banto_aws::ledger::{After, Due};
use banto_aws::{Changed, Env, Error, Function, Plan, Result, ledger, metrics};
use banto_domain::rules::due;
use banto_domain::steps::WAKE_DUE;
use banto_domain::{Actor, CaseKey, Rejection};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::turns::Turns;

/// How many cases are woken at the same time.
const AT_ONCE: usize = 16;
/// How long a tick goes on: the template stops it after 55 seconds, and the next one comes after a minute.
const PATIENCE: Duration = Duration::from_secs(45);

/// Takes the schedule's tick.
#[must_use]
pub fn function() -> Function {
    Function::event(WAKE_DUE, |w, e| async move { handle(&w.env, e).await })
}

/// What came of a tick.
#[derive(Debug, Default)]
struct Tick {
    woken: u64,
    /// They could not be woken, and are put off.
    failed: u64,
    /// They were found, and there was no time left for them.
    left: u64,
    /// All that were found.
    found: u64,
    /// How long the one that waited longest had been due, in seconds.
    oldest: i64,
    /// Shards of the index that could not be read.
    unread: Vec<Error>,
}

/// Takes a schedule's tick: goes on until nothing more is due, or time is up.
///
/// # Errors
/// When a shard of the index could not be read, after all others were: what is in it is still due.
pub async fn handle(env: &Env, _tick: Value) -> Result<Value> {
    let until = env.clock.running().saturating_add(PATIENCE);
    let mut tick = Tick::default();
    let mut shards: Vec<(u32, Option<After>)> = (0..ledger::DUE_SHARDS).map(|shard| (shard, None)).collect();
    while !shards.is_empty() && env.clock.running() < until {
        let turns = look(env, &mut shards, &mut tick).await;
        // Made one by one, as there is room for them: what waits takes no more than its name.
        let wakes = turns.map(|due| async move {
            if env.clock.running() >= until { Came::Late } else { wake_or_put_off(env, &due).await }
        });
        let mut wakes = stream::iter(wakes).buffer_unordered(AT_ONCE);
        while let Some(came) = wakes.next().await {
            match came {
                Came::Woken => tick.woken += 1,
                Came::Not => {}
                Came::Failed => tick.failed += 1,
                Came::Late => tick.left += 1,
            }
        }
    }
    tick.tell()
}

/// Some of what is due in each shard, in turns. What can't be read keeps nobody from the others; a shard that is read to
/// its end is left out next time.
async fn look(env: &Env, shards: &mut Vec<(u32, Option<After>)>, tick: &mut Tick) -> Turns {
    let now = env.clock.now();
    let mut rows: Vec<Due> = Vec::new();
    for (shard, after) in std::mem::take(shards) {
        match env.ledger.due(shard, now, after).await {
            Ok(page) => {
                rows.extend(page.rows);
                shards.extend(page.after.map(|after| (shard, Some(after))));
            }
            Err(error) => {
                tracing::error!(shard, %error, "a part of the index of what is due could not be read");
                tick.unread.push(error);
            }
        }
    }
    tick.oldest = rows.iter().map(|due| due.late(now).as_secs()).fold(tick.oldest, i64::max);
    let turns = Turns::of(rows);
    tick.found += turns.len() as u64;
    turns
}

impl Tick {
    fn tell(self) -> Result<Value> {
        let Self { woken, failed, left, found, oldest, mut unread } = self;
        tracing::info!(
            target: metrics::TARGET,
            due_backlog = found, due_woken = woken, due_failed = failed, due_left = left, oldest_due_seconds = oldest,
        );
        match unread.pop() {
            Some(error) => Err(error),
            None => Ok(json!({
                "woken": woken, "failed": failed, "left": left, "due_backlog": found, "oldest_due_seconds": oldest,
            })),
        }
    }
}

/// What came of one case.
enum Came {
    Woken,
    /// It wasn't due any more.
    Not,
    Failed,
    /// Time was up.
    Late,
}

async fn wake_or_put_off(env: &Env, due: &Due) -> Came {
    let error = match wake(env, due).await {
        Ok(true) => return Came::Woken,
        Ok(false) => return Came::Not,
        Err(error) => error,
    };
    tracing::error!(client = due.client(), case = due.name(), %error, "a case could not be woken");
    if let Err(error) = env.ledger.put_off(due, &error, env.clock.now()).await {
        tracing::error!(client = due.client(), case = due.name(), %error, "a case could not be put off");
    }
    Came::Failed
}

async fn wake(env: &Env, due: &Due) -> Result<bool> {
    let key: CaseKey = due.key()?;
    let plan = Plan { key: &key, function: WAKE_DUE, actor: Actor::Banto };
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
