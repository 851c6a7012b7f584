//! What people do all the while: they write, choose slots and pay, and try again when nobody answers. What was answered is
//! remembered: it must not be lost.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use banto_domain::keys::Keys;
use banto_domain::state::Party;
use banto_domain::{CaseId, CaseKey, ClientId, Id};
use banto_tests::parts::try_http;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// The clock stands still while there is load.
pub(crate) const NOW: &str = "2026-12-01T09:00:00+09:00";
/// An unsigned form takes 120 a minute, and the clock stands still.
const SEMINARS: usize = 100;
/// What goes back of each third payment, in yen.
pub(crate) const REFUND: i64 = 500;
/// What lets a case go on to the slots.
const WISHES: [(&str, &str, &str); 3] =
    [("menu", "choice", "無料体験"), ("goal", "text", "x"), ("preferred", "text", "x")];
const JSON: &str = "content-type: application/json\r\naccept: application/json\r\n";
const FORM: &str = "content-type: application/x-www-form-urlencoded\r\naccept: text/html\r\n";

/// The load, and what was acknowledged of it.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) port: u16,
    data: PathBuf,
    next: AtomicUsize,
    seminars: AtomicUsize,
    stopped: AtomicBool,
    /// While the house is looked at after its death, people wait: nobody gives up.
    away: AtomicBool,
    /// Answers, payments and refunds that were acknowledged.
    heard: AtomicUsize,
    /// Requests that wait for an answer: slots and other answers, payments, refunds.
    waiting: [AtomicUsize; 3],
    known: Mutex<Known>,
}

/// What was acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Cases that wait for an answer.
    pub(crate) written: Vec<String>,
    /// Cases of those who went on.
    pub(crate) walked: Vec<String>,
    /// Case and question.
    pub(crate) answered: Vec<(String, String)>,
    /// Case and payment.
    pub(crate) paid: Vec<(String, String)>,
    /// Case and payment of what went back.
    pub(crate) refunded: Vec<(String, String)>,
    /// So often somebody else was faster.
    pub(crate) taken: usize,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Known { written, walked, answered, paid, refunded, taken } = &*self.known();
        let (cases, answers, paid, back) = (written.len() + walked.len(), answered.len(), paid.len(), refunded.len());
        write!(f, "acknowledged {cases} cases, {answers} answers, {paid} payments, {back} refunds, ")?;
        write!(f, "{taken} times a slot was gone")
    }
}

impl Load {
    pub(crate) fn new(port: u16, data: PathBuf) -> Self {
        let (next, seminars, heard) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let (stopped, away, waiting) = (AtomicBool::new(false), AtomicBool::new(true), Default::default());
        Self { port, data, next, seminars, stopped, away, heard, waiting, known: Mutex::default() }
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("sound")
    }

