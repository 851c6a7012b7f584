//! Staff can always be reached (promise 15): what can't reach one of the practice's people reaches the next, and a task says
//! who gets no mails. It silences nobody, and ends when there is nobody left to pass it on to.

use std::collections::BTreeSet;

use super::people::addressees;
use super::{Draft, Rejection, approval, ask};
use crate::Id;
use crate::playbook::{COACHES, OPERATORS, To, URGENT};
use crate::state::{Ask, Entry, NUDGE, Party};

/// Why a person looks: mails to one of the practice's people come back. The short name stands behind it.
const UNREACHABLE: &str = "unreachable:";

/// A mail to one of the practice's people came back: a question that reached nobody else goes to the next, and somebody
/// else learns of it. `about` is the ask that it was about.
///
/// # Errors
/// When the playbook lacks something.
pub fn pass_on(draft: &mut Draft<'_>, person: &str, about: Option<&Id>) -> Result<(), Rejection> {
    let reason = format!("{UNREACHABLE}{person}");
    if let Some((id, asked)) = about.and_then(|id| Some((id, draft.case().ok()?.ask(id)?.clone()))) {
        let away = away(draft, Some(&reason));
        let reached_others = asked.people.iter().any(|id| !away.contains(id));
        // Of a task about the same nothing more is made.
        if !reached_others && asked.reason.as_ref() != Some(&reason) {
            put_to_the_next(draft, id, &asked, &reason)?;
        }
    }
    ask::attend(draft, &Id::derive(&["unreachable", person]), &reason)
}

/// Those of a task's or question's readers who get mails; whoever is left when none of them does. `reason` is the task's.
/// In an emergency nobody is left out: the others are asked as well, and an address that failed once may work by now.
pub(super) fn reachable(
    draft: &Draft<'_>,
    question: &str,
    to: &To,
    parties: Vec<Party>,
    reason: Option<&String>,
) -> Result<Vec<Party>, Rejection> {
    let away = away(draft, reason);
    if away.is_empty() || to.is_outside() {
        return Ok(parties);
    }
    let reached = reached(draft, &away, &parties)?;
    if question != URGENT {
        return Ok(reached);
    }
    let more: Vec<Party> = reached.into_iter().filter(|party| !parties.contains(party)).collect();
    Ok(parties.into_iter().chain(more).collect())
}

/// Who of them isn't away; if nobody, then whoever is left; if nobody at all, they themselves.
fn reached(draft: &Draft<'_>, away: &BTreeSet<String>, parties: &[Party]) -> Result<Vec<Party>, Rejection> {
    let of = |parties: &[Party]| -> Vec<Party> {
        parties.iter().filter(|p| p.person().is_none_or(|id| !away.contains(id))).cloned().collect()
    };
    let first = of(parties);
    if !first.is_empty() {
        return Ok(first);
    }
    for group in [OPERATORS, COACHES] {
        let next = of(&addressees(draft, &To::Group(group.to_owned()), &[])?);
        if !next.is_empty() {
            return Ok(next);
        }
    }
    let anybody: Vec<Party> = draft.today.people.all().map(|p| Party::Person(p.id.clone())).collect();
    let anybody = of(&anybody);
    Ok(if anybody.is_empty() { parties.to_vec() } else { anybody })
}

/// Who gets no mails about this case, as far as open tasks say.
fn away(draft: &Draft<'_>, reason: Option<&String>) -> BTreeSet<String> {
    let tasks = draft.case().into_iter().flat_map(|case| case.asks()).filter_map(|(_, a)| a.reason.as_ref());
    tasks.chain(reason).filter_map(|reason| reason.strip_prefix(UNREACHABLE)).map(str::to_owned).collect()
}

/// The same question, put to somebody else. Its links die with the old one.
fn put_to_the_next(draft: &mut Draft<'_>, id: &Id, asked: &Ask, reason: &String) -> Result<(), Rejection> {
    let asked_before = asked.people.iter().cloned().map(Party::Person).collect::<Vec<_>>();
    let next = reachable(draft, &asked.question, &asked.to, asked_before.clone(), Some(reason))?;
    let next = match &asked.seeks {
        Some(seeks) => approval::may_agree(draft.today, seeks, next).unwrap_or_else(|| asked_before.clone()),
        None => next,
    };
    if next == asked_before {
        return Ok(());
    }
    let case = draft.case()?;
    let of_ask = case.timers.values().filter(|t| t.name == NUDGE && t.about.as_ref() == Some(id));
    let nudges = of_ask.map(|t| t.at).filter(|at| *at > draft.now).collect();
    let (new, asked) = (draft.new_id("ask", &draft.index()), asked.clone());
    draft.push(Entry::AskWithdrawn { ask: id.clone() })?;
    draft.push(Entry::AskOpened {
        ask: new.clone(),
        question: asked.question.clone(),
        kind: asked.kind,
        to: asked.to,
        people: next.iter().filter_map(Party::person).map(str::to_owned).collect(),
        owner: asked.owner,
        flow: asked.flow,
        node: asked.node,
        token: asked.token,
        fields: asked.fields,
        answers: asked.answers,
        deadline: asked.deadline,
        nudges,
        about: asked.about,
        reason: asked.reason,
        tracks: asked.tracks,
        beside: asked.beside,
        menu: asked.menu,
        seeks: asked.seeks,
        code: asked.code,
    })?;
    let question = draft.playbook.questions.get(&asked.question);
    let template = &question.ok_or_else(|| draft.lacks("question", &asked.question))?.template;
    // What came back isn't sent there again at once.
    ask::mail(draft, &new, template, next.into_iter().filter(|party| !asked_before.contains(party)).collect())
}
