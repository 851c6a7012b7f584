//! Identifiers. New ones are hashes of (cause, …), so the same input makes the same ids; nothing here is random.

use std::fmt;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Crockford's alphabet in lower case: no i, l, o, u, so that people can read it aloud.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn hash_text(parts: &[&str], chars: usize) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        // The length keeps ("ab","c") and ("a","bc") apart.
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().take(chars).map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}

fn is_id(text: &str, chars: usize) -> bool {
    text.len() == chars && text.bytes().all(|b| ALPHABET.contains(&b.to_ascii_lowercase()))
}

/// What all names have in common: they are text, and only what `parse` takes becomes one.
macro_rules! as_text {
    ($name:ident) => {
        impl $name {
            /// As text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;
            fn try_from(text: String) -> Result<Self, NotAnId> {
                Self::parse(&text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// A name that can't be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {what}: expected {expected}")]
pub struct NotAnId {
    what: &'static str,
    expected: &'static str,
}

/// An id of an entry, ask, message, timer, person or cause: 16 characters, 80 bits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct Id(String);

impl Id {
    /// The id that these parts make.
    #[must_use]
    pub fn derive(parts: &[&str]) -> Self {
        Self(hash_text(parts, 16))
    }

    /// A part of a span, in whole seconds: the same for the same id, any for any other. It spreads what many would do at one
    /// instant.
    #[must_use]
    pub fn part_of(&self, span: SignedDuration) -> SignedDuration {
        let digits = self.0.bytes().map(|b| ALPHABET.iter().position(|known| *known == b).unwrap_or(0));
        let number = digits.take(8).fold(0_i64, |sum, digit| sum * 32 + i64::try_from(digit).unwrap_or(0));
        SignedDuration::from_secs(number % (span.as_secs().max(0) + 1))
    }

    /// Reads an id.
    ///
    /// # Errors
    /// When it isn't 16 characters of the alphabet.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        if is_id(text, 16) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnId { what: "an id", expected: "16 letters or digits" })
        }
    }
}

as_text!(Id);

/// 受付番号: 12 characters in upper case, 60 bits, unique within a client. Customers read it aloud.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct CaseId(String);

impl CaseId {
    /// The case that this inbound event opens.
    #[must_use]
    pub fn derive(parts: &[&str]) -> Self {
        Self(hash_text(parts, 12).to_ascii_uppercase())
    }

    /// Reads a case id.
    ///
    /// # Errors
    /// When it isn't 12 characters of the alphabet.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        if is_id(text, 12) && !text.bytes().any(|b| b.is_ascii_lowercase()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnId { what: "a case id", expected: "12 capital letters or digits" })
        }
    }
}

as_text!(CaseId);

/// A client's short name, as it stands in URLs: 1 to 40 of `a-z`, `0-9` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct ClientId(String);

impl ClientId {
    /// Reads a client's name.
    ///
    /// # Errors
    /// When it is empty, too long or has other characters.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        let fits = (1..=40).contains(&text.len());
        if fits && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnId { what: "a client", expected: "1 to 40 of a-z, 0-9 and -" })
        }
    }
}

as_text!(ClientId);

/// Where a case lives: no case is ever named without its client.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct CaseKey {
    /// The tenant.
    pub client: ClientId,
    /// The case.
    pub case: CaseId,
}

impl fmt::Display for CaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.client, self.case)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_parts_same_id_and_boundaries_count() {
        assert_eq!(Id::derive(&["a", "b"]), Id::derive(&["a", "b"]));
        assert_ne!(Id::derive(&["ab", "c"]), Id::derive(&["a", "bc"]));
        assert!(Id::parse(Id::derive(&["x"]).as_str()).is_ok());
        assert!(CaseId::parse(CaseId::derive(&["x"]).as_str()).is_ok());
    }

    #[test]
    fn names_that_would_break_a_key_are_refused() {
        for bad in ["", "a#b", "A", "a/b", "a b", "日本", &"a".repeat(41)] {
            assert!(ClientId::parse(bad).is_err(), "{bad}");
        }
    }
}
