//! All that was agreed with one client, as versioned data. The loader (`banto-playbooks`) reads it from a folder.
//!
//! ```text
//! people              who works for the client: groups, deputies, shifts
//! fact, form          what can be known, and how it comes in
//! question, template  what people are asked and written
//! gate, stages        what is looked at before a mail leaves, and what leaves by itself
//! flow, policy        where a case goes, and what a rule may decide; request: what a customer may ask for
//! menu, hours, billing  what is booked and bought, when, and how it is paid
//! import              how customers come in who were there before
//! ```

mod approval;
mod billing;
mod emergency;
mod fact;
mod flow;
mod form;
mod gate;
mod hours;
mod import;
mod ladder;
mod menu;
mod people;
mod policy;
mod question;
mod request;
mod stages;
mod template;

use std::collections::BTreeMap;

use jiff::civil::Time;
use jiff::{Span, Timestamp, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ClientId;

pub use approval::{
    APPROVAL_CODE, Approval, Approver, Controls, FROM_PROPOSAL, Harmless, OF_APPROVAL, OF_CODE, OF_MAIL, OF_PLAYBOOK,
    OF_REPLY, PROPOSE_PLAYBOOK, REPLY, RESULTS, UNDO, UNSEND,
};
pub use billing::{Billing, Closing, Prices, Provider, Tolerance};
pub use emergency::{EMERGENCY_NOTE, EmergencyNote, Helpline, OF_EMERGENCY};
pub use fact::{Choice, FactKind, FactSpec, Problem, is_address, is_control, mail_address, normal_address};
pub use flow::{Every, Flow, Node, Start, Suspends, Target, Until};
pub use form::{Answers, Category, Classification, Encoding, Form, Keyword, Signature};
pub use gate::GateRules;
pub use hours::{Break, Calendar, Exception, GroupSession, Holidays, Weekday7, Weekly};
pub use import::{Begins, DISCARDED, FROM_IMPORT, IMPORTED, Import, Meaning, ON_IMPORT, START_IMPORTED, STARTED};
pub use ladder::{Ladder, OF_LADDER, Step, step_of};
pub use menu::{Charge, Menu, Plan, Reminder};
pub use people::{COACHES, Deputy, OPERATORS, People, Person, Shift, To};
pub use policy::{Band, Policy, Rule};
pub use question::{Answer, AskKind, Means, Question};
pub use request::{ALWAYS, About, By, Circumstances, Closes, During, Wanted};
pub use stages::{GOING_LIVE, GoingLive, Part, Stage};
pub use template::{Attach, Class, Effect, MailHours, Template, Topic};

/// Text for people, by language.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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

/// When people are left alone, in the zone of whoever it is.
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
    /// The people as this version has them; who acts is always today's.
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
    /// What is written about an invoice that isn't paid, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ladders: BTreeMap<String, Ladder>,
    /// When sessions may be held. Always today's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
    /// What rules may decide, by name.
    #[serde(default)]
    pub policies: BTreeMap<String, Policy>,
    /// What a customer may ask for at any time, by kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requests: BTreeMap<String, Wanted>,
    /// Who may decide what a rule may not, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub approvals: BTreeMap<String, Approval>,
    /// What the gate looks at beside what it always does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<GateRules>,
    /// What leaves by itself, part by part. Always today's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub going_live: Option<GoingLive>,
    /// Whether somebody else must agree to what one wants.
    #[serde(default, skip_serializing_if = "is_two")]
    pub controls: Controls,
    /// How customers come in who were there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Import>,
    /// Whoever writes an emergency word gets a note at once; without it nobody answers before a person does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyNote>,
    /// Where people in distress find somebody to talk to: what the note says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub helplines: Vec<Helpline>,
}

/// The usual language.
#[must_use]
pub fn japanese() -> String {
    "ja".to_owned()
}

fn is_two(controls: &Controls) -> bool {
    *controls == Controls::Two
}

/// The usual honorific.
#[must_use]
pub fn sama() -> String {
    "様".to_owned()
}

/// The question for a task that a person must look at.
pub const ATTEND: &str = "attend";

/// The question for a task of which nothing can be tried again: a payment, a mail that came back.
pub const HEED: &str = "heed";

/// The question for an emergency (promise 14).
pub const URGENT: &str = "urgent";

/// The flow of a payload that could not be understood.
pub const UNREADABLE: &str = "unreadable";

