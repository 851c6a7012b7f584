//! What follows when the provider takes nothing: it is counted, and one person of the client learns of it, once a day.

use banto_aws::{Changed, Env, Error, Plan, Result, metrics};
use banto_domain::rules::message::Outcome;
use banto_domain::rules::provider;
use banto_domain::state::Message;
use banto_domain::steps::SEND_MESSAGE;
use banto_domain::{Actor, CaseId, CaseKey, ClientId, Id, Rejection};

/// Counts what wasn't taken, and tells of it where that must be told. Whatever fails here: the next mail that isn't taken
/// tells it.
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

async fn tell(env: &Env, client: &ClientId, said: &str) -> Result<()> {
    let Some((_, playbook)) = env.playbooks.current(client).await? else { return Ok(()) };
    let day = env.clock.now().to_zoned(playbook.time_zone()).date().to_string();
    let of_day = [provider::BUSY, client.as_str(), &day];
    let key = CaseKey { client: client.clone(), case: CaseId::derive(&of_day) };
    if env.ledger.load(&key).await?.is_some() {
        return Ok(());
    }
    let (plan, cause) = (Plan { key: &key, function: SEND_MESSAGE, actor: Actor::Provider }, Id::derive(&of_day));
    let told = env.open(&plan, &cause, &playbook, |draft| -> std::result::Result<(), Rejection> {
        provider::tell(draft, &key, said)
    });
    match told.await? {
        Changed::Refused(rejection) => Err(Error::Bug(rejection.to_string())),
        _ => Ok(()),
    }
}
