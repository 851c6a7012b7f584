//! `banto verify` and `banto doctor`: can the log be trusted, and is any case forgotten? For a house that isn't running.

use std::io::Write as _;
use std::path::PathBuf;

use banto_aws::reader::{Finding, examine_all, verify_all};

use super::{CliError, dead_letters};

/// Flags of `banto verify` and `banto doctor`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where the data lives [default: .banto]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(super) async fn verify(arguments: Arguments) -> Result<(), CliError> {
    let host = dead_letters::open(arguments.data).await?;
    let (cases, findings) = verify_all(&host.world().env.ledger).await.map_err(|e| CliError::Failed(e.to_string()))?;
    report(cases, &findings, "journals hold: every hash, and every snapshot is the fold of its journal")
}

pub(super) async fn doctor(arguments: Arguments) -> Result<(), CliError> {
    let host = dead_letters::open(arguments.data).await?;
    let examined = examine_all(&host.world().env.ledger, host.now()).await;
    let (cases, findings) = examined.map_err(|e| CliError::Failed(e.to_string()))?;
    report(cases, &findings, "cases have a next, or are closed")
}

fn report(cases: usize, findings: &[Finding], good: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    for finding in findings {
        writeln!(out, "{}: {}", finding.key, finding.what)?;
    }
    if findings.is_empty() {
        return Ok(writeln!(out, "{cases} {good}")?);
    }
    Err(CliError::Failed(format!("{} of {cases} cases have a problem", findings.len())))
}
