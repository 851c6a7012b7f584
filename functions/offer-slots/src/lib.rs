//! 予約調整: offers slots by today's calendar. What the customer chooses is held at once, by `answer-ask`. Too few open
//! slots: the coach is asked for more.

use std::collections::BTreeSet;

use banto_aws::ledger::Loaded;
use banto_aws::{Env, Prepared, Result, take_up_prepared};
use banto_domain::ask::{self, Opening};
use banto_domain::calendar::Slot;
use banto_domain::{Case, Draft, Entry, Id, Pending, Rejection, Why, booking, flow};
use jiff::Timestamp;
use serde_json::Value;

/// This function, as asks name their owner.
const OWNER: &str = "offer-slots";
/// The outcome: a slot was chosen and is held.
const CHOSEN: &str = "chosen";
/// The outcome: there is too little to offer.
const NO_SLOTS: &str = "no-slots";

/// Takes up `node.entered`, and `ask.answered` and `timer.fired` of its asks.
///
/// # Errors
/// As [`take_up_prepared`].
pub async fn handle(env: &Env, event: Value) -> Result<Value> {
    take_up_prepared(env, &event, OWNER, open, decide).await
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
        let Some(node) = node_of(case, step) else { return Ok((None, Vec::new())) };
        let today = env.today(&case.key).await?;
        let pinned = env.playbooks.get(&case.key.client, case.playbook_version).await?;
        let menu = pinned.node(&case.flow, node).and_then(|node| match &node.menu_from {
            Some(fact) => case.plain(fact),
            None => node.menu.as_deref(),
        });
        let Some((menu, calendar)) = menu.zip(today.calendar.as_ref()) else { return Ok((None, Vec::new())) };
        let open = env.open_slots(&case.key, menu).await?;
        let group = today.menus.get(menu).is_some_and(|m| m.group);
        let enough = open.len() >= if group { 1 } else { calendar.at_least.max(1) };
        let left = open.iter().map(Slot::name).collect();
        Ok((Some(Open { offered: calendar.choose(&open, &case.opened), enough, left }), Vec::new()))
    })
}

/// The node whose slots this step is about, when it needs to know what is open: at first, and when it reminds.
fn node_of<'a>(case: &'a Case, step: &'a Pending) -> Option<&'a str> {
    match step.why {
        Why::Entered => Some(&step.what),
        Why::Fired => step.about.as_ref().and_then(|ask| case.ask(ask)).map(|ask| ask.node.as_str()),
        _ => None,
    }
}

/// Draws the consequences of one step: pure.
///
/// # Errors
/// When the playbook lacks something.
pub fn decide(draft: &mut Draft<'_>, step: &Pending, open: &Option<Open>) -> Result<(), Rejection> {
    match (step.why, &step.about) {
        (Why::Entered, _) => offer(draft, &step.what, open.as_ref(), None),
        (Why::Answered, _) => match flow::current(draft, step)? {
            // Anything but an answer of the question's own is a slot.
            Some(node) => {
                let own = flow::outcomes(draft, &node)?.contains_key(&step.what);
                flow::advance(draft, if own { &step.what } else { CHOSEN })
            }
            None => ask::skip(draft, "the token has moved on"),
        },
        (Why::Fired, Some(ask)) => match open.as_ref().and_then(|open| Some((open, stale(draft, ask, step, open)?))) {
            Some((open, (node, until))) => {
                draft.push(Entry::AskWithdrawn { ask: ask.clone() })?;
                offer(draft, &node, Some(open), Some(until))
            }
            None => ask::timer_fired(draft, ask, &step.what),
        },
        _ => ask::skip(draft, "nothing to do with slots"),
    }
}

/// The node of an offer of which nothing is left when the customer would be reminded of it: it is made anew, with no
/// more time than there was.
fn stale(draft: &Draft<'_>, ask: &Id, step: &Pending, open: &Open) -> Option<(String, Timestamp)> {
    let offered = draft.case().ok()?.ask(ask).filter(|_| step.what == "nudge")?;
    let gone = !offered.answers.iter().any(|answer| open.left.contains(answer));
    gone.then(|| (offered.node.clone(), offered.deadline))
}

fn offer(draft: &mut Draft<'_>, node: &str, open: Option<&Open>, until: Option<Timestamp>) -> Result<(), Rejection> {
    booking::release_held(draft, "other-date")?;
    let Some(open) = open.filter(|open| open.enough) else { return flow::advance(draft, NO_SLOTS) };
    let playbook = draft.playbook;
    let spec = playbook.node(&draft.case()?.flow, node).ok_or_else(|| draft.lacks("node", node))?;
    let question = spec.question.as_deref().ok_or_else(|| draft.lacks("question of the node", node))?;
    let menu = Some(flow::menu(draft, node)?);
    let slots = open.offered.iter().map(Slot::name).collect();
    ask::open(draft, Opening { question, owner: OWNER, node, slots, menu, until, ..Opening::default() }).map(|_| ())
}
