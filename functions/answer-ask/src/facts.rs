//! Facts on the page: a field for each kind, and values as people read them.

use banto_aws::page::words;
use banto_aws::render::fact;
use banto_domain::playbook::{FactKind, FactSpec};
use banto_domain::rules::answer::{SUBJECT, TEXT};

use crate::shown::{Field, Named};
use crate::view::Books;

/// The field of a fact; `None` when the playbook has no such fact.
pub(crate) fn field(books: &Books<'_>, name: &String) -> Option<Field> {
    let spec = books.playbook.facts.get(name)?;
    Some(Field {
        name: name.clone(),
        label: spec.label.get(books.language).to_owned(),
        hint: hint(books, spec),
        kind: spec.kind,
        required: !spec.optional,
        choices: choices(books, spec),
        max: spec.max_chars(),
        preset: String::new(),
        row: None,
    })
}

/// A field that an answer has by itself: what a person writes into a mail, and why.
pub(crate) fn own_field(name: &str, kind: FactKind, language: &str) -> Field {
    let (ja, en) = match name {
        SUBJECT => ("件名", "Subject"),
        TEXT => ("本文", "Text"),
        _ => ("理由・連絡事項", "Why, and what to note"),
    };
    Field { required: true, ..Field::own(name, words(language, ja, en), kind) }
}

fn hint(books: &Books<'_>, spec: &FactSpec) -> Option<String> {
    let own = spec.hint.as_ref().map(|hint| hint.get(books.language).to_owned());
    let money = || words(books.language, "円(例:16,500)", "in yen, such as 16,500").to_owned();
    own.or_else(|| (spec.kind == FactKind::Money && books.currency() == "JPY").then(money))
}

fn choices(books: &Books<'_>, spec: &FactSpec) -> Vec<Named> {
    if spec.kind == FactKind::Person {
        let people = &books.today.people;
        let mut named: Vec<Named> = Vec::new();
        for person in people.all() {
            if named.iter().all(|known| known.name != person.id) {
                named.push(Named { name: person.id.clone(), label: person.name.clone() });
            }
        }
        return named;
    }
    let named = |choice: &banto_domain::playbook::Choice| Named {
        name: choice.name.clone(),
        label: choice.label.get(books.language).to_owned(),
    };
    spec.choices.iter().map(named).collect()
}

/// A value as people read it.
pub(crate) fn written(books: &Books<'_>, spec: &FactSpec, value: &str) -> String {
    fact((books.playbook, books.today), spec, value, books.language)
}
