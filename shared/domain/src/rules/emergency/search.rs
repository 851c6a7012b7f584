//! Where words stand in a text, however they are written. Japanese is looked for through whatever stands between its
//! letters; words of Latin letters only as whole ones. A harmless phrase that holds one, written as it is listed, hides it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::fold::{Gap, Letter, is_latin, letters, vowel};
use crate::playbook::Classification;

/// As many letters more may draw one out.
const DRAWN: usize = 40;
/// As many letters, each alone, are a word that was spelt out.
const SPELT: usize = 5;

/// A word that was found: its number, and where it stands, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) word: u32,
    pub(super) at: Range<usize>,
}

/// The words of a playbook, ready to be looked for.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// By first letter.
    japanese: BTreeMap<char, Vec<(u32, Vec<char>)>>,
    /// By first word, without repeated letters.
    latin: BTreeMap<String, Vec<(u32, Vec<String>)>>,
    harmless: BTreeMap<char, Vec<Vec<char>>>,
    harmless_latin: BTreeMap<String, Vec<Vec<String>>>,
}

/// A word of Latin letters, and the numbers of its first letter and of the one after its last.
struct Token {
    text: String,
    letters: Range<usize>,
}

impl Words {
    pub(super) fn new(rules: &Classification) -> Self {
        let mut words = Self::listed(&rules.emergency);
        for phrase in &rules.harmless {
            let all = letters(phrase);
            if let Some(first) = all.first().filter(|_| !is_of_latin(&all)) {
                words.harmless.entry(first.plain).or_default().push(all.iter().map(|l| l.plain).collect());
            } else if let [first, ..] = tokens(&all).as_slice() {
                let phrase = tokens(&all).into_iter().map(|t| t.text).collect();
                words.harmless_latin.entry(once(&first.text)).or_default().push(phrase);
            }
        }
        words
    }

    /// Words alone.
    pub(super) fn listed(list: &[String]) -> Self {
        let mut words = Self::default();
        for (n, word) in (0_u32..).zip(list) {
            let all = letters(word);
            if let Some(first) = all.first().filter(|_| !is_of_latin(&all)) {
                let word = all.iter().map(|l| l.folded).collect();
                words.japanese.entry(first.folded).or_default().push((n, word));
            } else if let [first, ..] = tokens(&all).as_slice() {
                let word = tokens(&all).into_iter().map(|t| t.text).collect();
                words.latin.entry(once(&first.text)).or_default().push((n, word));
            }
        }
        words
    }

    /// All places where one of the words stands.
    pub(super) fn hits(&self, text: &str) -> Vec<Hit> {
        let all = letters(text);
        let tokens = tokens(&all);
        let masked = self.masked(&all, &tokens);
        let mut hits = Vec::new();
        let mut hit = |word: u32, found: Range<usize>| {
            if let Some([first, .., last] | [first @ last]) = all.get(found.clone())
                && !masked.get(found).is_some_and(|part| part.contains(&true))
            {
                hits.push(Hit { word, at: first.from..last.to });
            }
        };
        for (at, letter) in all.iter().enumerate() {
            for (n, word) in self.japanese.get(&letter.folded).into_iter().flatten() {
                if let Some(end) = stands_at(&all, at, word) {
                    hit(*n, at..end);
                }
            }
        }
        for (at, token) in tokens.iter().enumerate() {
            for (n, word) in self.latin.get(&once(&token.text)).into_iter().flatten() {
                if let Some(found) = is_at(&tokens, at, word) {
                    hit(*n, found);
                }
            }
        }
        for spelt in spelt(&tokens) {
            for (n, word) in self.latin.values().flatten() {
                let word = word.concat();
                if word.len() >= SPELT && spelt.text.contains(&word) {
                    hit(*n, spelt.letters.clone());
                }
            }
        }
        hits
    }

    /// Which letters belong to a harmless phrase. It must be written as it is listed: kana as they are, nothing between.
    fn masked(&self, all: &[Letter], tokens: &[Token]) -> Vec<bool> {
        let mut masked = vec![false; all.len()];
        let mut mask = |found: Range<usize>| {
            masked.get_mut(found).into_iter().flatten().for_each(|letter| *letter = true);
        };
        for (at, letter) in all.iter().enumerate() {
            for phrase in self.harmless.get(&letter.plain).into_iter().flatten() {
                let part = all.get(at..at + phrase.len()).unwrap_or_default();
                let same = part.iter().zip(phrase).all(|(l, c)| l.plain == *c);
                if !part.is_empty() && same && part.iter().skip(1).all(|l| l.gap == Gap::None) {
                    mask(at..at + phrase.len());
                }
            }
        }
        for (at, token) in tokens.iter().enumerate() {
            for phrase in self.harmless_latin.get(&once(&token.text)).into_iter().flatten() {
                if let Some(found) = is_at(tokens, at, phrase) {
                    mask(found);
                }
            }
        }
        masked
    }
}

fn is_of_latin(all: &[Letter]) -> bool {
    all.iter().all(|l| is_latin(l.folded))
}

