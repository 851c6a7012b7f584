//! The routing slip: entering a node names the function that does it; an outcome leads to the next node or out.

use crate::playbook::Target;
use crate::{Draft, Entry, Id, Pending, Rejection};

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
    let moot: Vec<Id> =
        case.asks().filter(|(_, a)| a.node == node && a.about.is_none()).map(|(id, _)| id.clone()).collect();
    let playbook = draft.playbook;
    let target = playbook.target(&flow, &node, outcome).ok_or_else(|| draft.lacks("outcome", outcome))?;
    for ask in moot {
        draft.push(Entry::AskWithdrawn { ask })?;
    }
    draft.push(Entry::NodeLeft { node, outcome: outcome.to_owned() })?;
    match target {
        Target::Node(next) => enter(draft, next),
        Target::End(outcome) => draft.push(Entry::CaseClosed { outcome: outcome.to_owned() }),
    }
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
