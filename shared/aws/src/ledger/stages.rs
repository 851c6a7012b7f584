//! How far a client has gone live, and how approvals of each part were answered.

use std::collections::BTreeMap;

use banto_domain::ClientId;
use banto_domain::playbook::{GoingLive, Part};
use banto_domain::state::Stages;

use super::{Ledger, item_key, text};
use crate::{Result, items};

/// How approvals were answered: how often, by answer.
pub type Tally = BTreeMap<String, u64>;

impl Ledger {
    /// How far the parts of what a client sends have gone live, with how approvals of each were answered since.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn stages(&self, client: &ClientId, live: &GoingLive) -> Result<(Stages, BTreeMap<String, Tally>)> {
        let pk = items::playbook_pk(client);
        let row = self.get(&pk, items::STAGES).await?;
        let stages = row.as_ref().map(items::read_stages).transpose()?.unwrap_or_default();
        let of_part = |part: &Part| item_key(&pk, &items::tally_sk(&stages.tally(part)));
        let rows = self.batch(live.parts.iter().map(of_part).collect()).await?;
        let tally = |part: &Part| {
            let sort = items::tally_sk(&stages.tally(part));
            let row = rows.iter().find(|row| text(row, "sk").is_ok_and(|sk| sk == sort));
            (part.name.clone(), row.map(items::read_tally).unwrap_or_default())
        };
        let tallies = live.parts.iter().map(tally).collect();
        Ok((stages, tallies))
    }
}
