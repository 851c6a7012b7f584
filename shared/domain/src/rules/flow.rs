//! The routing slip: entering a node names the function that does it; an outcome leads to the next node, out of the flow,
//! or out of the case.

use std::collections::BTreeMap;

use super::{Draft, Rejection, ask, billing, booking, policy, side};
use crate::playbook::{Node, Playbook, Target};
use crate::state::{Case, DUE, Entry, MAX_VISITS, Pending, SESSION_END, Token, TokenId, WAIT_END, What, visited};
use crate::{Id, steps};

/// Where a step stands: a token at a node, still in the visit that the step was asked for in.
#[derive(Debug, Clone)]
pub struct Here<'a> {
    /// The token.
    pub token: TokenId,
    /// Its flow.
    pub flow: String,
    /// The node's name.
    pub name: String,
    /// The node.
    pub node: &'a Node,
    /// The tracks that the token is about.
    pub tracks: Vec<Id>,
}

impl Here<'_> {
    /// The flow as asks and messages note it: not at all, when it is the case's own.
    #[must_use]
    pub fn noted_flow(&self) -> Option<String> {
        (!self.token.is_main()).then(|| self.flow.clone())
    }

    /// What the node must be given.
    ///
    /// # Errors
    /// When it wasn't.
    pub fn needs<'b>(
        &self,
        draft: &Draft<'_>,
        what: &'static str,
        given: Option<&'b String>,
    ) -> Result<&'b str, Rejection> {
        given.map(String::as_str).ok_or_else(|| draft.lacks(what, &self.name))
    }
}

/// The place of a token.
///
/// # Errors
/// When it stands nowhere, or its flow has no such node.
pub fn place<'a>(draft: &Draft<'a>, token: &TokenId) -> Result<Here<'a>, Rejection> {
    let stands = draft.case()?.tokens.get(token).ok_or(Rejection::Misplaced("no token"))?;
    let Token { flow, node: name, tracks, .. } = stands.clone();
    let node = draft.playbook.node(&flow, &name).ok_or_else(|| draft.lacks("node", &name))?;
    Ok(Here { token: token.clone(), flow, name, node, tracks })
}

/// Where a step stands, when its token is still in the visit that it was asked for in. A step that comes late for a node
/// that was left draws no consequences.
///
/// # Errors
/// As [`place`].
pub fn current<'a>(draft: &Draft<'a>, step: &Pending) -> Result<Option<Here<'a>>, Rejection> {
    let token = draft.case()?.tokens.get(&step.token);
    match token.filter(|t| Some(&t.entered) == step.visit.as_ref()) {
        Some(_) => place(draft, &step.token).map(Some),
        None => Ok(None),
    }
}

/// Puts a token on a node of its flow. One that comes to the same node too often on one day stands still, and a person
/// looks.
///
/// # Errors
/// When the flow has no such node.
pub fn enter(draft: &mut Draft<'_>, token: &TokenId, node: &str) -> Result<(), Rejection> {
    let case = draft.case()?;
    let flow = case.tokens.get(token).map_or(&case.flow, |t| &t.flow);
    let action = draft.playbook.node(flow, node).map(|n| n.action.clone());
    let action = action.ok_or_else(|| draft.lacks("node", node))?;
    let visits = case.counters.visits.get(&visited(&case.flow, flow, node)).copied().unwrap_or_default();
    let entered = Entry::NodeEntered { node: node.to_owned(), action, token: token.clone() };
    draft.push(entered)?;
    if visits.on_day_of(draft.now) < MAX_VISITS {
        return Ok(());
    }
    draft.push(Entry::TokenParked { token: token.clone(), reason: "visits".to_owned() })?;
    let visit = draft.case()?.tokens.get(token).map(|t| t.entered.clone());
    let Some(visit) = visit else { return Ok(()) };
    draft.push(Entry::StepParked { cause: visit.clone(), action: draft.case()?.pending[&visit].action.clone() })?;
    ask::attend(draft, &visit, "too-often")
}

