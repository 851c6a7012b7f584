//! What each entry does to the snapshot. Nothing here decides: the same journal always folds to the same snapshot.
//!
//! ```text
//! fold/token.rs    tokens, waits, suspensions, requests
//! fold/ask.rs      asks
//! fold/message.rs  messages
//! fold/money.rs    bookings, packages, invoices, payments
//! fold/refund.rs   money that goes back
//! ```

mod ask;
mod message;
mod money;
mod refund;
mod token;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::case::EMERGENCY;
use super::pending::watchdog;
use super::{
    Case, Commit, Counters, Entry, Message, Pending, Scope, State, Status, Suspension, Timer, TokenId, Track, VERSION,
    What,
};
use crate::{CaseKey, Id};

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
            (None, Entry::CaseOpened { flow, playbook_version, language, person, form, .. }) => Ok(Self {
                v: VERSION,
                key: key.clone(),
                seq: 0,
                head: String::new(),
                opened_at: at,
                recorded_at: at,
                flow: flow.clone(),
                form: form.clone(),
                playbook_version: *playbook_version,
                language: language.clone(),
                person: person.clone(),
                status: Status::Open,
                outcome: None,
                tokens: BTreeMap::new(),
                facts: BTreeMap::new(),
                inbound: None,
                counters: Counters::default(),
                package: None,
                opened: Vec::new(),
                coach: None,
                owner: None,
                proposed: BTreeMap::new(),
                suspensions: BTreeMap::new(),
                tracks: BTreeMap::new(),
                pending: BTreeMap::new(),
                timers: BTreeMap::new(),
            }),
            (None, _) => Err(FoldError::NotOpened(1)),
            (Some(mut case), _) => {
                case.take(at, id, entry);
                case.forget_told();
                Ok(case)
            }
        }
    }

    fn take(&mut self, at: Timestamp, id: &Id, entry: &Entry) {
        match entry {
            Entry::FactsRecorded { facts } => self.facts.extend(facts.clone()),
            Entry::TimerFired { .. }
            | Entry::StepRetried { .. }
            | Entry::StepParked { .. }
            | Entry::StepSkipped { .. } => self.take_step(at, id, entry),
            Entry::InboundUnreadable { inbound, .. }
            | Entry::ImportListed { inbound, .. }
            | Entry::DaysClosed { inbound, .. } => self.keep(inbound),
            Entry::VersionProposed { by, .. } => self.wanted_by(id, by),
            Entry::CaseOpened { .. }
            | Entry::VersionPublished { .. }
            | Entry::InquiryClassified { .. }
            | Entry::PolicyDecided { .. }
            | Entry::StageMoved { .. }
            | Entry::PromotionStopped { .. }
            | Entry::FormReceived { .. } => {}
            Entry::SlotsOpened { days, .. } => self.opened.clone_from(days),
            Entry::OwnerAssigned { owner } => self.owner = Some(owner.clone()),
            Entry::EmergencyRaised { action, .. } => self.raised(at, id, action),
            Entry::PlaybookMigrated { to, nodes, .. } => self.migrate(*to, nodes),
            Entry::AskOpened { .. }
            | Entry::CodeMailed { .. }
            | Entry::CodeRefused { .. }
            | Entry::ApprovalGiven { .. }
            | Entry::AskAnswered { .. }
            | Entry::AskExpired { .. }
            | Entry::AskWithdrawn { .. } => self.take_ask(at, id, entry),
            Entry::NodeEntered { .. }
            | Entry::NodeLeft { .. }
            | Entry::TokenStarted { .. }
            | Entry::TokenEnded { .. }
            | Entry::TokenParked { .. }
            | Entry::WaitStarted { .. }
            | Entry::ScheduleSet { .. }
            | Entry::RequestRaised { .. }
            | Entry::RequestProposed { .. }
            | Entry::RequestClosed { .. }
            | Entry::AutomationSuspended { .. }
            | Entry::AutomationResumed { .. }
            | Entry::CaseClosed { .. } => self.take_token(at, id, entry),
            Entry::BookingHeld { .. }
            | Entry::BookingConfirmed { .. }
            | Entry::BookingMoved { .. }
            | Entry::BookingCancelled { .. }
            | Entry::BookingReleased { .. }
            | Entry::SessionHeld { .. }
            | Entry::SessionMissed { .. }
            | Entry::PackageStarted { .. }
            | Entry::PackageExtended { .. } => self.take_booking(at, id, entry),
            Entry::InvoiceIssued { .. }
            | Entry::InvoiceExtended { .. }
            | Entry::InvoiceChecked { .. }
            | Entry::InvoiceReduced { .. }
            | Entry::InvoiceWaived { .. }
            | Entry::ReceiptIssued { .. }
            | Entry::InvoiceSettled { .. }
            | Entry::InvoiceWithdrawn { .. }
            | Entry::PaymentRecorded { .. }
            | Entry::PaymentFailed { .. }
            | Entry::PaymentRefunded { .. }
            | Entry::PaymentDisputed { .. } => self.take_money(at, id, entry),
            Entry::RefundOrdered { .. }
            | Entry::RefundSending { .. }
            | Entry::RefundDeferred { .. }
            | Entry::RefundMade { .. }
            | Entry::RefundRefused { .. }
            | Entry::RefundWithdrawn { .. } => self.take_refund(at, id, entry),
            Entry::MessageIntended { .. }
            | Entry::MessageWritten { .. }
            | Entry::MessageApproved { .. }
            | Entry::MessageSampled { .. }
            | Entry::MessageSending { .. }
            | Entry::MessageSent { .. }
            | Entry::MessageDeferred { .. }
            | Entry::MessageDropped { .. }
            | Entry::MessageHeld { .. }
            | Entry::MessageUncertain { .. }
            | Entry::MessageClosed { .. }
            | Entry::MessageReleased { .. }
            | Entry::MessageDelivered { .. }
            | Entry::MessageBounced { .. } => self.take_message(at, id, entry),
        }
    }

    /// Whoever decides must see it.
    fn keep(&mut self, inbound: &Id) {
        self.inbound = Some(inbound.clone());
    }

    fn raised(&mut self, at: Timestamp, id: &Id, action: &str) {
        let emergency = Suspension { by: EMERGENCY.to_owned(), token: None, scope: Scope::Case };
        self.suspensions.insert(id.clone(), emergency);
        self.expect(id, at, action, What::Raised);
    }

    fn take_step(&mut self, at: Timestamp, id: &Id, entry: &Entry) {
        match entry {
            Entry::TimerFired { timer, name, action, about } => self.fired(at, id, (timer, name, action, about)),
            Entry::StepRetried { cause, attempt, .. } => self.retry(cause, at, *attempt),
            Entry::StepParked { cause, .. } => {
                if let Some(pending) = self.pending.get_mut(cause) {
                    pending.watchdog_at = None;
                }
            }
            Entry::StepSkipped { cause: Some(cause), .. } => {
                self.pending.remove(cause);
            }
            _ => {}
        }
    }

    fn fired(&mut self, at: Timestamp, id: &Id, timer: (&Id, &str, &str, &Option<Id>)) {
        let (timer, name, action, about) = timer;
        self.timers.remove(timer);
        let token = self.token_of_timer(about.as_ref());
        let visit = token.as_ref().and_then(|t| self.tokens.get(t)).map(|t| t.entered.clone());
        self.expect(id, at, action, What::Fired { timer: name.to_owned(), about: about.clone() });
        if let (Some(pending), Some(token)) = (self.pending.get_mut(id), token) {
            (pending.token, pending.visit) = (token, visit);
        }
    }

    /// The token behind a timer: the one that waits, or that asks.
    fn token_of_timer(&self, about: Option<&Id>) -> Option<TokenId> {
        let about = about?;
        let waits = self.tokens.iter().find(|(_, t)| t.entered == *about).map(|(id, _)| id.clone());
        waits.or_else(|| self.ask(about).map(|ask| ask.token.clone()))
    }

    fn migrate(&mut self, to: u32, nodes: &BTreeMap<String, String>) {
        // Old names stand as they are, or with their flow before them.
        let rename = |flow: &str, node: &mut String| {
            if let Some(new) = nodes.get(&format!("{flow}/{node}")).or_else(|| nodes.get(node.as_str())) {
                node.clone_from(new);
            }
        };
        self.playbook_version = to;
        let main = self.flow.clone();
        for token in self.tokens.values_mut() {
            rename(&token.flow, &mut token.node);
        }
        for track in self.tracks.values_mut() {
            match track {
                Track::Ask(ask) => rename(ask.flow.as_ref().unwrap_or(&main), &mut ask.node),
                Track::Message(message) => rename(message.flow.as_ref().unwrap_or(&main), &mut message.origin),
                Track::Booking(_) | Track::Invoice(_) | Track::Refund(_) | Track::Request(_) | Track::Settlement(_) => {
                }
            }
        }
        for step in self.pending.values_mut() {
            let flow = self.tokens.get(&step.token).map_or(&main, |t| &t.flow).clone();
            match &mut step.what {
                What::Entered { node } => rename(&flow, node),
                What::Answered { flow, node, .. } => rename(flow.as_ref().unwrap_or(&main), node),
                _ => {}
            }
        }
    }

    fn expect(&mut self, cause: &Id, at: Timestamp, action: &str, what: What) {
        let pending = Pending {
            action: action.to_owned(),
            what,
            token: TokenId::default(),
            visit: None,
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
        // A person let it go on.
        if let Some(token) = self.tokens.values_mut().find(|t| t.entered == *cause) {
            token.parked = false;
        }
    }

    fn time(&mut self, about: &Id, name: &str, n: &str, at: Timestamp, action: &str) {
        let id = Id::derive(&["timer", about.as_str(), name, n]);
        let timer = Timer { at, name: name.to_owned(), action: action.to_owned(), about: Some(about.clone()) };
        self.timers.insert(id, timer);
    }

    fn untime(&mut self, about: &Id) {
        self.timers.retain(|_, timer| timer.about.as_ref() != Some(about));
    }

    /// A closed track leaves the snapshot; its timers die with it, and so do mails about it that wait for a person.
    fn close_track(&mut self, id: &Id) {
        self.tracks.remove(id);
        let speaks_of = |m: &Message| m.about.as_ref() == Some(id) || m.tracks.first() == Some(id);
        let moot = |m: &Message| m.state == State::Held && speaks_of(m);
        self.tracks.retain(|_, track| !matches!(track, Track::Message(m) if moot(m)));
        self.untime(id);
        for token in self.tokens.values_mut() {
            token.tracks.retain(|track| track != id);
        }
    }

    /// A booking that was called off, and a refund that was made, leave once no token is about them, and no mail that says so
    /// is still to leave.
    fn forget_told(&mut self) {
        let is_carried = |id: &Id| self.tokens.values().any(|token| token.tracks.contains(id));
        let is_told = |id: &Id| self.messages().any(|(_, message)| message.tracks.contains(id));
        let is_over = |track: &Track| match track {
            Track::Booking(booking) => booking.cancelled,
            Track::Refund(refund) => refund.is_made(),
            Track::Settlement(_) => true,
            _ => false,
        };
        let over = self.tracks.iter().filter(|(id, track)| is_over(track) && !is_carried(id) && !is_told(id));
        let over: Vec<Id> = over.map(|(id, _)| id.clone()).collect();
        over.iter().for_each(|id| self.close_track(id));
    }

    /// A token is about a track from now on, in the place of another of its kind.
    fn carry(&mut self, token: &TokenId, id: &Id, track: Track) {
        let kind = track.kind();
        self.tracks.insert(id.clone(), track);
        let Some(carrier) = self.tokens.get_mut(token) else { return };
        carrier.tracks.retain(|t| self.tracks.get(t).is_some_and(|t| t.kind() != kind));
        carrier.tracks.push(id.clone());
    }
}
