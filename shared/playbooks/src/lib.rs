//! Playbooks as folders: reading them, checking them, drawing them, and the ready-made ones. `README.md`
//! tells how to write one.
//!
//! ```text
//! playbook.yaml        client, people, facts, forms, classification; menus, billing, calendar, reminders, policies
//! questions.yaml       questions and their answers
//! flows/NAME.yaml      one flow each
//! templates/NAME.LANG.md   Markdown with front matter: language, subject, class, effect, hours, attach, approved_by
//! demo-secrets.yaml    for practice mode alone
//! ```
//!
//! What every practice has (`common/`) is added to each; a folder's own question, flow or template of the same name wins.

mod check;
pub mod diagram;
mod disk;
mod folder;
mod places;
mod said;
#[cfg(test)]
mod schema;
mod sources;

use std::collections::BTreeMap;
use std::path::Path;

use banto_domain::Playbook;
use include_dir::{Dir, include_dir};

pub use folder::{load, load_at};

static COMMON: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/common");
/// Coaching practices: what practice mode opens with.
static READY_MADE: [(&str, Dir<'_>); 2] =
    [("yamada", include_dir!("$CARGO_MANIFEST_DIR/yamada")), ("harbor", include_dir!("$CARGO_MANIFEST_DIR/harbor"))];
/// Other trades, to be copied: the same engine, and not a line of code for them.
static TRADES: [(&str, Dir<'_>); 2] =
    [("sales", include_dir!("$CARGO_MANIFEST_DIR/sales")), ("helpdesk", include_dir!("$CARGO_MANIFEST_DIR/helpdesk"))];

/// Files by their path within the folder.
pub type Files = BTreeMap<String, String>;

/// A playbook folder, read and checked.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The playbook; its version is given when it is published.
    pub playbook: Playbook,
    /// Secrets of `demo-secrets.yaml`, by name: for practice mode alone.
    pub demo_secrets: BTreeMap<String, String>,
    /// What can be published and yet is hardly what was meant.
    pub warnings: Vec<Problem>,
}

/// Something wrong with a playbook, with its place and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, relative to the folder.
    pub file: String,
    /// Line and column, from 1, when known.
    pub at: Option<(u64, u64)>,
    /// What is wrong, and what to do.
    pub what: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.at {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

/// The ready-made playbooks of coaching practices, with which practice mode opens.
///
/// # Errors
/// When one has a problem: our bug, and a test's business.
pub fn ready_made() -> Result<Vec<Folder>, Vec<Problem>> {
    READY_MADE.iter().map(|(_, dir)| load(&embedded(dir))).collect()
}

/// The ready-made playbooks of other trades: a sales pipeline and a help desk.
///
/// # Errors
/// As [`ready_made`].
pub fn trades() -> Result<Vec<Folder>, Vec<Problem>> {
    TRADES.iter().map(|(_, dir)| load(&embedded(dir))).collect()
}

/// The files of a ready-made playbook, as a folder would have them; `None` when there is none of this name.
#[must_use]
pub fn files_of(name: &str) -> Option<Files> {
    READY_MADE.iter().chain(&TRADES).find(|(of, _)| *of == name).map(|(_, dir)| embedded(dir))
}

/// Reads a folder from disk.
///
/// # Errors
/// All problems that were found.
pub fn read(dir: &Path) -> Result<Folder, Vec<Problem>> {
    read_at(dir, None)
}

/// As [`read`], and with a day also warns of what is over by then.
///
/// # Errors
/// All problems that were found.
pub fn read_at(dir: &Path, today: Option<jiff::civil::Date>) -> Result<Folder, Vec<Problem>> {
    let mut found = disk::Found::default();
    found.collect(dir, dir).map_err(|problem| vec![problem])?;
    let mut folder = load_at(&found.files, today)?;
    folder.warnings.extend(found.warnings);
    Ok(folder)
}

fn embedded(dir: &Dir<'_>) -> Files {
    let mut files = Files::new();
    let mut dirs = vec![dir];
    while let Some(dir) = dirs.pop() {
        dirs.extend(dir.dirs());
        let text = |f: &include_dir::File<'_>| Some((f.path().display().to_string(), f.contents_utf8()?.to_owned()));
        files.extend(dir.files().filter_map(text));
    }
    files
}

/// What every practice has.
pub(crate) fn common() -> Files {
    embedded(&COMMON)
}

#[cfg(test)]
mod tests;
