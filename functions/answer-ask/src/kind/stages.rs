//! How far the parts of what a practice sends go live: one choice for each, beside where it is now and what came of its
//! approvals since.

use banto_aws::ledger::Tally;
use banto_aws::words::stage_text;
use banto_domain::playbook::{FactKind, Part, Stage};
use banto_domain::rules::answer::{NotTaken, Submission, With};
use banto_domain::rules::{approval, stages};

use super::{Asked, Brought, choice};
use crate::shown::{Field, Named};
use crate::view::View;

pub(super) fn show(view: &View<'_>) -> Asked {
    let Some(known) = view.stages else { return (Vec::new(), choice::own(view)) };
    let language = view.books.language;
    let field = |part: &Part| {
        let now = known.stages.of(part);
        let others = Stage::EACH.into_iter().filter(|stage| *stage != now);
        let choices = others.map(|s| Named { name: s.name().to_owned(), label: stage_text(s, language).to_owned() });
        Field {
            choices: choices.collect(),
            hint: Some(hint(now, known.tallies.get(&part.name), language)),
            ..Field::own(&part.name, part.label.get(language), FactKind::Choice)
        }
    };
    let parts = view.books.today.going_live.iter().flat_map(|live| &live.parts);
    let mut answers = choice::own(view);
    // What is chosen belongs to the answer that moves.
    if let Some(moves) = answers.iter_mut().find(|answer| answer.name == stages::MOVED) {
        moves.asks = parts.map(field).collect();
    }
    (Vec::new(), answers)
}

fn hint(now: Stage, tally: Option<&Tally>, language: &str) -> String {
    let count = |answer: &str| tally.and_then(|tally| tally.get(answer)).copied().unwrap_or_default();
    let [yes, changed, no] = [approval::YES, approval::CHANGE, approval::NO].map(count);
    let stage = stage_text(now, language);
    match language {
        "en" => format!("now: {stage} (since then {yes} approved, {changed} changed, {no} refused)"),
        _ => format!("現在: {stage}(この段階での承認{yes}件・修正{changed}件・差し戻し{no}件)"),
    }
}

/// The parts that are moved, as they stand now.
pub(super) fn take(view: &View<'_>, submission: &Submission) -> Brought {
    if submission.answer != stages::MOVED {
        return Ok(With::Nothing);
    }
    let (Some(known), Some(live)) = (view.stages, &view.books.today.going_live) else { return Err(NotTaken::Over) };
    match stages::read(live, &known.stages, &submission.fields) {
        Ok(moves) => Ok(With::Stages(known.stages.clone(), moves)),
        Err(problems) => Err(NotTaken::Fields(problems)),
    }
}
