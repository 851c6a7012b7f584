//! All that was agreed with one client, as versioned data. The loader (`banto-playbooks`) reads it from a folder.

use std::collections::BTreeMap;

use jiff::civil::Time;
use jiff::{Span, Timestamp, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ClientId;
use crate::ask::AskKind;
use crate::billing::Billing;
use crate::booking::{Menu, Reminder};
use crate::calendar::Calendar;
use crate::fact::FactSpec;
use crate::message::Effect;
use crate::policy::Policy;

/// Text for people, by language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Text {
    /// In this language; Japanese unless it is `en`.
    #[must_use]
    pub fn get(&self, language: &str) -> &str {
        if language == "en" { &self.en } else { &self.ja }
    }
}

/// Who a message or an ask goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The customer of the case.
    Customer,
    /// Who pays: the address that the customer named, or the customer's own.
    Payer,
    /// The client's coach.
    Coach,
    /// A member of the BPO team.
    Operator,
}

/// A person who works for the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Short name for logs: `sato`.
    pub id: String,
    /// As written in mails.
    pub name: String,
    /// Mail address.
    pub address: String,
    /// IANA zone of a coach who lives elsewhere; the practice's without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Where a coach's sessions take place: a link, fixed, or a room per session with `{booking}` in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting: Option<String>,
}

/// Whom mails are from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// 「山田コーチ事務局」.
    pub name: Text,
    /// The address, within a domain that SES may send for.
    pub address: String,
    /// Where people can reach the practice, at the foot of each mail and page.
    pub contact: Text,
}

/// The people of today: operators first to last, so that the first is asked first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// The coaches.
    pub coaches: Vec<Person>,
    /// The operators.
    pub operators: Vec<Person>,
}

/// How a form's webhook proves where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "scheme", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Signature {
    /// A plain HTML form: nothing is signed, so it is rate-limited.
    None {
        /// How many a minute are taken before visitors are asked to wait.
        per_minute: u32,
    },
    /// HMAC-SHA256 of the body (RFC 2104), as most form services do.
    HmacSha256 {
        /// The header that carries it: `Typeform-Signature`.
        header: String,
        /// What stands before it: `sha256=`.
        #[serde(default)]
        prefix: String,
        /// How it is written.
        encoding: Encoding,
    },
    /// Standard Webhooks (standardwebhooks.com): `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    StandardWebhooks,
}

/// How bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Lower or upper case hex.
    Hex,
    /// Base64 with padding (RFC 4648 §4).
    Base64,
}

/// Where the answers are in a JSON payload that lists them: `answers[].field.ref` and one of several value fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// JSON pointer to the list.
    pub list: String,
    /// JSON pointer, within an answer, to the field's name.
    pub key: String,
    /// JSON pointers, within an answer, of which the first that is there is the value.
    pub value: Vec<String>,
}

/// A form that customers fill in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// How it proves where it comes from.
    pub signature: Signature,
    /// JSON pointer to the provider's id of the submission; without it the content is the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where a list of answers is, for providers that send one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Answers>,
    /// Fact → field's name (with `answers` or a plain form) or JSON pointer (starts with `/`).
    pub fields: BTreeMap<String, String>,
    /// Language of the form.
    pub language: String,
    /// The flow that an inquiry enters.
    pub flow: String,
    /// Template of 受付のご連絡, which goes out at once.
    pub acknowledge: String,
    /// Without these facts it can't be answered, so it isn't understood.
    pub required: Vec<String>,
}

/// One kind of inquiry, found by keywords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Shown to people.
    pub label: Text,
    /// Where it leads: an outcome of the node.
    pub outcome: String,
    /// Any of these words gives its points.
    pub keywords: Vec<Keyword>,
}

/// A word, after normalisation (NFKC, lower case, katakana as hiragana).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keyword {
    /// The word.
    pub word: String,
    /// Its points.
    pub points: u32,
}

/// 受付・分類.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Classification {
    /// Facts whose text is looked at.
    pub read: Vec<String>,
    /// Fewer points than this: not sure.
    pub at_least: u32,
    /// A lead over the second best smaller than this: not sure.
    pub lead: u32,
    /// Emergency words (希死念慮 and the like): any of them goes to a person at once, whatever the points.
    #[serde(default)]
    pub emergency: Vec<String>,
    /// The kinds, by name.
    pub categories: BTreeMap<String, Category>,
}

