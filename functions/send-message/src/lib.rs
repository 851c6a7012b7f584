//! The only function that may send. The gate, the lease (the moment that counts), the call, once, and its outcome.

mod compose;

use banto_aws::ledger::{Also, Loaded};
use banto_aws::{Changed, Env, Error, Letter, Mailer, Plan, Poke, Result};
use banto_domain::message::{self, Call, GateFacts, Outcome};
use banto_domain::{Actor, Case, Id, Rejection, Why};
use serde_json::{Value, json};

use crate::compose::Composed;

/// This function.
const NAME: &str = "send-message";
/// How many times a mail is written anew before the queue brings it again, minutes later.
const MAX_RACES: u32 = 8;

/// Takes an SQS batch of journal events, or one such event by itself.
///
/// # Errors
/// When a single event could not be handled. In a batch, such events are reported one by one.
pub async fn handle(env: &Env, mailer: &Mailer, event: Value) -> Result<Value> {
    let Some(records) = event["Records"].as_array() else {
        send(env, mailer, &event).await?;
        return Ok(json!({ "did": "done" }));
    };
    let mut failures = Vec::new();
    for record in records {
        if let Err(error) = of_record(env, mailer, record).await {
            tracing::warn!(%error, "a message will come again");
            failures.push(json!({ "itemIdentifier": record["messageId"] }));
        }
    }
    Ok(json!({ "batchItemFailures": failures }))
}

async fn of_record(env: &Env, mailer: &Mailer, record: &Value) -> Result<()> {
    let body = record["body"].as_str().ok_or_else(|| Error::Refused("an SQS record without a body".to_owned()))?;
    let event = serde_json::from_str(body).map_err(|e| Error::Refused(format!("not an event: {e}")))?;
    send(env, mailer, &event).await
}

/// Loads, writes, leases and calls. Whatever else happens to the case meanwhile (its other steps run at the same time)
/// means writing the mail anew, since what it says may have changed.
async fn send(env: &Env, mailer: &Mailer, event: &Value) -> Result<()> {
    let poke = Poke::read(event)?;
    for race in 0..MAX_RACES {
        let Some(loaded) = env.ledger.load(&poke.key).await? else {
            return Err(Error::Refused(format!("there is no case {}", poke.key)));
        };
        let Some(message) = subject(&loaded.case, &poke.cause) else { return Ok(()) };
        let Composed { letter, facts, also } = match loaded.case.message(&message) {
            Some(wanted) => compose::letter(env, &loaded, &message, wanted).await?,
            None => Composed::default(),
        };
        match lease(env, &poke, &message, loaded, &facts, &also).await? {
            Lease::Got(leased) => {
                let written = || Error::Bug("the gate let a mail pass that was never written".to_owned());
                return call(env, mailer, &poke, &message, *leased, letter.ok_or_else(written)?).await;
            }
            Lease::NotMine => return Ok(()),
            Lease::Moved => env.pause(race).await?,
        }
    }
    Err(Error::Again(format!("{}: the case moved on each time its mail was written", poke.key)))
}

/// What came of asking for the lease.
enum Lease {
    /// This very call got it: the provider is to be called.
    Got(Box<Loaded>),
    /// The gate stopped it, or somebody else has it.
    NotMine,
    /// The case, or what is known of the address, is no longer what the mail was written from.
    Moved,
}

/// The message of a step that is still to be taken up.
fn subject(case: &Case, cause: &Id) -> Option<Id> {
    let step = case.pending.get(cause).filter(|p| p.action == NAME && matches!(p.why, Why::Intended | Why::Fired))?;
    step.about.clone()
}

/// The lease commit, for a mail that was written from `loaded`.
async fn lease(
    env: &Env,
    poke: &Poke,
    message: &Id,
    loaded: Loaded,
    facts: &GateFacts,
    also: &[Also],
) -> Result<Lease> {
    let plan = Plan { key: &poke.key, function: NAME, actor: Actor::Banto, also };
    let seq = loaded.case.seq;
    let changed = env
        .change(
            &plan,
            Some(loaded),
            |case| (case.seq == seq && subject(case, &poke.cause).is_some()).then(|| poke.cause.clone()),
            |draft| message::take_up(draft, message, facts).map(Some),
        )
        .await?;
    match changed {
        Changed::Mine(Call::Attempt(_), made) => Ok(Lease::Got(Box::new(made.after))),
        Changed::Mine(Call::Not, _) | Changed::Before(_) => Ok(Lease::NotMine),
        Changed::Nothing | Changed::Unmet(_) => Ok(Lease::Moved),
        Changed::Refused(rejection) => Err(Error::Refused(Rejection::to_string(&rejection))),
        Changed::NoCase => Err(Error::Bug(format!("the case {} is gone", poke.key))),
    }
}

/// The call, and its outcome as a fact. When nothing is known of it, the end of the lease will ask.
async fn call(env: &Env, mailer: &Mailer, poke: &Poke, message: &Id, leased: Loaded, letter: Letter) -> Result<()> {
    let attempt = leased.case.message(message).map_or(0, |m| m.attempts);
    let Some(outcome) = mailer.send(letter).await? else {
        tracing::warn!(client = %poke.key.client, case = %poke.key.case, %message, "unknown whether the provider took it");
        return Ok(());
    };
    let cause = Id::derive(&["outcome", poke.cause.as_str(), &attempt.to_string()]);
    let plan = Plan { key: &poke.key, function: NAME, actor: Actor::Banto, also: &[] };
    let changed = env
        .change(
            &plan,
            Some(leased),
            |_| Some(cause.clone()),
            |draft| message::settle(draft, message, &outcome).map(Some),
        )
        .await?;
    let sent = matches!(outcome, Outcome::Sent { .. });
    tracing::info!(client = %poke.key.client, case = %poke.key.case, %message, sent);
    match changed {
        Changed::Refused(rejection) => Err(Error::Refused(Rejection::to_string(&rejection))),
        _ => Ok(()),
    }
}
