//! The whole house on real parts, and what a test looks at: pages, mails, journals. It only looks; whatever changes a
//! case goes through the binaries.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use banto::template::Template;
use banto_aws::reader::{examine_all, verify_all};
use banto_aws::{Ledger, SystemEntropy};
use banto_domain::{Case, CaseKey, ClientId, Entry, Playbook};
use banto_tests::{Part, TestWorld};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::cloud::{Cloud, event};
use super::gateway::{Page, Request, form};
use super::lambda::{Lambda, account, sandboxes};
use super::mail::Mail;
use super::stream::{self, Carried};

/// How long the house may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(60);

/// All parts, running.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) cloud: Arc<Cloud>,
    store: Arc<TestWorld>,
    carried: Arc<Carried>,
    logs: PathBuf,
    /// The bus and the stream's reader; they end with the house.
    tasks: JoinSet<()>,
}

impl House {
    /// Opens a house with the ready-made practices. Each test has its own; `name` is where its logs go.
    pub(crate) async fn open(name: &str) -> Self {
        let template = Template::built_in().expect("the template");
        let logs = Path::new(env!("CARGO_TARGET_TMPDIR")).join("real").join(name);
        std::fs::create_dir_all(&logs).expect("a folder for logs");
        let store = async { TestWorld::dynamodb_local().await.with_playbooks().await };
        let (store, ses) = tokio::join!(store, Part::start(&["ses"]));
        let mut cloud = Cloud::new(template, ses);

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let account = account(&store.part().url(), &url);
        let mut starting = JoinSet::new();
        for (name, spec) in &cloud.template.functions {
            let start = Lambda::start(spec.clone(), sandboxes(&cloud.template, name), account.clone(), logs.clone());
            let name = name.clone();
            starting.spawn(async move { (name, start.await) });
        }
        cloud.functions = starting.join_all().await.into_iter().collect();

        let (cloud, store, carried) = (Arc::new(cloud), Arc::new(store), Arc::<Carried>::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&cloud).serve(listener));
        let (c, s, done) = (Arc::clone(&cloud), Arc::clone(&store), Arc::clone(&carried));
        tasks.spawn(async move { stream::read(c, s.part(), &done).await });
        let house = Self { cloud, store, carried, logs, tasks };
        house.publish(|_| {}).await;
        house
    }

    /// From now on, everything is delivered twice.
    pub(crate) fn deliver_twice(&self) {
        self.cloud.twice.store(true, Ordering::SeqCst);
    }

    /// Publishes a practice's next playbook.
    pub(crate) async fn publish(&self, change: impl FnOnce(&mut Playbook)) {
        let mut folders = banto_playbooks::ready_made().expect("no problems").into_iter();
        let mut folder = folders.find(|f| f.playbook.client.as_str() == "yamada").expect("山田コーチング");
        at_any_time(&mut folder.playbook);
        change(&mut folder.playbook);
        let playbooks = &self.store.world.env.playbooks;
        playbooks.publish(&folder.playbook, &folder.demo_secrets, &SystemEntropy).await.expect("published");
    }

    /// What a browser or a provider sends, and what it gets.
    pub(crate) async fn request(&self, request: Request<'_>) -> Page {
        let _flight = self.cloud.flight();
        let (function, payload) = request.payload(&self.cloud.template);
        let answer = self.cloud.functions[&function].call(&payload).await;
        Page::read(&answer.unwrap_or_else(|e| panic!("{function}: {e}")))
    }

    /// A visitor opens a page.
    pub(crate) async fn get(&self, path: &str) -> Page {
        self.request(Request { method: "GET", path, headers: vec![("accept", "text/html")], body: "" }).await
    }

    /// A visitor sends a form.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let headers = vec![("accept", "text/html"), ("content-type", "application/x-www-form-urlencoded")];
        self.request(Request { method: "POST", path, headers, body: &form(fields) }).await
    }

    /// Somebody opens a link and answers what it asks.
    pub(crate) async fn answer(&self, link: &str, answer: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.get(link).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (format!("field.{name}"), *value)).collect();
        let given = fields.iter().map(|(name, value)| (name.as_str(), *value));
        self.post(
            link,
            &[("answer", answer), ("shown", page.shown()), ("confirm", "yes")]
                .into_iter()
                .chain(given)
                .collect::<Vec<_>>(),
        )
        .await
    }

    /// Where a coach subscribes to the calendar.
    pub(crate) fn calendar(&self, coach: &str) -> String {
        let client = ClientId::parse("yamada").expect("a name");
        format!("/calendar/{}", self.store.world.env.keys.calendar(&client, coach))
    }

    /// The minute's tick.
    pub(crate) async fn tick(&self) {
        let schedule = &self.cloud.template.schedules[0];
        let tick = schedule.input.clone().unwrap_or_else(|| event("aws.scheduler", "Scheduled Event", json!({})));
        let woken = self.cloud.functions[&schedule.function].call(&tick).await;
        woken.unwrap_or_else(|e| panic!("{}: {e}", schedule.function));
    }

    /// Waits until nothing is under way: every commit is on the bus, every step is taken up, every call has ended.
    pub(crate) async fn rest(&self) {
        let begin = std::time::Instant::now();
        while let Some(unrest) = self.unrest().await {
            let logs = self.logs.display();
            assert!(begin.elapsed() < PATIENCE, "the house does not come to rest: {unrest}; logs: {logs}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    async fn unrest(&self) -> Option<String> {
        let before = self.cloud.flights();
        let cases = self.cases().await;
        let (wanted, carried) = (cases.iter().map(|c| c.seq).sum::<u64>(), self.carried.lock().expect("sound").len());
        // What an emergency stopped waits for a person.
        let waits = |c: &Case| c.pending.values().filter(|p| !c.is_suspended(p)).map(|p| p.action.clone()).collect();
        let pending: Vec<String> = cases.iter().flat_map(|c| -> Vec<String> { waits(c) }).collect();
        let after = self.cloud.flights();
        let rest = before == after && after.0 == 0 && wanted == carried as u64 && pending.is_empty();
        let unrest = || format!("{} calls, {carried} of {wanted} commits carried, waiting for {pending:?}", after.0);
        (!rest).then(unrest)
    }

    fn ledger(&self) -> &Ledger {
        &self.store.world.env.ledger
    }

    /// All cases as they stand.
    pub(crate) async fn cases(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for key in self.ledger().cases().await.expect("cases") {
            cases.push(self.ledger().load(&key).await.expect("the store").expect("a case").case);
        }
        cases
    }

    /// The case with this number (受付番号).
    pub(crate) async fn case(&self, number: &str) -> Case {
        let case = self.cases().await.into_iter().find(|c| c.key.case.as_str() == number);
        case.unwrap_or_else(|| panic!("there is no case {number}"))
    }

    /// The heads of all journals: nothing happened as long as they stay.
    pub(crate) async fn heads(&self) -> Vec<String> {
        self.cases().await.into_iter().map(|c| c.head).collect()
    }

    /// The journal of a case.
    pub(crate) async fn entries(&self, key: &CaseKey) -> Vec<Entry> {
        let journal = self.ledger().journal(key).await.expect("a journal");
        let commits = journal.iter().map(|stored| stored.open().expect("a commit"));
        commits.flat_map(|commit| commit.entries).map(|stamped| stamped.entry).collect()
    }

    /// What happened in a case, whoever was first at it: entries by kind, and what they say in the playbook's words, but
    /// not which slot was chosen. Where somebody came and found nothing left to do, nothing happened.
    pub(crate) async fn story(&self, key: &CaseKey) -> Vec<String> {
        let mut story: Vec<String> = self.entries(key).await.iter().map(told).collect();
        story.retain(|entry| entry != "step.skipped");
        story.sort();
        story
    }

    /// What an address got, oldest first. Every mail is read by two readers.
    pub(crate) async fn mails(&self, to: &str) -> Vec<Mail> {
        let (status, store) = self.cloud.ses.http("GET", "/store", "", "").await;
        assert_eq!(status, 200);
        let store: Value = serde_json::from_str(&store).expect("JSON");
        let stored = store["emails"].as_array().expect("mails");
        let mails = self.cloud.mails.lock().expect("sound").clone();
        assert_eq!(mails.len(), stored.len(), "no mail leaves by another door");
        for (mail, stored) in mails.iter().zip(stored) {
            assert_eq!(stored["messageId"], mail.id.as_str());
            mail.reads_like(stored);
        }
        mails.into_iter().filter(|m| m.to.iter().any(|t| t == to)).collect()
    }

    /// The one mail of a template that an address got.
    pub(crate) async fn mail(&self, to: &str, template: &str) -> Mail {
        let mut mails = self.mails(to).await;
        mails.retain(|m| m.tags["template"] == template);
        assert_eq!(mails.len(), 1, "{to} got {template} once");
        mails.remove(0)
    }

    /// What a function told, in all its sandboxes.
    pub(crate) fn log(&self, function: &str) -> String {
        let read = |n: usize| std::fs::read_to_string(self.logs.join(format!("{function}-{n}.log"))).expect("a log");
        (0..sandboxes(&self.cloud.template, function)).map(read).collect()
    }

    /// The end of every test: the journals hold, no case is forgotten, and no log says what is nobody's business.
    pub(crate) async fn close(mut self) {
        self.rest().await;
        let cases = self.ledger().cases().await.expect("cases").len();
        assert_eq!(verify_all(&self.store.world.env).await.expect("the store"), (cases, Vec::new()));
        assert_eq!(examine_all(self.ledger(), Timestamp::now()).await.expect("the store"), (cases, Vec::new()));
        assert!(self.tasks.try_join_next().is_none(), "the bus and the stream's reader never end");
        let mails = self.cloud.mails.lock().expect("sound").clone();
        let links = mails.iter().filter(|m| m.text().contains("/a/")).map(Mail::link);
        let coaches = ["yamada", "mori"].map(|coach| self.calendar(coach).trim_end_matches(".ics").to_owned());
        let links = links.chain(coaches);
        let keys = links.map(|link| link.rsplit('.').next().expect("what makes the link a key").to_owned());
        let personal = ["customer.example", "佐々木", "コーチング", "%E4%BD%90", "消えたい"].map(str::to_owned);
        let secrets: Vec<String> = keys.chain(personal).collect();
        for function in self.cloud.functions.keys() {
            let log = self.log(function);
            assert!(!log.contains("panicked"), "{function} panicked: {}", self.logs.display());
            let told = secrets.iter().find(|s| log.contains(*s));
            assert!(told.is_none(), "the log of {function} tells {told:?}: {}", self.logs.display());
        }
    }
}

/// An entry in the playbook's words.
fn told(entry: &Entry) -> String {
    const WORDS: [&str; 8] = ["node", "action", "template", "question", "answer", "category", "outcome", "name"];
    let fields = serde_json::to_value(entry).expect("JSON");
    let said = WORDS.iter().filter_map(|w| fields[*w].as_str()).filter(|said| !said.contains('/'));
    [entry.kind()].into_iter().chain(said).collect::<Vec<_>>().join(" ")
}

/// A practice that is the same at every hour and in every year: nobody sleeps, and its seminar is in a week.
fn at_any_time(playbook: &mut Playbook) {
    playbook.quiet = None;
    let in_a_week = Timestamp::now().to_zoned(TimeZone::get("Asia/Tokyo").expect("a zone")) + 7.days();
    let sessions = &mut playbook.calendar.as_mut().expect("a calendar").sessions;
    sessions.truncate(1);
    sessions[0].at = in_a_week.date().at(17, 0, 0, 0);
}

/// The number on a page (受付番号).
pub(crate) fn number(page: &Page) -> String {
    page.between("受付番号</dt><dd>", "</dd>").to_owned()
}
