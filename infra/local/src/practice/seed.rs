//! The practice that visitors find, lived through on the moved clock by the real functions, so that nothing in it is made
//! up but the people. Owns how a script is played; who plays stands in `cast.rs`. Refuses to write any record itself.

use banto_aws::{Keys, PathParams, Reply, Request};
use banto_domain::state::Ask;
use banto_domain::{Case, CaseId, CaseKey, ClientId, Id};
use bytes::Bytes;
use jiff::civil::{Date, Time, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::Value;

use super::cast::{self, Deed, Step, Visitor, When};
use crate::host::{Host, HostError};
use crate::pay;

/// How long before the visitor's present the practice opens.
pub const LIVED: SignedDuration = SignedDuration::from_hours(25 * 24);
/// How long after a session its result is told.
const AFTER_SESSION: SignedDuration = SignedDuration::from_mins(70);

/// The visitor's present, and the days before it as the people of the script count them.
#[derive(Debug, Clone)]
struct Present {
    at: Timestamp,
    zone: TimeZone,
}

impl Present {
    fn new(at: Timestamp) -> Self {
        Self { at, zone: TimeZone::get("Asia/Tokyo").unwrap_or(TimeZone::UTC) }
    }

    fn day(&self, days_before: i64) -> Date {
        self.at.to_zoned(self.zone.clone()).date().saturating_sub(days_before.days())
    }

    fn on(&self, date: Date, time: Time) -> Timestamp {
        date.to_datetime(time).to_zoned(self.zone.clone()).map_or(self.at, |z| z.timestamp())
    }

    fn ago(&self, by: SignedDuration) -> Timestamp {
        self.at.checked_sub(by).unwrap_or(self.at)
    }

    /// A day's session lies within these; 0 is the next one after the present: today, or tomorrow when it is late.
    fn window(&self, days_before: i64) -> (Timestamp, Timestamp) {
        if days_before > 0 {
            let day = self.day(days_before);
            return (self.on(day, time(9, 0, 0, 0)), self.on(day, time(21, 0, 0, 0)));
        }
        let soon = self.at.checked_add(SignedDuration::from_mins(150)).unwrap_or(self.at).to_zoned(self.zone.clone());
        let (first, last) = (time(9, 0, 0, 0), time(18, 0, 0, 0));
        let (date, from) = match soon.time() {
            t if t < first => (soon.date(), first),
            t if t > last => (soon.date().saturating_add(1.day()), first),
            t => (soon.date(), time(t.hour(), 0, 0, 0)),
        };
        (self.on(date, from), self.on(date, time(22, 0, 0, 0)))
    }
}

/// A visitor on the way through the script.
struct Part {
    visitor: Visitor,
    key: Option<CaseKey>,
    /// How many steps are done.
    done: usize,
    /// When the next one comes; `None` when there is none before the present.
    next: Option<Timestamp>,
}

/// Lives through the script from the house's present to `until`.
///
/// # Errors
/// When the house can't go on.
pub async fn live(host: &Host, keys: &Keys, until: Timestamp) -> Result<(), HostError> {
    let present = Present::new(until);
    let stage = Stage { host, keys, present };
    let mut parts: Vec<Part> = cast::everybody().into_iter().map(|visitor| stage.first(visitor)).collect();
    while let Some(part) = parts.iter_mut().filter(|p| p.next.is_some()).min_by_key(|p| p.next) {
        let at = part.next.unwrap_or(until).max(host.now());
        host.advance(at.min(until)).await?;
        stage.play(part).await?;
        host.idle().await?;
        part.next = stage.next(part).await?.filter(|at| *at < until);
    }
    host.advance(until).await
}

/// Where the script is played.
struct Stage<'a> {
    host: &'a Host,
    keys: &'a Keys,
    present: Present,
}

