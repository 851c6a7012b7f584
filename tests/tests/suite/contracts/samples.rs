//! One sample of each entry.

use std::collections::BTreeSet;

use banto_domain::state::{Party, Scope};
use banto_domain::{CaseId, Entry, Id, TokenId};

pub(super) fn id(text: &str) -> Id {
    Id::derive(&["sample", text])
}

fn beside() -> TokenId {
    TokenId::beside(&id("token"))
}

/// One sample of each entry type. A new type that is missing here does not compile.
pub(super) fn samples() -> Vec<Entry> {
    let at = |text: &str| text.parse().expect("an instant");
    let text = str::to_owned;
    let facts = [
        ("menu".to_owned(), banto_domain::state::Fact::Plain(text("trial"))),
        ("name".to_owned(), banto_domain::state::Fact::Personal(text("5f1d3c0b9a8e7f6d5c4b3a29"))),
    ];
    let all = vec![
        Entry::CaseOpened {
            flow: text("inquiry"),
            playbook_version: 3,
            form: text("typeform"),
            language: text("ja"),
            person: id("person"),
            same_address: vec![CaseId::derive(&["sample", "earlier"])],
        },
        Entry::ImportListed { inbound: id("inbound"), cases: 120 },
        Entry::VersionProposed { version: 4, hash: "5f1d".repeat(16), by: text("sato") },
        Entry::VersionPublished { version: 4, hash: "5f1d".repeat(16), approved_by: vec![text("yamada")] },
        Entry::InboundUnreadable { inbound: id("inbound"), reason: text("email is missing") },
        Entry::FactsRecorded { facts: facts.into() },
        Entry::NodeEntered { node: text("classify"), action: text("classify-inquiry"), token: TokenId::default() },
        Entry::NodeLeft { node: text("classify"), outcome: text("accepted"), token: TokenId::default() },
        Entry::TokenStarted {
            token: beside(),
            flow: text("complaint"),
            on: text("request:complaint"),
            tracks: vec![id("booking"), id("request")],
            by: Some(text("sato")),
        },
        Entry::TokenEnded { token: beside(), outcome: text("settled") },
        Entry::TokenParked { token: beside(), reason: text("visits") },
        Entry::WaitStarted { token: beside(), until: Some(at("2026-12-02T00:00:00Z")), then: None },
        Entry::ScheduleSet { flow: text("weekly"), at: at("2026-12-07T00:00:00Z") },
        Entry::FormReceived { form: text("cancel") },
        Entry::RequestRaised {
            request: id("request"),
            kind: text("refund"),
            tracks: vec![id("invoice")],
            amount: Some(16_500),
        },
        Entry::RequestClosed { request: id("request"), outcome: text("settled") },
        Entry::InquiryClassified {
            category: Some(text("coaching")),
            score: 6,
            runner_up: 1,
            matched: vec![text("coaching:0")],
        },
        Entry::AskOpened {
            ask: id("ask"),
            question: text("missing-info"),
            kind: banto_domain::playbook::AskKind::Fields,
            to: banto_domain::playbook::To::OnDuty(text("operators")),
            people: vec![text("sato")],
            owner: text("request-missing-info"),
            flow: Some(text("complaint")),
            node: text("collect"),
            token: beside(),
            fields: vec![text("goal")],
            answers: vec![text("send")],
            deadline: at("2026-12-08T00:00:00Z"),
            nudges: vec![at("2026-12-03T00:00:00Z")],
            about: None,
            reason: None,
            tracks: vec![id("booking")],
            beside: false,
            menu: None,
            seeks: None,
            code: false,
        },
        Entry::CodeMailed { ask: id("ask"), person: text("sato"), n: 1, until: at("2026-12-01T00:10:00Z") },
        Entry::CodeRefused { ask: id("ask"), person: text("sato") },
        Entry::ApprovalGiven {
            ask: id("ask"),
            approval: text("refund"),
            person: text("sato"),
            mark: Some(text("0a1b2c3d4e5f60718293a4b5")),
            solo: false,
        },
        Entry::AskAnswered {
            ask: id("ask"),
            question: text("missing-info"),
            answer: text("send"),
            shown: text("0a1b2c3d4e5f60718293a4b5"),
            by: Some(text("sato")),
            action: text("request-missing-info"),
        },
        Entry::AskExpired { ask: id("ask") },
        Entry::AskWithdrawn { ask: id("ask") },
        Entry::MessageIntended {
            message: id("message"),
            template: text("missing-info"),
            to: Party::Person(text("sato")),
            effect: banto_domain::playbook::Effect::Information,
            topic: banto_domain::playbook::Topic::Payment,
            holds: vec![banto_domain::state::Hold::AskOpen { ask: id("ask") }],
            about: Some(id("ask")),
            tracks: vec![id("booking")],
            flow: Some(text("complaint")),
            origin: text("collect"),
            author: Some(text("sato")),
            action: text("send-message"),
        },
        Entry::MessageWritten { message: id("message"), version: 1, author: text("sato") },
        Entry::MessageApproved { message: id("message"), mark: text("0a1b2c3d4e5f60718293a4b5") },
        Entry::MessageSampled {
            message: id("message"),
            to: Party::Person(text("hanako")),
            action: text("send-message"),
        },
        Entry::MessageSending {
            message: id("message"),
            attempt: 1,
            lease_until: at("2026-12-01T00:10:00Z"),
            passed: vec![text("still-true"), text("filled")],
        },
        Entry::MessageSent { message: id("message"), provider_id: text("0106018f-1c2d-4e5f") },
        Entry::MessageDeferred {
            message: id("message"),
            until: at("2026-12-01T00:02:00Z"),
            reason: text("TooManyRequestsException"),
        },
        Entry::MessageDropped { message: id("message"), reason: text("ask-open") },
        Entry::MessageHeld { message: id("message"), reason: text("suppressed") },
        Entry::MessageUncertain { message: id("message") },
        Entry::MessageClosed { message: id("message") },
        Entry::MessageReleased { message: id("message"), action: text("send-message") },
        Entry::MessageDelivered { message: id("message") },
        Entry::MessageBounced { message: id("message"), kind: text("permanent") },
        Entry::PromotionStopped { to: Party::Customer, one_click: true },
        Entry::StageMoved {
            part: text("payments"),
            from: banto_domain::playbook::Stage::Approved,
            to: banto_domain::playbook::Stage::Routine,
        },
        Entry::TimerFired {
            timer: id("timer"),
            name: text("nudge"),
            action: text("request-missing-info"),
            about: Some(id("ask")),
        },
        Entry::StepRetried { cause: id("cause"), action: text("notify"), attempt: 1 },
        Entry::StepParked { cause: id("cause"), action: text("notify") },
        Entry::StepSkipped { reason: text("the ask is no longer open"), cause: None },
        Entry::PolicyDecided { policy: text("by-menu"), rule: Some(0), then: text("apply") },
        Entry::OwnerAssigned { owner: text("desk") },
        Entry::BookingHeld {
            booking: id("booking"),
            menu: text("trial"),
            seat: banto_domain::state::Seat {
                coach: text("yamada"),
                start: "2026-12-03T10:00:00".parse().expect("civil time"),
                zone: text("Asia/Tokyo"),
                minutes: 45,
                before: 0,
                after: 15,
                group: None,
            },
            until: at("2026-12-03T01:00:00Z"),
            token: TokenId::default(),
        },
        Entry::BookingConfirmed {
            booking: id("booking"),
            reminders: vec![banto_domain::state::Moment { name: text("hour"), at: at("2026-12-03T00:00:00Z") }],
        },
        Entry::BookingReleased { booking: id("booking"), reason: text("other-date"), action: text("confirm-booking") },
        Entry::SlotsOpened { coach: text("yamada"), days: vec!["2026-12-05".parse().expect("a day")] },
        Entry::SessionHeld { booking: id("booking") },
        Entry::SessionMissed { booking: id("booking"), counts: true },
        Entry::PackageStarted {
            menu: text("programme"),
            sessions: 6,
            used: 0,
            expires_on: Some("2027-06-06".parse().expect("a day")),
        },
        Entry::InvoiceIssued {
            invoice: id("invoice"),
            number: text("k3v9x2m7q4wd-1"),
            lines: vec![banto_domain::state::Line { menu: text("programme"), quantity: 1, price: 88_000, rate: 10 }],
            taxes: vec![banto_domain::state::Tax { rate: 10, net: 80_000, tax: 8_000 }],
            total: 88_000,
            currency: text("JPY"),
            due_on: "2026-12-11".parse().expect("a day"),
            due_at: at("2026-12-11T15:00:00Z"),
            token: TokenId::default(),
        },
        Entry::InvoiceExtended {
            invoice: id("invoice"),
            due_on: "2026-12-18".parse().expect("a day"),
            due_at: at("2026-12-18T15:00:00Z"),
        },
        Entry::InvoiceChecked { invoice: id("invoice") },
        Entry::InvoiceSettled { invoice: id("invoice"), short: 0, action: text("issue-invoice") },
        Entry::InvoiceWithdrawn { invoice: id("invoice"), reason: text("closed") },
        Entry::PaymentRecorded {
            payment: text("pi_3Px"),
            invoice: id("invoice"),
            provider: text("stripe"),
            amount: 88_000,
            currency: text("JPY"),
            occurred_at: at("2026-12-06T10:00:00Z"),
        },
        Entry::PaymentFailed {
            invoice: id("invoice"),
            provider: text("stripe"),
            reason: text("expired"),
            action: text("issue-invoice"),
        },
        Entry::PaymentRefunded { payment: text("pi_3Px"), refunded: 16_500 },
        Entry::PaymentDisputed { payment: text("pi_3Px"), amount: 88_000 },
        Entry::EmergencyRaised { by: text("form"), matched: vec![0], action: text("open-ask") },
        Entry::AutomationSuspended {
            suspension: id("suspension"),
            by: text("complaint"),
            token: beside(),
            scope: Scope::Mails { topic: banto_domain::playbook::Topic::Payment },
        },
        Entry::AutomationResumed { suspension: Some(id("suspension")) },
        Entry::PlaybookMigrated { from: 3, to: 4, nodes: [(text("collect"), text("ask"))].into() },
        Entry::CaseClosed { outcome: text("complete") },
    ];
    assert_eq!(all.iter().map(Entry::kind).collect::<BTreeSet<_>>().len(), all.len());
    all
}
