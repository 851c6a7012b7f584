//! The `banto` command: reads arguments, sets up logs and the runtime, and says in words what went wrong. Exit 0 on
//! success, 2 on input that can't be taken (with the way out), 1 on everything else.

mod dead_letters;
mod demo;
mod examine;
mod import;
mod log;
mod playbook;
mod reach;
mod show;
mod simulate;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::log::Log;
use crate::clock::ClockMode;
use crate::engine::Place;
use crate::host::HostError;
use crate::store::StoreError;

/// 番頭: the back office of a coaching practice.
#[derive(Debug, Parser)]
#[command(name = "banto", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    demo: demo::Flags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Practice mode on this machine; nothing really leaves it. The same as no command at all.
    Demo(demo::Flags),
    /// Shows what failed for good.
    DeadLetters(dead_letters::List),
    /// Puts something that failed for good back to where it came from.
    Redrive(dead_letters::Redrive),
    /// Checks that the log can be trusted: hashes, chains, snapshots.
    Verify(examine::Arguments),
    /// Checks that no case is forgotten.
    Doctor(examine::Arguments),
    /// Shows what happened in a case; of an approval who decided what, held against the chain.
    Show(show::Arguments),
    /// Checks, draws and publishes playbooks.
    #[command(subcommand)]
    Playbook(playbook::Command),
    /// Lets customers come in who were there before
    ImportCustomers(import::Arguments),
    /// Lets everything go wrong in small worlds, and checks the promises.
    Simulate(simulate::Arguments),
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The input can't be taken: what and where, and the way out.
    #[error("{0}\n  {1}")]
    Input(String, String),
    /// What was found in files, a line each that begins with its place, so that editors can go there; and what to do.
    #[error("{0}\nbanto: {1}")]
    Found(String, String),
    /// Something broke.
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    pub(crate) fn input(what: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self::Input(what.into(), way_out.into())
    }
}

impl From<HostError> for CliError {
    fn from(error: HostError) -> Self {
        let way_out = match &error {
            HostError::Store(StoreError::InUse) => "stop it first, or name another with --data DIR",
            HostError::House(error) => error.way_out(),
            HostError::NoSuchDeadLetter(_) => "banto dead-letters shows which there are",
            _ => return Self::Failed(error.to_string()),
        };
        Self::input(error.to_string(), way_out)
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Everything `main` does.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // In practice mode a visitor looks at the pages; the address must not drown in what the functions log.
    let visits = matches!(arguments.command, None | Some(Command::Demo(_)));
    let log = logging(if visits { "warn" } else { "info" });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let result = runtime.map_err(CliError::from).and_then(|runtime| runtime.block_on(run(arguments)));
    log.finish();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do if even standard error is closed.
            let prefix = if matches!(error, CliError::Found(..)) { "" } else { "banto: " };
            writeln!(std::io::stderr(), "{prefix}{error}").unwrap_or_default();
            ExitCode::from(if matches!(error, CliError::Failed(_)) { 1 } else { 2 })
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), CliError> {
    match arguments.command.unwrap_or(Command::Demo(arguments.demo)) {
        Command::Demo(flags) => demo::run(flags).await,
        Command::DeadLetters(arguments) => dead_letters::list(arguments).await,
        Command::Redrive(arguments) => dead_letters::redrive(arguments).await,
        Command::Verify(arguments) => examine::verify(arguments).await,
        Command::Doctor(arguments) => examine::doctor(arguments).await,
        Command::Show(arguments) => show::run(arguments).await,
        Command::Playbook(command) => playbook::run(command).await,
        Command::ImportCustomers(arguments) => import::run(arguments).await,
        Command::Simulate(arguments) => simulate::run(&arguments),
    }
}

/// Logs go to standard error; `BANTO_LOG` sets how much (`debug`, `banto=info`), else `usual` does. They hold no personal data, no bodies
/// and no paths: so what others would tell of them (the SDK, HTTP) stays out, whatever the level.
fn logging(usual: &str) -> Log {
    let log = Log::to(std::io::stderr());
    let lines = log.clone();
    if tracing::subscriber::set_global_default(subscriber(usual, move || lines.clone())).is_err() {
        tracing::debug!("somebody listens already");
    }
    log
}

fn subscriber<W: std::io::Write + 'static>(
    usual: &str,
    out: impl Fn() -> W + Send + Sync + 'static,
) -> impl tracing::Subscriber + Send + Sync {
    let mut filter = tracing_subscriber::EnvFilter::try_from_env("BANTO_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(usual));
    // The SDK looks for a connection to close, at each error; in this process there is none.
    let no_connection = "aws_smithy_runtime::client::http::connection_poisoning=off";
    for silent in ["aws=warn", no_connection, "hyper=warn", "h2=warn", "axum=warn", "tower=warn"] {
        filter = silent.parse().into_iter().fold(filter, tracing_subscriber::EnvFilter::add_directive);
    }
    // What the log can't write is not told on standard error: that is where it couldn't, and telling panics.
    tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false).with_writer(out).finish()
}

/// Where a house lives unless `--data` says otherwise.
const DATA: &str = ".banto";

fn place(data: Option<PathBuf>) -> Place {
    Place::Dir(data.unwrap_or_else(|| PathBuf::from(DATA)))
}

/// `system`, `manual` or `manual=2026-12-01T09:00:00+09:00`.
fn clock_mode(text: &str) -> Result<ClockMode, String> {
    match text.split_once('=') {
        None if text == "system" => Ok(ClockMode::System),
        None if text == "manual" => Ok(ClockMode::Manual(None)),
        Some(("manual", at)) => at.parse().map(|at| ClockMode::Manual(Some(at))).map_err(|e| format!("{at}: {e}")),
        _ => Err("expected system, manual or manual=2026-12-01T09:00:00+09:00".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_command_is_the_demo_and_takes_its_flags() {
        let read = |text: &str| Arguments::try_parse_from(text.split(' '));
        assert!(read("banto").expect("alone").command.is_none());
        let demo = read("banto --data x --clock manual=2026-12-01T09:00:00+09:00 --empty").expect("flags").demo;
        assert!(matches!(demo.clock, ClockMode::Manual(Some(_))) && demo.empty);
        assert!(matches!(read("banto demo --clock system").expect("named").command, Some(Command::Demo(_))));
        assert!(read("banto --clock yesterday").is_err());
        assert!(read("banto redrive").is_err());
    }
}
