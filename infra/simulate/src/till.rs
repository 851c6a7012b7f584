//! The payment provider as it is asked for refunds: Stripe's "Create a refund" with its idempotency keys, and what really
//! went back. Owns no retries; the same key comes to the same.

use std::collections::BTreeMap;

use banto_cloud::stripe::{refund_object, refused, wanted_back};
use banto_cloud::wire::{Call, Reply};
use jiff::Timestamp;

use super::Sabotage;
use super::cloud::Net;

/// What was paid, and what went back under which key.
#[derive(Debug, Default)]
pub(super) struct Till {
    /// By the provider's id of the payment, in minor units.
    pub(super) paid: BTreeMap<String, i64>,
    /// By key: of which payment, and how much.
    pub(super) made: BTreeMap<String, (String, i64)>,
}

impl Till {
    /// How much of a payment we had sent back.
    pub(super) fn back(&self, payment: &str) -> i64 {
        self.made.values().filter(|(of, _)| of == payment).map(|(_, amount)| amount).sum()
    }

    /// Answers `POST /v1/refunds`.
    pub(super) fn refund(&mut self, call: &Call) -> Reply {
        let (payment, amount) = wanted_back(call);
        let Some(key) = &call.key else { return refused(400, "parameter_missing") };
        if let Some(before) = self.made.get(key) {
            // Stripe refuses a key that comes with something else.
            let same = (&before.0, before.1) == (&payment, amount);
            return if same { made(key, &payment, amount) } else { refused(400, "idempotency_error") };
        }
        match self.paid.get(&payment) {
            None => refused(404, "resource_missing"),
            Some(paid) if amount <= 0 || self.back(&payment) + amount > *paid => {
                refused(400, "charge_already_refunded")
            }
            Some(_) => {
                let reply = made(key, &payment, amount);
                self.made.insert(key.clone(), (payment, amount));
                reply
            }
        }
    }
}

/// The provider is asked for a refund.
pub(super) fn pays_back(net: &mut Net, call: &Call, now: Timestamp) -> Reply {
    let reply = net.till.refund(call);
    let key = call.key.clone().unwrap_or_default();
    net.log.say(now, format!("¥ asked for the refund {key}: {}", String::from_utf8_lossy(&reply.body)));
    if net.sabotage == Some(Sabotage::RefundTwice) && reply.status == 200 {
        // A provider that doesn't look at what is left: a second one of the whole sum would be refused otherwise.
        net.till.made.insert(format!("{key}-again"), wanted_back(call));
    }
    reply
}

fn made(key: &str, payment: &str, amount: i64) -> Reply {
    Reply::ok(&refund_object(key, payment, amount))
}
