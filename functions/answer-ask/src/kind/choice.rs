//! One of the question's answers, which may ask for more.

use banto_domain::playbook::Answer;
use banto_domain::rules::answer::{With, own_fields};

use super::{Asked, Brought};
use crate::facts;
use crate::shown::{Choice, Field};
use crate::view::View;

pub(super) fn show(view: &View<'_>) -> Asked {
    (Vec::new(), own(view))
}

pub(super) fn take() -> Brought {
    Ok(With::Nothing)
}

/// The facts that an answer asks for, and what it asks for by itself.
fn asks(view: &View<'_>, answer: &Answer) -> Vec<Field> {
    let facts = answer.asks.iter().filter_map(|name| facts::field(&view.books, name));
    let own = own_fields(view.ask.kind, &answer.name, answer.means).iter();
    facts.chain(own.map(|(name, kind)| facts::own_field(name, *kind, view.books.language))).collect()
}

/// The question's own answers, as far as this ask has them.
pub(super) fn own(view: &View<'_>) -> Vec<Choice> {
    let choice = |answer: &Answer| Choice {
        name: answer.name.clone(),
        label: answer.label.get(view.books.language).to_owned(),
        coach: None,
        slot: false,
        asks: asks(view, answer),
    };
    let has = |answer: &&Answer| view.ask.answers.contains(&answer.name);
    view.question.answers.iter().filter(has).map(choice).collect()
}
