//! Payers and their providers: what is paid, how often it is told, what is told wrongly. Every event is signed as the
//! real provider would, but those that somebody forged, and they must change nothing.

use banto_aws::{PathParams, Reply, Request};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::provider::Accepted;
use super::rng::Rng;
use super::visit::Errand;
use super::world::{Due, World};
use super::{Sabotage, people::MARK};
use banto_cloud::stripe_signature;

/// The demo secrets of the ready-made playbooks.
const STRIPE_SECRET: &str = "whsec_demo-yamada-practice-mode-only";
const GENERIC_SECRET: &str = "whsec_ZGVtby1oYXJib3ItcGF5bWVudHMtZGVtbyEh";

/// A payment as its provider knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deal {
    pub(super) client: String,
    pub(super) case: String,
    pub(super) invoice: String,
    /// What really came in, in minor units.
    pub(super) amount: i64,
    pub(super) currency: String,
    /// Our answer to an event of it was that it is recorded.
    pub(super) acknowledged: bool,
    /// All that went back.
    pub(super) refunded: i64,
}

/// What an event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tells {
    Paid,
    /// Only begun: nothing is paid yet.
    Begun,
    /// Paid, as it is told of what was begun before.
    PaidAfterAll,
    Failed,
    Refunded(i64),
    Disputed,
    /// Signed, but it can't be understood.
    Garbage,
    /// Signed, but not even JSON.
    NotJson,
}

/// Whose signature it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seal {
    Right,
    /// Made with another secret.
    Forged,
    /// Right half an hour ago.
    Old,
    /// Sent to where there is no such provider.
    Elsewhere,
}

/// A provider's event.
#[derive(Debug, Clone)]
pub(super) struct Notice {
    pub(super) client: String,
    pub(super) tells: Tells,
    pub(super) seal: Seal,
    /// The provider's id of the event.
    event: String,
    /// The provider's id of the payment.
    pub(super) payment: String,
    reference: String,
    /// What it claims.
    amount: i64,
    currency: String,
    marker: String,
    created: Timestamp,
    attempt: u32,
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { tells, seal, event, payment, amount, currency, .. } = self;
        write!(f, "the provider tells {tells:?} of {payment}, {amount} {currency} ({event}, {seal:?})")
    }
}

impl Notice {
    /// It must change nothing.
    pub(super) fn leaves_no_trace(&self) -> bool {
        self.seal != Seal::Right
    }

