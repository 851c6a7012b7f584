//! What follows when the provider takes nothing: it is counted, and one person of the client learns of it, once a day.

use banto_aws::{Changed, Env, Error, Plan, Result, metrics};
use banto_domain::rules::message::Outcome;
use banto_domain::rules::provider;
use banto_domain::state::Message;
use banto_domain::steps::SEND_MESSAGE;
use banto_domain::{Actor, CaseId, CaseKey, ClientId, Id, Rejection};
use jiff::civil::Date;

/// What is said of a provider when what it said itself could not be told.
const AGAIN_AND_AGAIN: &str = "again-and-again";

/// Counts what wasn't taken, and tells of it where that must be told. Whatever fails here: the next mail that isn't taken
/// tells it, or this one's next try, see [`make_up`].
pub(crate) async fn notice(env: &Env, client: &ClientId, before: Option<&Message>, outcome: &Outcome) {
    let paused = matches!(outcome, Outcome::Paused(_));
    if !paused && !matches!(outcome, Outcome::Busy(_)) {
        return;
    }
    tracing::info!(target: metrics::TARGET, mails_deferred = 1_u64, provider_paused = u64::from(paused));
    let Some(said) = before.and_then(|before| provider::trouble(before, outcome)) else { return };
    if let Err(error) = tell(env, client, said).await {
        tracing::error!(%client, %error, "nobody could be told that the provider takes no mails");
    }
}

/// Before a mail that wasn't taken many times is tried again: somebody knows, or learns of it now. When it should have been
/// told the store may have failed, and this mail may be the last that wasn't taken.
///
/// # Errors
/// When the store can't be reached: then the mail can't leave either.
pub(crate) async fn make_up(env: &Env, client: &ClientId, message: &Message) -> Result<()> {
    if message.busy < provider::MANY {
        return Ok(());
    }
    let Some((_, playbook)) = env.playbooks.current(client).await? else { return Ok(()) };
    let today = env.clock.now().to_zoned(playbook.time_zone()).date();
    // It was told before midnight.
    if let Ok(yesterday) = today.yesterday()
        && env.ledger.load(&of_day(client, yesterday)).await?.is_some()
    {
        return Ok(());
    }
    match tell(env, client, AGAIN_AND_AGAIN).await {
        Err(Error::Again(why)) => Err(Error::Again(why)),
        Err(error) => {
            tracing::error!(%client, %error, "nobody can be told that the provider took no mails");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// The case of a day in which somebody learns of it.
fn of_day(client: &ClientId, day: Date) -> CaseKey {
    let case = CaseId::derive(&[provider::BUSY, client.as_str(), &day.to_string()]);
    CaseKey { client: client.clone(), case }
}

async fn tell(env: &Env, client: &ClientId, said: &str) -> Result<()> {
    let Some((_, playbook)) = env.playbooks.current(client).await? else { return Ok(()) };
    let day = env.clock.now().to_zoned(playbook.time_zone()).date();
    let key = of_day(client, day);
    if env.ledger.load(&key).await?.is_some() {
        return Ok(());
    }
    let cause = Id::derive(&[provider::BUSY, client.as_str(), &day.to_string()]);
    let plan = Plan { key: &key, function: SEND_MESSAGE, actor: Actor::Provider };
    let told = env.open(&plan, &cause, &playbook, |draft| -> std::result::Result<(), Rejection> {
        provider::tell(draft, &key, said)
    });
    match told.await? {
        Changed::Refused(rejection) => Err(Error::Bug(rejection.to_string())),
        _ => Ok(()),
    }
}
