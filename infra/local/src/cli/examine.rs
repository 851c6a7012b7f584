//! `banto verify` and `banto doctor`: can the log be trusted, and is any case forgotten? Also of a house that is running,
//! by a copy of it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use banto_aws::reader::{Finding, examine_all, verify_all};

use super::{CliError, place, reach};
use crate::engine::Place;
use crate::host::{Beginning, Host, HostError};
use crate::house::{self, Copied};
use crate::store::StoreError;

/// Flags of `banto verify` and `banto doctor`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where the data lives [default: .banto]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(super) async fn verify(arguments: Arguments) -> Result<(), CliError> {
    let (cases, findings, _) = found(arguments.data, false).await?;
    report(
        cases,
        &findings,
        "journals hold: every hash, every snapshot is the fold of its journal, and all else fits them",
    )
}

pub(super) async fn doctor(arguments: Arguments) -> Result<(), CliError> {
    let dir = arguments.data.clone();
    let (cases, findings, now) = found(arguments.data, true).await?;
    let mut out = std::io::stdout();
    if let Some(alarm) = holidays_end(now) {
        writeln!(out, "{alarm}")?;
    }
    if let Place::Dir(dir) = place(dir) {
        for file in house::open_to_others(&dir) {
            let file = file.display();
            writeln!(out, "warning: others on this machine may read {file}: chmod 600 {file}")?;
        }
    }
    report(cases, &findings, "cases have a next, or are closed")
}

/// What is found in a house; with `forgotten`, also which cases nobody looks at again; and the house's own
/// time. What is found in one that is running
/// must be found each time: it may have been copied in the middle of something.
async fn found(data: Option<PathBuf>, forgotten: bool) -> Result<(usize, Vec<Finding>, jiff::Timestamp), CliError> {
    let mut again = 0..LOOKS;
    loop {
        let looked = look(data.clone()).await?;
        let host = &looked.host;
        let (cases, mut findings) = whole(host).await?;
        if forgotten {
            let examined = examine_all(&host.world().env.ledger, host.now()).await;
            findings.extend(examined.map_err(|e| CliError::Failed(e.to_string()))?.1);
        }
        if findings.is_empty() || !looked.is_running || again.next().is_none() {
            return Ok((cases, findings, host.now()));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What the table says of itself, and what the mails that were sent say of it.
async fn whole(host: &Host) -> Result<(usize, Vec<Finding>), CliError> {
    let env = &host.world().env;
    let failed = |e: banto_aws::Error| CliError::Failed(e.to_string());
    let (cases, mut findings) = verify_all(env).await.map_err(failed)?;
    let keys: BTreeSet<String> = env.ledger.cases().await.map_err(failed)?.iter().map(ToString::to_string).collect();
    let gone = host.written_to().await?.into_iter().filter(|case| !keys.contains(case));
    findings.extend(gone.map(|about| Finding {
        about,
        what: "is gone: mails were sent for it".to_owned(),
        way_out: "put the stores back from a backup made before that, or ask who changed them",
    }));
    Ok((cases, findings))
}

/// A house that is looked at.
pub(super) struct Looked {
    pub(super) host: Host,
    /// Where it is, if it can only be read. Dropped after the host.
    _copied: Option<Copied>,
    /// It goes on while it is looked at.
    is_running: bool,
}

/// How many times more a house that is running is looked at when something seems wrong, and how long is waited between.
const LOOKS: u32 = 2;
const PAUSE: Duration = Duration::from_secs(1);

/// Opens a house that must be there already, and changes nothing in it; a copy of it, where nothing can be written or somebody
/// else does.
pub(super) async fn look(data: Option<PathBuf>) -> Result<Looked, CliError> {
    let place = place(data);
    let mut config = reach::config(&place)?;
    config.beginning = Beginning::Looked;
    match (Host::open(config.clone()).await, place) {
        (Err(HostError::Store(error)), Place::Dir(dir)) if error.is_read_only() => {
            let copied = Copied::of(&dir).map_err(HostError::from)?;
            config.place = copied.place();
            Ok(Looked { host: Host::open(config).await?, _copied: Some(copied), is_running: false })
        }
        (Err(HostError::Store(StoreError::InUse)), Place::Dir(dir)) => {
            let copied = Copied::of_running(&dir).map_err(HostError::from)?;
            config.place = copied.place();
            Ok(Looked { host: Host::open(config).await?, _copied: Some(copied), is_running: true })
        }
        (host, _) => Ok(Looked { host: host?, _copied: None, is_running: false }),
    }
}

/// How many days before the list of public holidays ends people are told: slots are offered some weeks ahead, and the
/// next year's equinoxes are announced each February.
const HOLIDAY_NOTICE_DAYS: i32 = 180;

/// An alarm before the list of public holidays runs out: after its end a holiday would be taken for a working day.
fn holidays_end(now: jiff::Timestamp) -> Option<String> {
    let (today, end) = (now.to_zoned(jiff::tz::TimeZone::UTC).date(), banto_domain::rules::holidays::KNOWN_UNTIL);
    let left = end.since(today).ok()?.get_days();
    (left < HOLIDAY_NOTICE_DAYS).then(|| {
        format!("warning: Japan's public holidays are known until {end} only; update to a newer Banto before then")
    })
}

fn report(cases: usize, findings: &[Finding], good: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    for finding in findings {
        writeln!(out, "{}: {}\n  {}", finding.about, finding.what, finding.way_out)?;
    }
    if findings.is_empty() {
        return Ok(writeln!(out, "{cases} {good}")?);
    }
    Err(CliError::Failed(format!("{} things are wrong, in {cases} cases and what stands beside them", findings.len())))
}

#[cfg(test)]
mod tests {
    use super::holidays_end;

    #[test]
    fn there_is_an_alarm_before_the_holidays_run_out() {
        let at = |text: &str| holidays_end(text.parse().expect("an instant"));
        assert_eq!(at("2026-12-01T00:00:00Z"), None);
        assert!(at("2027-08-01T00:00:00Z").is_some_and(|said| said.contains("2027-12-31")));
        assert!(at("2028-02-01T00:00:00Z").is_some());
    }
}