/// Puts the main token on the first node of its flow, or where its form begins.
///
/// # Errors
/// When the playbook has no such flow.
pub fn start(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let case = draft.case()?;
    let flow = draft.playbook.flows.get(&case.flow).ok_or_else(|| draft.lacks("flow", &case.flow))?;
    let form = draft.playbook.forms.get(&case.form).filter(|f| f.flow == case.flow);
    let first = form.and_then(|f| f.start.clone()).unwrap_or_else(|| flow.start.clone());
    enter(draft, &TokenId::default(), &first)
}

/// Leaves the node on which a token stands, by an outcome. Questions of that node are moot.
///
/// # Errors
/// When the token stands nowhere, or the outcome leads nowhere.
pub fn advance(draft: &mut Draft<'_>, token: &TokenId, outcome: &str) -> Result<(), Rejection> {
    let here = place(draft, token)?;
    let target = here.node.next.get(outcome).ok_or_else(|| draft.lacks("outcome", outcome))?;
    ask::withdraw(draft, |ask| ask.token == *token && ask.node == here.name && !ask.is_task() && !ask.beside)?;
    draft.push(Entry::NodeLeft { node: here.name, outcome: outcome.to_owned(), token: token.clone() })?;
    match Target::of(target) {
        Target::Policy(name) => {
            let decided = policy::decide(draft, token, name)?;
            go(draft, token, Target::of(&decided))
        }
        target => go(draft, token, target),
    }
}

fn go(draft: &mut Draft<'_>, token: &TokenId, target: Target<'_>) -> Result<(), Rejection> {
    match target {
        Target::Node(next) => enter(draft, token, next),
        Target::End(outcome) => close(draft, outcome),
        Target::Leave(outcome) => side::end(draft, token, outcome),
        Target::Main(node) => {
            side::end(draft, token, node)?;
            move_main(draft, node)
        }
        Target::Policy(name) => Err(draft.lacks("node", name)),
    }
}

/// A side flow moves the main token, from wherever it stands.
fn move_main(draft: &mut Draft<'_>, node: &str) -> Result<(), Rejection> {
    let main = TokenId::default();
    let stands = draft.case()?.main().map(|t| (t.node.clone(), t.entered.clone()));
    let Some((left, visit)) = stands else { return Ok(()) };
    ask::withdraw(draft, |ask| ask.token == main && ask.node == left && !ask.is_task() && !ask.beside)?;
    draft.push(Entry::NodeLeft { node: left, outcome: format!("main:{node}"), token: main.clone() })?;
    // What was to be done there is not to be done any more.
    let moot = |(_, step): &(&Id, &Pending)| step.visit.as_ref() == Some(&visit);
    let moot: Vec<Id> = draft.case()?.pending.iter().filter(moot).map(|(cause, _)| cause.clone()).collect();
    for cause in moot {
        draft.push(Entry::StepSkipped { reason: "a side flow led elsewhere".to_owned(), cause: Some(cause) })?;
    }
    enter(draft, &main, node)
}

/// Ends the case: side flows end, what is only held is given up, and nothing is owed any more.
///
/// # Errors
/// As [`Draft::push`].
pub fn close(draft: &mut Draft<'_>, outcome: &str) -> Result<(), Rejection> {
    let beside: Vec<TokenId> = draft.case()?.tokens.keys().filter(|t| !t.is_main()).cloned().collect();
    beside.iter().try_for_each(|token| side::end(draft, token, "closed"))?;
    booking::release_held(draft, "closed")?;
    billing::withdraw_open(draft, "closed")?;
    draft.push(Entry::CaseClosed { outcome: outcome.to_owned() })
}

