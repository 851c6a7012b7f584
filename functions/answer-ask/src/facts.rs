//! Facts on the page: a field for each kind, and values as people read them.

use banto_aws::fields::of_fact;
use banto_aws::page::words;
use banto_aws::render::fact;
use banto_domain::playbook::{FactKind, FactSpec};
use banto_domain::rules::answer::{SUBJECT, TEXT};

use crate::shown::Field;
use crate::view::Books;

/// The field of a fact; `None` when the playbook has no such fact.
pub(crate) fn field(books: &Books<'_>, name: &str) -> Option<Field> {
    of_fact((books.playbook, books.today), books.language, name)
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

/// A value as people read it.
pub(crate) fn written(books: &Books<'_>, spec: &FactSpec, value: &str) -> String {
    fact((books.playbook, books.today), spec, value, books.language)
}
