//! Bookings, packages, invoices, payments.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Case, Entry, Track, What};
use crate::Id;
use crate::playbook::step_of;
use crate::state::{Booking, DUE, Invoice, Moment, Package, REMINDS, SESSION_END, TokenId};
use crate::steps::{ISSUE_INVOICE, REMINDER, RUN_SESSION};

impl Case {
    pub(super) fn take_booking(&mut self, at: Timestamp, id: &Id, entry: &Entry) {
        match entry {
            Entry::BookingHeld { booking, menu, seat, until, token } => {
                self.counters.bookings += 1;
                self.coach = Some(seat.coach.clone());
                self.opened.clear();
                let n = self.counters.bookings;
                let held = Booking {
                    n,
                    menu: menu.clone(),
                    seat: seat.clone(),
                    version: 1,
                    until: Some(*until),
                    cancelled: false,
                };
                self.carry(token, booking, Track::Booking(held));
            }
            Entry::BookingConfirmed { booking, reminders } => {
                let Some(Track::Booking(confirmed)) = self.tracks.get_mut(booking) else { return };
                confirmed.until = None;
                let ends = confirmed.seat.ends();
                self.await_session(booking, ends, reminders);
            }
            Entry::BookingMoved { booking, seat, reminders } => {
                let Some(Track::Booking(moved)) = self.tracks.get_mut(booking) else { return };
                moved.seat = seat.clone();
                moved.version += 1;
                let ends = moved.seat.ends();
                self.coach = Some(seat.coach.clone());
                self.opened.clear();
                self.untime(booking);
                self.await_session(booking, ends, reminders);
            }
            Entry::BookingCancelled { booking, counts, token } => self.cancel(booking, *counts, token),
            Entry::SessionHeld { booking } => self.conclude(booking, true),
            Entry::SessionMissed { booking, counts } => self.conclude(booking, *counts),
            Entry::BookingReleased { booking, action, .. } => {
                let slot = self.booking(booking).map(|b| b.seat.slot().name()).unwrap_or_default();
                self.close_track(booking);
                self.expect(id, at, action, What::Released { booking: booking.clone(), slot });
            }
            Entry::PackageExtended { menu, expires_on } => {
                if let Some(package) = self.package.as_mut().filter(|package| package.menu == *menu) {
                    package.expires_on = Some(*expires_on);
                }
            }
            Entry::PackageStarted { menu, sessions, used, expires_on } => {
                *self.counters.used.entry(menu.clone()).or_default() += used;
                let (menu, sessions, used, expires_on) = (menu.clone(), *sessions, *used, *expires_on);
                self.package = Some(Package { menu, sessions, used, expires_on });
            }
            _ => {}
        }
    }

    fn await_session(&mut self, booking: &Id, ends: Timestamp, reminders: &[Moment]) {
        // What was proposed was about what was booked by then.
        self.proposed.clear();
        self.time(booking, SESSION_END, "", ends, RUN_SESSION);
        for moment in reminders {
            self.time(booking, &format!("{REMINDS}{}", moment.name), "", moment.at, REMINDER);
        }
    }

    /// What was called off is spoken of by mails that are still to leave: only the token that did it is about it.
    fn cancel(&mut self, booking: &Id, counts: bool, by: &TokenId) {
        self.proposed.clear();
        self.count(booking, counts);
        self.untime(booking);
        if let Some(Track::Booking(cancelled)) = self.tracks.get_mut(booking) {
            cancelled.cancelled = true;
            cancelled.version += 1;
        }
        for (_, token) in self.tokens.iter_mut().filter(|(id, _)| *id != by) {
            token.tracks.retain(|track| track != booking);
        }
        if let Some(token) = self.tokens.get_mut(by).filter(|token| !token.tracks.contains(booking)) {
            token.tracks.push(booking.clone());
        }
    }

    fn conclude(&mut self, booking: &Id, counts: bool) {
        self.proposed.clear();
        self.count(booking, counts);
        self.close_track(booking);
    }

    /// A session that counts is one less of the package.
    fn count(&mut self, booking: &Id, counts: bool) {
        let menu = self.booking(booking).map(|b| b.menu.clone());
        if let Some(menu) = menu.filter(|_| counts) {
            if let Some(package) = self.package.as_mut().filter(|p| p.menu == menu) {
                package.used += 1;
                *self.counters.used.entry(menu.clone()).or_default() += 1;
            }
            *self.counters.held.entry(menu).or_default() += 1;
        }
    }

