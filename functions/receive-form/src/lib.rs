//! A form provider's webhook, or a plain HTML form, becomes a case; 受付のご連絡 goes out at once.
//!
//! What carried a valid signature is stored even when it can't be understood; then it is a task for a person.

mod payload;
mod reply;

use std::collections::BTreeMap;

use banto_aws::ledger::Also;
use banto_aws::{Changed, Env, Error, PathParams, Plan, Reply, Request, Result, webhook};
use banto_domain::fact::Problem;
use banto_domain::playbook::{Form, Signature};
use banto_domain::{Actor, CaseId, CaseKey, ClientId, Id, Playbook, Rejection, emergency, inquiry};

use crate::reply::Answer;

/// The longest body that is taken, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// Takes `POST /hooks/forms/{client}/{form}`.
///
/// # Errors
/// When the store can't be reached: the provider tries again.
pub async fn handle(env: &Env, request: Request) -> Result<Reply> {
    let html = reply::wants_page(&request);
    let (answer, playbook) = receive(env, &request).await?;
    tracing::info!(answer = answer.log(), status = answer.status().as_u16(), "form");
    let form = request.extensions().get::<PathParams>().and_then(|params| params.0.get("form"));
    let form = form.and_then(|name| playbook.as_ref()?.forms.get(name));
    let language = form.map_or("ja", |form| form.language.as_str());
    Ok(reply::make(&answer, playbook.as_deref(), language, html))
}

type Received = (Answer, Option<std::sync::Arc<Playbook>>);

async fn receive(env: &Env, request: &Request) -> Result<Received> {
    let params = request.extensions().get::<PathParams>().cloned().unwrap_or_default().0;
    let param = |name: &str| params.get(name).map_or("", String::as_str);
    let (name, body) = (param("form"), request.body());
    let Ok(client) = ClientId::parse(param("client")) else { return Ok((Answer::Unknown, None)) };
    if body.len() > MAX_BODY {
        return Ok((Answer::TooLarge, None));
    }
    let Some((live, playbook)) = env.playbooks.current(&client).await? else { return Ok((Answer::Unknown, None)) };
    let Some(form) = playbook.forms.get(name) else { return Ok((Answer::Unknown, None)) };
    let secret = env.playbooks.secret(&client, &live, &format!("form:{name}"))?;
    if !webhook::form(&form.signature, secret.as_deref(), request, env.clock.now())? {
        return Ok((Answer::BadSignature, None));
    }
    let submitted = match payload::read(form, request) {
        Ok(submitted) => submitted,
        Err(why) => return Ok((Answer::Broken(why), Some(playbook))),
    };
    let arrival = Arrival::new(env, &client, name, form, &playbook, submitted, body);
    let answer = arrival.store(env, &playbook).await?;
    Ok((answer, Some(playbook)))
}

/// One submission, read and checked.
struct Arrival<'a> {
    key: CaseKey,
    cause: Id,
    name: &'a str,
    form: &'a Form,
    taken: BTreeMap<String, String>,
    problems: BTreeMap<String, Problem>,
    body: &'a [u8],
    now: jiff::Timestamp,
}

impl<'a> Arrival<'a> {
    fn new(
        env: &Env,
        client: &ClientId,
        name: &'a str,
        form: &'a Form,
        playbook: &Playbook,
        submitted: payload::Submitted,
        body: &'a [u8],
    ) -> Self {
        let now = env.clock.now();
        // Nothing tells a visitor's second click from a second inquiry but the day.
        let day = match form.signature {
            Signature::None { .. } => now.to_zoned(playbook.time_zone()).date().to_string(),
            _ => String::new(),
        };
        let cause = Id::derive(&["form", client.as_str(), name, &submitted.id, &day]);
        let key = CaseKey { client: client.clone(), case: CaseId::derive(&["case", cause.as_str()]) };
        let (mut taken, mut problems) = (BTreeMap::new(), BTreeMap::new());
        for (fact, given) in &submitted.values {
            match playbook.facts.get(fact).map(|spec| spec.take(given)) {
                Some(Ok(value)) => drop(taken.insert(fact.clone(), value)),
                Some(Err(Problem::Missing)) | None => {}
                Some(Err(problem)) => drop(problems.insert(fact.clone(), problem)),
            }
        }
        for fact in form.required.iter().filter(|f| !taken.contains_key(*f)) {
            problems.entry(fact.clone()).or_insert(Problem::Missing);
        }
        Self { key, cause, name, form, taken, problems, body, now }
    }

    async fn store(self, env: &Env, playbook: &Playbook) -> Result<Answer> {
        let mut also = Vec::new();
        if let Signature::None { per_minute } = self.form.signature {
            if !self.problems.is_empty() {
                return Ok(Answer::Incorrect(self.problems));
            }
            also.push(Also::Rate { form: self.name.to_owned(), per_minute, now: self.now });
        }
        let (mut same_address, mut problems) = (Vec::new(), self.problems.clone());
        if let Some(address) = self.taken.get("email") {
            let hmac = env.keys.look_up(&self.key.client, address);
            same_address = env.ledger.look_up(&self.key.client, &hmac).await?;
            same_address.retain(|case| *case != self.key.case);
            if !emergency::words_in(playbook, &self.taken).is_empty() {
                also.push(Also::Stop { hmac: hmac.clone() });
            }
            also.push(Also::LookUp { hmac });
        }
        let unreadable = self.form.required.iter().any(|fact| problems.contains_key(fact));
        let inbound = Id::derive(&["inbound", self.cause.as_str()]);
        if !problems.is_empty() {
            also.push(Also::Inbound { id: inbound.clone(), body: self.body.to_vec() });
        }
        let reason: Vec<String> = std::mem::take(&mut problems).iter().map(|(f, p)| format!("{f} {p}")).collect();
        let reason = reason.join(", ");
        let plan = Plan { key: &self.key, function: "receive-form", actor: Actor::Customer, also: &also };
        let changed = env
            .open(&plan, &self.cause, playbook, |draft| -> std::result::Result<(), Rejection> {
                if unreadable {
                    return inquiry::open_unreadable(
                        draft,
                        &self.key,
                        self.name,
                        &self.form.language,
                        inbound.clone(),
                        &reason,
                    );
                }
                inquiry::open(draft, &self.key, self.name, self.form, self.taken.clone(), same_address.clone())?;
                if reason.is_empty() { Ok(()) } else { inquiry::partly_unreadable(draft, inbound.clone(), &reason) }
            })
            .await?;
        match changed {
            Changed::Mine(..) | Changed::Before(_) => Ok(Answer::Taken(self.key.case)),
            Changed::Unmet(_) => Ok(Answer::TooMany),
            Changed::Refused(rejection) => Err(Error::Bug(rejection.to_string())),
            Changed::NoCase | Changed::Nothing => Err(Error::Bug("a case that was opened is not there".to_owned())),
        }
    }
}
