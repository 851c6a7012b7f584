//! The main flow from the first inquiry to the close, told by dates. Each story leaves a transcript (`tests/golden/`):
//! what people did, what the journal says, and every mail as it was read. `UPDATE=1 cargo test -p banto-tests` writes
//! them anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use banto::mailbox::Mail;
use banto::pay::Outcome;
use banto_domain::{Commit, Id};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use super::house::House;
use super::steps::body;

const MISAKI: &str = "misaki@customer.example";
const HANAKO: &str = "hanako@yamada-coaching.example";
const DESK: &str = "desk@banto-office.example";
const ICHIRO: &str = "ichiro@yamada-coaching.example";

/// A story and what it leaves behind.
pub(crate) struct Story {
    pub(crate) house: House,
    pub(crate) case: String,
    /// What people did, with the instant.
    deeds: Vec<(Timestamp, String)>,
}

impl Story {
    pub(crate) async fn begin(now: &str, form: [&str; 2], fields: &[(&str, &str)]) -> Self {
        let house = House::open(now).await;
        let case = house.inquire(form, fields).await;
        let mut story = Self { house, case, deeds: Vec::new() };
        story.did(&format!("the customer fills in the form {}", form[1]));
        story
    }

    /// What goes on in a house.
    pub(crate) fn of(house: House, case: String) -> Self {
        Self { house, case, deeds: Vec::new() }
    }

    pub(crate) fn did(&mut self, what: &str) {
        self.deeds.push((self.house.host.now(), what.to_owned()));
    }

    pub(crate) async fn on(&mut self, at: &str) -> &mut Self {
        self.house.until(&format!("{at}:00+09:00")).await;
        self
    }

    /// Half past nine on the next day.
    async fn next_morning(&mut self) -> &mut Self {
        let day = self.house.host.now().to_zoned(TimeZone::get("Asia/Tokyo").expect("a zone")).date().tomorrow();
        self.on(&format!("{}T09:30", day.expect("a day"))).await
    }

    /// Somebody answers the newest question in their mailbox.
    pub(crate) async fn answers(&mut self, who: &str, answer: &str, fields: &[(&str, &str)]) -> &mut Self {
        let token = self.house.open_link(who, &self.case).await;
        let reply = self.house.answer(&token, answer, fields).await;
        assert_eq!(reply.status(), 200, "{who} {answer}: {}", body(&reply));
        self.did(&format!("{who} answers: {answer}"));
        self
    }

    /// The customer chooses the `n`th slot that is offered.
    pub(crate) async fn chooses(&mut self, who: &str, n: usize) -> &mut Self {
        let slots = self.house.slots(&self.case).await;
        self.answers(who, &slots[n].clone(), &[]).await
    }

    pub(crate) async fn stands(&self, expected: &str) {
        assert_eq!(self.house.stands(&self.case).await, expected);
    }

    pub(crate) async fn pays(&mut self) -> &mut Self {
        let status = self.house.pay(&self.case, Outcome::Paid).await;
        assert_eq!(status, 202);
        self.did("the payer pays by card");
        self
    }

    async fn fails(&mut self) -> &mut Self {
        assert_eq!(self.house.pay(&self.case, Outcome::Failed).await, 202);
        self.did("the payer's card is declined");
        self
    }

    /// Compares with the transcript, or writes it.
    pub(crate) async fn ends(self, name: &str) {
        self.house.is_in_order().await;
        is_told(name, &transcript(&self.house, &self.case, &self.deeds).await);
    }
}

/// Compares a transcript with the committed one, or writes it.
pub(crate) fn is_told(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/{name}.txt"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).expect("written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = committed.lines().zip(text.lines()).find(|(a, b)| a != b);
    assert!(committed == text, "{name}: {differs:?}; UPDATE=1 writes it anew");
}

