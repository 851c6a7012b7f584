//! `banto playbook`: what is wrong with a folder, where, and the way out; its flows as pictures; a new version of it for a
//! house, and running cases moved to it.

mod migrate;
mod propose;
mod secrets;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use banto_domain::playbook::UNREADABLE;
use banto_playbooks::{Folder, Problem, diagram};

use super::{CliError, reach};

/// What to do with a playbook folder.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Finds what is wrong with it.
    Check(Check),
    /// Draws its flows
    Diagram(Diagram),
    /// Makes it the next version of its client's playbook
    Publish(Publish),
    /// Asks whoever may approve it whether it becomes the next version
    Propose(propose::Propose),
    /// Moves running cases to the version that is live
    Migrate(migrate::Migrate),
}

/// Flags of `banto playbook check`.
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// The folder with its playbook.yaml
    dir: PathBuf,
    /// What is only odd is refused too
    #[arg(long)]
    deny_warnings: bool,
}

/// Flags of `banto playbook diagram`.
#[derive(Debug, clap::Args)]
pub(super) struct Diagram {
    /// The folder with its playbook.yaml
    dir: PathBuf,
    /// Only this flow [default: its own, one after the other]
    #[arg(long, value_name = "NAME")]
    flow: Option<String>,
    /// mermaid, svg (of one flow), or tables or tables-html: who decides what (RACI), and where each outcome leads
    #[arg(long, value_name = "FORMAT", default_value = "mermaid", value_parser = ["mermaid", "svg", "tables", "tables-html"])]
    format: String,
    /// ja or en
    #[arg(long, value_name = "LANGUAGE", default_value = "ja", value_parser = ["ja", "en"])]
    language: String,
}

/// Flags of `banto playbook publish`.
#[derive(Debug, clap::Args)]
pub(super) struct Publish {
    /// The folder with its playbook.yaml
    pub(super) dir: PathBuf,
    /// Where the data lives [default: .banto]
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Who approved it: kept with the version
    #[arg(long, value_name = "NAME")]
    pub(super) approved_by: String,
    /// Secrets of forms and payments, one a line: "form:NAME": SECRET
    #[arg(long, value_name = "FILE")]
    pub(super) secrets: Option<PathBuf>,
}

pub(super) async fn run(command: Command) -> Result<(), CliError> {
    match command {
        Command::Check(flags) => check(&flags),
        Command::Diagram(flags) => draw(&flags),
        Command::Publish(flags) => publish(flags).await,
        Command::Propose(flags) => propose::run(flags).await,
        Command::Migrate(flags) => migrate::run(flags).await,
    }
}

fn check(flags: &Check) -> Result<(), CliError> {
    let dir = &flags.dir;
    let today = jiff::Zoned::now().date();
    let Folder { playbook, warnings, .. } = banto_playbooks::read_at(dir, Some(today)).map_err(|e| refused(dir, &e))?;
    let said: Vec<String> = warnings.iter().map(|warning| line(dir, warning, "warning: ")).collect();
    if flags.deny_warnings && !said.is_empty() {
        let count = counted(said.len(), "warning");
        return Err(CliError::Found(said.join("\n"), format!("{count} in {}: mend and check again", dir.display())));
    }
    for warning in &said {
        writeln!(std::io::stderr(), "{warning}")?;
    }
    let (flows, templates) = (playbook.flows.len(), playbook.templates.len());
    let warned = if said.is_empty() { String::new() } else { format!(", {}", counted(said.len(), "warning")) };
    Ok(writeln!(
        std::io::stdout(),
        "{}: {flows} flows, {templates} templates, no problem found{warned}",
        playbook.client
    )?)
}

