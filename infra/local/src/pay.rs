//! The sandbox payment provider of practice mode: a page on which a visitor pays, and the webhook that the real provider
//! would send, in its own shape and truly signed. Owns no rule; what a payment means is decided by `receive-payment`.

use banto_aws::{Env, PathParams, Reply, Request, World};
use banto_domain::playbook::Provider;
use banto_domain::playbook::Text;
use banto_domain::state::Invoice;
use banto_domain::{Case, CaseKey, Id};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::host::Host;
use crate::sandbox;

pub use banto_cloud::stripe_signature;

/// An invoice that can be paid here.
#[derive(Debug, Clone)]
pub struct Payable {
    /// Its case.
    pub key: CaseKey,
    /// Its id.
    pub id: Id,
    /// What it asks for.
    pub invoice: Invoice,
    /// Whose webhook tells of it.
    pub provider: Provider,
    /// Who asks for it.
    pub practice: Text,
}

/// What the visitor makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The card is charged.
    Paid,
    /// The payment fails.
    Failed,
}

/// Finds an invoice among all cases; practice mode has few.
///
/// # Errors
/// When the store can't be reached.
pub async fn find(world: &World, invoice: &str) -> banto_aws::Result<Option<Payable>> {
    let env = &world.env;
    let Ok(id) = Id::parse(invoice) else { return Ok(None) };
    for key in env.ledger.cases().await? {
        let Some(loaded) = env.ledger.load(&key).await? else { continue };
        if let Some(payable) = of(env, &loaded.case, &id).await? {
            return Ok(Some(payable));
        }
    }
    Ok(None)
}

/// An invoice of a case.
///
/// # Errors
/// When the store can't be reached.
pub async fn of(env: &Env, case: &Case, id: &Id) -> banto_aws::Result<Option<Payable>> {
    let Some(invoice) = case.invoice(id) else { return Ok(None) };
    let playbook = env.playbooks.get(&case.key.client, case.playbook_version).await?;
    let provider = playbook.billing.as_ref().and_then(|billing| billing.providers.first().copied());
    Ok(provider.map(|provider| Payable {
        key: case.key.clone(),
        id: id.clone(),
        invoice: invoice.clone(),
        provider,
        practice: playbook.name.clone(),
    }))
}

/// Sends the provider's webhook; the answer of `receive-payment`, or `None` when it failed.
///
/// # Errors
/// When the store can't be reached, or the demo has no secret for the provider.
pub async fn send(host: &Host, payable: &Payable, outcome: Outcome) -> banto_aws::Result<Option<Reply>> {
    let (env, client, now) = (&host.world().env, &payable.key.client, host.now());
    let provider = payable.provider.name();
    let live = env.playbooks.live(client).await?.unwrap_or_default();
    let secret = env.playbooks.secret(client, &live, &format!("payment:{provider}"))?;
    let missing =
        || banto_aws::Error::Refused(format!("{client} has no secret payment:{provider}; add it to demo-secrets.yaml"));
    let secret = secret.and_then(|s| String::from_utf8(s).ok()).ok_or_else(missing)?;
    let request = match payable.provider {
        Provider::Stripe => stripe(payable, outcome, &secret, now),
        Provider::Generic => generic(payable, outcome, &secret, now)?,
    };
    if outcome == Outcome::Paid {
        let payment = payment_of(payable.provider, &request);
        sandbox::paid(host.store(), &payment, payable.invoice.total).await.map_err(unwritable)?;
    }
    let mut request: Request = request;
    let params = [("client", client.to_string()), ("provider", provider.to_owned())];
    let params = params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    request.extensions_mut().insert(PathParams(params));
    Ok(host.request("receive-payment", request).await)
}

/// The id that an event gives its payment.
fn payment_of(provider: Provider, request: &Request) -> String {
    let event: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let id = match provider {
        Provider::Stripe => &event["data"]["object"]["payment_intent"],
        Provider::Generic => &event["data"]["payment"],
    };
    id.as_str().unwrap_or_default().to_owned()
}

fn unwritable(error: crate::store::StoreError) -> banto_aws::Error {
    banto_aws::Error::Again(format!("the sandbox could not be written: {error}"))
}

fn reference(payable: &Payable) -> String {
    format!("{}-{}", payable.key.case, payable.id)
}

/// An id as a provider makes one: new for each try, also while the clock stands still.
fn fresh(prefix: &str) -> String {
    format!("{prefix}_{}", crate::ids::uuid().replace('-', ""))
}

/// Stripe's event for a Checkout Session (API reference, "The Event object", "The Checkout Session object").
fn stripe(payable: &Payable, outcome: Outcome, secret: &str, now: Timestamp) -> Request {
    let (kind, status) = match outcome {
        Outcome::Paid => ("checkout.session.completed", "paid"),
        Outcome::Failed => ("checkout.session.async_payment_failed", "unpaid"),
    };
    let event = json!({
        "id": fresh("evt"),
        "object": "event",
        "type": kind,
        "created": now.as_second(),
        "livemode": false,
        "data": { "object": {
            "id": fresh("cs_test"),
            "object": "checkout.session",
            "mode": "payment",
            "client_reference_id": reference(payable),
            "payment_intent": fresh("pi"),
            "payment_status": status,
            "amount_total": payable.invoice.total,
            "currency": payable.invoice.currency.to_ascii_lowercase(),
        } },
    });
    let body = event.to_string();
    let signature = stripe_signature(secret, &body, now);
    post(&[("stripe-signature", &signature)], body)
}

fn generic(payable: &Payable, outcome: Outcome, secret: &str, now: Timestamp) -> banto_aws::Result<Request> {
    let data = json!({
        "reference": reference(payable),
        "payment": fresh("pay"),
        "amount": payable.invoice.total,
        "currency": payable.invoice.currency,
        "reason": "card_declined",
    });
    let kind = if outcome == Outcome::Paid { "payment.succeeded" } else { "payment.failed" };
    let event: Value = json!({ "type": kind, "timestamp": now.to_string(), "data": data });
    let (id, body) = (fresh("msg"), event.to_string());
    let bad = |_| banto_aws::Error::Refused("the demo's secret is no Standard Webhooks secret".to_owned());
    let webhook = standardwebhooks::Webhook::new(secret).map_err(bad)?;
    let signature = webhook.sign(&id, now.as_second(), body.as_bytes()).map_err(bad)?;
    let at = now.as_second().to_string();
    Ok(post(&[("webhook-id", &id), ("webhook-timestamp", &at), ("webhook-signature", &signature)], body))
}

fn post(headers: &[(&str, &str)], body: String) -> Request {
    let mut request = http::Request::new(Bytes::from(body));
    *request.method_mut() = http::Method::POST;
    for (name, value) in headers.iter().chain(&[("content-type", "application/json")]) {
        if let (Ok(name), Ok(value)) = (name.parse::<http::HeaderName>(), value.parse::<http::HeaderValue>()) {
            request.headers_mut().insert(name, value);
        }
    }
    request
}
