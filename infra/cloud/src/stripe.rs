//! How the payment provider signs what it tells, for those who play the provider.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

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
