//! Facts about a customer's matter. Whether one is personal follows from its type, so nobody can declare it wrongly:
//! whatever a person writes freely is personal; a choice, a date, a number or a consent is plain.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::Text;

/// A known fact, as the journal and the snapshot hold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fact {
    /// The value itself.
    Plain(String),
    /// HMAC of the value under the person's key; the value is in an erasable item.
    Personal(String),
}

/// What a fact is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactSpec {
    /// Shown to people.
    pub label: Text,
    /// A hint beside the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<Text>,
    /// Its type.
    pub kind: FactKind,
    /// The choices, when the kind is `choice`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// It is asked for, and may stay empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// One of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Stored.
    pub name: String,
    /// Shown, and also taken from forms.
    pub label: Text,
}

/// The type of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FactKind {
    /// One line of up to 100 characters. Personal.
    Line,
    /// Up to 4,000 characters with line breaks. Personal.
    Text,
    /// An address (RFC 5321: up to 254 characters). Personal.
    Email,
    /// A telephone number. Personal.
    Phone,
    /// One of several. Plain.
    Choice,
    /// A civil date, `2026-12-03`. Plain.
    Date,
    /// A whole number. Plain.
    Number,
    /// `yes`, given by ticking. Plain.
    Consent,
}

impl FactKind {
    /// Whether its value may stand only in erasable items.
    #[must_use]
    pub fn is_personal(self) -> bool {
        matches!(self, Self::Line | Self::Text | Self::Email | Self::Phone)
    }
}

/// Why a value can't be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing was given.
    #[error("is missing")]
    Missing,
    /// Longer than its type allows.
    #[error("is too long")]
    TooLong,
    /// Has control characters, or line breaks where there can be none.
    #[error("has control characters")]
    Control,
    /// Not of its type.
    #[error("is not of the expected form")]
    Form,
    /// Not one of the choices.
    #[error("is not one of the choices")]
    Choice,
}

impl Problem {
    /// For people.
    #[must_use]
    pub fn text(self, language: &str) -> &'static str {
        match (self, language) {
            (Self::Missing, "en") => "Please fill this in.",
            (Self::TooLong, "en") => "This is too long.",
            (Self::Control, "en") => "This contains characters that cannot be used.",
            (Self::Form, "en") => "Please check the format.",
            (Self::Choice, "en") => "Please choose one of the options.",
            (Self::Missing, _) => "ご入力をお願いいたします。",
            (Self::TooLong, _) => "文字数が上限を超えています。",
            (Self::Control, _) => "使用できない文字が含まれています。",
            (Self::Form, _) => "形式をご確認ください。",
            (Self::Choice, _) => "選択肢からお選びください。",
        }
    }
}

impl FactSpec {
    /// Checks a value and brings it into its stored form.
    ///
    /// # Errors
    /// Says what is wrong with it; the value itself is never part of the error.
    pub fn take(&self, given: &str) -> Result<String, Problem> {
        let text = given.trim().replace("\r\n", "\n");
        if text.is_empty() {
            return Err(Problem::Missing);
        }
        if text.chars().any(|c| is_control(c) && !(self.kind == FactKind::Text && matches!(c, '\n' | '\t'))) {
            return Err(Problem::Control);
        }
        if text.chars().count() > self.max_chars() {
            return Err(Problem::TooLong);
        }
        match self.kind {
            FactKind::Line | FactKind::Text => Ok(text),
            FactKind::Email => is_address(&text).then(|| text.clone()).ok_or(Problem::Form),
            FactKind::Phone => {
                let fits = text.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c));
                (fits && text.chars().any(|c| c.is_ascii_digit())).then(|| text.clone()).ok_or(Problem::Form)
            }
            FactKind::Choice => self
                .choices
                .iter()
                .find(|c| c.name == text || c.label.ja == text || c.label.en == text)
                .map(|c| c.name.clone())
                .ok_or(Problem::Choice),
            FactKind::Date => text.parse::<Date>().map(|d| d.to_string()).map_err(|_| Problem::Form),
            FactKind::Number => text.parse::<i64>().map(|n| n.to_string()).map_err(|_| Problem::Form),
            FactKind::Consent => {
                matches!(text.as_str(), "yes" | "true" | "on").then(|| "yes".to_owned()).ok_or(Problem::Missing)
            }
        }
    }

    /// The longest value that is taken, in characters.
    #[must_use]
    pub fn max_chars(&self) -> usize {
        match self.kind {
            FactKind::Text => 4_000,
            FactKind::Email => 254,
            FactKind::Phone => 30,
            _ => 100,
        }
    }

    /// The value as people read it: a choice by its label.
    #[must_use]
    pub fn show<'a>(&'a self, value: &'a str, language: &str) -> &'a str {
        match self.choices.iter().find(|c| c.name == value) {
            Some(choice) => choice.label.get(language),
            None => value,
        }
    }
}

