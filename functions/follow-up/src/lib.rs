//! フォロー: thanks and a survey after a session, then the next one while the package has some left, or the close.

use banto_aws::Function;
use banto_domain::rules::ask::{self, Opening};
use banto_domain::rules::flow::{self, Here};
use banto_domain::rules::message::{self, Intent};
use banto_domain::state::Party;
use banto_domain::steps::FOLLOW_UP;
use banto_domain::{Draft, Pending, Rejection};

/// The outcome: the package has sessions left.
const MORE: &str = "more";
/// The outcome: it has none, or there is none.
const FINISHED: &str = "finished";

/// Takes up `node.entered`, and `ask.answered` and `timer.fired` of its surveys.
#[must_use]
pub fn function() -> Function {
    Function::step(FOLLOW_UP, decide)
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    flow::take_up(draft, step, follow, |draft, _, _| ask::skip(draft, "the survey is kept with the case"))
}

fn follow<'a>(draft: &mut Draft<'a>, here: &Here<'a>) -> Result<(), Rejection> {
    match (&here.node.question, &here.node.template) {
        (Some(question), _) => {
            let (fields, beside) = (here.node.facts.clone(), true);
            let opening =
                Opening { question, owner: FOLLOW_UP, here: Some(here), fields, beside, ..Opening::default() };
            ask::open(draft, opening)?;
        }
        (None, Some(template)) => message::intend(draft, &Intent::of_node(here, template), vec![Party::Customer])?,
        (None, None) => return Err(draft.lacks("question of the node", &here.name)),
    }
    let today = draft.now.to_zoned(draft.playbook.time_zone()).date();
    let left = draft.case()?.sessions_left(today);
    flow::advance(draft, &here.token, if left > 0 { MORE } else { FINISHED })
}
