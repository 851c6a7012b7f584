//! Event patterns. Owns the part of EventBridge's language that is known to be answered here as it is there; refuses
//! the rest at load, because a rule that matches on one host only is a step that is silently never taken.

use quamina::Quamina;
use serde_json::Value;

/// Checks that a pattern stays within what both hosts understand alike.
///
/// # Errors
/// Says what it found that does not.
pub fn check(pattern: &Value) -> Result<(), String> {
    let Some(fields) = pattern.as_object().filter(|f| !f.is_empty()) else {
        return Err("a pattern is an object with at least one field; an empty one would match everything".to_owned());
    };
    for (key, value) in fields {
        match value {
            _ if key.starts_with('$') => return Err(format!("{key} is not answered alike on both hosts")),
            Value::Object(_) => check(value).map_err(|e| format!("{key}: {e}"))?,
            Value::Array(choices) => check_choices(choices).map_err(|e| format!("{key}: {e}"))?,
            _ => return Err(format!("{key}: values stand in a list: [{value}]")),
        }
    }
    Ok(())
}

fn check_choices(choices: &[Value]) -> Result<(), String> {
    if choices.is_empty() {
        return Err("an empty list matches nothing".to_owned());
    }
    for choice in choices {
        match choice {
            Value::Object(operator) if operator.len() == 1 => {
                for (name, operand) in operator {
                    check_operator(name, operand, choices.len())?;
                }
            }
            Value::Object(_) | Value::Array(_) => return Err(format!("{choice} is neither a value nor one operator")),
            Value::Number(n) if n.is_f64() => return Err(format!("{n}: compare whole numbers only")),
            _ => {}
        }
    }
    Ok(())
}

fn check_operator(name: &str, operand: &Value, beside: usize) -> Result<(), String> {
    let texts =
        |v: &Value| v.is_string() || v.as_array().is_some_and(|l| !l.is_empty() && l.iter().all(Value::is_string));
    let fits = match name {
        "prefix" | "suffix" | "equals-ignore-case" | "wildcard" | "cidr" => operand.is_string(),
        "anything-but" => texts(operand),
        "numeric" => operand.is_array(),
        "exists" if beside > 1 => return Err("exists must stand alone in its list".to_owned()),
        "exists" => operand.is_boolean(),
        other => return Err(format!("{other} is not answered alike on both hosts")),
    };
    if fits { Ok(()) } else { Err(format!("{name}: {operand} is not an operand that is answered alike on both hosts")) }
}

/// Patterns of which each has a number.
pub(crate) struct Patterns(Quamina<usize>);

impl std::fmt::Debug for Patterns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Patterns({})", self.0.pattern_count())
    }
}

impl Patterns {
    /// Compiles patterns that [`check`] has passed.
    pub(crate) fn new<'a>(patterns: impl IntoIterator<Item = (usize, &'a Value)>) -> Result<Self, String> {
        let mut matcher = Quamina::new();
        for (number, pattern) in patterns {
            check(pattern)?;
            matcher.add_pattern(number, &pattern.to_string()).map_err(|e| e.to_string())?;
        }
        Ok(Self(matcher))
    }

    /// The numbers of those that match, in order.
    pub(crate) fn matching(&self, event: &Value) -> Vec<usize> {
        let mut found = self.0.matches_for_event(event.to_string().as_bytes()).unwrap_or_else(|e| {
            tracing::error!(error = %e, "an event can't be matched against the rules");
            Vec::new()
        });
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_both_hosts_answer_alike_is_permitted() {
        for pattern in [
            json!({ "source": ["banto"], "detail": { "action": ["notify", "open-ask"] } }),
            json!({ "a": [{ "prefix": "C#" }], "b": [{ "exists": false }], "c": [{ "anything-but": ["x"] }], "d": [null, true, 3] }),
        ] {
            assert_eq!(check(&pattern), Ok(()), "{pattern}");
        }
    }

    #[test]
    fn the_rest_is_refused_with_its_place() {
        for (pattern, says) in [
            (json!({}), "at least one field"),
            (json!({ "detail": {} }), "detail: a pattern is an object"),
            (json!({ "a": [] }), "a: an empty list"),
            (json!({ "a": "x" }), "stand in a list"),
            (json!({ "$or": [{ "a": ["x"] }] }), "$or is not answered alike"),
            (json!({ "a": [{ "exists": false }, "x"] }), "alone"),
            (json!({ "a": [{ "anything-but": { "prefix": "x" } }] }), "anything-but"),
            (json!({ "a": [{ "regex": "x" }] }), "regex"),
            (json!({ "a": [1.5] }), "whole numbers"),
        ] {
            let error = check(&pattern).expect_err("must be refused");
            assert!(error.contains(says), "{pattern}: {error}");
        }
    }
}
