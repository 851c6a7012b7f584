//! The snapshot in a few fixed parts, so that a commit pays only for what changed. Owns which part a key of the case
//! belongs to, how the parts are told apart from a torn read, and what of a newer writer is carried along unread.
//! Knows nothing of DynamoDB, and of the case only its JSON: a new key, or a new kind of track, needs no change here.
//!
//! | part | what |
//! |---|---|
//! | `S` | hot: the tokens, steps, and all that isn't named below; lists the others |
//! | `SA` | asks: they wait for days, and one that offers slots is long |
//! | `SM` | messages, with the steps that send them: one for each reader, so some side flows at once have many |
//! | `SF` | facts |
//! | `SP` | what the customer wrote: erasable, by writing it anew in a commit |
//! | `ST` | tracks with money and time, and what is counted of them |
//!
//! The timers of a track stand with it.
//!
//! A Query is only read-committed against transactions: `S` of one commit may come with parts of the one before, or the
//! other way round. Every part carries the number of the commit that wrote it, and `S` lists those numbers, so that this
//! is seen. Parts are never deleted, and one that was never written is not listed.
//!
//! **Versions.** A snapshot of an *older* version is folded anew from the journal, which can always be read. One of a
//! *newer* version is left alone: whoever can't read all of it would decide without what it can't see (a suspension, a
//! token), and what was decided stays in the journal for ever. The step waits instead, and its retry or its watchdog
//! brings it to a process that can. Keys beside ours in a snapshot of *our* version are carried along as they are.

use std::collections::BTreeMap;

use banto_domain::rules::Ready;
use banto_domain::state::{Personal, VERSION};
use banto_domain::steps::{self, Way};
use banto_domain::{Case, Id};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::desk::{self, Row};
use crate::{Error, Result};

/// The part that every commit writes, and that lists the others.
pub(crate) const HOT: &str = "S";
const ASKS: &str = "SA";
const MAILS: &str = "SM";
const FACTS: &str = "SF";
const PERSONAL: &str = "SP";
const TRACKS: &str = "ST";
/// The parts beside the hot one.
const OTHERS: [&str; 5] = [ASKS, FACTS, MAILS, PERSONAL, TRACKS];

/// Keys of the case that change with bookings and payments, which is seldom. What is unknown is hot.
const SELDOM: [&str; 3] = ["coach", "opened", "package"];
/// The part that a kind of track belongs to: what is neither an ask nor a message has to do with money or time.
fn part_of(track: &Value) -> &'static str {
    match track["track"].as_str() {
        None => HOT,
        Some("message") => MAILS,
        Some("ask") => ASKS,
        Some(_) => TRACKS,
    }
}

/// A part as it stands in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// The commit that wrote it.
    pub(crate) seq: u64,
    /// JSON.
    pub(crate) body: String,
}

/// What is known of a case's parts, so that the next commit writes only those that changed.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// The parts beside the hot one that stand in the table.
    stored: BTreeMap<&'static str, Part>,
    /// Keys of the case, and of what the customer wrote, that a newer writer put there.
    unread: Map<String, Value>,
    unread_personal: Map<String, Value>,
    /// What the desk's index has of it.
    desk: BTreeMap<Id, Row>,
}

/// The items whose key begins with `S`, as a Query brought them.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// The version of the hot part.
    pub(crate) v: u32,
    /// All that were found, by name.
    pub(crate) found: BTreeMap<String, Part>,
    /// What the hot part lists; `None` before there were parts.
    pub(crate) listed: Option<BTreeMap<String, u64>>,
}

/// What can be made of them.
#[derive(Debug)]
pub(crate) enum Read {
    /// A case, what its customer wrote, and its parts.
    Whole(Box<(Case, Personal, Parts)>),
    /// Some parts are of one commit and some of another: to be read again.
    Torn,
    /// An older version wrote it, when the case had so many commits: the journal is to be folded.
    Older(u64, Box<(Personal, Parts)>),
    /// A newer version wrote it.
    Newer(u32),
}

