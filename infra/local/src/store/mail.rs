//! The mailbox: every mail as it left, byte for byte.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, params};

use super::{StoreError, Tx, instant};

/// One mail that was sent.
#[derive(Debug, Clone)]
pub(crate) struct StoredMail {
    /// The id the provider returned.
    pub(crate) id: String,
    pub(crate) sent_at: Timestamp,
    /// The envelope's recipients.
    pub(crate) recipients: Vec<String>,
    pub(crate) tags: BTreeMap<String, String>,
    /// RFC 5322.
    pub(crate) raw: Vec<u8>,
}

const SELECT: &str = "SELECT id, sent_at, recipients, tags, raw FROM mails";

impl Tx<'_> {
    pub(crate) fn add_mail(&self, mail: &StoredMail) -> Result<(), StoreError> {
        let sql = "INSERT INTO mails(id, sent_at, recipients, tags, raw) VALUES (?1, ?2, ?3, ?4, ?5)";
        let recipients = serde_json::to_string(&mail.recipients).unwrap_or_default();
        let tags = serde_json::to_string(&mail.tags).unwrap_or_default();
        self.0.execute(sql, params![mail.id, mail.sent_at.as_microsecond(), recipients, tags, mail.raw])?;
        Ok(())
    }

    /// All mails, newest first.
    pub(crate) fn mails(&self) -> Result<Vec<StoredMail>, StoreError> {
        let mut statement = self.0.prepare(&format!("{SELECT} ORDER BY n DESC"))?;
        let rows = statement.query_map([], mail)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every case that a mail was sent for, as `client/case`.
    pub(crate) fn written_to(&self) -> Result<BTreeSet<String>, StoreError> {
        let mut statement = self.0.prepare("SELECT DISTINCT tags FROM mails")?;
        let tags = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        let case = |tags: &String| {
            let tags: BTreeMap<String, String> = serde_json::from_str(tags).ok()?;
            Some(format!("{}/{}", tags.get("client")?, tags.get("case")?))
        };
        Ok(tags.iter().filter_map(case).collect())
    }

    pub(crate) fn mail(&self, id: &str) -> Result<Option<StoredMail>, StoreError> {
        Ok(self.0.query_row(&format!("{SELECT} WHERE id = ?1"), [id], mail).optional()?)
    }
}

fn mail(row: &Row<'_>) -> rusqlite::Result<StoredMail> {
    let json = |name: &str| -> rusqlite::Result<String> { row.get(name) };
    Ok(StoredMail {
        id: row.get("id")?,
        sent_at: instant(row.get("sent_at")?),
        recipients: serde_json::from_str(&json("recipients")?).unwrap_or_default(),
        tags: serde_json::from_str(&json("tags")?).unwrap_or_default(),
        raw: row.get("raw")?,
    })
}
