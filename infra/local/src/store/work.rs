//! Calls and messages under way, and those that failed for good.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{StoreError, Tx, instant};
use crate::ids;

/// A call or a message that is due.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) n: i64,
    /// Its id: the event's or the message's.
    pub(crate) id: String,
    /// The queue it waits in; `None` for a call.
    pub(crate) queue: Option<String>,
    /// Whom to call; `None` for a message.
    pub(crate) function: Option<String>,
    pub(crate) body: String,
    /// How often it failed.
    pub(crate) attempts: u32,
}

/// What failed for good: visible, and ready to be tried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// By this it is redriven.
    pub id: String,
    /// The queue it lies in, as on AWS.
    pub queue: Option<String>,
    /// The queue it was taken from, if it was a message.
    pub source: Option<String>,
    /// The function that failed, if one did.
    pub function: Option<String>,
    /// What the function was given.
    pub event: Value,
    /// The last failure.
    pub error: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up.
    pub at: Timestamp,
}

impl Tx<'_> {
    /// An asynchronous call, due at once.
    pub(crate) fn call(&self, id: &str, function: &str, event: &str, now: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO work(id, function, body, next_at) VALUES (?1, ?2, ?3, ?4)";
        self.0.prepare_cached(sql)?.execute(params![id, function, event, now.as_microsecond()])?;
        Ok(())
    }

    /// A message in a queue, visible at `at`.
    pub(crate) fn message(&self, queue: &str, body: &str, at: Timestamp) -> Result<String, StoreError> {
        let id = ids::uuid();
        let sql = "INSERT INTO work(id, queue, body, next_at) VALUES (?1, ?2, ?3, ?4)";
        self.0.prepare_cached(sql)?.execute(params![id, queue, body, at.as_microsecond()])?;
        Ok(id)
    }

    /// Calls that are due, oldest first.
    pub(crate) fn due_calls(&self, now: Timestamp, limit: usize) -> Result<Vec<Job>, StoreError> {
        self.due("queue IS NULL AND ?3 IS NULL", None, now, limit)
    }

    /// Messages of a queue that are visible, oldest first.
    pub(crate) fn due_messages(&self, queue: &str, now: Timestamp, limit: usize) -> Result<Vec<Job>, StoreError> {
        self.due("queue = ?3", Some(queue), now, limit)
    }

    fn due(&self, which: &str, queue: Option<&str>, now: Timestamp, limit: usize) -> Result<Vec<Job>, StoreError> {
        let sql = format!(
            "SELECT n, id, queue, function, body, attempts FROM work
             WHERE next_at <= ?1 AND {which} ORDER BY next_at, n LIMIT ?2"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![now.as_microsecond(), limit, queue], job)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// When something is due next, after `now`.
    pub(crate) fn next_work(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT MIN(next_at) FROM work WHERE next_at > ?1";
        let next: Option<i64> = self.0.query_row(sql, [now.as_microsecond()], |r| r.get(0))?;
        Ok(next.map(instant))
    }

    /// It succeeded.
    pub(crate) fn done(&self, n: i64) -> Result<(), StoreError> {
        self.0.prepare_cached("DELETE FROM work WHERE n = ?1")?.execute([n])?;
        Ok(())
    }

    /// It failed, and will be tried again at `at`.
    pub(crate) fn again(&self, n: i64, error: &str, at: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE work SET attempts = attempts + 1, error = ?2, next_at = ?3 WHERE n = ?1";
        self.0.execute(sql, params![n, error, at.as_microsecond()])?;
        Ok(())
    }

    /// It failed for good: from the work under way to the dead letters.
    pub(crate) fn bury(
        &self,
        job: &Job,
        queue: Option<&str>,
        function: &str,
        error: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.done(job.n)?;
        self.lay_down(&Burial {
            queue,
            source: job.queue.as_deref(),
            function: Some(function),
            body: &job.body,
            error,
            attempts: job.attempts + 1,
            now,
        })?;
        Ok(())
    }

    /// A new dead letter.
    pub(crate) fn lay_down(&self, burial: &Burial<'_>) -> Result<String, StoreError> {
        let id = ids::uuid();
        let sql = "INSERT INTO dead(id, queue, source, function, body, error, attempts, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let Burial { queue, source, function, body, error, attempts, now } = burial;
        self.0.execute(sql, params![id, queue, source, function, body, error, attempts, now.as_microsecond()])?;
        Ok(id)
    }

    /// All dead letters, newest first.
    pub(crate) fn dead(&self) -> Result<Vec<DeadLetter>, StoreError> {
        let mut statement = self.0.prepare(&format!("{SELECT_DEAD} ORDER BY n DESC"))?;
        let rows = statement.query_map([], dead_letter)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One dead letter, with its body as it was stored.
    pub(crate) fn dead_letter(&self, id: &str) -> Result<Option<(DeadLetter, String)>, StoreError> {
        let sql = format!("{SELECT_DEAD} WHERE id = ?1");
        let found = self.0.query_row(&sql, [id], |r| Ok((dead_letter(r)?, r.get("body")?)));
        Ok(found.optional()?)
    }

    /// Takes a dead letter away. `false` if it was gone already.
    pub(crate) fn forget_dead(&self, id: &str) -> Result<bool, StoreError> {
        Ok(self.0.execute("DELETE FROM dead WHERE id = ?1", [id])? == 1)
    }
}

/// What a dead letter is made of.
#[derive(Debug)]
pub(crate) struct Burial<'a> {
    pub(crate) queue: Option<&'a str>,
    pub(crate) source: Option<&'a str>,
    pub(crate) function: Option<&'a str>,
    pub(crate) body: &'a str,
    pub(crate) error: &'a str,
    pub(crate) attempts: u32,
    pub(crate) now: Timestamp,
}

const SELECT_DEAD: &str = "SELECT id, queue, source, function, body, error, attempts, at FROM dead";

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job {
        n: row.get("n")?,
        id: row.get("id")?,
        queue: row.get("queue")?,
        function: row.get("function")?,
        body: row.get("body")?,
        attempts: row.get("attempts")?,
    })
}

fn dead_letter(row: &Row<'_>) -> rusqlite::Result<DeadLetter> {
    let body: String = row.get("body")?;
    Ok(DeadLetter {
        id: row.get("id")?,
        queue: row.get("queue")?,
        source: row.get("source")?,
        function: row.get("function")?,
        event: serde_json::from_str(&body).unwrap_or(Value::String(body)),
        error: row.get("error")?,
        attempts: row.get("attempts")?,
        at: instant(row.get("at")?),
    })
}
