//! The house's side of its door. The socket is its owner's alone, as the folder is, and each who comes is asked for; what
//! may pass is what functions may do with the house's own table.

use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::map_response_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::serve::Listener;
use serde_json::{Value, json};
use tokio::net::unix::SocketAddr;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{MOST, NOW, at};
use crate::engine::Place;
use crate::host::{Host, HostError};
use crate::wire::{Call, Reply, Service};

/// How long the end waits for what is being answered.
const END: Duration = Duration::from_secs(3);
/// How long is waited when the system has no more to give.
const PAUSE: Duration = Duration::from_millis(100);

/// The door of a house, open as long as this is there.
#[derive(Debug)]
pub struct Door {
    path: PathBuf,
    end: Option<oneshot::Sender<()>>,
    work: JoinHandle<()>,
}

impl Door {
    /// Opens the door of a house that has a folder. A house whose door can't be opened runs all the same, without one.
    #[must_use]
    pub fn open(host: &Host, place: &Place) -> Option<Self> {
        let Place::Dir(dir) = place else { return None };
        let path = at(dir);
        let owners = match listen(&path) {
            Ok(owners) => owners,
            Err(error) => {
                tracing::warn!(%error, "the house runs without a door: commands can't reach it while it runs");
                return None;
            }
        };
        let (end, ended) = oneshot::channel::<()>();
        let router = router(host.clone());
        let work = tokio::spawn(async move {
            // Whoever could tell of the end may be gone: that is one, too.
            let served = axum::serve(owners, router).with_graceful_shutdown(async { drop(ended.await) });
            if let Err(error) = served.await {
                tracing::warn!(%error, "the door for commands failed");
            }
        });
        Some(Self { path, end: Some(end), work })
    }

    /// Closes it: nobody comes in any more, and who is there gets an answer.
    pub async fn close(mut self) {
        self.remove();
        if let Some(end) = self.end.take()
            && end.send(()).is_ok()
            && tokio::time::timeout(END, &mut self.work).await.is_err()
        {
            tracing::info!("a command was cut off at the end");
        }
    }

    fn remove(&self) {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => tracing::warn!(%error, "the door is left behind"),
            _ => {}
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.work.abort();
        self.remove();
    }
}

/// A socket at which the owner of the house is let in, and nobody else.
struct Owners {
    socket: UnixListener,
    owner: u32,
}

/// Whoever listens has the house: a socket that is there is of a process that was killed.
fn listen(path: &FilePath) -> std::io::Result<Owners> {
    if std::fs::symlink_metadata(path).is_ok_and(|there| there.file_type().is_socket()) {
        std::fs::remove_file(path)?;
    }
    let socket = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    let owner = std::fs::symlink_metadata(path)?.uid();
    Ok(Owners { socket, owner })
}

