//! Policies: what a rule may decide. First match wins; the rules are conditions (CEL) over what is plain about a case, or
//! thresholds on one number. A rule that can't be evaluated never matches: the policy's `otherwise` is the safe way.

use std::collections::BTreeMap;

use cel::{Context, Program, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fact::{Fact, FactKind, FactSpec};
use crate::playbook::Text;
use crate::{Case, Draft, Entry, Rejection};

/// The longest condition, in bytes: the evaluator has no budget of its own.
pub const MAX_SOURCE: usize = 1024;
/// What a policy may ask beside the plain facts of the case.
pub const NAMES: [&str; 4] = ["language", "paid", "sessions_held", "sessions_left"];

/// What a rule may decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Shown to people.
    pub label: Text,
    /// Conditions, first match wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// The number that the bands are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// Thresholds on that number, without gaps or overlaps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bands: Vec<Band>,
    /// What is decided when nothing matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
}

/// A condition and what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// CEL over plain facts by name and [`NAMES`]: `menu == 'single' && !paid`.
    pub when: String,
    /// What is decided: a node or `end:…` beside an outcome, a person for `assign-owner`.
    pub then: String,
}

/// A span of numbers and what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// From this number on; no lower end without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    /// Below this number; no upper end without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
    /// What is decided.
    pub then: String,
}

/// Why a condition can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Too long.
    #[error("is longer than {MAX_SOURCE} bytes")]
    TooLong,
    /// Not CEL.
    #[error("is not a condition: {0}")]
    Syntax(String),
    /// It asks for what there isn't.
    #[error("asks for {0:?}, which is neither a plain fact nor one of language, paid, sessions_held, sessions_left")]
    Name(String),
    /// It calls what isn't allowed.
    #[error("calls {0:?}; allowed are comparisons, && || ! ?:, arithmetic, size, contains, startsWith and endsWith")]
    Function(String),
    /// It isn't true or false.
    #[error("is neither true nor false: {0}")]
    NotBoolean(String),
    /// Bands leave numbers out, or share them.
    #[error("{0}")]
    Bands(String),
}

impl Policy {
    /// Everything it may decide.
    pub fn results(&self) -> impl Iterator<Item = &str> {
        let bands = self.bands.iter().map(|b| b.then.as_str());
        self.rules.iter().map(|r| r.then.as_str()).chain(bands).chain(self.otherwise.as_deref())
    }

    fn decide(&self, values: &Values) -> Option<(Option<usize>, &str)> {
        let rule = self.rules.iter().position(|rule| evaluate(&rule.when, values) == Some(true));
        if let Some(n) = rule {
            return self.rules.get(n).map(|r| (Some(n), r.then.as_str()));
        }
        let number = self.on.as_ref().and_then(|name| match values.get(name) {
            Some(Value::Int(n)) => Some(*n),
            _ => None,
        });
        let band = number.and_then(|n| self.bands.iter().position(|b| b.has(n)));
        if let Some(n) = band {
            return self.bands.get(n).map(|b| (Some(self.rules.len() + n), b.then.as_str()));
        }
        self.otherwise.as_deref().map(|then| (None, then))
    }
}

impl Band {
    fn has(&self, n: i64) -> bool {
        self.from.is_none_or(|from| from <= n) && self.to.is_none_or(|to| n < to)
    }
}

type Values = BTreeMap<String, Value>;

fn evaluate(source: &str, values: &Values) -> Option<bool> {
    let program = Program::compile(source).ok()?;
    match program.execute(&context(values)) {
        Ok(Value::Bool(decided)) => Some(decided),
        _ => None,
    }
}

fn context(values: &Values) -> Context<'static, 'static> {
    let mut context = Context::default();
    for (name, value) in values {
        context.add_variable_from_value(name.clone(), value.clone());
    }
    context
}