/// The flow and the template of lists of what waits for a person, in the place of many mails.
pub const DIGEST: &str = "digest";
/// What such a list comes from, in the place of a node.
pub const OF_DIGEST: &str = "digest:";

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

    /// Checks a value for a fact and brings it into its stored form; `None` when there is no such fact. Mails to a customer
    /// don't go to the practice itself.
    #[must_use]
    pub fn take(&self, fact: &str, given: &str) -> Option<Result<String, Problem>> {
        let taken = self.facts.get(fact)?.take(given);
        Some(taken.and_then(|value| if self.is_ours(fact, &value) { Err(Problem::Ours) } else { Ok(value) }))
    }

    /// Whether it says that a customer or who pays is to be written to at an address of the practice's own.
    #[must_use]
    pub fn is_ours(&self, fact: &str, value: &str) -> bool {
        let own = || self.people.all().map(|person| &person.address).chain([&self.sender.address]);
        let value = normal_address(value);
        ["email", "payer_email"].contains(&fact) && own().any(|ours| normal_address(ours) == value)
    }

    /// The practice's zone; UTC only when the playbook was never checked.
    #[must_use]
    pub fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC)
    }

    /// The language in which somebody reads: those outside the customer's, the practice's people the practice's.
    #[must_use]
    pub fn language_of<'a>(&'a self, outside: bool, customer: &'a str) -> &'a str {
        if outside { customer } else { &self.language }
    }

    /// The zone of somebody who works for the practice: their own, or the practice's.
    #[must_use]
    pub fn zone_of(&self, person: &str) -> TimeZone {
        let own = self.people.person(person).and_then(|p| p.zone.as_deref());
        own.and_then(|zone| TimeZone::get(zone).ok()).unwrap_or_else(|| self.time_zone())
    }

    /// The zones of all coaches.
    #[must_use]
    pub fn zones(&self) -> BTreeMap<String, TimeZone> {
        self.people.coaches.iter().map(|c| (c.id.clone(), self.zone_of(&c.id))).collect()
    }

    /// When the quiet hours end in which this instant lies for somebody: for one of the practice's people in their own
    /// hours and zone, else in the practice's.
    #[must_use]
    pub fn quiet_until(&self, person: Option<&str>, now: Timestamp) -> Option<Timestamp> {
        let own = person.and_then(|id| self.people.person(id)).and_then(|p| p.quiet);
        let Quiet { from, to } = own.or(self.quiet)?;
        let zone = person.map_or_else(|| self.time_zone(), |id| self.zone_of(id));
        let local = now.to_zoned(zone.clone());
        let time = local.time();
        let (is_quiet, day) = match from <= to {
            true => (from <= time && time < to, local.date()),
            false if time < to => (true, local.date()),
            false => (from <= time, local.date().tomorrow().unwrap_or(local.date())),
        };
        let ends = day.to_datetime(to).to_zoned(zone).ok()?;
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
        let of_form =
            origin.strip_prefix("form:").and_then(|f| self.forms.get(f)).and_then(|f| f.acknowledge.as_deref());
        let of_node = self.node(flow, origin).and_then(|n| n.template.as_deref());
        let question = about_question.and_then(|q| self.questions.get(q));
        let of_ask = question.map(|q| q.template.as_str());
        let of_nudge = question.and_then(|q| q.nudge.as_deref());
        let rung = origin.strip_prefix("reminder:").and_then(|r| self.reminders.get(r));
        let of_reminder = rung.map(|r| r.template.as_str());
        let step = step_of(origin).and_then(|(ladder, step)| self.ladders.get(ladder)?.step(step));
        let of_dunning = step.map(|step| step.template.as_str());
        let of_emergency = self.emergency.as_ref().filter(|_| origin == OF_EMERGENCY).map(|_| EMERGENCY_NOTE);
        let of_digest = (origin == OF_DIGEST).then_some(DIGEST);
        let of_code = (origin == OF_CODE).then_some(APPROVAL_CODE);
        let of_result = RESULTS.into_iter().find(|name| *name == template && origin.starts_with(OF_APPROVAL));
        let of_reply = (origin == OF_REPLY).then_some(REPLY);
        let of_us = [of_emergency, of_digest, of_code, of_result, of_reply];
        [of_form, of_node, of_ask, of_nudge, of_reminder, of_dunning]
            .into_iter()
            .chain(of_us)
            .any(|may| may == Some(template))
    }
}
