//! Policies: what a rule may decide. First match wins; the rules are conditions (CEL) over what is plain about a case, its
//! tracks and its time, or thresholds on one number. A rule that can't be evaluated never matches: the policy's
//! `otherwise` is the safe way.

use std::collections::BTreeMap;

use cel::objects::{Key, Map};
use cel::{Context, Program, Value};
use jiff::Timestamp;

use super::{Draft, Rejection, instalment};
use crate::Id;
use crate::playbook::{Band, FactKind, FactSpec, Flow, Playbook, Policy};
use crate::state::{Case, Entry, Fact, Request, TokenId, visited};

/// The longest condition, in bytes: the evaluator has no budget of its own.
pub const MAX_SOURCE: usize = 1024;
/// What a policy may ask beside the plain facts of the case. Of a track that isn't there nothing can be asked: such a rule
/// never matches.
pub const NAMES: [&str; 17] = [
    "language",
    "paid",
    "sessions_held",
    "sessions_left",
    "sessions_unused",
    "days_to_expiry",
    "owed",
    "overdue",
    "form",
    "owner",
    "today",
    "hours_until_session",
    "booking",
    "invoice",
    "request",
    "refund",
    "visits",
];

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
    #[error("asks for {0:?}, which is neither a plain fact nor one of {names}", names = NAMES.join(", "))]
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
pub fn check(source: &str, facts: &BTreeMap<String, FactSpec>, flows: &BTreeMap<String, Flow>) -> Result<(), Flaw> {
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
    match program.execute(&context(&samples(facts, flows))) {
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

fn map<K: Into<String>>(pairs: impl IntoIterator<Item = (K, Value)>) -> Value {
    let pairs = pairs.into_iter().map(|(name, value)| (Key::from(name.into()), value));
    // The evaluator's own kind of map; it is only looked up by name.
    Value::Map(Map { map: std::sync::Arc::new(pairs.collect()) })
}

/// The value of a fact that isn't known: empty, or 0.
fn unknown(spec: &FactSpec) -> Value {
    match spec.kind {
        FactKind::Number | FactKind::Money => Value::Int(0),
        _ => Value::from(""),
    }
}

fn plain(facts: &BTreeMap<String, FactSpec>) -> Values {
    let plain = facts.iter().filter(|(_, spec)| !spec.kind.is_personal());
    plain.map(|(name, spec)| (name.clone(), unknown(spec))).collect()
}

/// A value for each name, of the type that it will have.
fn samples(facts: &BTreeMap<String, FactSpec>, flows: &BTreeMap<String, Flow>) -> Values {
    let mut values = plain(facts);
    let nodes = flows.values().flat_map(|f| f.nodes.keys()).map(|node| (node.clone(), Value::Int(0)));
    let request = || {
        let told = ("told", Value::Bool(false));
        map([("kind", Value::from("")), told, ("amount", Value::Int(0)), ("hours_since", Value::Float(0.0))])
    };
    let text = |name: &str| (name.to_owned(), Value::from(""));
    values.extend([text("language"), text("form"), text("owner"), text("today")]);
    values.extend([
        ("paid".to_owned(), Value::Bool(false)),
        ("sessions_held".to_owned(), Value::Int(0)),
        ("sessions_left".to_owned(), Value::Int(0)),
        ("sessions_unused".to_owned(), Value::Int(0)),
        ("days_to_expiry".to_owned(), Value::Int(0)),
        ("owed".to_owned(), Value::Int(0)),
        ("overdue".to_owned(), Value::Int(0)),
        ("hours_until_session".to_owned(), Value::Float(0.0)),
        (
            "booking".to_owned(),
            map([
                ("menu", Value::from("")),
                ("coach", Value::from("")),
                ("confirmed", Value::Bool(true)),
                ("moves", Value::Int(0)),
            ]),
        ),
        (
            "invoice".to_owned(),
            map([
                ("total", Value::Int(0)),
                ("paid", Value::Int(0)),
                ("open", Value::Int(0)),
                ("settled", Value::Bool(false)),
                ("currency", Value::from("")),
                ("days_overdue", Value::Int(0)),
                ("part", Value::Int(0)),
                ("parts_left", Value::Int(0)),
            ]),
        ),
        ("request".to_owned(), request()),
        ("refund".to_owned(), request()),
        ("visits".to_owned(), map(nodes)),
    ]);
    values
}

fn hours(span: jiff::SignedDuration) -> Value {
    Value::Float(span.as_secs_f64() / 3_600.0)
}

/// What a condition is evaluated from.
#[derive(Clone, Copy)]
struct Ground<'a> {
    playbook: &'a Playbook,
    case: &'a Case,
    /// The present instant (UTC).
    now: Timestamp,
    /// A request that isn't raised yet: what would be decided if it were.
    wished: Option<&'a Request>,
}

impl<'a> Ground<'a> {
    fn of(draft: &'a Draft<'_>) -> Result<Self, Rejection> {
        Ok(Self { playbook: draft.playbook, case: draft.case()?, now: draft.now, wished: None })
    }
}

fn values(ground: Ground<'_>, flow: &str, tracks: &[Id]) -> Values {
    let Ground { playbook, case, now, .. } = ground;
    let mut values = plain(&playbook.facts);
    for (name, fact) in &case.facts {
        let (Fact::Plain(value), Some(slot)) = (fact, values.get_mut(name)) else { continue };
        *slot = match slot {
            Value::Int(_) => Value::Int(value.parse().unwrap_or(0)),
            _ => Value::from(value.as_str()),
        };
    }
    let today = now.to_zoned(playbook.time_zone()).date();
    let held: u32 = case.counters.held.values().sum();
    let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
    values.extend([
        text("language", &case.language),
        text("form", &case.form),
        text("owner", case.owner.as_deref().unwrap_or_default()),
        text("today", &today.to_string()),
        ("paid".to_owned(), Value::Bool(case.has_paid())),
        ("sessions_held".to_owned(), Value::Int(held.into())),
        ("sessions_left".to_owned(), Value::Int(case.sessions_left(today).into())),
        ("owed".to_owned(), Value::Int(instalment::owed(playbook, case))),
        ("overdue".to_owned(), Value::Int(instalment::overdue(case, today))),
        ("visits".to_owned(), visits(playbook, case, flow)),
    ]);
    if let Some(package) = &case.package {
        values.insert("sessions_unused".to_owned(), Value::Int(package.unused().into()));
        let days = package.expires_on.and_then(|last| last.since(today).ok()).map(|span| span.get_days());
        values.extend(days.map(|days| ("days_to_expiry".to_owned(), Value::Int(days.into()))));
    }
    values.extend(of_tracks(ground, tracks));
    values
}

/// How often each node of a flow was visited so far.
fn visits(playbook: &Playbook, case: &Case, flow: &str) -> Value {
    let nodes = playbook.flows.get(flow).into_iter().flat_map(|f| f.nodes.keys());
    let count = |node: &String| case.counters.visits.get(&visited(&case.flow, flow, node)).map_or(0, |tally| tally.0);
    map(nodes.map(|node| (node.clone(), Value::Int(count(node).into()))))
}

fn of_tracks(ground: Ground<'_>, tracks: &[Id]) -> Values {
    let Ground { playbook, case, now, wished } = ground;
    let mut values = Values::new();
    let request = wished.or_else(|| case.request_in(tracks).map(|(_, request)| request));
    if let Some((_, booking)) = case.booking_in(tracks) {
        // What counts is when it was said, whenever it is dealt with.
        let said = request.map_or(now, |request| request.said_at);
        values.insert("hours_until_session".to_owned(), hours(booking.seat.begins().duration_since(said)));
        let (menu, coach) = (booking.menu.as_str(), booking.seat.coach.as_str());
        let (confirmed, moves) = (Value::Bool(booking.is_confirmed()), Value::Int(booking.moves().into()));
        let booking = map([("menu", menu.into()), ("coach", coach.into()), ("confirmed", confirmed), ("moves", moves)]);
        values.insert("booking".to_owned(), booking);
    }
    if let Some((id, invoice)) = case.invoice_in(tracks) {
        let today = now.to_zoned(playbook.time_zone()).date();
        let late = today.since(invoice.due_on).map_or(0, |span| i64::from(span.get_days()));
        let invoice = map([
            ("total", Value::Int(invoice.total)),
            ("paid", Value::Int(invoice.paid)),
            ("open", Value::Int(invoice.open())),
            ("settled", Value::Bool(invoice.settled)),
            ("currency", invoice.currency.as_str().into()),
            ("days_overdue", Value::Int(late.max(0))),
            ("part", Value::Int(invoice.part.as_ref().map_or(0, |part| part.n).into())),
            ("parts_left", Value::Int(instalment::left(playbook, case, id).into())),
        ]);
        values.insert("invoice".to_owned(), invoice);
    }
    if let Some(request) = request {
        let mut of_request = vec![("kind", request.kind.as_str().into()), ("told", Value::Bool(request.told))];
        of_request.push(("hours_since", hours(now.duration_since(request.said_at))));
        of_request.extend(request.amount.map(|amount| ("amount", Value::Int(amount))));
        let shown = map(of_request);
        if request.kind == "refund" {
            values.insert("refund".to_owned(), shown.clone());
        }
        values.insert("request".to_owned(), shown);
    }
    values
}

/// Lets a policy decide for a token, and notes what it decided and by which rule.
///
/// # Errors
/// When the playbook has no such policy, or it leaves this case undecided.
pub fn decide(draft: &mut Draft<'_>, token: &TokenId, name: &str) -> Result<String, Rejection> {
    let case = draft.case()?;
    let flow = case.tokens.get(token).map_or(&case.flow, |t| &t.flow);
    let values = values(Ground::of(draft)?, flow, case.carried(token));
    let policy = draft.playbook.policies.get(name).ok_or_else(|| draft.lacks("policy", name))?;
    let (rule, then) = policy.decide(&values).ok_or_else(|| draft.lacks("decision of policy", name))?;
    let (rule, then) = (rule.and_then(|n| u32::try_from(n).ok()), then.to_owned());
    draft.push(Entry::PolicyDecided { policy: name.to_owned(), rule, then: then.clone() })?;
    Ok(then)
}

/// Whether a condition holds about some tracks; one that can't be evaluated doesn't.
///
/// # Errors
/// When there is no case.
pub fn holds(draft: &Draft<'_>, tracks: &[Id], condition: &str) -> Result<bool, Rejection> {
    let values = values(Ground::of(draft)?, &draft.case()?.flow, tracks);
    Ok(evaluate(condition, &values) == Some(true))
}

/// What a policy would decide about some tracks if this were wished: nothing is noted. `None` when the playbook has no such
/// policy, or it leaves this undecided.
#[must_use]
pub fn foresee(playbook: &Playbook, case: &Case, tracks: &[Id], wished: &Request, policy: &str) -> Option<String> {
    let ground = Ground { playbook, case, now: wished.said_at, wished: Some(wished) };
    let policy = playbook.policies.get(policy)?;
    policy.decide(&values(ground, &case.flow, tracks)).map(|(_, then)| then.to_owned())
}

/// Whether a condition would hold about some tracks if this were wished.
#[must_use]
pub fn would_hold(playbook: &Playbook, case: &Case, tracks: &[Id], wished: &Request, condition: &str) -> bool {
    let ground = Ground { playbook, case, now: wished.said_at, wished: Some(wished) };
    evaluate(condition, &values(ground, &case.flow, tracks)) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::{Rule, Text};

    fn facts() -> BTreeMap<String, FactSpec> {
        let text = || Text { ja: String::new(), en: String::new() };
        let spec =
            |kind| FactSpec { label: text(), hint: None, kind, choices: Vec::new(), optional: false, heard: false };
        [("menu", FactKind::Choice), ("guests", FactKind::Number), ("goal", FactKind::Text)]
            .map(|(name, kind)| (name.to_owned(), spec(kind)))
            .into()
    }

    #[test]
    fn conditions_are_checked_as_they_will_be_evaluated() {
        assert_eq!(check("menu == 'single' && !paid && guests + 1 <= 3", &facts(), &BTreeMap::new()), Ok(()));
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
            let flaw = check(bad, &facts(), &BTreeMap::new()).expect_err(bad).to_string();
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
        let paid = |paid| BTreeMap::from([("paid".to_owned(), Value::Bool(paid))]);
        assert_eq!(policy.decide(&paid(true)), Some((Some(1), "b")));
        assert_eq!(policy.decide(&paid(false)), Some((Some(2), "c")));
    }
}
