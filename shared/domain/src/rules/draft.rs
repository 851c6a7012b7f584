//! A commit in the making. Each pushed entry is folded at once, so that what is decided next sees it; and what the
//! playbook starts because of it starts in the same commit.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::also::Also;
use super::due::NEVER_CAME;
use super::{approval, flow, message, side};
use crate::playbook::{FactKind, Playbook};
use crate::state::commit::VERSION;
use crate::state::{
    Actor, Ask, Case, Commit, Entry, Message, Pending, Personal, Stamped, State, Status, StoredCommit, TokenId, What,
};
use crate::{CaseKey, Id};

/// Why a step could not be decided: a value, not a panic. All of these are faults of a playbook or of ours, never of
/// a customer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The playbook that the case keeps lacks something.
    #[error("playbook version {version} of {client} has no {what} {name:?}")]
    NotInPlaybook {
        /// The client.
        client: String,
        /// Its version.
        version: u32,
        /// `node`, `outcome`, `question`, …
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A decision was asked for a case that isn't there or doesn't stand where it would have to.
    #[error("the case is not where this step expects it: {0}")]
    Misplaced(&'static str),
    /// A step decided nothing at all, not even to skip.
    #[error("a step must leave at least one entry")]
    Empty,
    /// The commit would leave an open case that nobody looks at again (promise 13).
    #[error("the case would be forgotten: open, with nothing due")]
    Forgotten,
    /// The commit can't be written as JSON, or not be folded: our bug.
    #[error("the commit does not hold together: {0}")]
    Broken(String),
}

/// What is to be committed.
#[derive(Debug, Clone)]
pub struct Ready {
    /// The snapshot after it.
    pub case: Case,
    /// The commit, as it will be stored.
    pub stored: StoredCommit,
    /// The commit.
    pub commit: Commit,
    /// Personal values, when they changed.
    pub personal: Option<Personal>,
    /// What is written, and must hold, beside the case.
    pub also: Vec<Also>,
}

/// A commit in the making.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The playbook that the case keeps.
    pub playbook: &'a Playbook,
    /// The playbook of today: who works for the practice, and when.
    pub today: &'a Playbook,
    /// The present instant (UTC).
    pub now: Timestamp,
    case: Option<Case>,
    personal: Personal,
    personal_changed: bool,
    commit: Commit,
    also: Vec<Also>,
}

/// Who decides, on whose behalf, because of what.
#[derive(Debug, Clone)]
pub struct Step<'a> {
    /// What set it off.
    pub cause: Id,
    /// The function.
    pub function: &'a str,
    /// On whose behalf.
    pub actor: Actor,
    /// The present instant (UTC).
    pub now: Timestamp,
}

/// What was agreed: as the case keeps it, and as it is today.
#[derive(Debug, Clone, Copy)]
pub struct Books<'a> {
    /// Flow, prices, terms and ladders.
    pub pinned: &'a Playbook,
    /// People, slots, accounts.
    pub today: &'a Playbook,
}

impl<'a> From<&'a Playbook> for Books<'a> {
    /// A new case keeps what is today's.
    fn from(playbook: &'a Playbook) -> Self {
        Self { pinned: playbook, today: playbook }
    }
}

impl<'a> Draft<'a> {
    /// The first commit of a case.
    #[must_use]
    pub fn first(key: CaseKey, personal: Personal, books: impl Into<Books<'a>>, step: &Step<'_>) -> Self {
        Self::make(None, key, personal, books.into(), step)
    }

    /// The next commit of a case.
    #[must_use]
    pub fn next(case: Case, personal: Personal, books: impl Into<Books<'a>>, step: &Step<'_>) -> Self {
        let key = case.key.clone();
        Self::make(Some(case), key, personal, books.into(), step)
    }

    fn make(case: Option<Case>, key: CaseKey, personal: Personal, books: Books<'a>, step: &Step<'_>) -> Self {
        let commit = Commit {
            v: VERSION,
            client: key.client,
            case: key.case,
            seq: case.as_ref().map_or(1, |c| c.seq + 1),
            prev: case.as_ref().map(|c| c.head.clone()).unwrap_or_default(),
            cause: step.cause.clone(),
            function: step.function.to_owned(),
            actor: step.actor.clone(),
            // Clocks of two machines differ; the record never goes back.
            recorded_at: case.as_ref().map_or(step.now, |c| c.recorded_at.max(step.now)),
            entries: Vec::new(),
        };
        let (playbook, today, now) = (books.pinned, books.today, commit.recorded_at);
        Self { playbook, today, now, case, personal, personal_changed: false, commit, also: Vec::new() }
    }

    /// An id of its own for the `n`th thing of this kind made here.
    #[must_use]
    pub fn new_id(&self, kind: &str, n: &str) -> Id {
        Id::derive(&[kind, self.commit.case.as_str(), self.commit.cause.as_str(), &self.commit.function, n])
    }

    /// How many entries there are so far: a number for [`Self::new_id`] that no earlier call had.
    #[must_use]
    pub fn index(&self) -> String {
        self.commit.entries.len().to_string()
    }

    /// The case as it will be after what was pushed so far.
    ///
    /// # Errors
    /// Before `case.opened` was pushed.
    pub fn case(&self) -> Result<&Case, Rejection> {
        self.case.as_ref().ok_or(Rejection::Misplaced("no case yet"))
    }

    /// What the customer wrote.
    #[must_use]
    pub fn personal(&self) -> &Personal {
        &self.personal
    }

