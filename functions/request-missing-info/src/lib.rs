//! 不足情報回収: asks only for what is missing, reminds, and gives up politely by `expired`.

use banto_aws::Function;
use banto_domain::rules::ask::{self, Opening};
use banto_domain::rules::flow::{self, Here};
use banto_domain::steps::REQUEST_MISSING_INFO;
use banto_domain::{Draft, Pending, Rejection};

/// The outcome: everything is known.
const COMPLETE: &str = "complete";

/// Takes up `node.entered`, and `ask.answered` and `timer.fired` of its asks.
#[must_use]
pub fn function() -> Function {
    Function::step(REQUEST_MISSING_INFO, decide)
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    let first = |draft: &mut Draft<'_>, here: &Here<'_>| ask_or_go_on(draft, here, true);
    flow::take_up(draft, step, first, |draft, here, _| match here {
        Some(here) => ask_or_go_on(draft, here, false),
        None => ask::skip(draft, "the token has moved on"),
    })
}

/// What may stay empty is asked for once, and never holds anybody up.
fn ask_or_go_on(draft: &mut Draft<'_>, here: &Here<'_>, first: bool) -> Result<(), Rejection> {
    let playbook = draft.playbook;
    let fields = ask::missing(draft.case()?, &here.node.facts);
    let may_stay_empty = |name: &String| playbook.facts.get(name).is_some_and(|f| f.optional);
    if fields.is_empty() || (!first && fields.iter().all(may_stay_empty)) {
        return flow::advance(draft, &here.token, COMPLETE);
    }
    let question = here.needs(draft, "question of the node", here.node.question.as_ref())?;
    let opening = Opening { question, owner: REQUEST_MISSING_INFO, here: Some(here), fields, ..Opening::default() };
    ask::open(draft, opening).map(|_| ())
}