/// Whether a Japanese word begins with this letter; the number of the letter after its last. A letter may be drawn out. The
/// ends of sentences stand in it nowhere, or between all of its letters.
fn stands_at(all: &[Letter], from: usize, word: &[char]) -> Option<usize> {
    let (first, last) = (*word.first()?, *word.last()?);
    let before = from.checked_sub(1).and_then(|n| all.get(n));
    let here = all.get(from)?;
    if is_latin(first) && here.gap == Gap::None && before.is_some_and(|l| is_latin(l.folded)) {
        return None;
    }
    let (mut at, mut previous, mut hard) = (from + 1, first, 0);
    for c in word.iter().skip(1) {
        // Nobody draws a letter out further, and what is made of one letter alone must be read in time.
        let most = at + DRAWN;
        loop {
            let letter = all.get(at).filter(|_| at < most)?;
            hard += usize::from(letter.gap == Gap::Hard);
            at += 1;
            if letter.folded == *c {
                break;
            }
            let drawn = letter.folded == previous || vowel(previous) == Some(letter.folded);
            if !drawn {
                return None;
            }
        }
        previous = *c;
    }
    let is_cut = is_latin(last) && all.get(at).is_some_and(|l| l.gap == Gap::None && is_latin(l.folded));
    let is_whole = hard == 0 || (word.len() > 2 && hard + 1 >= word.len());
    (is_whole && !is_cut).then_some(at)
}

fn tokens(all: &[Letter]) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for (n, letter) in all.iter().enumerate().filter(|(_, l)| is_latin(l.folded)) {
        match tokens.last_mut().filter(|token| token.letters.end == n && letter.gap == Gap::None) {
            Some(token) => {
                token.text.push(letter.folded);
                token.letters.end = n + 1;
            }
            None => tokens.push(Token { text: letter.folded.to_string(), letters: n..n + 1 }),
        }
    }
    tokens
}

/// Whether words stand here one after the other; the letters that they have.
fn is_at(tokens: &[Token], from: usize, word: &[String]) -> Option<Range<usize>> {
    let found = tokens.get(from..from + word.len())?;
    let adjoin = found.windows(2).all(|pair| matches!(pair, [a, b] if a.letters.end == b.letters.start));
    let same = found.iter().zip(word).all(|(token, word)| is_same(&token.text, word));
    (adjoin && same).then_some(())?;
    Some(found.first()?.letters.start..found.last()?.letters.end)
}

/// The same word, or with a letter drawn out: dieee.
fn is_same(token: &str, word: &str) -> bool {
    let drawn = || token.as_bytes().windows(3).any(|w| matches!(w, [a, b, c] if a == b && b == c));
    token == word || (drawn() && once(token) == once(word))
}

/// Each letter once where it is repeated.
fn once(token: &str) -> String {
    let mut chars: Vec<char> = token.chars().collect();
    chars.dedup();
    chars.into_iter().collect()
}

/// Letters that stand alone, one after the other, as one word.
fn spelt(tokens: &[Token]) -> Vec<Token> {
    let is_one = |token: &Token| token.letters.len() == 1;
    let runs = tokens.chunk_by(|a, b| is_one(a) && is_one(b) && a.letters.end == b.letters.start);
    let word = |run: &[Token]| {
        let letters = run.first()?.letters.start..run.last()?.letters.end;
        Some(Token { text: run.iter().map(|t| t.text.as_str()).collect(), letters })
    };
    runs.filter(|run| run.len() >= SPELT).filter_map(word).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(emergency: &[&str], harmless: &[&str]) -> Words {
        let rules = json!({
            "read": [], "at_least": 1, "lead": 1, "categories": {}, "emergency": emergency, "harmless": harmless,
        });
        Words::new(&serde_json::from_value(rules).expect("rules"))
    }

    fn found<'a>(words: &Words, text: &'a str) -> Vec<&'a str> {
        words.hits(text).into_iter().map(|hit| &text[hit.at]).collect()
    }

    #[test]
    fn a_word_is_found_where_it_stands_through_all_that_is_between_its_letters() {
        let words = words(&["死にたい", "自殺", "ODした"], &[]);
        for (text, place) in [
            ("もう死 に タい。", "死 に タい"),
            ("え、死.に.た.い。", "死.に.た.い"),
            ("死にた…ぁぁい", "死にた…ぁぁい"),
            ("死ににたーーーい", "死ににたーーーい"),
            ("昨日OD した", "OD した"),
            ("自\u{200B}殺", "自\u{200B}殺"),
        ] {
            assert_eq!(found(&words, text), [place], "{text}");
        }
        for text in ["死に。たい焼き", "各自。殺虫剤", "methodした", "必死になりたい", ""] {
            assert!(found(&words, text).is_empty(), "{text}");
        }
    }

    #[test]
    fn latin_words_only_whole_and_with_any_apostrophe() {
        let words = words(&["want to die", "don't want to live", "DV", "suicide"], &[]);
        for (text, place) in [
            ("I want  to\nDIE", "want  to\nDIE"),
            ("I don’t want to live", "don’t want to live"),
            ("夫のDVで", "DV"),
            ("sui\u{AD}cide", "sui\u{AD}cide"),
            ("s u i c i d e", "s u i c i d e"),
            ("want to dieeee", "want to dieeee"),
            ("'suicide'", "'suicide"),
        ] {
            assert_eq!(found(&words, text).len(), 1, "{text}");
            assert!(found(&words, text)[0].trim_matches('\'') == place.trim_matches('\''), "{text}");
        }
        for text in ["I want to diet", "DVD", "MDV", "suicides", "want, あ to die"] {
            assert!(found(&words, text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_harmless_phrase_hides_its_own_word_alone_and_only_as_it_is_listed() {
        let words = words(&["殺される", "消えたい", "cut myself"], &["忙殺", "消えたイヤ", "cut myself off"]);
        for text in ["忙殺される", "消えたイヤホン", "I cut myself off from it"] {
            assert!(found(&words, text).is_empty(), "{text}");
        }
        for text in
            ["忙殺される、殺される", "消えたいやほんと", "消えた、イヤ、消えたい", "I cut myself off and cut myself"]
        {
            assert_eq!(found(&words, text).len(), 1, "{text}");
        }
    }
}
