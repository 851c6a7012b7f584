//! What changes from one version of a playbook to another, in words that a coach reads. Both are compared as the data that
//! they are, so that nothing is left out: what has no words of its own is called as it stands in the folder.
//!
//! ```text
//! compare/list.rs    lists: who came, went and changed; in which order
//! compare/text.rs    texts line by line; what is added or removed, written out
//! compare/words.rs   what sections and keys are called
//! ```

mod list;
mod text;
mod words;

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::playbook::Playbook;

/// One part of a playbook in which something changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// What it is called.
    pub title: String,
    /// What changes there.
    pub changes: Vec<Change>,
}

/// One thing that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What it is, from the whole to the part.
    pub what: String,
    /// Whether it changes, comes or goes.
    pub kind: Kind,
    /// What it says, line by line.
    pub lines: Vec<Line>,
}

/// What becomes of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It says something else.
    Changed,
    /// It wasn't there.
    Added,
    /// It is there no more.
    Removed,
}

/// A line of what something says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Whether it comes, goes or stays.
    pub sign: Sign,
    /// The line.
    pub text: String,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// It stays, and is shown so that one sees where the others stand.
    Same,
    /// It goes.
    Old,
    /// It comes.
    New,
}

/// What changes, section by section; nothing when both say the same. Which version it is says nothing of what it says.
#[must_use]
pub fn compare(before: &Playbook, after: &Playbook, language: &str) -> Vec<Section> {
    // What a playbook is made of can always be written.
    let value = |playbook: &Playbook| serde_json::to_value(playbook).unwrap_or_default();
    let (before, after) = (value(before), value(after));
    let mut sections: Vec<Section> = Vec::new();
    for key in sections_of(&before, &after) {
        let mut walk = Walk { language, changes: Vec::new() };
        // Several of them stand under one title.
        let trail: Vec<String> = words::is_basic(key).then(|| words::key(key, language)).into_iter().collect();
        walk.pair(&trail, key, (before.get(key), after.get(key)));
        if walk.changes.is_empty() {
            continue;
        }
        let title = words::section(key, language);
        match sections.iter_mut().find(|section| section.title == title) {
            Some(section) => section.changes.extend(walk.changes),
            None => sections.push(Section { title, changes: walk.changes }),
        }
    }
    sections
}

/// The keys of both, in the order in which people read them.
fn sections_of<'a>(before: &'a Value, after: &'a Value) -> Vec<&'a str> {
    let all: BTreeSet<&str> = keys(before).chain(keys(after)).filter(|key| *key != "version").collect();
    let mut all: Vec<&str> = all.into_iter().collect();
    all.sort_by_key(|key| words::place(key));
    all
}

fn keys(value: &Value) -> impl Iterator<Item = &str> {
    value.as_object().into_iter().flatten().map(|(key, _)| key.as_str())
}

/// Before, and after.
type Pair<'a> = (Option<&'a Value>, Option<&'a Value>);

/// Goes through both at once, and notes what differs.
struct Walk<'a> {
    language: &'a str,
    changes: Vec<Change>,
}

impl Walk<'_> {
    /// What stands under a key, at the end of a trail of names.
    fn pair(&mut self, trail: &[String], key: &str, pair: Pair<'_>) {
        match pair {
            (before, after) if before.unwrap_or(&Value::Null) == after.unwrap_or(&Value::Null) => {}
            (Some(Value::Object(_)), Some(Value::Object(_))) => self.objects(trail, key, pair),
            (Some(Value::Array(before)), Some(Value::Array(after))) => self.lists(trail, key, (before, after)),
            // Of a map or a list that begins or ends, each thing comes or goes by itself.
            (None | Some(Value::Null), Some(Value::Object(map))) if words::is_map(key) && !map.is_empty() => {
                self.objects(trail, key, pair);
            }
            (Some(Value::Object(map)), None | Some(Value::Null)) if words::is_map(key) && !map.is_empty() => {
                self.objects(trail, key, pair);
            }
            (before, after) => self.note(trail, key, (before, after)),
        }
    }

    fn objects(&mut self, trail: &[String], key: &str, (before, after): Pair<'_>) {
        let (empty, is_map) = (Value::Object(serde_json::Map::new()), words::is_map(key));
        let (before, after) = (before.unwrap_or(&empty), after.unwrap_or(&empty));
        let mut all: Vec<&str> = keys(before).chain(keys(after)).collect();
        all.sort_unstable();
        all.dedup();
        for name in all {
            let pair = (before.get(name), after.get(name));
            let called = match is_map {
                true => words::called(name, pair.1.or(pair.0), self.language),
                false => words::key(name, self.language),
            };
            let trail = [trail, &[called]].concat();
            // What is named by people is no key of ours.
            self.pair(&trail, if is_map { "" } else { name }, pair);
        }
    }

    /// Notes that something differs.
    fn note(&mut self, trail: &[String], key: &str, (before, after): Pair<'_>) {
        let there = |value: Option<&Value>| value.is_some_and(|value| !value.is_null());
        let kind = match (there(before), there(after)) {
            (false, _) => Kind::Added,
            (_, false) => Kind::Removed,
            _ => Kind::Changed,
        };
        let written = |value: Option<&Value>| text::written(key, value.unwrap_or(&Value::Null), self.language);
        let lines = text::lines(&written(before), &written(after));
        self.changes.push(Change { what: self.named(trail), kind, lines });
    }

    fn named(&self, trail: &[String]) -> String {
        match trail.is_empty() {
            true => words::own(self.language).to_owned(),
            false => trail.join(" › "),
        }
    }
}