/// Checks a condition as it will be evaluated: it compiles, asks only for what there is, and is true or false.
///
/// # Errors
/// Says what is wrong.
pub fn check(source: &str, facts: &BTreeMap<String, FactSpec>) -> Result<(), Flaw> {
    if source.len() > MAX_SOURCE {
        return Err(Flaw::TooLong);
    }
    let first_line = |e: String| e.lines().next().unwrap_or_default().replace("ERROR: <input>:", "");
    let program = Program::compile(source).map_err(|e| Flaw::Syntax(first_line(e.to_string())))?;
    let used = program.references();
    let is_name = |name: &str| NAMES.contains(&name) || facts.get(name).is_some_and(|f| !f.kind.is_personal());
    if let Some(name) = used.variables().into_iter().find(|name| !is_name(name)) {
        return Err(Flaw::Name(name.to_owned()));
    }
    let is_allowed = |f: &str| {
        f.starts_with('_') || matches!(f, "!_" | "-_" | "@in" | "size" | "contains" | "startsWith" | "endsWith")
    };
    if let Some(function) = used.functions().into_iter().find(|f| !is_allowed(f)) {
        return Err(Flaw::Function(function.to_owned()));
    }
    match program.execute(&context(&samples(facts))) {
        Ok(Value::Bool(_)) => Ok(()),
        Ok(other) => Err(Flaw::NotBoolean(format!("{:?}", other.type_of()))),
        Err(error) => Err(Flaw::NotBoolean(error.to_string())),
    }
}

/// Checks that bands, in order, leave no number out and share none.
///
/// # Errors
/// Says where.
pub fn check_bands(bands: &[Band]) -> Result<(), Flaw> {
    let flaw = |what: String| Err(Flaw::Bands(what));
    if bands.first().is_some_and(|b| b.from.is_some()) {
        return flaw("the first band must have no `from`, or numbers below it are left out".to_owned());
    }
    if bands.last().is_some_and(|b| b.to.is_some()) {
        return flaw("the last band must have no `to`, or numbers above it are left out".to_owned());
    }
    for pair in bands.windows(2) {
        let (Some(to), Some(from)) = (pair[0].to, pair[1].from) else {
            return flaw("only the first band may lack `from`, and only the last `to`".to_owned());
        };
        if to < from {
            return flaw(format!("a gap: {to} up to {from} are in no band"));
        }
        if to > from {
            return flaw(format!("an overlap: {from} up to {to} are in two bands"));
        }
        if pair[0].from.is_some_and(|f| f >= to) {
            return flaw(format!("a band that ends at {to} has no numbers"));
        }
    }
    Ok(())
}

/// A value for each name, of the type that it will have.
fn samples(facts: &BTreeMap<String, FactSpec>) -> Values {
    let plain = facts.iter().filter(|(_, spec)| !spec.kind.is_personal());
    let mut values: Values = plain.map(|(name, spec)| (name.clone(), unknown(spec))).collect();
    values.extend(own("ja", false, 0, 0));
    values
}

/// The value of a fact that isn't known: empty, or 0.
fn unknown(spec: &FactSpec) -> Value {
    if spec.kind == FactKind::Number { Value::Int(0) } else { Value::from("") }
}

fn own(language: &str, paid: bool, held: i64, left: i64) -> [(String, Value); 4] {
    [
        ("language".to_owned(), Value::from(language)),
        ("paid".to_owned(), Value::Bool(paid)),
        ("sessions_held".to_owned(), Value::Int(held)),
        ("sessions_left".to_owned(), Value::Int(left)),
    ]
}

fn values(draft: &Draft<'_>) -> Result<Values, Rejection> {
    let case: &Case = draft.case()?;
    let mut values = samples(&draft.playbook.facts);
    for (name, fact) in &case.facts {
        let (Fact::Plain(value), Some(slot)) = (fact, values.get_mut(name)) else { continue };
        *slot = match slot {
            Value::Int(_) => Value::Int(value.parse().unwrap_or(0)),
            _ => Value::from(value.as_str()),
        };
    }
    let today = draft.now.to_zoned(draft.playbook.time_zone()).date();
    let held: u32 = case.held.values().sum();
    values.extend(own(&case.language, case.has_paid(), held.into(), case.sessions_left(today).into()));
    Ok(values)
}

