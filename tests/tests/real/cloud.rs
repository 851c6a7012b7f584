//! What lies between the functions: EventBridge by the template's rules, and the mail provider's door. Events are handed
//! to the functions asynchronously, each of them once or twice as the test says, and again when a function fails.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use banto::router::Router;
use banto::template::{Target, Template};
use banto::wire::{ACCOUNT, REGION};
use banto_tests::Part;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::lambda::Lambda;
use super::mail::Mail;
use super::queue::Message;

/// Lambda waits a minute before it repeats a failed call, SQS three; nobody here has the time.
pub(crate) const PAUSE: Duration = Duration::from_millis(200);

/// EventBridge, SQS and SES, as the functions see them.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) template: Template,
    pub(crate) router: Router,
    pub(crate) functions: BTreeMap<String, Lambda>,
    pub(crate) queues: Mutex<BTreeMap<String, Vec<Message>>>,
    /// By the mapping's place in the template: calls at the same time.
    pub(crate) pollers: Vec<Semaphore>,
    pub(crate) ses: Part,
    pub(crate) mails: Mutex<Vec<Mail>>,
    /// Every event comes twice, at the same time.
    pub(crate) twice: AtomicBool,
    /// Everything that was ever handed over.
    pub(crate) history: Mutex<Vec<(Target, Value)>>,
    /// Entries that the bus refuses once: detail type and error code.
    pub(crate) refusals: Mutex<Vec<(String, String)>>,
    /// So many of SES's next answers are lost on their way back.
    pub(crate) lost_answers: AtomicUsize,
    /// Calls and deliveries under way, and all that ever began.
    flights: Arc<(AtomicUsize, AtomicUsize)>,
}

