//! 受付・分類 by keywords and patterns. Words are compared after normalisation; the reason is kept by number, never by the text.

use std::collections::BTreeMap;

use regex_lite::{Regex, RegexBuilder};
use unicode_normalization::UnicodeNormalization;

use super::emergency::is_unseen;
use crate::playbook::{Classification, Keyword};
use crate::steps::UNSURE;

fn hiragana(c: char) -> char {
    match c {
        'ァ'..='ヶ' => char::from_u32(u32::from(c) - 0x60).unwrap_or(c),
        _ => c,
    }
}

/// What an inquiry is about, as far as a rule can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The category, when sure.
    pub category: Option<String>,
    /// Where it leads: the category's outcome, or [`UNSURE`].
    pub outcome: String,
    /// Points of the best category.
    pub score: u32,
    /// Points of the second best.
    pub runner_up: u32,
    /// Which keywords matched: `category:number`, from 0.
    pub matched: Vec<String>,
}

/// Full width = half width, upper = lower case, katakana = hiragana, no white space and nothing else that
/// one doesn't see: as a person reads it.
#[must_use]
pub fn normalise(text: &str) -> String {
    let seen = |c: &char| !c.is_whitespace() && !is_unseen(*c);
    text.nfkc().flat_map(char::to_lowercase).filter(seen).map(hiragana).collect()
}

impl Keyword {
    /// Whether it is in a normalised text.
    fn is_in(&self, text: &str) -> bool {
        let word = self.word.as_deref().map(normalise).filter(|word| !word.is_empty());
        let pattern = self.pattern.as_deref().and_then(|p| pattern(p).ok());
        word.is_some_and(|word| text.contains(&word)) || pattern.is_some_and(|p| p.is_match(text))
    }
}

/// A pattern of a playbook, as it will be looked for. It is brought into the form of the text, so ア finds あ.
///
/// # Errors
/// When it is no regular expression, or too long.
pub fn pattern(source: &str) -> Result<Regex, String> {
    if source.len() > MAX_PATTERN {
        return Err(format!("is longer than {MAX_PATTERN} bytes"));
    }
    // Only the letters: lower case would turn \S into \s.
    let letters: String = source.nfkc().map(hiragana).collect();
    RegexBuilder::new(&letters).case_insensitive(true).build().map_err(|e| e.to_string())
}

/// The longest pattern, in bytes.
pub const MAX_PATTERN: usize = 300;

/// Decides. Same rules and text, same verdict.
#[must_use]
pub fn classify(rules: &Classification, texts: &[&str]) -> Verdict {
    let text = texts.iter().map(|t| normalise(t)).collect::<Vec<_>>().join("\n");
    let mut points: BTreeMap<&str, u32> = BTreeMap::new();
    let mut matched = Vec::new();
    for (name, category) in &rules.categories {
        for (n, keyword) in category.keywords.iter().enumerate().filter(|(_, k)| k.is_in(&text)) {
            *points.entry(name).or_default() += keyword.points;
            matched.push(format!("{name}:{n}"));
        }
    }
    let mut ranked: Vec<(&str, u32)> = points.into_iter().collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let score = ranked.first().map_or(0, |r| r.1);
    let runner_up = ranked.get(1).map_or(0, |r| r.1);
    let sure = score >= rules.at_least && score - runner_up >= rules.lead;
    let best = ranked.first().filter(|_| sure).and_then(|r| rules.categories.get_key_value(r.0));
    Verdict {
        category: best.map(|(name, _)| name.clone()),
        outcome: best.map_or_else(|| UNSURE.to_owned(), |(_, c)| c.outcome.clone()),
        score,
        runner_up,
        matched,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::{Category, Text};

    fn rules() -> Classification {
        let category = |outcome: &str, words: &[(&str, u32)]| Category {
            label: Text { ja: String::new(), en: String::new() },
            outcome: outcome.to_owned(),
            keywords: words
                .iter()
                .map(|(w, p)| Keyword { word: Some((*w).to_owned()), pattern: None, points: *p })
                .collect(),
        };
        Classification {
            read: vec!["message".to_owned()],
            at_least: 3,
            lead: 1,
            emergency: Vec::new(),
            harmless: Vec::new(),
            categories: BTreeMap::from([
                ("coaching".to_owned(), category("accepted", &[("コーチング", 3), ("キャリア", 2)])),
                ("sales".to_owned(), category("declined", &[("SEO対策", 3), ("営業代行", 3)])),
            ]),
        }
    }

    #[test]
    fn widths_cases_and_kana_are_one() {
        for text in ["コーチングについて", "ｺｰﾁﾝｸﾞ希望", "こーちんぐ", "コー\u{200B}チ\u{AD}ング"]
        {
            assert_eq!(classify(&rules(), &[text]).outcome, "accepted", "{text}");
        }
        assert_eq!(classify(&rules(), &["ｓｅｏ対策のご提案"]).outcome, "declined");
    }

    #[test]
    fn too_few_points_or_too_small_a_lead_is_unsure() {
        assert_eq!(classify(&rules(), &["キャリア"]).outcome, UNSURE);
        let tie = classify(&rules(), &["コーチングと営業代行"]);
        assert_eq!((tie.outcome.as_str(), tie.score, tie.runner_up), (UNSURE, 3, 3));
    }

    #[test]
    fn a_pattern_is_looked_for_in_the_normalised_text() {
        let mut rules = rules();
        let pattern =
            Keyword { word: None, pattern: Some("貴社.{0,20}(ご提案|サービス)".to_owned()), points: 3 };
        rules.categories.get_mut("sales").unwrap().keywords.push(pattern);
        assert_eq!(classify(&rules, &["貴社の 採用に役立つ さーびす です"]).outcome, "declined");
        assert_eq!(classify(&rules, &["貴社にお願いしたいことがあります"]).outcome, UNSURE);
        for bad in ["(", &"あ".repeat(200)] {
            assert!(super::pattern(bad).is_err(), "{bad}");
        }
    }
}
