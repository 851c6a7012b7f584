//! `banto playbook`: what is wrong with a folder, where, and the way out; its flows as pictures.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use banto_domain::playbook::UNREADABLE;
use banto_playbooks::{Folder, Problem, diagram};

use super::CliError;

/// What to do with a playbook folder.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Finds what is wrong with it.
    Check {
        /// The folder with its playbook.yaml
        dir: PathBuf,
    },
    /// Draws its flows
    Diagram(Diagram),
}

/// Flags of `banto playbook diagram`.
#[derive(Debug, clap::Args)]
pub(super) struct Diagram {
    /// The folder with its playbook.yaml
    dir: PathBuf,
    /// Only this flow [default: its own, one after the other]
    #[arg(long, value_name = "NAME")]
    flow: Option<String>,
    /// mermaid, or svg (of one flow)
    #[arg(long, value_name = "FORMAT", default_value = "mermaid", value_parser = ["mermaid", "svg"])]
    format: String,
    /// ja or en
    #[arg(long, value_name = "LANGUAGE", default_value = "ja", value_parser = ["ja", "en"])]
    language: String,
}

pub(super) fn run(command: &Command) -> Result<(), CliError> {
    match command {
        Command::Check { dir } => check(dir),
        Command::Diagram(flags) => draw(flags),
    }
}

fn check(dir: &Path) -> Result<(), CliError> {
    let playbook = read(dir)?.playbook;
    let (flows, templates) = (playbook.flows.len(), playbook.templates.len());
    Ok(writeln!(std::io::stdout(), "{}: {flows} flows, {templates} templates, no problem found", playbook.client)?)
}

fn draw(flags: &Diagram) -> Result<(), CliError> {
    let playbook = read(&flags.dir)?.playbook;
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

/// Reads a folder; its problems are bad input.
pub(super) fn read(dir: &Path) -> Result<Folder, CliError> {
    banto_playbooks::read(dir).map_err(|problems| {
        // As an editor opens it from here.
        let line = |problem: &Problem| match problem.at {
            Some(_) => dir.join(problem.to_string()).display().to_string(),
            None => problem.to_string(),
        };
        let lines: Vec<String> = problems.iter().map(line).collect();
        CliError::input(
            lines.join("\n"),
            format!("{} problems in {}: mend them and check again", problems.len(), dir.display()),
        )
    })
}