/// Something under way.
#[derive(Debug)]
pub(crate) struct Flight(Arc<(AtomicUsize, AtomicUsize)>);

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Cloud {
    pub(crate) fn new(template: Template, ses: Part) -> Self {
        let router = Router::new(&template).expect("the rules");
        let pollers = template.queue_mappings.iter().map(|m| Semaphore::new(m.concurrency)).collect();
        Self {
            template,
            router,
            functions: BTreeMap::new(),
            queues: Mutex::default(),
            pollers,
            ses,
            mails: Mutex::default(),
            twice: AtomicBool::new(false),
            history: Mutex::default(),
            refusals: Mutex::default(),
            lost_answers: AtomicUsize::default(),
            flights: Arc::default(),
        }
    }

    /// Serves the SDK clients of the functions.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener) {
        let service = axum::Router::new().fallback(answer).with_state(self);
        axum::serve(listener, service).await.expect("serves until the test ends");
    }

    /// Says that something has begun that may lead to more.
    pub(crate) fn flight(&self) -> Flight {
        self.flights.0.fetch_add(1, Ordering::SeqCst);
        self.flights.1.fetch_add(1, Ordering::SeqCst);
        Flight(Arc::clone(&self.flights))
    }

    /// How many things are under way, and how many ever were.
    pub(crate) fn flights(&self) -> (usize, usize) {
        (self.flights.0.load(Ordering::SeqCst), self.flights.1.load(Ordering::SeqCst))
    }

    pub(crate) fn copies(&self) -> usize {
        if self.twice.load(Ordering::SeqCst) { 2 } else { 1 }
    }

    fn put_events(self: &Arc<Self>, request: &Value) -> Value {
        let entries = request["Entries"].as_array().expect("Entries");
        assert!((1..=10).contains(&entries.len()), "PutEvents takes 1 to 10 entries");
        let answers: Vec<Value> = entries.iter().map(|entry| self.put_event(entry)).collect();
        let failed = answers.iter().filter(|a| a["EventId"].is_null()).count();
        json!({ "FailedEntryCount": failed, "Entries": answers })
    }

    fn put_event(self: &Arc<Self>, entry: &Value) -> Value {
        let text = |name: &str| entry[name].as_str().expect("a text");
        if let Some(code) = self.refusal(text("DetailType")) {
            return json!({ "ErrorCode": code, "ErrorMessage": "as the test wants it" });
        }
        let detail = serde_json::from_str(text("Detail")).expect("JSON");
        let event = event(text("Source"), text("DetailType"), detail);
        let bus = text("EventBusName");
        assert!(self.router.has_bus(bus), "there is no bus {bus}");
        self.deliver(bus, &event);
        json!({ "EventId": event["id"] })
    }

    fn refusal(&self, kind: &str) -> Option<String> {
        let mut refusals = self.refusals.lock().expect("sound");
        let at = refusals.iter().position(|(k, _)| k == kind)?;
        Some(refusals.remove(at).1)
    }

    /// Hands an event to whatever the rules say.
    pub(crate) fn deliver(self: &Arc<Self>, bus: &str, event: &Value) {
        for routed in self.router.route(bus, event) {
            self.history.lock().expect("sound").push((routed.target.clone(), event.clone()));
            for _ in 0..self.copies() {
                self.hand_over(&routed.target, event);
            }
        }
    }

    /// Everything that was ever handed over comes once more.
    pub(crate) fn replay(self: &Arc<Self>) {
        let history = self.history.lock().expect("sound").clone();
        history.iter().for_each(|(target, event)| self.hand_over(target, event));
    }

    fn hand_over(self: &Arc<Self>, target: &Target, event: &Value) {
        match target {
            Target::Queue(queue) => self.enqueue(queue, Message::new(event.to_string())),
            Target::Function(name) => {
                let (cloud, name, event, flight) = (Arc::clone(self), name.clone(), event.clone(), self.flight());
                tokio::spawn(async move {
                    cloud.call_until_done(&name, &event).await;
                    drop(flight);
                });
            }
            Target::Bus(bus) => unreachable!("the router follows {bus} by itself"),
        }
    }

    /// An asynchronous call: repeated twice when it fails, then given up to the dead letters.
    async fn call_until_done(self: &Arc<Self>, name: &str, event: &Value) {
        let spec = &self.template.functions[name];
        for _ in 0..=spec.retries {
            if self.functions[name].call(event).await.is_ok() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        let queue = spec.dead_letter_queue.clone().expect("the template keeps what fails for good");
        self.enqueue(&queue, Message::new(event.to_string()));
    }

    /// SES: the mail goes on to the real server; what became of it is told on the default bus, as SES does.
    async fn send_email(self: &Arc<Self>, body: &str) -> (u16, String) {
        let headers = "content-type: application/json\r\nauthorization: AWS4-HMAC-SHA256 -\r\n";
        let (status, answer) = self.ses.http("POST", "/v2/email/outbound-emails", headers, body).await;
        if status == 200 {
            let mail = Mail::read(body, &answer);
            let events = mail.events(&self.template);
            self.mails.lock().expect("sound").push(mail);
            events.iter().for_each(|event| self.deliver("default", event));
        }
        let lost = self.lost_answers.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        if lost.is_ok() { (502, String::new()) } else { (status, answer) }
    }
}

/// An event in EventBridge's envelope.
pub(crate) fn event(source: &str, detail_type: &str, detail: Value) -> Value {
    static COUNT: AtomicUsize = AtomicUsize::new(1);
    let id = format!("00000000-0000-4000-8000-{:012x}", COUNT.fetch_add(1, Ordering::Relaxed));
    let time = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    json!({
        "version": "0", "id": id, "detail-type": detail_type, "source": source, "account": ACCOUNT, "time": time,
        "region": REGION, "resources": [], "detail": detail,
    })
}

/// JSON protocols name the operation in a header, SES v2 is REST.
async fn answer(State(cloud): State<Arc<Cloud>>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let _flight = cloud.flight();
    let body = String::from_utf8(body.to_vec()).expect("the services speak JSON");
    let target = headers.get("x-amz-target").map_or("SendEmail", |t| t.to_str().expect("ASCII"));
    let (status, answer) = match target {
        "AWSEvents.PutEvents" => (200, cloud.put_events(&serde_json::from_str(&body).expect("JSON")).to_string()),
        "AmazonSQS.SendMessage" => (200, cloud.send_message(&serde_json::from_str(&body).expect("JSON")).to_string()),
        "SendEmail" => cloud.send_email(&body).await,
        other => panic!("no function has any business with {other}"),
    };
    (StatusCode::from_u16(status).expect("a status"), answer)
}
