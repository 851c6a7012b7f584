//! What wakes a case, and what waking does: timers fire, steps that never came are asked for again. No decision is made
//! here; the functions decide from the facts when they take these up.

use super::{Draft, Rejection, ask};
use crate::Id;
use crate::state::{Ask, Case, Entry, MAX_RETRIES, Pending};

/// Why a person looks at a step that was asked for again and again; its function stands behind it.
pub(super) const NEVER_CAME: &str = "step-never-came:";

/// The cause of waking this case as it stands: two wakers at the same time make the same commit.
#[must_use]
pub fn cause(case: &Case) -> Id {
    Id::derive(&["wake", case.key.client.as_str(), case.key.case.as_str(), &case.seq.to_string()])
}

/// Wakes a case: everything that is due at the draft's instant, in the order of ids. Pushes nothing when nothing is due.
///
/// # Errors
/// When the playbook lacks the question for a task.
pub fn wake(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let (case, now) = (draft.case()?, draft.now);
    let timers: Vec<_> =
        case.awake_timers().filter(|(_, t)| t.at <= now).map(|(id, t)| (id.clone(), t.clone())).collect();
    let late: Vec<_> = case
        .awake_steps()
        .filter(|(_, p)| p.watchdog_at.is_some_and(|at| at <= now))
        .map(|(id, p)| (id.clone(), p.clone()))
        .collect();
    for (timer, t) in timers {
        draft.push(Entry::TimerFired { timer, name: t.name, action: t.action, about: t.about })?;
    }
    for (cause, step) in late {
        if step.attempts < MAX_RETRIES || serves_task(draft.case()?, &step) {
            draft.push(Entry::StepRetried { cause, action: step.action, attempt: step.attempts.saturating_add(1) })?;
        } else {
            let reason = format!("{NEVER_CAME}{}", step.action);
            draft.push(Entry::StepParked { cause: cause.clone(), action: step.action })?;
            ask::attend(draft, &cause, &reason)?;
        }
    }
    Ok(())
}

/// A task's own mail, reminder, deadline or answer is asked for until it comes: a task about a task helps nobody.
fn serves_task(case: &Case, step: &Pending) -> bool {
    let is_task = |id: &Id| case.ask(id).is_some_and(Ask::is_task);
    let mail_of = |id: &Id| case.message(id).and_then(|m| m.about.as_ref()).is_some_and(is_task);
    step.task().is_some() || step.about().is_some_and(|id| is_task(id) || mail_of(id))
}
