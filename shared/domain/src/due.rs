//! What wakes a case, and what waking does: timers fire, steps that never came are asked for again. No decision is made
//! here; the functions decide from the facts when they take these up.

use crate::case::MAX_RETRIES;
use crate::{Case, Draft, Entry, Id, Pending, Rejection, ask};

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
        if step.attempts < MAX_RETRIES {
            draft.push(Entry::StepRetried { cause, action: step.action, attempt: step.attempts + 1 })?;
        } else if is_task_mail(draft.case()?, &step) {
            // A mail about a task: the task itself comes up again at its deadline, with a mail of its own.
            draft.push(Entry::StepParked { cause, action: step.action })?;
        } else {
            let reason = format!("step-never-came:{}", step.action);
            draft.push(Entry::StepParked { cause: cause.clone(), action: step.action })?;
            ask::attend(draft, &cause, &reason)?;
        }
    }
    Ok(())
}

fn is_task_mail(case: &Case, step: &Pending) -> bool {
    let message = step.about.as_ref().and_then(|id| case.message(id));
    let ask = message.and_then(|m| m.about.as_ref()).and_then(|id| case.ask(id));
    ask.is_some_and(crate::ask::Ask::is_task)
}
