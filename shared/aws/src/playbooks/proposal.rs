//! A version that is proposed: it stands in the table under a key of its own, as it will stand once it is approved, and is
//! nobody's until then. It never changes, and is known by the hash of its text. It becomes live in the transaction of the
//! commit that says so, if what it was compared with is still live.

use aws_sdk_dynamodb::types::builders::PutBuilder;
use banto_domain::rules::Proposal;
use banto_domain::rules::version as domain;
use banto_domain::state::commit;
use banto_domain::{ClientId, Playbook};
use jiff::Timestamp;

use super::{Approval, Live, Playbooks, approved, item, json, live_item, version};
use crate::ledger::{Item, n, s, text};
use crate::{Error, Result, items};

/// A version that is proposed.
#[derive(Debug, Clone)]
pub struct Proposed {
    /// What it says.
    pub playbook: Playbook,
    text: String,
    parts: usize,
}

fn sk(proposed: &domain::Proposed) -> String {
    format!("P#{:06}#{}", proposed.version, proposed.hash)
}

impl Playbooks {
    /// What is live now, read anew, and as it stands in the table; `None` when there is no such client.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn live_now(&self, client: &ClientId) -> Result<Option<(Live, String)>> {
        let (live, before) = self.begin(client).await?;
        Ok(before.map(|before| (live, before)))
    }

    /// Stores a playbook as what may become the version after `against`. It isn't live.
    ///
    /// # Errors
    /// When it is too long, or the store can't be reached.
    pub async fn propose(&self, playbook: &Playbook, against: u32) -> Result<domain::Proposed> {
        let (client, version) = (&playbook.client, against + 1);
        let body = json(&Playbook { version, ..playbook.clone() })?;
        let proposed = domain::Proposed { version, hash: commit::hash(&body) };
        let cut = version::Cut::new(version, &body)?;
        self.write_rest(client, &cut).await?;
        self.write(client, vec![cut.head(|body| self.item(client, &sk(&proposed), body))]).await?;
        Ok(proposed)
    }

    /// A version that is proposed; `None` when there is none.
    ///
    /// # Errors
    /// When it isn't what was proposed, or the store can't be reached.
    pub async fn proposed(&self, client: &ClientId, wanted: &domain::Proposed) -> Result<Option<Proposed>> {
        let pk = items::playbook_pk(client);
        let Some(head) = self.ledger.get(&pk, &sk(wanted)).await? else { return Ok(None) };
        let parts: usize = items::number(&head, "parts");
        let rows = match parts {
            0 => Vec::new(),
            _ => self.ledger.query(&pk, &format!("{}#", version::sk(wanted.version))).await?,
        };
        let body = read(wanted, &head, &rows)?;
        let playbook = serde_json::from_str(&body).map_err(|e| Error::Bug(format!("what is proposed: {e}")))?;
        Ok(Some(Proposed { playbook, text: text(&head, "body")?.to_owned(), parts }))
    }
}

/// Its whole text, if it is what was proposed.
fn read(wanted: &domain::Proposed, head: &Item, rows: &[Item]) -> Result<String> {
    let body = version::whole(wanted.version, head, rows)?;
    if commit::hash(&body) == wanted.hash {
        return Ok(body);
    }
    Err(Error::Bug(format!("what was proposed as version {} is something else now", wanted.version)))
}

/// Whether something proposed, with its items among these, is what was proposed; `None` when it is nothing proposed.
pub(crate) fn holds(head: &Item, rows: &[Item]) -> Option<Result<String>> {
    let (version, hash) = text(head, "sk").ok()?.strip_prefix("P#")?.split_once('#')?;
    let wanted = domain::Proposed { version: version.parse().ok()?, hash: hash.to_owned() };
    Some(read(&wanted, head, rows))
}

impl Proposed {
    /// As it is to be live, in the place of what is live by `live`.
    #[must_use]
    pub fn ready(&self, wanted: &domain::Proposed, live: String, approved_by: Vec<String>) -> Proposal {
        let (text, parts, domain::Proposed { version, hash }) = (self.text.clone(), self.parts, wanted.clone());
        Proposal { version, hash, text, parts, live, approved_by, at: Timestamp::UNIX_EPOCH }
    }
}

/// The version, which nobody published before, and that it is live, on the condition that what was live still is.
pub(crate) fn publishing(table: &str, client: &ClientId, proposal: &Proposal) -> Result<Vec<PutBuilder>> {
    let Proposal { version, hash, text, parts, live, approved_by, at } = proposal;
    let own: PutBuilder = item(table, client, &version::sk(*version), text).item("hash", s(version::short(hash)));
    let own = if *parts == 0 { own } else { own.item("parts", n(*parts)) };
    let own = approved(own, &Approval { by: approved_by.join(", "), at: *at });
    let before: Live = serde_json::from_str(live).map_err(|e| Error::Bug(format!("live item: {e}")))?;
    let after = Live { version: *version, ..before };
    let live = live_item(table, client, &after, Some(live))?;
    let unchanged = || Error::Bug("a version that is live already is not made so".to_owned());
    Ok(vec![own.condition_expression("attribute_not_exists(pk)"), live.ok_or_else(unchanged)?])
}
