//! `banto dead-letters` and `banto redrive`: what failed for good in a house, whether it runs or not.

use std::io::Write as _;
use std::path::PathBuf;

use super::{CliError, reach};

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

/// What to do where the house can't be reached.
const PAGES: &str = "its pages do the same: open the address it printed, /_local/dead-letters";

pub(super) async fn list(arguments: List) -> Result<(), CliError> {
    let letters = reach::open(arguments.data, PAGES).await?.dead_letters().await?;
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
    let house = reach::open(arguments.data, PAGES).await?;
    house.redrive(&arguments.id).await?;
    let when = if house.runs() { "it is taken up now" } else { "it is taken up when banto runs next" };
    Ok(writeln!(std::io::stdout(), "put back; {when}")?)
}
