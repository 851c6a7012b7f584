//! Money that goes back.

use jiff::Timestamp;

use super::{Case, Entry, Track, What};
use crate::Id;
use crate::state::{DEFERRED, LEASE_END, Refund, State};
use crate::steps::SEND_REFUND;

impl Case {
    pub(super) fn take_refund(&mut self, at: Timestamp, id: &Id, entry: &Entry) {
        match entry {
            Entry::RefundOrdered { .. } => self.order(at, id, entry),
            Entry::RefundSending { refund, attempt, lease_until } => {
                self.untime(refund);
                self.of_refund(refund, |refund| {
                    (refund.state, refund.attempts) = (State::Sending, *attempt);
                    refund.since.get_or_insert(at);
                });
                self.time(refund, LEASE_END, "", *lease_until, SEND_REFUND);
            }
            Entry::RefundDeferred { refund, until, .. } => {
                self.untime(refund);
                self.of_refund(refund, |refund| refund.state = State::Intended);
                self.time(refund, DEFERRED, "", *until, SEND_REFUND);
            }
            Entry::RefundMade { refund, number, action, .. } => {
                self.made(at, refund, number);
                if let Some(action) = action {
                    self.expect(id, at, action, What::Refund { refund: refund.clone() });
                }
            }
            Entry::RefundRefused { refund, action, .. } => {
                self.rest(refund);
                self.of_refund(refund, |refund| refund.state = State::Held);
                self.expect(id, at, action, What::Refund { refund: refund.clone() });
            }
            Entry::RefundWithdrawn { refund } => {
                self.rest(refund);
                self.close_track(refund);
            }
            _ => {}
        }
    }

    fn order(&mut self, at: Timestamp, id: &Id, entry: &Entry) {
        let Entry::RefundOrdered { refund, invoice, payment, provider, amount, currency, token, action } = entry else {
            return;
        };
        self.counters.refunds += 1;
        let ordered = Refund {
            n: self.counters.refunds,
            invoice: invoice.clone(),
            payment: payment.clone(),
            provider: provider.clone(),
            amount: *amount,
            currency: currency.clone(),
            state: if action.is_some() { State::Intended } else { State::Held },
            attempts: 0,
            since: None,
            made_at: None,
            number: String::new(),
        };
        self.tracks.insert(refund.clone(), Track::Refund(ordered));
        // One token may be about several.
        if let Some(token) = self.tokens.get_mut(token) {
            token.tracks.push(refund.clone());
        }
        if let Some(action) = action {
            self.expect(id, at, action, What::Refund { refund: refund.clone() });
        }
    }

    /// What went back is known of its payment.
    fn made(&mut self, at: Timestamp, id: &Id, number: &str) {
        self.rest(id);
        self.of_refund(id, |refund| {
            refund.made_at = Some(at);
            number.clone_into(&mut refund.number);
        });
        let Some(Refund { payment, amount, .. }) = self.refund(id).cloned() else { return };
        if let Some(received) = self.received(&payment) {
            received.refunded = received.refunded.saturating_add(amount).min(received.amount);
        }
    }

    /// Nobody asks the provider any more.
    fn rest(&mut self, id: &Id) {
        self.untime(id);
        self.pending.retain(|_, step| step.action != SEND_REFUND || step.about() != Some(id));
    }

    fn of_refund(&mut self, id: &Id, change: impl FnOnce(&mut Refund)) {
        if let Some(Track::Refund(refund)) = self.tracks.get_mut(id) {
            change(refund);
        }
    }
}
