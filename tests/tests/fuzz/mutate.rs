//! Makes inputs of seeds: what is cut, repeated, exchanged and mixed is a value that shrinks.

use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Texts that are odd in more than one place.
const ODD: [&[u8]; 50] = [
    b"",
    b" ",
    b"0",
    b"-1",
    b"1e400",
    b"0.1",
    b"9223372036854775807",
    b"18446744073709551616",
    "１２".as_bytes(),
    b"null",
    b"true",
    b"[]",
    b"{}",
    b"\"",
    b"'",
    b"\\",
    b"\\ud800",
    b"\0",
    b"\x1b",
    b"\r\n",
    b"\n",
    b"\t",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    "\u{202e}".as_bytes(),
    "\u{200b}".as_bytes(),
    "𠮷".as_bytes(),
    "ﾎﾟ".as_bytes(),
    "👩‍👩‍👧".as_bytes(),
    "死にたい".as_bytes(),
    b"%00",
    b"%E3%81",
    b"%",
    b"&",
    b"=",
    b":",
    b"#",
    b"-",
    b"{{",
    b"}}",
    b"{%",
    b"<b>",
    b"P0D",
    b"-P1D",
    b"P9999Y",
    b"PT24H",
    b"2026-02-30",
    b"9999-12-31",
    b"24:00",
];

/// One change of an input.
#[derive(Debug, Clone)]
enum Edit {
    /// A word, a number or a date becomes something odd.
    Word(Index, Vec<u8>),
    /// It becomes another word of the same input.
    Swap(Index, Index),
    /// A line is left out, or stands somewhere else, too.
    Line { from: Index, to: Option<Index> },
    /// A part is left out.
    Cut(Index, usize),
    /// A part is there again and again.
    Repeat(Index, usize, usize),
    /// Something odd stands between.
    Insert(Index, Vec<u8>),
    /// A part of another seed stands between.
    Splice { at: Index, seed: Index, from: Index, length: usize },
}

/// A seed, and what is made of it.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    seed: Index,
    edits: Vec<Edit>,
}

fn odd(own: &'static [&'static str]) -> BoxedStrategy<Vec<u8>> {
    let all: Vec<Vec<u8>> = ODD.iter().map(|o| o.to_vec()).chain(own.iter().map(|o| o.as_bytes().to_vec())).collect();
    prop_oneof![
        20 => select(all),
        2 => vec(any::<u8>(), 0..12),
        1 => any::<i64>().prop_map(|n| n.to_string().into_bytes()),
        1 => (select(b"xa1[{( ".to_vec()), 100_usize..70_000).prop_map(|(byte, n)| vec![byte; n]),
    ]
    .boxed()
}

/// All that is made of seeds, with a way's own odd texts.
pub(crate) fn recipes(own: &'static [&'static str], most: usize) -> BoxedStrategy<Recipe> {
    let at = any::<Index>;
    let edit = prop_oneof![
        8 => (at(), odd(own)).prop_map(|(at, text)| Edit::Word(at, text)),
        4 => (at(), at()).prop_map(|(a, b)| Edit::Swap(a, b)),
        4 => (at(), proptest::option::of(at())).prop_map(|(from, to)| Edit::Line { from, to }),
        2 => (at(), 1_usize..40).prop_map(|(at, n)| Edit::Cut(at, n)),
        1 => (at(), 1_usize..80, 1_usize..40).prop_map(|(at, n, times)| Edit::Repeat(at, n, times)),
        3 => (at(), odd(own)).prop_map(|(at, text)| Edit::Insert(at, text)),
        2 => (at(), at(), at(), 1_usize..200).prop_map(|(at, seed, from, length)| Edit::Splice { at, seed, from, length }),
    ];
    (at(), vec(edit, 1..=most)).prop_map(|(seed, edits)| Recipe { seed, edits }).boxed()
}

/// Words and numbers: what a scalar is made of, in JSON, YAML, forms and addresses.
fn words(text: &[u8]) -> Vec<Range<usize>> {
    let of_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'+' | b'-') || b >= 0x80;
    let mut found = Vec::new();
    let mut from = None;
    for (at, byte) in text.iter().copied().chain([b' ']).enumerate() {
        match (of_word(byte), from) {
            (true, None) => from = Some(at),
            (false, Some(began)) => {
                found.push(began..at);
                from = None;
            }
            _ => {}
        }
    }
    found
}

fn part(at: &Index, length: usize, text: &[u8]) -> Range<usize> {
    if text.is_empty() {
        return 0..0;
    }
    let from = at.index(text.len());
    from..(from + length).min(text.len())
}

impl Edit {
    fn apply(&self, text: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        match self {
            Self::Word(at, odd) => {
                let words = words(text);
                if !words.is_empty() {
                    text.splice(words[at.index(words.len())].clone(), odd.iter().copied());
                }
            }
            Self::Swap(one, other) => {
                let words = words(text);
                if !words.is_empty() {
                    let other = text[words[other.index(words.len())].clone()].to_vec();
                    text.splice(words[one.index(words.len())].clone(), other);
                }
            }
            Self::Line { from, to } => {
                let mut lines: Vec<Vec<u8>> = text.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
                if lines.is_empty() {
                    return;
                }
                let from = from.index(lines.len());
                match to {
                    Some(to) => lines.insert(to.index(lines.len()), lines[from].clone()),
                    None => drop(lines.remove(from)),
                }
                *text = lines.concat();
            }
            Self::Cut(at, length) => drop(text.drain(part(at, *length, text))),
            Self::Repeat(at, length, times) => {
                let part = part(at, *length, text);
                let again = text[part.clone()].repeat(*times);
                text.splice(part.start..part.start, again);
            }
            Self::Insert(at, odd) => {
                let at = at.index(text.len() + 1);
                text.splice(at..at, odd.iter().copied());
            }
            Self::Splice { at, seed, from, length } => {
                let seed = seed.get(seeds);
                let more = seed[part(from, *length, seed)].to_vec();
                let at = at.index(text.len() + 1);
                text.splice(at..at, more);
            }
        }
    }
}

impl Recipe {
    /// The input.
    pub(crate) fn make(&self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut text = self.seed.get(seeds).clone();
        for edit in &self.edits {
            edit.apply(&mut text, seeds);
        }
        text
    }
}