impl Rows {
    /// Whether all parts are those that the hot one lists. Parts without a hot one are those of a first commit.
    fn is_torn(&self) -> bool {
        if !self.found.contains_key(HOT) {
            return true;
        }
        let Some(listed) = &self.listed else { return false };
        let others = self.found.iter().filter(|(name, _)| *name != HOT);
        let found: BTreeMap<&String, u64> = others.map(|(name, part)| (name, part.seq)).collect();
        found != listed.iter().map(|(name, seq)| (name, *seq)).collect()
    }

    /// Makes a case of them.
    pub(crate) fn read(mut self) -> Result<Read> {
        if self.v > VERSION {
            return Ok(Read::Newer(self.v));
        }
        if self.is_torn() {
            return Ok(Read::Torn);
        }
        let hot = self.found.remove(HOT).ok_or_else(|| Error::Bug("a snapshot lacks its hot part".to_owned()))?;
        let mut parts = Parts::default();
        for name in OTHERS {
            parts.stored.extend(self.found.remove(name).map(|part| (name, part)));
        }
        let personal = match parts.stored.get(PERSONAL) {
            Some(part) => known(&part.body, &mut parts.unread_personal)?,
            None => Personal::default(),
        };
        if self.v < VERSION || self.listed.is_none() {
            // They are written anew, whatever they hold: their cut may have been another.
            parts.stored.iter_mut().filter(|(name, _)| **name != PERSONAL).for_each(|(_, part)| part.body.clear());
            return Ok(Read::Older(hot.seq, Box::new((personal, parts))));
        }
        let mut all = map(&hot.body)?;
        for name in [ASKS, FACTS, MAILS, TRACKS] {
            if let Some(part) = parts.stored.get(name) {
                join(&mut all, map(&part.body)?);
            }
        }
        let case: Case = known_of(all, &mut parts.unread)?;
        parts.desk = desk::rows(&case);
        Ok(Read::Whole(Box::new((case, personal, parts))))
    }
}

