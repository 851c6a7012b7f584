//! What surely is there when the token comes to a node, whichever way it came: facts, a booking, an invoice, sessions
//! that were paid for.

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::playbook::{About, AskKind, Flow, Form, Means, Node, Question, Target};
use banto_domain::steps::{self, Leaves};

use super::flow::{is_whole, targets};
use crate::folder::Parts;

/// Something that surely is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Known<'a> {
    /// A fact.
    Fact(&'a str),
    /// A slot that was chosen, until the session was held or missed.
    Booking,
    /// It is only held.
    Hold,
    /// It is confirmed.
    Confirmed,
    /// An invoice, paid or not.
    Invoice,
    /// Sessions that were paid for.
    Package,
    /// Money that went back.
    Refund,
    /// Somebody looks after the case.
    Owner,
}

/// All that surely is there.
pub(super) type State<'a> = BTreeSet<Known<'a>>;

/// Whatever there may be, beside facts.
pub(super) fn everything<'a>() -> State<'a> {
    State::from([
        Known::Booking,
        Known::Hold,
        Known::Confirmed,
        Known::Invoice,
        Known::Package,
        Known::Refund,
        Known::Owner,
    ])
}

/// By node: what is there when the token enters it. A node that is never reached isn't among them, and none is in a flow
/// that isn't whole: what would be said of it only follows from what is wrong already.
pub(super) fn at_nodes<'a>(parts: &'a Parts, name: &str, flow: &'a Flow) -> BTreeMap<&'a str, State<'a>> {
    if !is_whole(parts, flow) {
        return BTreeMap::new();
    }
    let mut known = entries(parts, name, flow);
    let mut todo: Vec<&str> = known.keys().copied().collect();
    while let Some(here) = todo.pop() {
        let Some(node) = flow.nodes.get(here) else { continue };
        let before = known.get(here).cloned().unwrap_or_default();
        for (outcome, to) in &node.next {
            let after = after(parts, node, outcome, &before);
            for target in targets(parts.main.as_ref(), to) {
                let Target::Node(next) = target else { continue };
                let both = known.get(next).map_or_else(|| after.clone(), |others| others & &after);
                if known.get(next) != Some(&both) {
                    known.insert(next, both);
                    todo.push(next);
                }
            }
        }
    }
    known
}

/// Where a flow is begun: on its first node, or where a form or an import says; and what all those say there.
fn entries<'a>(parts: &'a Parts, name: &str, flow: &'a Flow) -> BTreeMap<&'a str, State<'a>> {
    let mut known: BTreeMap<&str, State<'_>> = BTreeMap::new();
    for form in parts.main.iter().flat_map(|main| main.forms.values()).filter(|form| form.flow == name) {
        let first = form.start.as_ref().unwrap_or(&flow.start);
        let said = said(form);
        let both = known.get(first.as_str()).map_or_else(|| said.clone(), |others| others & &said);
        known.insert(first, both);
    }
    if known.is_empty() {
        let said = closed(parts, name).unwrap_or_else(|| about(parts, flow));
        known.insert(&flow.start, said);
    }
    for (node, said) in imported(parts, name) {
        let both = known.get(node).map_or_else(|| said.clone(), |others| others & &said);
        known.insert(node, both);
    }
    known
}

/// What a coach says who closes days, where that begins the flow.
fn closed<'a>(parts: &'a Parts, name: &str) -> Option<State<'a>> {
    let requests = parts.main.iter().flat_map(|main| main.requests.values());
    let begins = requests.filter(|wanted| wanted.closes.as_ref().is_some_and(|closes| closes.flow == name));
    let said = begins.map(|wanted| asked(parts, &wanted.asks).chain([Known::Owner]).collect::<State<'_>>());
    said.reduce(|a, b| &a & &b)
}

/// What a side flow is about, whatever sets it off: the invoice, or the booking.
fn about<'a>(parts: &Parts, flow: &Flow) -> State<'a> {
    let requests = parts.main.as_ref().map(|main| &main.requests);
    let booked = || State::from([Known::Booking, Known::Confirmed]);
    let of = |on: &str| match (on, on.strip_prefix("request:")) {
        ("invoice.issued" | "invoice.extended" | "invoice.settled" | "payment.failed", _) => {
            State::from([Known::Invoice])
        }
        ("booking.confirmed", _) => booked(),
        ("package.started", _) => State::from([Known::Package]),
        (_, Some(kind)) => match requests.and_then(|r| r.get(kind)).map(|wanted| wanted.about) {
            Some(About::Booking) => booked(),
            Some(About::Unpaid) => State::from([Known::Invoice]),
            Some(About::Invoice) => State::from([Known::Invoice, Known::Package]),
            _ => State::new(),
        },
        _ => State::new(),
    };
    let all = flow.starts.iter().map(|start| start.on.as_deref().map_or_else(State::new, of));
    all.reduce(|a, b| &a & &b).unwrap_or_default()
}

/// Where an import begins cases of a flow, and what it says there.
fn imported<'a>(parts: &'a Parts, flow: &str) -> Vec<(&'a str, State<'a>)> {
    let import = parts.main.as_ref().and_then(|main| main.import.as_ref()).filter(|import| import.flow == flow);
    let begun = import.into_iter().flat_map(|import| {
        let facts = ["name", "email", import.menu_from.as_str()].map(Known::Fact);
        import.begins.named().into_iter().map(move |(when, node)| {
            let there: &[Known<'_>] = match when {
                "booked" => &[Known::Booking, Known::Confirmed],
                "left" => &[Known::Package],
                _ => &[Known::Invoice],
            };
            (node, facts.iter().chain(there).copied().collect())
        })
    });
    begun.collect()
}

