//! What a provider tells: its event, signed and shaped as the real one's, or as somebody would who knows no secret.

use banto_aws::{PathParams, Request};
use banto_cloud::stripe_signature;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// The demo secrets of the ready-made playbooks.
const STRIPE_SECRET: &str = "whsec_demo-yamada-practice-mode-only";
const GENERIC_SECRET: &str = "whsec_ZGVtby1oYXJib3ItcGF5bWVudHMtZGVtbyEh";

/// What an event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tells {
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
pub(crate) enum Seal {
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
pub(crate) struct Notice {
    pub(crate) client: String,
    pub(crate) tells: Tells,
    pub(crate) seal: Seal,
    /// The provider's id of the event.
    pub(crate) event: String,
    /// The provider's id of the payment.
    pub(crate) payment: String,
    pub(crate) reference: String,
    /// What it claims.
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) marker: String,
    pub(crate) created: Timestamp,
    pub(crate) attempt: u32,
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { tells, seal, event, payment, amount, currency, .. } = self;
        write!(f, "the provider tells {tells:?} of {payment}, {amount} {currency} ({event}, {seal:?})")
    }
}

impl Notice {
    /// It must change nothing.
    pub(crate) fn leaves_no_trace(&self) -> bool {
        self.seal != Seal::Right
    }

    /// For the count of moves.
    pub(crate) fn what(&self) -> &'static str {
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

    /// The status of our answer to it.
    pub(crate) fn wanted(&self) -> u16 {
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
    pub(crate) fn request(&self, now: Timestamp) -> Request {
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
