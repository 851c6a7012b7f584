//! 当日: waits for the session and asks the coach afterwards how it went (trial: 成約/見送り). The answer is recorded with
//! the coach's choice; here it only leads on.

use banto_aws::Function;
use banto_domain::rules::ask::{self, Opening};
use banto_domain::rules::flow::{self, Here};
use banto_domain::state::SESSION_END;
use banto_domain::steps::RUN_SESSION;
use banto_domain::{Draft, Id, Pending, Rejection, TokenId, What};

/// Takes up `node.entered`, the end of a session, and `ask.answered` and `timer.fired` of its asks.
#[must_use]
pub fn function() -> Function {
    Function::step(RUN_SESSION, decide)
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    match &step.what {
        What::Fired { timer, about: Some(booking) } if timer == SESSION_END => match waiting(draft, booking)? {
            Some(token) => wait_or_ask(draft, &flow::place(draft, &token)?),
            None => ask::skip(draft, "no flow stands at this session"),
        },
        _ => flow::take_up(draft, step, wait_or_ask, flow::go_by_answer),
    }
}

/// The token that stands at a node of this function, about this booking.
fn waiting(draft: &Draft<'_>, booking: &Id) -> Result<Option<TokenId>, Rejection> {
    let is_mine = |flow: &str, node: &str| draft.playbook.node(flow, node).is_some_and(|n| n.action == RUN_SESSION);
    let mut tokens = draft.case()?.tokens.iter();
    let waits = tokens.find(|(_, t)| t.tracks.contains(booking) && is_mine(&t.flow, &t.node));
    Ok(waits.map(|(token, _)| token.clone()))
}

fn wait_or_ask(draft: &mut Draft<'_>, here: &Here<'_>) -> Result<(), Rejection> {
    let case = draft.case()?;
    let booked = case.booking_in(&here.tracks).filter(|(_, b)| b.is_confirmed());
    let (_, booking) = booked.ok_or(Rejection::Misplaced("a session without a booking"))?;
    if draft.now < booking.seat.ends() {
        return ask::skip(draft, "the session is still ahead");
    }
    if case.asks().any(|(_, a)| a.owner == RUN_SESSION && a.node == here.name && a.token == here.token) {
        return ask::skip(draft, "the coach was asked already");
    }
    let question = here.needs(draft, "question of the node", here.node.question.as_ref())?;
    ask::open(draft, Opening { question, owner: RUN_SESSION, here: Some(here), ..Opening::default() }).map(|_| ())
}
