//! The version of the playbook that an approval is about: what it says, and what it is compared with.

use std::sync::Arc;

use banto_aws::{Env, Result};
use banto_domain::playbook::OF_PLAYBOOK;
use banto_domain::rules::compare::{Section, compare};
use banto_domain::rules::version::Proposed;
use banto_domain::state::Ask;
use banto_domain::{Case, Playbook};
use serde::Serialize;

/// A version that waits.
pub(crate) struct Proposal {
    pub(crate) wanted: Proposed,
    against: Arc<Playbook>,
    next: Option<Playbook>,
    /// What it is compared with isn't live any more.
    pub(crate) replaced: bool,
}

/// What is shown of it: all that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Version {
    pub(crate) number: u32,
    /// The version it is compared with.
    pub(crate) against: u32,
    /// SHA-256 of its text.
    pub(crate) hash: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) replaced: bool,
    pub(crate) changes: Vec<Section>,
}

impl Proposal {
    /// What an ask is about, if it is a version of the playbook. What is live is read anew.
    ///
    /// # Errors
    /// When the store can't be reached, or what stands there isn't what was proposed.
    pub(crate) async fn load(env: &Env, case: &Case, ask: &Ask) -> Result<Option<Self>> {
        let is_of_version = ask.seeks.as_ref().is_some_and(|seeks| seeks.approval == OF_PLAYBOOK);
        let Some(wanted) = Proposed::of(case).filter(|_| is_of_version) else { return Ok(None) };
        let client = &case.key.client;
        let live = env.playbooks.live_now(client).await?.map(|(live, _)| live.version);
        let against = env.playbooks.get(client, wanted.against()).await?;
        let next = env.playbooks.proposed(client, &wanted).await?.map(|proposed| proposed.playbook);
        let replaced = live != Some(wanted.against());
        Ok(Some(Self { wanted, against, next, replaced }))
    }

    /// Whether it can be approved as it is shown.
    pub(crate) fn stands(&self) -> bool {
        self.next.is_some() && !self.replaced
    }

    pub(crate) fn shown(&self, language: &str) -> Version {
        Version {
            number: self.wanted.version,
            against: self.wanted.against(),
            hash: self.wanted.hash.clone(),
            replaced: !self.stands(),
            changes: self.next.as_ref().map(|next| compare(&self.against, next, language)).unwrap_or_default(),
        }
    }
}
