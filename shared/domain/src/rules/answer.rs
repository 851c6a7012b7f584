//! An answer, decided: pure, so that the page can say at once whether it worked. The answer and what follows from it by
//! itself are one commit; the ask's owner draws the other consequences.

mod follow;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::message::{self, Intent};
use super::{Also, Draft, Rejection};
use super::{approval, ask, booking, emergency, stages, stranger, validity};
use crate::Id;
use crate::playbook::{Answer, AskKind, FactKind, FactSpec, Means, OF_REPLY, Playbook, Problem, REPLY, Stage};
use crate::state::{Ask, Code, Day, Entry, Hours, NotFree, Party, Room, Seat, Stages};
use crate::steps::EXPIRED;

/// What came in from the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Submission {
    /// The chosen answer.
    pub answer: String,
    /// Mark of what the person was shown.
    pub shown: String,
    /// Values by field.
    pub fields: BTreeMap<String, String>,
    /// It was confirmed beside the choice.
    pub confirm: bool,
    /// The code that was given; empty: none.
    pub code: String,
    /// What the kind of ask brings along.
    pub with: With,
}

/// What a kind of ask brings along, as it would be taken now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum With {
    /// Nothing but the answer.
    #[default]
    Nothing,
    /// A slot, and the coach's days around it as they stand.
    Slot(Chosen),
    /// Hours that a coach opens, and those days as they stand.
    Hours(Opened),
    /// The mark of the mail as it is shown, or the hash of the version that is.
    Exactly(String),
    /// How far the practice has gone live as it stands, and which parts are moved where.
    Stages(Stages, Vec<(String, Stage)>),
}

/// A slot that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The booking, as it stands in the coach's day.
    pub booking: Id,
    /// When, with whom, how long.
    pub seat: Seat,
    /// When the hold ends (UTC).
    pub until: Timestamp,
    /// How many may share it.
    pub room: Room,
    /// The mark of whose seat of a group session it will be.
    pub holder: Option<String>,
    /// The coach's days.
    pub days: BTreeMap<Date, Day>,
    /// The days of the booking that is moved, as its coach has them.
    pub freed: BTreeMap<Date, Day>,
}

/// Hours that a coach opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The coach.
    pub coach: String,
    /// The hours, by day.
    pub hours: Vec<(Date, Hours)>,
    /// The coach's days.
    pub days: BTreeMap<Date, Day>,
}

/// Why an answer was not taken. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTaken {
    /// Answered, expired or withdrawn meanwhile.
    Over,
    /// What was shown is no longer what is asked.
    Replaced,
    /// Not one of the answers.
    NoSuchAnswer,
    /// The link is somebody's who may not decide this.
    NotYours,
    /// The slot was taken meanwhile.
    Taken,
    /// The customer has as many seats of the session as one may have.
    Enough,
    /// What it is compared with was replaced meanwhile: it must be proposed again.
    Outdated,
    /// A confirmation is wanted beside the choice.
    Unconfirmed,
    /// A code is wanted: none was given, or it isn't the one that was mailed.
    Code(Wanted),
    /// Fields to be corrected.
    Fields(BTreeMap<String, Problem>),
    /// Our fault or the playbook's.
    Rejected(Rejection),
}

/// Why a code is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// None that is still good was mailed: one is to be.
    Mail,
    /// One was mailed; none was given.
    Given,
    /// Another one was given.
    Right,
    /// Too many wrong ones were.
    Nothing,
}

impl From<NotFree> for NotTaken {
    fn from(why: NotFree) -> Self {
        match why {
            NotFree::Taken => Self::Taken,
            NotFree::Enough => Self::Enough,
        }
    }
}

