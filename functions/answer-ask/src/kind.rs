//! The kinds of ask. This is the one place that knows them all: each has a module with `show`, what its page asks, and
//! `take`, what an answer brings along.

mod approval;
mod choice;
mod fields;
mod openings;
mod slot;
mod stages;

use std::collections::BTreeSet;

use banto_aws::{Env, Result};
use banto_domain::playbook::AskKind;
use banto_domain::rules::answer::{NotTaken, Submission, With};

use crate::shown::{Choice, Field};
use crate::view::View;

/// What a page asks: its fields, and its answers in order.
pub(crate) type Asked = (Vec<Field>, Vec<Choice>);
/// What an answer brings along, or why it can't be taken.
pub(crate) type Brought = std::result::Result<With, NotTaken>;

/// What its page asks.
pub(crate) fn show(view: &View<'_>) -> Asked {
    match view.ask.kind {
        AskKind::Choice => choice::show(view),
        AskKind::Fields => fields::show(view),
        AskKind::Slot => slot::show(view),
        AskKind::Openings => openings::show(view),
        AskKind::Approval => approval::show(view),
        AskKind::Stages => stages::show(view),
    }
}

/// What an answer brings along, as things stand now.
pub(crate) async fn take(env: &Env, view: &View<'_>, submission: &Submission) -> Result<Brought> {
    match view.ask.kind {
        AskKind::Choice => Ok(choice::take()),
        AskKind::Fields => Ok(fields::take()),
        AskKind::Slot => slot::take(env, view, submission).await,
        AskKind::Openings => openings::take(env, view, submission).await,
        AskKind::Approval => Ok(approval::take(view, submission)),
        AskKind::Stages => Ok(stages::take(view, submission)),
    }
}

/// Answers that can't be had any more.
pub(crate) async fn gone(env: &Env, view: &View<'_>) -> Result<BTreeSet<String>> {
    match view.ask.kind {
        AskKind::Slot => slot::gone(env, view).await,
        _ => Ok(BTreeSet::new()),
    }
}