/// What people did about a case, what its journal says, and its mails as they were read.
pub(crate) async fn transcript(house: &House, id: &str, deeds: &[(Timestamp, String)]) -> String {
    let case = house.case(id).await;
    let order = by_cause(&house.journal(id).await);
    let mut lines: Vec<(Timestamp, usize, usize, String)> = Vec::new();
    let mut wanted: Vec<(Timestamp, usize, String)> = Vec::new();
    for (at, what) in deeds {
        lines.push((*at, 0, 0, format!("* {what}")));
    }
    for entry in case["journal"].as_array().expect("a journal") {
        let at = entry["at"].as_str().expect("an instant").parse().expect("an instant");
        if let Some(told) = told(entry) {
            // Mails leave beside the chain, so at one instant their place in it is nobody's business.
            let beside = entry["function"] == "send-message";
            let rank = entry["seq"].as_u64().and_then(|seq| order.get(&seq)).copied().unwrap_or_default();
            if entry["type"] == "message.intended" {
                wanted.push((at, rank, entry["detail"]["template"].as_str().unwrap_or_default().to_owned()));
            }
            lines.push((at, if beside { 2 } else { 1 }, rank, format!("    {told}")));
        }
    }
    lines.sort_by_key(|(at, kind, rank, _)| (*at, *kind, *rank));
    let mut text = String::new();
    let mut last = None;
    for (at, _, _, line) in lines {
        if last != Some(at) {
            writeln!(text, "\n{}", local(at)).expect("text");
        }
        last = Some(at);
        writeln!(text, "{line}").expect("text");
    }
    text += "\n\n======== The mails ========\n";
    let mut mails = house.mails().await;
    mails.reverse();
    // Those to one person at one instant in the order in which they were wanted: which token was faster is nobody's business.
    let place = |m: &Mail| {
        let of_it = wanted.iter().filter(|(_, _, template)| Some(template) == m.template.as_ref());
        of_it.map(|(at, rank, _)| (*at, *rank)).filter(|(at, _)| *at <= m.sent_at).max()
    };
    mails.sort_by_key(|m| (m.sent_at, m.to.clone(), place(m)));
    for mail in mails.iter().filter(|m| m.case.as_deref() == Some(id)) {
        text += &letter(mail);
    }
    text.trim_start().to_owned()
}

/// The place of each commit, by its number: behind what set it off. Tokens go on side by side, so which of two was faster at
/// one instant is nobody's business.
fn by_cause(journal: &[Commit]) -> BTreeMap<u64, usize> {
    let made = |commit: &Commit| commit.entries.iter().map(|entry| entry.id.clone()).collect::<Vec<Id>>();
    let parent = |commit: &Commit| {
        let same_instant = |other: &&Commit| other.seq < commit.seq && other.recorded_at == commit.recorded_at;
        let places = |other: &Commit| made(other).iter().position(|id| *id == commit.cause).map(|n| (other.seq, n));
        journal.iter().filter(same_instant).find_map(places)
    };
    let mut children: BTreeMap<Option<u64>, Vec<(usize, u64)>> = BTreeMap::new();
    for commit in journal {
        let (parent, place) = parent(commit).map_or((None, 0), |(seq, place)| (Some(seq), place));
        children.entry(parent).or_default().push((place, commit.seq));
    }
    let mut order = BTreeMap::new();
    let mut todo: Vec<u64> = children.get(&None).into_iter().flatten().rev().map(|(_, seq)| *seq).collect();
    while let Some(seq) = todo.pop() {
        order.insert(seq, order.len());
        let mut next = children.get(&Some(seq)).cloned().unwrap_or_default();
        next.sort_unstable();
        todo.extend(next.into_iter().rev().map(|(_, seq)| seq));
    }
    order
}

fn local(at: Timestamp) -> String {
    at.to_zoned(TimeZone::get("Asia/Tokyo").expect("a zone")).strftime("%Y-%m-%d (%a) %H:%M").to_string()
}

