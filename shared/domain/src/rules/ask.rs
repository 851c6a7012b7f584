//! Asks: a question on a signed link with a finite set of answers, a deadline, and a way on when nobody answers. Silence
//! never approves: the outcome of silence is always `expired`.

use jiff::Timestamp;

use super::flow::Here;
use super::message::{self, Intent};
use super::{Draft, Rejection, approval, business, emergency, flow, people, policy, reach, side, stranger};
use crate::Id;
use crate::playbook::{ATTEND, AskKind, HEED, Playbook, Question, To, URGENT};
use crate::state::{Ask, Case, Entry, Hold, Message, NUDGE, Party, Seeks, Token, TokenId, Track};
use crate::steps::{EXPIRED, OPEN_ASK, SEND_MESSAGE};

/// The answer to a task that tries again: only where there is a step or a mail to be tried.
pub const AGAIN: &str = "again";

/// What an ask is for.
#[derive(Debug, Clone, Default)]
pub struct Opening<'a> {
    /// Question of the playbook.
    pub question: &'a str,
    /// Function that draws the consequences.
    pub owner: &'a str,
    /// Where it is asked; none for a task.
    pub here: Option<&'a Here<'a>>,
    /// Who is asked, where the node says otherwise than the question.
    pub to: Option<&'a To>,
    /// Facts asked for.
    pub fields: Vec<String>,
    /// The tracks that it is about, if not those of the token.
    pub tracks: Vec<Id>,
    /// The step or message that a person must deal with, and why.
    pub task: Option<(Id, String)>,
    /// It is asked beside the flow.
    pub beside: bool,
    /// Slots that can be chosen, before the question's own answers.
    pub slots: Vec<String>,
    /// What a slot is chosen for.
    pub menu: Option<String>,
    /// It expires at the latest then (UTC).
    pub until: Option<Timestamp>,
    /// Who was asked already, and didn't answer: they are asked again, and the next with them.
    pub asked: Vec<Party>,
    /// Exactly these are asked, of those whom `to` means.
    pub only: Option<Vec<Party>>,
    /// The approval that it is a step of.
    pub seeks: Option<Seeks>,
}

/// Puts a question to people: the ask, and to each of them a mail with a link of their own.
///
/// # Errors
/// When the playbook has no such question.
pub fn open(draft: &mut Draft<'_>, opening: Opening<'_>) -> Result<Id, Rejection> {
    let question = opening.question;
    let (ask, parties) = put(draft, opening)?;
    let question = draft.playbook.questions.get(question).ok_or_else(|| draft.lacks("question", question))?;
    mail(draft, &ask, &question.template, parties)?;
    Ok(ask)
}

/// Puts a question to people whose mail is another's business.
///
/// # Errors
/// As [`open`].
pub fn open_quietly(draft: &mut Draft<'_>, opening: Opening<'_>) -> Result<Id, Rejection> {
    put(draft, opening).map(|(ask, _)| ask)
}

