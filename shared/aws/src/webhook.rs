//! Whether a webhook comes from whom it says. All comparisons take constant time.

use banto_domain::playbook::Provider;
use banto_domain::playbook::{Encoding, Signature};
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use crate::{Error, Request, Result};

/// How old or how far ahead a timestamp may be, in seconds: Standard Webhooks and Stripe both say five minutes.
const TOLERANCE: u64 = 300;

/// Checks the signature of a form's request.
///
/// # Errors
/// When the form needs a secret that was never set: our fault, so the provider must try again.
pub fn form(scheme: &Signature, secret: Option<&[u8]>, request: &Request, now: Timestamp) -> Result<bool> {
    let need = || secret.ok_or_else(|| Error::Again("the form's secret was never set".to_owned()));
    match scheme {
        Signature::None { .. } => Ok(true),
        Signature::HmacSha256 { header, prefix, encoding } => {
            Ok(hmac_sha256(need()?, header_text(request, header), prefix, *encoding, request.body()).is_some())
        }
        Signature::StandardWebhooks => standard(need()?, request, now),
    }
}

/// Checks the signature of a payment provider's request.
///
/// # Errors
/// When the provider's secret was never set: our fault, so the provider must try again.
pub fn payment(provider: Provider, secret: Option<&[u8]>, request: &Request, now: Timestamp) -> Result<bool> {
    let secret = secret.ok_or_else(|| Error::Again("the provider's secret was never set".to_owned()))?;
    match provider {
        Provider::Generic => standard(secret, request, now),
        Provider::Stripe => {
            let header = header_text(request, "stripe-signature");
            Ok(header.is_some_and(|h| stripe(secret, h, request.body(), now).is_some()))
        }
    }
}

/// `t=SECONDS,v1=HEX,…` over `t.body` (Stripe documentation, "Verify webhook signatures manually").
fn stripe(secret: &[u8], header: &str, body: &[u8], now: Timestamp) -> Option<()> {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let sent_at = parts().find(|(name, _)| *name == "t")?.1;
    if now.as_second().abs_diff(sent_at.parse().ok()?) > TOLERANCE {
        return None;
    }
    let holds = |hex: &str| {
        let sent = HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
        mac.update(sent_at.as_bytes());
        mac.update(b".");
        mac.update(body);
        mac.verify_slice(&sent).ok()
    };
    parts().filter(|(name, _)| *name == "v1").find_map(|(_, hex)| holds(hex))
}

fn header_text<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

