//! Whether somebody agrees: to a mail exactly as it will leave, to a version of the playbook, or to what a flow wants.

use banto_domain::rules::answer::{NotTaken, SUBJECT, Submission, TEXT, With};
use banto_domain::rules::approval;

use super::{Asked, Brought, choice};
use crate::proposal::Proposal;
use crate::view::View;

pub(super) fn show(view: &View<'_>) -> Asked {
    let mut answers = choice::own(view);
    // Of a mail that can't be written nothing can be said but that.
    let is_mail = view.ask.mail().is_some();
    let stands = view.proposal.is_none_or(Proposal::stands) && (!is_mail || view.preview.is_some());
    answers.retain(|answer| stands || answer.name == approval::NO);
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

/// The mark of the mail as it is shown now: exactly this may leave. Of a version it is the hash of its text.
pub(super) fn take(view: &View<'_>, submission: &Submission) -> Brought {
    let agrees = submission.answer == approval::YES;
    if let Some(proposal) = view.proposal.filter(|_| agrees) {
        let exactly = With::Exactly(proposal.wanted.hash.clone());
        return if proposal.stands() { Ok(exactly) } else { Err(NotTaken::Outdated) };
    }
    Ok(view.preview.filter(|_| agrees).map_or(With::Nothing, |preview| With::Exactly(preview.mark.clone())))
}