/// Puts a question to people, without a mail: who is asked.
fn put(draft: &mut Draft<'_>, opening: Opening<'_>) -> Result<(Id, Vec<Party>), Rejection> {
    let playbook = draft.playbook;
    let question = playbook.questions.get(opening.question).ok_or_else(|| draft.lacks("question", opening.question))?;
    let ask = draft.new_id("ask", &draft.index());
    let now = draft.now;
    let after = if question.working_time { business::after } else { Playbook::after };
    let deadline = after(playbook, now, question.deadline);
    let deadline = opening.until.map_or(deadline, |until| deadline.min(until));
    let of_token = opening.here.map(|here| here.tracks.clone()).unwrap_or_default();
    let tracks = if opening.tracks.is_empty() { of_token } else { opening.tracks };
    let live = draft.today.going_live.as_ref().filter(|_| question.kind == AskKind::Stages).map(|live| &live.to);
    let to = live.or(opening.to).unwrap_or(&question.to).clone();
    let parties = match opening.only {
        Some(only) => only,
        None => together(draft, &to, question, &tracks, opening.asked)?,
    };
    let reason = opening.task.as_ref().map(|(_, reason)| reason);
    let reached = reach::reachable(draft, opening.question, &to, parties.clone(), reason)?;
    let parties = match &opening.seeks {
        // Whoever is asked instead must be somebody who may agree.
        Some(seeks) => approval::may_agree(draft.today, seeks, reached).unwrap_or(parties),
        None => reached,
    };
    let code = question.code.as_ref().map_or(Ok(false), |when| policy::holds(draft, &tracks, when))?;
    // Only a mail can be written anew.
    let is_mail = opening.seeks.as_ref().is_none_or(|seeks| seeks.message.is_some());
    let own = question.answers.iter().filter(|a| is_mail || a.name != approval::CHANGE).map(|a| a.name.clone());
    let (about, reason) = opening.task.unzip();
    let fields = if opening.fields.is_empty() { question.fields.clone() } else { opening.fields };
    if question.anew {
        forget(draft, question.answers.iter().flat_map(|a| &a.asks).chain(&fields))?;
    }
    draft.push(Entry::AskOpened {
        ask: ask.clone(),
        question: opening.question.to_owned(),
        kind: question.kind,
        to,
        people: parties.iter().filter_map(Party::person).map(str::to_owned).collect(),
        owner: opening.owner.to_owned(),
        flow: opening.here.and_then(Here::noted_flow),
        node: opening.here.map(|here| here.name.clone()).unwrap_or_default(),
        token: opening.here.map(|here| here.token.clone()).unwrap_or_default(),
        fields,
        answers: opening.slots.into_iter().chain(own).collect(),
        deadline,
        nudges: question.nudges.iter().map(|n| after(playbook, now, *n)).filter(|at| *at < deadline).collect(),
        about,
        reason,
        tracks,
        beside: opening.beside,
        menu: opening.menu,
        seeks: opening.seeks.map(Box::new),
        code,
    })?;
    Ok((ask, parties))
}

/// What was told another time is not what is told now.
fn forget<'a>(draft: &mut Draft<'_>, facts: impl Iterator<Item = &'a String>) -> Result<(), Rejection> {
    let case = draft.case()?;
    let known = |name: &&String| draft.personal().value(&case.facts, name).is_some_and(|value| !value.is_empty());
    let known = facts.filter(known).map(|name| (name.clone(), String::new())).collect();
    draft.record(known)
}

/// Everybody whom a question is put to together; with those who were asked in vain, also whoever is next.
fn together(
    draft: &Draft<'_>,
    to: &To,
    question: &Question,
    tracks: &[Id],
    asked: Vec<Party>,
) -> Result<Vec<Party>, Rejection> {
    let again = !asked.is_empty();
    let mut parties = people::addressees(draft, to, tracks)?;
    for to in &question.with {
        people::join(&mut parties, people::addressees(draft, to, tracks)?);
    }
    people::join(&mut parties, asked);
    for to in question.then.iter().filter(|_| again) {
        if people::join(&mut parties, people::addressees(draft, to, tracks)?) {
            break;
        }
    }
    Ok(parties)
}

