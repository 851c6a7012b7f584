//! A command's side of a house's door: the same clients as ever, whose requests the house answers, and its clock.

use std::io::ErrorKind;
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::error::ConnectorError;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use banto_aws::{Clients, Clock, Env, SystemClock, World};
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::net::UnixStream;

use super::{MOST, NOW, NoDoor, at};
use crate::clock::ManualClock;
use crate::host::{HostConfig, HostError, settings};
use crate::store::DeadLetter;
use crate::wire::{Answering, Backend, Call, Reply, Service, clients};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A house that runs, as a command reaches it.
#[derive(Debug)]
pub struct Visit {
    knocker: Arc<Knocker>,
    clients: Clients,
    env: Env,
}

/// Brings one request after the other to the door.
#[derive(Debug)]
struct Knocker {
    path: PathBuf,
    /// What the house's clock shows, where people move it.
    clock: Option<Arc<ManualClock>>,
}

type Answer = (StatusCode, HeaderMap, Bytes);

impl Visit {
    /// Knocks at the door of the house in this folder.
    ///
    /// # Errors
    /// When there is none, or nobody answers.
    pub async fn to(config: &HostConfig, dir: &Path) -> Result<Self, NoDoor> {
        let path = at(dir);
        if SocketAddr::from_pathname(&path).is_err() {
            return Err(NoDoor::TooLong(path));
        }
        let mut knocker = Knocker { path: path.clone(), clock: None };
        let (status, headers, _) = knocker.ask(Method::GET, "/", Bytes::new()).await.map_err(|e| match e.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => NoDoor::Nobody(path.clone()),
            _ => NoDoor::Broken(path.clone(), e.to_string()),
        })?;
        if status != StatusCode::NO_CONTENT {
            return Err(NoDoor::Broken(path, format!("it answered {status}")));
        }
        knocker.clock = shown(&headers).map(|now| Arc::new(ManualClock::new(now)));
        let clock: Arc<dyn Clock> = match &knocker.clock {
            Some(clock) => Arc::clone(clock) as Arc<dyn Clock>,
            None => Arc::new(SystemClock),
        };
        let knocker = Arc::new(knocker);
        let clients = clients(&(Arc::clone(&knocker) as Arc<dyn Backend>), &config.options);
        let settings = settings(&config.template, config.public_url.clone(), config.keys.clone());
        let env = World::new(clients.clone(), settings, clock, Arc::clone(&config.entropy)).env;
        Ok(Self { knocker, clients, env })
    }

    /// What every function is given, of this house.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// The SDK clients, by the door.
    #[must_use]
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// What failed for good, newest first.
    ///
    /// # Errors
    /// When the house doesn't answer.
    pub async fn dead_letters(&self) -> Result<Vec<DeadLetter>, NoDoor> {
        let broken = |why: String| NoDoor::Broken(self.knocker.path.clone(), why);
        let asked = self.knocker.ask(Method::GET, "/dead-letters", Bytes::new()).await;
        let (status, _, body) = asked.map_err(|e| broken(e.to_string()))?;
        if status != StatusCode::OK {
            return Err(broken(reason(&body)));
        }
        serde_json::from_slice(&body).map_err(|e| broken(e.to_string()))
    }

    /// Puts a dead letter back to where it came from.
    ///
    /// # Errors
    /// When there is none of this id, it can't be put back, or the house doesn't answer.
    pub async fn redrive(&self, id: &str) -> Result<(), HostError> {
        let asked = self.knocker.ask(Method::POST, "/redrive", Bytes::copy_from_slice(id.as_bytes())).await;
        let (status, _, body) = asked.map_err(|e| HostError::Redrive(e.to_string()))?;
        match status {
            StatusCode::NO_CONTENT => Ok(()),
            StatusCode::NOT_FOUND => Err(HostError::NoSuchDeadLetter(id.to_owned())),
            _ => Err(HostError::Redrive(reason(&body))),
        }
    }
}

/// Why the house didn't do it, in its words.
fn reason(body: &[u8]) -> String {
    serde_json::from_slice(body).unwrap_or_else(|_| "the house did not say why".to_owned())
}

fn shown(headers: &HeaderMap) -> Option<Timestamp> {
    headers.get(NOW)?.to_str().ok()?.parse().ok()
}

impl Knocker {
    /// One request on a connection of its own.
    async fn ask(&self, method: Method, path: &str, body: Bytes) -> std::io::Result<Answer> {
        let answer = tokio::time::timeout(PATIENCE, self.ask_now(method, path, body)).await;
        let (status, headers, body) =
            answer.map_err(|_| std::io::Error::new(ErrorKind::TimedOut, "the house does not answer"))??;
        if let (Some(clock), Some(now)) = (&self.clock, shown(&headers)) {
            clock.set(now);
        }
        Ok((status, headers, body))
    }

    async fn ask_now(&self, method: Method, path: &str, body: Bytes) -> std::io::Result<Answer> {
        let stream = UnixStream::connect(&self.path).await?;
        let (mut house, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
        let carried = tokio::spawn(connection);
        let request = Request::builder().method(method).uri(path).header(header::HOST, "banto");
        let request = request.body(Body::from(body)).map_err(std::io::Error::other)?;
        let answer = async {
            let (parts, body) = house.send_request(request).await.map_err(std::io::Error::other)?.into_parts();
            let body = to_bytes(Body::new(body), MOST).await.map_err(std::io::Error::other)?;
            Ok((parts.status, parts.headers, body))
        };
        let answer = answer.await;
        carried.abort();
        answer
    }
}

impl Backend for Knocker {
    fn call(&self, call: Call) -> Answering<'_> {
        Box::pin(async move {
            if call.service != Service::DynamoDb {
                let reason = format!("{} is not for commands", call.service.name());
                return Ok(Reply::error(400, "AccessDeniedException", &reason));
            }
            let path = format!("/dynamodb/{}", call.operation);
            let asked = self.ask(Method::POST, &path, call.body).await;
            let (status, _, body) = asked.map_err(|e| ConnectorError::io(e.into()))?;
            Ok(Reply { status: status.as_u16(), body, units: crate::wire::Units::default() })
        })
    }
}