impl From<Rejection> for NotTaken {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

/// Decides an answer by `who`. `shown` is the mark of what is to be shown now; it must be what the person saw. `code` is the
/// one that was mailed to them last.
///
/// # Errors
/// Says why it was not taken.
pub fn decide(
    draft: &mut Draft<'_>,
    id: &Id,
    who: &Party,
    submission: &Submission,
    (shown, code): (&str, Option<&str>),
) -> Result<(), NotTaken> {
    let asked = draft.case()?.ask(id).cloned().ok_or(NotTaken::Over)?;
    if draft.now >= asked.deadline {
        return Err(NotTaken::Over);
    }
    if !ask::may_answer(draft.today, draft.now, &asked, who) {
        return Err(NotTaken::NotYours);
    }
    if submission.shown != shown {
        return Err(NotTaken::Replaced);
    }
    if !asked.answers.contains(&submission.answer) || submission.answer == EXPIRED {
        return Err(NotTaken::NoSuchAnswer);
    }
    let playbook = draft.playbook;
    let question = playbook.questions.get(&asked.question);
    let answer = question.and_then(|q| q.answers.iter().find(|a| a.name == submission.answer));
    take_fields(draft, &asked, answer, submission)?;
    let given = follow::given(draft, &asked, answer)?;
    assure(draft, &asked, (who, answer), submission, code)?;
    write(draft, id, &asked, (who, answer), submission)?;
    if let Some(fact) = question.and_then(|q| q.records.clone()) {
        draft.record([(fact, submission.answer.clone())].into())?;
    }
    bring_along(draft, &asked, &submission.with)?;
    if let Some(person) = who.person() {
        let mark = match &submission.with {
            With::Exactly(mark) => Some(mark),
            _ => None,
        };
        approval::decided(draft, id, &asked, (person, &submission.answer), mark)?;
    }
    draft.push(Entry::AskAnswered {
        ask: id.clone(),
        question: asked.question.clone(),
        answer: submission.answer.clone(),
        shown: shown.to_owned(),
        by: who.person().map(str::to_owned),
        action: asked.owner.clone(),
    })?;
    // Whoever answers on a link has the mail; where the practice's own people decide in a flow, they know whose case it is.
    if !asked.is_task() {
        stranger::prove(draft, who);
    }
    Ok(follow::record(draft, id, &asked, (answer, given))?)
}

/// What an answer wants beside the choice, which a machine that presses buttons doesn't give.
fn assure(
    draft: &Draft<'_>,
    asked: &Ask,
    (who, answer): (&Party, Option<&Answer>),
    submission: &Submission,
    code: Option<&str>,
) -> Result<(), NotTaken> {
    let needs = approval::Needs::of(draft.playbook, asked);
    if needs.confirm && !submission.confirm {
        return Err(NotTaken::Unconfirmed);
    }
    let settles = submission.answer == approval::YES || answer.is_some_and(|a| a.means.is_some_and(Means::is_money));
    let Some(person) = who.person().filter(|_| needs.code && settles) else { return Ok(()) };
    let given = submission.code.trim();
    if asked.codes.get(person).is_some_and(Code::is_locked) {
        return Err(NotTaken::Code(Wanted::Nothing));
    }
    match approval::code_of(asked, person, draft.now) {
        None => Err(NotTaken::Code(Wanted::Mail)),
        Some(_) if given.is_empty() => Err(NotTaken::Code(Wanted::Given)),
        Some(_) if code == Some(given) => Ok(()),
        Some(_) => Err(NotTaken::Code(Wanted::Right)),
    }
}

/// The field for a mail's subject, for its text, and for why.
pub const SUBJECT: &str = "subject";
/// See [`SUBJECT`].
pub const TEXT: &str = "text";
/// See [`SUBJECT`].
pub const REASON: &str = "note";

/// Fields that an answer has by itself: what a person writes into a mail, and why they decide so.
#[must_use]
pub fn own_fields(kind: AskKind, answer: &str, means: Option<Means>) -> &'static [(&'static str, FactKind)] {
    const MAIL: &[(&str, FactKind)] = &[(SUBJECT, FactKind::Line), (TEXT, FactKind::Text)];
    const CHANGED: &[(&str, FactKind)] = &[(SUBJECT, FactKind::Line), (TEXT, FactKind::Text), (REASON, FactKind::Text)];
    const WHY: &[(&str, FactKind)] = &[(REASON, FactKind::Text)];
    match (kind, answer, means) {
        (AskKind::Approval, approval::CHANGE, _) => CHANGED,
        (AskKind::Approval, approval::NO, _) => WHY,
        (_, _, Some(Means::Reply)) => MAIL,
        _ => &[],
    }
}

/// What a person wrote: a mail anew or for the first time, and why they decided so.
fn write(
    draft: &mut Draft<'_>,
    id: &Id,
    asked: &Ask,
    (who, answer): (&Party, Option<&Answer>),
    submission: &Submission,
) -> Result<(), NotTaken> {
    let own = own_fields(asked.kind, &submission.answer, answer.and_then(|a| a.means));
    let Some(author) = who.person().filter(|_| !own.is_empty()).map(str::to_owned) else { return Ok(()) };
    let (mut taken, mut problems) = (BTreeMap::new(), BTreeMap::new());
    for (name, kind) in own {
        match FactSpec::bare(*kind).take(submission.fields.get(*name).map_or("", String::as_str)) {
            Ok(value) => drop(taken.insert(*name, value)),
            Err(problem) => drop(problems.insert((*name).to_owned(), problem)),
        }
    }
    if !problems.is_empty() {
        return Err(NotTaken::Fields(problems));
    }
    if let Some(why) = taken.get(REASON) {
        draft.record([(format!("{}{id}", approval::NOTE), why.clone())].into())?;
    }
    let Some((subject, text)) = taken.get(SUBJECT).zip(taken.get(TEXT)) else { return Ok(()) };
    let message = match asked.mail().cloned() {
        Some(message) => message,
        None => {
            let tracks = asked.tracks.clone();
            let author = Some(author.clone());
            let intent = Intent { template: REPLY, tracks, origin: OF_REPLY, author, ..Intent::default() };
            let message = draft.new_id("message", &draft.index());
            message::intend(draft, &intent, vec![Party::Customer])?;
            message
        }
    };
    draft.record([(format!("{}{message}", approval::WRITTEN), format!("{subject}\n{text}"))].into())?;
    let version = draft.case()?.message(&message).map_or(1, |m| m.written.saturating_add(1));
    Ok(draft.push(Entry::MessageWritten { message, version, author })?)
}

