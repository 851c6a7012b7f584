//! The case store on one machine: an embedded DynamoDB on a file or in memory. Owns the engine's known weaknesses
//! (request tokens, the stream's index and growth, expiry), so that nobody above sees them. Refuses operations that no
//! function has a right to.
//!
//! ```text
//! engine/operations.rs  the operations that functions have a right to, and what each cost
//! engine/mark.rs        what the file knows of the house it belongs to, and how far its stream goes
//! ```

mod mark;
mod operations;

pub use mark::private_file;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::result::ConnectorError;
use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::{Value, json};

use operations::{is_write, run};

use crate::pulse::{Mode, Pulse};
use crate::wire::{ACCOUNT, Answering, Backend, Call, REGION, Reply, Service, Units};

/// Where the data lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Files in this directory.
    Dir(PathBuf),
    /// Nowhere: gone with the process.
    Memory,
}

/// What the engine could not do.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The file can't be opened, or is not ours.
    #[error("case store: {0}")]
    Engine(#[from] DynoxideError),
    /// The second connection, for the stream's upkeep.
    #[error("case store: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The engine answered a request of ours with an error.
    #[error("case store: {operation} answered {answer}")]
    Refused {
        /// The operation.
        operation: &'static str,
        /// The engine's words.
        answer: String,
    },
    /// The file can't be made.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// A path that is not UTF-8.
    #[error("case store: the path is not UTF-8: {0}")]
    Path(PathBuf),
    /// The blocking pool is gone.
    #[error("case store: the process is stopping")]
    Stopping,
}

/// The file's name in its folder.
pub const FILE: &str = "cases.sqlite";

/// What is answered when nothing can be stored: nothing was, and trying again at once is of no use.
const STORAGE_FULL: &str = "StorageFull";

/// One record of the table's stream, as Lambda delivers it.
#[derive(Debug, Clone)]
pub struct StreamRecord {
    /// Its place in the stream: 21 digits, so that text and numeric order agree.
    pub sequence: String,
    /// When it was written, by the machine's clock.
    pub written_at: Timestamp,
    /// `{eventID, eventName, dynamodb: {Keys, NewImage, SequenceNumber, …}, …}`.
    pub event: Value,
}

/// The embedded engine. Clones share it.
#[derive(Clone)]
pub struct Engine {
    db: Database,
    /// A second connection to the same file, for what the engine's own interface can't do. Its lock is held around
    /// every request, so that the two connections never meet.
    upkeep: Arc<Mutex<Connection>>,
    mode: Mode,
    pulse: Pulse,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens the store.
    ///
    /// # Errors
    /// When the file can't be opened or was written by a newer engine.
    pub fn open(place: &Place, mode: Mode) -> Result<Self, EngineError> {
        Self::open_with(place, mode, Pulse::default())
    }

