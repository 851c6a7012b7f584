//! 当日: waits for the session and asks the coach afterwards how it went (trial: 成約/見送り). The answer is recorded with
//! the coach's choice; here it only leads on.

use banto_aws::Function;
use banto_domain::rules::ask::{self, Opening};
use banto_domain::rules::flow::{self, Here};
use banto_domain::state::SESSION_END;
use banto_domain::steps::RUN_SESSION;
use banto_domain::{Draft, Pending, Rejection, What};

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
        What::Fired { timer, about: Some(booking) } if timer == SESSION_END => {
            match flow::waiting(draft, RUN_SESSION, booking)? {
                Some(token) => wait_or_ask(draft, &flow::place(draft, &token)?),
                None => ask::skip(draft, "no flow stands at this session"),
            }
        }
        _ => flow::take_up(draft, step, wait_or_ask, flow::go_by_answer),
    }
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
