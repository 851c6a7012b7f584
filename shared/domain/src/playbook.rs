//! All that was agreed with one client, as versioned data. The loader (`banto-playbooks`) reads it from a folder.

mod flow;
mod form;
mod question;

use std::collections::BTreeMap;

use jiff::civil::Time;
use jiff::{Span, Timestamp, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ClientId;
use crate::billing::Billing;
use crate::booking::{Menu, Reminder};
use crate::calendar::Calendar;
use crate::fact::FactSpec;
use crate::policy::Policy;

pub use flow::{Flow, Node, Target};
pub use form::{Answers, Category, Classification, Encoding, Form, Keyword, Signature};
pub use question::{Answer, Attach, Class, MailHours, Means, Question, Template};

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

/// When people are left alone, in the practice's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// From, in the evening.
    pub from: Time,
    /// To, in the morning.
    pub to: Time,
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