/// What was written into the fields: all of an ask of kind `fields`, and those that the chosen answer asks for.
fn take_fields(
    draft: &mut Draft<'_>,
    asked: &Ask,
    answer: Option<&Answer>,
    submission: &Submission,
) -> Result<(), NotTaken> {
    let mut wanted: Vec<&String> =
        if asked.kind == AskKind::Fields { asked.fields.iter().collect() } else { Vec::new() };
    wanted.extend(answer.into_iter().flat_map(|a| &a.asks));
    let (mut taken, mut problems) = (BTreeMap::new(), BTreeMap::new());
    for name in &wanted {
        let spec = draft.playbook.facts.get(*name).ok_or_else(|| draft.lacks("fact", name))?;
        match take_field(draft.today, (name, spec), submission.fields.get(*name).map_or("", String::as_str)) {
            Err(Problem::Missing) if spec.optional => {}
            Ok(value) => drop(taken.insert((*name).clone(), value)),
            Err(problem) => drop(problems.insert((*name).clone(), problem)),
        }
    }
    // Whatever else is wrong with it: an emergency word is never sent back to be corrected.
    let words = words_of(draft, asked, submission);
    if words.is_empty() {
        return if problems.is_empty() { Ok(draft.record(taken)?) } else { Err(NotTaken::Fields(problems)) };
    }
    emergency::keep(draft.playbook, &mut taken, &submission.fields, |name| wanted.contains(&name));
    draft.record(taken)?;
    Ok(emergency::raise(draft, "answer", words)?)
}

fn take_field(today: &Playbook, (name, spec): (&str, &FactSpec), given: &str) -> Result<String, Problem> {
    let value = spec.take(given)?;
    if today.is_ours(name, &value) {
        return Err(Problem::Ours);
    }
    let nobody = spec.kind == FactKind::Person && today.people.person(&value).is_none();
    if nobody { Err(Problem::Choice) } else { Ok(value) }
}

/// Emergency words in whatever somebody outside of the practice wrote, asked for or not, taken or not.
fn words_of(draft: &Draft<'_>, asked: &Ask, submission: &Submission) -> Vec<u32> {
    if asked.to.is_outside() { emergency::words_in(draft.playbook, submission.fields.values()) } else { Vec::new() }
}

/// Hears an emergency word in an answer that could not be taken: the ask was over, or has changed meanwhile. `false` when
/// there is none.
///
/// # Errors
/// As [`Draft::push`].
pub fn hear(draft: &mut Draft<'_>, who: &Party, submission: &Submission) -> Result<bool, Rejection> {
    let words = emergency::words_in(draft.playbook, submission.fields.values());
    if !who.is_outside() || words.is_empty() {
        return Ok(false);
    }
    let mut said = BTreeMap::new();
    emergency::keep(draft.playbook, &mut said, &submission.fields, |_| false);
    draft.record(said)?;
    emergency::raise(draft, "answer", words)?;
    Ok(true)
}

fn bring_along(draft: &mut Draft<'_>, asked: &Ask, with: &With) -> Result<(), NotTaken> {
    match with {
        With::Slot(chosen) if asked.kind == AskKind::Slot => {
            if let Some(moved) = asked.moves(draft.playbook, draft.case()?) {
                let was =
                    draft.case()?.booking(&moved).map(|booking| (booking.menu.clone(), booking.seat.start.date()));
                booking::shift(draft, &moved, chosen)?;
                let Some((menu, from)) = was else { return Ok(()) };
                return Ok(validity::delayed(draft, &asked.tracks, &menu, (from, chosen.seat.start.date()))?);
            }
            let menu = asked.menu.clone().ok_or(Rejection::Misplaced("a slot for nothing"))?;
            booking::hold(draft, &asked.token, &menu, chosen)
        }
        With::Stages(now, moves) if asked.kind == AskKind::Stages => Ok(stages::shift(draft, now, moves)?),
        With::Hours(opened) if asked.kind == AskKind::Openings => {
            let mut days: BTreeMap<Date, Day> = BTreeMap::new();
            for (date, hours) in &opened.hours {
                let before = opened.days.get(date).cloned().unwrap_or_default();
                let day = days.remove(date).unwrap_or_else(|| before.clone()).opened(*hours);
                // Several lines for one day are one change.
                days.insert(*date, Day { rev: before.rev + 1, ..day });
            }
            let dates = days.keys().copied().collect();
            for (date, day) in days {
                draft.also(Also::Day { coach: opened.coach.clone(), date, day });
            }
            Ok(draft.push(Entry::SlotsOpened { coach: opened.coach.clone(), days: dates })?)
        }
        _ => Ok(()),
    }
}
