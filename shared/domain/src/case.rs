//! The snapshot of a case: the fold of its journal. It says what is pending, what is timed, and so when to look again.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ask::Ask;
use crate::fact::Fact;
use crate::message::{Message, State};
use crate::{CaseKey, Commit, Entry, Id};

/// The version that new snapshots carry. A snapshot of another version is folded anew from the journal.
pub const VERSION: u32 = 1;
/// How long a step may take before it is asked for again: twice what Lambda's own two retries need.
pub const WATCHDOG: SignedDuration = SignedDuration::from_mins(5);
/// How many times a step is asked for again before a person must look.
pub const MAX_RETRIES: u32 = 5;

/// Open, or finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Somebody still expects something.
    Open,
    /// Nothing more will be asked; what is on its way still leaves.
    Closed,
}

/// Where the main token stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Node of the flow.
    pub node: String,
    /// The `node.entered` that brought it here: tells a visit from an earlier one.
    pub entered: Id,
}

/// Why a step is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The token entered a node.
    Entered,
    /// An ask was answered.
    Answered,
    /// A timer fired.
    Fired,
    /// A message is wanted.
    Intended,
}

/// A step that somebody must take up. Keyed by the entry that caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The function that must.
    pub action: String,
    /// What happened.
    pub why: Why,
    /// The track it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Id>,
    /// The answer, the node or the timer's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub what: String,
    /// The visit of a node (its `node.entered`) that it belongs to: a step for an earlier visit draws no consequences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<Id>,
    /// What the task was about, when it is the answer to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Id>,
    /// When it is asked for again (UTC); `None` once a person has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watchdog_at: Option<Timestamp>,
    /// How many times it was asked for again.
    #[serde(default)]
    pub attempts: u32,
}

/// Something to look at again later. It carries no decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// When (UTC).
    pub at: Timestamp,
    /// What for: `deadline`, `nudge`, `lease`, `deferred`.
    pub name: String,
    /// The function that decides when it fires.
    pub action: String,
    /// The track it belongs to, and dies with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Id>,
}

/// Something that runs beside the token, with a state of its own. Closed tracks leave the snapshot; the journal has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "track", rename_all = "kebab-case")]
pub enum Track {
    /// A question to one person.
    Ask(Ask),
    /// One outgoing mail.
    Message(Message),
}

/// The snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Version of the snapshot's shape.
    pub v: u32,
    /// The case.
    #[serde(flatten)]
    pub key: CaseKey,
    /// Number of commits.
    pub seq: u64,
    /// SHA-256 (hex) of the last commit's bytes.
    pub head: String,
    /// UTC.
    pub opened_at: Timestamp,
    /// When the last commit was recorded (UTC).
    pub recorded_at: Timestamp,
    /// Flow of the playbook.
    pub flow: String,
    /// The playbook that the case keeps.
    pub playbook_version: u32,
    /// `ja` or `en`, for the customer.
    pub language: String,
    /// The customer.
    pub person: Id,
    /// Open or closed.
    pub status: Status,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Where the token stands; none before the first node and after the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// What is known, with marks in the place of personal values.
    pub facts: BTreeMap<String, Fact>,
    /// A payload that could not be understood, or not all of it: whoever decides must see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound: Option<Id>,
    /// How many messages were wanted so far.
    pub messages: u32,
    /// Open tracks.
    pub tracks: BTreeMap<Id, Track>,
    /// Steps that somebody must take up.
    pub pending: BTreeMap<Id, Pending>,
    /// What to look at again.
    pub timers: BTreeMap<Id, Timer>,
}

/// A journal that can't be folded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// The first commit must open the case.
    #[error("commit {0} comes before case.opened")]
    NotOpened(u64),
    /// A commit is missing or doubled.
    #[error("expected commit {expected}, found {found}")]
    Gap {
        /// The next number.
        expected: u64,
        /// What came.
        found: u64,
    },
}

