//! `banto demo`: practice mode. Owns the listener and what the entry page offers; refuses any address that others could
//! reach.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use banto_playbooks::{Folder, Problem};
use jiff::Timestamp;
use tokio::net::TcpListener;

use super::{CliError, clock_mode, place, playbook};
use crate::clock::ClockMode;
use crate::door::Door;
use crate::host::{Beginning, Host, HostConfig, HostError};
use crate::house;
use crate::http::{Practice, router, serve};
use crate::practice::{self, seed};

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Flags of `banto demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Flags {
    /// Where the data lives [default: .banto]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8080, or a free port if that is taken]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// A playbook to run instead of the demo's; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) playbook: Vec<PathBuf>,
    /// Start without the demo's cases
    #[arg(long)]
    pub(super) empty: bool,
    /// system, manual or manual=2026-12-01T09:00:00+09:00
    #[arg(long, value_name = "CLOCK", default_value = "manual", value_parser = clock_mode)]
    pub(super) clock: ClockMode,
}

pub(super) async fn run(flags: Flags) -> Result<(), CliError> {
    let listener = listen(flags.listen).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let place = place(flags.data.clone());
    let folders = folders(&flags.playbook)?;
    let keys = house::key(&place).map_err(HostError::from)?;
    let mut config = HostConfig::new(place.clone(), flags.clock, url.clone(), keys.clone())?;
    // A house that is new, with the ready-made playbooks, opens some days before the visitor comes.
    let present = present(flags.clock).filter(|_| !flags.empty && flags.playbook.is_empty());
    if let Some(opened) = present.and_then(|at| at.checked_sub(seed::LIVED).ok()) {
        config.beginning = Beginning::Past(opened);
    }
    config.undelivered = Some(practice::undelivered());
    let host = Host::open(config).await?;
    practice::publish(host.world(), &folders, !flags.playbook.is_empty())
        .await
        .map_err(|e| CliError::Failed(e.to_string()))?;
    if let Some(present) = present.filter(|_| host.wants_past()) {
        tell(std::io::stderr(), "練習用の案件を用意しています… / Preparing the practice…");
        seed::live(&host, &keys, present).await?;
        host.is_lived().await?;
    }
    let cases = Arc::new(practice::Cases(host.world().clone()));
    let practice = Practice { cases, welcome: Arc::new(practice::welcome(&folders, &keys)) };
    let (work, stopped) = (host.start(), stopped());
    let address = format!("練習モード: {url}\nPractice mode: nothing really leaves this machine. Stop with Ctrl-C.");
    tell(std::io::stdout(), &address);
    let door = Door::open(&host, &place);
    let served = serve(listener, router(host, Some(practice)), stopped).await;
    if let Some(door) = door {
        door.close().await;
    }
    work.abort();
    Ok(served?)
}

/// Says something to whoever looks. A house works also where nobody can.
fn tell(mut out: impl std::io::Write, what: &str) {
    if let Err(error) = writeln!(out, "{what}").and_then(|()| out.flush()) {
        tracing::warn!(%error, "nobody can be told");
    }
}

/// What a clock that can be moved shall show; `None` when it can't be moved.
fn present(clock: ClockMode) -> Option<Timestamp> {
    match clock {
        ClockMode::Manual(at) => {
            Some(at.unwrap_or_else(|| Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default()))
        }
        _ => None,
    }
}

/// The playbooks that were asked for, or the ready-made ones.
fn folders(dirs: &[PathBuf]) -> Result<Vec<Folder>, CliError> {
    if dirs.is_empty() {
        let said = |problems: Vec<Problem>| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        return banto_playbooks::ready_made().map_err(|problems| CliError::Failed(said(problems)));
    }
    dirs.iter().map(|dir| playbook::read(dir)).collect()
}

/// A listener that only this machine reaches.
async fn listen(asked: Option<SocketAddr>) -> Result<TcpListener, CliError> {
    let address = asked.unwrap_or(LISTEN);
    if !address.ip().is_loopback() {
        let way_out = "practice mode is for this machine only: leave --listen away, or use 127.0.0.1:PORT";
        return Err(CliError::input(format!("--listen {address}: others could reach it"), way_out));
    }
    match TcpListener::bind(address).await {
        Err(e) if e.kind() == ErrorKind::AddrInUse && asked.is_none() => {
            Ok(TcpListener::bind(SocketAddr::new(LISTEN.ip(), 0)).await?)
        }
        Err(e) => Err(CliError::input(format!("--listen {address}: {e}"), "leave it away to get a free port")),
        Ok(listener) => Ok(listener),
    }
}

/// Resolves when whoever started it wants it to end: by Ctrl-C, or as a service manager and `docker stop` do. It listens
/// from the call on, not only once somebody waits for it.
#[cfg(unix)]
fn stopped() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let heard = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    async move {
        let [mut asked, mut terminated] = heard;
        tokio::select! {
            () = one(&mut asked) => {}
            () = one(&mut terminated) => {}
        }
    }
}

#[cfg(unix)]
async fn one(signal: &mut std::io::Result<tokio::signal::unix::Signal>) {
    match signal {
        Ok(signal) => drop(signal.recv().await),
        Err(error) => {
            tracing::warn!(%error, "a signal can't be heard");
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
async fn stopped() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "Ctrl-C can't be heard");
        std::future::pending::<()>().await;
    }
}
