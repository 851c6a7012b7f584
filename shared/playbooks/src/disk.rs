//! A folder on disk becomes files by name. Reads what a playbook may have, and nothing that could hang or has no end.

use std::io::Error;
use std::path::Path;

use crate::{Files, Problem};

/// What no file of a playbook has more of: a larger one isn't read.
const MOST: u64 = 2_000_000;

/// What a folder has.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) files: Files,
    pub(crate) warnings: Vec<Problem>,
}

impl Found {
    /// Reads a folder within a root, and the folders within it.
    pub(crate) fn collect(&mut self, root: &Path, dir: &Path) -> Result<(), Problem> {
        for entry in std::fs::read_dir(dir).map_err(|e| unreadable(dir, &e))? {
            let path = entry.map_err(|e| unreadable(dir, &e))?.path();
            let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if is_hidden {
                continue;
            }
            if path.is_dir() {
                self.collect(root, &path)?;
            } else {
                self.file(root, &path)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, root: &Path, path: &Path) -> Result<(), Problem> {
        let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
        let ending = path.extension().and_then(|end| end.to_str());
        // Others are known by name alone, where no others may be.
        let is_read = matches!(ending, Some("yaml" | "md"));
        let is_odd = ending == Some("yml") || name.starts_with("flows/") || name.starts_with("templates/");
        if !is_read {
            if is_odd && !name.ends_with('~') {
                self.files.insert(name, String::new());
            }
            return Ok(());
        }
        let meta = std::fs::metadata(path).map_err(|e| unreadable(path, &e))?;
        let bad = |what: &str| Problem { file: name.clone(), at: Some((1, 1)), what: what.to_owned() };
        if !meta.is_file() {
            return Err(bad("is no file that can be read; put a plain one in its place"));
        }
        if meta.len() > MOST {
            return Err(bad("is larger than 2 MB, which no playbook is; shorten it, or move it out of the folder"));
        }
        let text = std::fs::read_to_string(path).map_err(|e| unreadable(path, &e))?;
        if is_outside(root, path) {
            let what =
                "is a link to a file outside the folder, so whoever gets the folder gets no copy; put the file here";
            self.warnings.push(bad(what));
        }
        // Some editors mark the beginning, and end lines, in their own way.
        self.files.insert(name, text.trim_start_matches('\u{feff}').replace("\r\n", "\n"));
        Ok(())
    }
}

fn is_outside(root: &Path, path: &Path) -> bool {
    let (root, path) = (root.canonicalize(), path.canonicalize());
    root.is_ok_and(|root| path.is_ok_and(|path| !path.starts_with(root)))
}

fn unreadable(path: &Path, error: &Error) -> Problem {
    let way_out = if path.is_file() { "save it as UTF-8" } else { "name a folder with a playbook.yaml" };
    Problem { file: path.display().to_string(), at: None, what: format!("can't be read: {error}; {way_out}") }
}