/// What the journal says, without what only machines read.
fn told(entry: &Value) -> Option<String> {
    let (kind, detail) = (entry["type"].as_str()?, &entry["detail"]);
    let said = |names: &[&str]| {
        let values = names.iter().filter_map(|n| match &detail[*n] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            Value::Array(list) if list.is_empty() => None,
            other => Some(other.to_string()),
        });
        values.collect::<Vec<_>>().join(" ")
    };
    let names: &[&str] = match kind {
        "message.sending" | "message.sent" | "message.delivered" | "timer.fired" | "step.skipped" | "node.entered" => {
            return None;
        }
        "facts.recorded" => {
            // A note stands under the id of its ask.
            let name = |name: &String| name.split(':').next().unwrap_or_default().to_owned();
            let names: Vec<String> = detail["facts"].as_object()?.keys().map(name).collect();
            return Some(format!("{kind} {names:?}"));
        }
        "case.opened" => &["flow", "form", "language"],
        "node.left" => &["node", "outcome"],
        "inquiry.classified" => &["category", "score"],
        "policy.decided" => &["policy", "then"],
        "ask.opened" => &["to", "question"],
        "ask.answered" => &["question", "answer"],
        "message.intended" => &["to", "template"],
        "message.dropped" | "message.held" | "message.deferred" => &["reason"],
        "booking.held" => &["menu", "coach", "start", "minutes"],
        "booking.confirmed" => &["reminders"],
        "booking.released" => &["reason"],
        "package.started" => &["menu", "sessions", "used", "expires_on"],
        "invoice.issued" => &["number", "total", "currency", "taxes", "due_on"],
        "payment.recorded" => &["provider", "amount", "currency"],
        "case.closed" => &["outcome"],
        "owner.assigned" => &["owner"],
        "token.started" => &["flow", "on"],
        "token.ended" => &["outcome"],
        "request.raised" => &["kind"],
        "request.closed" => &["outcome"],
        "automation.suspended" => &["by"],
        "form.received" => &["form"],
        "wait.started" => {
            let until = detail["until"].as_str().and_then(|at| at.parse().ok());
            return Some(format!("{kind} until {}", until.map(local).unwrap_or_default()));
        }
        "playbook.migrated" => &["from", "to"],
        _ => &[],
    };
    Some(format!("{kind} {}", said(names)).trim_end().to_owned())
}

fn letter(mail: &Mail) -> String {
    let at: Timestamp = mail.sent_at.to_string().parse().expect("an instant");
    let hidden: Vec<String> = mail.text.lines().map(without_token).collect();
    let attached = if mail.attachments.is_empty() { "" } else { "\n[.ics]" };
    format!(
        "\n-------- {} {} ({})\n{}\n\n{}{attached}\n",
        local(at),
        mail.to,
        mail.template.clone().unwrap_or_default(),
        mail.subject,
        hidden.join("\n").trim_end(),
    )
}

/// Tokens and ids are long, and say nothing to a reader.
fn without_token(line: &str) -> String {
    for mark in ["/a/", "/my/", "/pay/", "meet.example/"] {
        if let Some((before, _)) = line.split_once(mark) {
            return format!("{before}{mark}…");
        }
    }
    line.to_owned()
}

const INQUIRY: [(&str, &str); 3] =
    [("name", "佐藤 美咲"), ("email", MISAKI), ("message", "無料体験を希望します。転職について相談させてください。")];

const APPLICATION: [(&str, &str); 9] = [
    ("plan", "programme"),
    ("family_name", "佐藤"),
    ("given_name", "美咲"),
    ("family_kana", "さとう"),
    ("given_kana", "みさき"),
    ("payer", "self"),
    ("payment", "card"),
    ("terms", "yes"),
    ("law_notice", "yes"),
];

#[tokio::test(flavor = "multi_thread")]
async fn with_a_free_trial_from_inquiry_to_the_sixth_session() {
    let mut story = Story::begin("2026-12-01T09:00:00+09:00", ["yamada", "inquiry"], &INQUIRY).await;
    let details = [("menu", "trial"), ("goal", "これからの働き方を整理したい"), ("preferred", "平日の午前")];
    story.on("2026-12-01T12:30").await.answers(MISAKI, "send", &details).await;
    story.stands("open offer-trial -").await;
    story.on("2026-12-01T21:15").await.chooses(MISAKI, 2).await;
    story.stands("open trial-info -").await;
    story.on("2026-12-02T08:10").await.answers(MISAKI, "agree", &[]).await;
    story.stands("open hold-trial -").await;
    let themes = [("theme", "転職するかどうか"), ("questions", "")];
    story.on("2026-12-02T20:00").await.answers(MISAKI, "send", &themes).await;
    story.on("2026-12-04T18:30").await;
    story.stands("open hold-trial -").await;
    story.answers(HANAKO, "signed-up", &[]).await;
    story.on("2026-12-05T10:00").await.answers(MISAKI, "send", &APPLICATION).await;
    story.stands("open invoice -").await;
    story.on("2026-12-06T19:00").await.pays().await;
    story.stands("open offer-session -").await;
    for _ in 1..=6 {
        story.stands("open offer-session -").await;
        story.next_morning().await.chooses(MISAKI, 3).await;
        story.stands("open hold-session -").await;
        let coach = story.after_session().await;
        story.answers(coach, "held", &[]).await;
    }
    story.stands("closed - complete").await;
    let survey = [("satisfaction", "very-good"), ("comment", "")];
    story.next_morning().await.answers(MISAKI, "send", &survey).await;
    story.ends("with-trial").await;
}