fn hmac_sha256(secret: &[u8], header: Option<&str>, prefix: &str, encoding: Encoding, body: &[u8]) -> Option<()> {
    let written = header?.trim().strip_prefix(prefix)?;
    let sent = match encoding {
        Encoding::Hex => HEXLOWER_PERMISSIVE.decode(written.as_bytes()).ok()?,
        Encoding::Base64 => BASE64.decode(written.as_bytes()).ok()?,
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(body);
    mac.verify_slice(&sent).ok()
}

/// Standard Webhooks (specification, "Signature scheme"): `v1,BASE64` over `id.SECONDS.body`. The body may be any bytes: the
/// reference library signs text alone.
fn standard(secret: &[u8], request: &Request, now: Timestamp) -> Result<bool> {
    let text = secret.strip_prefix(b"whsec_").unwrap_or(secret);
    let key = BASE64.decode(text).map_err(|_| Error::Bug("a Standard Webhooks secret is base64".to_owned()))?;
    let (Some(id), Some(sent_at), Some(signatures)) = (
        header_text(request, "webhook-id"),
        header_text(request, "webhook-timestamp"),
        header_text(request, "webhook-signature"),
    ) else {
        return Ok(false);
    };
    if !sent_at.parse().is_ok_and(|at| now.as_second().abs_diff(at) <= TOLERANCE) {
        return Ok(false);
    }
    let holds = |signature: &str| {
        let sent = BASE64.decode(signature.strip_prefix("v1,")?.as_bytes()).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(format!("{id}.{sent_at}.").as_bytes());
        mac.update(request.body());
        mac.verify_slice(&sent).ok()
    };
    Ok(signatures.split(' ').find_map(holds).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use standardwebhooks::Webhook;

    const SECRET: &[u8] = b"a secret";

    fn signed(body: &'static str, header: &str, value: &str) -> Request {
        http::Request::post("/").header(header, value).body(Bytes::from(body)).unwrap()
    }

    #[test]
    fn hex_and_base64_with_any_header_and_prefix() {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).unwrap();
        mac.update(b"{}");
        let tag = mac.finalize().into_bytes();
        for (encoding, written) in
            [(Encoding::Hex, HEXLOWER_PERMISSIVE.encode(&tag)), (Encoding::Base64, BASE64.encode(&tag))]
        {
            let scheme = Signature::HmacSha256 { header: "X-Sig".to_owned(), prefix: "sha256=".to_owned(), encoding };
            let check = |request: &Request| form(&scheme, Some(SECRET), request, Timestamp::UNIX_EPOCH).unwrap();
            assert!(check(&signed("{}", "x-sig", &format!("sha256={written}"))));
            assert!(!check(&signed("{} ", "x-sig", &format!("sha256={written}"))));
            assert!(!check(&signed("{}", "x-sig", &written)));
            assert!(!check(&signed("{}", "x-sig", "sha256=")));
            assert!(!check(&signed("{}", "other", &format!("sha256={written}"))));
        }
    }

    #[test]
    fn standard_webhooks_must_be_fresh_by_our_clock() {
        let secret = format!("whsec_{}", BASE64.encode(b"0123456789abcdef01234567"));
        let webhook = Webhook::new(&secret).unwrap();
        let signature = webhook.sign("msg_1", 1_000, b"{}").unwrap();
        let request = http::Request::post("/")
            .header("webhook-id", "msg_1")
            .header("webhook-timestamp", "1000")
            .header("webhook-signature", signature)
            .body(Bytes::from("{}"))
            .unwrap();
        let check = |now: i64| {
            let now = Timestamp::from_second(now).unwrap();
            form(&Signature::StandardWebhooks, Some(secret.as_bytes()), &request, now).unwrap()
        };
        assert!(check(1_299));
        assert!(!check(1_301));
        assert!(!check(699));
    }

    #[test]
    fn standard_webhooks_sign_any_bytes() {
        let key = b"0123456789abcdef01234567";
        let secret = format!("whsec_{}", BASE64.encode(key));
        let body: &[u8] = b"{\"\xff\": 1}";
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(b"msg_1.1000.");
        mac.update(body);
        let tag = BASE64.encode(&mac.finalize().into_bytes());
        let check = |signature: &str, body: &'static [u8]| {
            let request = http::Request::post("/")
                .header("webhook-id", "msg_1")
                .header("webhook-timestamp", "1000")
                .header("webhook-signature", signature)
                .body(Bytes::from_static(body))
                .unwrap();
            let now = Timestamp::from_second(1_000).unwrap();
            form(&Signature::StandardWebhooks, Some(secret.as_bytes()), &request, now).unwrap()
        };
        assert!(check(&format!("v1,{tag}"), body));
        assert!(check(&format!("v1a,x v1,AAAA v1,{tag}"), body), "one of several");
        assert!(!check(&format!("v1,{tag}"), b"{\"\xfe\": 1}"));
        assert!(!check(&format!("v2,{tag}"), body));
        assert!(!check(&tag, body));
    }

    #[test]
    fn stripes_scheme() {
        let now: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
        let sign = |secret: &[u8], at: i64| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
            mac.update(format!("{at}.{{}}").as_bytes());
            HEXLOWER_PERMISSIVE.encode(&mac.finalize().into_bytes())
        };
        let at = now.as_second();
        let holds = |header: String| {
            payment(Provider::Stripe, Some(SECRET), &signed("{}", "Stripe-Signature", &header), now).unwrap()
        };
        assert!(holds(format!("t={at},v1={}", sign(SECRET, at))));
        // A secret that is being rolled signs twice; v0 is for tests and doesn't count.
        assert!(holds(format!("t={at},v1={},v1={},v0=00", sign(b"old", at), sign(SECRET, at))));
        assert!(!holds(format!("t={at},v0={}", sign(SECRET, at))));
        assert!(!holds(format!("t={},v1={}", at - 301, sign(SECRET, at - 301))), "too old");
        assert!(!holds(format!("t={},v1={}", at + 1, sign(SECRET, at))), "not what was signed");
        assert!(!holds("v1".to_owned()) && !holds(String::new()));
    }
}
