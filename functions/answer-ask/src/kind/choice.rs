//! One of the question's answers, which may ask for more.

use banto_domain::playbook::Answer;
use banto_domain::rules::answer::With;

use super::{Asked, Brought};
use crate::facts;
use crate::shown::Choice;
use crate::view::View;

pub(super) fn show(view: &View<'_>) -> Asked {
    (Vec::new(), own(view))
}

pub(super) fn take() -> Brought {
    Ok(With::Nothing)
}

/// The question's own answers, as far as this ask has them.
pub(super) fn own(view: &View<'_>) -> Vec<Choice> {
    let choice = |answer: &Answer| Choice {
        name: answer.name.clone(),
        label: answer.label.get(view.books.language).to_owned(),
        coach: None,
        slot: false,
        asks: answer.asks.iter().filter_map(|name| facts::field(&view.books, name)).collect(),
    };
    let has = |answer: &&Answer| view.ask.answers.contains(&answer.name);
    view.question.answers.iter().filter(has).map(choice).collect()
}
