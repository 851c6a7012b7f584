//! What was said in an emergency and can't be taken as it is: too long, not of its type, in a field that nobody asked for.
//! Whoever must look sees the words all the same (promise 14). Owns the excerpt; refuses to say what is to be done.

use std::collections::BTreeMap;

use super::search::Words;
use super::words_in;
use crate::playbook::{FactKind, Playbook, is_control};
use crate::state::Personal;

/// The personal fact that keeps what no fact of the playbook can. No playbook can name one so.
pub const SAID: &str = "emergency:said";
/// The most that is kept there, in characters: as much as a text may have.
const MOST: usize = 4_000;

/// Adds to what was taken the words of what could not be: as the fact itself, where it is free text that was asked for,
/// else as [`SAID`].
pub fn keep<'a>(
    playbook: &Playbook,
    taken: &mut BTreeMap<String, String>,
    said: impl IntoIterator<Item = (&'a String, &'a String)>,
    is_asked: impl Fn(&String) -> bool,
) {
    let mut elsewhere: Vec<&String> = Vec::new();
    for (name, text) in said {
        if taken.contains_key(name) || words_in(playbook, [text]).is_empty() {
            continue;
        }
        let free = |kind| matches!(kind, FactKind::Line | FactKind::Text);
        let spec = playbook.facts.get(name).filter(|spec| is_asked(name) && free(spec.kind));
        let own = spec.and_then(|s| s.take(&excerpt(playbook, text, s.max_chars(), s.kind == FactKind::Text)?).ok());
        match own {
            Some(value) => drop(taken.insert(name.clone(), value)),
            None => elsewhere.push(text),
        }
    }
    let each = MOST / elsewhere.len().max(1) - 1;
    let kept: Vec<String> = elsewhere.iter().filter_map(|text| excerpt(playbook, text, each, true)).collect();
    if !kept.is_empty() {
        taken.insert(SAID.to_owned(), kept.join("\n"));
    }
}

/// The facts in whose values an emergency word stands.
#[must_use]
pub fn stands_in<'a>(playbook: &Playbook, personal: &'a Personal) -> Vec<&'a str> {
    let urgent = personal.values.iter().filter(|(_, value)| !words_in(playbook, [*value]).is_empty());
    urgent.map(|(name, _)| name.as_str()).collect()
}

/// As much of a text as fits, around the first emergency word in it. `None` when there is none.
fn excerpt(playbook: &Playbook, text: &str, most: usize, lines: bool) -> Option<String> {
    let text = squeezed(text, lines);
    let end = Words::new(&playbook.classification).hits(&text).into_iter().map(|hit| hit.at.end).min()?;
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= most {
        return Some(text);
    }
    let end = text.get(..end)?.chars().count();
    // Two for the marks of what was cut.
    let room = most.saturating_sub(2);
    let from = end.saturating_sub(room / 2 + room / 4).min(chars.len() - room);
    let to = from + room;
    let before = if from > 0 { "…" } else { "" };
    let after = if to < chars.len() { "…" } else { "" };
    Some(format!("{before}{}{after}", chars.get(from..to)?.iter().collect::<String>()))
}

/// Without what no value may hold, and with one space where there are many: words may be far apart.
fn squeezed(text: &str, lines: bool) -> String {
    let mut squeezed = String::with_capacity(text.len());
    for c in text.trim().replace("\r\n", "\n").chars() {
        let c = if is_control(c) && !(lines && c == '\n') { ' ' } else { c };
        if !(c.is_whitespace() && squeezed.ends_with(char::is_whitespace)) {
            squeezed.push(c);
        }
    }
    squeezed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn playbook() -> Playbook {
        let text = |words: &str| json!({ "ja": words, "en": words });
        serde_json::from_value(json!({
            "v": 1, "client": "yamada", "version": 1, "name": text("x"), "zone": "Asia/Tokyo",
            "sender": { "name": text("x"), "address": "x@x.example", "contact": text("x") },
            "people": {},
            "facts": {
                "goal": { "kind": "text", "label": text("x") },
                "name": { "kind": "line", "label": text("x") },
                "on": { "kind": "date", "label": text("x") },
            },
            "forms": {},
            "classification": { "read": [], "at_least": 1, "lead": 1, "categories": {}, "emergency": ["死にたい", "want to die"] },
            "questions": {}, "templates": {}, "flows": {},
        }))
        .expect("a playbook")
    }

    fn kept(name: &str, text: &str, is_asked: bool) -> BTreeMap<String, String> {
        let mut taken = BTreeMap::new();
        keep(&playbook(), &mut taken, [(&name.to_owned(), &text.to_owned())], |_| is_asked);
        taken
    }

    #[test]
    fn of_a_letter_that_is_too_long_the_words_are_kept_with_what_stands_around_them() {
        for (before, after) in [(0, 9_000), (9_000, 0), (5_000, 5_000), (3_999, 1)] {
            let letter = format!("{}もう死 に\nたいです。{}", "あ".repeat(before), "い".repeat(after));
            let goal = kept("goal", &letter, true).remove("goal").expect("kept as what it is");
            assert!(goal.chars().count() <= 4_000 && words_in(&playbook(), [&goal]) == [0], "{before} {after}: {goal}");
        }
        // However far its letters are apart, and however it is spelt.
        let letter = format!("{}死\u{200B}・に・タ〜ぃ。{}", "あ".repeat(5_000), "い".repeat(5_000));
        let goal = kept("goal", &letter, true).remove("goal").expect("kept");
        assert!(goal.contains("死\u{200B}・に・タ〜ぃ。") && goal.chars().count() <= 4_000, "{goal}");
        let english = format!("{} I want to diet, and I want  to\u{2028}die. {}", "x ".repeat(900), "y ".repeat(3_000));
        let line = kept("name", &english, true).remove("name").expect("kept");
        assert!(line.chars().count() <= 100 && words_in(&playbook(), [&line]) == [1] && !line.contains('\n'), "{line}");
    }

    #[test]
    fn what_is_of_another_type_or_was_not_asked_is_kept_apart_and_is_personal() {
        for (name, is_asked) in [("on", true), ("goal", false), ("nothing of ours", true)] {
            let taken = kept(name, "もう死にたい", is_asked);
            assert_eq!(taken, [(SAID.to_owned(), "もう死にたい".to_owned())].into(), "{name}");
            let mut personal = Personal::default();
            let marks = personal.record(&playbook().facts, taken);
            assert!(matches!(marks.get(SAID), Some(crate::state::Fact::Personal(_))), "{marks:?}");
            assert_eq!(stands_in(&playbook(), &personal), [SAID]);
        }
        assert_eq!(kept("on", "やせたい。I want to diet", true), BTreeMap::new());
    }
}
