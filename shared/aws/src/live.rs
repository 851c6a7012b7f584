//! A client goes live: once its playbook says that it does so in steps, whoever may is asked how far each part goes.

use banto_domain::playbook::GOING_LIVE;
use banto_domain::rules::stages;
use banto_domain::state::Status;
use banto_domain::{Actor, ClientId, Id, Rejection};

use crate::{Changed, Env, Error, Plan, Result};

impl Env {
    /// Asks who may move the parts of what a client sends, in a case of its own: once, however often it is called, until
    /// that is settled. Nothing
    /// where the playbook has no such parts.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn go_live(&self, client: &ClientId) -> Result<()> {
        let Some((_, playbook)) = self.playbooks.current(client).await? else { return Ok(()) };
        if playbook.going_live.is_none() {
            return Ok(());
        }
        let first = stages::home(client, None);
        let over = self.ledger.load(&first).await?.is_some_and(|loaded| loaded.case.status != Status::Open);
        let key = if over { stages::home(client, Some(playbook.version)) } else { first };
        let cause = Id::derive(&[GOING_LIVE, key.case.as_str()]);
        let plan = Plan { key: &key, function: GOING_LIVE, actor: Actor::Banto };
        let opened: Changed<(), Rejection> =
            self.open(&plan, &cause, &playbook, |draft| stages::open(draft, &key)).await?;
        match opened {
            Changed::Refused(rejection) => Err(Error::Bug(rejection.to_string())),
            _ => Ok(()),
        }
    }
}