    /// For the count of moves.
    pub(super) fn what(&self) -> &'static str {
        match (self.seal, self.tells) {
            (Seal::Forged | Seal::Old | Seal::Elsewhere, _) => "somebody forges a payment",
            (_, Tells::Paid | Tells::PaidAfterAll) => "a provider tells of a payment",
            (_, Tells::Begun) => "a provider tells that a payment was begun",
            (_, Tells::Failed) => "a provider tells that a payment failed",
            (_, Tells::Refunded(_)) => "a provider tells of a refund",
            (_, Tells::Disputed) => "a provider tells of a dispute",
            (_, Tells::Garbage | Tells::NotJson) => "a provider tells nonsense",
        }
    }

    fn wanted(&self) -> u16 {
        match (self.seal, self.tells) {
            (Seal::Forged | Seal::Old, _) => 401,
            (Seal::Elsewhere, _) => 404,
            (Seal::Right, _) => 202,
        }
    }

    fn is_stripe(&self) -> bool {
        self.client == "yamada"
    }

    /// As it is sent.
    pub(super) fn request(&self, now: Timestamp) -> Request {
        let signed_at = match self.seal {
            Seal::Old => now.saturating_sub(SignedDuration::from_mins(30)).unwrap_or(now),
            _ => now,
        };
        let forged = self.seal == Seal::Forged;
        let body = match self.tells {
            Tells::NotJson => "{\"id\": \"evt".to_owned(),
            _ if self.is_stripe() => self.stripe().to_string(),
            _ => self.generic().to_string(),
        };
        let at = signed_at.as_second().to_string();
        let headers = if self.is_stripe() {
            let secret = if forged { "whsec_another" } else { STRIPE_SECRET };
            vec![("stripe-signature", stripe_signature(secret, &body, signed_at))]
        } else {
            let secret = if forged { "whsec_YW5vdGhlcnNlY3JldGFub3RoZXJzZWNyZXQh" } else { GENERIC_SECRET };
            let webhook = standardwebhooks::Webhook::new(secret).ok();
            let signature = webhook.and_then(|w| w.sign(&self.event, signed_at.as_second(), body.as_bytes()).ok());
            let signature = signature.unwrap_or_default();
            vec![("webhook-id", self.event.clone()), ("webhook-timestamp", at), ("webhook-signature", signature)]
        };
        let mut request = http::Request::new(Bytes::from(body));
        *request.method_mut() = http::Method::POST;
        for (name, value) in headers {
            if let Ok(value) = http::HeaderValue::from_str(&value) {
                request.headers_mut().insert(name, value);
            }
        }
        let own = if self.is_stripe() { "stripe" } else { "generic" };
        let other = if self.is_stripe() { "generic" } else { "stripe" };
        let provider = if self.seal == Seal::Elsewhere { other } else { own };
        let params =
            [("client", self.client.as_str()), ("provider", provider)].map(|(k, v)| (k.to_owned(), v.to_owned()));
        request.extensions_mut().insert(PathParams(params.into_iter().collect()));
        request
    }

    /// Stripe API reference: "The Event object", "The Checkout Session object", "The Charge object", "The Dispute object".
    fn stripe(&self) -> Value {
        let (kind, status) = match self.tells {
            Tells::Paid => ("checkout.session.completed", "paid"),
            Tells::Begun => ("checkout.session.completed", "unpaid"),
            Tells::PaidAfterAll => ("checkout.session.async_payment_succeeded", "paid"),
            Tells::Failed => ("checkout.session.async_payment_failed", "unpaid"),
            Tells::Refunded(_) => ("charge.refunded", ""),
            Tells::Disputed => ("charge.dispute.created", ""),
            Tells::Garbage | Tells::NotJson => ("checkout.session.completed", "perhaps"),
        };
        let currency = self.currency.to_ascii_lowercase();
        let email = format!("{}@example.com", self.marker);
        let object = match self.tells {
            Tells::Refunded(all) => json!({ "id": "ch_1", "payment_intent": self.payment, "amount_refunded": all }),
            Tells::Disputed => json!({ "id": "dp_1", "payment_intent": self.payment, "amount": self.amount }),
            Tells::Garbage => json!({ "customer_details": { "email": email } }),
            _ => json!({
                "id": format!("cs_{}", self.payment), "client_reference_id": self.reference, "mode": "payment",
                "payment_intent": self.payment, "payment_status": status, "amount_total": self.amount,
                "currency": currency, "customer_details": { "email": email },
            }),
        };
        let created = self.created.as_second();
        json!({ "id": self.event, "object": "event", "type": kind, "created": created, "data": { "object": object } })
    }

    fn generic(&self) -> Value {
        let kind = match self.tells {
            Tells::Paid | Tells::PaidAfterAll => "payment.succeeded",
            Tells::Failed => "payment.failed",
            Tells::Refunded(_) => "payment.refunded",
            Tells::Disputed => "payment.disputed",
            Tells::Begun | Tells::Garbage | Tells::NotJson => "payment.wondered",
        };
        let refunded = if let Tells::Refunded(all) = self.tells { all } else { 0 };
        let data = json!({
            "reference": self.reference, "payment": self.payment, "amount": self.amount, "currency": self.currency,
            "reason": "card_declined", "refunded": refunded, "payer": format!("{}@example.com", self.marker),
        });
        json!({ "type": kind, "timestamp": self.created.to_string(), "data": data })
    }
}