fn draw(flags: &Diagram) -> Result<(), CliError> {
    let playbook = read(&flags.dir)?.playbook;
    let tables = match flags.format.as_str() {
        "tables" => Some(diagram::table::markdown(&playbook, &flags.language)),
        "tables-html" => Some(diagram::table::html(&playbook, &flags.language)),
        _ => None,
    };
    if let Some(tables) = tables {
        return Ok(write!(std::io::stdout().lock(), "{tables}")?);
    }
    let flows: Vec<&str> = match &flags.flow {
        Some(name) => vec![name],
        // What every practice has is looked at by name.
        None => playbook.flows.keys().map(String::as_str).filter(|name| *name != UNREADABLE).collect(),
    };
    let (svg, names) = (flags.format == "svg", flows.join(", "));
    if svg && flows.len() != 1 {
        let what = format!("--format svg draws one flow, and {} has {names}", flags.dir.display());
        return Err(CliError::input(what, "name one with --flow NAME"));
    }
    let mut out = std::io::stdout().lock();
    for name in flows {
        let draw = if svg { diagram::svg } else { diagram::mermaid };
        let drawn = draw(&playbook, name, &flags.language).ok_or_else(|| {
            let there: Vec<&str> = playbook.flows.keys().map(String::as_str).collect();
            CliError::input(format!("--flow {name}: there is no such flow"), format!("there are {}", there.join(", ")))
        })?;
        write!(out, "{drawn}")?;
    }
    Ok(())
}

pub(super) async fn publish(flags: Publish) -> Result<(), CliError> {
    let folder = read(&flags.dir)?;
    let by = flags.approved_by.trim();
    if by.is_empty() || by.chars().any(char::is_control) {
        return Err(CliError::input("--approved-by: nobody", "name the person who approved it"));
    }
    let secrets = match &flags.secrets {
        Some(file) => secrets::read(file, &flags.dir, &folder)?,
        None => secrets::Secrets::new(),
    };
    let house = reach::open(flags.data, "then publish, and start it again").await?;
    let (playbook, env) = (&folder.playbook, house.env());
    let failed = |e: banto_aws::Error| CliError::Failed(e.to_string());
    let published = env.playbooks.publish_approved(playbook, by).await.map_err(failed)?;
    // The version is there by now, so this changes only the secrets.
    env.playbooks.publish(playbook, &secrets, env.entropy.as_ref()).await.map_err(failed)?;
    env.go_live(&playbook.client).await.map_err(failed)?;
    let live = env.playbooks.live(&playbook.client).await.map_err(failed)?.unwrap_or_default();
    let mut out = std::io::stdout().lock();
    let (client, version) = (&playbook.client, published.version);
    match published.new {
        true => writeln!(out, "{client}: version {version}, approved by {by}; new cases begin with it")?,
        false => writeln!(out, "{client}: version {version} is the same; nothing changed")?,
    }
    for name in secrets.keys() {
        writeln!(out, "{name}: its secret is kept, sealed")?;
    }
    for name in secrets::needed(playbook).into_iter().filter(|name| !live.secrets.contains_key(name)) {
        writeln!(out, "{name} has no secret in this house yet: what it sends is refused; give it with --secrets FILE")?;
    }
    Ok(())
}

/// Reads a folder; its problems are bad input.
pub(super) fn read(dir: &Path) -> Result<Folder, CliError> {
    banto_playbooks::read(dir).map_err(|problems| refused(dir, &problems))
}

fn refused(dir: &Path, problems: &[Problem]) -> CliError {
    let lines: Vec<String> = problems.iter().map(|problem| line(dir, problem, "")).collect();
    let count = counted(problems.len(), "problem");
    CliError::Found(lines.join("\n"), format!("{count} in {}: mend and check again", dir.display()))
}

/// As an editor opens it from here: `DIR/file:line:column: what`.
fn line(dir: &Path, problem: &Problem, kind: &str) -> String {
    let Problem { file, at, what } = problem;
    match at {
        Some((line, column)) => format!("{}:{line}:{column}: {kind}{what}", dir.join(file).display()),
        None => format!("{file}: {kind}{what}"),
    }
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

#[cfg(test)]
mod tests;
