//! Requests: what somebody wants outside the flow. Raising one starts the side flow that the playbook has for its kind;
//! a kind without one goes to a person.

use super::{Draft, Rejection, ask};
use crate::Id;
use crate::playbook::FactKind;
use crate::state::Entry;

/// Raises a request about some tracks, and about an amount if one of these facts is one.
///
/// # Errors
/// When the playbook lacks something.
pub fn raise<'a>(
    draft: &mut Draft<'_>,
    kind: &str,
    tracks: Vec<Id>,
    facts: impl IntoIterator<Item = &'a String>,
) -> Result<(), Rejection> {
    let is_money = |fact: &&String| draft.playbook.facts.get(*fact).is_some_and(|f| f.kind == FactKind::Money);
    let case = draft.case()?;
    let amount = facts.into_iter().filter(is_money).find_map(|fact| case.plain(fact)?.parse().ok());
    let request = draft.new_id("request", &draft.index());
    let (raised, kind) = (request.clone(), kind.to_owned());
    draft.push(Entry::RequestRaised { request: raised, kind: kind.clone(), tracks, amount })?;
    let starts = format!("request:{kind}");
    let mut starts = draft.playbook.flows.values().flat_map(|f| &f.starts).filter(|s| s.on.as_deref() == Some(&starts));
    if starts.next().is_some() { Ok(()) } else { ask::attend(draft, &request, &format!("request:{kind}")) }
}
