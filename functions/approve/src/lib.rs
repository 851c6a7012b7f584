//! Seeks an approval: asks whoever may decide, one after the other, and draws the consequences of what they say. Silence
//! never approves.

use banto_aws::Function;
use banto_domain::rules::{approval, ask, flow};
use banto_domain::steps::APPROVE;
use banto_domain::{Draft, Pending, Rejection, What};

/// Takes up `node.entered`, and `ask.answered` and `timer.fired` of its asks, those about mails too.
#[must_use]
pub fn function() -> Function {
    Function::step(APPROVE, decide)
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    if let What::Answered { ask, answer, seeks: Some(seeks), .. } = &step.what {
        let here = if seeks.message.is_some() { None } else { flow::current(draft, step)? };
        return approval::answered(draft, here.as_ref(), (ask, answer), seeks);
    }
    let nothing = |draft: &mut Draft<'_>, _: Option<&_>, _: &str| ask::skip(draft, "nothing was to be approved");
    flow::take_up(draft, step, approval::seek, nothing)
}
