//! キャンセル: a confirmed booking is called off, in the case and in the coach's day, both or neither. The slot is free again
//! at once, reminders die, and the mail that says so takes the session out of the customer's calendar.

use std::collections::BTreeMap;

use banto_aws::ledger::Loaded;
use banto_aws::{Env, Function, Prepared};
use banto_domain::rules::flow::{self, Here};
use banto_domain::rules::message::{self, Intent};
use banto_domain::rules::{ask, booking};
use banto_domain::state::{Day, Party};
use banto_domain::steps::CANCEL_BOOKING;
use banto_domain::{Draft, Pending, Rejection};
use jiff::civil::Date;

/// The outcome: it was called off.
const CANCELLED: &str = "cancelled";
/// The outcome: there was none any more.
const GONE: &str = "gone";

/// The coach's days around the session, as they stand.
pub type Days = BTreeMap<Date, Day>;

/// Takes up `node.entered`.
#[must_use]
pub fn function() -> Function {
    Function::prepared(CANCEL_BOOKING, days, decide)
}

fn days<'a>(env: &'a Env, loaded: &'a Loaded, step: &'a Pending) -> Prepared<'a, Days> {
    let case = &loaded.case;
    Box::pin(async move {
        let playbook = env.playbooks.get(&case.key.client, case.playbook_version).await?;
        match booking::to_call_off(&playbook, case, &step.token, env.clock.now()) {
            Some((_, booking)) => env.days_around(&case.key, &booking.seat.slot()).await,
            None => Ok(Days::new()),
        }
    })
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending, around: &Days) -> Result<(), Rejection> {
    let cancel = |draft: &mut Draft<'_>, here: &Here<'_>| cancel(draft, here, around);
    flow::take_up(draft, step, cancel, |draft, _, _| ask::skip(draft, "it asks nothing"))
}

fn cancel(draft: &mut Draft<'_>, here: &Here<'_>, around: &Days) -> Result<(), Rejection> {
    let confirmed = booking::to_call_off(draft.playbook, draft.case()?, &here.token, draft.now);
    let Some(id) = confirmed.map(|(id, _)| id.clone()) else { return flow::advance(draft, &here.token, GONE) };
    booking::cancel(draft, &id, &here.token, here.node.counts, around)?;
    let template = here.needs(draft, "template of the node", here.node.template.as_ref())?;
    let tracks = draft.case()?.carried(&here.token).to_vec();
    message::intend(draft, &Intent { tracks, ..Intent::of_node(here, template) }, vec![Party::Customer])?;
    flow::advance(draft, &here.token, CANCELLED)
}