/// How somebody pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    AtOnce,
    /// The same event comes twice.
    ToldTwice,
    /// Two events tell of the same payment.
    TwoEvents,
    /// It was begun first.
    Begun,
    /// Two payments.
    PaidTwice,
    Under,
    UnderThenRest,
    Over,
    OtherCurrency,
    FailedFirst,
    /// After the last day to pay on.
    Late,
    /// When nobody waits for it any more.
    VeryLate,
    Never,
}

const WAYS: [(u64, Way); 13] = [
    (38, Way::AtOnce),
    (48, Way::ToldTwice),
    (58, Way::TwoEvents),
    (62, Way::Begun),
    (66, Way::PaidTwice),
    (70, Way::Under),
    (73, Way::UnderThenRest),
    (76, Way::Over),
    (78, Way::OtherCurrency),
    (86, Way::FailedFirst),
    (91, Way::Late),
    (95, Way::VeryLate),
    (100, Way::Never),
];

impl World {
    /// An invoice is in somebody's inbox: some pay, in their ways.
    pub(super) fn pays(&mut self, customer: Option<usize>, mail: &Accepted) {
        let (client, case) = (mail.tag("client").to_owned(), mail.tag("case").to_owned());
        let word = |rest: &str| rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("").to_owned();
        let Some(invoice) = mail.text.split("/pay/").nth(1).map(word).filter(|_| mail.tag("template") == "invoice")
        else {
            return;
        };
        if self.people.round(&case, "invoice", &invoice) > 0 || self.people.paying.contains(&invoice) {
            return;
        }
        self.people.paying.insert(invoice.clone());
        let mut rng = Rng::of(self.seed, &["pays", &case]);
        let drawn = rng.below(100);
        let way = WAYS.iter().find(|(below, _)| drawn < *below).map_or(Way::Never, |(_, way)| *way);
        let marker = customer.map_or(MARK.to_owned(), |c| self.people.scripts[c].marker.clone());
        let payer = Payer { client, case, invoice, marker };
        self.forge(&payer, &mut rng);
        self.pay_by(&payer, way, &mut rng);
    }

    fn pay_by(&mut self, payer: &Payer, way: Way, rng: &mut Rng) {
        let soon = SignedDuration::from_mins(rng.between(5, 1_200));
        let (day, minute) = (SignedDuration::from_hours(24), SignedDuration::from_mins(1));
        let Some((total, currency)) = self.owed(payer) else { return };
        if matches!(way, Way::FailedFirst | Way::Late | Way::VeryLate) {
            self.people.untidy.insert(payer.case.clone());
        }
        let whole = |n: u32| Deal::of(payer, n, total, &currency);
        match way {
            Way::AtOnce => self.settles(payer, whole(1), &[(soon, Tells::Paid, 1)], rng),
            Way::ToldTwice => {
                let again = soon + SignedDuration::from_millis(rng.between(0, 90_000_000));
                self.settles(payer, whole(1), &[(soon, Tells::Paid, 1), (again, Tells::Paid, 1)], rng);
            }
            Way::TwoEvents => {
                let again = soon + SignedDuration::from_millis(rng.between(0, 90_000));
                self.settles(payer, whole(1), &[(soon, Tells::Paid, 1), (again, Tells::PaidAfterAll, 2)], rng);
            }
            Way::Begun => {
                let later = soon + minute * 30;
                self.settles(payer, whole(1), &[(soon, Tells::Begun, 1), (later, Tells::PaidAfterAll, 2)], rng);
            }
            Way::PaidTwice => {
                self.settles(payer, whole(1), &[(soon, Tells::Paid, 1)], rng);
                let again = soon + SignedDuration::from_secs(rng.between(0, 4_000));
                self.settles(payer, whole(2), &[(again, Tells::Paid, 2)], rng);
            }
            Way::Under | Way::UnderThenRest => {
                let part = total - rng.between(1, total / 2);
                self.settles(payer, Deal::of(payer, 1, part, &currency), &[(soon, Tells::Paid, 1)], rng);
                if way == Way::UnderThenRest {
                    let rest = Deal::of(payer, 2, total - part, &currency);
                    self.settles(payer, rest, &[(soon + day, Tells::Paid, 2)], rng);
                }
            }
            Way::Over => {
                let more = Deal::of(payer, 1, total + rng.between(1, 5_000), &currency);
                self.settles(payer, more, &[(soon, Tells::Paid, 1)], rng);
            }
            Way::OtherCurrency => {
                self.settles(payer, Deal::of(payer, 1, total, "USD"), &[(soon, Tells::Paid, 1)], rng);
            }
            Way::FailedFirst => {
                let then =
                    soon + if rng.per_mille(500) { SignedDuration::from_millis(rng.between(0, 5_000)) } else { day };
                self.settles(payer, whole(1), &[(soon, Tells::Failed, 1), (then, Tells::Paid, 2)], rng);
            }
            Way::Late => {
                let late = day * i32::try_from(rng.between(7, 16)).unwrap_or(9) + soon;
                self.settles(payer, whole(1), &[(late, Tells::Paid, 1)], rng);
            }
            Way::VeryLate => self.settles(payer, whole(1), &[(day * 24 + soon, Tells::Paid, 1)], rng),
            Way::Never => {}
        }
    }

