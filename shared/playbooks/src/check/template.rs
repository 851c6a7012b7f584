//! A template: reads it as the renderer does (strictly), and fills it for trial as each use would.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use banto_domain::playbook::{FactKind, FactSpec};
use minijinja::{Environment, Error, ErrorKind, Template, UndefinedBehavior, Value};

use super::Check;
use super::known::Known;
use super::placeholder::{ALWAYS, NAMES};
use super::uses::Use;
use crate::folder::Written;
use crate::places::{At, Spot};

/// A part of a template: its subject or its body.
struct Part<'a> {
    file: &'a str,
    /// The whole file.
    text: &'a str,
    source: &'a str,
    /// Where `source` begins in `text`; a subject with escapes isn't there letter by letter.
    from: Option<usize>,
    /// The place then.
    otherwise: Option<At>,
}

impl Check<'_> {
    pub(super) fn placeholders(&mut self, file: &str, written: &Written, uses: &[Use<'_>]) {
        let Some(text) = self.sources.get(file).map(|source| source.text.as_str()) else { return };
        let body = text.len().saturating_sub(written.body.len());
        let front = text.get(..body).unwrap_or_default();
        let subject = written.front.subject.as_str();
        let from = front.find("\nsubject:").and_then(|key| Some(key + front.get(key..)?.find(subject)?));
        let otherwise = self.sources.at(file, Spot::Value(&["subject"]));
        self.part(&Part { file, text, source: subject, from, otherwise }, uses);
        self.part(&Part { file, text, source: &written.body, from: Some(body), otherwise: None }, uses);
    }

    fn part(&mut self, part: &Part<'_>, uses: &[Use<'_>]) {
        let env = environment();
        let template = match env.template_from_str(part.source) {
            Ok(template) => template,
            Err(error) => return self.say_at(part.file, part.of_error(&error), said(&error)),
        };
        let names = template.undeclared_variables(true);
        let functions: BTreeSet<&str> = env.globals().map(|(name, _)| name).collect();
        let names: BTreeSet<&str> = names.iter().map(String::as_str).filter(|n| !functions.contains(n)).collect();
        let mut lacking = false;
        for name in names {
            let guarded = part.source.contains(&format!("{name} is defined"));
            let Some((used, what)) = uses.iter().find_map(|used| Some((used, self.lacks(used, name, guarded)?))) else {
                continue;
            };
            lacking = true;
            if self.sources.is_common(part.file) {
                self.say_of_use(part.file, used, &what);
                continue;
            }
            for byte in find(part.source, name) {
                self.say_at(part.file, part.place(byte), what.clone());
            }
        }
        if !lacking && let Some((at, what)) = uses.iter().find_map(|used| self.trial(&template, part, used)) {
            self.say_at(part.file, at, what);
        }
    }

    /// Fills it as a use would, with as much and with as little as there may be: finds what the names don't show, such
    /// as a filter that doesn't exist, or a placeholder outside of the `if` that asks whether it is there.
    fn trial(&self, template: &Template<'_, '_>, part: &Part<'_>, used: &Use<'_>) -> Option<(Option<At>, String)> {
        let facts = &self.parts.main.as_ref()?.facts;
        let error = [true, false].into_iter().find_map(|all| {
            let mut values = self.sample(facts, used, all);
            [true, false].into_iter().find_map(|again| {
                values.insert("again", again.into());
                template.render(&values).err()
            })
        })?;
        let undefined = Some(&error).filter(|e| e.kind() == ErrorKind::UndefinedError);
        let name = undefined.and_then(|e| part.source.get(e.range()?)).map(str::trim);
        let what = name.and_then(|name| self.lacks(used, name, false)).unwrap_or_else(|| said(&error));
        Some((part.of_error(&error), what))
    }

    /// Values as a use has them: all that there may be, or only what surely is there.
    fn sample(&self, facts: &BTreeMap<String, FactSpec>, used: &Use<'_>, all: bool) -> BTreeMap<&'static str, Value> {
        let there = NAMES.into_iter().map(|(name, _)| name).filter(|name| all || self.unfilled(used, name).is_none());
        let value = |name: &str| match name {
            "asked" | "helplines" => vec!["x"].into(),
            "work" => vec![vec!["x", "x"]].into(),
            "tax_rate" | "sessions_left" => 1.into(),
            _ => "x".into(),
        };
        let mut values: BTreeMap<&str, Value> =
            ALWAYS.into_iter().chain(there).map(|name| (name, value(name))).collect();
        if used.has_facts() {
            let known = |name: &str| all || used.any_fact || used.known.contains(&Known::Fact(name));
            let facts = facts.iter().filter(|(name, spec)| known(name) && used.may_say(spec)).map(|(name, spec)| {
                let value = match spec.kind {
                    FactKind::Date => "2026-12-03",
                    FactKind::Number => "1",
                    _ => "x",
                };
                (name.as_str(), value)
            });
            values.insert("facts", Value::from_pairs(facts));
        }
        values
    }
}

/// What a template asks for, with nothing defined within it; `None` when it can't be read.
pub(super) fn names_in(source: &str) -> Option<HashSet<String>> {
    Some(environment().template_from_str(source).ok()?.undeclared_variables(false))
}

/// As strict as the renderer.
fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(100_000));
    env
}

fn said(error: &Error) -> String {
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{}{detail}; mend the template here", error.kind())
}

impl Part<'_> {
    fn place(&self, byte: usize) -> Option<At> {
        self.from.map_or(self.otherwise, |from| Some(place_of(self.text, from + byte)))
    }

    fn of_error(&self, error: &Error) -> Option<At> {
        let line =
            || self.source.split_inclusive('\n').take(error.line()?.checked_sub(1)?).map(str::len).reduce(|a, b| a + b);
        self.place(error.range().map(|range| range.start).or_else(line).unwrap_or(0))
    }
}

/// Where a name stands within the tags of a template; its beginning when it is nowhere letter by letter.
fn find(source: &str, name: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) =
        source.get(from..).and_then(|rest| Some(from + rest.find("{{").into_iter().chain(rest.find("{%")).min()?))
    {
        let close = if source[open..].starts_with("{{") { "}}" } else { "%}" };
        let end = source[open..].find(close).map_or(source.len(), |n| open + n);
        found.extend(paths(&source[open..end]).filter(|(_, path)| *path == name).map(|(at, _)| open + at));
        from = end;
    }
    if found.is_empty() { vec![0] } else { found }
}

/// Names with dots in a tag, outside of quotes.
fn paths(tag: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let quoted = move |at: usize| ['"', '\''].iter().any(|q| tag[..at].matches(*q).count() % 2 == 1);
    let mut from = 0;
    tag.split(move |c| !is_path(c)).filter_map(move |path| {
        let at = from;
        from += path.len() + tag[at + path.len()..].chars().next().map_or(0, char::len_utf8);
        (!path.is_empty() && !quoted(at)).then_some((at, path))
    })
}

/// The place of a byte of a text.
pub(super) fn place_of(text: &str, byte: usize) -> At {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() as u64 + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() as u64 + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_they_are_placeholders() {
        let source = "name {{ name }} {% if x.name and name %}{{ \"name\" }}{{ 名|upper ~ name }}{{ facts.name }}";
        let at: Vec<&str> = find(source, "name").into_iter().map(|at| &source[at - 3..at + 4]).collect();
        assert_eq!(at, ["{{ name", "nd name", " ~ name"]);
        assert_eq!(find(source, "facts.name").len(), 1);
        assert_eq!(find(source, "nowhere"), [0]);
        assert_eq!(place_of("一\n二三", "一\n二".len()), (2, 2));
    }
}
