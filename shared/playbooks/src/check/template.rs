//! A template's placeholders: something fills each of them, wherever the template is used. Reads the template as the
//! renderer does (strictly), and fills it for trial.

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::fact::{FactKind, FactSpec};
use banto_domain::playbook::ATTEND;
use minijinja::{Environment, Error, UndefinedBehavior, Value};

use super::Check;
use super::uses::Use;
use crate::folder::Written;
use crate::places::{At, Spot};

/// What every template may say.
const ALWAYS: [&str; 3] = ["practice", "number", "again"];
/// What templates of questions may say besides.
const OF_QUESTIONS: [&str; 4] = ["link", "deadline", "asked", "question"];
/// What only the template of the question `attend` may say.
const REASON: &str = "reason";

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
        let names = match env.template_from_str(part.source) {
            Ok(template) => template.undeclared_variables(true),
            Err(error) => return self.say_at(part.file, part.of_error(&error), said(&error)),
        };
        let functions: BTreeSet<&str> = env.globals().map(|(name, _)| name).collect();
        let names: BTreeSet<&str> = names.iter().map(String::as_str).filter(|n| !functions.contains(n)).collect();
        let mut lacking = false;
        for name in names {
            let guarded = part.source.contains(&format!("{name} is defined"));
            let Some(what) = uses.iter().find_map(|used| self.lacks(used, name, guarded)) else { continue };
            lacking = true;
            for byte in find(part.source, name) {
                self.say_at(part.file, part.place(byte), what.clone());
            }
        }
        if !lacking && let Some(error) = self.trial(&env, part.source, uses) {
            self.say_at(part.file, part.of_error(&error), said(&error));
        }
    }

    /// What is wrong with a placeholder in one use of its template.
    fn lacks(&self, used: &Use<'_>, name: &str, guarded: bool) -> Option<String> {
        let (root, rest) = name.split_once('.').map_or((name, None), |(root, rest)| (root, Some(rest)));
        let by = &used.by;
        let only = |who: &str| {
            Some(format!("nothing fills {{{{ {name} }}}} when {by} sends it: only {who} have it; remove it"))
        };
        match (root, rest) {
            ("facts", _) if !used.customer => only("mails to the customer"),
            ("facts", None) => Some("facts can't be written as a whole; write {{ facts.NAME }}".to_owned()),
            ("facts", Some(fact)) => self.lacks_fact(used, fact, guarded),
            (root, Some(_)) if self.is_filled(root) => Some(format!("{root} has no parts; write {{{{ {root} }}}}")),
            (root, None) if guarded && self.is_filled(root) => None,
            (root, None) if ALWAYS.contains(&root) => None,
            (root, None) if OF_QUESTIONS.contains(&root) => {
                used.question.is_none().then(|| only("templates of questions")).flatten()
            }
            (REASON, None) => (used.question != Some(ATTEND)).then(|| only("mails of the question attend")).flatten(),
            _ => Some(format!("nothing fills {{{{ {name} }}}}; {}", self.instead(used, root))),
        }
    }

    fn is_filled(&self, root: &str) -> bool {
        ALWAYS.contains(&root) || OF_QUESTIONS.contains(&root) || root == REASON
    }

    fn lacks_fact(&self, used: &Use<'_>, fact: &str, guarded: bool) -> Option<String> {
        if !self.parts.main.as_ref()?.facts.contains_key(fact) {
            return Some(format!("there is no fact {fact}; add it to facts: in playbook.yaml"));
        }
        let unknown = used.known.as_ref().is_some_and(|known| !known.contains(fact)) && !guarded;
        unknown.then(|| {
            format!(
                "the fact {fact} may be unknown when {} sends it; let every form require it, collect it in a node before, \
                 or write {{% if facts.{fact} is defined %}}",
                used.by
            )
        })
    }

    /// What to write in the place of something that nobody knows.
    fn instead(&self, used: &Use<'_>, root: &str) -> String {
        if used.customer && self.parts.main.as_ref().is_some_and(|main| main.facts.contains_key(root)) {
            return format!("write {{{{ facts.{root} }}}}");
        }
        let facts = used.customer.then_some("facts.NAME");
        let of_question = OF_QUESTIONS.into_iter().filter(|_| used.question.is_some());
        let there: Vec<&str> = ALWAYS.into_iter().chain(facts).chain(of_question).collect();
        format!("there are {}", there.join(", "))
    }

    /// Fills it as each use would: what the names don't show, such as a filter that doesn't exist.
    fn trial(&self, env: &Environment<'_>, source: &str, uses: &[Use<'_>]) -> Option<Error> {
        let facts = &self.parts.main.as_ref()?.facts;
        let trials = uses.iter().flat_map(|used| [true, false].map(|again| sample(facts, used, again)));
        trials.filter_map(|values| env.render_str(source, values).err()).next()
    }
}

/// As strict as the renderer.
fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(100_000));
    env
}

fn sample(facts: &BTreeMap<String, FactSpec>, used: &Use<'_>, again: bool) -> BTreeMap<&'static str, Value> {
    let mut values = BTreeMap::from([("practice", "x".into()), ("number", "x".into()), ("again", again.into())]);
    if used.customer {
        let fact = |spec: &FactSpec| match spec.kind {
            FactKind::Date => "2026-12-03",
            FactKind::Number => "1",
            _ => "x",
        };
        let facts = facts.iter().map(|(name, spec)| (name.as_str(), fact(spec)));
        values.insert("facts", Value::from_pairs(facts));
    }
    if let Some(question) = used.question {
        values.extend(OF_QUESTIONS.map(|name| (name, Value::from("x"))));
        values.insert("asked", vec!["x"].into());
        values.extend((question == ATTEND).then(|| (REASON, Value::from("x"))));
    }
    values
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
fn place_of(text: &str, byte: usize) -> At {
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
