//! What each entry does to the snapshot. Nothing here decides: the same journal always folds to the same snapshot.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Case, MAX_RETRIES, Package, Pending, Status, Timer, Token, Track, VERSION, WATCHDOG, Why};
use crate::ask::Ask;
use crate::billing::{DUE, ISSUE_INVOICE, Invoice, PAID};
use crate::booking::{Booking, REMINDER, RUN_SESSION, SESSION_END};
use crate::message::{Message, State};
use crate::{CaseKey, Commit, Entry, Id};

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
            bookings_made: 0,
            invoices_issued: 0,
            held: BTreeMap::new(),
            package: None,
            opened: Vec::new(),
            coach: None,
            owner: None,
            stopped: None,
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
            Entry::NodeLeft { outcome, .. } => {
                self.token = None;
                if outcome == PAID {
                    self.led_on();
                }
            }
            Entry::AskOpened { .. } => self.open_ask(entry),
            Entry::AskAnswered { ask, answer, action, .. } => {
                let asked = self.ask(ask).cloned();
                let task = asked.as_ref().filter(|a| a.is_task()).and_then(|a| a.about.clone());
                let (visit, node) = asked.map(|a| (a.visit, a.node)).unwrap_or_default();
                self.close_track(ask);
                let step = Step { action, why: Why::Answered, about: Some(ask), what: answer, node, visit, task };
                self.expect(id, at, step);
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
            Entry::CaseOpened { .. } | Entry::InquiryClassified { .. } | Entry::PolicyDecided { .. } => {}
            Entry::SlotsOpened { days, .. } => self.opened.clone_from(days),
            Entry::OwnerAssigned { owner } => self.owner = Some(owner.clone()),
            Entry::EmergencyRaised { by, action, .. } => {
                self.stopped = Some(id.clone());
                self.expect(id, at, Step { action, why: Why::Raised, what: by, ..Step::new() });
            }
            Entry::AutomationResumed {} => self.stopped = None,
            Entry::PlaybookMigrated { to, nodes, .. } => self.migrate(*to, nodes),
            Entry::BookingHeld { .. }
            | Entry::BookingConfirmed { .. }
            | Entry::BookingReleased { .. }
            | Entry::SessionHeld { .. }
            | Entry::SessionMissed { .. }
            | Entry::PackageStarted { .. } => self.take_booking(at, id, entry),
            Entry::InvoiceIssued { .. }
            | Entry::InvoiceExtended { .. }
            | Entry::InvoiceSettled { .. }
            | Entry::InvoiceWithdrawn { .. }
            | Entry::PaymentRecorded { .. }
            | Entry::PaymentFailed { .. }
            | Entry::PaymentRefunded { .. }
            | Entry::PaymentDisputed { .. } => self.take_money(at, id, entry),
            _ => self.take_message(at, id, entry),
        }
    }

    fn migrate(&mut self, to: u32, nodes: &BTreeMap<String, String>) {
        let new = |node: &str| nodes.get(node).cloned();
        self.playbook_version = to;
        if let Some(token) = &mut self.token {
            token.node = new(&token.node).unwrap_or_else(|| token.node.clone());
        }
        for track in self.tracks.values_mut() {
            match track {
                Track::Ask(ask) => ask.node = new(&ask.node).unwrap_or_else(|| ask.node.clone()),
                Track::Message(message) => {
                    message.origin = new(&message.origin).unwrap_or_else(|| message.origin.clone())
                }
                Track::Booking(_) | Track::Invoice(_) => {}
            }
        }
        for step in self.pending.values_mut() {
            step.node = new(&step.node).unwrap_or_else(|| step.node.clone());
            if step.why == Why::Entered {
                step.what = new(&step.what).unwrap_or_else(|| step.what.clone());
            }
        }
    }

    fn take_booking(&mut self, at: Timestamp, id: &Id, entry: &Entry) {
        match entry {
            Entry::BookingHeld { booking, menu, seat, until } => {
                self.bookings_made += 1;
                self.coach = Some(seat.coach.clone());
                self.opened.clear();
                let n = self.bookings_made;
                let held = Booking { n, menu: menu.clone(), seat: seat.clone(), version: 1, until: Some(*until) };
                self.tracks.insert(booking.clone(), Track::Booking(held));
            }
            Entry::BookingConfirmed { booking, reminders } => {
                let Some(Track::Booking(confirmed)) = self.tracks.get_mut(booking) else { return };
                confirmed.until = None;
                let ends = confirmed.seat.ends();
                self.time(booking, SESSION_END, "", ends, RUN_SESSION);
                for moment in reminders {
                    self.time(booking, &format!("reminder:{}", moment.name), "", moment.at, REMINDER);
                }
            }
            Entry::SessionHeld { booking } => self.conclude(booking, true),
            Entry::SessionMissed { booking, counts } => self.conclude(booking, *counts),
            Entry::BookingReleased { booking, action, .. } => {
                let slot = self.booking_of(booking).map(|b| b.seat.slot().name()).unwrap_or_default();
                self.close_track(booking);
                let step = Step { action, why: Why::Released, about: Some(booking), what: &slot, ..Step::new() };
                self.expect(id, at, step);
            }
            Entry::PackageStarted { menu, sessions, used, expires_on } => {
                let (menu, sessions, used, expires_on) = (menu.clone(), *sessions, *used, *expires_on);
                self.package = Some(Package { menu, sessions, used, expires_on });
            }
            _ => {}
        }
    }

    fn conclude(&mut self, booking: &Id, counts: bool) {
        let menu = self.booking_of(booking).map(|b| b.menu.clone());
        if let Some(menu) = menu.filter(|_| counts) {
            if let Some(package) = self.package.as_mut().filter(|p| p.menu == menu) {
                package.used += 1;
            }
            *self.held.entry(menu).or_default() += 1;
        }
        self.close_track(booking);
    }

    /// The flow went on by what was paid: entering the node again asks for the next invoice.
    fn led_on(&mut self) {
        for track in self.tracks.values_mut() {
            if let Track::Invoice(invoice) = track {
                invoice.led_on |= invoice.settled;
            }
        }
    }

    fn take_money(&mut self, at: Timestamp, id: &Id, entry: &Entry) {
        match entry {
            Entry::InvoiceIssued { invoice, number, lines, taxes, total, currency, due_on, due_at } => {
                self.invoices_issued += 1;
                let issued = Invoice {
                    n: self.invoices_issued,
                    number: number.clone(),
                    lines: lines.clone(),
                    taxes: taxes.clone(),
                    total: *total,
                    currency: currency.clone(),
                    due_on: *due_on,
                    paid: 0,
                    settled: false,
                    led_on: false,
                    paid_at: None,
                };
                self.tracks.insert(invoice.clone(), Track::Invoice(issued));
                self.time(invoice, DUE, "", *due_at, ISSUE_INVOICE);
            }
            Entry::InvoiceExtended { invoice, due_on, due_at } => {
                let Some(Track::Invoice(open)) = self.tracks.get_mut(invoice) else { return };
                open.due_on = *due_on;
                self.time(invoice, DUE, "", *due_at, ISSUE_INVOICE);
            }
            Entry::PaymentRecorded { invoice, amount, currency, .. } => {
                let Some(Track::Invoice(open)) = self.tracks.get_mut(invoice) else { return };
                // Another currency's units count for nothing here; a person looks at it.
                if open.currency != *currency {
                    return;
                }
                open.paid = open.paid.saturating_add(*amount);
                open.paid_at = Some(at);
            }
            Entry::InvoiceSettled { invoice, action } => {
                if let Some(Track::Invoice(open)) = self.tracks.get_mut(invoice) {
                    open.settled = true;
                }
                self.timers.retain(|_, t| t.about.as_ref() != Some(invoice));
                self.expect(id, at, Step { action, why: Why::Settled, about: Some(invoice), ..Step::new() });
            }
            Entry::PaymentFailed { invoice, action, .. } => {
                self.expect(id, at, Step { action, why: Why::Failed, about: Some(invoice), ..Step::new() });
            }
            Entry::InvoiceWithdrawn { invoice, .. } => self.close_track(invoice),
            _ => {}
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
                self.expect(id, at, Step { action, about: Some(message), ..Step::new() });
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
                // A call that the provider didn't take doesn't count; waiting before the lease was none.
                let called = |m: &Message| m.attempts.saturating_sub(u32::from(m.state == State::Sending));
                let attempts = self.message(message).map_or(0, called);
                self.timers.retain(|_, t| t.about.as_ref() != Some(message));
                self.set_message(message, State::Intended, Some(attempts));
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
            | Entry::MessageClosed { message } => {
                self.close_track(message);
                self.pending.retain(|_, step| step.why != Why::Intended || step.about.as_ref() != Some(message));
            }
            _ => {}
        }
    }

    fn open_ask(&mut self, entry: &Entry) {
        let Entry::AskOpened {
            ask,
            question,
            kind,
            to,
            owner,
            node,
            fields,
            answers,
            deadline,
            nudges,
            about,
            reason,
            beside,
            menu,
        } = entry
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
            beside: *beside,
            menu: menu.clone(),
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
            node: step.node,
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
    node: String,
    visit: Option<Id>,
    task: Option<Id>,
}

impl Step<'_> {
    fn new() -> Self {
        Step { action: "", why: Why::Intended, about: None, what: "", node: String::new(), visit: None, task: None }
    }
}

/// When a step asked for at `at` is asked for again: 5, 10, 20, 40, 80 minutes, then every 160.
fn watchdog(at: Timestamp, attempt: u32) -> Timestamp {
    let wait = WATCHDOG.saturating_mul(1 << attempt.min(MAX_RETRIES));
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
