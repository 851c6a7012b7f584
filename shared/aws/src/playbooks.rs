//! Playbooks in the table: versions never change, so they are kept in memory; what is *live* (the current version,
//! revoked templates, sealed secrets) is read again after half a minute, and by the gate each time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use banto_domain::keys::Keys;
use banto_domain::{ClientId, Playbook};
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce};
use data_encoding::BASE64;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ledger::{Item, Ledger, n, s, text};
use crate::{Clock, Entropy, Error, Result, items};

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

#[derive(Debug, Default)]
struct Cache {
    versions: HashMap<(ClientId, u32), Arc<Playbook>>,
    live: HashMap<ClientId, (Timestamp, Arc<Live>)>,
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
        Self { ledger, keys, clock, cache: Arc::default() }
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
            return Ok(Arc::clone(found));
        }
        let row = self.ledger.get(&items::playbook_pk(client), &version_sk(version)).await?;
        let row = row.ok_or_else(|| Error::Refused(format!("{client} has no playbook version {version}")))?;
        let playbook: Playbook = serde_json::from_str(text(&row, "body")?)
            .map_err(|e| Error::Bug(format!("playbook {client} {version}: {e}")))?;
        let playbook = Arc::new(playbook);
        self.cache().versions.insert(name, Arc::clone(&playbook));
        Ok(playbook)
    }

    /// What is live for a client; `None` when there is no such client.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn live(&self, client: &ClientId) -> Result<Option<Arc<Live>>> {
        let now = self.clock.now();
        if let Some((read_at, live)) = self.cache().live.get(client) {
            let age = now.duration_since(*read_at);
            if !age.is_negative() && age < FRESH {
                return Ok(Some(Arc::clone(live)));
            }
        }
        let Some(row) = self.ledger.get(&items::playbook_pk(client), "LIVE").await? else { return Ok(None) };
        let live = Arc::new(Live::read(&row)?);
        self.cache().live.insert(client.clone(), (now, Arc::clone(&live)));
        Ok(Some(live))
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
    /// When the store can't be reached.
    pub async fn publish(
        &self,
        playbook: &Playbook,
        secrets: &BTreeMap<String, String>,
        entropy: &dyn Entropy,
    ) -> Result<u32> {
        let client = &playbook.client;
        let row = self.ledger.get(&items::playbook_pk(client), "LIVE").await?;
        let mut live = row.as_ref().map(Live::read).transpose()?.unwrap_or_default();
        let mut next = playbook.clone();
        next.version = live.version;
        let body = |p: &Playbook| serde_json::to_string(p).map_err(|e| Error::Bug(e.to_string()));
        let current = self.ledger.get(&items::playbook_pk(client), &version_sk(live.version)).await?;
        let same = match &current {
            Some(row) => text(row, "body")? == body(&next)?,
            None => false,
        };
        if !same {
            next.version = live.version + 1;
            live.version = next.version;
            self.put(client, &version_sk(next.version), &body(&next)?).await?;
        }
        for (name, secret) in secrets {
            live.secrets.insert(name.clone(), self.seal(client, secret, entropy)?);
        }
        let live_body = serde_json::to_string(&live).map_err(|e| Error::Bug(e.to_string()))?;
        self.put(client, "LIVE", &live_body).await?;
        self.cache().live.remove(client);
        Ok(live.version)
    }

    /// Revokes a template in all versions, from now on: the gate looks each time.
    ///
    /// # Errors
    /// When there is no such client, or the store can't be reached.
    pub async fn revoke(&self, client: &ClientId, template: &str) -> Result<()> {
        let row = self.ledger.get(&items::playbook_pk(client), "LIVE").await?;
        let row = row.ok_or_else(|| Error::Refused(format!("there is no client {client}")))?;
        let mut live = Live::read(&row)?;
        live.revoked.insert(template.to_owned());
        let body = serde_json::to_string(&live).map_err(|e| Error::Bug(e.to_string()))?;
        self.put(client, "LIVE", &body).await?;
        self.cache().live.remove(client);
        Ok(())
    }

    async fn put(&self, client: &ClientId, sk: &str, body: &str) -> Result<()> {
        let call = self.ledger.client().put_item().table_name(self.ledger.table());
        let call =
            call.item("pk", s(&items::playbook_pk(client))).item("sk", s(sk)).item("v", n(1)).item("body", s(body));
        call.send().await.map_err(crate::ledger::again).map(|_| ())
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

fn version_sk(version: u32) -> String {
    format!("V#{version:06}")
}
