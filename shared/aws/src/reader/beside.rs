//! Whether what stands beside the cases fits them: look-ups, payments, coaches' days, playbooks. A case that is gone
//! altogether is known by what still points to it.

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::playbook::UNREADABLE;
use banto_domain::state::{Entry, Fact, Taken, commit};
use banto_domain::{CaseId, CaseKey, ClientId, Commit};
use jiff::Timestamp;

use super::table::Table;
use super::verify::{BACKUP, Finding, Said, TOUCH};
use crate::Env;
use crate::ledger::{Item, Loaded, text};
use crate::playbooks::{Live, holds, version};

/// For a playbook that is not what was published.
const PUBLISH: &str = "publish it again from its folder: banto playbook publish DIR; and ask who changed it";

type All = BTreeMap<CaseKey, Said>;

pub(super) fn examine(table: &Table, all: &All, now: Timestamp) -> Vec<Finding> {
    let mut found: Vec<Finding> = table.unreadable.iter().map(|key| finding(key, "can't be read", BACKUP)).collect();
    found.extend(table.astray.iter().map(|key| finding(key, "an index doesn't have it as it stands", TOUCH)));
    found.extend(missing_cases(table, all));
    found.extend(payments(table, all));
    found.extend(days(table, all, now));
    found.extend(playbooks(table, all));
    found
}

fn finding(about: &impl ToString, what: impl Into<String>, way_out: &'static str) -> Finding {
    Finding { about: about.to_string(), what: what.into(), way_out }
}

/// Whether a case that came with an address is found by it, under the client's key.
pub(super) fn is_found_by_address(env: &Env, table: &Table, loaded: &Loaded, first: Option<&Commit>) -> bool {
    let key = &loaded.case.key;
    let entries = || first.into_iter().flat_map(|commit| &commit.entries).map(|stamped| &stamped.entry);
    // What can't be understood is found by nothing.
    if entries().any(|entry| matches!(entry, Entry::CaseOpened { flow, .. } if flow == UNREADABLE)) {
        return true;
    }
    let address = |entry: &Entry| match entry {
        Entry::FactsRecorded { facts } => facts.get("email").cloned(),
        _ => None,
    };
    let Some(came_with) = entries().find_map(address) else { return true };
    if loaded.case.facts.get("email") == Some(&came_with)
        && let Some(value) = loaded.personal.value(&loaded.case.facts, "email")
        && (matches!(came_with, Fact::Plain(_)) || loaded.personal.values.contains_key("email"))
    {
        return table.look_ups.contains(&(key.client.clone(), env.keys.look_up(&key.client, value), key.case.clone()));
    }
    // It was changed since: under which one it is found, nobody can tell any more.
    table.look_ups.iter().any(|(client, _, case)| *client == key.client && *case == key.case)
}

/// Cases that something points to, and that aren't there.
fn missing_cases(table: &Table, all: &All) -> Vec<Finding> {
    let mut named: BTreeSet<(ClientId, CaseId)> =
        table.look_ups.iter().map(|(client, _, case)| (client.clone(), case.clone())).collect();
    named.extend(table.payments.iter().map(|((client, _), case)| (client.clone(), case.clone())));
    named.extend(table.kept.iter().cloned());
    for ((client, ..), day) in &table.days {
        named.extend(day.taken.iter().map(|taken| (client.clone(), taken.case.clone())));
    }
    let keys = named.into_iter().map(|(client, case)| CaseKey { client, case });
    let gone = keys.filter(|key| !all.contains_key(key));
    gone.map(|key| finding(&key, "is gone: a look-up, a payment or a coach's day still knows it", BACKUP)).collect()
}

/// Each provider's payment that a journal has is known as its case's, and the other way round.
fn payments(table: &Table, all: &All) -> Vec<Finding> {
    let recorded = all.iter().flat_map(|(key, said)| said.payments.iter().map(move |payment| (key, payment)));
    let unknown = recorded
        .filter(|(key, payment)| table.payments.get(&(key.client.clone(), (*payment).clone())) != Some(&key.case));
    let mut found: Vec<Finding> = unknown
        .map(|(key, _)| finding(key, "a payment of its journal would count twice: its mark is gone", BACKUP))
        .collect();
    for ((client, payment), case) in &table.payments {
        let key = CaseKey { client: client.clone(), case: case.clone() };
        if all.get(&key).is_some_and(|said| !said.payments.contains(payment)) {
            found.push(finding(&key, "its journal knows nothing of a payment that is marked as counted", BACKUP));
        }
    }
    found
}

