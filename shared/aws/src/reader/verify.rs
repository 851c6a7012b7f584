//! Whether the cases are what their journals say, and none is forgotten. It only reads, and goes on when it finds
//! something: people want to know all of it.

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::keys::mark;
use banto_domain::state::{Entry, Fact, Seat, VERSION, verify};
use banto_domain::{Case, CaseKey, Commit, Id, StoredCommit};
use jiff::Timestamp;
use jiff::civil::Date;

use super::beside;
use super::table::{Indexed, Partition, Table};
use crate::ledger::{LONGEST, Loaded, PutOff};
use crate::{Env, Error, Ledger, Result, desk, items};

/// What an examination found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about: a case, a coach's day, a playbook.
    pub about: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub way_out: &'static str,
}

/// For what was changed or deleted behind our back.
pub(super) const BACKUP: &str = "put the stores back from a backup made before that, or ask who changed them";
/// For an index that has a case wrong.
pub(super) const TOUCH: &str = "put the stores back from a backup; until then nothing wakes this case or shows it";
/// For a case that nobody looks at.
const WAKE: &str = "start the house, and look at its log if it runs; then at its dead letters: banto dead-letters";
/// For a case that fails.
const LOOK: &str = "the log of wake-due says why; what else is found of this case may say more";
/// For what a version can't read.
const UPDATE: &str = "use the version of Banto that wrote it, or a newer one";

/// What a journal says of things that stand beside the case.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Providers' payments that were recorded.
    pub(super) payments: BTreeSet<String>,
    /// Every booking that was ever held.
    pub(super) bookings: BTreeSet<Id>,
    /// Those that are open, with what for, where, and until when they are held.
    pub(super) open: BTreeMap<Id, (String, Seat, Option<Timestamp>)>,
    /// Days on which hours were opened.
    pub(super) opened: BTreeSet<(String, Date)>,
    /// The version of the playbook that the case keeps.
    pub(super) playbook: u32,
    /// Versions that became live by its approval, with the hash of their text.
    pub(super) published: BTreeMap<u32, String>,
}

/// Promise 11: every journal's hash chain holds over the stored bytes, its fold is the stored snapshot, and what stands
/// beside the cases is what the journals say.
///
/// # Errors
/// When the store can't be reached.
pub async fn verify_all(env: &Env) -> Result<(usize, Vec<Finding>)> {
    let table = Table::read(&env.ledger).await?;
    let (mut findings, mut all) = (Vec::new(), BTreeMap::new());
    for (key, partition) in &table.cases {
        let mut case = OfCase { key, partition, findings: Vec::new(), said: Said::default() };
        case.examine(env, &table).await?;
        findings.extend(case.findings);
        all.insert(key.clone(), case.said);
    }
    findings.extend(beside::examine(&table, &all, env.clock.now()));
    Ok((table.cases.len(), findings))
}

/// A case under examination.
struct OfCase<'a> {
    key: &'a CaseKey,
    partition: &'a Partition,
    findings: Vec<Finding>,
    said: Said,
}

