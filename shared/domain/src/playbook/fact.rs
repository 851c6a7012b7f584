//! Facts about a customer's matter. Whether one is personal follows from its type, so nobody can declare it wrongly:
//! whatever a person writes freely is personal; a choice, a date, a number or a consent is plain.

use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::Text;

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
    /// What a customer writes here may ask for something: the words of requests are looked for in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub heard: bool,
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
    /// An amount in minor units of the practice's currency (yen; pence). Plain.
    Money,
    /// The short name of somebody who works for the practice. Plain.
    Person,
    /// A civil time of the day, `19:30`. Plain.
    Time,
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
    /// An address of the practice's own, where a customer's is asked for.
    #[error("is an address of the practice's own")]
    Ours,
    /// A day that isn't ahead, where one is asked for that is.
    #[error("is not a later day")]
    TooEarly,
    /// As much as there is, or more, where less is asked for.
    #[error("is not less than what is still open")]
    TooMuch,
}

impl FactSpec {
    /// A field that Banto itself asks for: it is no fact of a playbook.
    #[must_use]
    pub fn bare(kind: FactKind) -> Self {
        let label = Text { ja: String::new(), en: String::new() };
        Self { label, hint: None, kind, choices: Vec::new(), optional: false, heard: false }
    }

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
            FactKind::Email => Some(unquoted(&text)).filter(|address| is_address(address)).ok_or(Problem::Form),
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
            FactKind::Number => number(&text).map(|n| n.to_string()).ok_or(Problem::Form),
            FactKind::Money => number(&text).filter(|n| 0 <= *n).map(|n| n.to_string()).ok_or(Problem::Form),
            FactKind::Time => text.parse::<Time>().map(|t| t.strftime("%H:%M").to_string()).map_err(|_| Problem::Form),
            FactKind::Person => {
                let fits = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
                fits.then(|| text.clone()).ok_or(Problem::Choice)
            }
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
#[must_use]
pub fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// A whole number as people write it: in full width too, and with a comma before each three digits.
fn number(text: &str) -> Option<i64> {
    let plain: String = text.nfkc().map(|c| if c == '\u{2212}' { '-' } else { c }).collect();
    let mut groups = plain.split(',');
    let first = groups.next()?;
    let mut digits = first.to_owned();
    let mut is_grouped = false;
    for group in groups {
        let fits = group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit());
        is_grouped = fits.then_some(true)?;
        digits += group;
    }
    let lead = first.trim_start_matches(['+', '-']).len();
    // 1000,000 or ,5 is a slip, and which one nobody can tell.
    (!is_grouped || (1..=3).contains(&lead)).then(|| digits.parse().ok()).flatten()
}

/// An address that a mail can be sent to: the practical subset of RFC 5321 §4.1.2, in ASCII.
#[must_use]
pub fn is_address(text: &str) -> bool {
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

/// An address without the quotes that its dots may want: it is kept and compared so.
fn unquoted(address: &str) -> String {
    let quoted = |(local, domain): (&str, &str)| {
        let inner = local.strip_prefix('"')?.strip_suffix('"')?;
        (!inner.contains(['"', '\\', ' '])).then(|| format!("{inner}@{domain}"))
    };
    address.rsplit_once('@').and_then(quoted).unwrap_or_else(|| address.to_owned())
}

/// An address as it stands in a mail: in quotes where dots begin or end it or follow one another, as some carriers gave
/// them out (RFC 5322 §3.4.1).
#[must_use]
pub fn mail_address(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) if local.split('.').any(str::is_empty) => format!("\"{local}\"@{domain}"),
        _ => address.to_owned(),
    }
}

/// An address as it is compared: lower case. (The part before the `@` may differ by case, RFC 5321 §2.4; no provider
/// that people use does so.)
#[must_use]
pub fn normal_address(address: &str) -> String {
    unquoted(address.trim()).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(kind: FactKind) -> FactSpec {
        let text = |s: &str| Text { ja: s.to_owned(), en: s.to_owned() };
        let choices = vec![Choice { name: "trial".to_owned(), label: text("無料体験") }];
        FactSpec { label: text("x"), hint: None, kind, choices, optional: false, heard: false }
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
            assert_eq!(mail_address(good), good);
        }
        // As some carriers gave them out, with quotes or without.
        for old in ["a..b.@docomo.example", "\"a..b.\"@docomo.example"] {
            assert_eq!(spec(FactKind::Email).take(old).as_deref(), Ok("a..b.@docomo.example"));
            assert_eq!(normal_address(old), "a..b.@docomo.example");
        }
        assert_eq!(mail_address("a..b.@docomo.example"), "\"a..b.\"@docomo.example");
        for bad in
            ["a", "a@b", "a@b..c", "a b@example.com", "a@example.com,b@example.com", "<a@example.com>", "a@-x.com"]
        {
            assert_eq!(spec(FactKind::Email).take(bad), Err(Problem::Form), "{bad}");
        }
    }

    #[test]
    fn a_number_is_taken_as_people_write_it_and_stored_in_one_form() {
        for (given, taken) in [
            ("8", "8"),
            ("８", "8"),
            ("1,000", "1000"),
            ("１，２３４，５６７", "1234567"),
            ("-1,000", "-1000"),
            ("－８", "-8"),
            ("−8", "-8"),
            ("+007", "7"),
        ] {
            assert_eq!(spec(FactKind::Number).take(given).as_deref(), Ok(taken), "{given}");
        }
        for bad in ["1,00", "1000,000", ",500", "1,000,", "1,-00", "1.5", "8名", "--8", "1 000", "99999999999999999999"]
        {
            assert_eq!(spec(FactKind::Number).take(bad), Err(Problem::Form), "{bad}");
        }
    }

    #[test]
    fn a_choice_is_taken_by_its_label_and_stored_by_its_name() {
        assert_eq!(spec(FactKind::Choice).take("無料体験").as_deref(), Ok("trial"));
        assert_eq!(spec(FactKind::Choice).take("その他"), Err(Problem::Choice));
    }
}