    /// What an invoice asks for.
    fn owed(&self, payer: &Payer) -> Option<(i64, String)> {
        let snapshot = self.snapshot(&format!("CASE#{}#{}", payer.client, payer.case))?;
        let (_, invoice) = snapshot.invoices().find(|(id, _)| id.as_str() == payer.invoice)?;
        Some((invoice.total, invoice.currency.clone()))
    }

    /// The provider takes a payment in, and tells of it: when, what, and by which of its events.
    fn settles(
        &mut self,
        payer: &Payer,
        (id, deal): (String, Deal),
        told: &[(SignedDuration, Tells, u32)],
        rng: &mut Rng,
    ) {
        let paid_at = told.last().map_or(SignedDuration::ZERO, |t| t.0);
        let full = self.owed(payer).map_or(deal.amount, |(total, _)| total);
        let careless = self.cloud.net().sabotage == Some(Sabotage::SettleUnpaid);
        let claim = if careless { full } else { deal.amount };
        for (wait, tells, event) in told {
            // Not every provider tells that a payment was only begun.
            self.people.unclear += usize::from(*tells == Tells::Begun);
            let notice = self.notice(payer, *tells, (&id, *event), (claim, &deal.currency));
            self.tell_of_payment(*wait, notice);
        }
        // Some money goes back, and some payments are disputed.
        let later = paid_at + SignedDuration::from_hours(rng.between(1, 300));
        // What is told of a payment that we never heard of is nobody's, and so a person's.
        self.people.unclear += 1;
        if rng.per_mille(100) {
            let part = if rng.per_mille(500) { deal.amount } else { rng.between(1, deal.amount) };
            let notice = self.notice(payer, Tells::Refunded(part), (&id, 8), (part, &deal.currency));
            self.tell_of_payment(later, notice);
            self.people.untidy.insert(payer.case.clone());
        } else if rng.per_mille(50) {
            let notice = self.notice(payer, Tells::Disputed, (&id, 9), (deal.amount, &deal.currency));
            self.tell_of_payment(later, notice);
            self.people.untidy.insert(payer.case.clone());
        }
        self.people.deals.insert(id, deal);
    }

