//! What a provider's event says. Stripe: API reference "Event types", "The Checkout Session object"; generic: an event of
//! Standard Webhooks, `{"type": "payment.succeeded", "timestamp": …, "data": {"reference", "payment", "amount", "currency"}}`.

use banto_aws::Request;
use banto_domain::playbook::Provider;
use banto_domain::{CaseId, Id};
use jiff::Timestamp;
use serde_json::Value;

/// An event.
pub(crate) struct Event {
    /// The provider's id of it.
    pub(crate) id: String,
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
    Refunded {
        payment: String,
        refunded: i64,
    },
    Disputed {
        payment: String,
        amount: i64,
    },
    /// Something that moves nothing: a payment that is only begun.
    Begun {
        reference: String,
    },
    /// It can't be understood: why.
    Unclear(String),
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
    let id = id.unwrap_or_else(|| banto_domain::state::commit::hash(&String::from_utf8_lossy(request.body())));
    let kind = body["type"].as_str().unwrap_or_default();
    let said = match provider {
        Provider::Stripe => stripe(kind, &body, now),
        Provider::Generic => generic(kind, &body, now),
    };
    let unclear = || if is_json { format!("{kind:?} is not understood") } else { "not JSON".to_owned() };
    Event { id, kind: kind.to_owned(), said: said.filter(Said::adds_up).unwrap_or_else(|| Said::Unclear(unclear())) }
}

impl Said {
    /// Money comes in or goes back; less than nothing does neither.
    fn adds_up(&self) -> bool {
        match self {
            Self::Paid { amount, .. } | Self::Refunded { refunded: amount, .. } | Self::Disputed { amount, .. } => {
                *amount >= 0
            }
            Self::Failed { .. } | Self::Begun { .. } | Self::Unclear(_) => true,
        }
    }
}

fn stripe(kind: &str, body: &Value, now: Timestamp) -> Option<Said> {
    let object = &body["data"]["object"];
    let text = |name: &str| object[name].as_str().map(str::to_owned);
    let reference = || text("client_reference_id");
    match kind {
        // Konbini and bank transfers are only begun here; the money comes with async_payment_succeeded.
        "checkout.session.completed" if object["payment_status"] == "unpaid" => {
            Some(Said::Begun { reference: reference()? })
        }
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => Some(Said::Paid {
            reference: reference()?,
            payment: text("payment_intent").or_else(|| text("id"))?,
            amount: object["amount_total"].as_i64()?,
            currency: text("currency")?.to_ascii_uppercase(),
            occurred_at: body["created"].as_i64().and_then(|s| Timestamp::from_second(s).ok()).unwrap_or(now),
        }),
        "checkout.session.async_payment_failed" => {
            Some(Said::Failed { reference: reference()?, reason: "async_payment_failed".to_owned() })
        }
        "checkout.session.expired" => Some(Said::Failed { reference: reference()?, reason: "expired".to_owned() }),
        "charge.refunded" => {
            Some(Said::Refunded { payment: text("payment_intent")?, refunded: object["amount_refunded"].as_i64()? })
        }
        "charge.dispute.created" => {
            Some(Said::Disputed { payment: text("payment_intent")?, amount: object["amount"].as_i64()? })
        }
        _ => None,
    }
}

fn generic(kind: &str, body: &Value, now: Timestamp) -> Option<Said> {
    let data = &body["data"];
    let text = |name: &str| data[name].as_str().map(str::to_owned);
    let payment = || text("payment");
    match kind {
        "payment.succeeded" => Some(Said::Paid {
            reference: text("reference")?,
            payment: payment()?,
            amount: data["amount"].as_i64()?,
            currency: text("currency")?.to_ascii_uppercase(),
            occurred_at: body["timestamp"].as_str().and_then(|t| t.parse().ok()).unwrap_or(now),
        }),
        "payment.failed" => {
            Some(Said::Failed { reference: text("reference")?, reason: text("reason").unwrap_or_default() })
        }
        "payment.refunded" => Some(Said::Refunded { payment: payment()?, refunded: data["refunded"].as_i64()? }),
        "payment.disputed" => Some(Said::Disputed { payment: payment()?, amount: data["amount"].as_i64()? }),
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
    use serde_json::json;

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
}
