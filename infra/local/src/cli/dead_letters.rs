//! `banto dead-letters` and `banto redrive`: for a house that isn't running. One that is shows them on its pages.

use std::io::Write as _;
use std::path::PathBuf;

use super::{CliError, place};
use crate::clock::ClockMode;
use crate::engine::Place;
use crate::host::{Host, HostConfig, HostError};
use crate::house;

/// Flags of `banto dead-letters`.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Where the data lives [default: .banto]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// All of it, as JSON
    #[arg(long)]
    json: bool,
}

/// Flags of `banto redrive`.
#[derive(Debug, clap::Args)]
pub(super) struct Redrive {
    /// Its id
    id: String,
    /// Where the data lives [default: .banto]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(super) async fn list(arguments: List) -> Result<(), CliError> {
    let letters = open(arguments.data).await?.dead_letters().await?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let json = serde_json::to_string_pretty(&letters).map_err(|e| CliError::Failed(e.to_string()))?;
        return Ok(writeln!(out, "{json}")?);
    }
    for letter in &letters {
        let name = letter.function.as_deref().or(letter.queue.as_deref()).unwrap_or("-");
        writeln!(out, "{}  {}  {name}  {} attempts  {}", letter.id, letter.at, letter.attempts, letter.error)?;
    }
    Ok(writeln!(out, "{} in all", letters.len())?)
}

pub(super) async fn redrive(arguments: Redrive) -> Result<(), CliError> {
    open(arguments.data).await?.redrive(&arguments.id).await?;
    Ok(writeln!(std::io::stdout(), "put back; it is taken up when banto runs next")?)
}

/// Opens a house that must be there already, and lets nothing in it move.
pub(super) async fn open(data: Option<PathBuf>) -> Result<Host, CliError> {
    Ok(Host::open(config(&place(data))?).await?)
}

/// How a house is opened that must be there already.
pub(super) fn config(place: &Place) -> Result<HostConfig, CliError> {
    if let Place::Dir(dir) = place
        && !house::is_lived_in(dir)
    {
        return Err(CliError::input(
            format!("{}: no house of banto's is here", dir.display()),
            "name it with --data DIR",
        ));
    }
    let keys = house::key(place).map_err(HostError::from)?;
    Ok(HostConfig::new(place.clone(), ClockMode::AsLeft, String::new(), keys)?)
}
