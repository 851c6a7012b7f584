//! `banto demo`: practice mode. Owns the listener, the demo's key and what the entry page offers; refuses any address
//! that others could reach.

use std::io::{ErrorKind, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use banto_aws::Keys;
use banto_playbooks::{Folder, Problem};
use jiff::Timestamp;
use tokio::net::TcpListener;

use super::{CliError, clock_mode, place, playbook};
use crate::clock::ClockMode;
use crate::engine::Place;
use crate::host::{Host, HostConfig};
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
    let keys = keys(&place)?;
    // A house that is new, with the ready-made playbooks, opens some days before the visitor comes.
    let present = present(flags.clock).filter(|_| !flags.empty && flags.playbook.is_empty() && is_new(&place));
    let clock = match present.map(|at| at.checked_sub(seed::LIVED)) {
        Some(Ok(opened)) => ClockMode::Manual(Some(opened)),
        _ => flags.clock,
    };
    let begun = Begun::at(&place, present)?;
    let mut config = HostConfig::new(place, clock, url.clone(), keys.clone())?;
    config.undelivered = Some(practice::undelivered());
    let host = Host::open(config).await?;
    practice::publish(host.world(), &folders, !flags.playbook.is_empty())
        .await
        .map_err(|e| CliError::Failed(e.to_string()))?;
    if let Some(present) = present {
        writeln!(std::io::stderr(), "練習用の案件を用意しています… / Preparing the practice…")?;
        seed::live(&host, &keys, present).await?;
    } else if let Some(present) = begun.as_ref().and_then(Begun::left).filter(|at| host.now() < *at) {
        host.advance(present).await?;
    }
    begun.map_or(Ok(()), |begun| begun.done())?;
    let cases = Arc::new(practice::Cases(host.world().clone()));
    let practice = Practice { cases, welcome: Arc::new(practice::welcome(&folders, &keys)) };
    let work = host.start();
    writeln!(
        std::io::stdout(),
        "練習モード: {url}\nPractice mode: nothing really leaves this machine. Stop with Ctrl-C."
    )?;
    let served = serve(listener, router(host, Some(practice)), stopped()).await;
    work.abort();
    Ok(served?)
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

/// The mark of a house whose past is being lived: it holds the visitor's present, so that a house whose beginning was cut
/// short comes to the present all the same.
struct Begun(PathBuf);

impl Begun {
    /// The mark, when there is one or one is made now.
    fn at(place: &Place, present: Option<Timestamp>) -> Result<Option<Self>, CliError> {
        let Place::Dir(dir) = place else { return Ok(None) };
        let path = dir.join("present");
        if let Some(present) = present {
            std::fs::write(&path, present.to_string())
                .map_err(|e| CliError::Failed(format!("{}: {e}", path.display())))?;
        }
        Ok(path.exists().then_some(Self(path)))
    }

    fn left(&self) -> Option<Timestamp> {
        std::fs::read_to_string(&self.0).ok()?.trim().parse().ok()
    }

    fn done(self) -> Result<(), CliError> {
        std::fs::remove_file(&self.0).map_err(|e| CliError::Failed(format!("{}: {e}", self.0.display())))
    }
}

/// Whether nobody ever opened a house here.
fn is_new(place: &Place) -> bool {
    match place {
        Place::Dir(dir) => !dir.join("host.sqlite").exists(),
        Place::Memory => true,
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

/// The root key of this house: made on the first start, kept beside the data.
pub(super) fn keys(place: &Place) -> Result<Keys, CliError> {
    let Place::Dir(dir) = place else { return fresh_key().map(Keys::new) };
    let path = dir.join("root.key");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => write_key(dir, &path)?,
        Err(e) => return Err(CliError::Failed(format!("{}: {e}", path.display()))),
    };
    let way_out = "put the key back from a backup; without it the links in mails and the stored secrets are void";
    Keys::parse(text.trim()).map_err(|e| CliError::input(format!("{}: {e}", path.display()), way_out))
}

fn fresh_key() -> Result<[u8; 32], CliError> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|e| CliError::Failed(format!("no randomness: {e}")))?;
    Ok(key)
}

fn write_key(dir: &Path, path: &Path) -> Result<String, CliError> {
    let text = data_encoding::HEXLOWER.encode(&fresh_key()?);
    let failed = |e: std::io::Error| {
        CliError::input(format!("{}: {e}", path.display()), "name another directory with --data DIR")
    };
    std::fs::create_dir_all(dir).map_err(failed)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(text)
}

async fn stopped() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "Ctrl-C can't be heard");
        std::future::pending::<()>().await;
    }
}
