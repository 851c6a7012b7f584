//! What the case store knows of the house that it belongs to, and how far its stream goes: by these a store that was
//! emptied, replaced or set back is told from the right one. Beside the engine's own tables, which know nothing of it.

use std::path::Path;

use dynoxide::DynoxideError;
use dynoxide::actions::delete_table::DeleteTableRequest;
use rusqlite::{OptionalExtension as _, params};

use super::{Engine, EngineError};

impl Engine {
    /// What was marked under this name.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn mark(&self, name: &str) -> Result<Option<String>, EngineError> {
        let connection = self.lock();
        let there = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '_banto_house')";
        if !connection.query_row(there, [], |row| row.get::<_, bool>(0))? {
            return Ok(None);
        }
        let found = "SELECT value FROM _banto_house WHERE name = ?1";
        Ok(connection.query_row(found, [name], |row| row.get(0)).optional()?)
    }

    /// Marks the store, all of it or nothing.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn set_marks(&self, marks: &[(&str, &str)]) -> Result<(), EngineError> {
        let mut connection = self.lock();
        let change = connection.transaction()?;
        change.execute_batch("CREATE TABLE IF NOT EXISTS _banto_house (name TEXT PRIMARY KEY, value TEXT NOT NULL)")?;
        for (name, value) in marks {
            change
                .execute("INSERT OR REPLACE INTO _banto_house (name, value) VALUES (?1, ?2)", params![name, value])?;
        }
        Ok(change.commit()?)
    }

    /// Forgets a table, and what its stream has of it; nothing when it isn't there.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn forget_table(&self, table: &str) -> Result<(), EngineError> {
        let connection = self.lock();
        match self.db.delete_table(DeleteTableRequest { table_name: table.to_owned() }) {
            Ok(_) | Err(DynoxideError::ResourceNotFoundException(_)) => {}
            Err(error) => return Err(error.into()),
        }
        connection.execute("DELETE FROM _stream_records WHERE table_name = ?1", [table])?;
        Ok(())
    }

    /// The oldest and the newest record that a table's stream still has; `None` when it has none.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn extent(&self, table: &str) -> Result<Option<(String, String)>, EngineError> {
        let sql = "SELECT MIN(CAST(sequence_number AS INTEGER)), MAX(CAST(sequence_number AS INTEGER))
                   FROM _stream_records WHERE table_name = ?1";
        let numbers = self.lock().query_row(sql, [table], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (oldest, newest): (Option<i64>, Option<i64>) = numbers;
        // As the engine shows them: 10^20 plus the stored one.
        let shown = |stored: i64| format!("1{stored:020}");
        Ok(oldest.zip(newest).map(|(oldest, newest)| (shown(oldest), shown(newest))))
    }
}

/// Makes a file that nobody else may read, unless it is there. What SQLite puts beside it is as private as the file.
///
/// # Errors
/// When it can't be made.
pub fn private_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(e),
        _ => Ok(()),
    }
}