/// The question for a task: an emergency has its own, and so has what can't be tried again, since it is neither a step
/// that waits nor a mail that was held. (A playbook of an earlier day has no question of that kind.)
fn question_for(draft: &Draft<'_>, about: &Id) -> Result<&'static str, Rejection> {
    let case = draft.case()?;
    let can_be_tried = case.message(about).is_some() || case.pending.contains_key(about);
    Ok(if case.emergency() == Some(about) {
        URGENT
    } else if can_be_tried || !draft.playbook.questions.contains_key(HEED) {
        ATTEND
    } else {
        HEED
    })
}

/// The mails that carry the links of an ask; they leave only while it is open.
pub(super) fn mail(draft: &mut Draft<'_>, id: &Id, template: &str, parties: Vec<Party>) -> Result<(), Rejection> {
    let Some(ask) = draft.case()?.ask(id).cloned() else { return Ok(()) };
    let intent = Intent {
        template,
        holds: vec![Hold::AskOpen { ask: id.clone() }],
        about: Some(id.clone()),
        tracks: ask.tracks,
        flow: ask.flow,
        origin: &ask.node,
        author: None,
    };
    message::intend(draft, &intent, parties)
}

/// Makes a task for a person out of something that Banto can't settle: a step that never came, a message that was held.
/// Each reason has a task of its own.
///
/// # Errors
/// When the playbook lacks the question `attend`.
pub fn attend(draft: &mut Draft<'_>, about: &Id, reason: &str) -> Result<(), Rejection> {
    attend_again(draft, about, reason, Vec::new())
}

/// As [`attend`], when these were asked in vain.
fn attend_again(draft: &mut Draft<'_>, about: &Id, reason: &str, asked: Vec<Party>) -> Result<(), Rejection> {
    let same = |a: &Ask| a.is_task_about(about) && a.reason.as_deref() == Some(reason);
    if draft.case()?.asks().any(|(_, a)| same(a)) {
        return Ok(());
    }
    let tracks = tracks_of(draft.case()?, about);
    let opening = Opening {
        question: question_for(draft, about)?,
        owner: OPEN_ASK,
        task: Some((about.clone(), reason.to_owned())),
        tracks,
        asked,
        ..Opening::default()
    };
    open(draft, opening).map(|_| ())
}

/// The tracks that a task about something is about.
fn tracks_of(case: &Case, about: &Id) -> Vec<Id> {
    match case.tracks.get(about) {
        Some(Track::Message(message)) => message.tracks.clone(),
        Some(Track::Ask(ask)) => ask.tracks.clone(),
        Some(Track::Booking(_) | Track::Invoice(_) | Track::Refund(_) | Track::Request(_) | Track::Settlement(_)) => {
            vec![about.clone()]
        }
        None => Vec::new(),
    }
}

/// A task that says how often, as `code:n`: the first time, which is the `first`th, a mail tells of it; after that the task
/// alone counts on, with the time that was given.
///
/// # Errors
/// As [`attend`].
pub fn attend_counting(draft: &mut Draft<'_>, about: &Id, code: &str, first: u32) -> Result<(), Rejection> {
    let count = |a: &Ask| a.reason.as_deref()?.strip_prefix(code)?.strip_prefix(':')?.parse::<u32>().ok();
    let counts = |(id, a): (&Id, &Ask)| a.is_task_about(about).then(|| Some((id.clone(), a.deadline, count(a)?)))?;
    let Some((ask, until, n)) = draft.case()?.asks().find_map(counts) else {
        return attend(draft, about, &format!("{code}:{first}"));
    };
    let reason = format!("{code}:{}", n.saturating_add(1));
    draft.push(Entry::AskWithdrawn { ask })?;
    let task = Some((about.clone(), reason));
    let opening = Opening { question: question_for(draft, about)?, owner: OPEN_ASK, task, ..Opening::default() };
    let opening = Opening { until: Some(until), tracks: tracks_of(draft.case()?, about), ..opening };
    put(draft, opening).map(|_| ())
}

/// The consequences of a person's answer about a task: again, or dealt with in another way.
///
/// # Errors
/// When the playbook lacks something.
pub fn attended(draft: &mut Draft<'_>, about: &Id, again: bool) -> Result<(), Rejection> {
    let case = draft.case()?;
    if case.emergency() == Some(about) {
        return emergency::hand_over(draft);
    }
    let waits = |(id, token): &(&TokenId, &Token)| !id.is_main() && token.entered == *about;
    let beside = case.tokens.iter().find(waits).filter(|_| !again && case.pending.contains_key(about));
    let beside = beside.map(|(id, _)| id.clone());
    let entry = match (case.tracks.get(about), case.pending.get(about)) {
        (Some(Track::Message(message)), _) if again => {
            let to = message.to.clone();
            stranger::prove(draft, &to);
            Entry::MessageReleased { message: about.clone(), action: SEND_MESSAGE.to_owned() }
        }
        (Some(Track::Message(_)), _) => Entry::MessageClosed { message: about.clone() },
        (_, Some(step)) if again => {
            Entry::StepRetried { cause: about.clone(), action: step.action.clone(), attempt: 0 }
        }
        (_, Some(_)) => Entry::StepSkipped { reason: "a person dealt with it".to_owned(), cause: Some(about.clone()) },
        (Some(Track::Request(_)), None) => {
            Entry::RequestClosed { request: about.clone(), outcome: "attended".to_owned() }
        }
        (_, None) => Entry::StepSkipped { reason: "settled meanwhile".to_owned(), cause: None },
    };
    draft.push(entry)?;
    // What would have moved a side flow was dealt with outside: it has nothing left to wait for.
    if let Some(token) = beside {
        side::end(draft, &token, "attended")?;
    }
    // What would have moved the token was dealt with by a person outside: nothing would ever move it again.
    if draft.is_stranded()? {
        flow::close(draft, "attended")?;
    }
    Ok(())
}

/// What an ask's owner does when its deadline or a nudge comes due, and is the same for every kind of ask: remind, or
/// expire and go on by `expired`. A task for a person never goes on by silence; it is asked again.
///
/// # Errors
/// When the playbook lacks something.
pub fn timer_fired(draft: &mut Draft<'_>, id: &Id, timer: &str) -> Result<(), Rejection> {
    let Some(ask) = draft.case()?.ask(id).cloned() else {
        return skip(draft, "the ask is no longer open");
    };
    if timer == NUDGE {
        return nudge(draft, id, &ask);
    }
    draft.push(Entry::AskExpired { ask: id.clone() })?;
    match (&ask.about, &ask.reason) {
        _ if let Some(seeks) = &ask.seeks => approval::expired(draft, &ask, seeks),
        (Some(about), Some(reason)) => attend_again(draft, about, reason, asked(draft, &ask)?),
        _ if ask.beside => Ok(()),
        _ => flow::advance(draft, &ask.token, EXPIRED),
    }
}

fn nudge(draft: &mut Draft<'_>, id: &Id, ask: &Ask) -> Result<(), Rejection> {
    let waits = |m: &Message| m.about.as_ref() == Some(id);
    if draft.case()?.messages().any(|(_, m)| waits(m)) {
        return skip(draft, "an earlier mail about it hasn't left yet");
    }
    let question = draft.playbook.questions.get(&ask.question).ok_or_else(|| draft.lacks("question", &ask.question))?;
    let Some(template) = &question.nudge else { return skip(draft, "no reminder was agreed") };
    let parties = asked(draft, ask)?;
    mail(draft, id, template, parties)
}

/// Who was asked.
fn asked(draft: &Draft<'_>, ask: &Ask) -> Result<Vec<Party>, Rejection> {
    if ask.people.is_empty() {
        return people::addressees(draft, &ask.to, &ask.tracks);
    }
    Ok(ask.people.iter().map(|id| Party::Person(id.clone())).collect())
}

/// Withdraws the asks that are moot.
///
/// # Errors
/// As [`Draft::push`].
pub(crate) fn withdraw(draft: &mut Draft<'_>, moot: impl Fn(&Ask) -> bool) -> Result<(), Rejection> {
    let moot: Vec<Id> = draft.case()?.asks().filter(|(_, ask)| moot(ask)).map(|(id, _)| id.clone()).collect();
    moot.into_iter().try_for_each(|ask| draft.push(Entry::AskWithdrawn { ask }))
}

/// Questions about a track that were asked beside the flow are moot once it is over.
///
/// # Errors
/// As [`Draft::push`].
pub(crate) fn withdraw_beside(draft: &mut Draft<'_>, track: &Id) -> Result<(), Rejection> {
    withdraw(draft, |ask| ask.beside && !ask.is_task() && ask.seeks.is_none() && ask.concerns(track))
}

/// Takes a step up without consequences.
///
/// # Errors
/// As [`Draft::push`].
pub fn skip(draft: &mut Draft<'_>, reason: &str) -> Result<(), Rejection> {
    draft.push(Entry::StepSkipped { reason: reason.to_owned(), cause: None })
}

/// Facts of a node that are not known yet: what 不足情報回収 asks for, and nothing else.
#[must_use]
pub fn missing(case: &Case, wanted: &[String]) -> Vec<String> {
    wanted.iter().filter(|name| !case.facts.contains_key(*name)).cloned().collect()
}

/// Whether somebody may answer an ask: one of those who were asked, or who stands in for them today.
#[must_use]
pub fn may_answer(today: &Playbook, now: Timestamp, ask: &Ask, who: &Party) -> bool {
    match who {
        Party::Customer => ask.to == To::Customer,
        Party::Payer => ask.to == To::Payer,
        // Links of version 1 are nobody's by name.
        Party::Coach | Party::Operator => !ask.to.is_outside() && ask.people.is_empty(),
        Party::Person(id) => {
            let day = now.to_zoned(today.time_zone()).date();
            let people = &today.people;
            let works_here = people.person(id).is_some();
            let is_barred = ask.seeks.as_ref().is_some_and(|seeks| approval::is_barred(today, seeks, id));
            // Who agreed last may take it back.
            let is_barred = is_barred && !approval::is_undo(&ask.question);
            works_here && !is_barred && ask.people.iter().any(|asked| asked == id || people.acting(asked, day) == id)
        }
    }
}

/// The kinds of which a choice is made by what the customer writes, not by a slot or hours.
#[must_use]
pub fn takes_fields(kind: AskKind) -> bool {
    match kind {
        AskKind::Fields | AskKind::Choice | AskKind::Approval | AskKind::Stages => true,
        AskKind::Slot | AskKind::Openings => false,
    }
}
