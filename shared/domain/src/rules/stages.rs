//! Going live in steps: what a mail's stage lets it do, and how a part is moved on and back.

use std::collections::BTreeMap;

use super::{Also, Draft, Rejection, flow, inquiry, people};
use crate::playbook::{GOING_LIVE, GoingLive, Problem, Stage, Template, To};
use crate::state::{Entry, Message, Party, Stages, State};
use crate::steps::SEND_MESSAGE;
use crate::{CaseId, CaseKey, ClientId, Id, Playbook};

/// The answer by which parts are moved.
pub const MOVED: &str = "moved";

/// Whether a mail has a stage: it goes to somebody outside, and isn't the note to whoever wrote an emergency word.
#[must_use]
pub fn concerns(message: &Message) -> bool {
    message.to.is_outside() && !message.is_of_emergency()
}

/// Who would get a sample: the case's coach when they are among those who move the parts, else the first of those.
///
/// # Errors
/// When nobody is.
fn reader(draft: &Draft<'_>, to: &To, tracks: &[Id]) -> Result<Party, Rejection> {
    let all = people::addressees(draft, to, tracks)?;
    let coach = people::coach(draft.case()?, tracks).map(|id| Party::Person(id.to_owned()));
    let mine = coach.filter(|coach| all.contains(coach)).or_else(|| all.first().cloned());
    mine.ok_or_else(|| draft.lacks("person", &to.to_string()))
}

/// What would have left goes to the coach instead, as a sample; whom it was for gets nothing.
///
/// # Errors
/// When the playbook lacks something.
pub(super) fn sample(draft: &mut Draft<'_>, id: &Id, message: &Message) -> Result<(), Rejection> {
    let to = draft.today.going_live.as_ref().map(|live| live.to.clone());
    let to = to.ok_or_else(|| draft.lacks("going_live", &message.template))?;
    let to = reader(draft, &to, &message.tracks)?;
    draft.push(Entry::MessageSampled { message: id.clone(), to, action: SEND_MESSAGE.to_owned() })
}

/// Reads which parts are to be moved where: `fields` by the part's name.
///
/// # Errors
/// By field: what isn't a part's stage, or nothing that changes anything.
pub fn read(
    live: &GoingLive,
    now: &Stages,
    fields: &BTreeMap<String, String>,
) -> Result<Vec<(String, Stage)>, BTreeMap<String, Problem>> {
    let (mut moves, mut problems) = (Vec::new(), BTreeMap::new());
    for part in &live.parts {
        match fields.get(&part.name).map(|value| value.trim()).filter(|value| !value.is_empty()).map(Stage::named) {
            Some(Some(to)) if to != now.of(part) => moves.push((part.name.clone(), to)),
            Some(None) => drop(problems.insert(part.name.clone(), Problem::Choice)),
            Some(Some(_)) | None => {}
        }
    }
    if let Some(first) = live.parts.first().filter(|_| moves.is_empty() && problems.is_empty()) {
        problems.insert(first.name.clone(), Problem::Missing);
    }
    if problems.is_empty() { Ok(moves) } else { Err(problems) }
}

/// Moves parts on, or back.
///
/// # Errors
/// As [`Draft::push`].
pub fn shift(draft: &mut Draft<'_>, now: &Stages, moves: &[(String, Stage)]) -> Result<(), Rejection> {
    for (part, to) in moves {
        let from = draft.today.going_live.as_ref().and_then(|live| live.part(part)).map(|part| now.of(part));
        let from = from.ok_or_else(|| draft.lacks("part", part))?;
        draft.push(Entry::StageMoved { part: part.clone(), from, to: *to })?;
    }
    draft.also(Also::Stages { stages: now.moved(moves) });
    Ok(())
}

/// Whether the mark of a mail must be known: it waits for an approval, or had one.
#[must_use]
pub fn is_marked(template: &Template, message: &Message, stage: Option<Stage>) -> bool {
    let waits = message.approved.is_some() || message.state == State::Held;
    waits || super::approval::is_wanted(template, message, stage)
}

/// The case in which whoever may moves the parts of a client. There is one at a time: the first, or since that was settled the
/// one of this version of the playbook.
#[must_use]
pub fn home(client: &ClientId, version: Option<u32>) -> CaseKey {
    let version = version.map(|version| version.to_string()).unwrap_or_default();
    CaseKey { client: client.clone(), case: CaseId::derive(&["case", GOING_LIVE, client.as_str(), &version]) }
}

/// Opens that case.
///
/// # Errors
/// When the playbook lacks the flow.
pub fn open(draft: &mut Draft<'_>, key: &CaseKey) -> Result<(), Rejection> {
    let language = &draft.playbook.language;
    inquiry::opened(draft, key, GOING_LIVE, (GOING_LIVE, language), Vec::new())?;
    flow::start(draft)
}

/// The part's label.
#[must_use]
pub fn label<'a>(playbook: &'a Playbook, part: &'a str, language: &str) -> &'a str {
    let found = playbook.going_live.as_ref().and_then(|live| live.part(part));
    found.map_or(part, |part| part.label.get(language))
}
