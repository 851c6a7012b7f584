//! 送信前チェック: small named checks, each of which lets a mail pass or stops it with a reason. Each message passes all of
//! them at its lease, in this order: what is no longer true falls without bothering anybody; what a person must see is shown
//! before the mail waits for the morning.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{Books, approval, stages};
use crate::playbook::{Class, GateRules, MailHours, Playbook, Stage, Template, Topic};
use crate::state::{Case, Message, Staged, Standing};

/// Why a mail doesn't leave whose reader bounced or complained.
pub const SUPPRESSED: &str = "suppressed";

/// What the gate must know beside the case: today's facts, and whether the mail could be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GateFacts {
    /// The template was revoked since.
    pub revoked: bool,
    /// The recipient bounced or complained.
    pub suppressed: bool,
    /// Whoever reads it wants nothing promoted.
    pub unsubscribed: bool,
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
    /// An amount that the mail says and that is neither the invoice's nor a price.
    pub odd_amount: Option<String>,
    /// How far the part that it belongs to has gone live; none when all that was agreed leaves by itself.
    pub staged: Option<Staged>,
    /// A person wrote it, and nothing stands in it that matters.
    pub harmless: bool,
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
    /// It goes to the coach, as a sample.
    Sample,
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
    /// Whether the practice has it looked at.
    applies: fn(&Playbook) -> bool,
    /// What stops the mail, if anything does.
    stops: fn(&Mail<'_>) -> Option<Verdict>,
}

const STAGE: &str = "stage";

const CHECKS: &[Check] = &[
    Check::always("still-true", still_true),
    Check::always("not-stopped", not_stopped),
    Check::always("template-approved", template_approved),
    Check::always("in-its-place", in_its_place),
    Check { name: STAGE, applies: |p| p.going_live.is_some(), stops: stage },
    Check::always("recipient", recipient),
    Check::always("not-unsubscribed", not_unsubscribed),
    Check { name: "consent", applies: |p| chosen(p, |r| r.consent.is_some()), stops: consent },
    Check::always("filled", filled),
    Check { name: "amounts", applies: |p| chosen(p, |r| r.amounts), stops: amounts },
    Check { name: "not-the-same", applies: |p| chosen(p, |r| r.same_within.is_some()), stops: not_the_same },
    Check::always("second-person", second_person),
    Check::always("hours", hours),
    Check { name: "weekdays", applies: |p| chosen(p, |r| !r.weekdays.is_empty()), stops: weekdays },
    Check { name: "per-day", applies: |p| chosen(p, |r| r.per_day.is_some()), stops: per_day },
];

impl Check {
    const fn always(name: &'static str, stops: fn(&Mail<'_>) -> Option<Verdict>) -> Self {
        Self { name, applies: |_| true, stops }
    }

    /// How far a practice has gone live is always today's; the rest is as the case keeps it.
    fn is_for(&self, books: Books<'_>) -> bool {
        (self.applies)(if self.name == STAGE { books.today } else { books.pinned })
    }
}

/// Whether a practice chose a check.
fn chosen(playbook: &Playbook, has: impl Fn(&GateRules) -> bool) -> bool {
    playbook.gate.as_ref().is_some_and(has)
}

/// 送信前チェック: what stops a message, or that nothing does.
#[must_use]
pub fn gate(case: &Case, books: Books<'_>, message: &Message, facts: &GateFacts, now: Timestamp) -> Verdict {
    let template = books.pinned.templates.get(&message.template);
    let mail = Mail { case, books, message, template, facts, now };
    let mut checks = CHECKS.iter().filter(|check| check.is_for(books));
    checks.find_map(|check| (check.stops)(&mail)).unwrap_or(Verdict::Pass)
}

