//! Dunning: which step of a ladder comes next about an invoice, and when. It is found from the facts each time; what was
//! planned before counts for nothing.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{Draft, Rejection, business, holidays};
use crate::Id;
use crate::playbook::{Ladder, Playbook, Step, Topic, step_of};
use crate::state::{Case, Invoice, Scope, Token, TokenId};
use crate::steps::DUNNING;

/// How long after its time of the day a mail may still leave, in hours: what comes by night helps nobody.
const OPEN: i64 = 8;
/// Over more days than this nothing rests.
const FAR: usize = 60;

/// What is to be done about an invoice now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn<'a> {
    /// It is paid.
    Paid,
    /// Nothing is owed any more.
    Withdrawn,
    /// A mail of the ladder leaves; then it is looked again at this instant (UTC).
    Step(&'a Step, Timestamp),
    /// Before the next mail somebody looks whether it came in by a way that nobody tells of.
    Look,
    /// Nothing before this instant (UTC).
    Wait(Timestamp),
    /// The ladder has no more to say: a person decides.
    Ended,
}

/// The zone of whoever pays: what a fact says, or the practice's.
#[must_use]
pub fn zone(playbook: &Playbook, case: &Case) -> TimeZone {
    let fact = playbook.billing.as_ref().and_then(|billing| billing.zone_from.as_ref());
    let said = fact.and_then(|fact| case.plain(fact)).and_then(|name| TimeZone::get(name).ok());
    said.unwrap_or_else(|| playbook.time_zone())
}

/// Whether some side flow duns for an invoice, wherever its token stands just now.
///
/// # Errors
/// When there is no case.
pub fn is_led(draft: &Draft<'_>, invoice: &Id) -> Result<bool, Rejection> {
    let duns = |token: &Token| {
        let flow = draft.playbook.flows.get(&token.flow);
        flow.is_some_and(|flow| flow.nodes.values().any(|node| node.action == DUNNING))
    };
    let about = |(id, token): (&TokenId, &Token)| !id.is_main() && token.tracks.contains(invoice) && duns(token);
    Ok(draft.case()?.tokens.iter().any(about))
}

/// What a ladder wants about an invoice now. `looks`: before a mail that follows the last day to pay on, somebody must have
/// looked for the money.
///
/// # Errors
/// When there is no case.
pub fn turn<'a>(draft: &Draft<'_>, ladder: &'a Ladder, id: &Id, looks: bool) -> Result<Turn<'a>, Rejection> {
    let case = draft.case()?;
    let Some(invoice) = case.invoice(id) else { return Ok(Turn::Withdrawn) };
    if invoice.settled {
        return Ok(Turn::Paid);
    }
    let plan = Plan { playbook: draft.playbook, ladder, invoice, zone: zone(draft.playbook, case) };
    if plan.is_doubtful() {
        return Ok(Turn::Ended);
    }
    if is_paused(case, id) {
        return Ok(Turn::Wait(plan.tomorrow(draft.now)));
    }
    let (next, at) = plan.next(draft.now);
    Ok(match next {
        _ if draft.now < at => Turn::Wait(at),
        None => Turn::Ended,
        Some(_) if !plan.is_open(draft.now) => Turn::Wait(plan.tomorrow(draft.now)),
        Some(step) if looks && step.day > 0 && !plan.was_looked_for(draft.now) => Turn::Look,
        Some(step) => Turn::Step(step, plan.tomorrow(draft.now)),
    })
}

/// Whether something about an invoice is open that a mail would disregard: a mail of the ladder is on its way, a person looks
/// at something about it, a request is open, or mails about money are stopped.
fn is_paused(case: &Case, id: &Id) -> bool {
    let mut mails = case.messages().filter(|(_, m)| step_of(&m.origin).is_some() && m.tracks.contains(id));
    let mut tasks = case.asks().filter(|(_, ask)| ask.is_task_about(id));
    let mut requests = case.requests().filter(|(_, request)| request.tracks.contains(id));
    let mut stops = case.suspensions.values().filter(|s| s.scope == Scope::Mails { topic: Topic::Payment });
    mails.next().is_some() || tasks.next().is_some() || requests.next().is_some() || stops.next().is_some()
}

/// A ladder about one invoice.
struct Plan<'a, 'b> {
    playbook: &'b Playbook,
    ladder: &'a Ladder,
    invoice: &'b Invoice,
    zone: TimeZone,
}