/// What all forms that begin a flow say; `None` when none begins it.
pub(super) fn at_start<'a>(parts: &'a Parts, flow: &str) -> Option<State<'a>> {
    let forms = parts.main.iter().flat_map(|main| main.forms.values()).filter(|form| form.flow == flow);
    forms.map(said).reduce(|a, b| &a & &b)
}

fn said(form: &Form) -> State<'_> {
    form.required.iter().chain(form.sets.keys()).map(|fact| Known::Fact(fact)).collect()
}

/// What is there when the mails of a node leave.
pub(super) fn within<'a>(parts: &'a Parts, node: &'a Node, before: &State<'a>) -> State<'a> {
    let mut state = before.clone();
    let Some(step) = steps::contract(&node.action).filter(|_| !node.moves) else { return state };
    leave(parts, node, step.within, &mut state);
    // It goes on at once: when the mail leaves, the case may have ended.
    if step.name == steps::NOTIFY {
        let mut to = node.next.values().flat_map(|to| targets(parts.main.as_ref(), to));
        if to.any(|to| matches!(to, Target::End(_))) {
            close(&mut state);
        }
    }
    state
}

/// What is there once an outcome has come.
pub(super) fn after<'a>(parts: &'a Parts, node: &'a Node, outcome: &str, before: &State<'a>) -> State<'a> {
    let mut state = before.clone();
    // What is moved stands until it is, and then stands elsewhere.
    let Some(step) = steps::contract(&node.action).filter(|_| !node.moves) else { return state };
    match step.outcome(outcome) {
        Some(came) => leave(parts, node, came.leaves, &mut state),
        // Only the question's own answers are left: whoever doesn't choose a slot gives up what was held.
        None if step.asks.contains(&AskKind::Slot) => release(&mut state),
        None => answered(parts, node, outcome, &mut state),
    }
    state
}

/// Whether what a step needs is there; a slot that is taken for good may have been confirmed already.
pub(super) fn is_left(left: Leaves, state: &State<'_>) -> bool {
    let wanted = match left {
        Leaves::Hold => Known::Booking,
        Leaves::Confirmed => Known::Confirmed,
        Leaves::Invoice => Known::Invoice,
        Leaves::Package => Known::Package,
        Leaves::Refund => Known::Refund,
        Leaves::Owner => Known::Owner,
        Leaves::NoBooking => return !state.contains(&Known::Booking),
        Leaves::Facts => return true,
    };
    state.contains(&wanted)
}

/// What a step leaves behind, as its contract says.
fn leave<'a>(parts: &'a Parts, node: &'a Node, leaves: &[Leaves], state: &mut State<'a>) {
    for left in leaves {
        match left {
            Leaves::Hold => state.extend([Known::Booking, Known::Hold]),
            Leaves::Confirmed => confirm(state),
            Leaves::NoBooking => release(state),
            Leaves::Invoice => state.extend([Known::Invoice]),
            Leaves::Package => state.extend([Known::Package]),
            Leaves::Refund => state.extend([Known::Refund]),
            Leaves::Owner => state.extend([Known::Owner]),
            Leaves::Facts => state.extend(asked(parts, &node.facts)),
        }
    }
}

/// What follows from an answer by itself.
fn answered<'a>(parts: &'a Parts, node: &'a Node, outcome: &str, state: &mut State<'a>) {
    let question = question_of(parts, node);
    let answer = question.and_then(|q| q.answers.iter().find(|a| a.name == outcome));
    let Some((question, answer)) = question.zip(answer) else { return };
    state.extend(asked(parts, &answer.asks));
    if question.kind == AskKind::Fields {
        state.extend(asked(parts, if node.facts.is_empty() { &question.fields } else { &node.facts }));
    }
    match answer.means {
        Some(means) if means.ends_session() => release(state),
        Some(Means::Paid) if state.contains(&Known::Invoice) => state.extend([Known::Package]),
        Some(Means::Refunded) => state.extend([Known::Refund]),
        Some(Means::Claim) => state.extend([Known::Owner]),
        _ => {}
    }
}

/// The question of a node, when it can be read.
pub(super) fn question_of<'a>(parts: &'a Parts, node: &Node) -> Option<&'a Question> {
    parts.questions.as_ref()?.get(node.question.as_ref()?)
}

/// Facts that an answer must give: what may stay empty may be unknown.
pub(super) fn asked<'a>(parts: &'a Parts, facts: &'a [String]) -> impl Iterator<Item = Known<'a>> {
    let optional = |fact: &String| parts.main.as_ref().and_then(|m| m.facts.get(fact)).is_some_and(|f| f.optional);
    facts.iter().filter(move |fact| !optional(fact)).map(|fact| Known::Fact(fact))
}

fn confirm(state: &mut State<'_>) {
    state.remove(&Known::Hold);
    state.extend([Known::Booking, Known::Confirmed]);
}

fn release(state: &mut State<'_>) {
    state.retain(|known| !matches!(known, Known::Booking | Known::Hold | Known::Confirmed));
}

/// The end of a case gives up what is only held, and withdraws what wasn't paid.
fn close(state: &mut State<'_>) {
    if !state.contains(&Known::Confirmed) {
        release(state);
    }
    if !state.contains(&Known::Package) {
        state.remove(&Known::Invoice);
    }
}
