//! Playbooks in the table: versions never change, so they are kept in memory; what is *live* (the current version,
//! revoked templates, sealed secrets) is read again after half a minute, and by the gate each time.
//!
//! ```text
//! playbooks/version.rs  a version as it stands in the table, in parts when it is long
//! playbooks/proposal.rs a version that is proposed, and how it becomes live
//! playbooks/cache.rs    what a process keeps
//! ```

mod cache;
mod proposal;
pub(crate) mod version;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use banto_domain::keys::Keys;
use banto_domain::{ClientId, Playbook};
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce};
use data_encoding::BASE64;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ledger::{Item, Ledger, n, s, text};
use crate::{Clock, Entropy, Error, Result, items};

use self::cache::Lru;
pub use self::proposal::Proposed;
pub(crate) use self::proposal::{holds, publishing};

/// How long the live item may be old when a new case begins.
const FRESH: SignedDuration = SignedDuration::from_secs(30);

/// What is always today's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// The current version.
    pub version: u32,
    /// Templates that must not leave any more, in any version.
    #[serde(default)]
    pub revoked: BTreeSet<String>,
    /// Secrets by name (`form:inquiry`), sealed.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
}

impl Live {
    /// Reads the live item.
    pub(crate) fn read(row: &Item) -> Result<Self> {
        serde_json::from_str(text(row, "body")?).map_err(|e| Error::Bug(format!("live item: {e}")))
    }
}

/// Who approved a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The person, as the one who published it says.
    pub by: String,
    /// When it was published.
    pub at: Timestamp,
}

/// What came of publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// The version that is current now.
    pub version: u32,
    /// Whether it wasn't before.
    pub new: bool,
}

/// How much of playbooks a process keeps, in bytes of their JSON: a third of what a function of 256 MB can spare, since a
/// playbook in memory is about twice as large.
const MOST_KEPT: usize = 32 * 1024 * 1024;
/// Of how many clients a process keeps what is live.
const MOST_LIVE: usize = 1_000;

#[derive(Debug)]
struct Cache {
    versions: Lru<(ClientId, u32), Arc<Playbook>>,
    live: Lru<ClientId, (Timestamp, Arc<Live>)>,
}

/// Playbooks by client and version.
#[derive(Debug, Clone)]
pub struct Playbooks {
    ledger: Ledger,
    keys: Keys,
    clock: Arc<dyn Clock>,
    cache: Arc<Mutex<Cache>>,
}

impl Playbooks {
    /// Playbooks in this ledger's table.
    #[must_use]
    pub fn new(ledger: Ledger, keys: Keys, clock: Arc<dyn Clock>) -> Self {
        let cache = Cache { versions: Lru::new(MOST_KEPT), live: Lru::new(MOST_LIVE) };
        Self { ledger, keys, clock, cache: Arc::new(Mutex::new(cache)) }
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        // Nothing that panics holds this lock, and a cache is never half-written.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One version.
    ///
    /// # Errors
    /// When it isn't there, or the store can't be reached.
    pub async fn get(&self, client: &ClientId, version: u32) -> Result<Arc<Playbook>> {
        let name = (client.clone(), version);
        if let Some(found) = self.cache().versions.get(&name) {
            return Ok(found);
        }
        let body = self.body(client, version).await?;
        let body = body.ok_or_else(|| Error::Refused(format!("{client} has no playbook version {version}")))?;
        let playbook: Playbook =
            serde_json::from_str(&body).map_err(|e| Error::Bug(format!("playbook {client} {version}: {e}")))?;
        let playbook = Arc::new(playbook);
        self.cache().versions.insert(name, Arc::clone(&playbook), body.len());
        Ok(playbook)
    }

    /// The text of a version, in one Query.
    async fn body(&self, client: &ClientId, version: u32) -> Result<Option<String>> {
        let rows = self.ledger.query(&items::playbook_pk(client), &version::sk(version)).await?;
        version::join(version, &rows)
    }

    /// What is live for a client; `None` when there is no such client.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn live(&self, client: &ClientId) -> Result<Option<Arc<Live>>> {
        let now = self.clock.now();
        let kept = self.cache().live.get(client);
        if let Some((read_at, live)) = kept {
            let age = now.duration_since(read_at);
            if !age.is_negative() && age < FRESH {
                return Ok(Some(live));
            }
        }
        let Some(row) = self.ledger.get(&items::playbook_pk(client), items::LIVE).await? else { return Ok(None) };
        let live = Arc::new(Live::read(&row)?);
        self.cache().live.insert(client.clone(), (now, Arc::clone(&live)), 1);
        Ok(Some(live))
    }

