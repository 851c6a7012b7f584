//! Entries: facts about a case. The journal of them is history, audit log and events on the bus in one.
//!
//! Entries carry names, ids, numbers and marks, never what a person wrote: personal values live in erasable items.

mod kind;

use std::collections::BTreeMap;

use jiff::{Timestamp, civil};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use kind::ENTRY_TYPES;

use super::case::is_usual;
use super::{Fact, Hold, Instalment, Line, Moment, Party, Scope, Seat, Seeks, Settlement, Tax, TokenId};
use crate::playbook::{AskKind, Effect, Stage, To, Topic};
use crate::{CaseId, Id};

/// A fact about a case. A reader passes over fields of a newer writer: they stand in the stored bytes, which are never
/// rewritten, and leave with them (`publish-journal`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
pub enum Entry {
    /// An inquiry arrived and has become a case.
    #[serde(rename = "case.opened")]
    CaseOpened {
        /// Flow of the playbook.
        flow: String,
        /// Version of the playbook that the case keeps.
        playbook_version: u32,
        /// The form it came through.
        form: String,
        /// Language for the customer: `ja` or `en`.
        language: String,
        /// The customer.
        person: Id,
        /// Cases of this client with the same address: proposed as the same customer, decided by a person.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        same_address: Vec<CaseId>,
    },
    /// A signed payload could not be understood; it is stored as it came.
    #[serde(rename = "inbound.unreadable")]
    InboundUnreadable {
        /// The stored payload.
        inbound: Id,
        /// What could not be understood, without its content.
        reason: String,
    },
    /// Customers were imported; a coach is asked whether they may begin.
    #[serde(rename = "import.listed")]
    ImportListed {
        /// The list of them, as the coach sees it: stored, erasable.
        inbound: Id,
        /// How many they are.
        cases: u32,
    },
    /// Days of a coach's are closed; each booking there is to be moved.
    #[serde(rename = "days.closed")]
    DaysClosed {
        /// The coach.
        coach: String,
        /// The first day, in the coach's zone.
        from: civil::Date,
        /// The last.
        to: civil::Date,
        /// The list of the bookings: stored, erasable.
        inbound: Id,
        /// How many they are.
        sessions: u32,
    },
    /// A version of the playbook is proposed: whoever may is asked whether it becomes live.
    #[serde(rename = "version.proposed")]
    VersionProposed {
        /// Its number: one more than that of the version it is compared with.
        version: u32,
        /// SHA-256 (hex) of its text.
        hash: String,
        /// Who wants it, by short name.
        by: String,
    },
    /// It became live: new cases begin with it.
    #[serde(rename = "version.published")]
    VersionPublished {
        /// Its number.
        version: u32,
        /// SHA-256 (hex) of its text.
        hash: String,
        /// Who approved it, by short name.
        approved_by: Vec<String>,
    },
    /// Facts became known.
    #[serde(rename = "facts.recorded")]
    FactsRecorded {
        /// By name.
        facts: BTreeMap<String, Fact>,
    },
    /// The token stands at a node; its action must take it up.
    #[serde(rename = "node.entered")]
    NodeEntered {
        /// Node of the flow.
        node: String,
        /// Function that does it.
        action: String,
        /// The token.
        #[serde(default, skip_serializing_if = "is_usual")]
        token: TokenId,
    },
    /// The token left a node.
    #[serde(rename = "node.left")]
    NodeLeft {
        /// Node of the flow.
        node: String,
        /// By which outcome.
        outcome: String,
        /// The token.
        #[serde(default, skip_serializing_if = "is_usual")]
        token: TokenId,
    },
    /// A side flow starts on a token of its own, beside the main one.
    #[serde(rename = "token.started")]
    TokenStarted {
        /// The token.
        token: TokenId,
        /// Flow of the playbook.
        flow: String,
        /// What set it off, as the flow's `starts:` says it.
        on: String,
        /// The tracks that it is about.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tracks: Vec<Id>,
        /// Who of the practice set it off, by short name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A side flow is through.
    #[serde(rename = "token.ended")]
    TokenEnded {
        /// The token.
        token: TokenId,
        /// How it ended.
        outcome: String,
    },
    /// A token ran too often: it stands still until a person has looked.
    #[serde(rename = "token.parked")]
    TokenParked {
        /// The token.
        token: TokenId,
        /// Which budget is spent: `visits` of a node on one day, or `tokens` of the case.
        reason: String,
    },
    /// A token waits at its node for a time.
    #[serde(rename = "wait.started")]
    WaitStarted {
        /// The token.
        #[serde(default, skip_serializing_if = "is_usual")]
        token: TokenId,
        /// Until when (UTC); `None`: until something happens.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// Function that looks then, if it isn't `wait`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        then: Option<String>,
    },
    /// A flow is due to start by the clock.
    #[serde(rename = "schedule.set")]
    ScheduleSet {
        /// Flow of the playbook.
        flow: String,
        /// When (UTC).
        at: Timestamp,
    },
    /// A form reached the open case.
    #[serde(rename = "form.received")]
    FormReceived {
        /// The form.
        form: String,
    },
    /// Somebody wants something outside the flow.
    #[serde(rename = "request.raised")]
    RequestRaised {
        /// The request.
        request: Id,
        /// As the playbook calls it.
        kind: String,
        /// What it is about.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tracks: Vec<Id>,
        /// The amount that it is about, in minor units of the practice's currency.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<i64>,
        /// When it was said (UTC), if not as it was recorded: what counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said_at: Option<Timestamp>,
        /// Circumstances were told that a person must weigh.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        told: bool,
        /// HMAC under the person's key of exactly what was shown, when it was raised on the customer's page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shown: Option<String>,
        /// How what it ends is settled, as it was shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settled: Option<Settlement>,
    },
    /// What somebody wrote may ask for something: it is proposed to them, and nothing is assumed.
    #[serde(rename = "request.proposed")]
    RequestProposed {
        /// As the playbook calls them.
        kinds: Vec<String>,
        /// When it was written (UTC): what counts, once they ask for it.
        said_at: Timestamp,
    },
    /// It was dealt with.
    #[serde(rename = "request.closed")]
    RequestClosed {
        /// The request.
        request: Id,
        /// How.
        outcome: String,
    },
    /// The inquiry was sorted.
    #[serde(rename = "inquiry.classified")]
    InquiryClassified {
        /// Category of the playbook; `None` when unsure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<String>,
        /// Points of the best category.
        score: u32,
        /// Points of the second best.
        runner_up: u32,
        /// Why: `category:number of the keyword` as in the playbook.
        matched: Vec<String>,
    },
    /// A question was put to one person, or to several of whom one answers.
    #[serde(rename = "ask.opened")]
    AskOpened {
        /// The ask.
        ask: Id,
        /// Question of the playbook.
        question: String,
        /// How it is answered.
        kind: AskKind,
        /// Who must answer, as the playbook says it.
        to: To,
        /// Who was asked, by short name, when they are the practice's own.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        people: Vec<String>,
        /// Function that draws the consequences.
        owner: String,
        /// The flow of its node, if not the case's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow: Option<String>,
        /// Node it belongs to.
        node: String,
        /// The token that asks.
        #[serde(default, skip_serializing_if = "is_usual")]
        token: TokenId,
        /// Facts asked for, when the kind is `fields`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fields: Vec<String>,
        /// The finite set of answers.
        answers: Vec<String>,
        /// When it expires (UTC).
        deadline: Timestamp,
        /// When the addressee is reminded (UTC).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        nudges: Vec<Timestamp>,
        /// The step or message that a person must deal with, when it is a task (in version 1 also the track it is about).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Id>,
        /// Why it was opened, when it is a task for a person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The tracks that it is about.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tracks: Vec<Id>,
        /// It is asked beside the flow: leaving its node doesn't withdraw it, and its silence moves nothing.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        beside: bool,
        /// What a slot is chosen for, when the kind is `slot`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        menu: Option<String>,
        /// The approval that it is a step of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seeks: Option<Box<Seeks>>,
        /// What settles it wants a code.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        code: bool,
    },
    /// A code was mailed to somebody who wants to settle a question (10 minutes).
    #[serde(rename = "code.mailed")]
    CodeMailed {
        /// The ask.
        ask: Id,
        /// To whom, by short name.
        person: String,
        /// Its number, from 1.
        n: u32,
        /// When it ends (UTC).
        until: Timestamp,
    },
    /// Somebody gave a wrong code.
    #[serde(rename = "code.refused")]
    CodeRefused {
        /// The ask.
        ask: Id,
        /// Who, by short name.
        person: String,
    },
    /// Somebody who must agree does; with the answer that says so.
    #[serde(rename = "approval.given")]
    ApprovalGiven {
        /// The ask.
        ask: Id,
        /// The kind of decision.
        approval: String,
        /// Who, by short name.
        person: String,
        /// The mark of the mail as it was shown, under the person's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mark: Option<String>,
        /// It is their own, since they work alone.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        solo: bool,
    },
    /// The first decision stands.
    #[serde(rename = "ask.answered")]
    AskAnswered {
        /// The ask.
        ask: Id,
        /// Question of the playbook.
        question: String,
        /// One of its answers.
        answer: String,
        /// HMAC under the person's key of exactly what was shown.
        shown: String,
        /// Who answered, by short name, when it is somebody of the practice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// Function that draws the consequences.
        action: String,
    },
    /// Nobody answered in time. Never an approval.
    #[serde(rename = "ask.expired")]
    AskExpired {
        /// The ask.
        ask: Id,
    },
    /// The question is moot.
    #[serde(rename = "ask.withdrawn")]
    AskWithdrawn {
        /// The ask.
        ask: Id,
    },
    /// A message is wanted. It isn't a mail yet: `send-message` asks the gate.
    #[serde(rename = "message.intended")]
    MessageIntended {
        /// The message; also its key with the provider.
        message: Id,
        /// Template of the playbook.
        template: String,
        /// To whom.
        to: Party,
        /// What decides when its fate is unknown.
        effect: Effect,
        /// What it is about, for those who stop a class of mails.
        #[serde(default, skip_serializing_if = "is_usual")]
        topic: Topic,
        /// What must still be true when it leaves.
        holds: Vec<Hold>,
        /// The ask whose link it carries (in version 1 also the track it speaks of).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Id>,
        /// The tracks that it speaks of.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tracks: Vec<Id>,
        /// The flow of the node that wants it, if not the case's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow: Option<String>,
        /// Node, or `form:` and its name, that wants it.
        origin: String,
        /// Who wrote it freely, or wants it, by short name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        author: Option<String>,
        /// Always `send-message`.
        action: String,
    },
    /// A person wrote it in their own words; what was approved before counts no more.
    #[serde(rename = "message.written")]
    MessageWritten {
        /// The message.
        message: Id,
        /// How often it was written by now.
        version: u32,
        /// Who wrote it, by short name.
        author: String,
    },
    /// Whoever must agree to it does, as it then is.
    #[serde(rename = "message.approved")]
    MessageApproved {
        /// The message.
        message: Id,
        /// The mark of the mail as it was shown, under the person's key.
        mark: String,
    },
    /// It goes to the practice's own, as a sample: its part hasn't gone live.
    #[serde(rename = "message.sampled")]
    MessageSampled {
        /// The message.
        message: Id,
        /// Who gets it in the place of whom it was for.
        to: Party,
        /// Always `send-message`.
        action: String,
    },
    /// The lease: this is the moment that counts.
    #[serde(rename = "message.sending")]
    MessageSending {
        /// The message.
        message: Id,
        /// 1, or 2 when it is sent once more, disclosed.
        attempt: u32,
        /// When it counts as uncertain (UTC).
        lease_until: Timestamp,
        /// Which checks of the gate it passed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        passed: Vec<String>,
    },
    /// The provider took it.
    #[serde(rename = "message.sent")]
    MessageSent {
        /// The message.
        message: Id,
        /// The provider's id.
        provider_id: String,
    },
    /// The provider took nothing, or it waits for the morning; it will be tried again.
    #[serde(rename = "message.deferred")]
    MessageDeferred {
        /// The message.
        message: Id,
        /// When it is tried again (UTC).
        until: Timestamp,
        /// What the provider said, or what it waits for.
        reason: String,
    },
    /// What it would have said is no longer true: it doesn't leave.
    #[serde(rename = "message.dropped")]
    MessageDropped {
        /// The message.
        message: Id,
        /// Which condition fell.
        reason: String,
    },
    /// The gate did not let it pass, or the provider refused it: a person decides.
    #[serde(rename = "message.held")]
    MessageHeld {
        /// The message.
        message: Id,
        /// Why.
        reason: String,
    },
    /// The lease ended without an outcome.
    #[serde(rename = "message.uncertain")]
    MessageUncertain {
        /// The message.
        message: Id,
    },
    /// A person dealt with a held message in another way.
    #[serde(rename = "message.closed")]
    MessageClosed {
        /// The message.
        message: Id,
    },
    /// Somebody outside wants no more mails that promote something.
    #[serde(rename = "promotion.stopped")]
    PromotionStopped {
        /// Who.
        to: Party,
        /// By one press in their mail program (RFC 8058); else on the page.
        one_click: bool,
    },
    /// A part of what the practice sends was moved on, or back.
    #[serde(rename = "stage.moved")]
    StageMoved {
        /// The part, by its name in the playbook.
        part: String,
        /// Where it was.
        from: Stage,
        /// Where it is from now on.
        to: Stage,
    },
    /// A person wants a held message tried again.
    #[serde(rename = "message.released")]
    MessageReleased {
        /// The message.
        message: Id,
        /// Always `send-message`.
        action: String,
    },
    /// The recipient's server took it.
    #[serde(rename = "message.delivered")]
    MessageDelivered {
        /// The message.
        message: Id,
    },
    /// It came back, or the recipient complained.
    #[serde(rename = "message.bounced")]
    MessageBounced {
        /// The message.
        message: Id,
        /// `permanent`, `transient` or `complaint`.
        kind: String,
    },
    /// A timer's time has come. It carries no decision.
    #[serde(rename = "timer.fired")]
    TimerFired {
        /// The timer.
        timer: Id,
        /// What it is for.
        name: String,
        /// Function that decides.
        action: String,
        /// The track it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Id>,
    },
    /// A step never came: it is asked for again.
    #[serde(rename = "step.retried")]
    StepRetried {
        /// The entry to take up.
        cause: Id,
        /// Function that must.
        action: String,
        /// How many times it was asked for again.
        attempt: u32,
    },
    /// A step never came after all attempts: a person must look.
    #[serde(rename = "step.parked")]
    StepParked {
        /// The entry to take up.
        cause: Id,
        /// Function that should have.
        action: String,
    },
    /// Taken up, and there was nothing left to do.
    #[serde(rename = "step.skipped")]
    StepSkipped {
        /// Why.
        reason: String,
        /// Another entry that a person decided not to take up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Id>,
    },
    /// A policy of the playbook decided where the case goes on.
    #[serde(rename = "policy.decided")]
    PolicyDecided {
        /// The policy.
        policy: String,
        /// Its rule, from 0; `None`: no rule matched, or none could be evaluated.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<u32>,
        /// What it decided.
        then: String,
    },
    /// Somebody of the practice looks after the case.
    #[serde(rename = "owner.assigned")]
    OwnerAssigned {
        /// The short name of a coach or an operator.
        owner: String,
    },
    /// A slot is held for the customer (仮押さえ).
    #[serde(rename = "booking.held")]
    BookingHeld {
        /// The booking.
        booking: Id,
        /// What for.
        menu: String,
        /// When, with whom and how long.
        #[serde(flatten)]
        seat: Seat,
        /// When others may take it, unless it is confirmed before (UTC).
        until: Timestamp,
        /// The token that it is chosen for.
        #[serde(default, skip_serializing_if = "is_usual")]
        token: TokenId,
    },
    /// The slot is the customer's.
    #[serde(rename = "booking.confirmed")]
    BookingConfirmed {
        /// The booking.
        booking: Id,
        /// Reminders, by their name in the playbook's ladder.
        reminders: Vec<Moment>,
    },
    /// It takes place at another time: reminders and calendars follow.
    #[serde(rename = "booking.moved")]
    BookingMoved {
        /// The booking.
        booking: Id,
        /// When, with whom and how long from now on.
        #[serde(flatten)]
        seat: Seat,
        /// Reminders, by their name in the playbook's ladder.
        reminders: Vec<Moment>,
    },
    /// A confirmed booking is called off; its slot is free again.
    #[serde(rename = "booking.cancelled")]
    BookingCancelled {
        /// The booking.
        booking: Id,
        /// Whether it uses up one session of the package all the same.
        counts: bool,
        /// The token that calls it off.
        #[serde(default, skip_serializing_if = "is_usual")]
        token: TokenId,
    },
    /// The slot is given up.
    #[serde(rename = "booking.released")]
    BookingReleased {
        /// The booking.
        booking: Id,
        /// Why: `lost`, `other-date`, `closed`.
        reason: String,
        /// Function that gives the slot back to the coach's day.
        action: String,
    },
    /// The coach opened hours on certain days.
    #[serde(rename = "slots.opened")]
    SlotsOpened {
        /// The coach.
        coach: String,
        /// The days.
        days: Vec<civil::Date>,
    },
    /// The session took place.
    #[serde(rename = "session.held")]
    SessionHeld {
        /// The booking.
        booking: Id,
    },
    /// The customer did not come.
    #[serde(rename = "session.missed")]
    SessionMissed {
        /// The booking.
        booking: Id,
        /// Whether it uses up one session of the package all the same.
        counts: bool,
    },
    /// What was bought may be used from now on.
    #[serde(rename = "package.started")]
    PackageStarted {
        /// What was bought.
        menu: String,
        /// How many sessions it has.
        sessions: u32,
        /// How many of them were held before it was paid for.
        used: u32,
        /// The last day on which one may be held, in the practice's zone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_on: Option<civil::Date>,
    },
    /// What was bought may be used longer.
    #[serde(rename = "package.extended")]
    PackageExtended {
        /// What was bought.
        menu: String,
        /// The last day on which a session may be held from now on, in the practice's zone.
        expires_on: civil::Date,
    },
    /// Money is asked for.
    #[serde(rename = "invoice.issued")]
    InvoiceIssued {
        /// The invoice.
        invoice: Id,
        /// As people quote it.
        number: String,
        /// What was bought.
        lines: Vec<Line>,
        /// Tax by rate, rounded once each.
        taxes: Vec<Tax>,
        /// With tax, in minor units of the currency (yen; pence).
        total: i64,
        /// ISO 4217.
        currency: String,
        /// The last day to pay on, in the practice's zone.
        due_on: civil::Date,
        /// When that day is over (UTC).
        due_at: Timestamp,
        /// The token that waits for it.
        #[serde(default, skip_serializing_if = "is_usual")]
        token: TokenId,
        /// Which part of the whole it is; none: all of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part: Option<Instalment>,
    },
    /// There is more time to pay.
    #[serde(rename = "invoice.extended")]
    InvoiceExtended {
        /// The invoice.
        invoice: Id,
        /// The last day to pay on.
        due_on: civil::Date,
        /// When that day is over (UTC).
        due_at: Timestamp,
    },
    /// Somebody looked for the money, and none had come in.
    #[serde(rename = "invoice.checked")]
    InvoiceChecked {
        /// The invoice.
        invoice: Id,
    },
    /// A mail is the receipt of an invoice that was paid (領収書).
    #[serde(rename = "receipt.issued")]
    ReceiptIssued {
        /// The invoice.
        invoice: Id,
        /// The receipt's number, the same on each copy.
        number: String,
        /// 0 is the receipt; others are issued anew (再発行) and say so.
        copy: u32,
        /// The mail.
        message: Id,
    },
    /// Somebody of the practice asks for less of it (減額). Taxes and total are those that are asked for from now on.
    #[serde(rename = "invoice.reduced")]
    InvoiceReduced {
        /// The invoice.
        invoice: Id,
        /// By how much, with tax, in minor units.
        by: i64,
        /// Tax by rate, rounded once each.
        taxes: Vec<Tax>,
        /// With tax, in minor units.
        total: i64,
    },
    /// Somebody of the practice asks no more for what is open of it, nor for any part after it (免除).
    #[serde(rename = "invoice.waived")]
    InvoiceWaived {
        /// The invoice.
        invoice: Id,
        /// What was still open, in minor units.
        amount: i64,
    },
    /// All of it was paid, or what was agreed to be as good.
    #[serde(rename = "invoice.settled")]
    InvoiceSettled {
        /// The invoice.
        invoice: Id,
        /// What a bank's fee or withheld tax took off, in minor units.
        #[serde(default, skip_serializing_if = "is_usual")]
        short: i64,
        /// Function that draws the consequences.
        action: String,
    },
    /// Nothing is owed any more.
    #[serde(rename = "invoice.withdrawn")]
    InvoiceWithdrawn {
        /// The invoice.
        invoice: Id,
        /// Why.
        reason: String,
    },
    /// Money came in.
    #[serde(rename = "payment.recorded")]
    PaymentRecorded {
        /// The provider's id of the payment; for a transfer, the ask on which a person confirmed it.
        payment: String,
        /// The invoice it names; it need not be ours.
        invoice: Id,
        /// `stripe`, `generic` or `transfer`.
        provider: String,
        /// Minor units.
        amount: i64,
        /// ISO 4217, upper case.
        currency: String,
        /// When, as the provider says (UTC).
        occurred_at: Timestamp,
    },
    /// A payment was tried and did not succeed.
    #[serde(rename = "payment.failed")]
    PaymentFailed {
        /// The invoice it names.
        invoice: Id,
        /// `stripe` or `generic`.
        provider: String,
        /// The provider's code.
        reason: String,
        /// Function that draws the consequences.
        action: String,
    },
    /// Money went back.
    #[serde(rename = "payment.refunded")]
    PaymentRefunded {
        /// The provider's id of the payment.
        payment: String,
        /// All that went back so far, in minor units.
        refunded: i64,
    },
    /// Money is to go back.
    #[serde(rename = "refund.ordered")]
    RefundOrdered {
        /// The refund; also its key with the provider.
        refund: Id,
        /// The invoice that the payment was for.
        invoice: Id,
        /// The provider's id of the payment; of a transfer, the ask on which a person confirmed it.
        payment: String,
        /// `stripe`, `generic` or `transfer`.
        provider: String,
        /// Minor units.
        amount: i64,
        /// ISO 4217.
        currency: String,
        /// The token that wants it.
        #[serde(default, skip_serializing_if = "is_usual")]
        token: TokenId,
        /// `send-refund`; nobody when no provider can be asked, and a person sends it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<String>,
    },
    /// The lease: this is the moment that counts.
    #[serde(rename = "refund.sending")]
    RefundSending {
        /// The refund.
        refund: Id,
        /// How many times the provider was asked, this time included: always under the same key.
        attempt: u32,
        /// When it counts as unknown, and is asked for again (UTC).
        lease_until: Timestamp,
    },
    /// The provider did nothing yet; it will be asked again.
    #[serde(rename = "refund.deferred")]
    RefundDeferred {
        /// The refund.
        refund: Id,
        /// When it is asked again (UTC).
        until: Timestamp,
        /// What the provider said.
        reason: String,
    },
    /// The money is on its way back.
    #[serde(rename = "refund.made")]
    RefundMade {
        /// The refund.
        refund: Id,
        /// As people quote it.
        number: String,
        /// The provider's id of it; of one that a person sent, the ask on which they said so.
        provider_id: String,
        /// Function that draws the consequences, where one waits for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<String>,
    },
    /// The provider won't, or it is no longer right, or what became of it stays unknown: a person decides.
    #[serde(rename = "refund.refused")]
    RefundRefused {
        /// The refund.
        refund: Id,
        /// Why.
        reason: String,
        /// Function that draws the consequences.
        action: String,
    },
    /// It is not to be made after all.
    #[serde(rename = "refund.withdrawn")]
    RefundWithdrawn {
        /// The refund.
        refund: Id,
    },
    /// The payer disputes a payment with their bank.
    #[serde(rename = "payment.disputed")]
    PaymentDisputed {
        /// The provider's id of the payment.
        payment: String,
        /// Minor units.
        amount: i64,
    },
    /// An emergency word was found: a person looks at once, and all automation for this customer stops.
    #[serde(rename = "emergency.raised")]
    EmergencyRaised {
        /// `form`, `answer`, `stranger` for a form without a signature, or `same-customer` when another case of theirs was
        /// stopped.
        by: String,
        /// Numbers of the words in the playbook's list.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        matched: Vec<u32>,
        /// Always `open-ask`.
        action: String,
    },
    /// A side flow stops something while it runs.
    #[serde(rename = "automation.suspended")]
    AutomationSuspended {
        /// The suspension.
        suspension: Id,
        /// The flow that stops it.
        by: String,
        /// Its token.
        token: TokenId,
        /// How far it goes.
        #[serde(flatten)]
        scope: Scope,
    },
    /// Automation goes on: a person saw that there was no emergency, or the side flow that had stopped it is through.
    #[serde(rename = "automation.resumed")]
    AutomationResumed {
        /// The suspension; `None`: the emergency.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suspension: Option<Id>,
    },
    /// The case goes on under another version of the playbook.
    #[serde(rename = "playbook.migrated")]
    PlaybookMigrated {
        /// The version it kept.
        from: u32,
        /// The version it keeps from now on.
        to: u32,
        /// Old node → new node, where they differ.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        nodes: BTreeMap<String, String>,
    },
    /// The matter is finished.
    #[serde(rename = "case.closed")]
    CaseClosed {
        /// How, in the playbook's words.
        outcome: String,
    },
}

/// An entry with its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stamped {
    /// Hash of (cause, function, index).
    pub id: Id,
    /// Version of the entry's shape.
    pub v: u32,
    /// The fact.
    #[serde(flatten)]
    pub entry: Entry,
}
