//! Side flows: what starts one, what it stops while it runs, and its end. They start by the playbook alone, in the very
//! commit of what sets them off.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::{Draft, Rejection, ask, early, flow, policy, refund};
use crate::Id;
use crate::playbook::{Every, FROM_IMPORT, Flow, IMPORTED, ON_IMPORT, Playbook, Start, Suspends, Topic, UNREADABLE};
use crate::state::{
    Actor, Case, Entry, MAX_TOKENS, Message, Pending, STARTS, Scope, State, Status, TokenId, Track, What,
};

/// Starts what the playbook starts because of an entry.
///
/// # Errors
/// When a flow lacks something.
pub(super) fn follow(draft: &mut Draft<'_>, entry: &Entry) -> Result<(), Rejection> {
    let playbook = draft.playbook;
    let case = draft.case()?;
    // What was there before Banto isn't begun anew: nothing starts because it comes in.
    let comes_in = case.seq == 0 && case.form.starts_with(FROM_IMPORT);
    if !playbook.flows.values().any(Flow::is_side) || case.status == Status::Closed || comes_in {
        return Ok(());
    }
    let Some(on) = trigger(entry) else { return Ok(()) };
    if matches!(entry, Entry::CaseOpened { .. }) {
        set_schedules(draft)?;
    }
    for (name, flow) in playbook.flows.iter().filter(|(_, f)| f.is_side()) {
        for start in flow.starts.iter().filter(|s| s.on.as_deref() == Some(on.as_str())) {
            let tracks = about(draft.case()?, entry);
            begin(draft, name, start, &on, tracks)?;
        }
    }
    Ok(())
}

/// What an entry is called under `starts:`, if anything may start by it.
fn trigger(entry: &Entry) -> Option<String> {
    match entry {
        // What starts or belongs to side flows themselves starts nothing, or flows would breed.
        Entry::TokenStarted { .. }
        | Entry::TokenEnded { .. }
        | Entry::AutomationSuspended { .. }
        | Entry::AutomationResumed { .. }
        | Entry::ScheduleSet { .. }
        | Entry::NodeEntered { .. }
        | Entry::NodeLeft { .. } => None,
        Entry::AskAnswered { question, .. } => Some(format!("answer:{question}")),
        Entry::RequestRaised { kind, .. } => Some(format!("request:{kind}")),
        Entry::FormReceived { form } => Some(format!("form:{form}")),
        other => Some(other.kind().to_owned()),
    }
}

