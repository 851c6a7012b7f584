//! The routing slip: entering a node names the function that does it; an outcome leads to the next node or out.

use std::collections::BTreeMap;

use crate::playbook::Target;
use crate::{Draft, Entry, Pending, Rejection, ask, booking, policy};

/// Puts the token on a node.
///
/// # Errors
/// When the flow has no such node.
pub fn enter(draft: &mut Draft<'_>, node: &str) -> Result<(), Rejection> {
    let flow = draft.case()?.flow.clone();
    let action = draft.playbook.node(&flow, node).map(|n| n.action.clone());
    let action = action.ok_or_else(|| draft.lacks("node", node))?;
    draft.push(Entry::NodeEntered { node: node.to_owned(), action })
}

/// Puts the token on the flow's first node.
///
/// # Errors
/// When the playbook has no such flow.
pub fn start(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let flow = draft.case()?.flow.clone();
    let start = draft.playbook.flows.get(&flow).map(|f| f.start.clone());
    let start = start.ok_or_else(|| draft.lacks("flow", &flow))?;
    enter(draft, &start)
}

/// Leaves the node on which the token stands, by an outcome. Questions of that node are moot.
///
/// # Errors
/// When no token stands anywhere, or the outcome leads nowhere.
pub fn advance(draft: &mut Draft<'_>, outcome: &str) -> Result<(), Rejection> {
    let case = draft.case()?;
    let (flow, token) = (case.flow.clone(), case.token.clone());
    let node = token.ok_or(Rejection::Misplaced("no token"))?.node;
    let playbook = draft.playbook;
    let target = playbook.target(&flow, &node, outcome).ok_or_else(|| draft.lacks("outcome", outcome))?;
    ask::withdraw(draft, |ask| ask.node == node && !ask.is_task() && !ask.beside)?;
    draft.push(Entry::NodeLeft { node, outcome: outcome.to_owned() })?;
    match target {
        Target::Policy(name) => {
            let decided = policy::decide(draft, name)?;
            go(draft, Target::of(&decided))
        }
        target => go(draft, target),
    }
}

fn go(draft: &mut Draft<'_>, target: Target<'_>) -> Result<(), Rejection> {
    match target {
        Target::Node(next) => enter(draft, next),
        Target::End(outcome) => close(draft, outcome),
        Target::Policy(name) => Err(draft.lacks("node", name)),
    }
}

/// Ends the case: what is only held is given up, and nothing is owed any more.
///
/// # Errors
/// As [`Draft::push`].
pub fn close(draft: &mut Draft<'_>, outcome: &str) -> Result<(), Rejection> {
    booking::release_held(draft, "closed")?;
    if let Some((invoice, _)) = draft.case()?.invoice().filter(|(_, i)| !i.settled) {
        let invoice = invoice.clone();
        ask::withdraw_beside(draft, &invoice)?;
        draft.push(Entry::InvoiceWithdrawn { invoice, reason: "closed".to_owned() })?;
    }
    draft.push(Entry::CaseClosed { outcome: outcome.to_owned() })
}

/// Leaves the node on which the token stands by this outcome, if the node has it: something happened to a track that the
/// node waits for. Says whether it did.
///
/// # Errors
/// As [`advance`].
pub fn advance_if_awaited(draft: &mut Draft<'_>, outcome: &str) -> Result<bool, Rejection> {
    let case = draft.case()?;
    let node = case.token.as_ref().and_then(|t| draft.playbook.node(&case.flow, &t.node));
    let awaited = node.is_some_and(|n| n.next.contains_key(outcome));
    if awaited {
        advance(draft, outcome)?;
    }
    Ok(awaited)
}

/// The outcomes of a node, and where they lead.
///
/// # Errors
/// When the flow has no such node.
pub fn outcomes<'a>(draft: &Draft<'a>, node: &str) -> Result<&'a BTreeMap<String, String>, Rejection> {
    let flow = &draft.case()?.flow;
    draft.playbook.node(flow, node).map(|n| &n.next).ok_or_else(|| draft.lacks("node", node))
}

/// What a node books or sells: its menu, or the one that a fact names.
///
/// # Errors
/// When it names none.
pub fn menu(draft: &Draft<'_>, node: &str) -> Result<String, Rejection> {
    let case = draft.case()?;
    let spec = draft.playbook.node(&case.flow, node).ok_or_else(|| draft.lacks("node", node))?;
    let chosen = spec.menu_from.as_ref().and_then(|fact| draft.personal().value(&case.facts, fact));
    let menu = spec.menu.as_deref().or(chosen).ok_or_else(|| draft.lacks("menu of the node", node))?;
    Ok(menu.to_owned())
}

/// The node on which the token stands, when it is still the visit that a step was asked for in. A step that comes late
/// for a node that was left draws no consequences.
///
/// # Errors
/// When there is no case.
pub fn current(draft: &Draft<'_>, step: &Pending) -> Result<Option<String>, Rejection> {
    let token = draft.case()?.token.as_ref();
    Ok(token.filter(|t| Some(&t.entered) == step.visit.as_ref()).map(|t| t.node.clone()))
}