/// A question and its finite set of answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// How it is answered.
    pub kind: AskKind,
    /// Who must answer.
    pub to: Role,
    /// Heading of the page.
    pub title: Text,
    /// What is asked.
    pub body: Text,
    /// The answers, in the order of the page. With kind `fields` there is one: it sends the fields.
    pub answers: Vec<Answer>,
    /// Facts asked for, with kind `fields`, where the node names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Facts shown to whom it is asked, so that they can decide.
    #[serde(default)]
    pub shows: Vec<String>,
    /// Template of the mail that carries the link.
    pub template: String,
    /// Template of the reminder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nudge: Option<String>,
    /// After how long the addressee is reminded, in the client's zone: `P2D`.
    #[serde(default)]
    pub nudges: Vec<Span>,
    /// After how long it expires, in the client's zone: `P7D`.
    pub deadline: Span,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Its name; with a choice also the node's outcome.
    pub name: String,
    /// What it says beside that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub means: Option<Means>,
    /// The button's text.
    pub label: Text,
}

/// A fact that follows from an answer, recorded together with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Means {
    /// The session took place.
    Held,
    /// The customer did not come.
    Missed,
    /// The open invoice was paid by transfer.
    Paid,
    /// It was no emergency: automation goes on.
    Resume,
}

/// When a mail may leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailHours {
    /// At once.
    #[default]
    Any,
    /// Not in the practice's quiet hours: it waits for the morning.
    Day,
}

/// What a mail carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Attach {
    /// The booking as iCalendar (RFC 5545).
    Calendar,
}

/// When people are left alone, in the practice's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// From, in the evening.
    pub from: Time,
    /// To, in the morning.
    pub to: Time,
}

/// A mail's template: Markdown with placeholders, by language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Only `routine` passes the gate by itself.
    pub class: Class,
    /// What decides when its fate is unknown.
    pub effect: Effect,
    /// When it may leave.
    #[serde(default)]
    pub hours: MailHours,
    /// What it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attach: Option<Attach>,
    /// Who approved it; a template that nobody approved doesn't leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// Subject, by language.
    pub subject: Text,
    /// Markdown, by language.
    pub body: Text,
}

/// 定型 / 例外.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Leaves on the log.
    Routine,
    /// Waits for a second person or the client.
    Exception,
}

impl Class {
    /// As it stands in tags and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Routine => "routine",
            Self::Exception => "exception",
        }
    }
}

/// A node of a flow: the action that does it, what it is given, and where each outcome leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Text>,
    /// The function.
    pub action: String,
    /// The question it asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The template it sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// To whom it sends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Role>,
    /// Facts that must be known when it is done, or that its question asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<String>,
    /// What is booked or bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu: Option<String>,
    /// The fact that says what is booked or bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu_from: Option<String>,
    /// The policy that decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Outcome → node, or `end:` and how the case ends, or `policy:` and the policy that decides which.
    pub next: BTreeMap<String, String>,
}

/// A graph of nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Shown to people.
    pub label: Text,
    /// Where the token begins.
    pub start: String,
    /// By name.
    pub nodes: BTreeMap<String, Node>,
}

/// Where an outcome leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// To another node.
    Node(&'a str),
    /// Out of the flow.
    End(&'a str),
    /// Where a policy says.
    Policy(&'a str),
}

impl<'a> Target<'a> {
    /// Reads what stands beside an outcome: a node's name, `end:` and how the case ends, or `policy:` and its name.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        match text.split_once(':') {
            Some(("end", outcome)) => Self::End(outcome),
            Some(("policy", policy)) => Self::Policy(policy),
            _ => Self::Node(text),
        }
    }
}

/// All that was agreed with one client, in one version.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// Version of this file's shape.
    pub v: u32,
    /// The client.
    pub client: ClientId,
    /// 第n版: counts up with each publication. The loader leaves it 0.
    #[serde(default)]
    pub version: u32,
    /// The practice's name.
    pub name: Text,
    /// Language of the practice's own people: `ja` or `en`.
    #[serde(default = "japanese")]
    pub language: String,
    /// IANA zone of the practice: `Asia/Tokyo`.
    pub zone: String,
    /// Whom mails are from.
    pub sender: Sender,
    /// The people of today.
    pub people: People,
    /// What can be known of a case.
    pub facts: BTreeMap<String, FactSpec>,
    /// Forms, by name.
    pub forms: BTreeMap<String, Form>,
    /// 受付・分類.
    pub classification: Classification,
    /// Questions, by name.
    pub questions: BTreeMap<String, Question>,
    /// Templates, by name.
    pub templates: BTreeMap<String, Template>,
    /// Flows, by name.
    pub flows: BTreeMap<String, Flow>,
    /// What stands after names in Japanese: 様, さん or 先生.
    #[serde(default = "sama")]
    pub honorific: String,
    /// When people are left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
    /// What can be booked and bought, by name.
    #[serde(default)]
    pub menus: BTreeMap<String, Menu>,
    /// The ladder of reminders before a session, by name.
    #[serde(default)]
    pub reminders: BTreeMap<String, Reminder>,
    /// How the practice is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing: Option<Billing>,
    /// When sessions may be held. Always today's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
    /// What rules may decide, by name.
    #[serde(default)]
    pub policies: BTreeMap<String, Policy>,
}