/// Lets a policy decide, and notes what it decided and by which rule.
///
/// # Errors
/// When the playbook has no such policy, or it leaves this case undecided.
pub fn decide(draft: &mut Draft<'_>, name: &str) -> Result<String, Rejection> {
    let values = values(draft)?;
    let policy = draft.playbook.policies.get(name).ok_or_else(|| draft.lacks("policy", name))?;
    let (rule, then) = policy.decide(&values).ok_or_else(|| draft.lacks("decision of policy", name))?;
    let (rule, then) = (rule.and_then(|n| u32::try_from(n).ok()), then.to_owned());
    draft.push(Entry::PolicyDecided { policy: name.to_owned(), rule, then: then.clone() })?;
    Ok(then)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> BTreeMap<String, FactSpec> {
        let text = || Text { ja: String::new(), en: String::new() };
        let spec = |kind| FactSpec { label: text(), hint: None, kind, choices: Vec::new(), optional: false };
        [("menu", FactKind::Choice), ("guests", FactKind::Number), ("goal", FactKind::Text)]
            .map(|(name, kind)| (name.to_owned(), spec(kind)))
            .into()
    }

    #[test]
    fn conditions_are_checked_as_they_will_be_evaluated() {
        assert_eq!(check("menu == 'single' && !paid && guests + 1 <= 3", &facts()), Ok(()));
        for (bad, says) in [
            ("menu ==", "is not a condition"),
            ("menue == 'single'", "asks for \"menue\""),
            ("goal == 'x'", "asks for \"goal\""),
            ("guests + 1", "neither true nor false"),
            ("guests == 'two' || guests > 'a'", "neither true nor false"),
            ("[1, 2].all(x, x > 0)", "asks for \"x\""),
            ("matches(menu, 'a.*')", "calls \"matches\""),
            (&"1 == 1 && ".repeat(200), "longer than"),
        ] {
            let flaw = check(bad, &facts()).expect_err(bad).to_string();
            assert!(flaw.contains(says), "{bad}: {flaw}");
        }
    }

    #[test]
    fn gaps_and_overlaps_are_found() {
        let band = |from, to| Band { from, to, then: "x".to_owned() };
        assert_eq!(check_bands(&[band(None, Some(1)), band(Some(1), Some(5)), band(Some(5), None)]), Ok(()));
        for (bands, says) in [
            (vec![band(None, Some(1)), band(Some(2), None)], "a gap: 1 up to 2"),
            (vec![band(None, Some(3)), band(Some(2), None)], "an overlap: 2 up to 3"),
            (vec![band(Some(0), Some(3)), band(Some(3), None)], "numbers below it"),
            (vec![band(None, Some(3))], "numbers above it"),
            (vec![band(None, None), band(Some(3), None)], "only the first"),
        ] {
            let flaw = check_bands(&bands).expect_err(says).to_string();
            assert!(flaw.contains(says), "{flaw}");
        }
    }

    #[test]
    fn first_match_wins_and_what_cannot_be_evaluated_never_matches() {
        let rule = |when: &str, then: &str| Rule { when: when.to_owned(), then: then.to_owned() };
        let policy = Policy {
            label: Text { ja: String::new(), en: String::new() },
            rules: vec![rule("nowhere == 1", "a"), rule("paid", "b"), rule("true", "c")],
            on: None,
            bands: Vec::new(),
            otherwise: Some("d".to_owned()),
        };
        assert_eq!(policy.decide(&own("ja", true, 0, 0).into()), Some((Some(1), "b")));
        assert_eq!(policy.decide(&own("ja", false, 0, 0).into()), Some((Some(2), "c")));
    }
}
