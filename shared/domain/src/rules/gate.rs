//! 送信前チェック: small named checks, each of which lets a mail pass or stops it with a reason. Each message passes all of
//! them at its lease, in this order: what is no longer true falls without bothering anybody; what a person must see is shown
//! before the mail waits for the morning.

use jiff::Timestamp;

use super::{Books, approval};
use crate::playbook::{Class, MailHours, OF_MAIL, Template};
use crate::state::{Case, Message, Standing};

/// Why a mail doesn't leave whose reader bounced or complained.
pub const SUPPRESSED: &str = "suppressed";

/// What the gate must know beside the case: today's facts, and whether the mail could be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GateFacts {
    /// The template was revoked since.
    pub revoked: bool,
    /// The recipient bounced or complained.
    pub suppressed: bool,
    /// Another case of the recipient was stopped by an emergency.
    pub stopped: bool,
    /// There is an address to send to.
    pub has_address: bool,
    /// Where it goes, and what that address has used up, when it is outside and nobody proved that it is its owner's.
    pub stranger: Option<(String, Standing)>,
    /// It is one too many to one of the practice's people: what it asks stands on their list.
    pub crowded: bool,
    /// It is a list, and nothing waits any more.
    pub moot: bool,
    /// The placeholder that nothing fills, if the mail could not be written.
    pub unfilled: Option<String>,
    /// The mark of the mail as it would leave, when it waits for an approval or had one.
    pub mark: Option<String>,
}

/// What the gate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may leave.
    Pass,
    /// What it would say is no longer true.
    Drop(String),
    /// A person decides.
    Hold(String),
    /// Whoever must agree to it is asked.
    Approve,
    /// Not now.
    Later(Timestamp),
    /// All automation for this person is stopped.
    Stop,
}

/// One mail at the gate.
struct Mail<'a> {
    case: &'a Case,
    books: Books<'a>,
    message: &'a Message,
    /// The template; none when the playbook has no such one.
    template: Option<&'a Template>,
    facts: &'a GateFacts,
    now: Timestamp,
}

/// A check.
struct Check {
    /// As the journal names it.
    name: &'static str,
    /// What stops the mail, if anything does.
    stops: fn(&Mail<'_>) -> Option<Verdict>,
}

const CHECKS: &[Check] = &[
    Check { name: "still-true", stops: still_true },
    Check { name: "not-stopped", stops: not_stopped },
    Check { name: "template-approved", stops: template_approved },
    Check { name: "stage", stops: stage },
    Check { name: "recipient", stops: recipient },
    Check { name: "filled", stops: filled },
    Check { name: "second-person", stops: second_person },
    Check { name: "hours", stops: hours },
];

/// 送信前チェック: what stops a message, or that nothing does.
#[must_use]
pub fn gate(case: &Case, books: Books<'_>, message: &Message, facts: &GateFacts, now: Timestamp) -> Verdict {
    let template = books.pinned.templates.get(&message.template);
    let mail = Mail { case, books, message, template, facts, now };
    CHECKS.iter().find_map(|check| (check.stops)(&mail)).unwrap_or(Verdict::Pass)
}

/// The names of all checks, in their order.
pub fn checks() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|check| check.name)
}

fn hold(reason: &str) -> Option<Verdict> {
    Some(Verdict::Hold(reason.to_owned()))
}

/// What it says is still so; it isn't a list of nothing.
fn still_true(mail: &Mail<'_>) -> Option<Verdict> {
    let fallen = mail.message.holds.iter().find(|h| !h.is_true(mail.case, mail.now)).map(|hold| hold.name());
    let fallen = fallen.or(mail.facts.moot.then_some("nothing-waits"));
    fallen.map(|reason| Verdict::Drop(reason.to_owned()))
}

/// No emergency stops what this customer gets; the note to whoever wrote it is exempt.
fn not_stopped(mail: &Mail<'_>) -> Option<Verdict> {
    let stops = mail.facts.stopped && mail.message.to.is_outside() && !mail.message.is_of_emergency();
    stops.then_some(Verdict::Stop)
}

/// Somebody approved its template, and nobody revoked it since.
fn template_approved(mail: &Mail<'_>) -> Option<Verdict> {
    match mail.template {
        None => hold("template-unknown"),
        Some(template) if template.approved_by.is_none() => hold("template-not-approved"),
        Some(_) if mail.facts.revoked => hold("template-revoked"),
        Some(_) => None,
    }
}

/// What wants it may send it, where the case stands.
fn stage(mail: &Mail<'_>) -> Option<Verdict> {
    let Mail { case, message, .. } = mail;
    let question = message.about.as_ref().and_then(|id| case.ask(id)).map(|a| a.question.as_str());
    let flow = case.flow_of(message.flow.as_ref());
    let may = mail.books.pinned.may_send(flow, &message.origin, question, &message.template);
    if may { None } else { hold("not-allowed-here") }
}

/// There is an address, which neither bounced nor complained. Nothing silences the practice's own people (promise 15).
fn recipient(mail: &Mail<'_>) -> Option<Verdict> {
    if !mail.facts.has_address {
        hold("no-address")
    } else if mail.facts.suppressed && mail.message.to.is_outside() {
        hold(SUPPRESSED)
    } else {
        None
    }
}

/// All placeholders are filled.
fn filled(mail: &Mail<'_>) -> Option<Verdict> {
    mail.facts.unfilled.as_ref().map(|name| Verdict::Hold(format!("unfilled:{name}")))
}

/// What isn't routine, or what a person wrote freely, leaves exactly as somebody else approved it.
fn second_person(mail: &Mail<'_>) -> Option<Verdict> {
    let template = mail.template?;
    if !approval::is_wanted(template, mail.message) {
        return None;
    }
    let as_approved = mail.message.approved.is_some() && mail.message.approved == mail.facts.mark;
    match as_approved {
        true => None,
        false if mail.books.pinned.approvals.contains_key(OF_MAIL) => Some(Verdict::Approve),
        // A playbook of an earlier day doesn't say who may.
        false if template.class == Class::Exception => hold("not-routine"),
        false => hold("no-approver"),
    }
}

/// It isn't in the reader's quiet hours, unless it may leave at any hour.
fn hours(mail: &Mail<'_>) -> Option<Verdict> {
    let waits = mail.template.is_some_and(|t| t.hours == MailHours::Day);
    let until = mail.books.today.quiet_until(mail.message.to.person(), mail.now).filter(|_| waits);
    until.map(Verdict::Later)
}
