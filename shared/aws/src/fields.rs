//! Fields of pages: what is asked of people, as one value, and its markup. Every page that asks for facts is made of these;
//! owns no rule of what is taken.

use std::collections::BTreeMap;

use banto_domain::Playbook;
use banto_domain::playbook::{Choice, FactKind, FactSpec, Problem};
use maud::{Markup, html};
use serde::Serialize;

use crate::page::words;
use crate::words::problem_text;

/// Something to fill in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What may help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What it takes.
    pub kind: FactKind,
    /// It may not stay empty.
    pub required: bool,
    /// What to choose from.
    pub choices: Vec<Named>,
    /// The longest value, in characters.
    pub max: usize,
    /// What stands in it at first; never a decision.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub preset: String,
    /// Fields of one number stand in one row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
}

impl Field {
    /// An empty field that may stay so, and that is no fact of a playbook.
    #[must_use]
    pub fn own(name: &str, label: &str, kind: FactKind) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            hint: None,
            kind,
            required: false,
            choices: Vec::new(),
            max: FactSpec::bare(kind).max_chars(),
            preset: String::new(),
            row: None,
        }
    }
}

/// One of several values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: String,
}

/// What stands in fields, and what is wrong with it.
#[derive(Debug, Clone, Copy)]
pub struct Filled<'a> {
    /// `ja` or `en`.
    pub language: &'a str,
    /// What was filled in before, by field.
    pub given: &'a BTreeMap<String, String>,
    /// What is wrong with it, by field.
    pub problems: &'a BTreeMap<String, Problem>,
}

/// The field of a fact; `None` when the playbook that the case keeps has no such fact. People are `today`'s.
#[must_use]
pub fn of_fact((playbook, today): (&Playbook, &Playbook), language: &str, name: &str) -> Option<Field> {
    let spec = playbook.facts.get(name)?;
    Some(Field {
        name: name.to_owned(),
        label: spec.label.get(language).to_owned(),
        hint: hint(playbook, language, spec),
        kind: spec.kind,
        required: !spec.optional,
        choices: choices(today, language, spec),
        max: spec.max_chars(),
        preset: String::new(),
        row: None,
    })
}

fn hint(playbook: &Playbook, language: &str, spec: &FactSpec) -> Option<String> {
    let own = spec.hint.as_ref().map(|hint| hint.get(language).to_owned());
    let money = || words(language, "円(例:16,500)", "in yen, such as 16,500").to_owned();
    let currency = playbook.billing.as_ref().map_or("JPY", |billing| &billing.currency);
    own.or_else(|| (spec.kind == FactKind::Money && currency == "JPY").then(money))
}

fn choices(today: &Playbook, language: &str, spec: &FactSpec) -> Vec<Named> {
    if spec.kind == FactKind::Person {
        let mut named: Vec<Named> = Vec::new();
        for person in today.people.all() {
            if named.iter().all(|known| known.name != person.id) {
                named.push(Named { name: person.id.clone(), label: person.name.clone() });
            }
        }
        return named;
    }
    let named = |choice: &Choice| Named { name: choice.name.clone(), label: choice.label.get(language).to_owned() };
    spec.choices.iter().map(named).collect()
}

/// Fields one below the other, those of one row beside each other. `of` keeps ids apart where two answers ask the same.
#[must_use]
pub fn markup(fields: &[Field], filled: Filled<'_>, of: &str) -> Markup {
    let rows = fields.chunk_by(|one, next| one.row.is_some() && one.row == next.row);
    let problem = |field: &Field| filled.problems.get(&field.name).copied();
    html! {
        @for row in rows {
            @if row.iter().any(|field| field.row.is_some()) {
                @for problem in row.iter().filter_map(problem) {
                    div.bad { (problem_text(problem, filled.language)) }
                }
                div.row { @for one in row { div { (field(one, filled, None, of)) } } }
            } @else {
                @for one in row { (field(one, filled, problem(one), of)) }
            }
        }
    }
}

fn field(field: &Field, filled: Filled<'_>, problem: Option<Problem>, of: &str) -> Markup {
    let language = filled.language;
    let (id, name) = (format!("{of}.{}", field.name), format!("field.{}", field.name));
    let value = filled.given.get(&field.name).unwrap_or(&field.preset).as_str();
    let label = html! {
        (field.label)
        @if !field.required && field.row.is_none() { " " (words(language, "(任意)", "(optional)")) }
        @if let Some(hint) = &field.hint { small { (hint) } }
    };
    let wrong = html! { @if let Some(problem) = problem { div.bad { (problem_text(problem, language)) } } };
    if field.kind == FactKind::Consent {
        return html! {
            (wrong)
            label.check {
                input id=(id) name=(name) type="checkbox" value="yes" checked[value == "yes"] required[field.required];
                span { (label) }
            }
        };
    }
    html! { label for=(id) { (label) } (wrong) (input(field, (&id, &name), value, language)) }
}

fn input(field: &Field, (id, name): (&str, &str), value: &str, language: &str) -> Markup {
    let (max, required) = (field.max, field.required);
    match field.kind {
        FactKind::Text => html! { textarea id=(id) name=(name) maxlength=(max) required[required] { (value) } },
        FactKind::Choice | FactKind::Person => html! {
            select id=(id) name=(name) required[required] {
                @if field.preset.is_empty() { option value="" { (words(language, "お選びください", "Please choose")) } }
                @for choice in &field.choices {
                    option value=(choice.name) selected[choice.name == value] { (choice.label) }
                }
            }
        },
        // People write amounts with commas, which a number field would refuse.
        FactKind::Money => html! {
            input id=(id) name=(name) type="text" inputmode="numeric" value=(value) maxlength=(max) required[required];
        },
        kind => html! {
            input id=(id) name=(name) type=(input_type(kind)) value=(value) maxlength=(max) required[required];
        },
    }
}

fn input_type(kind: FactKind) -> &'static str {
    match kind {
        FactKind::Email => "email",
        FactKind::Phone => "tel",
        FactKind::Date => "date",
        FactKind::Number => "number",
        FactKind::Time => "time",
        FactKind::Line | FactKind::Text | FactKind::Choice => "text",
        FactKind::Consent | FactKind::Money | FactKind::Person => "text",
    }
}
