//! What conditions compare: values that can occur, each with one of its own kind. What never holds, or can't be told, never
//! matches, and nobody would see why.

use std::collections::BTreeMap;

use banto_domain::playbook::{FactKind, FactSpec};
use cel::Program;
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators as op};
use jiff::civil::Date;

use super::policy::is_counted;

/// What something in a condition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Truth,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Truth => "true or false",
        }
    }
}

/// What is wrong with a condition that can be evaluated, and the way out.
pub(super) fn flaws(source: &str, facts: &BTreeMap<String, FactSpec>) -> Vec<String> {
    let Ok(program) = Program::compile(source) else { return Vec::new() };
    let mut found = Vec::new();
    Reader { facts }.expression(&program.expression().expr, &mut found);
    found.dedup();
    found
}

struct Reader<'a> {
    facts: &'a BTreeMap<String, FactSpec>,
}

const COMPARISONS: [&str; 6] = [op::EQUALS, op::NOT_EQUALS, op::LESS, op::LESS_EQUALS, op::GREATER, op::GREATER_EQUALS];

impl Reader<'_> {
    fn expression(&self, expr: &Expr, found: &mut Vec<String>) {
        let Expr::Call(call) = expr else { return };
        for arg in call.target.iter().map(AsRef::as_ref).chain(&call.args) {
            self.expression(&arg.expr, found);
        }
        let function = call.func_name.as_str();
        match (function, call.args.as_slice()) {
            (_, [a, b]) if COMPARISONS.contains(&function) => found.extend(self.comparison(function, &a.expr, &b.expr)),
            (op::IN, [a, b]) => {
                if let Expr::List(list) = &b.expr {
                    found.extend(list.elements.iter().filter_map(|b| self.comparison(op::EQUALS, &a.expr, &b.expr)));
                }
            }
            (op::LOGICAL_AND | op::LOGICAL_OR | op::LOGICAL_NOT, args) => {
                found.extend(args.iter().filter_map(|arg| self.untrue(&arg.expr)));
            }
            _ => {}
        }
    }

    /// What stands where something true or false must.
    fn untrue(&self, expr: &Expr) -> Option<String> {
        let kind = self.kind(expr).filter(|kind| *kind != Kind::Truth)?;
        let way_out = match kind {
            Kind::Text => "compare it, e.g. with == 'yes'",
            _ => "compare it, e.g. with > 0",
        };
        Some(format!("{} is {}, and neither true nor false; {way_out}", shown(expr), kind.name()))
    }

    fn comparison(&self, function: &str, a: &Expr, b: &Expr) -> Option<String> {
        if let (Some(one), Some(other)) = (self.kind(a), self.kind(b))
            && one != other
        {
            let what =
                format!("compares {}, which is {}, with {}, which is {}", shown(a), one.name(), shown(b), other.name());
            let way_out = match (one, other) {
                (Kind::Truth, _) | (_, Kind::Truth) => "write e.g. paid, or !paid",
                _ => "write a number without quotes, and a text in them",
            };
            return Some(format!("{what}; {way_out}"));
        }
        match (a, b) {
            (Expr::Ident(name), other) | (other, Expr::Ident(name)) => {
                let (literal, is_left) = (literal(other)?, matches!(a, Expr::Ident(_)));
                self.value(function, name, &literal, is_left)
            }
            _ => None,
        }
    }

    /// A value that what it is compared with can't have.
    fn value(&self, function: &str, name: &str, literal: &Literal<'_>, is_left: bool) -> Option<String> {
        if let Literal::Number(number) = literal {
            let is_count = matches!(name, "sessions_held" | "sessions_left" | "sessions_unused" | "owed" | "overdue");
            let less = if is_left { op::LESS } else { op::GREATER };
            let never = *number < 0.0 || *number == 0.0 && function == less;
            return (is_count && never)
                .then(|| format!("compares {name} with what is never so few: it is 0 or more; write e.g. {name} > 0"));
        }
        let Literal::Text(text) = literal else { return None };
        if text.is_empty()
            || !matches!(function, op::EQUALS | op::NOT_EQUALS)
                && name != "today"
                && self.spec(name)?.kind != FactKind::Date
        {
            return None;
        }
        let (values, is_date) = match self.spec(name) {
            None if name == "language" => (vec!["ja", "en"], false),
            None if name == "today" => (Vec::new(), true),
            Some(spec) if spec.kind == FactKind::Choice => {
                (spec.choices.iter().map(|choice| choice.name.as_str()).collect(), false)
            }
            Some(spec) if spec.kind == FactKind::Consent => (vec!["yes"], false),
            Some(spec) => (Vec::new(), spec.kind == FactKind::Date),
            None => return None,
        };
        if is_date {
            let is_one = text.parse::<Date>().is_ok_and(|date| date.to_string() == *text);
            return (!is_one).then(|| format!("compares the date {name} with {text:?}; write e.g. '2026-12-03'"));
        }
        let unknown = if name == "language" { "" } else { ", or '' while it isn't known" };
        let is_one = values.is_empty() || values.contains(text);
        (!is_one).then(|| {
            format!("compares {name} with {text:?}, which it never is; it is one of {}{unknown}", values.join(", "))
        })
    }

    fn spec(&self, name: &str) -> Option<&FactSpec> {
        self.facts.get(name)
    }

    fn kind(&self, expr: &Expr) -> Option<Kind> {
        match expr {
            Expr::Literal(LiteralValue::String(_)) => Some(Kind::Text),
            Expr::Literal(LiteralValue::Boolean(_)) => Some(Kind::Truth),
            Expr::Literal(LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_)) => Some(Kind::Number),
            Expr::Ident(name) => match name.as_str() {
                "language" | "form" | "owner" | "today" => Some(Kind::Text),
                "paid" => Some(Kind::Truth),
                "sessions_held"
                | "sessions_left"
                | "sessions_unused"
                | "days_to_expiry"
                | "owed"
                | "overdue"
                | "hours_until_session" => Some(Kind::Number),
                name => Some(if is_counted(self.spec(name)?.kind) { Kind::Number } else { Kind::Text }),
            },
            Expr::Call(call) => self.kind_of_call(call),
            _ => None,
        }
    }

    fn kind_of_call(&self, call: &CallExpr) -> Option<Kind> {
        match call.func_name.as_str() {
            function if COMPARISONS.contains(&function) => Some(Kind::Truth),
            op::LOGICAL_AND | op::LOGICAL_OR | op::LOGICAL_NOT | op::IN | "contains" | "startsWith" | "endsWith" => {
                Some(Kind::Truth)
            }
            "size" => Some(Kind::Number),
            op::CONDITIONAL => self.kind(&call.args.get(1)?.expr),
            op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::MODULO | op::NEGATE => {
                self.kind(&call.args.first()?.expr)
            }
            _ => None,
        }
    }
}

