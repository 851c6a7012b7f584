//! One version of a playbook as it stands in the table: an item, and more beside it when it is longer than an item may
//! be (400 KB). Owns how it is cut, and how one Query puts it together again.
//!
//! | sk | what |
//! |---|---|
//! | `V#n` | the version, or its beginning with `parts`; with the `hash` of all of it: what doesn't match it is not used |
//! | `V#n#hash#i` | the rest, each before the version itself is there; what another publisher left is told apart by `hash` |
//! | `P#n#hash` | what is proposed as version n, by the whole hash of its text: as its own item will stand, and nobody's yet |

use aws_sdk_dynamodb::types::Put;
use aws_sdk_dynamodb::types::builders::PutBuilder;

use crate::ledger::{Item, n, s, text};
use crate::{Error, Result};

/// The longest text in one item, in bytes: an item holds 400 KB, keys included.
const PART: usize = 350 * 1024;
/// The longest playbook, in bytes of JSON.
const MOST: usize = 5 * 1024 * 1024;

pub(super) fn sk(version: u32) -> String {
    format!("V#{version:06}")
}

/// A version cut into items.
#[derive(Debug)]
pub(super) struct Cut {
    /// What the version's own item holds.
    pub(super) first: String,
    /// The rest, by sort key.
    pub(super) rest: Vec<(String, String)>,
    hash: String,
}

impl Cut {
    pub(super) fn new(version: u32, body: &str) -> Result<Self> {
        if body.len() > MOST {
            return Err(Error::Refused(format!("a playbook may have {MOST} bytes, and this one has {}", body.len())));
        }
        let hash = hash(body);
        let mut parts = pieces(body).map(str::to_owned);
        let first = parts.next().unwrap_or_default();
        let rest = parts.enumerate().map(|(i, part)| (format!("{}#{hash}#{i:02}", sk(version)), part)).collect();
        Ok(Self { first, rest, hash })
    }

    /// The version's own item, out of `item`, which makes one with a body.
    pub(super) fn head(&self, item: impl FnOnce(&str) -> PutBuilder) -> PutBuilder {
        let item = item(&self.first).item("hash", s(&self.hash));
        if self.rest.is_empty() { item } else { item.item("parts", n(self.rest.len())) }
    }
}

/// By this a version is known to be what was published.
fn hash(body: &str) -> String {
    short(&banto_domain::state::commit::hash(body)).to_owned()
}

/// As much of a text's hash as stands with its version.
pub(super) fn short(hash: &str) -> &str {
    hash.get(..16).unwrap_or(hash)
}

/// The number in the sort key of a version's own item.
pub(crate) fn number(sk: &str) -> Option<u32> {
    sk.strip_prefix("V#")?.parse().ok()
}

/// A text in pieces that fit, none of which ends within a character.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let end = (0..=PART.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).filter(|end| *end > 0)?;
        let (piece, rest) = text.split_at(end);
        text = rest;
        Some(piece)
    })
}

/// A version's text out of what a Query of its keys brought, in the order of the keys; `None` when it isn't there.
pub(crate) fn join(version: u32, rows: &[Item]) -> Result<Option<String>> {
    let own = sk(version);
    let Some(head) = rows.iter().find(|row| text(row, "sk").is_ok_and(|sk| sk == own)) else { return Ok(None) };
    whole(version, head, rows).map(Some)
}

/// The text that an item begins, with the rest of it among these.
pub(super) fn whole(version: u32, head: &Item, rows: &[Item]) -> Result<String> {
    let own = sk(version);
    let mut body = text(head, "body")?.to_owned();
    if let Some(parts) = head.get("parts").and_then(|parts| parts.as_n().ok()) {
        let prefix = format!("{own}#{}#", text(head, "hash")?);
        let rest = rows.iter().filter(|row| text(row, "sk").is_ok_and(|sk| sk.starts_with(&prefix)));
        let rest = rest.map(|row| text(row, "body")).collect::<Result<Vec<_>>>()?;
        if rest.len().to_string() != *parts {
            return Err(Error::Bug(format!("a playbook has {} parts of {parts}", rest.len())));
        }
        body.extend(rest);
    }
    // Older versions that fit into one item have none.
    if head.contains_key("hash") && text(head, "hash")? != hash(&body) {
        return Err(Error::Bug(format!("playbook version {version} is not what was published")));
    }
    Ok(body)
}

/// A part of a version: the same text under the same key whoever writes it, and nothing until the version is there.
pub(super) fn part(table: &str, pk: &str, sk: &str, body: &str) -> PutBuilder {
    Put::builder().table_name(table).item("pk", s(pk)).item("sk", s(sk)).item("body", s(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn rows(cut: &Cut, version: u32) -> Vec<Item> {
        let row = |sk: &str, body: &str| HashMap::from([("sk".to_owned(), s(sk)), ("body".to_owned(), s(body))]);
        let mut head = row(&sk(version), &cut.first);
        head.insert("parts".to_owned(), n(cut.rest.len()));
        head.insert("hash".to_owned(), s(&cut.hash));
        std::iter::once(head).chain(cut.rest.iter().map(|(sk, body)| row(sk, body))).collect()
    }

    #[test]
    fn a_long_playbook_is_cut_between_characters_and_put_together_again() {
        let body = "番頭".repeat(200_000);
        let cut = Cut::new(3, &body).expect("not too long");
        assert!(cut.rest.len() > 2 && cut.rest.iter().all(|(_, part)| part.len() <= PART), "{}", cut.rest.len());
        let mut rows = rows(&cut, 3);
        // What a publisher left who gave up.
        rows.push(HashMap::from([("sk".to_owned(), s("V#000003#0123456789abcdef#00")), ("body".to_owned(), s("x"))]));
        assert_eq!(join(3, &rows).expect("whole").expect("there"), body);
        assert_eq!(join(4, &rows).expect("read"), None);
        let mut changed = rows.clone();
        changed[0].insert("body".to_owned(), s(&cut.first.replacen("番頭", "番人", 1)));
        assert!(join(3, &changed).is_err(), "what was changed is not used");
        changed[0].remove("parts");
        changed[0].remove("hash");
        assert!(join(3, &changed).is_ok(), "older versions have no hash");
        rows.remove(1);
        assert!(join(3, &rows).is_err(), "a part that is gone is noticed");
    }

    #[test]
    fn what_is_too_long_for_the_store_is_refused() {
        assert!(matches!(Cut::new(1, &"x".repeat(MOST + 1)), Err(Error::Refused(_))));
        assert!(Cut::new(1, &"x".repeat(MOST)).is_ok_and(|cut| cut.rest.len() < 16));
    }
}
