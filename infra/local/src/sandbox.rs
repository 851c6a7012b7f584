//! The payment provider of practice mode as the functions see it: Stripe's "Create a refund", with its idempotency keys. What
//! visitors pay here it knows; nothing leaves this machine. Refuses to decide what a refund means.

use banto_cloud::stripe::{refund_object, refused, wanted_back};
use serde_json::Value;

use crate::store::{Store, StoreError};
use crate::wire::{Call, Reply};

/// What stands before a payment's id: what came in.
const PAID: &str = "sandbox:paid:";
/// What stands before a payment's id: what went back.
const REFUNDED: &str = "sandbox:refunded:";
/// What stands before a key: the answer that it got.
const ANSWERED: &str = "sandbox:refund:";

/// A visitor paid.
pub(crate) async fn paid(store: &Store, payment: &str, amount: i64) -> Result<(), StoreError> {
    let (key, amount) = (format!("{PAID}{payment}"), amount.to_string());
    store.change(move |tx| tx.set_meta(&key, &amount)).await
}

/// Answers `POST /v1/refunds` (Stripe: API reference "Create a refund", "Idempotent requests").
pub(crate) async fn refund(store: &Store, call: &Call) -> Reply {
    let (payment, amount) = wanted_back(call);
    let Some(key) = call.key.clone() else { return refused(400, "parameter_missing") };
    if amount <= 0 {
        return refused(400, "parameter_invalid_integer");
    }
    let answered = store.change(move |tx| {
        let number = |key: &str| Ok::<_, StoreError>(tx.meta(key)?.and_then(|n| n.parse::<i64>().ok()));
        let of_key = format!("{ANSWERED}{key}");
        if let Some(before) = tx.meta(&of_key)? {
            return Ok(Ok(before));
        }
        let Some(paid) = number(&format!("{PAID}{payment}"))? else { return Ok(Err((404, "resource_missing"))) };
        let of_payment = format!("{REFUNDED}{payment}");
        let in_all = number(&of_payment)?.unwrap_or(0).saturating_add(amount);
        if in_all > paid {
            return Ok(Err((400, "charge_already_refunded")));
        }
        let made = refund_object(&key, &payment, amount);
        tx.set_meta(&of_payment, &in_all.to_string())?;
        tx.set_meta(&of_key, &made.to_string())?;
        Ok(Ok(made.to_string()))
    });
    match answered.await {
        Ok(Ok(made)) => Reply::ok(&serde_json::from_str(&made).unwrap_or(Value::Null)),
        Ok(Err((status, code))) => refused(status, code),
        Err(error) => {
            tracing::error!(%error, "the sandbox could not be written");
            refused(500, "api_error")
        }
    }
}