    /// What is live is read again when somebody wants it next: somebody else may have written it.
    pub fn look_again(&self) {
        self.cache().live = Lru::new(MOST_LIVE);
    }

    /// The current version of a client's playbook; `None` when there is no such client.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn current(&self, client: &ClientId) -> Result<Option<(Arc<Live>, Arc<Playbook>)>> {
        let Some(live) = self.live(client).await? else { return Ok(None) };
        let playbook = self.get(client, live.version).await?;
        Ok(Some((live, playbook)))
    }

    /// Publishes a playbook as the next version, unless it is what is current already. Secrets that are given replace
    /// those of the same name; the others stay. Returns the version.
    ///
    /// # Errors
    /// When somebody else published meanwhile, or the store can't be reached.
    pub async fn publish(
        &self,
        playbook: &Playbook,
        secrets: &BTreeMap<String, String>,
        entropy: &dyn Entropy,
    ) -> Result<u32> {
        let (mut live, before) = self.begin(&playbook.client).await?;
        for (name, secret) in secrets {
            live.secrets.insert(name.clone(), self.seal(&playbook.client, secret, entropy)?);
        }
        Ok(self.next(playbook, live, before.as_deref(), None).await?.version)
    }

    /// As [`Self::publish`], and keeps who approved the version, and when.
    ///
    /// # Errors
    /// When somebody else published meanwhile, or the store can't be reached.
    pub async fn publish_approved(&self, playbook: &Playbook, by: &str) -> Result<Published> {
        let (live, before) = self.begin(&playbook.client).await?;
        let approval = Approval { by: by.to_owned(), at: self.clock.now() };
        self.next(playbook, live, before.as_deref(), Some(approval)).await
    }

    /// Who approved a version; `None` when nobody had to, as in practice mode.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn approval(&self, client: &ClientId, version: u32) -> Result<Option<Approval>> {
        let row = self.ledger.get(&items::playbook_pk(client), &version::sk(version)).await?;
        let Some(row) = row.filter(|row| row.contains_key("approved_by")) else { return Ok(None) };
        let at = text(&row, "approved_at")?.parse().map_err(|e| Error::Bug(format!("approved_at: {e}")))?;
        Ok(Some(Approval { by: text(&row, "approved_by")?.to_owned(), at }))
    }

    /// The live item to change, and as it stands.
    async fn begin(&self, client: &ClientId) -> Result<(Live, Option<String>)> {
        let Some(row) = self.ledger.get(&items::playbook_pk(client), items::LIVE).await? else {
            return Ok(Default::default());
        };
        Ok((Live::read(&row)?, Some(text(&row, "body")?.to_owned())))
    }

    /// Writes the next version, unless it is the current one, and the live item, both or neither.
    async fn next(
        &self,
        playbook: &Playbook,
        mut live: Live,
        before: Option<&str>,
        approval: Option<Approval>,
    ) -> Result<Published> {
        let client = &playbook.client;
        let mut next = playbook.clone();
        next.version = live.version;
        let current = match self.body(client, live.version).await {
            // What isn't as it was published is replaced.
            Err(Error::Bug(_)) => None,
            current => current?,
        };
        let same = current.is_some_and(|current| json(&next).is_ok_and(|n| n == current));
        let mut writes = Vec::new();
        if !same {
            next.version += 1;
            live.version = next.version;
            let sk = version::sk(next.version);
            let cut = version::Cut::new(next.version, &json(&next)?)?;
            self.write_rest(client, &cut).await?;
            let mut version = cut.head(|body| self.item(client, &sk, body));
            if let Some(approval) = &approval {
                version = approved(version, approval);
            }
            // A version never changes.
            writes.push(version.condition_expression("attribute_not_exists(pk)"));
        }
        writes.extend(self.live_item(client, &live, before)?);
        self.write(client, writes).await?;
        Ok(Published { version: live.version, new: !same })
    }

    /// One by one: together they may be more than a transaction takes. Nothing reads them before the version itself is there.
    async fn write_rest(&self, client: &ClientId, cut: &version::Cut) -> Result<()> {
        for (part, body) in &cut.rest {
            let part = version::part(self.ledger.table(), &items::playbook_pk(client), part, body);
            self.write(client, vec![part]).await?;
        }
        Ok(())
    }

    /// Revokes a template in all versions, from now on: the gate looks each time.
    ///
    /// # Errors
    /// When there is no such client, somebody else published meanwhile, or the store can't be reached.
    pub async fn revoke(&self, client: &ClientId, template: &str) -> Result<()> {
        let (mut live, before) = self.begin(client).await?;
        let before = before.ok_or_else(|| Error::Refused(format!("there is no client {client}")))?;
        live.revoked.insert(template.to_owned());
        let writes = self.live_item(client, &live, Some(&before))?.into_iter().collect();
        self.write(client, writes).await
    }

    /// The live item, if it changes, on the condition that it is still as it was read.
    fn live_item(&self, client: &ClientId, live: &Live, before: Option<&str>) -> Result<Option<PutBuilder>> {
        live_item(self.ledger.table(), client, live, before)
    }

    fn item(&self, client: &ClientId, sk: &str, body: &str) -> PutBuilder {
        item(self.ledger.table(), client, sk, body)
    }

    async fn write(&self, client: &ClientId, puts: Vec<PutBuilder>) -> Result<()> {
        if !puts.is_empty() {
            let built =
                puts.into_iter().map(|put| put.build().map(|put| TransactWriteItem::builder().put(put).build()));
            let writes: Vec<_> = built.collect::<Result<_, _>>().map_err(|e| Error::Bug(e.to_string()))?;
            let call = self.ledger.client().transact_write_items().set_transact_items(Some(writes));
            call.send().await.map_err(crate::ledger::again)?;
            self.cache().live.remove(client);
        }
        Ok(())
    }

    /// Opens a secret of a client.
    ///
    /// # Errors
    /// When it can't be opened with this installation's root key.
    pub fn secret(&self, client: &ClientId, live: &Live, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(sealed) = live.secrets.get(name) else { return Ok(None) };
        let bad = || Error::Bug(format!("the secret {name} of {client} can't be opened with this root key"));
        let bytes = BASE64.decode(sealed.as_bytes()).map_err(|_| bad())?;
        let (nonce, sealed) = bytes.split_at_checked(12).ok_or_else(bad)?;
        let nonce = <[u8; 12]>::try_from(nonce).map_err(|_| bad())?;
        let opened = self.cipher(client).decrypt(&Nonce::from(nonce), sealed).map_err(|_| bad())?;
        Ok(Some(opened))
    }

    fn seal(&self, client: &ClientId, secret: &str, entropy: &dyn Entropy) -> Result<String> {
        let mut nonce = [0; 12];
        entropy.fill(&mut nonce)?;
        let sealed = self.cipher(client).encrypt(&Nonce::from(nonce), secret.as_bytes());
        let sealed = sealed.map_err(|_| Error::Bug("a secret could not be sealed".to_owned()))?;
        Ok(BASE64.encode(&[nonce.as_slice(), &sealed].concat()))
    }

    /// ChaCha20-Poly1305 (RFC 8439) under the client's derived key.
    fn cipher(&self, client: &ClientId) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(self.keys.sealing(client)))
    }
}

fn live_item(table: &str, client: &ClientId, live: &Live, before: Option<&str>) -> Result<Option<PutBuilder>> {
    let body = json(live)?;
    let mut item = item(table, client, "LIVE", &body);
    if !live.revoked.is_empty() {
        // Beside the body, so that a lease can depend on it.
        item = item.item("revoked", AttributeValue::Ss(live.revoked.iter().cloned().collect()));
    }
    Ok(match before {
        Some(before) if before == body => None,
        Some(before) => {
            let item = item.condition_expression("body = :before");
            Some(item.expression_attribute_values(":before", s(before)))
        }
        None => Some(item.condition_expression("attribute_not_exists(pk)")),
    })
}

fn item(table: &str, client: &ClientId, sk: &str, body: &str) -> PutBuilder {
    let item = Put::builder().table_name(table);
    item.item("pk", s(&items::playbook_pk(client))).item("sk", s(sk)).item("v", n(1)).item("body", s(body))
}

/// A version's own item, with who approved it.
fn approved(version: PutBuilder, approval: &Approval) -> PutBuilder {
    version.item("approved_by", s(&approval.by)).item("approved_at", s(&approval.at.to_string()))
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::Bug(e.to_string()))
}
