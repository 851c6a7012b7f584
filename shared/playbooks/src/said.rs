//! What the YAML parser says, in words that tell what to do: the key, what it takes, and the way out.

use serde_saphyr::Error;

use crate::places::{At, Places};

/// Where it is, and what is wrong, without the place; `lines_before` stand above the text in its file.
pub(crate) fn said(error: &Error, places: Option<&Places>, lines_before: u64) -> (Option<At>, String) {
    let error = error.without_snippet();
    let at = error.location().map(|l| (lines_before + l.line(), l.column()));
    if let Some((bracket, open)) = places.and_then(Places::unclosed) {
        let closing = if bracket == '[' { ']' } else { '}' };
        return (Some(open), format!("this {bracket} is never closed; add {closing}"));
    }
    if let Some(second) = places.and_then(Places::second) {
        let what = "a second document begins here; remove the line --- (one file is one document)";
        return (Some(second), what.to_owned());
    }
    let key = at.zip(places).and_then(|(at, places)| places.name_at(at));
    let of_key = key.map(|key| format!("{key}: ")).unwrap_or_default();
    (at, message(error, &of_key, at.zip(places)))
}

fn message(error: &Error, of_key: &str, place: Option<(At, &Places)>) -> String {
    match error {
        Error::DuplicateMappingKey { key, .. } => {
            let first = place.and_then(|(at, places)| places.first(at));
            let first = first.map(|(line, column)| format!("; the first is at {line}:{column}")).unwrap_or_default();
            let key = key.as_deref().unwrap_or("this key");
            format!("{key} is there twice{first}; remove one, or give it another name")
        }
        Error::InvalidScalar { ty, .. } if ["i", "u"].iter().any(|int| ty.starts_with(int)) => {
            format!("{of_key}is no whole number; write digits alone, without commas, quotes or units")
        }
        Error::InvalidScalar { ty, .. } => format!("{of_key}is no {ty}; write one"),
        Error::SerdeMissingField { field, .. } => format!("{of_key}{field}: is missing; add it"),
        Error::SerdeUnknownField { field, expected, .. } => {
            format!("there is no key {field} here; there are {}", expected.join(", "))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            format!("{of_key}{variant} is none of its values; write one of {}", expected.join(", "))
        }
        Error::Unexpected { expected, .. } => {
            let what = match *expected {
                "string scalar" => "is no text; write one, in quotes if it has brackets or a colon".to_owned(),
                "mapping start" => "is no set of keys; write e.g. { ja: …, en: … }".to_owned(),
                "sequence start" => "is no list; write e.g. [one, two]".to_owned(),
                other => format!("is not as expected: {other}; mend it"),
            };
            format!("{of_key}{what}")
        }
        Error::NullIntoString { .. } => format!("{of_key}is empty; write a text, or remove the key"),
        _ => of_text(&plain(error), of_key),
    }
}

/// Of what the types say themselves: spans, times, dates.
fn of_text(said: &str, of_key: &str) -> String {
    if said.contains("mismatched bracket") {
        return format!("{said}; close the inner one first, each by its own");
    }
    if ["unit designator", "duration", "span"].iter().any(|word| said.contains(word)) {
        return format!("{of_key}is no span of time; write P6D for days, PT4H for hours, P3M for months");
    }
    if said.contains("parse") && ["time", "hour", "minute"].iter().any(|word| said.contains(word)) {
        return format!("{of_key}is no time; write \"08:00\", and with a date \"2026-12-03T08:00\"");
    }
    if said.contains("parse") && ["date", "year", "month", "day"].iter().any(|word| said.contains(word)) {
        return format!("{of_key}is no date; write 2026-12-03");
    }
    said.to_owned()
}

/// Without the place: that stands before it.
fn plain(error: &Error) -> String {
    let said = error.to_string();
    said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what).to_owned()
}
