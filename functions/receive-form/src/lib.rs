//! A form provider's webhook, or a plain HTML form, becomes a case; 受付のご連絡 goes out at once.
//!
//! What carried a valid signature is stored even when it can't be understood; then it is a task for a person.

mod payload;
mod reply;
mod stranger;

use std::collections::BTreeMap;

use banto_aws::ledger::Found;
use banto_aws::{Changed, Env, Error, Function, PathParams, Plan, Reply, Request, Result, Source, reading, webhook};
use banto_domain::playbook::{Form, Problem, Signature};
use banto_domain::rules::inquiry::{self, Heard, Inquiry};
use banto_domain::rules::{self, Also, Draft, emergency};
use banto_domain::state::commit::hash;
use banto_domain::steps::RECEIVE_FORM;
use banto_domain::{Actor, CaseId, CaseKey, ClientId, Id, Playbook, Rejection, Status};

use crate::reply::Answer;

/// The longest body that is taken, in bytes.
const MAX_BODY: usize = 1024 * 1024;
/// How many submissions without a signature one source may send in [`SOURCE_MINUTES`] before they go the way of a flood: a
/// household or an office has one address.
const PER_SOURCE: u32 = 30;
/// How many all forms of a client take in an hour, from whomever.
const PER_CLIENT: u32 = 1_000;
/// Within how many minutes.
const SOURCE_MINUTES: u32 = 10;
/// How many times others may be faster: the case that it reaches is closed, or more comes from the same address.
const MAX_RACES: u32 = 12;

/// Takes `POST /hooks/forms/{client}/{form}`.
#[must_use]
pub fn function() -> Function {
    Function::http(RECEIVE_FORM, |w, r| async move { handle(&w.env, r).await })
}

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
    let submitted = payload::read(form, request);
    let source = request.extensions().get::<Source>().map(|source| env.keys.find(&client, "!source", &source.0));
    let arrival = Arrival { source, ..Arrival::new(env, &client, name, form, &playbook, submitted, body) };
    let answer = arrival.store(env, &playbook).await?;
    Ok((answer, Some(playbook)))
}

/// The case that a submission opens.
fn case_of(cause: &Id) -> CaseId {
    CaseId::derive(&["case", cause.as_str()])
}

/// What a submission says, as far as it is asked for or urgent: a provider may count its tries beside it.
fn content(values: &BTreeMap<String, String>, urgent: &[u32]) -> String {
    // Strings and numbers alone: they can always be written.
    hash(&serde_json::to_string(&(values, urgent)).unwrap_or_default())
}

/// Where a submission belongs.
enum Reached {
    /// To no case that is open: it opens one.
    Nobody,
    /// To this one.
    Open(CaseKey),
    /// It came before, and belongs to this one.
    Before(CaseId),
}

/// What came of a try to store it.
enum Came {
    /// It is stored, or it is refused.
    Answer(Answer),
    /// The form takes no more in this minute.
    Full,
    /// Somebody was faster: to be tried again.
    Race,
}

