//! What a provider's event says. Stripe: API reference "Event types", "The Checkout Session object"; generic: an event of
//! Standard Webhooks, `{"type": "payment.succeeded", "timestamp": …, "data": {"reference", "payment", "amount", "currency"}}`.

use banto_aws::{Request, reading};
use banto_domain::playbook::Provider;
use banto_domain::rules::billing::is_amount;
use banto_domain::state::Turn;
use banto_domain::state::commit::hash;
use banto_domain::{CaseId, Id};
use jiff::Timestamp;
use serde_json::{Value, json};

/// An event.
pub(crate) struct Event {
    /// The provider's id of it, or what tells its body from others where it has none.
    pub(crate) id: String,
    /// The hash of what it says: an id may be constant.
    pub(crate) content: String,
    /// The provider's name for its kind; empty when it can't be read.
    pub(crate) kind: String,
    pub(crate) said: Said,
}

/// What it says. Amounts are in minor units; `reference` is what our payment link carried: case and invoice.
pub(crate) enum Said {
    Paid {
        reference: String,
        payment: String,
        amount: i64,
        currency: String,
        occurred_at: Timestamp,
    },
    Failed {
        reference: String,
        reason: String,
    },
    Turned {
        payment: String,
        turn: Turn,
    },
    /// Something that moves nothing: a payment that is only begun.
    Begun {
        reference: String,
    },
    /// It can't be understood: why.
    Unclear(String),
    /// It can be understood, and can't be: why.
    Absurd(&'static str),
}

/// Reads an event. What can't be understood is unclear; it never fails.
pub(crate) fn read(provider: Provider, request: &Request, now: Timestamp) -> Event {
    let json: Option<Value> = serde_json::from_slice(request.body()).ok();
    let is_json = json.is_some();
    let body = json.unwrap_or_default();
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let id = match provider {
        Provider::Stripe => body["id"].as_str().map(str::to_owned),
        Provider::Generic => header("webhook-id"),
    };
    let id = id.filter(|id| !id.trim().is_empty()).unwrap_or_else(|| reading::fingerprint(request.body()));
    let kind = body["type"].as_str().unwrap_or_default();
    // Beside it a provider may count its tries.
    let content = match is_json {
        true => hash(&json!([kind, body["data"]]).to_string()),
        false => reading::fingerprint(request.body()),
    };
    let said = match provider {
        Provider::Stripe => stripe(kind, &body, now),
        Provider::Generic => generic(kind, &body, now),
    };
    let unclear = || match (is_json, is_kind(kind)) {
        (false, _) => "not JSON".to_owned(),
        (true, true) => format!("{kind:?} is not understood"),
        (true, false) => "an event of no kind that is known".to_owned(),
    };
    let said = said.map_or_else(|| Said::Unclear(unclear()), Said::believed);
    Event { id, content, kind: kind.to_owned(), said }
}

/// What events are about, by the first part of their kind.
const ABOUT: [&str; 20] = [
    "account",
    "balance",
    "capability",
    "charge",
    "checkout",
    "coupon",
    "credit_note",
    "customer",
    "invoice",
    "mandate",
    "payment",
    "payment_intent",
    "payment_link",
    "payment_method",
    "payout",
    "price",
    "product",
    "refund",
    "subscription",
    "transfer",
];

/// Whether it is a name for a kind, and none of a person.
fn is_kind(kind: &str) -> bool {
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let is_known = kind.split('.').next().is_some_and(|about| ABOUT.contains(&about));
    is_known && kind.len() <= 64 && kind.split('.').all(is_word)
}

/// Why a payment failed, in words that providers have for it. What else they write may name somebody, and enters no journal.
const REASONS: [&str; 16] = [
    "async_payment_failed",
    "authentication_required",
    "canceled",
    "cancelled",
    "card_declined",
    "declined",
    "do_not_honor",
    "expired",
    "expired_card",
    "failed",
    "fraudulent",
    "incorrect_cvc",
    "insufficient_funds",
    "lost_card",
    "processing_error",
    "stolen_card",
];

fn reason(said: Option<&str>) -> String {
    said.filter(|said| REASONS.contains(said)).unwrap_or("other").to_owned()
}

/// A provider's id of a payment. What doesn't look like one may be anything, at any length: it is known by its hash.
fn id_of(text: &str) -> Option<String> {
    let of = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let looks_so = is_plain && text.len() <= 255 && of(u8::is_ascii_digit) && of(u8::is_ascii_alphabetic);
    match text.trim() {
        "" => None,
        _ if looks_so => Some(text.to_owned()),
        _ => Some(format!("sha256-{}", hash(text))),
    }
}

/// An amount in minor units: a whole number. One that no `i64` holds is as absurd as the largest.
fn whole(amount: &Value) -> Option<i64> {
    amount.as_i64().or_else(|| amount.as_u64().map(|_| i64::MAX))
}

fn currency_of(text: &str) -> Option<String> {
    (text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic())).then(|| text.to_ascii_uppercase())
}

impl Said {
    /// Money comes in or goes back: less than nothing does neither, and there is only so much of it.
    fn believed(self) -> Self {
        let amount = match &self {
            Self::Paid { amount, .. } => *amount,
            Self::Turned { turn, .. } => turn.amount(),
            Self::Failed { .. } | Self::Begun { .. } | Self::Unclear(_) | Self::Absurd(_) => 0,
        };
        match is_amount(amount) {
            true => self,
            false if amount < 0 => Self::Absurd("an amount of less than nothing"),
            false => Self::Absurd("an amount too large to be true"),
        }
    }
}