    /// The first of these facts that is of a kind.
    pub(super) fn fact_of<'s>(&self, kind: FactKind, names: &'s [String]) -> Option<&'s String> {
        names.iter().find(|fact| self.playbook.facts.get(*fact).is_some_and(|spec| spec.kind == kind))
    }

    /// On whose behalf it is decided.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.commit.actor
    }

    /// Writes or wants something beside the case, in the same transaction.
    pub fn also(&mut self, also: Also) {
        if !self.also.contains(&also) {
            self.also.push(also);
        }
    }

    /// Adds an entry, and starts what the playbook starts because of it.
    ///
    /// # Errors
    /// When it can't be folded, or a flow that it starts lacks something.
    pub fn push(&mut self, entry: Entry) -> Result<(), Rejection> {
        let index = self.index();
        let id = Id::derive(&[
            "entry",
            self.commit.case.as_str(),
            self.commit.cause.as_str(),
            &self.commit.function,
            &index,
        ]);
        let (key, at) = (self.commit.key(), self.commit.recorded_at);
        let case =
            Case::apply(self.case.take(), &key, at, &id, &entry).map_err(|e| Rejection::Broken(e.to_string()))?;
        self.case = Some(case);
        self.commit.entries.push(Stamped { id, v: VERSION, entry: entry.clone() });
        side::follow(self, &entry)
    }

    /// Records values: marks into the journal, personal values into the erasable item.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn record(&mut self, taken: BTreeMap<String, String>) -> Result<(), Rejection> {
        if taken.is_empty() {
            return Ok(());
        }
        let facts = self.personal.record(&self.playbook.facts, taken);
        self.personal_changed = true;
        self.push(Entry::FactsRecorded { facts })
    }

    /// A rejection that names what the playbook lacks.
    #[must_use]
    pub fn lacks(&self, what: &'static str, name: &str) -> Rejection {
        Rejection::NotInPlaybook {
            client: self.playbook.client.to_string(),
            version: self.playbook.version,
            what,
            name: name.to_owned(),
        }
    }

    /// Whether the case, once this commit is made, is open but neither a step, an answer nor anything that a track waits
    /// for can move its main token.
    ///
    /// # Errors
    /// When there is no case.
    pub fn is_stranded(&self) -> Result<bool, Rejection> {
        let case = self.case()?;
        let main = TokenId::default();
        let moves = |(cause, step): (&Id, &Pending)| {
            *cause != self.commit.cause && step.token == main && !matches!(step.what, What::Intended { .. })
        };
        let asked = case.asks().any(|(_, ask)| !ask.beside);
        // Side flows, too, may move it.
        let beside = case.tokens.len() > 1;
        let waits = flow::awaits_something(self.playbook, case);
        Ok(case.status == Status::Open && !case.pending.iter().any(moves) && !asked && !beside && !waits)
    }

    /// A task about a step that never came is moot once it came after all, and nobody is to look at what is done.
    fn withdraw_done(&mut self) -> Result<(), Rejection> {
        let (case, cause) = (self.case()?, &self.commit.cause);
        let waits = |step: &Id| step != cause && case.pending.contains_key(step);
        let of_step = |ask: &Ask| ask.reason.as_ref().is_some_and(|reason| reason.starts_with(NEVER_CAME));
        // An emergency is somebody's until they say so, whatever became of the step that was to ask.
        let is_urgent = |step: &Id| case.emergency() == Some(step);
        let done = |ask: &Ask| of_step(ask) && ask.about.as_ref().is_some_and(|step| !waits(step) && !is_urgent(step));
        let done: Vec<Id> = case.asks().filter(|(_, ask)| done(ask)).map(|(id, _)| id.clone()).collect();
        done.into_iter().try_for_each(|ask| self.push(Entry::AskWithdrawn { ask }))
    }

    /// Mails that this commit made untrue, and that aren't on their way, find their end in it: they don't pile up while
    /// nobody sends.
    fn drop_untrue(&mut self) -> Result<(), Rejection> {
        let (case, now) = (self.case()?, self.now);
        let untrue = |m: &Message| m.holds.iter().find(|h| !h.is_true(case, now)).map(|h| h.name().to_owned());
        let waits = case.messages().filter(|(_, m)| m.state == State::Intended);
        let untrue: Vec<_> = waits.filter_map(|(id, m)| Some((id.clone(), untrue(m)?))).collect();
        untrue.into_iter().try_for_each(|(message, reason)| self.push(Entry::MessageDropped { message, reason }))
    }

    /// Seals the commit.
    ///
    /// # Errors
    /// When nothing was pushed, or the case would be forgotten.
    pub fn finish(mut self) -> Result<Ready, Rejection> {
        if self.commit.entries.is_empty() {
            return Err(Rejection::Empty);
        }
        let mail = |stamped: &Stamped| match &stamped.entry {
            Entry::MessageIntended { message, .. } => Some(message.clone()),
            _ => None,
        };
        let wanted: Vec<Id> = self.commit.entries.iter().filter_map(mail).collect();
        message::within_budget(&mut self, &wanted)?;
        self.withdraw_done()?;
        self.drop_untrue()?;
        approval::withdraw_moot(&mut self)?;
        let mut case = self.case.ok_or(Rejection::Misplaced("no case"))?;
        let stored = self.commit.seal().map_err(|e| Rejection::Broken(e.to_string()))?;
        case.settle(&self.commit.cause, &self.commit);
        case.head.clone_from(&stored.hash);
        if case.is_forgotten() {
            return Err(Rejection::Forgotten);
        }
        let personal = self.personal_changed.then_some(self.personal);
        Ok(Ready { case, stored, commit: self.commit, personal, also: self.also })
    }
}