    fn hear(&self, learn: impl FnOnce(&mut Known)) {
        learn(&mut self.known());
        self.heard.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until so many more were acknowledged.
    pub(crate) async fn hears(&self, more: usize) {
        let until = self.heard.load(Ordering::Relaxed) + more;
        for _ in 0..6_000 {
            if self.heard.load(Ordering::Relaxed) >= until {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nobody answers any more: {self}");
    }

    /// Waits a few seconds until such a request is under way.
    pub(crate) async fn begins(&self, what: usize) {
        let began = std::time::Instant::now();
        while self.waiting[what].load(Ordering::Relaxed) == 0 && began.elapsed() < Duration::from_secs(3) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The house is there, or it isn't.
    pub(crate) fn is_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn goes_on(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed)
    }

    /// The root key that the house made for itself, for the links in its mails.
    pub(crate) fn keys(&self) -> Keys {
        Keys::parse(&std::fs::read_to_string(self.data.join("root.key")).expect("a key")).expect("a key")
    }

    /// An answer, or `None` and a moment's rest when there was none.
    async fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Option<(u16, String)> {
        while self.away.load(Ordering::Relaxed) && self.goes_on() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let answer = try_http(self.port, method, path, headers, body).await;
        if answer.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        answer
    }

    /// Asks for something, and is counted while it is under way.
    async fn tell(&self, what: usize, path: &str, headers: &str, body: &str) -> Option<(u16, String)> {
        self.waiting[what].fetch_add(1, Ordering::Relaxed);
        let answer = self.ask("POST", path, headers, body).await;
        self.waiting[what].fetch_sub(1, Ordering::Relaxed);
        answer
    }

    /// Submits again and again, but leaves the house some time for the others.
    pub(crate) async fn write(self: std::sync::Arc<Self>) {
        while self.goes_on() {
            let n = self.next.fetch_add(1, Ordering::Relaxed);
            if let Some(case) = self.submit(n, &[]).await {
                self.known().written.push(case);
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        }
    }

    /// Leads one customer after the other as far as they get in a while.
    pub(crate) async fn walk(self: std::sync::Arc<Self>) {
        while self.goes_on() {
            let n = self.next.fetch_add(1, Ordering::Relaxed);
            let seminar = self.seminars.load(Ordering::Relaxed) < SEMINARS && !n.is_multiple_of(3);
            let case = if seminar {
                let case = self.apply(n).await;
                // Who was not answered has no seat.
                self.seminars.fetch_add(usize::from(case.is_some()), Ordering::Relaxed);
                case
            } else {
                self.submit(n, &WISHES).await
            };
            let Some(case) = case else { continue };
            self.known().walked.push(case.clone());
            let mut random = u64::try_from(n).expect("small");
            for _ in 0..100 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                if !self.goes_on() || self.step(&case, random >> 33).await == Some(()) {
                    break;
                }
            }
        }
    }

    /// A signed submission of a customer of their own (fact, kind, value); the case when it was taken.
    async fn submit(&self, n: usize, more: &[(&str, &str, &str)]) -> Option<String> {
        let address = format!("c{n}@customer.example");
        let always =
            [("name", "text", "奈緒"), ("email", "email", address.as_str()), ("message", "text", "コーチング希望")];
        let answer = |(name, kind, value): &(&str, &str, &str)| {
            let value = if *kind == "choice" { json!({ "label": value }) } else { json!(value) };
            json!({ "type": kind, (*kind): value, "field": { "ref": name } })
        };
        let answers: Vec<Value> = always.iter().chain(more).map(answer).collect();
        let body = json!({ "event_id": format!("load-{n}"), "form_response": { "answers": answers } }).to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(b"demo-typeform-secret").expect("any length");
        mac.update(body.as_bytes());
        let tag = BASE64.encode(&mac.finalize().into_bytes());
        self.opened("typeform", &format!("{JSON}typeform-signature: sha256={tag}\r\n"), &body).await
    }

    /// A customer of their own wants a seat in a seminar.
    async fn apply(&self, n: usize) -> Option<String> {
        let address = format!("c{n}@customer.example");
        let body = json!({ "name": "綾香", "email": address, "message": "参加希望" }).to_string();
        self.opened("seminar", JSON, &body).await
    }

    async fn opened(&self, form: &str, headers: &str, body: &str) -> Option<String> {
        let (status, answer) = self.ask("POST", &format!("/hooks/forms/yamada/{form}"), headers, body).await?;
        assert_eq!(status, 202, "{answer}");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        Some(answer["case"].as_str().expect("a case").to_owned())
    }

    /// What the customer has to do next, as their case says; `Some(())` when they have what they wanted.
    async fn step(&self, id: &str, random: u64) -> Option<()> {
        let (status, case) = self.ask("GET", &format!("/_local/cases/{id}"), JSON, "").await?;
        assert_eq!(status, 200, "{id} was acknowledged and is lost: {case}");
        let case: Value = serde_json::from_str(&case).expect("JSON");
        if matches!(case["node"].as_str(), Some("hold-trial" | "participate")) {
            return Some(());
        }
        let tracks = case["tracks"].as_array().expect("tracks");
        if let Some(invoice) = tracks.iter().find(|t| t["kind"] == "invoice" && t["state"] == "open") {
            self.pay(id, invoice, random).await;
            return None;
        }
        let is = |t: &Value, question: &str| t["question"] == question;
        let wanted = |t: &&Value| t["answered_by"] == "slot" || is(t, "trial-info") || is(t, "application");
        match tracks.iter().find(wanted) {
            Some(ask) => self.answer(id, ask, random).await,
            None => tokio::time::sleep(Duration::from_millis(15)).await,
        }
        None
    }

    async fn answer(&self, case: &str, ask: &Value, random: u64) {
        let client = ClientId::parse("yamada").expect("a name");
        let key = CaseKey { client, case: CaseId::parse(case).expect("a number") };
        let id: Id = serde_json::from_value(ask["id"].clone()).expect("an id");
        let whose = ask["people"][0].as_str().map_or(Party::Customer, |id| Party::Person(id.to_owned()));
        let path = format!("/a/{}", self.keys().token(&key, &id, &whose));
        let Some((200, page)) = self.ask("GET", &path, FORM, "").await else { return };
        let Some(shown) = page.split("name=\"shown\" value=\"").nth(1).and_then(|rest| rest.split('"').next()) else {
            return; // a receipt: somebody was faster, most likely this very customer
        };
        let choice = |answers: &[Value]| {
            let slots: Vec<_> = answers.iter().filter_map(|a| a.as_str().filter(|a| a.contains('/'))).collect();
            // Of the first three, so that people meet.
            slots[usize::try_from(random).expect("small") % slots.len().min(3)].to_owned()
        };
        let (answer, fields) = match ask["question"].as_str() {
            Some("trial-info") => ("agree".to_owned(), ""),
            Some("application") => ("send".to_owned(), APPLICATION),
            _ => (choice(ask["answers"].as_array().expect("answers")), ""),
        };
        let body = format!("answer={}&shown={shown}{fields}", answer.replace('/', "%2F").replace(':', "%3A"));
        match self.tell(0, &path, FORM, &body).await {
            Some((200, _)) => self.hear(|known| known.answered.push((case.to_owned(), id.to_string()))),
            Some((409, _)) => self.known().taken += 1,
            Some((410 | 500, _)) | None => {}
            Some((status, page)) => panic!("{status}: {page}"),
        }
    }

    /// The provider tells of one payment by several events, some of them at the same time; of some that a part of them
    /// went back, before it tells of the payment or after.
    async fn pay(&self, case: &str, invoice: &Value, random: u64) {
        // With a figure in it, as Stripe's ids have: what could be a name is kept as a hash.
        let payment = format!("pi_0{case}");
        let paid = |n: u64| {
            let object = json!({
                "id": format!("cs_{case}"), "payment_intent": payment, "payment_status": "paid", "currency": "jpy",
                "client_reference_id": format!("{case}-{}", invoice["id"].as_str().expect("an id")),
                "amount_total": invoice["total"],
            });
            json!({ "id": format!("evt_{case}_{n}"), "type": "checkout.session.completed", "data": { "object": object } })
        };
        let object = json!({ "id": format!("ch_{case}"), "payment_intent": payment, "amount_refunded": REFUND });
        let back = json!({ "id": format!("evt_{case}_back"), "type": "charge.refunded", "data": { "object": object } });
        let refund = async |wanted: bool| match wanted {
            true => self.event(2, &back).await,
            false => None,
        };
        // By the case: whoever tells it again after a death tells the same.
        let kind = case.bytes().map(u64::from).sum::<u64>() % 4;
        let before = refund(kind == 0).await;
        let (first, second) = (paid(random % 2), paid(random % 3));
        let (one, two, beside) = tokio::join!(self.event(1, &first), self.event(1, &second), refund(kind == 1));
        let after = refund(kind == 2).await;
        for known in [one, two].into_iter().flatten() {
            known.then(|| self.hear(|known| known.paid.push((case.to_owned(), payment.clone()))));
        }
        for known in [before, beside, after].into_iter().flatten() {
            known.then(|| self.hear(|known| known.refunded.push((case.to_owned(), payment.clone()))));
        }
    }

    /// One event of the provider; whether it was acknowledged, if there was an answer.
    async fn event(&self, what: usize, event: &Value) -> Option<bool> {
        let (body, now) = (event.to_string(), NOW.parse().expect("an instant"));
        let signature = banto::pay::stripe_signature("whsec_demo-yamada-practice-mode-only", &body, now);
        let headers = format!("{JSON}stripe-signature: {signature}\r\n");
        match self.tell(what, "/hooks/payments/yamada/stripe", &headers, &body).await? {
            (202, _) => Some(true),
            (500, _) => Some(false),
            (status, answer) => panic!("{status}: {answer}"),
        }
    }
}

/// How often something was under way when the house was killed.
#[derive(Debug, Default)]
pub(crate) struct UnderWay([usize; 3]);

impl UnderWay {
    pub(crate) fn count(&mut self, load: &Load) {
        for (n, waiting) in self.0.iter_mut().zip(&load.waiting) {
            *n += usize::from(waiting.load(Ordering::Relaxed) > 0);
        }
    }

    /// Each was, at least once.
    pub(crate) fn check(&self) {
        assert!(self.0.iter().all(|n| *n > 0), "{self}");
    }
}

impl fmt::Display for UnderWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([answers, payments, refunds]) = self;
        write!(f, "at which {answers} times an answer, {payments} a payment and {refunds} a refund was under way")
    }
}

const APPLICATION: &str = "&field.family_name=a&field.given_name=b&field.family_kana=a&field.given_kana=b&field.payer=self\
                           &field.payment=card&field.terms=yes&field.law_notice=yes";