/// The usual language.
#[must_use]
pub fn japanese() -> String {
    "ja".to_owned()
}

/// The usual honorific.
#[must_use]
pub fn sama() -> String {
    "様".to_owned()
}

/// The question for a task that a person must look at.
pub const ATTEND: &str = "attend";
/// The question for an emergency (promise 14).
pub const URGENT: &str = "urgent";
/// The flow of a payload that could not be understood.
pub const UNREADABLE: &str = "unreadable";
/// The outcome of an ask that nobody answered. Never one of its answers.
pub const EXPIRED: &str = "expired";

impl Playbook {
    /// A node of a flow.
    #[must_use]
    pub fn node(&self, flow: &str, node: &str) -> Option<&Node> {
        self.flows.get(flow)?.nodes.get(node)
    }

    /// Where an outcome of a node leads.
    #[must_use]
    pub fn target(&self, flow: &str, node: &str, outcome: &str) -> Option<Target<'_>> {
        Some(Target::of(self.node(flow, node)?.next.get(outcome)?))
    }

    /// The practice's zone; UTC only when the playbook was never checked.
    #[must_use]
    pub fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC)
    }

    /// The language in which somebody reads: customers their own, the practice's people the practice's.
    #[must_use]
    pub fn language_of<'a>(&'a self, role: Role, customer: &'a str) -> &'a str {
        match role {
            Role::Customer | Role::Payer => customer,
            Role::Coach | Role::Operator => &self.language,
        }
    }

    /// A coach's zone: their own, or the practice's.
    #[must_use]
    pub fn zone_of(&self, coach: &str) -> TimeZone {
        let own = self.people.coaches.iter().find(|c| c.id == coach).and_then(|c| c.zone.as_deref());
        own.and_then(|zone| TimeZone::get(zone).ok()).unwrap_or_else(|| self.time_zone())
    }

    /// The zones of all coaches.
    #[must_use]
    pub fn zones(&self) -> BTreeMap<String, TimeZone> {
        self.people.coaches.iter().map(|c| (c.id.clone(), self.zone_of(&c.id))).collect()
    }

    /// When the quiet hours end in which this instant lies, if it lies in some.
    #[must_use]
    pub fn quiet_until(&self, now: Timestamp) -> Option<Timestamp> {
        let Quiet { from, to } = self.quiet?;
        let local = now.to_zoned(self.time_zone());
        let time = local.time();
        let (is_quiet, day) = match from <= to {
            true => (from <= time && time < to, local.date()),
            false if time < to => (true, local.date()),
            false => (from <= time, local.date().tomorrow().unwrap_or(local.date())),
        };
        let ends = day.to_datetime(to).to_zoned(self.time_zone()).ok()?;
        is_quiet.then(|| ends.timestamp())
    }

    /// `from` plus a span of civil time in the practice's zone (days follow the calendar, not 24 hours).
    #[must_use]
    pub fn after(&self, from: Timestamp, span: Span) -> Timestamp {
        from.to_zoned(self.time_zone()).checked_add(span).map_or(Timestamp::MAX, |z| z.timestamp())
    }

    /// Templates that something of this origin may send: the gate's 段階 (stage) check.
    #[must_use]
    pub fn may_send(&self, flow: &str, origin: &str, about_question: Option<&str>, template: &str) -> bool {
        let of_form = origin.strip_prefix("form:").and_then(|f| self.forms.get(f)).map(|f| f.acknowledge.as_str());
        let of_node = self.node(flow, origin).and_then(|n| n.template.as_deref());
        let question = about_question.and_then(|q| self.questions.get(q));
        let of_ask = question.map(|q| q.template.as_str());
        let of_nudge = question.and_then(|q| q.nudge.as_deref());
        let rung = origin.strip_prefix("reminder:").and_then(|r| self.reminders.get(r));
        let of_reminder = rung.map(|r| r.template.as_str());
        [of_form, of_node, of_ask, of_nudge, of_reminder].contains(&Some(template))
    }
}