    /// Opens the store; whoever waits for the pulse learns of what is written.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(place: &Place, mode: Mode, pulse: Pulse) -> Result<Self, EngineError> {
        let name = match place {
            Place::Dir(dir) => file_name(dir)?,
            Place::Memory => memory_name(),
        };
        if let Place::Dir(dir) = place {
            let path = dir.join(FILE);
            private_file(&path).map_err(|e| EngineError::File(path, e))?;
        }
        let db = Database::new(&name)?;
        let upkeep = Connection::open(&name)?;
        upkeep.busy_timeout(std::time::Duration::from_secs(5))?;
        // Without it every write to a table with a stream costs as much as the stream is long.
        upkeep.execute_batch(
            "CREATE INDEX IF NOT EXISTS _banto_stream_order
               ON _stream_records(table_name, CAST(sequence_number AS INTEGER))",
        )?;
        Ok(Self { db, upkeep: Arc::new(Mutex::new(upkeep)), mode, pulse })
    }

    /// Creates the table of the template if it is missing, with its index, stream and expiry.
    ///
    /// # Errors
    /// When the engine refuses the definition.
    pub fn ensure_table(&self, name: &str, table: &crate::template::Table) -> Result<(), EngineError> {
        if let Ok(described) = self.now("DescribeTable", &json!({ "TableName": name })) {
            return self.ensure_indexes(name, &table.create, &described["Table"]["GlobalSecondaryIndexes"]);
        }
        let mut create = table.create.clone();
        create["TableName"] = json!(name);
        self.now("CreateTable", &create)?;
        if let Some(attribute) = &table.expires {
            let specification = json!({ "AttributeName": attribute, "Enabled": true });
            self.now("UpdateTimeToLive", &json!({ "TableName": name, "TimeToLiveSpecification": specification }))?;
        }
        Ok(())
    }

    /// Adds the indexes that an older house doesn't have; what stands in its table is filled in.
    fn ensure_indexes(&self, name: &str, create: &Value, present: &Value) -> Result<(), EngineError> {
        let is_present = |index: &Value| {
            present.as_array().into_iter().flatten().any(|known| known["IndexName"] == index["IndexName"])
        };
        for index in create["GlobalSecondaryIndexes"].as_array().into_iter().flatten().filter(|i| !is_present(i)) {
            self.now(
                "UpdateTable",
                &json!({
                    "TableName": name, "AttributeDefinitions": create["AttributeDefinitions"],
                    "GlobalSecondaryIndexUpdates": [{ "Create": index }],
                }),
            )?;
        }
        Ok(())
    }

    /// Answers one operation on the calling thread.
    #[must_use]
    pub fn answer(&self, operation: &str, body: &[u8]) -> Reply {
        let reply = {
            let _turn = self.lock();
            run(&self.db, operation, body)
        };
        if is_write(operation) {
            self.pulse.beat();
        }
        reply.unwrap_or_else(|error| {
            if is_disk(&error) {
                // As an error of DynamoDB's own it would be tried again and again.
                return Reply::error(400, STORAGE_FULL, "the disk is full, or can't be written");
            }
            let (status, body) = (error.status_code(), Bytes::from(error.to_json()));
            Reply { status, body, units: Units::default() }
        })
    }

    /// The stream's records after `after` (from the oldest one kept when `None`), oldest first.
    ///
    /// # Errors
    /// When the table has no stream.
    pub async fn stream(
        &self,
        table: &str,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<StreamRecord>, EngineError> {
        let (engine, table) = (self.clone(), table.to_owned());
        self.mode.run(move || engine.stream_now(&table, after.as_deref(), limit)).await.ok_or(EngineError::Stopping)?
    }

    fn stream_now(&self, table: &str, after: Option<&str>, limit: usize) -> Result<Vec<StreamRecord>, EngineError> {
        let _turn = self.lock();
        let arn = dynoxide::streams::stream_arn(table, "-");
        let shard = dynoxide::streams::shard_id(table);
        let iterator = self.db.get_shard_iterator(dynoxide::actions::get_shard_iterator::GetShardIteratorRequest {
            stream_arn: arn,
            shard_id: shard,
            shard_iterator_type: if after.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" }.to_owned(),
            sequence_number: after.map(str::to_owned),
        })?;
        let got = self.db.get_records(dynoxide::actions::get_records::GetRecordsRequest {
            shard_iterator: iterator.shard_iterator.unwrap_or_default(),
            limit: Some(limit),
        })?;
        got.records.into_iter().map(|record| stream_record(table, record)).collect()
    }

    /// Forgets stream records before `until`. The one at `until` stays: the engine numbers the next one after it.
    ///
    /// # Errors
    /// When the file can't be written.
    pub async fn trim_stream(&self, table: &str, until: &str) -> Result<usize, EngineError> {
        let (engine, table, until) = (self.clone(), table.to_owned(), until.to_owned());
        let trim = move || {
            // A public number is 10^20 plus the stored one: without its leading digit it is the stored one.
            let sql = "DELETE FROM _stream_records
                       WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) < CAST(substr(?2, 2) AS INTEGER)";
            Ok(engine.lock().execute(sql, [table, until])?)
        };
        self.mode.run(trim).await.ok_or(EngineError::Stopping)?
    }

    /// Deletes what has expired by `now`, as DynamoDB does some day. Returns how many items that were.
    ///
    /// # Errors
    /// When the engine refuses.
    pub async fn sweep_expired(
        &self,
        name: &str,
        table: &crate::template::Table,
        now: Timestamp,
    ) -> Result<usize, EngineError> {
        let Some(attribute) = table.expires.clone() else { return Ok(0) };
        let (engine, name, keys) = (self.clone(), name.to_owned(), table.keys.clone());
        let sweep = move || engine.sweep_now(&name, &keys, &attribute, now);
        self.mode.run(sweep).await.ok_or(EngineError::Stopping)?
    }

    fn sweep_now(&self, table: &str, keys: &[String], attribute: &str, now: Timestamp) -> Result<usize, EngineError> {
        let limit = json!({ ":now": { "N": now.as_second().to_string() } });
        let (mut start, mut swept) = (Value::Null, 0);
        loop {
            let mut scan = json!({
                "TableName": table, "FilterExpression": "#t < :now",
                "ExpressionAttributeNames": { "#t": attribute }, "ExpressionAttributeValues": limit, "Limit": 200,
            });
            if !start.is_null() {
                scan["ExclusiveStartKey"] = start;
            }
            let mut page = self.now("Scan", &scan)?;
            for item in page["Items"].as_array().into_iter().flatten() {
                let key: serde_json::Map<_, _> = keys.iter().map(|k| (k.clone(), item[k].clone())).collect();
                // Conditional: it may have been renewed since the page was read.
                let gone = self.now(
                    "DeleteItem",
                    &json!({
                        "TableName": table, "Key": key, "ConditionExpression": "#t < :now",
                        "ExpressionAttributeNames": { "#t": attribute }, "ExpressionAttributeValues": limit,
                    }),
                );
                swept += usize::from(gone.is_ok());
            }
            start = page["LastEvaluatedKey"].take();
            if start.is_null() {
                return Ok(swept);
            }
        }
    }

    /// The earliest range key of an index over the given hash keys: when the next case is due.
    ///
    /// # Errors
    /// When the engine refuses.
    pub async fn earliest(
        &self,
        table: &str,
        index: &crate::template::Index,
        shards: &[String],
    ) -> Result<Option<String>, EngineError> {
        let (engine, table, index, shards) = (self.clone(), table.to_owned(), index.clone(), shards.to_vec());
        let look = move || engine.earliest_now(&table, &index, &shards);
        self.mode.run(look).await.ok_or(EngineError::Stopping)?
    }

    fn earliest_now(
        &self,
        table: &str,
        index: &crate::template::Index,
        shards: &[String],
    ) -> Result<Option<String>, EngineError> {
        let mut earliest: Option<String> = None;
        for shard in shards {
            let found = self.now("Query", &json!({
                "TableName": table, "IndexName": index.name, "KeyConditionExpression": "#h = :h",
                "ExpressionAttributeNames": { "#h": index.hash }, "ExpressionAttributeValues": { ":h": { "S": shard } },
                "Limit": 1,
            }))?;
            let at = found["Items"][0][&index.range]["S"].as_str();
            if let Some(at) = at
                && earliest.as_deref().is_none_or(|e| at < e)
            {
                earliest = Some(at.to_owned());
            }
        }
        Ok(earliest)
    }

    /// A request of our own, outside every meter.
    fn now(&self, operation: &'static str, body: &Value) -> Result<Value, EngineError> {
        let reply = self.answer(operation, body.to_string().as_bytes());
        if reply.status == 200 {
            return Ok(serde_json::from_slice(&reply.body).unwrap_or_default());
        }
        Err(EngineError::Refused { operation, answer: String::from_utf8_lossy(&reply.body).into_owned() })
    }

    /// A thread that panicked left no half-done SQL: a statement either ran or did not.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.upkeep.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Engine {
    fn call(&self, call: Call) -> Answering<'_> {
        debug_assert_eq!(call.service, Service::DynamoDb, "the engine answers for one service");
        let engine = self.clone();
        Box::pin(async move {
            let answer = move || engine.answer(&call.operation, &call.body);
            self.mode.run(answer).await.ok_or_else(|| ConnectorError::other("the process is stopping".into(), None))
        })
    }
}

/// Whether it is the disk that failed, not the request. The engine hands SQLite's words on, not always its codes.
fn is_disk(error: &DynoxideError) -> bool {
    let said = error.to_string();
    error.status_code() == 500 && ["database or disk is full", "disk I/O error"].iter().any(|text| said.contains(text))
}

fn file_name(dir: &Path) -> Result<String, EngineError> {
    let path = dir.join(FILE);
    path.to_str().map(str::to_owned).ok_or(EngineError::Path(path))
}

/// A name under which two connections of this process find the same memory.
fn memory_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("file:banto-{}-{n}?mode=memory&cache=shared", std::process::id())
}

fn stream_record(table: &str, record: dynoxide::actions::get_records::Record) -> Result<StreamRecord, EngineError> {
    let sequence = record.dynamodb.sequence_number.clone();
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds of this century")]
    let written_at = Timestamp::from_second(record.dynamodb.approximate_creation_date_time as i64).unwrap_or_default();
    let mut event = serde_json::to_value(record).map_err(|e| DynoxideError::InternalServerError(e.to_string()))?;
    event["awsRegion"] = json!(REGION);
    event["eventSourceARN"] = json!(format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}/stream/1"));
    Ok(StreamRecord { sequence, written_at, event })
}
