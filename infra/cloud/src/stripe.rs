//! How the payment provider signs what it tells, and how it is asked for refunds and answers, for those who play the provider.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::wire::{Call, Reply};

/// `t=SECONDS,v1=HEX` over `t.body` (Stripe documentation, "Verify webhook signatures manually").
#[must_use]
pub fn stripe_signature(secret: &str, body: &str, now: Timestamp) -> String {
    let at = now.as_second();
    let mut mac = match Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of any length (RFC 2104 §2)"),
    };
    mac.update(format!("{at}.{body}").as_bytes());
    format!("t={at},v1={}", HEXLOWER.encode(&mac.finalize().into_bytes()))
}

/// The payment and the amount (minor units) of a request for a refund (Stripe: API reference "Create a refund"); nothing and 0
/// when it names none.
#[must_use]
pub fn wanted_back(call: &Call) -> (String, i64) {
    let fields: BTreeMap<String, String> = serde_urlencoded::from_bytes(&call.body).unwrap_or_default();
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    (field("payment_intent"), field("amount").parse().unwrap_or(0))
}

/// A refund that was made under a key, as Stripe words it.
#[must_use]
pub fn refund_object(key: &str, payment: &str, amount: i64) -> Value {
    json!({
        "id": format!("re_{key}"), "object": "refund", "amount": amount, "payment_intent": payment, "status": "succeeded",
    })
}

/// An error as Stripe words it.
#[must_use]
pub fn refused(status: u16, code: &str) -> Reply {
    Reply { status, ..Reply::ok(&json!({ "error": { "type": "invalid_request_error", "code": code } })) }
}
