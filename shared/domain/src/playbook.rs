//! All that was agreed with one client, as versioned data. The loader (`banto-playbooks`) reads it from a folder.

use std::collections::BTreeMap;

use jiff::{Span, Timestamp, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ClientId;
use crate::ask::AskKind;
use crate::fact::FactSpec;
use crate::message::Effect;

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
    /// The button's text.
    pub label: Text,
}

/// A mail's template: Markdown with placeholders, by language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Only `routine` passes the gate by itself.
    pub class: Class,
    /// What decides when its fate is unknown.
    pub effect: Effect,
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
    /// Facts that must be known when it is done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<String>,
    /// Outcome → node, or `end:` and how the case ends.
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
}

impl<'a> Target<'a> {
    /// Reads what stands beside an outcome: a node's name, or `end:` and how the case ends.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        text.strip_prefix("end:").map_or(Self::Node(text), Self::End)
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
}

/// The question for a task that a person must look at.
pub const ATTEND: &str = "attend";
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
        [of_form, of_node, of_ask, of_nudge].contains(&Some(template))
    }
}