/// The tracks that an entry is about.
fn about(case: &Case, entry: &Entry) -> Vec<Id> {
    let one = |id: &Id| case.tracks.contains_key(id).then(|| id.clone()).into_iter().collect();
    match entry {
        Entry::BookingHeld { booking, .. }
        | Entry::BookingConfirmed { booking, .. }
        | Entry::BookingMoved { booking, .. }
        | Entry::BookingCancelled { booking, .. } => one(booking),
        Entry::InvoiceIssued { invoice, .. }
        | Entry::InvoiceExtended { invoice, .. }
        | Entry::InvoiceSettled { invoice, .. }
        | Entry::PaymentRecorded { invoice, .. }
        | Entry::PaymentFailed { invoice, .. } => one(invoice),
        Entry::RequestRaised { request, tracks, .. } => tracks.iter().chain([request]).cloned().collect(),
        Entry::AskAnswered { ask: answered, .. } => {
            let of = |step: &Pending| match &step.what {
                What::Answered { ask, tracks, .. } if ask == answered => Some(tracks.clone()),
                _ => None,
            };
            case.pending.values().find_map(of).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Starts a side flow, unless its condition doesn't hold, the same one runs about the same, or too many run.
fn begin(draft: &mut Draft<'_>, name: &str, start: &Start, on: &str, tracks: Vec<Id>) -> Result<(), Rejection> {
    let case = draft.case()?;
    if case.tokens.values().any(|t| t.flow == name && t.tracks == tracks) {
        return Ok(());
    }
    if let Some(when) = &start.when
        && !policy::holds(draft, &tracks, when)?
    {
        return Ok(());
    }
    if case.tokens.keys().filter(|t| !t.is_main()).count() >= MAX_TOKENS {
        let person = draft.case()?.person.clone();
        return ask::attend(draft, &person, "too-many-side-flows");
    }
    let token = TokenId::beside(&draft.new_id("token", &draft.index()));
    let (flow, on) = (name.to_owned(), on.to_owned());
    let by = match draft.actor() {
        Actor::Person { person } => Some(person.clone()),
        _ => None,
    };
    draft.push(Entry::TokenStarted { token: token.clone(), flow, on, tracks, by })?;
    let spec = draft.playbook.flows.get(name).ok_or_else(|| draft.lacks("flow", name))?;
    suspend(draft, spec, name, &token)?;
    flow::enter(draft, &token, &spec.start)
}

/// A person starts a side flow, about some tracks.
///
/// # Errors
/// When there is no such flow, or no person may start it.
pub fn by_hand(draft: &mut Draft<'_>, name: &str, tracks: Vec<Id>) -> Result<(), Rejection> {
    let flow = draft.playbook.flows.get(name).ok_or_else(|| draft.lacks("flow", name))?;
    let start = flow.starts.iter().find(|s| s.on.as_deref() == Some("hand"));
    let start = start.ok_or_else(|| draft.lacks("flow that a person may start", name))?;
    begin(draft, name, start, "hand", tracks)
}

/// What is imported waits on a side flow until a coach says that it may begin.
///
/// # Errors
/// When there is no such flow.
pub(super) fn by_import(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let flow = draft.playbook.flows.get(IMPORTED).ok_or_else(|| draft.lacks("flow", IMPORTED))?;
    let start = flow.starts.iter().find(|s| s.on.as_deref() == Some(ON_IMPORT));
    let start = start.ok_or_else(|| draft.lacks("flow that an import starts", IMPORTED))?;
    begin(draft, IMPORTED, start, ON_IMPORT, Vec::new())
}

/// Stops what the flow stops while it runs.
fn suspend(draft: &mut Draft<'_>, flow: &Flow, name: &str, token: &TokenId) -> Result<(), Rejection> {
    for (n, suspends) in flow.suspends.iter().enumerate() {
        let scopes: Vec<Scope> = match (suspends, suspends.topic()) {
            (_, Some(topic)) => vec![Scope::Mails { topic }],
            (Suspends::Case, None) => vec![Scope::Case],
            (_, None) => {
                let case = draft.case()?;
                let real = |id: &&Id| matches!(case.tracks.get(*id), Some(Track::Booking(_) | Track::Invoice(_)));
                case.carried(token).iter().filter(real).map(|track| Scope::Track { track: track.clone() }).collect()
            }
        };
        for (m, scope) in scopes.into_iter().enumerate() {
            let suspension = draft.new_id("suspension", &format!("{token}-{n}-{m}"));
            let (by, token) = (name.to_owned(), token.clone());
            draft.push(Entry::AutomationSuspended { suspension, by, token, scope })?;
        }
    }
    Ok(())
}

/// Ends a side flow: its questions are moot, its request is dealt with, and what it stopped goes on.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn end(draft: &mut Draft<'_>, token: &TokenId, outcome: &str) -> Result<(), Rejection> {
    ask::withdraw(draft, |ask| ask.token == *token && !ask.is_task() && !ask.beside)?;
    let request = draft.case()?.request_in(draft.case()?.carried(token)).map(|(id, _)| id.clone());
    if let Some(request) = request {
        draft.push(Entry::RequestClosed { request, outcome: outcome.to_owned() })?;
    }
    let tracks = draft.case()?.carried(token).to_vec();
    refund::withdraw_held(draft, &tracks)?;
    forget_promotion(draft, token)?;
    let case = draft.case()?;
    let stopped: Vec<Id> =
        case.pending.iter().filter(|(_, s)| case.is_suspended(s)).map(|(id, _)| id.clone()).collect();
    let over: Vec<Id> =
        case.suspensions.iter().filter(|(_, s)| s.token.as_ref() == Some(token)).map(|(id, _)| id.clone()).collect();
    draft.push(Entry::TokenEnded { token: token.clone(), outcome: outcome.to_owned() })?;
    let goes_on = !over.is_empty();
    over.into_iter().try_for_each(|id| draft.push(Entry::AutomationResumed { suspension: Some(id) }))?;
    if goes_on { ask_again(draft, stopped) } else { Ok(()) }
}

/// A mail that promotes something, and that a flow held back, never leaves: it would follow on the heels of an apology.
fn forget_promotion(draft: &mut Draft<'_>, token: &TokenId) -> Result<(), Rejection> {
    let promotion = Scope::Mails { topic: Topic::Promotion };
    let case = draft.case()?;
    if !case.suspensions.values().any(|s| s.token.as_ref() == Some(token) && s.scope == promotion) {
        return Ok(());
    }
    let unsaid = |m: &Message| m.topic == Topic::Promotion && m.to.is_outside() && m.state == State::Intended;
    let unsaid: Vec<Id> = case.messages().filter(|(_, m)| unsaid(m)).map(|(id, _)| id.clone()).collect();
    unsaid.into_iter().try_for_each(|message| draft.push(Entry::MessageClosed { message }))
}

/// What was stopped and no longer is, is asked for again.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn ask_again(draft: &mut Draft<'_>, stopped: Vec<Id>) -> Result<(), Rejection> {
    for cause in stopped {
        let case = draft.case()?;
        // What a person has already isn't taken from them.
        let goes_on = |step: &&Pending| !case.is_suspended(step) && step.watchdog_at.is_some();
        let Some(step) = case.pending.get(&cause).filter(goes_on) else { continue };
        let action = step.action.clone();
        draft.push(Entry::StepRetried { cause, action, attempt: 0 })?;
    }
    Ok(())
}

/// Sets the clock of each flow that starts by it.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn set_schedules(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let playbook = draft.playbook;
    for (name, flow) in &playbook.flows {
        let next = flow.starts.iter().filter_map(|s| s.every).filter_map(|every| next(playbook, every, draft.now));
        if let Some(at) = next.min() {
            draft.push(Entry::ScheduleSet { flow: name.clone(), at })?;
        }
    }
    Ok(())
}

