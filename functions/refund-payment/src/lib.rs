//! 返金: orders that the amount of its request goes back, of the payments that came in, and goes on once all of it is on its way.
//! What no provider can or will send, a person does.

use banto_aws::Function;
use banto_domain::rules::ask;
use banto_domain::rules::flow::{self, Here};
use banto_domain::rules::refund::{self, Ordered};
use banto_domain::state::Refund;
use banto_domain::steps::REFUND_PAYMENT;
use banto_domain::{Draft, Pending, Rejection, TokenId, What};

/// The outcome: all of it is on its way.
const REFUNDED: &str = "refunded";
/// The outcome: a person sends it, or the rest of it.
const BY_HAND: &str = "by-hand";
/// The outcome: it is more than what came in.
const EXCEEDS: &str = "exceeds";
/// The outcome: nothing is to go back.
const NOTHING: &str = "nothing";

/// Takes up `node.entered`, and what became of its refunds.
#[must_use]
pub fn function() -> Function {
    Function::step(REFUND_PAYMENT, decide)
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    match &step.what {
        What::Refund { refund } => match flow::waiting(draft, REFUND_PAYMENT, refund)? {
            Some(token) => look(draft, &token),
            None => ask::skip(draft, "no flow waits for this refund"),
        },
        _ => flow::take_up(draft, step, order, |draft, _, _| ask::skip(draft, "it asks nothing")),
    }
}

fn order(draft: &mut Draft<'_>, here: &Here<'_>) -> Result<(), Rejection> {
    let case = draft.case()?;
    let asked = case.request_in(&here.tracks).and_then(|(_, request)| request.amount).unwrap_or(0);
    let amount = if here.node.whole { refund::most(case) } else { asked };
    match refund::order(draft, &here.token, amount)? {
        Ordered::UnderWay => Ok(()),
        Ordered::ByHand => flow::advance(draft, &here.token, BY_HAND),
        Ordered::Exceeds => flow::advance(draft, &here.token, EXCEEDS),
        Ordered::Nothing => flow::advance(draft, &here.token, NOTHING),
    }
}

/// Goes on once none of the token's refunds is under way.
fn look(draft: &mut Draft<'_>, token: &TokenId) -> Result<(), Rejection> {
    let case = draft.case()?;
    let all: Vec<&Refund> = case.carried(token).iter().filter_map(|id| case.refund(id)).collect();
    if all.iter().any(|refund| refund.is_under_way()) {
        return ask::skip(draft, "another part of it is under way");
    }
    let held = all.iter().any(|refund| refund.is_held());
    flow::advance(draft, token, if held { BY_HAND } else { REFUNDED })
}
