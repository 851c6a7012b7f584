//! Messages.

use jiff::Timestamp;

use super::{Case, Entry, Message, State, Track, What};
use crate::Id;
use crate::state::{DEFERRED, LEASE_END};
use crate::steps::SEND_MESSAGE;

impl Case {
    pub(super) fn take_message(&mut self, at: Timestamp, id: &Id, entry: &Entry) {
        match entry {
            Entry::MessageIntended { message, action, .. } => {
                self.intend(at, entry);
                self.expect(id, at, action, What::Intended { message: message.clone() });
            }
            Entry::MessageReleased { message, action } => {
                self.set_message(message, State::Intended, None);
                self.of_message(message, |m| m.released = true);
                self.expect(id, at, action, What::Intended { message: message.clone() });
            }
            Entry::MessageSampled { message, to, action } => {
                self.of_message(message, |m| m.sample = Some(to.clone()));
                self.expect(id, at, action, What::Intended { message: message.clone() });
            }
            Entry::MessageWritten { message, version, author } => {
                self.of_message(message, |m| {
                    (m.written, m.author, m.approved) = (*version, Some(author.clone()), None);
                });
            }
            Entry::MessageApproved { message, mark } => {
                self.of_message(message, |m| m.approved = Some(mark.clone()));
            }
            Entry::MessageSending { message, attempt, lease_until, .. } => {
                self.set_message(message, State::Sending, Some(*attempt));
                self.time(message, LEASE_END, &attempt.to_string(), *lease_until, SEND_MESSAGE);
            }
            Entry::MessageDeferred { message, until, .. } => {
                self.untime(message);
                self.of_message(message, |m| {
                    // A call that the provider didn't take doesn't count as one; waiting before the lease was none.
                    let called = u32::from(m.state == State::Sending);
                    m.attempts = m.attempts.saturating_sub(called);
                    m.busy = if called == 1 { m.busy.saturating_add(1) } else { 0 };
                    m.state = State::Intended;
                });
                self.time(message, DEFERRED, &until.to_string(), *until, SEND_MESSAGE);
            }
            Entry::MessageUncertain { message } => {
                self.set_message(message, State::Uncertain, None);
                self.untime(message);
            }
            Entry::MessageHeld { message, .. } => {
                // What the provider refused it didn't take: should it be sent all the same, it comes for the first time.
                let refused = self.message(message).is_some_and(|m| m.state == State::Sending);
                self.of_message(message, |m| m.attempts = m.attempts.saturating_sub(u32::from(refused)));
                self.set_message(message, State::Held, None);
                self.untime(message);
            }
            Entry::MessageSent { message, .. } | Entry::MessageClosed { message } => self.went(at, message, entry),
            Entry::MessageDropped { message, .. } => self.end_message(message),
            Entry::MessageDelivered { message } => self.take_arrival(at, message, true),
            Entry::MessageBounced { message, kind } if kind != "transient" => self.take_arrival(at, message, false),
            _ => {}
        }
    }

    /// The provider took it, or a person dealt with it in another way.
    fn went(&mut self, at: Timestamp, message: &Id, entry: &Entry) {
        let sent = self.message(message).filter(|_| matches!(entry, Entry::MessageSent { .. })).cloned();
        if let Some(sent) = sent {
            self.counters.left(&sent, at);
        }
        self.take_dunning(at, message, entry);
        self.end_message(message);
    }

    fn of_message(&mut self, id: &Id, change: impl FnOnce(&mut Message)) {
        if let Some(Track::Message(message)) = self.tracks.get_mut(id) {
            change(message);
        }
    }

    fn end_message(&mut self, message: &Id) {
        self.close_track(message);
        self.pending.retain(|_, step| step.about() != Some(message));
    }

    fn intend(&mut self, at: Timestamp, entry: &Entry) {
        let Entry::MessageIntended {
            message,
            template,
            to,
            effect,
            topic,
            holds,
            about,
            tracks,
            flow,
            origin,
            author,
            action: _,
        } = entry
        else {
            return;
        };
        self.counters.messages += 1;
        self.counters.mails.retain(|_, tally| tally.on_day_of(at) > 0);
        self.counters.mails.entry(to.clone()).or_default().count(at);
        // In version 1 a mail was about its ask, and so about what that was about, or about a track.
        let ask = about.as_ref().and_then(|id| self.ask(id));
        let of_version_1 = || match (ask, about) {
            (Some(ask), _) => ask.tracks.clone(),
            (None, about) => about.iter().cloned().collect(),
        };
        let tracks = if tracks.is_empty() { of_version_1() } else { tracks.clone() };
        let about = about.clone().filter(|_| ask.is_some());
        let wanted = Message {
            n: self.counters.messages,
            template: template.clone(),
            to: to.clone(),
            effect: *effect,
            topic: *topic,
            holds: holds.clone(),
            about,
            tracks,
            flow: flow.clone(),
            origin: origin.clone(),
            state: State::Intended,
            attempts: 0,
            author: author.clone(),
            copy: 0,
            written: 0,
            released: false,
            approved: None,
            sample: None,
            busy: 0,
        };
        self.tracks.insert(message.clone(), Track::Message(wanted));
    }

    fn set_message(&mut self, id: &Id, state: State, attempts: Option<u32>) {
        self.of_message(id, |message| {
            message.state = state;
            message.attempts = attempts.unwrap_or(message.attempts);
        });
    }
}
