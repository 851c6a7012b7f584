//! Signs as form and payment providers do.

use banto_domain::playbook::{Encoding, Signature};
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use super::request::{Request, Sign};

fn mac(secret: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// By a form's scheme.
pub(crate) fn form(request: &mut Request, scheme: &Signature, secret: &str, now: Timestamp) {
    match scheme {
        Signature::None { .. } => {}
        Signature::HmacSha256 { header, prefix, encoding } => {
            let tag = mac(key(request, secret).as_bytes(), &[&request.body]);
            let tag = match encoding {
                Encoding::Hex => HEXLOWER.encode(&tag),
                Encoding::Base64 => BASE64.encode(&tag),
            };
            request.set(header, &format!("{prefix}{tag}"));
        }
        Signature::StandardWebhooks => standard(request, secret, now),
    }
    if request.sign == Sign::Not {
        if let Signature::HmacSha256 { header, .. } = scheme {
            request.headers.remove(header.as_str());
        }
        request.headers.remove("webhook-signature");
    }
}

/// The secret, or another.
fn key<'a>(request: &Request, secret: &'a str) -> &'a str {
    if request.sign == Sign::Wrongly { "another" } else { secret }
}

/// Standard Webhooks; the id is the input's own where it can be one.
pub(crate) fn standard(request: &mut Request, secret: &str, now: Timestamp) {
    let id = request.text("webhook-id").unwrap_or("msg_1").to_owned();
    let at = now.as_second().to_string();
    let secret = BASE64.decode(secret.trim_start_matches("whsec_").as_bytes()).expect("a secret");
    let secret = if request.sign == Sign::Wrongly { b"another".to_vec() } else { secret };
    let tag = mac(&secret, &[id.as_bytes(), b".", at.as_bytes(), b".", &request.body]);
    request.set("webhook-id", &id);
    request.set("webhook-timestamp", &at);
    request.set("webhook-signature", &format!("v1,{}", BASE64.encode(&tag)));
}

/// Stripe's own.
pub(crate) fn stripe(request: &mut Request, secret: &str, now: Timestamp) {
    let at = now.as_second().to_string();
    let tag = mac(key(request, secret).as_bytes(), &[at.as_bytes(), b".", &request.body]);
    request.set("stripe-signature", &format!("t={at},v1={}", HEXLOWER.encode(&tag)));
}