/// A flow's time has come: it starts, and its clock is set anew.
///
/// # Errors
/// As [`by_hand`].
pub fn by_schedule(draft: &mut Draft<'_>, timer: &str) -> Result<(), Rejection> {
    let name = timer.strip_prefix(STARTS).unwrap_or(timer);
    let playbook = draft.playbook;
    if name == UNREADABLE {
        return early::look(draft);
    }
    let Some(flow) = playbook.flows.get(name).filter(|_| draft.case().is_ok_and(|c| c.status == Status::Open)) else {
        return ask::skip(draft, "nothing starts by the clock here any more");
    };
    let by_clock = || flow.starts.iter().filter(|s| s.every.is_some());
    if let Some(at) = by_clock().filter_map(|s| s.every).filter_map(|every| next(playbook, every, draft.now)).min() {
        draft.push(Entry::ScheduleSet { flow: name.to_owned(), at })?;
    }
    match by_clock().next() {
        Some(start) => begin(draft, name, start, "every", Vec::new()),
        None => Ok(()),
    }
}

/// When it comes next after an instant, in the practice's zone.
fn next(playbook: &Playbook, every: Every, now: Timestamp) -> Option<Timestamp> {
    let today: Date = now.to_zoned(playbook.time_zone()).date();
    let fits = |day: &Date| every.day.is_none_or(|d| d.is(day.weekday()));
    let instants = today.series(1.day()).take(9).filter(fits);
    let instants = instants.filter_map(|day| day.to_datetime(every.at).to_zoned(playbook.time_zone()).ok());
    instants.map(|z| z.timestamp()).find(|at| *at > now)
}
