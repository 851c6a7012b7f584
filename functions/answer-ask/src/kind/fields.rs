//! Values for fields, and the answer that sends them.

use banto_domain::rules::answer::With;

use super::{Asked, Brought, choice};
use crate::facts;
use crate::view::View;

pub(super) fn show(view: &View<'_>) -> Asked {
    let mut fields: Vec<_> = view.ask.fields.iter().filter_map(|name| facts::field(&view.books, name)).collect();
    let mut answers = choice::own(view);
    // The one answer sends all of them together.
    answers.iter_mut().for_each(|answer| fields.append(&mut answer.asks));
    (fields, answers)
}

pub(super) fn take() -> Brought {
    Ok(With::Nothing)
}