/// Something happened to a track, or came in: whatever token waits for it goes on. Says whether one did.
///
/// # Errors
/// As [`advance`].
pub fn happened(draft: &mut Draft<'_>, event: &str, track: Option<&Id>) -> Result<bool, Rejection> {
    let case = draft.case()?;
    let awaits = |(_, token): &(&TokenId, &Token)| {
        let node = draft.playbook.node(&token.flow, &token.node);
        let is_about = track.is_none_or(|track| token.tracks.contains(track));
        is_about && !token.parked && node.is_some_and(|n| n.next.contains_key(event))
    };
    let mut waiting: Vec<TokenId> = case.tokens.iter().filter(awaits).map(|(id, _)| id.clone()).collect();
    // The case goes on first, then what runs beside it.
    waiting.sort_by_key(|token| !token.is_main());
    let mut moved = false;
    for token in waiting {
        // The one before may have ended the case, or this flow.
        if draft.case()?.tokens.contains_key(&token) {
            advance(draft, &token, event)?;
            moved = true;
        }
    }
    Ok(moved)
}

/// The token that stands at a node of a function, about a track.
///
/// # Errors
/// When there is no case.
pub fn waiting(draft: &Draft<'_>, action: &str, track: &Id) -> Result<Option<TokenId>, Rejection> {
    let stands = |t: &Token| draft.playbook.node(&t.flow, &t.node).is_some_and(|n| n.action == action);
    let mut tokens = draft.case()?.tokens.iter();
    Ok(tokens.find(|(_, t)| t.tracks.contains(track) && stands(t)).map(|(token, _)| token.clone()))
}

/// Whether something that isn't a step or an answer will move the main token: a session ends, a day to pay on is over, a
/// wait is.
#[must_use]
pub(super) fn awaits_something(playbook: &Playbook, case: &Case) -> bool {
    let Some(main) = case.main() else { return false };
    let waits = playbook.node(&case.flow, &main.node).is_some_and(|n| n.action == steps::WAIT);
    let times = |name: &str| matches!(name, SESSION_END | DUE | WAIT_END);
    waits || case.timers.values().any(|t| times(&t.name))
}

/// The outcomes of a node, and where they lead.
#[must_use]
pub fn outcomes<'a>(here: &Here<'a>) -> &'a BTreeMap<String, String> {
    &here.node.next
}

/// What a node books or sells: its menu, or the one that a fact names.
///
/// # Errors
/// When it names none.
pub fn menu(draft: &Draft<'_>, here: &Here<'_>) -> Result<String, Rejection> {
    let case = draft.case()?;
    let chosen = here.node.menu_from.as_ref().and_then(|fact| draft.personal().value(&case.facts, fact));
    let menu = here.node.menu.as_deref().or(chosen).ok_or_else(|| draft.lacks("menu of the node", &here.name))?;
    Ok(menu.to_owned())
}

/// What a function of a node does when its token enters, when its question was answered, and when time passes: the same
/// for all of them, whatever they ask.
///
/// `entered` is called with the place; `answered` with the place, or none when the token has moved on, and the answer.
///
/// # Errors
/// Those of what it calls.
pub fn take_up<'a>(
    draft: &mut Draft<'a>,
    step: &Pending,
    entered: impl FnOnce(&mut Draft<'a>, &Here<'a>) -> Result<(), Rejection>,
    answered: impl FnOnce(&mut Draft<'a>, Option<&Here<'a>>, &str) -> Result<(), Rejection>,
) -> Result<(), Rejection> {
    let here = current(draft, step)?;
    match (&step.what, here) {
        (What::Entered { .. }, Some(here)) => entered(draft, &here),
        (What::Answered { answer, .. }, here) => answered(draft, here.as_ref(), answer),
        (What::Fired { timer, about: Some(about) }, _) => ask::timer_fired(draft, about, timer),
        (What::Entered { .. }, None) => ask::skip(draft, "the token has moved on"),
        _ => ask::skip(draft, "nothing for this step to do"),
    }
}

/// What most functions do with an answer: the token goes on by it, if it still stands where it was asked.
///
/// # Errors
/// As [`advance`].
pub fn go_by_answer(draft: &mut Draft<'_>, here: Option<&Here<'_>>, answer: &str) -> Result<(), Rejection> {
    match here {
        Some(here) => advance(draft, &here.token.clone(), answer),
        None => ask::skip(draft, "the token has moved on"),
    }
}
