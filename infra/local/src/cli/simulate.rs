//! `banto simulate`: worlds where everything goes wrong, and the promises checked in them.

use std::io::Write as _;

use super::CliError;
use banto_simulate::{Options, Sabotage, run as simulate};

/// What to simulate.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// How many cases.
    #[arg(long, default_value_t = 2_000)]
    cases: usize,
    /// Where all chance comes from: the same seed, the same run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs one world again, as a report named it.
    #[arg(long)]
    world_seed: Option<u64>,
    /// Nothing goes wrong.
    #[arg(long)]
    fair: bool,
    /// Prints the transcript even if every promise was kept.
    #[arg(long)]
    transcript: bool,
    /// Breaks something on purpose.
    #[arg(long, hide = true, value_parser = sabotage)]
    sabotage: Option<Sabotage>,
}

fn sabotage(name: &str) -> Result<Sabotage, String> {
    let names = || Sabotage::ALL.map(|(name, _)| name).join(", ");
    Sabotage::named(name).ok_or_else(|| format!("expected one of {}", names()))
}

/// Runs it, and prints what came of it.
pub(super) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let Arguments { cases, seed, world_seed, fair, transcript, sabotage } = *arguments;
    let options = Options { cases, seed, world_seed, fair, sabotage, transcript, journals: false };
    let report = simulate(&options).map_err(|e| CliError::Failed(e.to_string()))?;
    writeln!(std::io::stdout(), "{report}")?;
    match report.broken.len() {
        0 => Ok(()),
        n => Err(CliError::Failed(format!("promises were broken in {n} of {} worlds", report.worlds))),
    }
}
