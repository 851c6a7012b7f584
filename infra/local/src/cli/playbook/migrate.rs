//! `banto playbook migrate`: running cases go on under the version that is live, if everything that they have open keeps
//! its meaning there. Each change is an entry of the case's journal.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use banto_aws::{Changed, Env, Plan};
use banto_domain::rules::migrate::{Obstacle, obstacles};
use banto_domain::{Actor, Case, CaseKey, Entry, Id, Playbook, Rejection, Status};

use super::{CliError, reach, read};

/// This function, as the journal names it.
const FUNCTION: &str = "playbook-migrate";

/// Flags of `banto playbook migrate`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Migrate {
    /// The folder with its playbook.yaml, as it was published
    pub(super) dir: PathBuf,
    /// Where the data lives [default: .banto]
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Which old node is which new one, if its name is another; FLOW/OLD=NEW for one flow only
    #[arg(long, value_name = "OLD=NEW")]
    pub(super) map: Vec<String>,
    /// Only says what would happen
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// An old node and the new one.
struct Renamed {
    /// Only in this flow.
    flow: Option<String>,
    old: String,
    new: String,
}

/// Why a case was not moved.
enum Stays {
    For(Vec<Obstacle>),
    Rejected(Rejection),
}

impl From<Rejection> for Stays {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

pub(super) async fn run(flags: Migrate) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    for line in migrate(flags).await? {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Moves what can be moved, and tells of each case that keeps an older version.
pub(super) async fn migrate(flags: Migrate) -> Result<Vec<String>, CliError> {
    let playbook = read(&flags.dir)?.playbook;
    let house = reach::open(flags.data, "then migrate, and start it again").await?;
    let env = house.env();
    let publish = format!("banto playbook publish {} first", flags.dir.display());
    let Some((_, live)) = env.playbooks.current(&playbook.client).await.map_err(failed)? else {
        return Err(CliError::input(format!("{} has no playbook in this house", playbook.client), publish));
    };
    if !is_same(&playbook, &live)? {
        let what = format!("{} is not version {}, which is live", flags.dir.display(), live.version);
        return Err(CliError::input(what, publish));
    }
    let renamed = flags.map.iter().map(|map| Renamed::read(map, &live)).collect::<Result<Vec<_>, _>>()?;
    let (mut lines, mut moved) = (Vec::new(), 0);
    for key in env.ledger.cases().await.map_err(failed)?.iter().filter(|key| key.client == live.client) {
        let Some(line) = case(env, key, &live, &renamed, flags.dry_run).await? else { continue };
        moved += usize::from(line.is_ok());
        lines.push(line.unwrap_or_else(|line| line));
    }
    let (goes, stays) = (if flags.dry_run { "would go on" } else { "went on" }, lines.len() - moved);
    let counted = |n: usize| if n == 1 { "1 case".to_owned() } else { format!("{n} cases") };
    let (client, version) = (&live.client, live.version);
    lines.push(format!("{client}: {} {goes} to version {version}; kept back: {}", counted(moved), counted(stays)));
    Ok(lines)
}

/// Moves a case, or says what would happen: a line for each that keeps an older version.
async fn case(
    env: &Env,
    key: &CaseKey,
    live: &Playbook,
    renamed: &[Renamed],
    dry_run: bool,
) -> Result<Option<Result<String, String>>, CliError> {
    let Some(loaded) = env.ledger.load(key).await.map_err(failed)? else { return Ok(None) };
    let before = &loaded.case;
    if before.status == Status::Closed || before.playbook_version >= live.version {
        return Ok(None);
    }
    let from = before.playbook_version;
    let old = env.playbooks.get(&key.client, from).await.map_err(failed)?;
    let nodes = Renamed::of(renamed, &before.flow, &old);
    let at = |case: &Case| case.main().map_or_else(|| "-".to_owned(), |token| token.node.clone());
    let here = format!("{}  version {from}  {}/{}", key.case, before.flow, at(before));
    let stays = |found: &[Obstacle]| {
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        format!("{here}: stays, as {}", found.join("; "))
    };
    if dry_run {
        let found = obstacles(before, &old, live, &nodes);
        let there = nodes.get(&at(before)).cloned().unwrap_or_else(|| at(before));
        return Ok(Some(if found.is_empty() {
            Ok(format!("{here}: would go on at {there}"))
        } else {
            Err(stays(&found))
        }));
    }
    let plan = Plan { key, function: FUNCTION, actor: Actor::Operator };
    // By the commit before it: back and forth between two versions is no repetition.
    let cause = |case: &Case| {
        let (seq, to) = (case.seq.to_string(), live.version.to_string());
        (case.playbook_version == from).then(|| Id::derive(&["migrate", case.key.case.as_str(), &seq, &to]))
    };
    let changed = env.change(&plan, None, cause, |draft| {
        let found = obstacles(draft.case()?, draft.playbook, live, &nodes);
        if !found.is_empty() {
            return Err(Stays::For(found));
        }
        draft.push(Entry::PlaybookMigrated { from, to: live.version, nodes: nodes.clone() })?;
        Ok(Some(()))
    });
    Ok(match changed.await.map_err(failed)? {
        Changed::Mine((), made) => Some(Ok(format!("{here}: goes on at {}", at(&made.after.case)))),
        Changed::Refused(Stays::For(found)) => Some(Err(stays(&found))),
        Changed::Refused(Stays::Rejected(rejection)) => Some(Err(format!("{here}: stays, as {rejection}"))),
        Changed::NoCase | Changed::Nothing | Changed::Before(_) | Changed::Unmet(_) => None,
    })
}

impl Renamed {
    /// Reads `OLD=NEW` or `FLOW/OLD=NEW`; the new node must be there.
    fn read(text: &str, live: &Playbook) -> Result<Self, CliError> {
        let (old, new) = text
            .split_once('=')
            .filter(|(old, new)| !old.is_empty() && !new.is_empty())
            .ok_or_else(|| CliError::input(format!("--map {text}: names no two nodes"), "write --map OLD=NEW"))?;
        let (flow, old) = old.split_once('/').map_or((None, old), |(flow, old)| (Some(flow), old));
        let mut flows = live.flows.iter().filter(|(name, _)| flow.is_none_or(|flow| flow == name.as_str()));
        if !flows.any(|(_, flow)| flow.nodes.contains_key(new)) {
            let of = flow.map(|flow| format!(" of flow {flow}")).unwrap_or_default();
            let what = format!("--map {text}: version {} has no node {new}{of}", live.version);
            return Err(CliError::input(what, "name a node of the folder's flows"));
        }
        Ok(Self { flow: flow.map(str::to_owned), old: old.to_owned(), new: new.to_owned() })
    }

    /// Those that concern a case's flow, as its version knows it.
    fn of(renamed: &[Self], flow: &str, old: &Playbook) -> BTreeMap<String, String> {
        let concerns =
            |r: &&Self| r.flow.as_deref().is_none_or(|name| name == flow) && old.node(flow, &r.old).is_some();
        renamed.iter().filter(concerns).map(|r| (r.old.clone(), r.new.clone())).collect()
    }
}

/// Whether a folder is the version that is live.
fn is_same(playbook: &Playbook, live: &Playbook) -> Result<bool, CliError> {
    let json = |playbook: &Playbook| serde_json::to_value(playbook).map_err(|e| CliError::Failed(e.to_string()));
    let mut playbook = playbook.clone();
    playbook.version = live.version;
    Ok(json(&playbook)? == json(live)?)
}

fn failed(error: banto_aws::Error) -> CliError {
    CliError::Failed(error.to_string())
}
