//! Mails about an invoice that isn't paid: each once, in their order and no sooner than was agreed, on days on which banks
//! and the practice work, after somebody has looked; none about what a person has to decide. Found from the journal alone.

use std::collections::BTreeMap;

use banto_domain::playbook::{Ladder, step_of};
use banto_domain::{Entry, Id, Playbook};
use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan};

use super::Verdict;
use super::evidence::{Evidence, Filed};
use super::said::zone;
use super::time::rests;

/// How long after its time of the day a mail may still be wanted, in hours.
const OPEN: i64 = 8;

/// An invoice, as its journal tells it so far.
#[derive(Debug, Default)]
struct Told {
    due_on: Date,
    /// The last step that was taken, by its place in the ladder, and when it arrived.
    done: Option<(usize, Timestamp)>,
    checked: Option<Timestamp>,
    settled: bool,
}

/// A mail of a ladder: of which invoice, which step.
type Mails = BTreeMap<Id, (Id, usize)>;

pub(super) fn check(evidence: &Evidence, verdict: &mut Verdict) {
    for (pk, filed) in evidence.cases.iter().filter(|(_, filed)| !filed.playbook.ladders.is_empty()) {
        let (mut invoices, mut mails): (BTreeMap<Id, Told>, Mails) = Default::default();
        let mut disputed = false;
        for kept in &filed.commits {
            let now = kept.commit.recorded_at;
            for stamped in &kept.commit.entries {
                match &stamped.entry {
                    Entry::PaymentDisputed { .. } => disputed = true,
                    Entry::MessageIntended { message, origin, tracks, .. } => {
                        let Some((name, step)) = step_of(origin) else { continue };
                        let Some((invoice, told)) = tracks.iter().find_map(|t| invoices.get_key_value(t)) else {
                            continue;
                        };
                        let ladder = &filed.playbook.ladders[name];
                        let n = ladder.steps.iter().position(|s| s.name == step).unwrap_or(usize::MAX);
                        wanted((pk, filed, ladder), (n, told), now, verdict);
                        let dispute = disputed;
                        verdict.expect("4 nobody who disputes is asked to pay", !dispute, || {
                            format!("{pk}: {origin} {now}")
                        });
                        mails.insert(message.clone(), (invoice.clone(), n));
                    }
                    entry => take(&mut invoices, &mails, entry, now),
                }
            }
        }
    }
}

/// What an entry says of invoices.
fn take(invoices: &mut BTreeMap<Id, Told>, mails: &Mails, entry: &Entry, now: Timestamp) {
    match entry {
        Entry::InvoiceIssued { invoice, due_on, .. } | Entry::InvoiceExtended { invoice, due_on, .. } => {
            let told = invoices.entry(invoice.clone()).or_default();
            (told.due_on, told.done) = (*due_on, None);
        }
        // What is written about the new amount begins anew.
        Entry::InvoiceReduced { invoice, .. } => {
            if let Some(told) = invoices.get_mut(invoice) {
                told.done = None;
            }
        }
        Entry::InvoiceChecked { invoice } => {
            if let Some(told) = invoices.get_mut(invoice) {
                told.checked = Some(now);
            }
        }
        Entry::InvoiceSettled { invoice, .. } => {
            if let Some(told) = invoices.get_mut(invoice) {
                told.settled = true;
            }
        }
        Entry::MessageSent { message, .. } => {
            let of = mails.get(message).and_then(|(invoice, n)| Some((invoices.get_mut(invoice)?, *n)));
            if let Some((told, n)) = of {
                told.done = Some((n, now));
            }
        }
        _ => {}
    }
}

/// A step is wanted: it is the one that comes next, and its time has come.
fn wanted(
    (pk, filed, ladder): (&str, &Filed, &Ladder),
    (n, told): (usize, &Told),
    now: Timestamp,
    verdict: &mut Verdict,
) {
    let what = || format!("{pk}: step {n} at {now}: {told:?}");
    let zone = zone(&filed.playbook.zone);
    let today = now.to_zoned(zone.clone()).date();
    let opens = today.to_datetime(ladder.at).to_zoned(zone.clone()).map_or(Timestamp::MAX, |z| z.timestamp());
    let in_time = opens <= now && now.duration_since(opens).as_hours() < OPEN;
    verdict.expect("9 mails about money leave on working days", in_time && works(&filed.playbook, today), what);
    verdict.expect("4 nobody is asked for what was paid", !told.settled, what);
    let Some(step) = ladder.steps.get(n) else { return verdict.expect("4 a step is one of its ladder", false, what) };
    let done = told.done.map(|(done, at)| (done, at.to_zoned(zone.clone()).date()));
    verdict.expect("4 each mail about money comes once, in its order", done.is_none_or(|(done, _)| done < n), what);
    if step.day <= 0 {
        return verdict.expect("9 a notice comes before the day", today <= told.due_on, what);
    }
    let days = |from: Date| i64::from(today.since(from).map_or(0, |span| span.get_days()));
    verdict.expect("9 nobody is asked before their day is over", days(told.due_on) >= i64::from(step.day), what);
    let gap = done.and_then(|(done, day)| Some((ladder.steps.get(done)?.day, day))).filter(|(day, _)| *day > 0);
    let as_agreed = gap.is_none_or(|(before, day)| days(day) >= i64::from(step.day - before));
    verdict.expect("9 whoever was asked has the time that was agreed", as_agreed, what);
    let mut day = today.saturating_sub(1.day());
    while !bank_works(&filed.playbook, day) {
        day = day.saturating_sub(1.day());
    }
    let looked =
        told.checked.is_some_and(|at| at.to_zoned(zone).date() >= day.max(told.due_on.saturating_add(1.day())));
    verdict.expect("4 somebody looked for the money first", looked, what);
}

fn works(playbook: &Playbook, day: Date) -> bool {
    bank_works(playbook, day) && playbook.calendar.as_ref().is_none_or(|calendar| !rests(calendar, day))
}

/// Banks rest at weekends, on holidays, and from 31 December to 3 January.
fn bank_works(playbook: &Playbook, day: Date) -> bool {
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let calendar = playbook.calendar.as_ref().map(|calendar| {
        let mut bank = calendar.clone();
        bank.breaks.clear();
        bank
    });
    let turn = matches!((day.month(), day.day()), (12, 31) | (1, 1..=3));
    !(weekend || turn || calendar.is_some_and(|bank| rests(&bank, day)))
}