impl Stage<'_> {
    fn first(&self, visitor: Visitor) -> Part {
        let next = self.when(visitor.writes).filter(|at| *at < self.present.at);
        Part { visitor, key: None, done: 0, next }
    }

    fn when(&self, when: When) -> Option<Timestamp> {
        match when {
            When::Day(days, hour, minute) => Some(self.present.on(self.present.day(days), time(hour, minute, 0, 0))),
            When::Ago(hours, minutes) => {
                Some(self.present.ago(SignedDuration::from_hours(hours) + SignedDuration::from_mins(minutes)))
            }
            When::Ended => None,
        }
    }

    /// When a part's next step comes.
    async fn next(&self, part: &Part) -> Result<Option<Timestamp>, HostError> {
        let (Some(key), Some(step)) = (&part.key, part.visitor.steps.get(part.done)) else { return Ok(None) };
        if step.when != When::Ended {
            return Ok(self.when(step.when));
        }
        let case = self.case(key).await?;
        let ends = case.as_ref().and_then(|case| case.bookings().max_by_key(|(_, b)| b.n)).map(|(_, b)| b.seat.ends());
        Ok(ends.and_then(|at| at.checked_add(AFTER_SESSION).ok()))
    }

    async fn play(&self, part: &mut Part) -> Result<(), HostError> {
        let Some(key) = part.key.clone() else {
            part.key = self.writes(&part.visitor).await;
            return Ok(());
        };
        let Some(Step { deed, .. }) = part.visitor.steps.get(part.done).cloned() else { return Ok(()) };
        part.done += 1;
        match deed {
            Deed::Say(question, answer) => self.answers(&key, question, answer, &[]).await,
            Deed::Fill(question, fields) => self.answers(&key, question, "send", &fields).await,
            Deed::Write(question, answer, fields) => self.answers(&key, question, answer, &fields).await,
            Deed::Choose(days) => self.chooses(&key, days).await,
            Deed::ChooseFirst => self.takes(&key, self.offered(&key).await?).await,
            Deed::ChooseLast => self.takes(&key, self.offered(&key).await?.into_iter().rev().collect()).await,
            Deed::Pay(outcome) => self.pays(&key, outcome).await,
        }
    }

    /// The inquiry; its case.
    async fn writes(&self, visitor: &Visitor) -> Option<CaseKey> {
        let [client, form] = visitor.form;
        let mut fields = vec![("name", visitor.name), ("email", visitor.address), ("message", visitor.message)];
        fields.extend(visitor.details);
        let reply = self.submit([client, form], &fields).await?;
        let answer: Value = serde_json::from_slice(reply.body()).ok()?;
        let case = CaseId::parse(answer["case"].as_str()?).ok()?;
        Some(CaseKey { client: ClientId::parse(client).ok()?, case })
    }

    async fn case(&self, key: &CaseKey) -> Result<Option<Case>, HostError> {
        let loaded = self.host.world().env.ledger.load(key).await;
        Ok(loaded.map_err(|e| HostError::Bug(e.to_string()))?.map(|loaded| loaded.case))
    }

    async fn open(&self, key: &CaseKey, wanted: impl Fn(&Ask) -> bool) -> Result<Option<(Id, Ask)>, HostError> {
        let case = self.case(key).await?;
        let found = case.as_ref().and_then(|case| case.asks().find(|(_, ask)| wanted(ask)));
        Ok(found.map(|(id, ask)| (id.clone(), ask.clone())))
    }

    /// Answers an open question of a case as people do on its page; nothing when it isn't open.
    async fn answers(
        &self,
        key: &CaseKey,
        question: &str,
        answer: &str,
        fields: &[(&str, &str)],
    ) -> Result<(), HostError> {
        let Some((ask, asked)) = self.open(key, |ask| ask.question == question).await? else { return Ok(()) };
        let Some(whose) = asked.readers().into_iter().next() else { return Ok(()) };
        let token = self.keys.token(key, &ask, &whose);
        let page = link(self.host, &token, http::Method::GET, "").await;
        let page = page.map(|reply| String::from_utf8_lossy(reply.body()).into_owned()).unwrap_or_default();
        let shown = page.split("name=\"shown\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let named: Vec<(String, &str)> = fields.iter().map(|(name, value)| (format!("field.{name}"), *value)).collect();
        let mut all = vec![("answer", answer), ("shown", shown.unwrap_or_default()), ("confirm", "yes")];
        all.extend(named.iter().map(|(name, value)| (name.as_str(), *value)));
        let body = serde_urlencoded::to_string(&all).unwrap_or_default();
        told(link(self.host, &token, http::Method::POST, &body).await, &all);
        self.host.idle().await
    }

    /// The slots on offer.
    async fn offered(&self, key: &CaseKey) -> Result<Vec<String>, HostError> {
        let ask = self.open(key, |ask| ask.menu.is_some()).await?;
        let answers = ask.into_iter().flat_map(|(_, ask)| ask.answers);
        Ok(answers.filter(|answer| answer.contains('/')).collect())
    }

    /// Takes the first of these slots that nobody else took meanwhile.
    async fn takes(&self, key: &CaseKey, slots: Vec<String>) -> Result<(), HostError> {
        for slot in slots {
            let Some((_, ask)) = self.open(key, |ask| ask.answers.contains(&slot)).await? else { return Ok(()) };
            self.answers(key, &ask.question, &slot, &[]).await?;
        }
        Ok(())
    }

    /// Chooses a slot on that day. When none is offered, the customer says so, and the coach opens some: the way of any
    /// customer whom no date suits.
    async fn chooses(&self, key: &CaseKey, days_before: i64) -> Result<(), HostError> {
        let (from, to) = self.present.window(days_before);
        let begins = |slot: &String| {
            let start = slot.split('/').nth(1)?.parse::<jiff::civil::DateTime>().ok()?;
            start.to_zoned(self.present.zone.clone()).ok().map(|z| z.timestamp())
        };
        let suits = |slot: &&String| begins(slot).is_some_and(|at| from <= at && at < to);
        let mut slots = self.offered(key).await?;
        if !slots.is_empty() && !slots.iter().any(|slot| suits(&slot)) {
            let Some((_, ask)) = self.open(key, |ask| ask.menu.is_some()).await? else { return Ok(()) };
            self.answers(key, &ask.question, "none-fits", &[]).await?;
            self.answers(key, "other-times", "send", &[("preferred", "なるべく早い日を希望します")]).await?;
            let local = from.to_zoned(self.present.zone.clone());
            let (date, start) = (local.date().to_string(), local.strftime("%H:%M").to_string());
            let end = local.checked_add(3.hours()).map_or_else(|_| start.clone(), |z| z.strftime("%H:%M").to_string());
            let line = [("coach", "yamada"), ("date1", &date), ("from1", &start), ("to1", &end)];
            self.answers(key, "openings", "opened", &line).await?;
            slots = self.offered(key).await?;
        }
        slots.sort_by_key(|slot| !suits(&slot));
        self.takes(key, slots).await
    }

    async fn pays(&self, key: &CaseKey, outcome: pay::Outcome) -> Result<(), HostError> {
        let failed = |e: banto_aws::Error| HostError::Bug(e.to_string());
        let Some(case) = self.case(key).await? else { return Ok(()) };
        let Some((invoice, _)) = case.invoices().max_by_key(|(_, i)| i.n) else { return Ok(()) };
        let payable = pay::of(&self.host.world().env, &case, invoice).await.map_err(failed)?;
        if let Some(payable) = payable {
            pay::send(self.host, &payable, outcome).await.map_err(failed)?;
        }
        Ok(())
    }

    /// What somebody sends through a form; its answer, if it went well.
    async fn submit(&self, [client, form]: [&str; 2], fields: &[(&str, &str)]) -> Option<Reply> {
        let body = serde_urlencoded::to_string(fields).unwrap_or_default();
        let params = [("client", client), ("form", form)];
        told(call(self.host, "receive-form", &params, http::Method::POST, &body).await, fields)
    }
}

/// An answer, if it went well; the rest of the practice is worth seeing also without it.
fn told(reply: Option<Reply>, fields: &[(&str, &str)]) -> Option<Reply> {
    let status = reply.as_ref().map(|r| r.status().as_u16());
    let good = reply.filter(|r| r.status().is_success());
    // A slot may go to somebody else meanwhile: the next one is tried.
    if good.is_none() && status != Some(409) {
        tracing::error!(status, ?fields, "a scene of the practice failed");
    }
    good
}

/// The page of a question, or an answer to it, by its link's token, as a browser would.
pub(crate) async fn link(host: &Host, token: &str, method: http::Method, body: &str) -> Option<Reply> {
    call(host, "answer-ask", &[("token", token)], method, body).await
}

async fn call(host: &Host, function: &str, params: &[(&str, &str)], method: http::Method, body: &str) -> Option<Reply> {
    let request = http::Request::builder().method(method).uri("/");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let mut request: Request = request.body(Bytes::copy_from_slice(body.as_bytes())).ok()?;
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    request.extensions_mut().insert(PathParams(params));
    host.request(function, request).await
}
