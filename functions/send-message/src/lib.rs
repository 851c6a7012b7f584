//! The only function that may send. The gate, the lease (the moment that counts), the call, once, and its outcome.

mod busy;
mod digest;

use banto_aws::compose::{self, Composed};
use banto_aws::ledger::Loaded;
use banto_aws::{Changed, Env, Error, Function, Letter, Mailer, Plan, Poke, Result};
use banto_domain::rules::Also;
use banto_domain::rules::gate::GateFacts;
use banto_domain::rules::message::{self, Call, Outcome};
use banto_domain::state::{Message, State};
use banto_domain::steps::SEND_MESSAGE;
use banto_domain::{Actor, Case, CaseKey, Id, Rejection, What};
use serde_json::{Value, json};

/// How many times a mail is written anew before the queue brings it again, minutes later.
const MAX_RACES: u32 = 8;
/// How many times an earlier mail is seen off or waited for.
const MAX_WAITS: u32 = 6;

/// Takes an SQS batch of journal events, or one such event by itself.
#[must_use]
pub fn function() -> Function {
    Function::event(SEND_MESSAGE, |w, e| async move { handle(&w.env, &w.mailer, e).await })
}

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

/// Mails to one person leave in the order in which they were wanted: whoever asks for a later one sees the earlier ones
/// off first.
async fn send(env: &Env, mailer: &Mailer, event: &Value) -> Result<()> {
    let Poke { key, cause } = Poke::read(event)?;
    let mut loaded = load(env, &key).await?;
    for wait in 0..MAX_WAITS {
        match ahead(&loaded.case, &cause) {
            Some(Ahead::Waiting(earlier)) => {
                if let Err(error) = leave(env, mailer, &key, &earlier, loaded).await {
                    tracing::warn!(client = %key.client, case = %key.case, %error, "an earlier mail could not leave");
                    loaded = load(env, &key).await?;
                    break;
                }
            }
            // Somebody else is calling the provider for it. It is nearly gone; if not, order isn't worth the wait.
            Some(Ahead::Leaving) => env.pause(wait).await?,
            None => break,
        }
        loaded = load(env, &key).await?;
    }
    leave(env, mailer, &key, &cause, loaded).await
}

async fn load(env: &Env, key: &CaseKey) -> Result<Loaded> {
    env.ledger.load(key).await?.ok_or_else(|| Error::Refused(format!("there is no case {key}")))
}

/// An earlier message to the same person that hasn't left yet.
enum Ahead {
    /// Nobody took this step up yet.
    Waiting(Id),
    /// Its provider is being called.
    Leaving,
}

fn ahead(case: &Case, cause: &Id) -> Option<Ahead> {
    let mine = case.message(&subject(case, cause)?)?;
    // Who pays is usually the customer, so mails to either wait for one another.
    let same = |m: &Message| m.to == mine.to || (m.to.is_outside() && mine.to.is_outside());
    let earlier = |m: &Message| m.n < mine.n && same(m);
    // What a person has already is not waited for.
    let untaken = case.pending.iter().filter(|(_, step)| step.watchdog_at.is_some()).map(|(cause, _)| cause);
    let waiting = untaken.into_iter().find(|other| {
        let goes_first = |m: &Message| m.state == State::Intended && earlier(m);
        subject(case, other).is_some_and(|id| case.message(&id).is_some_and(goes_first))
    });
    if let Some(waiting) = waiting {
        return Some(Ahead::Waiting(waiting.clone()));
    }
    let leaving = |(_, m): (&Id, &Message)| m.state == State::Sending && earlier(m);
    case.messages().any(leaving).then_some(Ahead::Leaving)
}

/// Writes, leases and calls. Whatever else happens to the case meanwhile (its other steps run at the same time) means
/// writing the mail anew, since what it says may have changed.
async fn leave(env: &Env, mailer: &Mailer, key: &CaseKey, cause: &Id, mut loaded: Loaded) -> Result<()> {
    let mut crowded = false;
    if let Some(wanted) = subject(&loaded.case, cause).and_then(|id| loaded.case.message(&id)) {
        busy::make_up(env, &key.client, wanted).await?;
    }
    for race in 0..MAX_RACES {
        let Some(message) = subject(&loaded.case, cause) else { return Ok(()) };
        let Composed { letter, mut facts, also } = match loaded.case.message(&message) {
            Some(wanted) => compose::letter(env, &loaded, &message, wanted).await?,
            None => Composed::default(),
        };
        facts.crowded = crowded;
        let step = Step { key, cause, message: &message };
        match lease(env, step, loaded, &facts, &also).await? {
            Lease::Got(leased) => {
                let written = || Error::Bug("the gate let a mail pass that was never written".to_owned());
                return call(env, mailer, step, *leased, letter.ok_or_else(written)?).await;
            }
            Lease::NotMine => return Ok(()),
            Lease::Crowded(person) => {
                digest::want(env, &key.client, &person).await?;
                crowded = true;
            }
            Lease::Moved => env.pause(race).await?,
        }
        loaded = load(env, key).await?;
    }
    Err(Error::Again(format!("{key}: the case moved on each time its mail was written")))
}

