//! A text as letters alone, each as a person reads it and with the place where it stands. Owns what two spellings have in
//! common; knows no word.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What stands between a letter and the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    /// Nothing that one sees in a word: it goes on.
    None,
    /// Spaces, dots of a list, dashes, hearts: between words, and between the letters of one.
    Soft,
    /// The end of a sentence or of a part of it.
    Hard,
}

/// One letter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letter {
    /// Full width = half width, upper = lower case, katakana = hiragana, small = large kana.
    pub(super) folded: char,
    /// The same, with its kana as they are.
    pub(super) plain: char,
    pub(super) gap: Gap,
    /// Where it stands, in bytes.
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The letters of a text. What has no sound of its own is left out: format characters, marks on letters, long marks.
pub(super) fn letters(text: &str) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::with_capacity(text.len() / 2);
    let (mut gap, mut last) = (Gap::None, None);
    for (from, cluster) in clusters(text) {
        let first = cluster.chars().next().unwrap_or(' ');
        if is_silent(first) {
            continue;
        }
        let before = letters.len();
        for c in cluster.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric() && *c != 'ー') {
            let plain = without_accent(c);
            let folded = large(hiragana(plain));
            letters.push(Letter { folded, plain, gap, from, to: from + cluster.len() });
            gap = Gap::None;
        }
        if letters.len() > before {
            last = None;
        } else {
            // Three dots, or 。。。, are no end but a pause.
            let again = last == Some(first);
            gap = if again { Gap::Soft } else { gap.max(gap_of(first)) };
            last = Some(first);
        }
    }
    letters
}

/// Each character with the marks that belong to it: ｶﾞ is one.
fn clusters(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let belongs = |c: char| is_combining_mark(c) || matches!(c, 'ﾞ' | 'ﾟ');
    let starts = text.char_indices().filter(move |(at, c)| *at == 0 || !belongs(*c)).map(|(at, _)| at);
    let ends = starts.clone().skip(1).chain([text.len()]);
    starts.zip(ends).filter_map(|(from, to)| Some((from, text.get(from..to)?)))
}

/// What has no sound of its own.
fn is_silent(c: char) -> bool {
    is_unseen(c) || matches!(c, 'ー' | 'ｰ') || is_apostrophe(c) || is_combining_mark(c)
}

/// A character that one doesn't see: of no width, or an order to whatever draws the text.
pub(in crate::rules) fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E0FFF}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`' | '´' | '\u{2BC}' | '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{2032}' | '\u{FF07}')
}

fn gap_of(c: char) -> Gap {
    match c {
        '。' | '、' | '．' | '，' | '.' | ',' | '｡' | '､' | '!' | '！' | '?' | '？' | ';' | '；' | ':' | '：'
        | '「' | '」' | '『' | '』' | '【' | '】' | '(' | ')' | '（' | '）' | '"' | '“' | '”' => Gap::Hard,
        _ => Gap::Soft,
    }
}

fn without_accent(c: char) -> char {
    if is_latin(c) && !c.is_ascii() { c.nfd().next().unwrap_or(c) } else { c }
}

/// Of a script that writes spaces between words.
pub(super) fn is_latin(c: char) -> bool {
    c.is_alphanumeric() && c < '\u{2E80}'
}

fn hiragana(c: char) -> char {
    match c {
        'ァ'..='ヶ' => char::from_u32(u32::from(c) - 0x60).unwrap_or(c),
        _ => c,
    }
}

fn large(c: char) -> char {
    match c {
        'ぁ' => 'あ',
        'ぃ' => 'い',
        'ぅ' => 'う',
        'ぇ' => 'え',
        'ぉ' => 'お',
        'っ' => 'つ',
        'ゃ' => 'や',
        'ゅ' => 'ゆ',
        'ょ' => 'よ',
        'ゎ' => 'わ',
        'ゕ' => 'か',
        'ゖ' => 'け',
        _ => c,
    }
}

/// The vowel with which a hiragana ends: what it is drawn out by.
pub(super) fn vowel(c: char) -> Option<char> {
    const ROWS: [(char, &str); 5] = [
        ('あ', "あかがさざただなはばぱまやらわ"),
        ('い', "いきぎしじちぢにひびぴみり"),
        ('う', "うくぐすずつづぬふぶぷむゆる"),
        ('え', "えけげせぜてでねへべぺめれ"),
        ('お', "おこごそぞとどのほぼぽもよろを"),
    ];
    ROWS.iter().find(|(_, row)| row.contains(c)).map(|(vowel, _)| *vowel)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        letters(text).iter().map(|l| l.folded).collect()
    }

    #[test]
    fn spellings_of_one_word_are_one() {
        for text in ["死ニタイ", "死ﾆﾀｲ", "死 に\u{3000}た〜ぃ", "死\u{200B}に\u{AD}た\u{FE0F}い", "死・に・ターイ!"]
        {
            assert_eq!(folded(text), "死にたい", "{text}");
        }
        assert_eq!(
            (folded("ﾃﾞｨｰﾌﾞｲ"), folded("Ｄ’Ｖ"), folded("Sùi\u{301}cide")),
            ("でいぶい".into(), "dv".into(), "suicide".into())
        );
    }

    #[test]
    fn every_letter_knows_where_it_stands_and_what_is_before() {
        let text = "あ。 ｶﾞ…い。。。う";
        let all: Vec<(&str, Gap)> = letters(text).iter().map(|l| (&text[l.from..l.to], l.gap)).collect();
        assert_eq!(all, [("あ", Gap::None), ("ｶﾞ", Gap::Hard), ("い", Gap::Soft), ("う", Gap::Soft)]);
    }
}