    pub(super) fn take_money(&mut self, at: Timestamp, id: &Id, entry: &Entry) {
        match entry {
            Entry::InvoiceIssued { .. } => self.issue(at, entry),
            Entry::InvoiceExtended { invoice, due_on, due_at } => {
                let Some(Track::Invoice(open)) = self.tracks.get_mut(invoice) else { return };
                open.due_on = *due_on;
                // What is written about the new day begins anew.
                open.dunned = None;
                self.time(invoice, DUE, "", *due_at, ISSUE_INVOICE);
            }
            Entry::PaymentRecorded { payment, invoice, provider, amount, currency, .. } => {
                let Some(Track::Invoice(open)) = self.tracks.get_mut(invoice) else { return };
                // Another currency's units count for nothing here; a person looks at it.
                if open.currency != *currency {
                    return;
                }
                open.paid = open.paid.saturating_add(*amount);
                open.paid_at = Some(at);
                let received = open.payments.entry(payment.clone()).or_default();
                (received.amount, received.provider) = (*amount, provider.clone());
            }
            Entry::PaymentRefunded { payment, refunded } => {
                if let Some(received) = self.received(payment) {
                    received.refunded = received.refunded.max(*refunded);
                }
            }
            Entry::PaymentDisputed { payment, amount } => {
                if let Some(received) = self.received(payment) {
                    received.disputed = *amount;
                }
            }
            Entry::InvoiceSettled { invoice, action, .. } => {
                if let Some(Track::Invoice(open)) = self.tracks.get_mut(invoice) {
                    open.settled = true;
                }
                self.untime(invoice);
                self.expect(id, at, action, What::Settled { invoice: invoice.clone() });
            }
            Entry::PaymentFailed { invoice, action, .. } => {
                self.expect(id, at, action, What::Failed { invoice: invoice.clone() });
            }
            Entry::InvoiceWithdrawn { invoice, .. } => self.close_track(invoice),
            entry => self.note_invoice(at, entry),
        }
    }

    /// What is noted about an invoice, and moves nothing.
    fn note_invoice(&mut self, at: Timestamp, entry: &Entry) {
        match entry {
            Entry::InvoiceChecked { invoice } => {
                if let Some(Track::Invoice(open)) = self.tracks.get_mut(invoice) {
                    open.checked_at = Some(at);
                }
            }
            Entry::ReceiptIssued { invoice, copy, message, .. } => {
                if let Some(Track::Invoice(paid)) = self.tracks.get_mut(invoice) {
                    paid.receipts = copy + 1;
                }
                if let Some(Track::Message(mail)) = self.tracks.get_mut(message) {
                    mail.copy = *copy;
                }
            }
            Entry::InvoiceReduced { invoice, by, taxes, total } => {
                let Some(Track::Invoice(open)) = self.tracks.get_mut(invoice) else { return };
                (open.taxes, open.total) = (taxes.clone(), *total);
                open.reduced = open.reduced.saturating_add(*by);
                // What is written about the new amount begins anew.
                open.dunned = None;
            }
            Entry::InvoiceWaived { invoice, .. } => {
                if let Some(Track::Invoice(open)) = self.tracks.get_mut(invoice) {
                    (open.settled, open.waived) = (true, true);
                }
                self.untime(invoice);
            }
            _ => {}
        }
    }

    pub(super) fn received(&mut self, payment: &str) -> Option<&mut crate::state::Received> {
        self.tracks.values_mut().find_map(|track| match track {
            Track::Invoice(invoice) => invoice.payments.get_mut(payment),
            _ => None,
        })
    }

    /// A mail of a ladder was taken, or found another end.
    pub(super) fn take_dunning(&mut self, at: Timestamp, mail: &Id, entry: &Entry) {
        let Some(message) = self.message(mail) else { return };
        let Some((_, step)) = step_of(&message.origin) else { return };
        let (step, tracks) = (step.to_owned(), message.tracks.clone());
        for track in &tracks {
            let Some(Track::Invoice(open)) = self.tracks.get_mut(track) else { continue };
            let dunned = open.dunned.get_or_insert_default();
            match entry {
                Entry::MessageSent { .. } => {
                    (dunned.done, dunned.at, dunned.message) = (Some(step.clone()), Some(at), Some(mail.clone()));
                }
                _ => dunned.stopped = true,
            }
        }
    }

    /// What became of a mail of a ladder that was taken: it arrived, or came back for good.
    pub(super) fn take_arrival(&mut self, at: Timestamp, mail: &Id, arrived: bool) {
        let invoices = self.tracks.values_mut().filter_map(|track| match track {
            Track::Invoice(invoice) => invoice.dunned.as_mut(),
            _ => None,
        });
        for dunned in invoices.filter(|dunned| dunned.message.as_ref() == Some(mail)) {
            if arrived {
                dunned.at = Some(at);
            } else {
                dunned.stopped = true;
            }
        }
    }

    fn issue(&mut self, at: Timestamp, entry: &Entry) {
        let Entry::InvoiceIssued { invoice, number, lines, taxes, total, currency, due_on, due_at, token, part } =
            entry
        else {
            return;
        };
        self.counters.invoices += 1;
        let issued = Invoice {
            n: self.counters.invoices,
            number: number.clone(),
            lines: lines.clone(),
            taxes: taxes.clone(),
            total: *total,
            currency: currency.clone(),
            due_on: *due_on,
            paid: 0,
            settled: false,
            token: token.clone(),
            part: part.clone(),
            waived: false,
            reduced: 0,
            receipts: 0,
            led_on: false,
            issued_at: Some(at),
            checked_at: None,
            dunned: None,
            paid_at: None,
            payments: BTreeMap::new(),
        };
        // Who asks for the next part is about that one, and no longer about the one before.
        if let Some(token) = self.tokens.get_mut(token).filter(|_| part.as_ref().is_some_and(|part| part.n > 1)) {
            token.tracks.retain(|track| !matches!(self.tracks.get(track), Some(Track::Invoice(_))));
        }
        self.carry(token, invoice, Track::Invoice(issued));
        self.time(invoice, DUE, "", *due_at, ISSUE_INVOICE);
    }
}