impl Story {
    /// Until an hour after the booked session ends; its coach.
    pub(crate) async fn after_session(&mut self) -> &'static str {
        let case = self.house.case(&self.case).await;
        let booking =
            case["tracks"].as_array().and_then(|t| t.iter().find(|t| t["kind"] == "booking")).expect("a booking");
        let ends: Timestamp = booking["ends"].as_str().expect("an instant").parse().expect("an instant");
        let then = ends.checked_add(jiff::SignedDuration::from_hours(1)).expect("an instant");
        self.house.until(&then.to_string()).await;
        if booking["coach"] == "yamada" { HANAKO } else { ICHIRO }
    }
}

const SESSION: [(&str, &str); 3] = [
    ("name", "中村 彩"),
    ("email", "aya@customer.example"),
    ("message", "6回のコーチングに申し込みたいです。体験は不要です。"),
];
const AYA: &str = "aya@customer.example";
const FATHER: &str = "nakamura@payer.example";

#[tokio::test(flavor = "multi_thread")]
async fn without_a_trial_the_first_session_comes_before_the_payment() {
    let mut story = Story::begin("2026-12-21T10:00:00+09:00", ["yamada", "session"], &SESSION).await;
    story.answers(AYA, "send", &[("plan", "programme"), ("goal", "部下との関わり方")]).await;
    // None of these suits her: she says what would, and the coach opens hours between the years.
    story.answers(AYA, "none-fits", &[]).await;
    story.answers(AYA, "send", &[("preferred", "12月27日(日)の午前")]).await;
    let hours = [("coach", "mori"), ("date1", "2026-12-27"), ("from1", "09:00"), ("to1", "11:00")];
    story.answers(ICHIRO, "opened", &hours).await;
    let offered = story.house.slots(&story.case).await;
    let sunday = offered.iter().position(|s| s.starts_with("mori/2026-12-27")).expect("what the coach opened");
    story.on("2026-12-22T09:30").await.chooses(AYA, sunday).await;
    story.stands("open participate -").await;
    let coach = story.after_session().await;
    assert_eq!(coach, ICHIRO);
    // The coach forgets; a reminder, and then the office asks. 年末年始 are no business days.
    story.on("2026-12-28T20:00").await.answers(ICHIRO, "held", &[]).await;
    let application = [
        ("family_name", "中村"),
        ("given_name", "彩"),
        ("family_kana", "なかむら"),
        ("given_kana", "あや"),
        ("payer", "other"),
        ("payment", "card"),
        ("terms", "yes"),
        ("law_notice", "yes"),
    ];
    story.next_morning().await.answers(AYA, "send", &application).await;
    story.answers(AYA, "send", &[("payer_name", "中村 健一"), ("payer_email", FATHER)]).await;
    // No account goes to whom somebody else named, before they say so.
    story.stands("open confirm-payer -").await;
    story.answers(FATHER, "agree", &[]).await;
    story.stands("open invoice -").await;
    story.on("2026-12-30T09:00").await.fails().await;
    // He pays after the last day, which is a business day after the holidays: the office has looked, and he was written to.
    story.on("2027-01-07T12:00").await.answers(DESK, "none", &[]).await;
    story.on("2027-01-08T12:00").await.pays().await;
    story.stands("open offer -").await;
    story.on("2027-01-08T20:00").await.chooses(AYA, 2).await;
    let coach = story.after_session().await;
    story.answers(coach, "held", &[]).await;
    // She answers the survey, but not which date would suit: a person looks, and closes with four sessions left.
    story.stands("open offer -").await;
    let survey = [("satisfaction", "good"), ("comment", "仕事が立て込んでいます。")];
    let link = story.house.newest_link_to("follow-up").await;
    assert_eq!(story.house.answer(&link, "send", &survey).await.status(), 200);
    story.did("the customer answers the survey");
    story.on("2027-01-28T12:00").await;
    story.stands("open no-date -").await;
    story.answers(DESK, "close", &[]).await;
    story.stands("closed - stopped").await;
    story.ends("without-trial").await;
}
