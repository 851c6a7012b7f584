//! What the host must not forget: calls and messages under way, what failed for good, the mailbox, its place in the
//! stream, its clock. One small SQLite file beside the case store; every change is one durable transaction. Refuses to
//! know what any of it means.
//!
//! ```text
//! work.rs  calls and messages: stored, due, done, repeated, dead
//! mail.rs  the mailbox
//! ```

mod mail;
mod work;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::engine::Place;
use banto_cloud::{Mode, Pulse};

pub(crate) use mail::StoredMail;
pub use work::DeadLetter;
pub(crate) use work::{Burial, Job};

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("another banto is using this directory; stop it first")]
    InUse,
    /// A file of a later version.
    #[error("host store: written by a newer banto (version {0})")]
    Newer(i64),
    /// The file can't be made.
    #[error("{0}: {1}")]
    File(std::path::PathBuf, std::io::Error),
    /// The disk, or a file that isn't ours.
    #[error("host store: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The blocking pool is gone.
    #[error("host store: the process is stopping")]
    Stopping,
}

/// The file's name in its folder.
pub(crate) const FILE: &str = "host.sqlite";

impl StoreError {
    /// Whether it could be read, but not written.
    pub(crate) fn is_read_only(&self) -> bool {
        use rusqlite::ErrorCode::{CannotOpen, PermissionDenied, ReadOnly, SystemIoFailure};
        let Self::Sqlite(rusqlite::Error::SqliteFailure(error, _)) = self else { return false };
        matches!(error.code, CannotOpen | PermissionDenied | ReadOnly | SystemIoFailure)
    }
}

const VERSION: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- Calls (queue is null) and messages (queue is set) that are under way.
CREATE TABLE work (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  queue TEXT,
  function TEXT,
  body TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER NOT NULL,
  error TEXT
);
CREATE INDEX work_next ON work(next_at, n);
CREATE TABLE dead (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  queue TEXT,
  source TEXT,
  function TEXT,
  body TEXT NOT NULL,
  error TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  at INTEGER NOT NULL
);
CREATE TABLE mails (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  sent_at INTEGER NOT NULL,
  recipients TEXT NOT NULL,
  tags TEXT NOT NULL,
  raw BLOB NOT NULL
);
";

/// The host's store. Clones share it.
#[derive(Clone)]
pub(crate) struct Store {
    connection: Arc<Mutex<Connection>>,
    mode: Mode,
    pulse: Pulse,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// An open transaction, with what can be done in it.
pub(crate) struct Tx<'a>(Transaction<'a>);

impl Store {
    pub(crate) fn open(place: &Place, mode: Mode, pulse: Pulse) -> Result<Self, StoreError> {
        let connection = match place {
            Place::Dir(dir) => open_file(&dir.join(FILE))?,
            Place::Memory => Connection::open_in_memory()?,
        };
        prepare(&connection)?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)), mode, pulse })
    }

    /// Runs `change` in one transaction: all of it is durable when this returns `Ok`, or none of it is there.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        let done = self.mode.run(move || store.change_now(change)).await.ok_or(StoreError::Stopping)?;
        if done.is_ok() {
            self.pulse.beat();
        }
        done
    }

    /// As [`change`](Self::change), for reading: nobody is woken.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        self.mode.run(move || store.change_now(read)).await.ok_or(StoreError::Stopping)?
    }

    fn change_now<T>(&self, change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        // A panic inside rolled its transaction back: the connection is sound.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let tx = Tx(connection.transaction()?);
        let value = change(&tx)?;
        tx.0.commit()?;
        Ok(value)
    }
}

impl Tx<'_> {
    pub(crate) fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.0.query_row("SELECT value FROM meta WHERE key = ?1", [key], |r| r.get(0)).optional()?)
    }

    pub(crate) fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO meta(key, value) VALUES (?1, ?2) ON CONFLICT(key) DO UPDATE SET value = excluded.value";
        self.0.execute(sql, params![key, value])?;
        Ok(())
    }
}

impl Tx<'_> {
    pub(crate) fn forget_meta(&self, key: &str) -> Result<(), StoreError> {
        self.0.execute("DELETE FROM meta WHERE key = ?1", [key])?;
        Ok(())
    }

    /// Forgets everything, but for what tells this house from others, and that nobody lived in it yet.
    pub(crate) fn forget_all(&self) -> Result<(), StoreError> {
        let sql = "DELETE FROM meta WHERE key NOT IN ('house', 'key', 'unlived');
                   DELETE FROM work; DELETE FROM dead; DELETE FROM mails;";
        Ok(self.0.execute_batch(sql)?)
    }
}

fn open_file(path: &Path) -> Result<Connection, StoreError> {
    crate::engine::private_file(path).map_err(|e| StoreError::File(path.to_owned(), e))?;
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_millis(300))?;
    // One process at a time: the lock is the operating system's, so it goes with the process, however that ends.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    let locked = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
        .and_then(|()| connection.execute_batch("PRAGMA synchronous = FULL; BEGIN IMMEDIATE; COMMIT;"));
    match locked {
        Err(rusqlite::Error::SqliteFailure(e, _)) if e.code == rusqlite::ErrorCode::DatabaseBusy => {
            Err(StoreError::InUse)
        }
        other => Ok(other.map(|()| connection)?),
    }
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |r| r.get(0))?;
    match version {
        0 => Ok(connection.execute_batch(&format!("BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;"))?),
        VERSION => Ok(()),
        newer => Err(StoreError::Newer(newer)),
    }
}

/// Instants are stored as microseconds.
fn instant(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or_default()
}
