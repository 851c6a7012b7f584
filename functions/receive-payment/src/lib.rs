//! 入金: a payment provider's webhook becomes facts: paid, failed, refunded, disputed. What was paid exactly as asked is
//! settled; anything else is a task for a person. What carried a valid signature is stored, whatever it says.

mod early;
mod event;

use banto_aws::{Changed, Env, Error, Function, PathParams, Plan, Reply, Request, Result, page, webhook};
use banto_domain::rules::billing::{self, Payment};
use banto_domain::rules::inquiry::{self, Heard};
use banto_domain::rules::{Also, ask};
use banto_domain::state::{PaymentMark, Turn};
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
        Ok(said) => Ok((StatusCode::ACCEPTED, said)),
        Err(reason) => {
            arrival.keep(&event, &reason).await?;
            Ok((StatusCode::ACCEPTED, "stored for a person to look at"))
        }
    }
}

/// How often what changed meanwhile is looked at anew, before the provider is asked to try again.
const MAX_RACES: u32 = 8;
/// The answer: it is in its case.
const RECORDED: &str = "recorded";
/// Why a person looks: the case that it names isn't there.
const NO_CASE: &str = "about no case of this practice";

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

/// What came of it: the answer, or why a person looks.
type Recorded = std::result::Result<&'static str, String>;