/// A value as it is written.
enum Literal<'a> {
    Text(&'a str),
    Number(f64),
}

fn literal(expr: &Expr) -> Option<Literal<'_>> {
    match expr {
        Expr::Literal(LiteralValue::String(text)) => Some(Literal::Text(text.inner())),
        #[expect(clippy::cast_precision_loss, reason = "only its sign matters")]
        Expr::Literal(LiteralValue::Int(number)) => Some(Literal::Number(*number.inner() as f64)),
        Expr::Literal(LiteralValue::Double(number)) => Some(Literal::Number(*number.inner())),
        Expr::Call(call) if call.func_name == op::NEGATE => match literal(&call.args.first()?.expr)? {
            Literal::Number(number) => Some(Literal::Number(-number)),
            Literal::Text(_) => None,
        },
        _ => None,
    }
}

/// As a person who wrote it knows it.
fn shown(expr: &Expr) -> String {
    match (expr, literal(expr)) {
        (Expr::Ident(name), _) => name.clone(),
        (_, Some(Literal::Text(text))) => format!("'{text}'"),
        (_, Some(Literal::Number(number))) => number.to_string(),
        (Expr::Literal(LiteralValue::Boolean(truth)), _) => truth.inner().to_string(),
        (Expr::Call(call), _) => format!("what {} gives", call.func_name.replace('_', "")),
        _ => "this".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use banto_domain::playbook::{Choice, Text};

    use super::*;

    fn facts() -> BTreeMap<String, FactSpec> {
        let text = |text: &str| Text { ja: text.to_owned(), en: text.to_owned() };
        let choices = vec![Choice { name: "single".to_owned(), label: text("x") }];
        let spec = |kind| FactSpec {
            label: text("x"),
            hint: None,
            kind,
            choices: choices.clone(),
            optional: false,
            heard: false,
        };
        [
            ("menu", FactKind::Choice),
            ("guests", FactKind::Number),
            ("day", FactKind::Date),
            ("terms", FactKind::Consent),
        ]
        .map(|(name, kind)| (name.to_owned(), spec(kind)))
        .into()
    }

    #[test]
    fn what_can_hold_is_let_be() {
        for good in [
            "menu == 'single' && !paid && guests + 1 <= 3",
            "menu == '' || menu in ['single', '']",
            "day >= '2026-12-03' && day != ''",
            "terms == 'yes' && language == 'en' || size(menu) > 2",
            "menu.startsWith('s') && (guests > 2 ? paid : sessions_left == 0)",
            "0 < sessions_left && sessions_held >= 0 && sessions_left <= 0",
            "guests < 0 && paid == false",
        ] {
            assert_eq!(flaws(good, &facts()), [] as [&str; 0], "{good}");
        }
    }

    #[test]
    fn what_never_holds_is_found() {
        for (bad, says) in [
            ("menu == 'singel'", "compares menu with \"singel\", which it never is; it is one of single"),
            ("'singel' != menu", "compares menu with"),
            ("menu in ['single', 'double']", "with \"double\""),
            ("language == 'jp'", "it is one of ja, en"),
            ("terms == 'true'", "it is one of yes"),
            ("day > '3 December'", "compares the date day"),
            ("guests == '2'", "compares guests, which is a number, with '2', which is text"),
            ("paid == 'yes'", "compares paid, which is true or false"),
            ("!paid && menu", "menu is text, and neither true nor false"),
            ("paid || guests", "guests is a number, and neither true nor false"),
            ("sessions_left < 0", "never so few"),
            ("sessions_held == -1", "never so few"),
        ] {
            let found = flaws(bad, &facts());
            assert!(found.len() == 1 && found[0].contains(says), "{bad}: {found:?}");
        }
    }
}