impl OfCase<'_> {
    fn finds(&mut self, what: impl Into<String>, way_out: &'static str) {
        self.findings.push(Finding { about: self.key.to_string(), what: what.into(), way_out });
    }

    async fn examine(&mut self, env: &Env, table: &Table) -> Result<()> {
        let journal = env.ledger.journal(self.key).await?;
        if journal.is_empty() {
            self.finds("has no journal", BACKUP);
        }
        let folded = match verify::journal(&journal) {
            Ok(folded) => folded,
            Err(broken) => {
                self.finds(broken.to_string(), BACKUP);
                return Ok(());
            }
        };
        let commits: Vec<Commit> = journal.iter().filter_map(|stored| StoredCommit::open(stored).ok()).collect();
        if commits.iter().any(|commit| commit.key() != *self.key) {
            self.finds("has a commit of another case", BACKUP);
        }
        commits.iter().for_each(|commit| self.hears(commit));
        let loaded = match self.snapshot(env).await {
            Ok(loaded) => loaded,
            Err((what, way_out)) => {
                self.finds(what, way_out);
                return Ok(());
            }
        };
        if folded.as_ref() != Some(&loaded.case) {
            self.finds("the snapshot is not the fold of the journal", BACKUP);
        }
        self.personal(&loaded);
        self.indexes(&loaded.case, env.clock.now());
        self.keeps(&loaded.case);
        if !beside::is_found_by_address(env, table, &loaded, commits.first()) {
            self.finds("is not found by the address it was opened with", BACKUP);
        }
        Ok(())
    }

    /// The snapshot in all its parts, or what is wrong with it and what to do.
    async fn snapshot(&self, env: &Env) -> std::result::Result<Loaded, (String, &'static str)> {
        let missing = || ("its snapshot is missing".to_owned(), BACKUP);
        if self.partition.seq.is_none() {
            return Err(missing());
        }
        match env.ledger.load(self.key).await {
            Ok(loaded) => loaded.ok_or_else(missing),
            Err(Error::Again(said)) if self.partition.v > VERSION => Err((said, UPDATE)),
            Err(error) => Err((format!("its snapshot can't be read: {error}"), BACKUP)),
        }
    }

    /// What a commit says of things beside the case, and of what is stored with it.
    fn hears(&mut self, commit: &Commit) {
        for stamped in &commit.entries {
            match &stamped.entry {
                Entry::PaymentRecorded { payment, provider, .. } if provider != "transfer" => {
                    self.said.payments.insert(payment.clone());
                }
                Entry::BookingHeld { booking, .. } => {
                    self.said.bookings.insert(booking.clone());
                }
                Entry::VersionPublished { version, hash, .. } => {
                    self.said.published.insert(*version, hash.clone());
                }
                Entry::SlotsOpened { coach, days } => {
                    self.said.opened.extend(days.iter().map(|day| (coach.clone(), *day)));
                }
                Entry::InboundUnreadable { inbound, .. }
                | Entry::ImportListed { inbound, .. }
                | Entry::DaysClosed { inbound, .. }
                    if !self.partition.inbound.contains(inbound.as_str()) =>
                {
                    self.finds(format!("the payload {inbound} that it stored is missing"), BACKUP);
                }
                _ => {}
            }
        }
    }

    /// What the customer wrote is what the journal has the marks of.
    fn personal(&mut self, loaded: &Loaded) {
        let Loaded { case, personal, .. } = loaded;
        for (name, fact) in &case.facts {
            let Fact::Personal(marked) = fact else { continue };
            match personal.values.get(name) {
                None => self.finds(format!("what the customer wrote as {name} is missing"), BACKUP),
                Some(value) if mark(&personal.key, &[name, value]) != *marked => {
                    self.finds(format!("what stands as {name} is not what the customer wrote"), BACKUP);
                }
                Some(_) => {}
            }
        }
        for name in personal.values.keys().filter(|name| !case.facts.contains_key(*name)) {
            self.finds(format!("the journal knows nothing of {name}"), BACKUP);
        }
    }

    /// The indexes have what the snapshot asks for: whoever is due is woken, and whoever waits is shown.
    fn indexes(&mut self, case: &Case, now: Timestamp) {
        // An item that changed since the table was read says nothing.
        if self.partition.v != VERSION || self.partition.seq != Some(case.seq) {
            return;
        }
        let asked = case.due_at().map(|at| (items::due_shard(self.key), items::sortable(at)));
        if self.partition.due != asked && !self.is_put_off(asked, now) {
            self.finds("the index of what is due has it wrong", TOUCH);
        }
        if self.partition.desk != desk::keys(case) {
            self.finds("the list of open cases has it wrong", TOUCH);
        }
        let rows = desk::rows(case);
        let wanted: BTreeMap<String, (String, String)> = rows
            .values()
            .map(|row| {
                let pk = desk::work_pk(&self.key.client, &row.who);
                (items::work_item_sk(&row.ask), (pk, desk::work_sk(&self.key.case, row)))
            })
            .collect();
        let stand = self.partition.work.iter().filter_map(|(sk, row)| Some((sk.clone(), row.clone()?)));
        if wanted != stand.collect() {
            self.finds("the desk doesn't show what waits for staff", TOUCH);
        }
    }

    /// Whether the index has it later than asked for because it could not be woken, and not so late that it is forgotten.
    fn is_put_off(&self, asked: Indexed, now: Timestamp) -> bool {
        let latest = items::sortable(now.saturating_add(LONGEST).unwrap_or(Timestamp::MAX));
        let (Some(off), Some((shard, asked))) = (&self.partition.put_off, asked) else { return false };
        let stands = self.partition.due.as_ref().is_some_and(|due| *due == (shard, off.until.clone()));
        stands && off.asked == asked && asked <= off.until && off.until <= latest
    }

    /// What the snapshot has open beside the case.
    fn keeps(&mut self, case: &Case) {
        let open = case
            .bookings()
            .filter(|(_, b)| !b.cancelled)
            .map(|(id, b)| (id.clone(), (b.menu.clone(), b.seat.clone(), b.until)));
        self.said.open = open.collect();
        self.said.playbook = case.playbook_version;
    }
}

/// Promise 13: every open case has a next, and none is overdue by more than a waker needs.
///
/// # Errors
/// When the store can't be reached.
pub async fn examine_all(ledger: &Ledger, now: Timestamp) -> Result<(usize, Vec<Finding>)> {
    let cases = ledger.cases_put_off().await?;
    let mut findings = Vec::new();
    for (key, off) in &cases {
        let found = match (off, ledger.load(key).await) {
            (Some(PutOff { tries, until, .. }), _) => {
                Some((format!("could not be woken {tries} times; it is tried again at {until}"), LOOK))
            }
            (None, Ok(Some(loaded))) => examine(&loaded.case, now).map(|what| (what, WAKE)),
            // What can't be read is found by `verify_all`.
            (None, _) => None,
        };
        findings.extend(found.map(|(what, way_out)| Finding { about: key.to_string(), what, way_out }));
    }
    Ok((cases.len(), findings))
}

fn examine(case: &Case, now: Timestamp) -> Option<String> {
    if case.is_forgotten() {
        return Some("is open, but nothing will ever look at it again".to_owned());
    }
    let overdue = case.due_at().map(|due| now.duration_since(due)).filter(|late| late.as_mins() >= 15)?;
    Some(format!("was due {} minutes ago; is wake-due running?", overdue.as_mins()))
}
