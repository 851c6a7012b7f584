//! Waiting at a node: for a span, until a day, or until something happens.

use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan};

use super::flow::{self, Here};
use super::{Draft, Rejection, ask, business, instalment, side};
use crate::Id;
use crate::playbook::{Node, Playbook, Until};
use crate::state::{Case, Entry, Pending, STARTS, WAIT_END, What};
use crate::steps::ELAPSED;

/// How long to wait before looking again, when it is only something that may happen that is waited for.
const LOOK_AGAIN: i32 = 30;

/// Takes up what a node that waits is asked for, and flows that start by the clock.
///
/// # Errors
/// When the playbook lacks something.
pub fn take_up(draft: &mut Draft<'_>, step: &Pending) -> Result<(), Rejection> {
    let here = flow::current(draft, step)?;
    match (&step.what, here) {
        (What::Entered { .. }, Some(here)) => begin(draft, &here),
        (What::Fired { timer, .. }, Some(here)) if timer == WAIT_END => {
            // Nothing but an event ends it: the clock only looks whether the case is forgotten.
            if here.node.next.contains_key(ELAPSED) {
                flow::advance(draft, &here.token, ELAPSED)
            } else {
                begin(draft, &here)
            }
        }
        (What::Fired { timer, .. }, _) if timer.starts_with(STARTS) => side::by_schedule(draft, timer),
        _ => ask::skip(draft, "the token has moved on"),
    }
}

/// Begins to wait; what is over already isn't waited for.
fn begin(draft: &mut Draft<'_>, here: &Here<'_>) -> Result<(), Rejection> {
    let case = draft.case()?;
    let until = match instant((draft.playbook, case), here.node, &here.tracks, draft.now) {
        Some(until) if until <= draft.now => return flow::advance(draft, &here.token, ELAPSED),
        Some(until) => until,
        None => draft.playbook.after(draft.now, LOOK_AGAIN.days()),
    };
    draft.push(Entry::WaitStarted { token: here.token.clone(), until: Some(until), then: None })
}

/// A token rests at its node until an instant (UTC), when its function looks again.
///
/// # Errors
/// As [`Draft::push`].
pub fn until(draft: &mut Draft<'_>, here: &Here<'_>, until: Timestamp, function: &str) -> Result<(), Rejection> {
    let (token, then) = (here.token.clone(), Some(function.to_owned()));
    draft.push(Entry::WaitStarted { token, until: Some(until), then })
}

/// When a wait is over (UTC); `None` when only an event ends it, or the fact that says when isn't known.
fn instant((playbook, case): (&Playbook, &Case), node: &Node, tracks: &[Id], now: Timestamp) -> Option<Timestamp> {
    if let Some(span) = node.span {
        return Some(playbook.after(now, span));
    }
    let until = node.until.as_ref()?;
    let day = day((playbook, case), until, tracks, now)?;
    let at = day.to_datetime(until.at.unwrap_or(Time::midnight()));
    at.to_zoned(playbook.time_zone()).ok().map(|z| z.timestamp())
}

/// The civil day to wait for, in the practice's zone.
fn day((playbook, case): (&Playbook, &Case), until: &Until, tracks: &[Id], now: Timestamp) -> Option<Date> {
    let local = now.to_zoned(playbook.time_zone());
    let today = local.date();
    let passed = until.at.is_none_or(|at| at <= local.time());
    let first = if passed { today.tomorrow().unwrap_or(today) } else { today };
    let named = match &until.fact {
        Some(fact) => Some(case.plain(fact)?.parse::<Date>().ok()?),
        None if until.next_part => Some(instalment::next(playbook, case, case.invoice_in(tracks)?.0)?.due_on),
        None if until.expires => Some(case.package.as_ref()?.expires_on?),
        None => None,
    };
    if let Some(day) = named {
        let day = until.plus.map_or(Some(day), |plus| day.checked_add(plus).ok())?;
        let day = until.business_day.map_or(Some(day), |days| working_day(playbook, day, days))?;
        let last = until.at_most.and_then(|span| today.checked_add(span).ok());
        return Some(last.map_or(day, |last| day.min(last)));
    }
    if let Some(weekday) = until.weekday {
        return first.series(1.day()).take(7).find(|d| weekday.is(d.weekday()));
    }
    let days = until.business_day?;
    // Today counts as the 0th while its time is still ahead.
    working_day(playbook, if days == 0 { first } else { today }, days)
}

/// The working day that comes so many after a day; the 0th is that day itself, if it is one.
fn working_day(playbook: &Playbook, mut day: Date, mut left: u32) -> Option<Date> {
    let works = |day: Date| business::day(playbook, day) == day;
    loop {
        if left == 0 && works(day) {
            return Some(day);
        }
        day = day.tomorrow().ok()?;
        if left > 0 && works(day) {
            left -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::practice;
    use super::*;

    fn waits(until: &str, now: &str) -> String {
        let playbook = practice("Asia/Tokyo", serde_json::Value::Null);
        let node: Node = serde_json::from_str(&format!(r#"{{"action":"wait","next":{{}},{until}}}"#)).expect("a node");
        let now: Timestamp = now.parse().expect("an instant");
        let case = serde_json::from_value(serde_json::json!({
            "v": 2, "client": "x", "case": "AAAAAAAAAAAA", "seq": 1, "head": "", "opened_at": now, "recorded_at": now,
            "flow": "f", "playbook_version": 1, "language": "ja", "person": "aaaaaaaaaaaaaaaa", "status": "open",
            "facts": { "started_on": { "plain": "2026-12-01" } }, "tracks": {}, "pending": {}, "timers": {},
        }))
        .expect("a case");
        let at = instant((&playbook, &case), &node, &[], now).expect("an instant");
        at.to_zoned(playbook.time_zone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    #[test]
    fn days_are_the_practices_and_business_days_keep_the_breaks() {
        let friday = "2026-12-25T00:30:00Z"; // 09:30 in Tokyo
        assert_eq!(waits(r#""for":"PT4H""#, friday), "2026-12-25 13:30");
        assert_eq!(waits(r#""until":{"weekday":"fri","at":"10:00"}"#, friday), "2026-12-25 10:00");
        assert_eq!(waits(r#""until":{"weekday":"fri","at":"09:00"}"#, friday), "2027-01-01 09:00");
        assert_eq!(waits(r#""until":{"business_day":0,"at":"10:00"}"#, friday), "2026-12-25 10:00");
        assert_eq!(waits(r#""until":{"business_day":0,"at":"09:00"}"#, friday), "2026-12-28 09:00");
        assert_eq!(waits(r#""until":{"business_day":2,"at":"09:00"}"#, friday), "2027-01-04 09:00");
        assert_eq!(waits(r#""until":{"fact":"started_on","plus":"P30D","at":"08:00"}"#, friday), "2026-12-31 08:00");
    }
}