/// What a commit writes.
#[derive(Debug)]
pub(crate) struct Writes {
    /// The hot part.
    pub(crate) hot: String,
    /// What it lists.
    pub(crate) listed: BTreeMap<&'static str, u64>,
    /// The other parts, as far as they changed.
    pub(crate) others: Vec<(&'static str, Part)>,
    /// Rows of the desk that are new or changed, and those that are done.
    pub(crate) work: Vec<Row>,
    pub(crate) done: Vec<Id>,
    /// The parts as they will stand then.
    pub(crate) after: Parts,
}

impl Parts {
    /// What a commit has to write on top of these.
    pub(crate) fn next(&self, ready: &Ready) -> Result<Writes> {
        let seq = ready.case.seq;
        let mut all = object(&ready.case)?;
        add_unread(&mut all, &self.unread);
        let mut slow = take(&mut all, &SELDOM);
        slow.extend(take_tracks(&mut all, TRACKS));
        let asks = take_tracks(&mut all, ASKS);
        let mut mails = take_tracks(&mut all, MAILS);
        let way = |step: &Value| step["action"].as_str().and_then(steps::contract).map(|step| step.way);
        mails.extend(take_of(&mut all, "pending", |step| way(step) == Some(Way::Message)));
        let mut wanted = vec![(ASKS, asks), (MAILS, mails), (FACTS, take(&mut all, &["facts"])), (TRACKS, slow)];
        if let Some(personal) = &ready.personal {
            let mut personal = object(personal)?;
            add_unread(&mut personal, &self.unread_personal);
            wanted.push((PERSONAL, personal));
        }
        let (mut after, mut others) = (self.clone(), Vec::new());
        for (name, body) in wanted {
            let stored = self.stored.get(name);
            if stored.is_none() && body.is_empty() {
                continue;
            }
            let part = Part { seq, body: text(&body)? };
            if stored.is_none_or(|stored| stored.body != part.body) {
                after.stored.insert(name, part.clone());
                others.push((name, part));
            }
        }
        after.desk = desk::rows(&ready.case);
        let work = after.desk.iter().filter(|(ask, row)| self.desk.get(*ask) != Some(*row)).map(|(_, row)| row.clone());
        let done = self.desk.keys().filter(|ask| !after.desk.contains_key(*ask)).cloned();
        let (work, done) = (work.collect(), done.collect());
        let listed = after.stored.iter().map(|(name, part)| (*name, part.seq)).collect();
        Ok(Writes { hot: text(&all)?, listed, others, work, done, after })
    }
}

/// Takes keys out of a case. What says nothing yet stays where it costs nothing: a part of its own costs two units.
fn take(all: &mut Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    let says_something = |name: &&&str| all.get(**name).is_some_and(|value| !is_nothing(value));
    let names: Vec<&str> = names.iter().filter(says_something).copied().collect();
    names.into_iter().filter_map(|name| all.remove_entry(name)).collect()
}

/// Takes out of a case the tracks that belong to a part, with their timers.
fn take_tracks(all: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    let mut taken = take_of(all, "tracks", |track| part_of(track) == name);
    let Some(tracks) = taken.get("tracks").and_then(Value::as_object) else { return taken };
    let theirs = |timer: &Value| timer["about"].as_str().is_some_and(|about| tracks.contains_key(about));
    let timers = take_of(all, "timers", theirs);
    taken.extend(timers);
    taken
}

/// Takes out of a case what of one of its maps belongs elsewhere.
fn take_of(all: &mut Map<String, Value>, name: &str, goes: impl Fn(&Value) -> bool) -> Map<String, Value> {
    let Some(values) = all.get_mut(name).and_then(Value::as_object_mut) else { return Map::new() };
    let ids: Vec<String> = values.iter().filter(|(_, value)| goes(value)).map(|(id, _)| id.clone()).collect();
    let taken: Map<_, _> = ids.iter().filter_map(|id| values.remove_entry(id)).collect();
    let part = (!taken.is_empty()).then(|| (name.to_owned(), Value::Object(taken)));
    part.into_iter().collect()
}

/// A value that says nothing yet: `0`, `[]`, `{}`, `null`.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Number(n) => n.as_u64() == Some(0),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::String(_) => false,
    }
}

/// Puts a part back: its keys beside the others, its tracks among the others.
fn join(all: &mut Map<String, Value>, part: Map<String, Value>) {
    for (name, value) in part {
        match (all.get_mut(&name), value) {
            (Some(Value::Object(into)), Value::Object(more)) => into.extend(more),
            (_, value) => drop(all.insert(name, value)),
        }
    }
}

/// Reads a value, and sets aside the keys that it doesn't know.
fn known<T: DeserializeOwned + Serialize>(body: &str, unread: &mut Map<String, Value>) -> Result<T> {
    known_of(map(body)?, unread)
}

fn known_of<T: DeserializeOwned + Serialize>(
    mut all: Map<String, Value>,
    unread: &mut Map<String, Value>,
) -> Result<T> {
    let value: T = serde_json::from_value(Value::Object(all.clone())).map_err(|e| unreadable(&e))?;
    let ours = object(&value)?;
    all.retain(|name, _| !ours.contains_key(name));
    *unread = all;
    Ok(value)
}

fn add_unread(all: &mut Map<String, Value>, unread: &Map<String, Value>) {
    for (name, value) in unread {
        all.entry(name).or_insert_with(|| value.clone());
    }
}

fn object(value: &impl Serialize) -> Result<Map<String, Value>> {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Error::Bug("a part is no object".to_owned())),
        Err(e) => Err(Error::Bug(e.to_string())),
    }
}

fn map(body: &str) -> Result<Map<String, Value>> {
    serde_json::from_str(body).map_err(|e| unreadable(&e))
}

fn text(map: &Map<String, Value>) -> Result<String> {
    serde_json::to_string(map).map_err(|e| Error::Bug(e.to_string()))
}

fn unreadable(error: &serde_json::Error) -> Error {
    Error::Bug(format!("a snapshot can't be read: {error}"))
}
