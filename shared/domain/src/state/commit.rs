//! Commits: the entries of one step, as they are stored, hashed, claimed and published.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Actor, Entry, Stamped};
use crate::{CaseId, CaseKey, ClientId, Id};

/// The version that new commits and entries carry.
pub const VERSION: u32 = 2;

/// The entries of one step, in the order they became true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Commit {
    /// Version of the commit's shape.
    pub v: u32,
    /// The tenant.
    pub client: ClientId,
    /// The case.
    pub case: CaseId,
    /// 1, 2, 3, … without gaps.
    pub seq: u64,
    /// SHA-256 (hex) of the bytes of the commit before; empty for the first.
    pub prev: String,
    /// What set it off: an entry, a webhook, an ask, a provider's event.
    pub cause: Id,
    /// The function that decided.
    pub function: String,
    /// On whose behalf.
    pub actor: Actor,
    /// UTC; never goes back within a case.
    pub recorded_at: Timestamp,
    /// At least one.
    pub entries: Vec<Stamped>,
}

impl Commit {
    /// Where it belongs.
    #[must_use]
    pub fn key(&self) -> CaseKey {
        CaseKey { client: self.client.clone(), case: self.case.clone() }
    }

    /// The claim: one cause is taken up once by one function. The commit's own key is made of it.
    #[must_use]
    pub fn claim(cause: &Id, function: &str) -> Id {
        Id::derive(&["claim", cause.as_str(), function])
    }

    /// The bytes to store. Hashes are over these, so they are made once and kept.
    ///
    /// # Errors
    /// Never for a commit made here; serialization is fallible by its type.
    pub fn seal(&self) -> Result<StoredCommit, serde_json::Error> {
        let body = serde_json::to_string(self)?;
        Ok(StoredCommit { hash: hash(&body), seq: self.seq, claim: Self::claim(&self.cause, &self.function), body })
    }
}

/// A commit as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCommit {
    /// Its key.
    pub claim: Id,
    /// Its place.
    pub seq: u64,
    /// SHA-256 (hex) of `body`.
    pub hash: String,
    /// JSON, exactly as written.
    pub body: String,
}

impl StoredCommit {
    /// The version of its shape; 0 when the bytes are no commit.
    #[must_use]
    pub fn version(&self) -> u32 {
        let version = |body: &serde_json::Value| u32::try_from(body["v"].as_u64()?).ok();
        serde_json::from_str(&self.body).ok().as_ref().and_then(version).unwrap_or_default()
    }

    /// Reads it, through the upcasters.
    ///
    /// # Errors
    /// When the bytes are no commit of any released version.
    pub fn open(&self) -> Result<Commit, serde_json::Error> {
        super::upcast::commit(&self.body)
    }
}

/// SHA-256 in hex.
#[must_use]
pub fn hash(bytes: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes.as_bytes()))
}

/// One event on the bus: one entry, with where it belongs. `publish-journal` writes it, every rule matches on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Version of this envelope.
    pub v: u32,
    /// The tenant.
    pub client: ClientId,
    /// The case.
    pub case: CaseId,
    /// The commit.
    pub seq: u64,
    /// The entry's place in the commit, from 0.
    pub index: usize,
    /// The function that must take it up: what rules match on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The entry to take up.
    pub cause: Id,
    /// When it was recorded (UTC).
    pub at: Timestamp,
    /// The entry itself.
    pub entry: Stamped,
}

impl Commit {
    /// What goes out on the bus for this commit.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let event = |(index, stamped): (usize, &Stamped)| Event {
            v: VERSION,
            client: self.client.clone(),
            case: self.case.clone(),
            seq: self.seq,
            index,
            action: stamped.entry.action().map(str::to_owned),
            cause: match &stamped.entry {
                Entry::StepRetried { cause, .. } => cause.clone(),
                _ => stamped.id.clone(),
            },
            at: self.recorded_at,
            entry: stamped.clone(),
        };
        self.entries.iter().enumerate().map(event).collect()
    }
}