/// One message's step.
#[derive(Clone, Copy)]
struct Step<'a> {
    key: &'a CaseKey,
    cause: &'a Id,
    message: &'a Id,
}

/// What came of asking for the lease.
enum Lease {
    /// This very call got it: the provider is to be called.
    Got(Box<Loaded>),
    /// The gate stopped it, or somebody else has it.
    NotMine,
    /// This person got many: it goes with their next list.
    Crowded(String),
    /// The case, or what is known of the address, is no longer what the mail was written from.
    Moved,
}

/// The message of a step that is still to be taken up.
fn subject(case: &Case, cause: &Id) -> Option<Id> {
    // A mail to a customer whose automation is stopped waits with the rest of the case.
    let step = case.pending.get(cause).filter(|step| step.action == SEND_MESSAGE && case.is_ready(cause, step))?;
    match &step.what {
        What::Intended { message } => Some(message.clone()),
        What::Fired { about, .. } => about.clone(),
        _ => None,
    }
}

/// The lease commit, for a mail that was written from `loaded`.
async fn lease(
    env: &Env,
    Step { key, cause, message }: Step<'_>,
    loaded: Loaded,
    facts: &GateFacts,
    also: &[Also],
) -> Result<Lease> {
    let plan = Plan { key, function: SEND_MESSAGE, actor: Actor::Banto };
    let seq = loaded.case.seq;
    let reader = loaded.case.message(message).and_then(|m| m.to.person()).map(str::to_owned);
    let changed = env
        .change(
            &plan,
            Some(loaded),
            |case| (case.seq == seq && subject(case, cause).is_some()).then(|| cause.clone()),
            |draft| {
                also.iter().for_each(|also| draft.also(also.clone()));
                message::take_up(draft, message, facts).map(Some)
            },
        )
        .await?;
    match changed {
        Changed::Mine(Call::Attempt(_), made) => Ok(Lease::Got(Box::new(made.after))),
        Changed::Mine(Call::Not, _) | Changed::Before(_) => Ok(Lease::NotMine),
        Changed::Unmet(also) if matches!(*also, Also::Rate { .. }) => Ok(reader.map_or(Lease::Moved, Lease::Crowded)),
        Changed::Nothing | Changed::Unmet(_) => Ok(Lease::Moved),
        Changed::Refused(rejection) => Err(Error::Refused(Rejection::to_string(&rejection))),
        Changed::NoCase => Err(Error::Bug(format!("the case {key} is gone"))),
    }
}

/// The call, and its outcome as a fact. When nothing is known of it, the end of the lease will ask.
async fn call(
    env: &Env,
    mailer: &Mailer,
    Step { key, cause, message }: Step<'_>,
    leased: Loaded,
    letter: Letter,
) -> Result<()> {
    let before = leased.case.message(message).cloned();
    let attempt = before.as_ref().map_or(0, |m| m.attempts);
    let Some(outcome) = mailer.send(letter).await? else {
        tracing::warn!(client = %key.client, case = %key.case, %message, "unknown whether the provider took it");
        return Ok(());
    };
    let cause = Id::derive(&["outcome", cause.as_str(), &attempt.to_string()]);
    let plan = Plan { key, function: SEND_MESSAGE, actor: Actor::Banto };
    let changed = env
        .change(
            &plan,
            Some(leased),
            |_| Some(cause.clone()),
            |draft| message::settle(draft, message, &outcome).map(Some),
        )
        .await?;
    let sent = matches!(outcome, Outcome::Sent { .. });
    busy::notice(env, &key.client, before.as_ref(), &outcome).await;
    tracing::info!(client = %key.client, case = %key.case, %message, sent);
    match changed {
        Changed::Refused(rejection) => Err(Error::Refused(Rejection::to_string(&rejection))),
        _ => Ok(()),
    }
}