impl Arrival<'_> {
    /// Writes what the event says into its case; the reason when no case knows it.
    async fn record(&self, said: &Said) -> Result<Recorded> {
        match said {
            // What names no invoice is kept as it came: an invoice is never made up.
            Said::Paid { reference, .. } | Said::Failed { reference, .. } if event::invoice_of(reference).is_none() => {
                Ok(Err("about no invoice".to_owned()))
            }
            Said::Paid { reference, payment, .. } => self.pay(event::case_of(reference), payment, said).await,
            Said::Failed { reference, .. } | Said::Begun { reference } => {
                let Some(key) = event::case_of(reference).map(|case| self.key(case)) else {
                    return Ok(Err(NO_CASE.to_owned()));
                };
                // A payment has a claim of its own, and what goes back is a sum: they come to the same twice over.
                let may_double = matches!(said, Said::Failed { .. });
                if may_double && self.env.ledger.taken_up(&key, &self.earlier, RECEIVE_PAYMENT).await?.is_some() {
                    return Ok(Ok(RECORDED));
                }
                answer(self.change(&key, said, &PaymentMark::default()).await?)
            }
            Said::Turned { payment, turn } => self.turned(payment, *turn, said).await,
            Said::Unclear(reason) => Ok(Err(reason.clone())),
            Said::Absurd(reason) => Ok(Err((*reason).to_owned())),
        }
    }

    fn key(&self, case: CaseId) -> CaseKey {
        CaseKey { client: self.client.clone(), case }
    }

    async fn change(&self, key: &CaseKey, said: &Said, mark: &PaymentMark) -> Result<Changed<(), Rejection>> {
        let plan = Plan { key, function: RECEIVE_PAYMENT, actor: Actor::Provider };
        let decide = |draft: &mut Draft<'_>| self.decide(draft, said, mark).map(Some);
        self.env.change(&plan, None, |_| Some(self.cause.clone()), decide).await
    }

    /// A payment counts once, whichever of the provider's events tell of it; what was told of it before it came joins it.
    async fn pay(&self, case: Option<CaseId>, payment: &str, said: &Said) -> Result<Recorded> {
        let Some(key) = case.map(|case| self.key(case)) else { return Ok(Err(NO_CASE.to_owned())) };
        let mut mark = PaymentMark::default();
        for race in 0..MAX_RACES {
            match self.change(&key, said, &mark).await? {
                Changed::Mine(..) => {
                    self.found(&mark).await?;
                    return Ok(Ok(RECORDED));
                }
                Changed::Before(stored) => {
                    // Whoever made it may have died before the others heard of it.
                    if early::may_have_joined(&stored) {
                        self.found(&self.env.ledger.payment(self.client, payment).await?).await?;
                    }
                    return Ok(Ok(RECORDED));
                }
                Changed::Unmet(_) => mark = self.env.ledger.payment(self.client, payment).await?,
                other => return answer(other),
            }
            match &mark.case {
                Some(counted) if *counted == key.case => {
                    self.found(&mark).await?;
                    return Ok(Ok(RECORDED));
                }
                Some(other) => return Ok(Err(format!("a payment that {other} has counted"))),
                None => self.env.pause(race).await?,
            }
        }
        Err(Error::Again(format!("{key}: its payment's mark changed {MAX_RACES} times")))
    }

    fn decide(&self, draft: &mut Draft<'_>, said: &Said, mark: &PaymentMark) -> std::result::Result<(), Rejection> {
        let provider = self.provider.to_owned();
        match said {
            Said::Paid { reference, payment, amount, currency, occurred_at } => {
                let Some(invoice) = event::invoice_of(reference) else { return ask::skip(draft, "about no invoice") };
                let (id, currency) = (payment.clone(), currency.clone());
                let payment = Payment { id, invoice, provider, amount: *amount, currency, occurred_at: *occurred_at };
                self.pay_and_join(draft, payment, mark)
            }
            Said::Failed { reference, reason } => {
                let Some(invoice) = event::invoice_of(reference) else { return ask::skip(draft, "about no invoice") };
                billing::fail(draft, invoice, provider, reason.clone())
            }
            Said::Turned { payment, turn } => self.turn(draft, payment, *turn, mark),
            Said::Begun { .. } => {
                draft.also(Also::Inbound { id: self.inbound(), body: self.body.to_vec() });
                ask::skip(draft, "a payment was begun; nothing came in yet")
            }
            Said::Unclear(_) | Said::Absurd(_) => ask::skip(draft, "nothing to record"),
        }
    }

    fn pay_and_join(
        &self,
        draft: &mut Draft<'_>,
        payment: Payment,
        mark: &PaymentMark,
    ) -> std::result::Result<(), Rejection> {
        let case = draft.case()?;
        if !billing::can_pay(case, &payment) {
            inquiry::keep(draft, self.inbound(), self.body, "a payment that can't be counted")?;
            return billing::doubt(draft, &payment.id);
        }
        let (id, counted) = (payment.id.clone(), mark.counted(&case.key.case, payment.amount));
        draft.also(Also::Payment { payment: id.clone(), mark: counted.clone() });
        billing::pay(draft, payment)?;
        for waiting in &mark.waiting {
            match billing::can_turn(draft, &id, waiting.turn, counted.amount)? {
                true => billing::turn(draft, &id, waiting.turn)?,
                false => billing::doubt(draft, &id)?,
            }
        }
        Ok(())
    }

    fn turn(
        &self,
        draft: &mut Draft<'_>,
        payment: &str,
        turn: Turn,
        mark: &PaymentMark,
    ) -> std::result::Result<(), Rejection> {
        if billing::can_turn(draft, payment, turn, mark.amount)? {
            return billing::turn(draft, payment, turn);
        }
        inquiry::keep(draft, self.inbound(), self.body, "more goes back than came in")?;
        billing::doubt(draft, payment)
    }

    fn inbound(&self) -> Id {
        Id::derive(&["inbound", self.cause.as_str()])
    }

    /// The civil day in the practice's zone.
    fn day(&self) -> String {
        self.env.clock.now().to_zoned(self.playbook.time_zone()).date().to_string()
    }

    /// Stores an event as it came, and makes it a task for a person: one for all of a kind on one day, so that what an
    /// account tells beside our payments never floods anybody.
    async fn keep(&self, event: &event::Event, reason: &str) -> Result<()> {
        let (client, day) = (self.client.as_str(), self.day());
        let key = self.key(CaseId::derive(&["case", "payment", client, self.provider, &event.kind, reason, &day]));
        let is_money = !matches!(event.said, Said::Unclear(_));
        let more = |draft: &mut Draft<'_>| self.keep_too(draft, reason, is_money);
        let first = |draft: &mut Draft<'_>| {
            let (name, stored) = (format!("payment:{}", self.provider), (self.inbound(), self.body));
            inquiry::open_unreadable(draft, &key, (&name, "ja"), stored, reason, Heard::default())
        };
        match self.of_day(&key, more, first).await? {
            Changed::Refused(rejection) => Err(Error::Bug(rejection.to_string())),
            _ => Ok(()),
        }
    }

    /// Changes a case of the day, or opens it.
    async fn of_day(
        &self,
        key: &CaseKey,
        more: impl Fn(&mut Draft<'_>) -> std::result::Result<(), Rejection>,
        first: impl Fn(&mut Draft<'_>) -> std::result::Result<(), Rejection>,
    ) -> Result<Changed<(), Rejection>> {
        let plan = Plan { key, function: RECEIVE_PAYMENT, actor: Actor::Provider };
        self.env.change_or_open(&plan, &self.cause, self.playbook, more, first).await
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

/// What to answer when a change was all there was to do.
fn answer(changed: Changed<(), Rejection>) -> Result<Recorded> {
    match changed {
        Changed::Mine(..) | Changed::Before(_) | Changed::Nothing | Changed::Unmet(_) => Ok(Ok(RECORDED)),
        Changed::NoCase => Ok(Err(NO_CASE.to_owned())),
        Changed::Refused(rejection) => Err(Error::Bug(rejection.to_string())),
    }
}