/// One submission, read and checked.
struct Arrival<'a> {
    key: CaseKey,
    cause: Id,
    /// The cause that it had in earlier versions, by the provider's id alone: they may have taken it.
    earlier: Option<Id>,
    name: &'a str,
    form: &'a Form,
    taken: BTreeMap<String, String>,
    problems: BTreeMap<String, Problem>,
    /// What is broken about its syntax.
    broken: Option<String>,
    /// Emergency words in any of what was said, taken or not.
    urgent: Vec<u32>,
    /// One of them stands in what was not taken: whoever looks must see it.
    unseen: bool,
    /// Where it came from, as a hash, when the host knows.
    source: Option<String>,
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
        let (mut taken, mut problems) = (BTreeMap::new(), BTreeMap::new());
        for (fact, given) in &submitted.values {
            match playbook.take(fact, given) {
                Some(Ok(value)) => drop(taken.insert(fact.clone(), value)),
                Some(Err(Problem::Missing)) | None => {}
                Some(Err(problem)) => drop(problems.insert(fact.clone(), problem)),
            }
        }
        let urgent = emergency::words_in(playbook, &submitted.heard);
        let known = emergency::words_in(playbook, submitted.values.values());
        let is_new = |text: &&String| emergency::words_in(playbook, [*text]).iter().any(|word| !known.contains(word));
        let elsewhere = submitted.heard.iter().filter(is_new).zip(0..).map(|(text, n)| (format!("heard:{n}"), text));
        let elsewhere: Vec<(String, &String)> = elsewhere.collect();
        // Of a letter that is too long, or of no field, the words are known all the same; it is stored whole as it came.
        let said = submitted.values.iter().chain(elsewhere.iter().map(|(name, text)| (name, *text)));
        emergency::keep(playbook, &mut taken, said, |_| true);
        for fact in form.required.iter().filter(|f| !taken.contains_key(*f)) {
            problems.entry(fact.clone()).or_insert(Problem::Missing);
        }
        let unseen = !elsewhere.is_empty() || urgent != emergency::words_in(playbook, taken.values());
        let derive =
            |id: &str, content: &[&str]| Id::derive(&[&["form", client.as_str(), name, id, &day], content].concat());
        // What comes under one id and says another thing is another submission: an id may be constant.
        let earlier = submitted.id.as_deref().map(|id| derive(id, &[]));
        let cause = match &submitted.id {
            Some(id) => derive(id, &[&content(&submitted.values, &urgent)]),
            None => derive(&reading::fingerprint(body), &[]),
        };
        let key = CaseKey { client: client.clone(), case: case_of(&cause) };
        Self {
            key,
            cause,
            earlier,
            name,
            form,
            taken,
            problems,
            broken: submitted.broken,
            urgent,
            unseen,
            source: None,
            body,
            now,
        }
    }

    async fn store(self, env: &Env, playbook: &Playbook) -> Result<Answer> {
        // Whatever else is wrong with it: an emergency word is never sent back to be corrected.
        if self.is_plain() && self.urgent.is_empty() {
            if let Some(why) = self.broken {
                return Ok(Answer::Broken(why));
            }
            if self.is_unreadable() {
                return Ok(Answer::Incorrect(self.problems));
            }
        }
        for race in 0..MAX_RACES {
            let came = match self.reached(env).await? {
                Reached::Nobody => self.open(env, playbook).await?,
                Reached::Before(case) => Came::Answer(Answer::Taken(case)),
                Reached::Open(key) => self.reach(env, &key).await?,
            };
            match came {
                Came::Answer(answer) => return Ok(answer),
                Came::Full => return self.flood(env, playbook).await,
                Came::Race => env.pause(race).await?,
            }
        }
        Err(Error::Again(format!("others were faster than this submission of {} {MAX_RACES} times", self.name)))
    }

    /// Nobody signed it: it may be from anybody.
    fn is_plain(&self) -> bool {
        matches!(self.form.signature, Signature::None { .. })
    }

    /// Something without which nothing can be made of it. What is optional and can't be read refuses nothing.
    fn is_unreadable(&self) -> bool {
        let needed = |fact: &String| self.form.required.contains(fact) || self.form.reaches.as_ref() == Some(fact);
        self.broken.is_some() || self.problems.keys().any(|fact| needed(fact) && !self.taken.contains_key(fact))
    }

    /// The open case that the form reaches, by its number or by a fact. What came before belongs to where it came then,
    /// however that ended since.
    async fn reached(&self, env: &Env) -> Result<Reached> {
        let client = &self.key.client;
        if let Some(earlier) = &self.earlier {
            let key = CaseKey { client: client.clone(), case: case_of(earlier) };
            if env.ledger.taken_up(&key, earlier, RECEIVE_FORM).await?.is_some() {
                return Ok(Reached::Before(key.case));
            }
        }
        // What nobody proved to be theirs stops its own case, not another's.
        if self.is_plain() && !self.urgent.is_empty() {
            return Ok(Reached::Nobody);
        }
        let Some((by, value)) = self.form.reaches.as_ref().and_then(|by| Some((by, self.taken.get(by)?))) else {
            return Ok(Reached::Nobody);
        };
        let mut found = match by.as_str() {
            "case" => CaseId::parse(&value.trim().to_ascii_uppercase()).into_iter().collect(),
            fact => env.ledger.look_up(client, &env.keys.find(client, fact, value)).await?.cases,
        };
        found.retain(|case| *case != self.key.case);
        let mut open = None;
        for case in &found {
            let key = CaseKey { client: client.clone(), case: case.clone() };
            if env.ledger.load(&key).await?.is_some_and(|loaded| loaded.case.status == Status::Open) {
                open = Some(key);
                break;
            }
        }
        // After the cases were looked at: whatever closed one of them since comes after what it says here.
        for case in found.into_iter().chain([self.key.case.clone()]) {
            let key = CaseKey { client: client.clone(), case };
            for cause in [Some(&self.cause), self.earlier.as_ref()].into_iter().flatten() {
                if env.ledger.taken_up(&key, cause, RECEIVE_FORM).await?.is_some() {
                    return Ok(Reached::Before(key.case));
                }
            }
        }
        Ok(open.map_or(Reached::Nobody, Reached::Open))
    }

    fn inquiry(&self, same_address: &[CaseId]) -> Inquiry<'_> {
        let (taken, urgent, same_address) = (self.taken.clone(), self.urgent.clone(), same_address.to_vec());
        Inquiry { name: self.name, form: self.form, taken, urgent, same_address, signed: !self.is_plain() }
    }

    async fn reach(&self, env: &Env, key: &CaseKey) -> Result<Came> {
        let plan = Plan { key, function: RECEIVE_FORM, actor: Actor::Customer };
        let cause = |case: &banto_domain::Case| (case.status == Status::Open).then(|| self.cause.clone());
        let changed = env
            .change(&plan, None, cause, |draft| {
                self.beside(draft);
                inquiry::reach(draft, self.inquiry(&[]))?;
                self.keep(draft).map(Some)
            })
            .await?;
        self.came(changed, &key.case)
    }

    async fn open(&self, env: &Env, playbook: &Playbook) -> Result<Came> {
        let found = self.same_address(env).await?;
        if let Some(came) = self.join(env, &found).await? {
            return Ok(came);
        }
        let Found { cases: mut same_address, standing, .. } = found;
        let address = self.taken.get("email").filter(|_| self.is_plain());
        same_address.retain(|case| *case != self.key.case);
        let unreadable = self.is_unreadable();
        let plan = Plan { key: &self.key, function: RECEIVE_FORM, actor: Actor::Customer };
        let changed = env
            .open(&plan, &self.cause, playbook, |draft| -> std::result::Result<(), Rejection> {
                self.beside(draft);
                if unreadable {
                    let (named, stored) = ((self.name, self.form.language.as_str()), (self.inbound(), self.body));
                    let said = if self.urgent.is_empty() { BTreeMap::new() } else { self.taken.clone() };
                    let heard = Heard { urgent: self.urgent.clone(), said, signed: !self.is_plain() };
                    return inquiry::open_unreadable(draft, &self.key, named, stored, &self.reason(), heard);
                }
                inquiry::open(draft, &self.key, self.inquiry(&same_address))?;
                if let Some(address) = address {
                    rules::stranger::opens(draft, address, &standing)?;
                }
                self.keep(draft)
            })
            .await?;
        self.came(changed, &self.key.case)
    }

    /// What is known of its address.
    async fn same_address(&self, env: &Env) -> Result<Found> {
        let Some(address) = self.taken.get("email") else { return Ok(Found::default()) };
        env.ledger.look_up(&self.key.client, &env.keys.look_up(&self.key.client, address)).await
    }

    /// The budgets of an unsigned form, and of where it came from.
    fn beside(&self, draft: &mut Draft<'_>) {
        if let Signature::None { per_minute } = self.form.signature {
            self.count(draft, "", per_minute, PER_SOURCE);
            draft.also(Also::Rate { of: "all@".to_owned(), most: PER_CLIENT, minutes: 60, now: self.now });
        }
    }

    fn count(&self, draft: &mut Draft<'_>, kind: &str, per_minute: u32, per_source: u32) {
        let now = self.now;
        draft.also(Also::Rate { of: format!("{}{kind}", self.name), most: per_minute, minutes: 1, now });
        if let Some(source) = &self.source {
            let of = format!("source@{source}{kind}");
            draft.also(Also::Rate { of, most: per_source, minutes: SOURCE_MINUTES, now });
        }
    }

    /// What could not be understood is stored as it came.
    fn keep(&self, draft: &mut Draft<'_>) -> std::result::Result<(), Rejection> {
        if self.problems.is_empty() && !self.unseen {
            return Ok(());
        }
        inquiry::keep(draft, self.inbound(), self.body, &self.reason())
    }

    fn inbound(&self) -> Id {
        Id::derive(&["inbound", self.cause.as_str()])
    }

    fn reason(&self) -> String {
        let broken = self.broken.iter().cloned();
        let problems = self.problems.iter().map(|(fact, problem)| format!("{fact} {problem}"));
        let unseen = self.unseen.then(|| "an emergency word in what was not taken".to_owned());
        let problems = if self.broken.is_some() { Vec::new() } else { problems.collect() };
        broken.chain(problems).chain(unseen).collect::<Vec<_>>().join(", ")
    }

    fn came(&self, changed: Changed<(), Rejection>, case: &CaseId) -> Result<Came> {
        match changed {
            Changed::Mine(..) | Changed::Before(_) => Ok(Came::Answer(Answer::Taken(case.clone()))),
            Changed::Unmet(also) if matches!(*also, Also::Rate { .. }) => Ok(Came::Full),
            // The case was closed meanwhile, or more came from the same address.
            Changed::Unmet(_) | Changed::Nothing => Ok(Came::Race),
            Changed::Refused(rejection) => Err(Error::Bug(rejection.to_string())),
            Changed::NoCase => Err(Error::Bug("a case that was opened is not there".to_owned())),
        }
    }
}
