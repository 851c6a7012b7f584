//! `banto playbook check`: what is wrong with a playbook folder, where, and the way out.

use std::io::Write as _;
use std::path::PathBuf;

use banto_playbooks::{Folder, Problem};

use super::CliError;

/// What to do with a playbook folder.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Finds what is wrong with it.
    Check {
        /// The folder with its playbook.yaml
        dir: PathBuf,
    },
}

pub(super) fn run(command: &Command) -> Result<(), CliError> {
    let Command::Check { dir } = command;
    let playbook = read(dir)?.playbook;
    let (flows, templates) = (playbook.flows.len(), playbook.templates.len());
    Ok(writeln!(std::io::stdout(), "{}: {flows} flows, {templates} templates, no problem found", playbook.client)?)
}

/// Reads a folder; its problems are bad input.
pub(super) fn read(dir: &std::path::Path) -> Result<Folder, CliError> {
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
