//! A version of the playbook is proposed: it is stored as what may become live, and a case of the practice's own asks whoever
//! may approve it. Done twice it ends the same.

use banto_domain::rules::version::{NotProposed, Proposed, refused};
use banto_domain::{Actor, CaseKey, Playbook, Rejection, Status};

use crate::{Changed, Env, Error, Plan, Result};

/// How often the same text may be proposed again against the same version, after it was refused.
const MOST: u32 = 100;

/// A version that somebody is asked about.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The case in which it is asked.
    pub key: CaseKey,
    /// The version.
    pub proposed: Proposed,
    /// What it is compared with.
    pub against: Playbook,
    /// It was asked before, and is not answered yet.
    pub before: bool,
}

impl Env {
    /// Proposes a playbook as the next version of what is live.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn propose(&self, playbook: &Playbook, by: &str) -> Result<std::result::Result<Asked, NotProposed>> {
        let client = &playbook.client;
        let Some((live, _)) = self.playbooks.live_now(client).await? else {
            return Ok(Err(NotProposed::NoPlaybook(client.clone())));
        };
        let against = self.playbooks.get(client, live.version).await?;
        if let Some(refused) = refused(&against, playbook, by) {
            return Ok(Err(refused));
        }
        let proposed = self.playbooks.propose(playbook, live.version).await?;
        for nth in 1..=MOST {
            let (key, cause) = proposed.key(client, nth);
            let asked =
                |before| Asked { key: key.clone(), proposed: proposed.clone(), against: (*against).clone(), before };
            match self.ledger.load(&key).await? {
                Some(loaded) if loaded.case.status == Status::Open => return Ok(Ok(asked(true))),
                // It was refused, or nobody answered.
                Some(_) => {}
                None => {
                    let actor = Actor::Person { person: by.to_owned() };
                    let plan = Plan { key: &key, function: banto_domain::playbook::PROPOSE_PLAYBOOK, actor };
                    let open = |draft: &mut banto_domain::Draft<'_>| -> std::result::Result<(), Rejection> {
                        proposed.open(draft, &key, by)
                    };
                    return match self.open(&plan, &cause, &against, open).await? {
                        Changed::Mine(..) => Ok(Ok(asked(false))),
                        Changed::Before(_) => Ok(Ok(asked(true))),
                        Changed::Refused(rejection) => Err(Error::Bug(rejection.to_string())),
                        _ => Err(Error::Bug(format!("{key} could not be opened"))),
                    };
                }
            }
        }
        Err(Error::Refused(format!("the same was proposed {MOST} times; change something first")))
    }
}
