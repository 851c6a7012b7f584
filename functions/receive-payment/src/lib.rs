//! 入金: a payment provider's webhook becomes facts: paid, failed, refunded, disputed. What was paid exactly as asked is
//! settled; anything else is a task for a person. What carried a valid signature is stored, whatever it says.

mod event;

use banto_aws::{Changed, Env, Error, Function, PathParams, Plan, Reply, Request, Result, page, webhook};
use banto_domain::rules::billing::{self, Payment, Turn};
use banto_domain::rules::inquiry::{self, Heard};
use banto_domain::rules::{Also, ask};
use banto_domain::steps::RECEIVE_PAYMENT;
use banto_domain::{Actor, CaseId, CaseKey, ClientId, Draft, Id, Playbook, Rejection, Status};
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
    let event = event::read(provider, request, env.clock.now());
    let (provider, body) = (provider.name(), request.body());
    let earlier = Id::derive(&["payment", client.as_str(), provider, &event.id]);
    let cause = Id::derive(&["payment", client.as_str(), provider, &event.id, &event.content]);
    let arrival = Arrival { env, client: &client, playbook: &playbook, provider, cause, earlier, body };
    match arrival.record(&event.said).await? {
        Ok(()) => Ok((StatusCode::ACCEPTED, "recorded")),
        Err(reason) => {
            arrival.keep(&event, &reason).await?;
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
    /// The cause that it had in earlier versions, by the provider's id alone: they may have taken it.
    earlier: Id,
    body: &'a [u8],
}

impl Arrival<'_> {
    /// Writes what the event says into its case; the reason when no case knows it.
    async fn record(&self, said: &Said) -> Result<std::result::Result<(), String>> {
        let (case, payment) = match said {
            // What names no invoice is kept as it came: an invoice is never made up.
            Said::Paid { reference, .. } | Said::Failed { reference, .. } if event::invoice_of(reference).is_none() => {
                return Ok(Err("about no invoice".to_owned()));
            }
            Said::Paid { reference, payment, .. } => (event::case_of(reference), Some(payment)),
            Said::Failed { reference, .. } | Said::Begun { reference } => (event::case_of(reference), None),
            Said::Refunded { payment, .. } | Said::Disputed { payment, .. } => {
                (self.env.ledger.case_of_payment(self.client, payment).await?, None)
            }
            Said::Unclear(reason) => return Ok(Err(reason.clone())),
        };
        let Some(case) = case else { return Ok(Err("about no case of this practice".to_owned())) };
        let key = CaseKey { client: self.client.clone(), case };
        // A payment has a claim of its own, and what goes back is a sum: they come to the same twice over.
        let may_double = matches!(said, Said::Failed { .. });
        if may_double && self.env.ledger.taken_up(&key, &self.earlier, RECEIVE_PAYMENT).await?.is_some() {
            return Ok(Ok(()));
        }
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
                let Some(invoice) = event::invoice_of(reference) else { return ask::skip(draft, "about no invoice") };
                let (id, currency) = (payment.clone(), currency.clone());
                let payment = Payment { id, invoice, provider, amount: *amount, currency, occurred_at: *occurred_at };
                // A payment counts once, whichever of the provider's events tell of it.
                draft.also(Also::Payment { payment: payment.id.clone() });
                billing::pay(draft, payment)
            }
            Said::Failed { reference, reason } => {
                let Some(invoice) = event::invoice_of(reference) else { return ask::skip(draft, "about no invoice") };
                billing::fail(draft, invoice, provider, reason.clone())
            }
            Said::Refunded { payment, refunded } => self.turn(draft, payment, Turn::Refunded(*refunded)),
            Said::Disputed { payment, amount } => self.turn(draft, payment, Turn::Disputed(*amount)),
            Said::Begun { .. } => {
                draft.also(Also::Inbound { id: self.inbound(), body: self.body.to_vec() });
                ask::skip(draft, "a payment was begun; nothing came in yet")
            }
            Said::Unclear(_) => ask::skip(draft, "nothing to record"),
        }
    }

    fn turn(&self, draft: &mut Draft<'_>, payment: &str, turn: Turn) -> std::result::Result<(), Rejection> {
        if billing::can_turn(draft, payment, turn)? {
            return billing::turn(draft, payment, turn);
        }
        inquiry::keep(draft, self.inbound(), self.body, "more goes back than came in")?;
        ask::attend(draft, &self.cause, "payment-does-not-add-up")
    }

    fn inbound(&self) -> Id {
        Id::derive(&["inbound", self.cause.as_str()])
    }

    /// Stores an event as it came, and makes it a task for a person: one for all of a kind on one day, so that what an
    /// account tells beside our payments never floods anybody.
    async fn keep(&self, event: &event::Event, reason: &str) -> Result<()> {
        let day = self.env.clock.now().to_zoned(self.playbook.time_zone()).date().to_string();
        let case = CaseId::derive(&["case", "payment", self.client.as_str(), self.provider, &event.kind, reason, &day]);
        let key = CaseKey { client: self.client.clone(), case };
        let plan = Plan { key: &key, function: RECEIVE_PAYMENT, actor: Actor::Provider };
        let is_money = !matches!(event.said, Said::Unclear(_));
        let kept = self
            .env
            .change(&plan, None, |_| Some(self.cause.clone()), |draft| self.keep_too(draft, reason, is_money).map(Some))
            .await?;
        let kept = match kept {
            Changed::NoCase => {
                let name = format!("payment:{}", self.provider);
                let open = |draft: &mut Draft<'_>| -> std::result::Result<(), Rejection> {
                    let stored = (self.inbound(), self.body);
                    inquiry::open_unreadable(draft, &key, (&name, "ja"), stored, reason, Heard::default())
                };
                self.env.open(&plan, &self.cause, self.playbook, open).await?
            }
            kept => kept,
        };
        match kept {
            Changed::Refused(rejection) => Err(Error::Bug(rejection.to_string())),
            _ => Ok(()),
        }
    }

    /// One more of a kind: who looks at the first sees it. When they have looked already, money is looked at once more.
    fn keep_too(&self, draft: &mut Draft<'_>, reason: &str, is_money: bool) -> std::result::Result<(), Rejection> {
        inquiry::keep(draft, self.inbound(), self.body, reason)?;
        if is_money && draft.case()?.status == Status::Closed {
            let all = draft.case()?.person.clone();
            ask::attend(draft, &all, "payment-unexpected")?;
        }
        Ok(())
    }
}
