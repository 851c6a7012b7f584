//! What something says, written out: one line, or several, of which those are shown that change, with what stands around.

use jiff::Span;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::{Line, Sign, words};

/// How many lines that stay are shown around those that change.
const AROUND: usize = 2;

/// What goes and comes between two texts.
pub(super) fn lines(before: &str, after: &str) -> Vec<Line> {
    let line = |sign, text: &str| Line { sign, text: text.to_owned() };
    let all = |sign, text: &str| text.lines().map(|text| line(sign, text)).collect::<Vec<_>>();
    match (before.is_empty(), after.is_empty()) {
        (true, _) => return all(Sign::New, after),
        (_, true) => return all(Sign::Old, before),
        _ => {}
    }
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (n, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if n > 0 {
            lines.push(line(Sign::Same, "…"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Equal => Sign::Same,
                ChangeTag::Delete => Sign::Old,
                ChangeTag::Insert => Sign::New,
            };
            lines.push(line(sign, change.value().trim_end_matches(['\n', '\r'])));
        }
    }
    lines
}

/// What something says; nothing when it isn't there.
pub(super) fn written(key: &str, value: &Value, language: &str) -> String {
    let mut out = String::new();
    write(&mut out, (key, value), language, 0);
    out.trim_end_matches('\n').to_owned()
}

/// Whether more than words stands in a list.
pub(super) fn is_nested(list: &[Value]) -> bool {
    list.iter().any(|value| value.is_object() || value.is_array())
}

/// One line of what stands so far within the whole.
fn write(out: &mut String, (key, value): (&str, &Value), language: &str, depth: usize) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let called = match words::is_map(key) {
                    true => name.clone(),
                    false => words::key(name, language),
                };
                entry(out, (&called, if words::is_map(key) { "" } else { name }, value), language, depth);
            }
        }
        Value::Array(list) if is_nested(list) => {
            for (n, value) in (1..).zip(list) {
                entry(out, (&words::nth(n, language), "", value), language, depth);
            }
        }
        value => {
            for line in scalar(key, value, language).lines() {
                push(out, line, depth);
            }
        }
    }
}

/// A name with what it says: beside it where that is one line, else below it.
fn entry(out: &mut String, (called, key, value): (&str, &str, &Value), language: &str, depth: usize) {
    let said = match value {
        Value::Object(_) => None,
        Value::Array(list) if is_nested(list) => None,
        value => Some(scalar(key, value, language)),
    };
    match said {
        Some(said) if !said.contains('\n') => push(out, &format!("{called}: {said}"), depth),
        _ => {
            push(out, &format!("{called}:"), depth);
            write(out, (key, value), language, depth + 1);
        }
    }
}

fn push(out: &mut String, line: &str, depth: usize) {
    out.push_str(&"  ".repeat(depth));
    out.push_str(line);
    out.push('\n');
}

fn scalar(key: &str, value: &Value, language: &str) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(is) => words::yes_or_no(*is, language).to_owned(),
        Value::String(text) => match span(text, language) {
            Some(span) => span,
            None => words::value(key, text, language),
        },
        Value::Array(list) => {
            let all: Vec<String> = list.iter().map(|value| scalar(key, value, language)).collect();
            all.join(if language == "en" { ", " } else { "、" })
        }
        other => other.to_string(),
    }
}

/// How long something lasts, in words, with what stands in the folder: 1日 (P1D).
fn span(text: &str, language: &str) -> Option<String> {
    let span: Span = text.parse().ok().filter(|_| text.starts_with('P'))?;
    let parts = [
        (i64::from(span.get_years()), "年", "years"),
        (i64::from(span.get_months()), "か月", "months"),
        (i64::from(span.get_weeks()), "週間", "weeks"),
        (i64::from(span.get_days()), "日", "days"),
        (i64::from(span.get_hours()), "時間", "hours"),
        (span.get_minutes(), "分", "minutes"),
        (span.get_seconds(), "秒", "seconds"),
    ];
    let said = parts.into_iter().filter(|(n, ..)| *n != 0).map(|(n, ja, en)| match (language, n) {
        ("en", 1) => format!("1 {}", en.trim_end_matches('s')),
        ("en", n) => format!("{n} {en}"),
        (_, n) => format!("{n}{ja}"),
    });
    let said: Vec<String> = said.collect();
    let between = if language == "en" { " " } else { "" };
    (!said.is_empty()).then(|| format!("{} ({text})", said.join(between)))
}
