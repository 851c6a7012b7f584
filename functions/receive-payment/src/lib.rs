//! 入金: a payment provider's webhook becomes facts: paid, failed, refunded, disputed. What was paid exactly as asked is
//! settled; anything else is a task for a person.

mod event;

use banto_aws::{Changed, Env, Error, Function, PathParams, Plan, Reply, Request, Result, page, webhook};
use banto_domain::rules::billing::{self, Payment};
use banto_domain::rules::{Also, ask, inquiry};
use banto_domain::steps::{ISSUE_INVOICE, RECEIVE_PAYMENT};
use banto_domain::{Actor, CaseId, CaseKey, ClientId, Draft, Entry, Id, Playbook, Rejection};
use http::StatusCode;
use serde_json::json;

use crate::event::Said;

/// The longest body that is taken, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// Takes `POST /hooks/payments/{client}/{provider}`.
#[must_use]
pub fn function() -> Function {
    Function::http(RECEIVE_PAYMENT, |w, r| async move { handle(&w.env, r).await })
}

/// Takes `POST /hooks/payments/{client}/{provider}`.
///
/// # Errors
/// When the store can't be reached: the provider tries again.
pub async fn handle(env: &Env, request: Request) -> Result<Reply> {
    let (status, said) = receive(env, &request).await?;
    tracing::info!(status = status.as_u16(), answer = said, "payment");
    Ok(page::json(status, &json!({ "answer": said })))
}

async fn receive(env: &Env, request: &Request) -> Result<(StatusCode, &'static str)> {
    let params = request.extensions().get::<PathParams>().cloned().unwrap_or_default().0;
    let param = |name: &str| params.get(name).map_or("", String::as_str);
    let unknown = (StatusCode::NOT_FOUND, "no such client or provider");
    let Ok(client) = ClientId::parse(param("client")) else { return Ok(unknown) };
    if request.body().len() > MAX_BODY {
        return Ok((StatusCode::PAYLOAD_TOO_LARGE, "more than 1 MB"));
    }
    let Some((live, playbook)) = env.playbooks.current(&client).await? else { return Ok(unknown) };
    let mut providers = playbook.billing.iter().flat_map(|b| &b.providers).copied();
    let provider = providers.find(|p| p.name() == param("provider"));
    let Some(provider) = provider else { return Ok(unknown) };
    let secret = env.playbooks.secret(&client, &live, &format!("payment:{}", provider.name()))?;
    if !webhook::payment(provider, secret.as_deref(), request, env.clock.now())? {
        return Ok((StatusCode::UNAUTHORIZED, "bad signature"));
    }
    let Some(event) = event::read(provider, request, env.clock.now()) else {
        return Ok((StatusCode::BAD_REQUEST, "not JSON"));
    };
    let cause = Id::derive(&["payment", client.as_str(), provider.name(), &event.id]);
    let arrival = Arrival { env, client: &client, playbook: &playbook, provider: provider.name(), cause };
    let stored = match &event.said {
        Said::Nothing => return Ok((StatusCode::ACCEPTED, "nothing to record")),
        Said::Unclear(reason) => Err(reason.clone()),
        said => arrival.record(said).await?,
    };
    match stored {
        Ok(()) => Ok((StatusCode::ACCEPTED, "recorded")),
        Err(reason) => {
            arrival.keep(request.body(), &reason).await?;
            Ok((StatusCode::ACCEPTED, "stored for a person to look at"))
        }
    }
}

/// One event of a provider, signed.
struct Arrival<'a> {
    env: &'a Env,
    client: &'a ClientId,
    playbook: &'a Playbook,
    provider: &'static str,
    cause: Id,
}