/// The names of the checks that a practice has its mails looked at by, in their order.
pub fn applied(books: Books<'_>) -> impl Iterator<Item = &'static str> {
    CHECKS.iter().filter(move |check| check.is_for(books)).map(|check| check.name)
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
fn in_its_place(mail: &Mail<'_>) -> Option<Verdict> {
    let Mail { case, message, .. } = mail;
    let question = message.about.as_ref().and_then(|id| case.ask(id)).map(|a| a.question.as_str());
    let flow = case.flow_of(message.flow.as_ref());
    let may = mail.books.pinned.may_send(flow, &message.origin, question, &message.template);
    if may { None } else { hold("not-allowed-here") }
}

/// Until its part goes live, the coach gets it as a sample.
fn stage(mail: &Mail<'_>) -> Option<Verdict> {
    let shows = mail.message.sample.is_none() && mail.stage() == Some(Stage::Sample);
    (shows && stages::concerns(mail.message)).then_some(Verdict::Sample)
}

/// There is an address, which neither bounced nor complained. Nothing silences the practice's own people (promise 15).
fn recipient(mail: &Mail<'_>) -> Option<Verdict> {
    if !mail.facts.has_address {
        hold("no-address")
    } else if mail.facts.suppressed && mail.message.reader().is_outside() {
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
    if mail.message.sample.is_some() || !approval::is_wanted(template, mail.message, mail.stage()) {
        return None;
    }
    if approval::is_own_words(mail.books, template, mail.message, mail.stage()) {
        return None;
    }
    let as_approved = mail.message.approved.is_some() && mail.message.approved == mail.facts.mark;
    match as_approved {
        true => None,
        false if mail.may_be_approved() => Some(Verdict::Approve),
        // A playbook of an earlier day doesn't say who may.
        false if template.class == Class::Exception => hold("not-routine"),
        false => hold("no-approver"),
    }
}

/// It isn't in the reader's quiet hours, unless it may leave at any hour.
fn hours(mail: &Mail<'_>) -> Option<Verdict> {
    let waits = mail.template.is_some_and(|t| t.hours == MailHours::Day);
    let until = mail.books.today.quiet_until(mail.message.reader().person(), mail.now).filter(|_| waits);
    until.map(Verdict::Later)
}

/// Nothing is promoted to somebody who doesn't want that (特定電子メール法 第3条第3項).
fn not_unsubscribed(mail: &Mail<'_>) -> Option<Verdict> {
    let promotes = mail.message.topic == Topic::Promotion && mail.message.reader().is_outside();
    (promotes && mail.facts.unsubscribed).then(|| Verdict::Drop("unsubscribed".to_owned()))
}

/// Nothing is promoted to somebody who neither agreed to it nor bought anything (特定電子メール法 第3条).
fn consent(mail: &Mail<'_>) -> Option<Verdict> {
    let fact = mail.rules()?.consent.as_ref()?;
    let promotes = mail.message.topic == Topic::Promotion && mail.message.to.is_outside();
    let may = mail.case.has_paid() || mail.case.plain(fact) == Some("yes");
    (promotes && !may).then(|| Verdict::Drop("no-consent".to_owned()))
}

/// The amounts that it says are the invoice's, or prices; unless somebody approved it as it is.
fn amounts(mail: &Mail<'_>) -> Option<Verdict> {
    let is_seen = mail.template.is_some_and(|template| approval::is_wanted(template, mail.message, mail.stage()));
    let odd = mail.facts.odd_amount.as_ref().filter(|_| !is_seen);
    odd.map(|amount| Verdict::Hold(format!("amount-differs:{amount}")))
}

/// The same didn't leave a moment ago, unless a person lets it go.
fn not_the_same(mail: &Mail<'_>) -> Option<Verdict> {
    let within = mail.rules()?.same_within?;
    let same = mail.message.same().filter(|_| !mail.message.released && mail.message.attempts == 0)?;
    let left = mail.case.counters.lately.iter().find(|(other, _)| *other == same)?.1;
    if mail.now < mail.books.pinned.after(left, within) { hold("same-lately") } else { None }
}

/// It is a day on which what may wait leaves.
fn weekdays(mail: &Mail<'_>) -> Option<Verdict> {
    let days = &mail.rules()?.weekdays;
    mail.template.filter(|t| t.hours == MailHours::Day)?;
    mail.next_day(|date| days.iter().any(|day| day.is(date.weekday())))
}

/// Whoever got many mails today gets what promotes something, or asks for money, tomorrow.
fn per_day(mail: &Mail<'_>) -> Option<Verdict> {
    let most = mail.rules()?.per_day?;
    let Mail { case, message, .. } = mail;
    let can_wait = message.to.is_outside() && message.topic != Topic::Service && !message.released;
    let today = case.counters.mails.get(&message.to).map_or(0, |tally| tally.on_day_of(mail.now));
    let now = mail.now.to_zoned(mail.books.today.time_zone()).date();
    let later = mail.next_day(|date| date != now).filter(|_| can_wait && today > most);
    // Mails are counted by days of UTC.
    let tomorrow = mail.now.to_zoned(TimeZone::UTC).tomorrow().and_then(|next| next.start_of_day());
    later.map(|verdict| match (verdict, tomorrow) {
        (Verdict::Later(until), Ok(tomorrow)) => Verdict::Later(until.max(tomorrow.timestamp())),
        (verdict, _) => verdict,
    })
}

impl Mail<'_> {
    /// How far its part has gone live.
    fn stage(&self) -> Option<Stage> {
        self.facts.staged.as_ref().map(|staged| staged.stage)
    }

    /// Whether the practice says who may approve it.
    fn may_be_approved(&self) -> bool {
        let Books { pinned, today } = self.books;
        pinned.approvals.contains_key(approval::of_mail(today, self.template, self.message))
    }

    /// What the practice chose.
    fn rules(&self) -> Option<&GateRules> {
        self.books.pinned.gate.as_ref()
    }

    /// It waits for the first day that fits, at the end of quiet hours; nothing when that is today.
    fn next_day(&self, fits: impl Fn(jiff::civil::Date) -> bool) -> Option<Verdict> {
        let zone = self.books.today.time_zone();
        let today = self.now.to_zoned(zone.clone()).date();
        let day = today.series(1.day()).take(9).find(|date| fits(*date)).filter(|date| *date != today)?;
        let at = self.books.today.quiet.map_or_else(|| jiff::civil::time(9, 0, 0, 0), |quiet| quiet.to);
        let at = day.to_datetime(at).to_zoned(zone).ok()?;
        Some(Verdict::Later(at.timestamp()))
    }
}