fn stripe(kind: &str, body: &Value, now: Timestamp) -> Option<Said> {
    let object = &body["data"]["object"];
    let text = |name: &str| object[name].as_str().map(str::to_owned);
    let id = |name: &str| object[name].as_str().and_then(id_of);
    let reference = || text("client_reference_id");
    match kind {
        // Konbini and bank transfers are only begun here; the money comes with async_payment_succeeded.
        "checkout.session.completed" if object["payment_status"] == "unpaid" => {
            Some(Said::Begun { reference: reference()? })
        }
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => Some(Said::Paid {
            reference: reference()?,
            payment: id("payment_intent").or_else(|| id("id"))?,
            amount: whole(&object["amount_total"])?,
            currency: currency_of(&text("currency")?)?,
            occurred_at: body["created"].as_i64().and_then(|s| Timestamp::from_second(s).ok()).unwrap_or(now),
        }),
        "checkout.session.async_payment_failed" => {
            Some(Said::Failed { reference: reference()?, reason: "async_payment_failed".to_owned() })
        }
        "checkout.session.expired" => Some(Said::Failed { reference: reference()?, reason: "expired".to_owned() }),
        "charge.refunded" => {
            let refunded = whole(&object["amount_refunded"])?;
            Some(Said::Turned { payment: id("payment_intent")?, turn: Turn::Refunded(refunded) })
        }
        "charge.dispute.created" => {
            let disputed = whole(&object["amount"])?;
            Some(Said::Turned { payment: id("payment_intent")?, turn: Turn::Disputed(disputed) })
        }
        _ => None,
    }
}

fn generic(kind: &str, body: &Value, now: Timestamp) -> Option<Said> {
    let data = &body["data"];
    let text = |name: &str| data[name].as_str().map(str::to_owned);
    let payment = || data["payment"].as_str().and_then(id_of);
    match kind {
        "payment.succeeded" => Some(Said::Paid {
            reference: text("reference")?,
            payment: payment()?,
            amount: whole(&data["amount"])?,
            currency: currency_of(&text("currency")?)?,
            occurred_at: body["timestamp"].as_str().and_then(|t| t.parse().ok()).unwrap_or(now),
        }),
        "payment.failed" => {
            Some(Said::Failed { reference: text("reference")?, reason: reason(data["reason"].as_str()) })
        }
        "payment.refunded" => {
            Some(Said::Turned { payment: payment()?, turn: Turn::Refunded(whole(&data["refunded"])?) })
        }
        "payment.disputed" => Some(Said::Turned { payment: payment()?, turn: Turn::Disputed(whole(&data["amount"])?) }),
        _ => None,
    }
}

/// The case in a reference.
pub(crate) fn case_of(reference: &str) -> Option<CaseId> {
    CaseId::parse(reference.split_once('-')?.0).ok()
}

/// The invoice in a reference.
pub(crate) fn invoice_of(reference: &str) -> Option<Id> {
    Id::parse(reference.split_once('-')?.1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lacks_a_part_is_unclear_and_never_guessed() {
        let now = Timestamp::UNIX_EPOCH;
        let whole = json!({ "client_reference_id": "a-b", "id": "cs_1", "amount_total": 16_500, "currency": "jpy" });
        let event = |object: &Value| json!({ "data": { "object": object } });
        let said = stripe("checkout.session.completed", &event(&whole), now);
        assert!(matches!(said, Some(Said::Paid { amount: 16_500, ref currency, .. }) if currency == "JPY"));
        for part in ["client_reference_id", "id", "amount_total", "currency"] {
            let mut less = whole.clone();
            less[part] = Value::Null;
            assert!(stripe("checkout.session.completed", &event(&less), now).is_none(), "{part}");
        }
        let mut begun = whole;
        begun["payment_status"] = json!("unpaid");
        assert!(matches!(stripe("checkout.session.completed", &event(&begun), now), Some(Said::Begun { .. })));
    }

    #[test]
    fn what_may_name_somebody_is_known_by_its_hash() {
        for id in ["pi_3Nq", "cs_test_a1", "pay-1", "0b2e"] {
            assert_eq!(id_of(id).as_deref(), Some(id));
        }
        let long = "a1".repeat(2_000);
        for id in ["山田 花子", "hanako1@customer.example", "Hanako", "090-1234-5678", " pi_1", &long] {
            let known = id_of(id).expect("an id");
            assert!(known.len() < 80 && !known.contains(id) && id_of(id) == Some(known), "{id}");
        }
        assert_eq!((id_of(""), id_of(" ")), (None, None), "which tells no two apart");
        assert_eq!((currency_of("jpy").as_deref(), currency_of("円"), currency_of("yen1")), (Some("JPY"), None, None));
        assert_eq!(
            (reason(Some("expired")), reason(Some("山田様の口座")), reason(None)),
            ("expired".into(), "other".into(), "other".into())
        );
        assert!(is_kind("customer.created") && is_kind("payment.failed"));
        assert!(["", "hanako.yamada", "payment.山田", "payment.a@b", "payment."].iter().all(|kind| !is_kind(kind)));
    }
}