impl Arrival<'_> {
    /// Writes what the event says into its case; the reason when no case knows it.
    async fn record(&self, said: &Said) -> Result<std::result::Result<(), String>> {
        let (case, payment) = match said {
            Said::Paid { reference, payment, .. } => (event::case_of(reference), Some(payment)),
            Said::Failed { reference, .. } => (event::case_of(reference), None),
            Said::Refunded { payment, .. } | Said::Disputed { payment, .. } => {
                (self.env.ledger.case_of_payment(self.client, payment).await?, None)
            }
            Said::Nothing | Said::Unclear(_) => (None, None),
        };
        let Some(case) = case else { return Ok(Err("about no case of this practice".to_owned())) };
        let key = CaseKey { client: self.client.clone(), case };
        let plan = Plan { key: &key, function: RECEIVE_PAYMENT, actor: Actor::Provider };
        let changed = self
            .env
            .change(&plan, None, |_| Some(self.cause.clone()), |draft| self.decide(draft, said).map(Some))
            .await?;
        match changed {
            Changed::Mine(..) | Changed::Before(_) | Changed::Nothing => Ok(Ok(())),
            Changed::Unmet(_) => {
                let mut counted = None;
                if let Some(payment) = payment {
                    counted = self.env.ledger.case_of_payment(self.client, payment).await?;
                }
                Ok(match counted {
                    Some(other) if other != key.case => Err(format!("a payment that {other} has counted")),
                    _ => Ok(()),
                })
            }
            Changed::NoCase => Ok(Err("about no case of this practice".to_owned())),
            Changed::Refused(rejection) => Err(Error::Bug(Rejection::to_string(&rejection))),
        }
    }

    fn decide(&self, draft: &mut Draft<'_>, said: &Said) -> std::result::Result<(), Rejection> {
        let provider = self.provider.to_owned();
        match said {
            Said::Paid { reference, payment, amount, currency, occurred_at } => {
                let invoice = event::invoice_of(reference).unwrap_or_else(|| self.cause.clone());
                let (id, currency) = (payment.clone(), currency.clone());
                let payment = Payment { id, invoice, provider, amount: *amount, currency, occurred_at: *occurred_at };
                // A payment counts once, whichever of the provider's events tell of it.
                draft.also(Also::Payment { payment: payment.id.clone() });
                billing::pay(draft, payment)
            }
            Said::Failed { reference, reason } => {
                let invoice = event::invoice_of(reference).unwrap_or_else(|| self.cause.clone());
                let (reason, action) = (reason.clone(), ISSUE_INVOICE.to_owned());
                draft.push(Entry::PaymentFailed { invoice, provider, reason, action })
            }
            Said::Refunded { payment, refunded } => {
                draft.push(Entry::PaymentRefunded { payment: payment.clone(), refunded: *refunded })?;
                ask::attend(draft, &self.cause, "refunded")
            }
            Said::Disputed { payment, amount } => {
                draft.push(Entry::PaymentDisputed { payment: payment.clone(), amount: *amount })?;
                ask::attend(draft, &self.cause, "disputed")
            }
            Said::Nothing | Said::Unclear(_) => ask::skip(draft, "nothing to record"),
        }
    }

    /// Stores an event as it came, and makes it a task for a person.
    async fn keep(&self, body: &[u8], reason: &str) -> Result<()> {
        let key = CaseKey { client: self.client.clone(), case: CaseId::derive(&["case", self.cause.as_str()]) };
        let inbound = Id::derive(&["inbound", self.cause.as_str()]);
        let plan = Plan { key: &key, function: RECEIVE_PAYMENT, actor: Actor::Provider };
        let name = format!("payment:{}", self.provider);
        let opened = self
            .env
            .open(&plan, &self.cause, self.playbook, |draft| -> std::result::Result<(), Rejection> {
                inquiry::open_unreadable(draft, &key, (&name, "ja"), (inbound.clone(), body), reason, Vec::new())
            })
            .await?;
        match opened {
            Changed::Refused(rejection) => Err(Error::Bug(rejection.to_string())),
            _ => Ok(()),
        }
    }
}
