//! 予約調整: offers slots by today's calendar. What the customer chooses is held at once, by `answer-ask`. Too few open
//! slots: the coach is asked for more. A node with `moves: true` offers other times for the booking that its token is about,
//! with the same coach first: what is chosen moves it, and until then it stands.

use std::collections::BTreeSet;

use banto_aws::ledger::Loaded;
use banto_aws::{Env, Function, Prepared};
use banto_domain::playbook::{Node, Playbook};
use banto_domain::rules::ask::{self, Opening};
use banto_domain::rules::flow::{self, Here};
use banto_domain::rules::{booking, request};
use banto_domain::state::{Booking, NUDGE, Slot};
use banto_domain::steps::{EXPIRED, OFFER_SLOTS};
use banto_domain::{Case, Draft, Entry, Id, Pending, Rejection, What};
use jiff::Timestamp;

/// The outcome: a slot was chosen and is held.
const CHOSEN: &str = "chosen";
/// The outcome: there is too little to offer.
const NO_SLOTS: &str = "no-slots";

/// Takes up `node.entered`, and `ask.answered` and `timer.fired` of its asks.
#[must_use]
pub fn function() -> Function {
    Function::prepared(OFFER_SLOTS, open, decide)
}

/// What is open.
#[derive(Debug, Clone)]
pub struct Open {
    /// What is offered of it.
    pub offered: Vec<Slot>,
    /// Whether there is enough to offer anything.
    pub enough: bool,
    /// The names of all that is open.
    pub left: BTreeSet<String>,
}

fn open<'a>(env: &'a Env, loaded: &'a Loaded, step: &'a Pending) -> Prepared<'a, Option<Open>> {
    let case = &loaded.case;
    Box::pin(async move {
        let today = env.today(&case.key).await?;
        let pinned = env.playbooks.get(&case.key.client, case.playbook_version).await?;
        let moved = moved(case, &pinned, step);
        let menu = node_of(case, &pinned, step).and_then(|node| match &node.menu_from {
            _ if node.moves => moved.map(|(_, booking)| booking.menu.as_str()),
            Some(fact) => case.plain(fact),
            None => node.menu.as_deref(),
        });
        let Some((menu, calendar)) = menu.zip(today.calendar.as_ref()) else { return Ok(None) };
        let open = env.open_slots(&case.key, menu).await?;
        let group = today.menus.get(menu).is_some_and(|m| m.group);
        let least = if group { 1 } else { calendar.at_least.max(1) };
        let left = open.iter().map(Slot::name).collect();
        let coach = moved.map(|(_, booking)| booking.seat.coach.as_str());
        let same: Vec<Slot> = open.iter().filter(|slot| coach == Some(slot.coach.as_str())).cloned().collect();
        let from = if same.len() >= least { &same } else { &open };
        Ok(Some(Open { offered: calendar.choose(from, &case.opened), enough: open.len() >= least, left }))
    })
}

/// The confirmed booking that the token of a step is about, where its node moves it.
fn moved<'a>(case: &'a Case, playbook: &Playbook, step: &Pending) -> Option<(&'a Id, &'a Booking)> {
    let token = case.tokens.get(&step.token)?;
    playbook.node(&token.flow, &token.node).filter(|node| node.moves)?;
    case.booking_in(&token.tracks).filter(|(_, b)| b.is_confirmed())
}

/// The node whose slots this step is about, when it needs to know what is open: at first, and when it reminds.
fn node_of<'a>(case: &'a Case, playbook: &'a Playbook, step: &Pending) -> Option<&'a Node> {
    match &step.what {
        What::Entered { node } => playbook.node(&case.tokens.get(&step.token)?.flow, node),
        What::Fired { about: Some(ask), .. } => {
            let ask = case.ask(ask)?;
            playbook.node(case.flow_of(ask.flow.as_ref()), &ask.node)
        }
        _ => None,
    }
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending, open: &Option<Open>) -> Result<(), Rejection> {
    if let What::Fired { timer, about: Some(ask) } = &step.what
        && let Some((open, here)) = open.as_ref().zip(flow::current(draft, step)?)
        && let Some(until) = stale(draft, ask, timer, open)
    {
        draft.push(Entry::AskWithdrawn { ask: ask.clone() })?;
        return offer(draft, &here, Some(open), Some(until));
    }
    let entered = |draft: &mut Draft<'_>, here: &Here<'_>| offer(draft, here, open.as_ref(), None);
    flow::take_up(draft, step, entered, |draft, here, answer| {
        // Anything but an answer of the question's own is a slot.
        let own = here.is_some_and(|here| here.node.next.contains_key(answer));
        flow::go_by_answer(draft, here, if own { answer } else { CHOSEN })
    })
}

/// When an offer ends of which nothing is left when the customer would be reminded of it: it is made anew, with no more
/// time than there was.
fn stale(draft: &Draft<'_>, ask: &Id, timer: &str, open: &Open) -> Option<Timestamp> {
    let offered = draft.case().ok()?.ask(ask).filter(|_| timer == NUDGE)?;
    let gone = !offered.answers.iter().any(|answer| open.left.contains(answer));
    gone.then_some(offered.deadline)
}

fn offer(
    draft: &mut Draft<'_>,
    here: &Here<'_>,
    open: Option<&Open>,
    until: Option<Timestamp>,
) -> Result<(), Rejection> {
    let (mut until, mut menu) = (until, None);
    if here.node.moves {
        let booked = draft.case()?.booking_in(&here.tracks).filter(|(_, b)| b.is_confirmed());
        let Some((begins, of)) = booked.map(|(_, b)| (b.seat.begins(), b.menu.clone())) else {
            return flow::advance(draft, &here.token, EXPIRED);
        };
        // What the coach can't hold is made up for, whatever the hour. Else it is moved while it is still ahead, or not at all.
        if !request::is_of_practice(draft.playbook, draft.case()?, &here.tracks) {
            if begins <= draft.now {
                return flow::advance(draft, &here.token, EXPIRED);
            }
            until = Some(until.map_or(begins, |until| until.min(begins)));
        }
        menu = Some(of);
    } else {
        booking::release_held(draft, "other-date")?;
    }
    let Some(open) = open.filter(|open| open.enough) else { return flow::advance(draft, &here.token, NO_SLOTS) };
    let question = here.needs(draft, "question of the node", here.node.question.as_ref())?;
    let menu = Some(menu.map_or_else(|| flow::menu(draft, here), Ok)?);
    let slots = open.offered.iter().map(Slot::name).collect();
    let opening = Opening { question, owner: OFFER_SLOTS, here: Some(here), slots, menu, until, ..Opening::default() };
    ask::open(draft, opening).map(|_| ())
}