impl Listener for Owners {
    type Io = UnixStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (UnixStream, SocketAddr) {
        loop {
            match self.socket.accept().await {
                Ok((stream, from)) if stream.peer_cred().is_ok_and(|who| [self.owner, 0].contains(&who.uid())) => {
                    return (stream, from);
                }
                Ok(_) => tracing::warn!("somebody else knocked at the door for commands"),
                Err(error) => {
                    tracing::warn!(%error, "a command could not be let in");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

fn router(host: Host) -> Router {
    Router::new()
        .route("/", get(|| async { StatusCode::NO_CONTENT }))
        .route("/dynamodb/{operation}", post(table))
        .route("/dead-letters", get(dead_letters))
        .route("/redrive", post(redrive))
        .layer(DefaultBodyLimit::max(MOST))
        .layer(map_response_with_state(host.clone(), with_time))
        .with_state(host)
}

/// Each answer says what a clock shows that people move.
async fn with_time(State(host): State<Host>, mut response: Response) -> Response {
    let now = host.moved().and_then(|now| HeaderValue::from_str(&now.to_string()).ok());
    if let Some(now) = now {
        response.headers_mut().insert(NOW, now);
    }
    response
}

/// A request to the house's table.
async fn table(State(host): State<Host>, Path(operation): Path<String>, body: Bytes) -> Response {
    let name = &host.plan().template.table.name;
    let writes = match tables(&operation, &body) {
        Some((writes, tables)) if !tables.is_empty() && tables.iter().all(|table| table == name) => writes,
        _ => {
            let reason = format!("{operation}: by this door only the house's own table is reached");
            return answer(Reply::error(400, "AccessDeniedException", &reason));
        }
    };
    let reply = host.backend().call(Call { service: Service::DynamoDb, operation, body, key: None }).await;
    if writes {
        // What is live of a playbook may be other than what this process read a moment ago.
        host.world().env.playbooks.look_again();
    }
    answer(reply.unwrap_or_else(|_| Reply::error(503, "ServiceUnavailable", "the house is stopping")))
}

fn answer(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], reply.body).into_response()
}

/// Whether an operation writes, and the tables that a request names; `None` if no function has a right to it.
fn tables(operation: &str, body: &[u8]) -> Option<(bool, Vec<String>)> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = |table: &Value| table.as_str().map(str::to_owned).unwrap_or_default();
    let all = |list: &Value, parts: &[&str]| {
        let of = |item: &Value| {
            parts.iter().filter_map(|part| item.get(part)).map(|part| text(&part["TableName"])).collect()
        };
        list.as_array().into_iter().flatten().flat_map(|item: &Value| -> Vec<String> { of(item) }).collect()
    };
    let keys = |map: &Value| map.as_object().into_iter().flatten().map(|(table, _)| table.clone()).collect();
    Some(match operation {
        "GetItem" | "Query" | "Scan" => (false, vec![text(&body["TableName"])]),
        "PutItem" | "UpdateItem" | "DeleteItem" => (true, vec![text(&body["TableName"])]),
        "BatchGetItem" => (false, keys(&body["RequestItems"])),
        "BatchWriteItem" => (true, keys(&body["RequestItems"])),
        "TransactGetItems" => (false, all(&body["TransactItems"], &["Get"])),
        "TransactWriteItems" => (true, all(&body["TransactItems"], &["Put", "Update", "Delete", "ConditionCheck"])),
        _ => return None,
    })
}

async fn dead_letters(State(host): State<Host>) -> Response {
    match host.dead_letters().await {
        Ok(letters) => axum::Json(letters).into_response(),
        Err(error) => failed(&error),
    }
}

async fn redrive(State(host): State<Host>, id: String) -> Response {
    match host.redrive(&id).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => failed(&error),
    }
}

fn failed(error: &HostError) -> Response {
    let (status, reason) = match error {
        HostError::NoSuchDeadLetter(_) => (StatusCode::NOT_FOUND, error.to_string()),
        HostError::Redrive(reason) => (StatusCode::CONFLICT, reason.clone()),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    };
    (status, axum::Json(json!(reason))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_functions_may_do_with_a_table_is_let_in() {
        let of = |operation: &str, body: Value| tables(operation, body.to_string().as_bytes());
        let named = |tables: &[&str]| tables.iter().map(|table| (*table).to_owned()).collect::<Vec<_>>();
        assert_eq!(of("GetItem", json!({ "TableName": "a" })), Some((false, named(&["a"]))));
        assert_eq!(
            of("BatchGetItem", json!({ "RequestItems": { "a": {}, "b": {} } })),
            Some((false, named(&["a", "b"])))
        );
        let both =
            json!({ "TransactItems": [{ "Put": { "TableName": "a" } }, { "ConditionCheck": { "TableName": "b" } }] });
        assert_eq!(of("TransactWriteItems", both), Some((true, named(&["a", "b"]))));
        assert_eq!(of("TransactWriteItems", json!({ "TransactItems": [] })), Some((true, Vec::new())));
        assert_eq!(of("Query", json!({})), Some((false, named(&[""]))));
        for other in ["DeleteTable", "UpdateTimeToLive", "CreateTable", "getitem", ""] {
            assert_eq!(of(other, json!({ "TableName": "a" })), None, "{other}");
        }
        assert_eq!(tables("GetItem", b"nonsense"), None);
    }
}
