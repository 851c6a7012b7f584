//! What may stand in a greeting, a subject or an address: what a person is called, and nothing that a stranger would have
//! others read (promise 16).

use unicode_normalization::UnicodeNormalization;

/// The longest name, in characters.
const LONGEST: usize = 40;
/// The most words in one.
const MOST_WORDS: usize = 6;
/// The most digits in one: a company's, not a telephone's.
const MOST_DIGITS: usize = 4;
/// What stands in names beside letters.
const BETWEEN: &str = " 　'’.,-‐・･=＝()（）&＆々〆ー";

/// Whether it looks like a name: letters and what stands between them, short, and nothing that a mail program makes a link
/// of.
#[must_use]
pub fn looks_like_one(name: &str) -> bool {
    let name = name.trim();
    let plain: Vec<char> = name.nfkc().collect();
    let fits = |c: &char| c.is_alphanumeric() || BETWEEN.contains(*c) || is_mark(*c);
    let digits = plain.iter().filter(|c| c.is_numeric()).count();
    let words = name.split_whitespace().count();
    // A dot in the middle of a word is an address's.
    let dotted =
        plain.windows(3).any(|w| matches!(w, [a, '.' | '。' | '｡', b] if a.is_alphanumeric() && b.is_alphanumeric()));
    !plain.is_empty()
        && plain.len() <= LONGEST
        && words <= MOST_WORDS
        && digits <= MOST_DIGITS
        && !dotted
        && plain.iter().any(|c| c.is_alphabetic())
        && name.chars().all(|c| fits(&c))
        && plain.iter().all(fits)
}

/// An accent that no letter could take in, or the sign before a variant of a Chinese character.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{3099}' | '\u{309a}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::looks_like_one;

    #[test]
    fn people_and_companies_have_names() {
        for name in [
            "山田 花子",
            "髙橋　健",
            "ヤマダ・ハナコ",
            "佐々木",
            "ﾔﾏﾀﾞ ﾊﾅｺ",
            "辻󠄀 太郎",
            "Zoë O'Brien",
            "J. R. Smith",
            "Nguyễn Thị Hạnh",
            "María del Carmen García",
            "株式会社ミナト商会",
            "(株)ABC24",
            "Smith & Sons, Ltd.",
            "Jean-Luc",
        ] {
            assert!(looks_like_one(name), "{name}");
        }
    }

    #[test]
    fn what_a_stranger_would_have_others_read_is_no_name() {
        for name in [
            "",
            "  ",
            "https://evil.example/prize0",
            "evil.example",
            "ｅｖｉｌ．ｅｘａｍｐｌｅ",
            "www.evil",
            "a@evil.example",
            "0312345678",
            "０９０-１２３４-５６７８",
            "You have won one million yen today",
            "当選しました!いますぐクリック",
            "<b>x</b>",
            "[link](x)",
            "山田\u{200b}花子",
            "山田\u{202e}花子",
            "a\nBcc: x",
            "x\u{0}",
            "{{ secret }}",
            "★当選★",
            "---",
            "あああああああああああああああああああああああああああああああああああああああああ",
        ] {
            assert!(!looks_like_one(name), "{name:?}");
        }
    }
}