impl Case {
    /// The earliest instant at which something must be looked at (UTC).
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        let watchdogs = self.pending.values().filter_map(|p| p.watchdog_at);
        self.timers.values().map(|t| t.at).chain(watchdogs).min()
    }

    /// Promise 13: an open case always has a next.
    #[must_use]
    pub fn is_forgotten(&self) -> bool {
        self.status == Status::Open && self.due_at().is_none()
    }

    /// An open ask.
    #[must_use]
    pub fn ask(&self, id: &Id) -> Option<&Ask> {
        match self.tracks.get(id) {
            Some(Track::Ask(ask)) => Some(ask),
            _ => None,
        }
    }

    /// A message that hasn't found its end.
    #[must_use]
    pub fn message(&self, id: &Id) -> Option<&Message> {
        match self.tracks.get(id) {
            Some(Track::Message(message)) => Some(message),
            _ => None,
        }
    }

    /// All open asks.
    pub fn asks(&self) -> impl Iterator<Item = (&Id, &Ask)> {
        self.tracks.iter().filter_map(|(id, track)| match track {
            Track::Ask(ask) => Some((id, ask)),
            Track::Message(_) => None,
        })
    }

    /// Folds a whole commit. `hash` is that of its stored bytes.
    ///
    /// # Errors
    /// When the commit isn't the next one.
    pub fn fold(before: Option<Self>, commit: &Commit, hash: &str) -> Result<Self, FoldError> {
        let expected = before.as_ref().map_or(1, |c| c.seq + 1);
        if commit.seq != expected {
            return Err(FoldError::Gap { expected, found: commit.seq });
        }
        let mut case = before;
        for stamped in &commit.entries {
            case = Some(Self::apply(case, &commit.key(), commit.recorded_at, &stamped.id, &stamped.entry)?);
        }
        let mut case = case.ok_or(FoldError::NotOpened(commit.seq))?;
        case.settle(&commit.cause, commit);
        hash.clone_into(&mut case.head);
        Ok(case)
    }

    /// What a commit does beside its entries: its cause is taken up, and time and number move on.
    pub(crate) fn settle(&mut self, cause: &Id, commit: &Commit) {
        self.pending.remove(cause);
        self.seq = commit.seq;
        self.recorded_at = commit.recorded_at;
    }

    /// Folds one entry.
    ///
    /// # Errors
    /// When the case isn't open yet and this entry doesn't open it.
    pub(crate) fn apply(
        before: Option<Self>,
        key: &CaseKey,
        at: Timestamp,
        id: &Id,
        entry: &Entry,
    ) -> Result<Self, FoldError> {
        match (before, entry) {
            (None, Entry::CaseOpened { .. }) => Ok(Self::opened(key, at, entry)),
            (None, _) => Err(FoldError::NotOpened(1)),
            (Some(mut case), _) => {
                case.take(at, id, entry);
                Ok(case)
            }
        }
    }

    fn opened(key: &CaseKey, at: Timestamp, entry: &Entry) -> Self {
        let Entry::CaseOpened { flow, playbook_version, language, person, .. } = entry else {
            unreachable!("apply() only comes here for case.opened")
        };
        Self {
            v: VERSION,
            key: key.clone(),
            seq: 0,
            head: String::new(),
            opened_at: at,
            recorded_at: at,
            flow: flow.clone(),
            playbook_version: *playbook_version,
            language: language.clone(),
            person: person.clone(),
            status: Status::Open,
            outcome: None,
            token: None,
            facts: BTreeMap::new(),
            inbound: None,
            messages: 0,
            tracks: BTreeMap::new(),
            pending: BTreeMap::new(),
            timers: BTreeMap::new(),
        }
    }

    fn take(&mut self, at: Timestamp, id: &Id, entry: &Entry) {
        match entry {
            Entry::FactsRecorded { facts } => {
                self.facts.extend(facts.iter().map(|(name, fact)| (name.clone(), fact.clone())));
            }
            Entry::NodeEntered { node, action } => {
                self.token = Some(Token { node: node.clone(), entered: id.clone() });
                self.expect(
                    id,
                    at,
                    Step { action, why: Why::Entered, what: node, visit: Some(id.clone()), ..Step::new() },
                );
            }
            Entry::NodeLeft { .. } => self.token = None,
            Entry::AskOpened { .. } => self.open_ask(entry),
            Entry::AskAnswered { ask, answer, action, .. } => {
                let (visit, task) = self.ask(ask).map(|a| (a.visit.clone(), a.about.clone())).unwrap_or_default();
                self.close_track(ask);
                self.expect(id, at, Step { action, why: Why::Answered, about: Some(ask), what: answer, visit, task });
            }
            Entry::AskExpired { ask } | Entry::AskWithdrawn { ask } => self.close_track(ask),
            Entry::TimerFired { timer, name, action, about } => {
                self.timers.remove(timer);
                self.expect(id, at, Step { action, why: Why::Fired, about: about.as_ref(), what: name, ..Step::new() });
            }
            Entry::StepRetried { cause, attempt, .. } => self.retry(cause, at, *attempt),
            Entry::StepParked { cause, .. } => {
                if let Some(pending) = self.pending.get_mut(cause) {
                    pending.watchdog_at = None;
                }
            }
            Entry::StepSkipped { cause, .. } => {
                if let Some(cause) = cause {
                    self.pending.remove(cause);
                }
            }
            Entry::CaseClosed { outcome } => {
                self.status = Status::Closed;
                self.outcome = Some(outcome.clone());
                self.token = None;
            }
            Entry::InboundUnreadable { inbound, .. } => self.inbound = Some(inbound.clone()),
            Entry::CaseOpened { .. } | Entry::InquiryClassified { .. } => {}
            _ => self.take_message(at, id, entry),
        }
    }

    fn take_message(&mut self, at: Timestamp, id: &Id, entry: &Entry) {
        match entry {
            Entry::MessageIntended { message, template, to, effect, holds, about, origin, action } => {
                self.messages += 1;
                let track = Message {
                    n: self.messages,
                    template: template.clone(),
                    to: *to,
                    effect: *effect,
                    holds: holds.clone(),
                    about: about.clone(),
                    origin: origin.clone(),
                    state: State::Intended,
                    attempts: 0,
                };
                self.tracks.insert(message.clone(), Track::Message(track));
                self.expect(id, at, Step { action, about: Some(message), what: template, ..Step::new() });
            }
            Entry::MessageReleased { message, action } => {
                self.set_message(message, State::Intended, None);
                self.expect(id, at, Step { action, about: Some(message), ..Step::new() });
            }
            Entry::MessageSending { message, attempt, lease_until } => {
                self.set_message(message, State::Sending, Some(*attempt));
                self.time(message, "lease", &attempt.to_string(), *lease_until, "send-message");
            }
            Entry::MessageDeferred { message, until, .. } => {
                let attempts = self.message(message).map_or(0, |m| m.attempts);
                self.timers.retain(|_, t| t.about.as_ref() != Some(message));
                self.set_message(message, State::Intended, Some(attempts.saturating_sub(1)));
                self.time(message, "deferred", &until.to_string(), *until, "send-message");
            }
            Entry::MessageUncertain { message } => {
                self.set_message(message, State::Uncertain, None);
                self.timers.retain(|_, t| t.about.as_ref() != Some(message));
            }
            Entry::MessageHeld { message, .. } => {
                self.set_message(message, State::Held, None);
                self.timers.retain(|_, t| t.about.as_ref() != Some(message));
            }
            Entry::MessageSent { message, .. }
            | Entry::MessageDropped { message, .. }
            | Entry::MessageClosed { message } => self.close_track(message),
            _ => {}
        }
    }

    fn open_ask(&mut self, entry: &Entry) {
        let Entry::AskOpened { ask, question, kind, to, owner, node, fields, answers, deadline, nudges, about, reason } =
            entry
        else {
            return;
        };
        let track = Ask {
            question: question.clone(),
            kind: *kind,
            to: *to,
            owner: owner.clone(),
            node: node.clone(),
            fields: fields.clone(),
            answers: answers.clone(),
            deadline: *deadline,
            visit: self.token.as_ref().filter(|t| t.node == *node).map(|t| t.entered.clone()),
            about: about.clone(),
            reason: reason.clone(),
        };
        self.tracks.insert(ask.clone(), Track::Ask(track));
        self.time(ask, "deadline", "", *deadline, owner);
        for (n, at) in nudges.iter().enumerate() {
            self.time(ask, "nudge", &n.to_string(), *at, owner);
        }
    }

    fn expect(&mut self, cause: &Id, at: Timestamp, step: Step<'_>) {
        let pending = Pending {
            action: step.action.to_owned(),
            why: step.why,
            about: step.about.cloned(),
            what: step.what.to_owned(),
            visit: step.visit,
            task: step.task,
            watchdog_at: Some(watchdog(at, 0)),
            attempts: 0,
        };
        self.pending.insert(cause.clone(), pending);
    }

    fn retry(&mut self, cause: &Id, at: Timestamp, attempt: u32) {
        if let Some(pending) = self.pending.get_mut(cause) {
            pending.attempts = attempt;
            pending.watchdog_at = Some(watchdog(at, attempt));
        }
    }

    fn time(&mut self, about: &Id, name: &str, n: &str, at: Timestamp, action: &str) {
        let id = Id::derive(&["timer", about.as_str(), name, n]);
        let timer = Timer { at, name: name.to_owned(), action: action.to_owned(), about: Some(about.clone()) };
        self.timers.insert(id, timer);
    }

    fn set_message(&mut self, id: &Id, state: State, attempts: Option<u32>) {
        if let Some(Track::Message(message)) = self.tracks.get_mut(id) {
            message.state = state;
            if let Some(attempts) = attempts {
                message.attempts = attempts;
            }
        }
    }

    /// A closed track leaves the snapshot; its timers die with it, and so do mails about it that wait for a person.
    fn close_track(&mut self, id: &Id) {
        self.tracks.remove(id);
        let moot = |m: &Message| m.state == State::Held && m.about.as_ref() == Some(id);
        self.tracks.retain(|_, track| !matches!(track, Track::Message(m) if moot(m)));
        self.timers.retain(|_, timer| timer.about.as_ref() != Some(id));
    }
}

/// What an entry expects.
struct Step<'a> {
    action: &'a str,
    why: Why,
    about: Option<&'a Id>,
    what: &'a str,
    visit: Option<Id>,
    task: Option<Id>,
}

impl Step<'_> {
    fn new() -> Self {
        Step { action: "", why: Why::Intended, about: None, what: "", visit: None, task: None }
    }
}

/// When a step asked for at `at` is asked for again: 5, 10, 20, 40, 80 minutes.
fn watchdog(at: Timestamp, attempt: u32) -> Timestamp {
    let wait = WATCHDOG.saturating_mul(1 << attempt.min(10));
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
