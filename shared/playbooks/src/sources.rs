//! The files of a playbook: a folder's own, and what every practice has. Knows where things stand in them.

use std::collections::BTreeMap;

use crate::places::{At, Places, Spot};
use crate::{Files, Problem};

/// The questions that every practice has: beside the folder's own, not instead of them.
pub(crate) const COMMON_QUESTIONS: &str = "common/questions.yaml";

/// The emergency words that every practice has, likewise.
pub(crate) const COMMON_EMERGENCY: &str = "common/emergency.yaml";

/// Where people in distress find somebody to talk to; a folder's own take the place of the common ones.
pub(crate) const HELPLINES: &str = "helplines.yaml";

/// One file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its path as people know it.
    pub(crate) label: String,
    /// All of it.
    pub(crate) text: String,
    places: Places,
}

/// Files by their path within the folder.
#[derive(Debug, Default)]
pub(crate) struct Sources(BTreeMap<String, Source>);

impl Sources {
    /// A folder's files over the common ones.
    pub(crate) fn new(own: &Files, common: Files) -> Self {
        let mut sources = Self::default();
        for (path, text) in common {
            let label = format!("common/{path}");
            let path = match path.as_str() {
                "questions.yaml" => COMMON_QUESTIONS.to_owned(),
                "emergency.yaml" => COMMON_EMERGENCY.to_owned(),
                _ => path,
            };
            sources.put(path, label, text);
        }
        for (path, text) in own {
            sources.put(path.clone(), path.clone(), text.clone());
        }
        sources
    }

    fn put(&mut self, path: String, label: String, text: String) {
        let places = match text.strip_prefix("---\n").filter(|_| path.ends_with(".md")) {
            Some(rest) => Places::read(rest.split_once("\n---\n").map_or(rest, |(front, _)| front), 1),
            None => Places::read(&text, 0),
        };
        self.0.insert(path, Source { label, text, places });
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Source> {
        self.0.get(path)
    }

    /// Names of the files in a directory with an ending: `flows/`, `.yaml`.
    pub(crate) fn names<'a>(&'a self, dir: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.keys().filter_map(move |path| path.strip_prefix(dir)?.strip_suffix(end))
    }

    /// The file in which a question stands.
    pub(crate) fn of_question(&self, name: &str) -> &'static str {
        let own = "questions.yaml";
        let here = self.get(own).is_some_and(|source| source.places.has(&[name]));
        if here { own } else { COMMON_QUESTIONS }
    }

    /// Where something stands in a file.
    pub(crate) fn at(&self, path: &str, spot: Spot<'_>) -> Option<At> {
        self.get(path)?.places.at(spot)
    }

    /// Whether this file is one that every practice has, and not the folder's own.
    pub(crate) fn is_common(&self, path: &str) -> bool {
        self.get(path).is_some_and(|source| source.label.starts_with("common/"))
    }

    /// Whether a file has this path.
    pub(crate) fn has(&self, file: &str, path: &[&str]) -> bool {
        self.get(file).is_some_and(|source| source.places.has(path))
    }

    /// The places of a file.
    pub(crate) fn places(&self, path: &str) -> Option<&Places> {
        self.get(path).map(|source| &source.places)
    }

    /// The folder's own files.
    pub(crate) fn own(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, source)| !source.label.starts_with("common/")).map(|(path, _)| path.as_str())
    }

    /// A problem at a place of a file.
    pub(crate) fn problem(&self, path: &str, at: Option<At>, what: String) -> Problem {
        let file = self.get(path).map_or(path, |source| &source.label).to_owned();
        Problem { file, at: at.or(Some((1, 1))), what }
    }
}
