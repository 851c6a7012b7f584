//! Lists of what waits for one of the practice's people, in the place of many mails: who wants one.

use banto_aws::{Changed, Env, Error, Plan, Result};
use banto_domain::rules::digest;
use banto_domain::steps::SEND_MESSAGE;
use banto_domain::{Actor, ClientId, Draft, Rejection};

/// Sees to it that a person gets a list when this quarter of an hour is over: one, however many want it.
///
/// # Errors
/// When the store can't be reached, or the playbook of today has no lists.
pub(crate) async fn want(env: &Env, client: &ClientId, person: &str) -> Result<()> {
    let now = env.clock.now();
    let (key, cause) = (digest::case(client, now), digest::cause(client, person, now));
    if env.ledger.taken_up(&key, &cause, SEND_MESSAGE).await?.is_some() {
        return Ok(());
    }
    let no_client = || Error::Refused(format!("there is no client {client}"));
    let (_, today) = env.playbooks.current(client).await?.ok_or_else(no_client)?;
    let plan = Plan { key: &key, function: SEND_MESSAGE, actor: Actor::Banto };
    let more = |draft: &mut Draft<'_>| digest::list(draft, person);
    let first = |draft: &mut Draft<'_>| digest::open(draft, &key, person);
    match env.change_or_open(&plan, &cause, &today, more, first).await? {
        Changed::Mine(..) | Changed::Before(_) => Ok(()),
        Changed::Refused(rejection) => Err(Error::Bug(Rejection::to_string(&rejection))),
        Changed::NoCase | Changed::Nothing | Changed::Unmet(_) => Err(Error::Again(format!("{key}: no list was made"))),
    }
}