/// Control characters, and those that turn the direction of text or separate lines and so can disguise a mail.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// An address that a mail can be sent to: the practical subset of RFC 5321 §4.1.2, in ASCII.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let word = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    (1..=64).contains(&local.len()) && local.chars().all(word) && domain.contains('.') && domain.split('.').all(label)
}

/// An address as it is compared: lower case. (The part before the `@` may differ by case, RFC 5321 §2.4; no provider
/// that people use does so.)
#[must_use]
pub fn normal_address(address: &str) -> String {
    address.trim().to_ascii_lowercase()
}

/// What a person wrote: values by fact. Kept apart from the journal, erasable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal {
    /// The person's key (hex of 32 bytes): marks are made with it, and erasing it makes them meaningless.
    pub key: String,
    /// Values by fact.
    pub values: BTreeMap<String, String>,
}

impl Personal {
    /// The value of a fact, plain or personal.
    #[must_use]
    pub fn value<'a>(&'a self, facts: &'a BTreeMap<String, Fact>, name: &str) -> Option<&'a str> {
        match facts.get(name)? {
            Fact::Plain(value) => Some(value),
            Fact::Personal(_) => self.values.get(name).map(String::as_str),
        }
    }

    /// Splits values that were taken into what the journal may hold and what only this item may.
    pub fn record(
        &mut self,
        specs: &BTreeMap<String, FactSpec>,
        taken: BTreeMap<String, String>,
    ) -> BTreeMap<String, Fact> {
        let mut facts = BTreeMap::new();
        for (name, value) in taken {
            let personal = specs.get(&name).is_none_or(|s| s.kind.is_personal());
            let fact = if personal {
                Fact::Personal(crate::keys::mark(&self.key, &[&name, &value]))
            } else {
                Fact::Plain(value.clone())
            };
            if personal {
                self.values.insert(name.clone(), value);
            }
            facts.insert(name, fact);
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(kind: FactKind) -> FactSpec {
        let text = |s: &str| Text { ja: s.to_owned(), en: s.to_owned() };
        let choices = vec![Choice { name: "trial".to_owned(), label: text("無料体験") }];
        FactSpec { label: text("x"), hint: None, kind, choices, optional: false }
    }

    #[test]
    fn a_name_that_would_write_a_header_is_refused() {
        for bad in ["山田\r\nBcc: x@example.com", "a\nb", "a\0b", "a\u{202E}b", "a\u{2028}b"] {
            assert_eq!(spec(FactKind::Line).take(bad), Err(Problem::Control), "{bad:?}");
        }
        assert_eq!(spec(FactKind::Line).take(" 髙﨑 ").as_deref(), Ok("髙﨑"));
        assert_eq!(spec(FactKind::Text).take("a\r\nb").as_deref(), Ok("a\nb"));
    }

    #[test]
    fn addresses() {
        for good in ["a@example.com", "a.b+c@sub.example.co.jp", "o'hara@example.org"] {
            assert!(spec(FactKind::Email).take(good).is_ok(), "{good}");
        }
        for bad in
            ["a", "a@b", "a@b..c", "a b@example.com", "a@example.com,b@example.com", "<a@example.com>", "a@-x.com"]
        {
            assert_eq!(spec(FactKind::Email).take(bad), Err(Problem::Form), "{bad}");
        }
    }

    #[test]
    fn a_choice_is_taken_by_its_label_and_stored_by_its_name() {
        assert_eq!(spec(FactKind::Choice).take("無料体験").as_deref(), Ok("trial"));
        assert_eq!(spec(FactKind::Choice).take("その他"), Err(Problem::Choice));
    }
}
