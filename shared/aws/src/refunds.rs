//! Refunds at the payment provider. Only `send-refund` may hold a [`Refunds`]. Stripe: API reference "Create a refund" and
//! "Idempotent requests": the refund's own id is the key, so asking again comes to the same.

use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use banto_domain::Id;
use banto_domain::rules::refund::Outcome;
use banto_domain::state::Refund;
use serde_json::Value;

use crate::{Error, Result};

/// Where Stripe is.
pub const STRIPE: &str = "https://api.stripe.com";

/// Why the provider won't, in its own words (Stripe: "Error codes"). What else it writes may name somebody, and enters no
/// journal.
const CODES: [&str; 12] = [
    "account_closed",
    "amount_too_large",
    "amount_too_small",
    "charge_already_refunded",
    "charge_disputed",
    "charge_expired_for_capture",
    "charge_not_refundable",
    "insufficient_funds",
    "parameter_invalid_integer",
    "payment_intent_unexpected_state",
    "refund_disputed_payment",
    "resource_missing",
];

/// The way out for money.
#[derive(Debug, Clone)]
pub struct Refunds {
    http: SharedHttpConnector,
    /// Where Stripe is, without a slash at the end.
    stripe: String,
}

impl Refunds {
    /// Over this connection.
    #[must_use]
    pub fn new(http: SharedHttpConnector, stripe: String) -> Self {
        Self { http, stripe }
    }

    /// Asks Stripe, once, with the practice's secret key. `None` when it is unknown what came of it.
    ///
    /// # Errors
    /// When the request can't be written: our bug.
    pub async fn send(&self, secret: &str, id: &Id, refund: &Refund) -> Result<Option<Outcome>> {
        let bad = |e: &dyn std::fmt::Display| Error::Bug(format!("a refund could not be written as a request: {e}"));
        let amount = refund.amount.to_string();
        let fields = [
            ("payment_intent", refund.payment.as_str()),
            ("amount", &amount),
            ("reason", "requested_by_customer"),
            ("metadata[banto_refund]", id.as_str()),
        ];
        let body = serde_urlencoded::to_string(fields).map_err(|e| bad(&e))?;
        let request = http::Request::post(format!("{}/v1/refunds", self.stripe))
            .header("authorization", format!("Bearer {secret}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("idempotency-key", id.as_str())
            .body(SdkBody::from(body))
            .map_err(|e| bad(&e))?;
        let request = HttpRequest::try_from(request).map_err(|e| bad(&e))?;
        Ok(match self.http.call(request).await {
            Ok(response) => understood(response).await,
            Err(_) => None,
        })
    }
}

/// What an answer says: made, not done yet, refused, or unknown.
async fn understood(response: HttpResponse) -> Option<Outcome> {
    let status = response.status().as_u16();
    let body = ByteStream::new(response.into_body()).collect().await.ok()?.into_bytes();
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    let code = || {
        let said = answer["error"]["code"].as_str().or_else(|| answer["error"]["type"].as_str());
        said.filter(|code| CODES.contains(code)).unwrap_or("other").to_owned()
    };
    match status {
        200..=299 => match (answer["status"].as_str(), answer["id"].as_str()) {
            (Some("failed" | "canceled"), _) => Some(Outcome::Refused("failed".to_owned())),
            (_, Some(id)) => Some(Outcome::Made { provider_id: id.chars().take(255).collect() }),
            // Taken, and not readable: the same key will say.
            _ => None,
        },
        // Another request with the key is under way, or there were too many: nothing was done by this one.
        409 | 429 => Some(Outcome::Busy(format!("http-{status}"))),
        // The practice's key is wrong, or may not: that can be mended, and the refund then leaves.
        401 | 403 => Some(Outcome::Busy(format!("http-{status}"))),
        400..=499 => Some(Outcome::Refused(code())),
        // "Treat the result as indeterminate" (Stripe: "Server errors").
        _ => None,
    }
}