    /// Somebody who knows no secret, and a provider that talks nonsense.
    fn forge(&mut self, payer: &Payer, rng: &mut Rng) {
        let wait = |rng: &mut Rng| SignedDuration::from_mins(rng.between(1, 3_000));
        for seal in [Seal::Forged, Seal::Old, Seal::Elsewhere] {
            if rng.per_mille(200) {
                let notice = self.notice(payer, Tells::Paid, ("pi_forged", 1), (1, "JPY"));
                let wait = wait(rng);
                self.tell_of_payment(wait, Notice { seal, ..notice });
            }
        }
        for tells in [Tells::Garbage, Tells::NotJson] {
            if rng.per_mille(150) {
                self.people.unclear += 1;
                let id = format!("pi_nonsense_{}", payer.case);
                let notice = self.notice(payer, tells, (&id, 1), (1, "JPY"));
                let wait = wait(rng);
                self.tell_of_payment(wait, notice);
            }
        }
        // Right in everything, but about nothing of this practice.
        if rng.per_mille(100) {
            self.people.unclear += 1;
            let stranger = Payer {
                client: if payer.client == "yamada" { "harbor" } else { "yamada" }.to_owned(),
                ..payer.clone()
            };
            let notice = self.notice(&stranger, Tells::Paid, (&format!("pi_stranger_{}", payer.case), 1), (100, "JPY"));
            let wait = wait(rng);
            self.tell_of_payment(wait, Notice { marker: "nobody".to_owned(), ..notice });
        }
    }

    fn notice(
        &self,
        payer: &Payer,
        tells: Tells,
        (payment, event): (&str, u32),
        (amount, currency): (i64, &str),
    ) -> Notice {
        Notice {
            client: payer.client.clone(),
            tells,
            seal: Seal::Right,
            event: format!("evt_{payment}_{event}"),
            payment: payment.to_owned(),
            reference: format!("{}-{}", payer.case, payer.invoice),
            amount,
            currency: currency.to_owned(),
            marker: payer.marker.clone(),
            created: self.now(),
            attempt: 0,
        }
    }

    fn tell_of_payment(&mut self, wait: SignedDuration, notice: Notice) {
        let created = self.now().saturating_add(wait).unwrap_or_default();
        self.later(wait, Due::Errand(Errand::Pay(Notice { created, ..notice })));
    }

    /// What follows from our answer: a provider tries again until it is told that all is well.
    pub(super) fn told_of_payment(&mut self, notice: Notice, reply: Option<&Reply>) {
        let status = reply.map(|r| r.status().as_u16());
        let wanted = notice.wanted();
        if status.is_some_and(|s| s < 500 && s != wanted) {
            return self.breaks(format!("1: {notice} was answered {status:?}, not {wanted}"));
        }
        if status == Some(wanted) {
            let recorded = reply.is_some_and(|r| r.body().windows(10).any(|w| w == b"\"recorded\""));
            let mut refunded = None;
            if let Some(deal) = self.people.deals.get_mut(&notice.payment).filter(|_| recorded) {
                match notice.tells {
                    Tells::Paid | Tells::PaidAfterAll => deal.acknowledged = true,
                    Tells::Refunded(all) => refunded = Some(deal.refunded.max(all)),
                    _ => {}
                }
                deal.refunded = refunded.unwrap_or(deal.refunded);
            }
            return;
        }
        if notice.attempt < 14 {
            let wait = SignedDuration::from_secs(20 << notice.attempt.min(12));
            self.later(wait, Due::Errand(Errand::Pay(Notice { attempt: notice.attempt + 1, ..notice })));
        }
    }
}

/// Who pays what.
#[derive(Debug, Clone)]
struct Payer {
    client: String,
    case: String,
    invoice: String,
    marker: String,
}

impl Deal {
    fn of(payer: &Payer, n: u32, amount: i64, currency: &str) -> (String, Self) {
        let deal = Self {
            client: payer.client.clone(),
            case: payer.case.clone(),
            invoice: payer.invoice.clone(),
            amount,
            currency: currency.to_owned(),
            acknowledged: false,
            refunded: 0,
        };
        (format!("pi_{}_{n}", payer.invoice), deal)
    }
}
