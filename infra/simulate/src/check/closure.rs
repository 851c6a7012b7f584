//! 7 and 9: days that a coach closes. From that moment nothing is taken there; whoever had a booking there is asked for another
//! time, once for each time that its day is closed.

use std::collections::BTreeMap;

use banto_domain::Entry;
use jiff::Timestamp;
use jiff::civil::Date;

use super::Verdict;
use super::booking::Told;
use super::evidence::Evidence;

/// What moves a booking for the coach's sake.
const FOR_THE_COACH: [&str; 2] = ["coach-away", "coach-cannot"];

/// Days that are closed, and how many changes the table had seen by then.
struct Closed<'a> {
    client: &'a str,
    coach: &'a str,
    days: (Date, Date),
    at: Timestamp,
    order: usize,
}

impl Closed<'_> {
    fn has(&self, place: &Told) -> bool {
        let day = place.seat.start.date();
        place.client == self.client && place.seat.coach == self.coach && self.days.0 <= day && day <= self.days.1
    }
}

pub(super) fn check(evidence: &Evidence, told: &BTreeMap<String, Told>, verdict: &mut Verdict) {
    let closed = closed(evidence);
    let asked = asked(evidence);
    for (id, booking) in told {
        let times = asked.get(id).copied().unwrap_or_default();
        let here = |closed: &&Closed<'_>| booking.places().iter().any(|place| closed.has(place));
        let most = closed.iter().filter(here).count();
        verdict.expect("2 nobody is asked twice because of the same days off", times.0 <= most, || {
            format!("{id}: asked {times:?}, closed {most}")
        });
        for closed in &closed {
            for place in booking.places().iter().filter(|place| closed.has(place)) {
                verdict.expect("7 nothing is taken on a day that is closed", place.held < closed.order, || {
                    format!("{id}: {place:?} after {}", closed.at)
                });
                let stood = place.confirmed.is_some_and(|n| n < closed.order) && closed.at < place.begins();
                let gone = place.released.is_some() || place.over.is_some_and(|n| n < closed.order);
                if stood && !gone {
                    verdict.expect("7 what is booked on closed days is moved", times.0 + times.1 > 0, || {
                        format!("{id}: {place:?}")
                    });
                }
            }
        }
    }
}

fn closed(evidence: &Evidence) -> Vec<Closed<'_>> {
    let mut all = Vec::new();
    for filed in evidence.cases.values() {
        for kept in &filed.commits {
            for stamped in &kept.commit.entries {
                if let Entry::DaysClosed { coach, from, to, .. } = &stamped.entry {
                    let at = kept.commit.recorded_at;
                    all.push(Closed { client: &filed.client, coach, days: (*from, *to), at, order: kept.order });
                }
            }
        }
    }
    all
}

/// By booking: how often it was asked for another time because of days off, and by the coach herself.
fn asked(evidence: &Evidence) -> BTreeMap<String, (usize, usize)> {
    let mut all: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let entries = evidence.cases.values().flat_map(|filed| &filed.commits).flat_map(|kept| &kept.commit.entries);
    for stamped in entries {
        let Entry::RequestRaised { kind, tracks, .. } = &stamped.entry else { continue };
        for track in tracks.iter().filter(|_| FOR_THE_COACH.contains(&kind.as_str())) {
            let times = all.entry(track.to_string()).or_default();
            if kind == FOR_THE_COACH[0] { times.0 += 1 } else { times.1 += 1 }
        }
    }
    all
}