impl<'a> Plan<'a, '_> {
    /// Whether only a person may go on: the payer disputes a payment, or a mail came back or was not agreed to.
    fn is_doubtful(&self) -> bool {
        let disputed = self.invoice.payments.values().any(|p| p.disputed > 0);
        disputed || self.invoice.dunned.as_ref().is_some_and(|d| d.stopped)
    }

    /// The next step and when it comes (UTC); no step: when the ladder is over.
    fn next(&self, now: Timestamp) -> (Option<&'a Step>, Timestamp) {
        let done = self.invoice.dunned.as_ref().and_then(|d| Some((self.ladder.step(d.done.as_deref()?)?, d.at?)));
        let mut step = self.ladder.after(done.map(|(step, _)| step.name.as_str()));
        // What is said before the last day to pay on comes too late after it, and too early beside the invoice itself.
        while let Some(early) = step.filter(|s| s.day <= 0 && self.is_over(s, now)) {
            step = self.ladder.after(Some(&early.name));
        }
        let arrived = done.map(|(done, at)| (done, at.to_zoned(self.zone.clone()).date()));
        let Some(next) = step else {
            let last = arrived.map_or(self.invoice.due_on, |(_, day)| day);
            return (None, self.from(plus(last, i64::from(self.ladder.grace))));
        };
        if next.day <= 0 {
            return (step, self.before(next.day));
        }
        let planned = plus(self.invoice.due_on, i64::from(next.day));
        let gap = arrived.filter(|(done, _)| done.day > 0);
        let earliest = gap.map(|(done, day)| plus(day, i64::from(next.day) - i64::from(done.day)));
        (step, self.from(earliest.map_or(planned, |day| day.max(planned))))
    }

    fn is_over(&self, step: &Step, now: Timestamp) -> bool {
        let at = self.before(step.day);
        let later = |at: Timestamp| at.checked_add(24.hours()).unwrap_or(Timestamp::MAX);
        self.invoice.issued_at.is_some_and(|issued| at < later(issued)) || later(at) < now
    }

    /// When a notice leaves: on the last working day up to its own.
    fn before(&self, days: i32) -> Timestamp {
        let day = plus(self.invoice.due_on, i64::from(days));
        let earlier = day.series((-1).day()).take(FAR).find(|day| self.works(*day)).unwrap_or(day);
        self.instant(earlier)
    }

    /// The first instant, from a day on, at which a mail may leave that says that nothing has come in: on a working day, and
    /// not before the bank's next working day after the last day to pay on.
    fn from(&self, day: Date) -> Timestamp {
        let floor = self.bank_has_seen();
        let may = |day: &Date| self.works(*day) && self.instant(*day) >= floor;
        self.instant(day.series(1.day()).take(FAR).find(may).unwrap_or(day))
    }

    /// When the bank's next working day after the last day to pay on begins (UTC), where the practice is.
    fn bank_has_seen(&self) -> Timestamp {
        let over = plus(self.invoice.due_on, 1).to_zoned(self.zone.clone()).map_or(Timestamp::MIN, |z| z.timestamp());
        let last = over.checked_sub(1.second()).unwrap_or(over).to_zoned(self.playbook.time_zone()).date();
        let next = plus(last, 1).series(1.day()).take(FAR).find(|day| bank_works(*day)).unwrap_or(last);
        next.to_zoned(self.playbook.time_zone()).map_or(over, |z| z.timestamp())
    }

    /// Whether a mail of the ladder may leave at an instant: on a working day, from its time of the day on.
    fn is_open(&self, now: Timestamp) -> bool {
        let today = now.to_zoned(self.zone.clone()).date();
        let from = self.instant(today);
        self.works(today) && from <= now && now.duration_since(from).as_hours() < OPEN
    }

    /// Whether somebody looked for the money since the bank's last working day began.
    fn was_looked_for(&self, now: Timestamp) -> bool {
        let today = now.to_zoned(self.playbook.time_zone()).date();
        let last = today.series((-1).day()).skip(1).take(FAR).find(|day| bank_works(*day)).unwrap_or(today);
        let since = last.to_zoned(self.playbook.time_zone()).map_or(now, |z| z.timestamp()).max(self.bank_has_seen());
        self.invoice.checked_at.is_some_and(|at| since <= at)
    }

    /// The next working day's instant.
    fn tomorrow(&self, now: Timestamp) -> Timestamp {
        let today = now.to_zoned(self.zone.clone()).date();
        let next = plus(today, 1).series(1.day()).take(FAR).find(|day| self.works(*day));
        self.instant(next.unwrap_or_else(|| plus(today, 1)))
    }

    fn works(&self, day: Date) -> bool {
        bank_works(day) && business::day(self.playbook, day) == day
    }

    fn instant(&self, day: Date) -> Timestamp {
        day.to_datetime(self.ladder.at).to_zoned(self.zone.clone()).map_or(Timestamp::MAX, |z| z.timestamp())
    }
}

fn plus(day: Date, days: i64) -> Date {
    day.checked_add(days.days()).unwrap_or(day)
}

/// Whether banks work on a day: no Saturday, Sunday, holiday, nor 31 December to 3 January (Banking Act art. 15, order
/// art. 5).
fn bank_works(day: Date) -> bool {
    use jiff::civil::Weekday::{Saturday, Sunday};
    let turn_of_year = matches!((day.month(), day.day()), (12, 31) | (1, 1..=3));
    !(matches!(day.weekday(), Saturday | Sunday) || turn_of_year || holidays::is_holiday(day))
}

#[cfg(test)]
mod tests;
