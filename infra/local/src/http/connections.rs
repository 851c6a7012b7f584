//! Connections: how many there are at a time, how long each may take to say what it wants, and that the end of the host
//! waits for none of them for long. Owns what API Gateway owns on AWS; knows nothing of requests.

use std::future::Future;
use std::net::IpAddr;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::body;

/// How long a connection may take for a request's head; also how long it may be silent between two.
const HEAD: Duration = Duration::from_secs(15);
/// How much sooner it must come once half of the connections are there.
const HURRY: u32 = 5;
/// How long it may take for a body.
const BODY: Duration = Duration::from_secs(30);
/// How long the rest of a body is read that is too long.
const REST: Duration = Duration::from_secs(2);
/// How many there may be at a time.
const CONNECTIONS: usize = 256;
/// How long one lives, whatever it does: whoever never reads the answers is not waited for.
const LIFE: Duration = Duration::from_secs(10 * 60);
/// How long the end waits for those that are being answered.
const END: Duration = Duration::from_secs(3);
/// How long is waited when the system has no more to give.
const PAUSE: Duration = Duration::from_millis(100);

/// Whoever is at the other end of a connection, as an extension of its requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// What a connection may take. [`Limits::default`] is what production has.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a request's head, and between two requests.
    pub head: Duration,
    /// For a request's body.
    pub body: Duration,
    /// For the rest of a body that is too long.
    pub rest: Duration,
    /// Connections at a time; others wait.
    pub connections: usize,
    /// For all of its requests and answers together.
    pub life: Duration,
    /// For an answer that is under way when the host or its connection ends.
    pub end: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        // Half of what the process may have open is left to the stores.
        let connections = descriptors().map_or(CONNECTIONS, |most| CONNECTIONS.min(most / 2)).max(1);
        Self { head: HEAD, body: BODY, rest: REST, connections, life: LIFE, end: END }
    }
}

impl Limits {
    /// The limits of one more connection. Where there are many, each has to say soon what it wants.
    fn among(self, others: usize) -> Self {
        if others < self.connections / 2 { self } else { Self { head: self.head / HURRY, ..self } }
    }
}

/// How many files this process may have open, where the system tells it.
fn descriptors() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse().ok())
}

/// Serves until `stop` resolves.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    serve_within(Limits::default(), listener, router, stop).await
}

/// As [`serve`], within other limits.
///
/// # Errors
/// As [`serve`].
pub async fn serve_within(
    limits: Limits,
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = router.layer(axum::middleware::from_fn_with_state(limits, body::whole));
    let (ending, ends) = watch::channel(());
    let (mut connections, mut stop) = (JoinSet::new(), std::pin::pin!(stop));
    loop {
        let is_full = connections.len() >= limits.connections;
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if !is_full => match accepted {
                Ok((stream, peer)) => {
                    let limits = limits.among(connections.len());
                    let router = router.clone().layer(Extension(Peer(peer.ip())));
                    connections.spawn(connection(limits, stream, router, ends.clone()));
                }
                // A connection that went away at once, or no descriptor left: the next one may be luckier.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    ending.send_replace(());
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.end, all).await.is_err() {
        tracing::info!(connections = connections.len(), "cut off at the end");
        connections.shutdown().await;
    }
    Ok(())
}

/// One connection, from beginning to end.
async fn connection(limits: Limits, stream: TcpStream, router: Router, mut ends: watch::Receiver<()>) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head);
    let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut served = std::pin::pin!(served);
    let result = tokio::select! {
        result = &mut served => result,
        () = over(limits.life, &mut ends) => {
            served.as_mut().graceful_shutdown();
            let Ok(result) = tokio::time::timeout(limits.end, served).await else { return };
            result
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended");
    }
}

/// Resolves when a connection has lived long enough, or the host ends.
async fn over(life: Duration, ends: &mut watch::Receiver<()>) {
    tokio::select! {
        () = tokio::time::sleep(life) => {}
        // Whoever could tell of the end may be gone: that is one, too.
        _ = ends.changed() => {}
    }
}
