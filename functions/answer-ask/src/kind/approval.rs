//! Whether somebody agrees: to a mail exactly as it will leave, or to what a flow wants.

use banto_domain::rules::answer::{SUBJECT, Submission, TEXT, With};
use banto_domain::rules::approval;

use super::{Asked, Brought, choice};
use crate::view::View;

pub(super) fn show(view: &View<'_>) -> Asked {
    let mut answers = choice::own(view);
    // Of a mail that can't be written nothing can be said but that.
    let is_mail = view.ask.mail().is_some();
    answers.retain(|answer| !is_mail || view.preview.is_some() || answer.name == approval::NO);
    if let (Some(change), Some(preview)) = (answers.iter_mut().find(|a| a.name == approval::CHANGE), view.preview) {
        for field in &mut change.asks {
            match field.name.as_str() {
                SUBJECT => field.preset.clone_from(&preview.draft.0),
                TEXT => field.preset.clone_from(&preview.draft.1),
                _ => {}
            }
        }
    }
    (Vec::new(), answers)
}

/// The mark of the mail as it is shown now: exactly this may leave.
pub(super) fn take(view: &View<'_>, submission: &Submission) -> Brought {
    let agrees = submission.answer == approval::YES;
    Ok(view.preview.filter(|_| agrees).map_or(With::Nothing, |preview| With::Mail(preview.mark.clone())))
}