/// Coaches' days have the bookings of the cases, and no others.
fn days(table: &Table, all: &All, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    for (key, said) in all {
        let day = |coach: &str, date| table.days.get(&(key.client.clone(), coach.to_owned(), date));
        for (id, (menu, seat, until)) in &said.open {
            // A hold that ended is anybody's.
            if until.is_some_and(|until| until <= now) {
                continue;
            }
            let wanted = seat.taken(id, &key.case, menu, *until);
            // Whose seat it is no journal tells, and how often it was moved only calendars ask.
            let same = |taken: &Taken| Taken { holder: None, version: wanted.version, ..taken.clone() } == wanted;
            let stands = |date| day(&seat.coach, date).is_some_and(|day| day.taken.iter().any(same));
            if !wanted.days(&seat.time_zone()).into_iter().all(stands) {
                let what = format!("its booking on {} doesn't stand in the day of {}", seat.start, seat.coach);
                found.push(finding(key, what, BACKUP));
            }
        }
        for (coach, date) in &said.opened {
            if day(coach, *date).is_none_or(|day| day.open.is_empty()) {
                found.push(finding(key, format!("the hours that {coach} opened on {date} are gone"), BACKUP));
            }
        }
    }
    for ((client, coach, date), day) in &table.days {
        for taken in &day.taken {
            let key = CaseKey { client: client.clone(), case: taken.case.clone() };
            if all.get(&key).is_some_and(|said| !said.bookings.contains(&taken.booking)) {
                let about = format!("{client} {coach} {date}");
                found.push(finding(&about, format!("is taken for {key}, whose journal knows nothing of it"), BACKUP));
            }
        }
    }
    found
}

/// Each version of a playbook is what was published, and those are there that somebody goes by.
fn playbooks(table: &Table, all: &All) -> Vec<Finding> {
    let mut found = Vec::new();
    for (client, rows) in &table.playbooks {
        for error in rows.iter().filter_map(|row| holds(row, rows)?.err()) {
            found.push(finding(client, error.to_string(), "propose it again from its folder; and ask who changed it"));
        }
    }
    let mut wanted: BTreeSet<(&ClientId, u32)> =
        all.iter().filter(|(_, said)| said.playbook > 0).map(|(key, said)| (&key.client, said.playbook)).collect();
    for (client, rows) in &table.playbooks {
        let live = rows.iter().find(|row| text(row, "sk").is_ok_and(|sk| sk == "LIVE"));
        match live.map(Live::read) {
            Some(Ok(live)) => drop(wanted.insert((client, live.version))),
            Some(Err(error)) => found.push(finding(client, error.to_string(), PUBLISH)),
            None => found.push(finding(client, "what is live of its playbook is gone", PUBLISH)),
        }
        wanted.extend(rows.iter().filter_map(|row| Some((client, version::number(text(row, "sk").ok()?)?))));
    }
    let approved = |client: &ClientId, n: u32| {
        let said = all.iter().filter(|(key, _)| key.client == *client);
        said.filter_map(|(_, said)| said.published.get(&n)).next()
    };
    for (client, n) in wanted {
        let rows: Vec<Item> = table.playbooks.get(client).cloned().unwrap_or_default();
        let about = format!("{client} playbook {n}");
        match version::join(n, &rows) {
            Ok(Some(body)) if approved(client, n).is_some_and(|hash| *hash != commit::hash(&body)) => {
                found.push(finding(&about, "is not what was approved", PUBLISH));
            }
            Ok(Some(_)) => {}
            Ok(None) => found.push(finding(&about, "is gone, and somebody goes by it", BACKUP)),
            Err(error) => found.push(finding(&about, error.to_string(), PUBLISH)),
        }
    }
    found
}
