//! How inquiries are sorted: words and patterns that can be found, points that can be reached, facts that have text.

use banto_domain::playbook::{Category, FactKind, Keyword};
use banto_domain::rules::classify::{self, normalise};
use banto_domain::rules::emergency;
use banto_domain::steps::{self, Part};

use super::{Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

impl Check<'_> {
    pub(super) fn classification(&mut self, main: &Main) {
        let rules = &main.classification;
        self.fact_names(MAIN, "classification", &["classification", "read"], &rules.read);
        for (name, category) in &rules.categories {
            for (n, keyword) in category.keywords.iter().enumerate() {
                self.keyword(name, n, keyword);
            }
        }
        for (n, word) in rules.emergency.iter().enumerate().filter(|(_, word)| !emergency::is_word(word)) {
            let what = format!("classification: {word:?} is no word; write one, or remove it");
            self.say(MAIN, Spot::Value(&["classification", "emergency", &n.to_string()]), what);
        }
        self.harmless(main);
        if rules.categories.is_empty() {
            self.needs_classification();
            return;
        }
        self.read(main);
        let most = rules.categories.values().map(points).max().unwrap_or(0);
        for (key, wanted) in [("at_least", rules.at_least), ("lead", rules.lead)] {
            if u64::from(wanted) > most {
                let what = format!(
                    "classification: {key}: {wanted} is never reached: all words of a category together have {most} at most; \
                     write less"
                );
                self.say(MAIN, Spot::Value(&["classification", key]), what);
            }
        }
    }

    /// A phrase is harmless by what it adds to a word; what is no more than a part of one would hide it everywhere.
    fn harmless(&mut self, main: &Main) {
        let rules = &main.classification;
        let common = self.parts.emergency.iter().flat_map(|common| &common.words);
        let words: Vec<&String> = rules.emergency.iter().chain(common).collect();
        for (n, phrase) in rules.harmless.iter().enumerate() {
            if let Some(word) = words.iter().find(|word| emergency::hides(phrase, word)) {
                let what = format!(
                    "classification: {phrase:?} would hide the emergency word {word:?} wherever it stands; write more of the phrase"
                );
                self.say(MAIN, Spot::Value(&["classification", "harmless", &n.to_string()]), what);
            }
        }
    }

    /// Nothing is sorted without categories, so nobody need write them.
    fn needs_classification(&mut self) {
        let flows: Vec<_> = self.parts.flows.iter().filter_map(|(name, flow)| Some((name, flow.as_ref()?))).collect();
        for (flow, name, action) in flows
            .iter()
            .flat_map(|(flow, f)| f.nodes.iter().map(move |node| (flow, node)))
            .filter_map(|(flow, (name, node))| sorts(&node.action).then_some((flow, name, &node.action)))
        {
            let what = format!(
                "node {name}: {action} needs classification: with categories: in playbook.yaml, which aren't there; add them"
            );
            self.say(&format!("flows/{flow}.yaml"), Spot::Value(&["nodes", name, "action"]), what);
        }
    }

    fn read(&mut self, main: &Main) {
        let read = &main.classification.read;
        if read.is_empty() {
            let what =
                "classification: reads nothing, so nothing is ever sure; add a fact, e.g. read: [message]".to_owned();
            self.say(MAIN, Spot::Value(&["classification", "read"]), what);
        }
        let has_words = |kind| matches!(kind, FactKind::Line | FactKind::Text | FactKind::Choice);
        for (n, fact) in read.iter().enumerate() {
            if main.facts.get(fact).is_some_and(|spec| !has_words(spec.kind)) {
                let what =
                    format!("classification: the fact {fact} has no words to look at; name one of kind text or line");
                self.say(MAIN, Spot::Value(&["classification", "read", &n.to_string()]), what);
            }
        }
    }

    fn keyword(&mut self, category: &str, n: usize, keyword: &Keyword) {
        let (place, n) = (format!("category {category}"), n.to_string());
        let path = ["classification", "categories", category, "keywords", n.as_str()];
        let (key, what) = match (&keyword.word, &keyword.pattern) {
            (Some(word), None) if normalise(word).is_empty() => {
                ("word", format!("{place}: an empty word is never found; write it, or remove it"))
            }
            (Some(_), None) => return,
            (None, Some(pattern)) => match (classify::pattern(pattern), wants_space(pattern)) {
                (Err(why), _) => {
                    ("pattern", format!("{place}: pattern: {why}; write a regular expression, or a word:"))
                }
                (Ok(_), true) => (
                    "pattern",
                    format!(
                        "{place}: a pattern with a space never matches, as white space is not looked at; leave it out"
                    ),
                ),
                (Ok(_), false) => return,
            },
            _ => {
                let what = format!("{place}: keyword {n} must have either a word: or a pattern:; give it one of them");
                self.say(MAIN, Spot::Value(&path), what);
                return;
            }
        };
        self.say(MAIN, Spot::Value(&[&path[..], &[key]].concat()), what);
    }
}

/// Whether a step sorts inquiries.
fn sorts(action: &str) -> bool {
    steps::contract(action).is_some_and(|step| step.parts.contains(&Part::Classification))
}

fn points(category: &Category) -> u64 {
    category.keywords.iter().map(|keyword| u64::from(keyword.points)).sum()
}

/// Whether a pattern wants white space, of which the text has none: a space or `\s` outside of a class that needn't be
/// there.
fn wants_space(pattern: &str) -> bool {
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        let is_space = match c {
            '[' => {
                in_class = true;
                false
            }
            ']' => {
                in_class = false;
                false
            }
            '\\' => chars.next() == Some('s'),
            c => c.is_whitespace(),
        };
        if is_space && !in_class && !matches!(chars.peek(), Some('?' | '*')) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_that_must_be_there() {
        for never in ["貴社 ご提案", "a\\s+b", "a　b", "\\[ \\]"] {
            assert!(wants_space(never), "{never}");
        }
        for may in ["貴社.{0,20}ご提案", "a ?b", "a\\s*b", "[ a]b", "a\\Sb", "\\\\sb"] {
            assert!(!wants_space(may), "{may}");
        }
    }
}
