//! The journal as 対応履歴: what happened, in sentences. Steps that only machines need are left out here; the record
//! itself stands below, as it was written.

mod approval;
mod money;
mod teller;

use banto_domain::{Entry, Id};
use jiff::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

use self::teller::Teller;
use crate::{Inside, Lang, Reader, Story, words};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Option<Timestamp>,
    /// Who did it.
    pub actor: String,
    /// What, in a sentence.
    pub text: String,
}

/// The history, oldest first.
#[must_use]
pub fn lines(story: &Story, lang: Lang) -> Vec<Line> {
    let Some(inside) = &story.inside else { return Vec::new() };
    let mut teller = Teller::new(story, inside, lang);
    let rows = story.shown["journal"].as_array().into_iter().flatten();
    rows.filter_map(|row| {
        let text = teller.tell(&read(row)?)?;
        let at = row["at"].as_str().and_then(|at| at.parse().ok());
        Some(Line { at, actor: actor(inside, row["actor"].as_str()?, lang), text })
    })
    .collect()
}

/// Who did it: somebody of the practice by name.
fn actor(inside: &Inside, name: &str, lang: Lang) -> String {
    name.strip_prefix("person:").map_or_else(|| words::actor(name, lang).to_owned(), |id| inside.person(id))
}

/// What happened in an approval or to a mail that was approved, in order, with the number of the commit and the mark of what
/// was shown: `id` is one of its questions, or the mail.
#[must_use]
pub fn evidence(story: &Story, id: &Id, lang: Lang) -> Vec<(u64, Line, Option<String>)> {
    let Some(inside) = &story.inside else { return Vec::new() };
    let rows: Vec<(&Value, Entry)> = {
        let rows = story.shown["journal"].as_array().into_iter().flatten();
        rows.filter_map(|row| Some((row, read(row)?))).collect()
    };
    let is_of = approval::of(rows.iter().map(|(_, entry)| entry), id);
    let mut teller = Teller::new(story, inside, lang);
    let mut told = Vec::new();
    for (row, entry) in &rows {
        // Each is told, so that later ones have names.
        let text = teller.tell(entry);
        if !is_of.contains(entry) {
            continue;
        }
        let shown = match entry {
            Entry::AskAnswered { shown, .. } => Some(shown.clone()),
            Entry::ApprovalGiven { mark, .. } => mark.clone(),
            Entry::MessageApproved { mark, .. } => Some(mark.clone()),
            _ => None,
        };
        let at = row["at"].as_str().and_then(|at| at.parse().ok());
        let actor = actor(inside, row["actor"].as_str().unwrap_or_default(), lang);
        let text = text.unwrap_or_else(|| entry.kind().to_owned());
        told.push((row["seq"].as_u64().unwrap_or_default(), Line { at, actor, text }, shown));
    }
    told
}

/// The nodes on the way, in order, by name.
#[must_use]
pub fn trail(story: &Story) -> Vec<String> {
    let rows = story.shown["journal"].as_array().into_iter().flatten();
    let nodes = rows.filter_map(|row| match read(row)? {
        Entry::NodeEntered { node, token, .. } if token.is_main() => Some(node),
        _ => None,
    });
    nodes.collect()
}

/// The names of the facts, in the order in which they became known.
pub(crate) fn facts(story: &Story) -> Vec<String> {
    let rows = story.shown["journal"].as_array().into_iter().flatten();
    let names = rows.flat_map(|row| match read(row) {
        Some(Entry::FactsRecorded { facts }) => facts.into_keys().collect(),
        _ => Vec::new(),
    });
    let mut known = Vec::new();
    for name in names {
        if !known.contains(&name) {
            known.push(name);
        }
    }
    known
}

fn read(row: &Value) -> Option<Entry> {
    let mut entry = row["detail"].clone();
    entry.as_object_mut()?.insert("type".to_owned(), row["type"].clone());
    serde_json::from_value(entry).ok()
}

/// The history as a table, oldest first.
#[must_use]
pub fn table(story: &Story, reader: &Reader) -> Markup {
    html! {
        table.stack.history {
            thead { tr { th { (reader.of("日時", "When")) } th { (reader.of("行った人", "Who")) } th { (reader.of("できごと", "What happened")) } } }
            tbody {
                @for line in lines(story, reader.lang) {
                    tr {
                        td.when { (line.at.map(|at| reader.when(at)).unwrap_or_default()) }
                        td.when { (line.actor) }
                        td { (line.text) }
                    }
                }
            }
        }
    }
}
