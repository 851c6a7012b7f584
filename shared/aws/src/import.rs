//! Customers who were there before Banto come into the table: first it is looked what would come of each row, and only
//! when nothing is wrong each becomes a case, and one more case asks a coach whether they may begin. Done twice, or after it
//! was broken off, it ends the same. Owns no rule of what a row means: that is the domain's.

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::playbook::Import;
use banto_domain::rules::import::{self, Around, Fault, IMPORT_CUSTOMERS, List, Listed, NotIn, Row, batch, collector};
use banto_domain::state::{Day, Room, Taken};
use banto_domain::{Actor, Case, CaseId, CaseKey, Id, Playbook, Rejection};
use jiff::civil::Date;

use crate::{Changed, Env, Error, Plan, Result};

/// How often a coach's day may be changed by others while a row comes in.
const MAX_RACES: u32 = 8;

/// What is to become of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It comes in.
    New {
        /// Cases that know its address; a person decides whether they are one customer.
        same_address: Vec<CaseId>,
    },
    /// It came in before, just so.
    Here,
    /// The customer is here already, by a row that said something else. It stays as it is.
    Differs,
}

/// A row with its case, and what is to become of it.
#[derive(Debug, Clone)]
pub struct Found {
    /// What the list says.
    pub row: Row,
    /// Its case.
    pub key: CaseKey,
    /// What opens it.
    pub cause: Id,
    /// What is to become of it.
    pub fate: Fate,
    /// It waits for a coach's word, and no coach is asked: the import that brought it was broken off.
    pub unasked: bool,
}

/// What an import would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Each row that could be read, in the order of the list.
    pub found: Vec<Found>,
    /// What is wrong: with anything in it, nothing comes in.
    pub faults: Vec<Fault>,
    /// The import that it would be.
    pub batch: Id,
}

impl Preview {
    /// The rows of which a coach is asked: those that come in, and those that an import left behind which was broken off.
    pub fn asked(&self) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(|found| found.unasked || matches!(found.fate, Fate::New { .. }))
    }
}

/// What came of an import.
#[derive(Debug, Clone)]
pub struct Imported {
    /// How many cases were opened.
    pub opened: usize,
    /// How many a coach is asked about: also those that an earlier import left behind.
    pub asked: usize,
    /// The case in which a coach is asked; `None` when there was nothing to ask about.
    pub asks: Option<CaseKey>,
}

/// What is looked at, row by row.
struct Survey<'a> {
    env: &'a Env,
    playbook: &'a Playbook,
    list: &'a List,
    batch: &'a Id,
    /// The coaches' days, with what the rows so far take.
    days: BTreeMap<(String, Date), Day>,
    /// Whom a coach is asked about, by import.
    asked: BTreeMap<Id, BTreeSet<CaseId>>,
}

impl Survey<'_> {
    async fn fate(&mut self, row: &Row, key: &CaseKey, cause: &Id) -> Result<(Fate, bool)> {
        let (ledger, keys) = (&self.env.ledger, &self.env.keys);
        let Some(loaded) = ledger.load(key).await? else {
            let known = ledger.look_up(&key.client, &keys.look_up(&key.client, row.address())).await?;
            return Ok((Fate::New { same_address: known.cases }, false));
        };
        let same = ledger.taken_up(key, cause, IMPORT_CUSTOMERS).await?.is_some();
        let unasked = self.is_unasked(&loaded.case).await?;
        Ok((if same { Fate::Here } else { Fate::Differs }, unasked))
    }

    /// Whether a case waits for a word that nobody is asked for: neither by the import that brought it, nor by this one.
    async fn is_unasked(&mut self, case: &Case) -> Result<bool> {
        let Some(batch) = import::waits(case) else { return Ok(false) };
        for batch in [&batch, self.batch] {
            if !self.asked.contains_key(batch) {
                let asked = self.asked_in(batch).await?;
                self.asked.insert(batch.clone(), asked);
            }
            if self.asked.get(batch).is_some_and(|asked| asked.contains(&case.key.case)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Those that a coach is or was asked about.
    async fn asked_in(&self, batch: &Id) -> Result<BTreeSet<CaseId>> {
        let ledger = &self.env.ledger;
        let asks = ledger.load(&collector(&self.playbook.client, batch)).await?;
        let Some((key, inbound)) = asks.and_then(|asks| Some((asks.case.key, asks.case.inbound?))) else {
            return Ok(BTreeSet::new());
        };
        let list = ledger.inbound(&key, &inbound).await?.unwrap_or_default();
        Ok(import::listed(&String::from_utf8_lossy(&list)).into_iter().collect())
    }

    /// Whether the coach has no time for a row, with what the rows before it take.
    async fn collision(&mut self, row: &Row, key: &CaseKey) -> Result<Option<Fault>> {
        let holder = self.env.holder_of(self.playbook, row);
        let (Some(seat), Some(wanted)) = (&row.seat, import::taken(row, key, holder)) else { return Ok(None) };
        let room = self.env.room(self.playbook, &row.menu, seat.group.as_deref());
        for date in wanted.days(&seat.time_zone()) {
            let of_coach = (seat.coach.clone(), date);
            if !self.days.contains_key(&of_coach) {
                let stored = self.env.days_at(key, &seat.coach, &[date]).await?;
                self.days.insert(of_coach.clone(), stored.get(&date).cloned().unwrap_or_default());
            }
            let day = self.days.entry(of_coach).or_default();
            match day.take(wanted.clone(), room, self.env.clock.now()) {
                Ok(taken) => *day = taken,
                Err(why) => return Ok(Some(import::collides(&self.list.header, row, why))),
            }
        }
        Ok(None)
    }
}

impl Env {
    /// Looks what would become of each row, and changes nothing.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn preview_import(&self, playbook: &Playbook, import: &Import, list: &List) -> Result<Preview> {
        let mut faults = list.faults.clone();
        faults.extend(import::too_many(list));
        let batch = batch(&playbook.client, list.rows.iter().map(|row| row.cause(&self.keys, playbook)).collect());
        let (days, asked) = (BTreeMap::new(), BTreeMap::new());
        let mut survey = Survey { env: self, playbook, list, batch: &batch, days, asked };
        let (mut found, now) = (Vec::new(), self.clock.now());
        let today = now.to_zoned(playbook.time_zone()).date();
        for row in &list.rows {
            let (key, cause) = (row.key(&self.keys, playbook), row.cause(&self.keys, playbook));
            let (fate, unasked) = survey.fate(row, &key, &cause).await?;
            if matches!(fate, Fate::New { .. }) {
                faults.extend(row.late(playbook, &list.header, now));
                faults.extend(import::nowhere(playbook, import, row, today));
                faults.extend(survey.collision(row, &key).await?);
            }
            found.push(Found { row: row.clone(), key, cause, fate, unasked });
        }
        faults.sort();
        Ok(Preview { found, faults, batch })
    }

    fn holder_of(&self, playbook: &Playbook, row: &Row) -> Option<String> {
        let group = row.seat.as_ref()?.group.as_deref()?;
        Some(self.keys.seat(&playbook.client, group, row.address()))
    }

    /// Lets every row come in that isn't here yet, and asks a coach about them. Nothing of what is wrong comes in.
    ///
    /// # Errors
    /// When something is wrong with it, the store can't be reached, or somebody took a coach's time meanwhile: what came in
    /// stays, and the same list goes on from there.
    pub async fn import(&self, playbook: &Playbook, preview: &Preview, actor: &Actor) -> Result<Imported> {
        if !preview.faults.is_empty() {
            return Err(Error::Refused("something is wrong with the list".to_owned()));
        }
        let mut opened = 0;
        for found in &preview.found {
            if let Fate::New { same_address } = &found.fate {
                self.import_row(playbook, found, (same_address, &preview.batch), actor).await?;
                opened += 1;
            }
        }
        let listed: Vec<Listed<'_>> =
            preview.asked().map(|found| Listed { case: found.key.case.clone(), row: &found.row }).collect();
        let asks = match listed.is_empty() {
            true => None,
            false => Some(self.ask_to_start(playbook, (&preview.batch, &listed), actor).await?),
        };
        Ok(Imported { opened, asked: listed.len(), asks })
    }

    async fn import_row(
        &self,
        playbook: &Playbook,
        found: &Found,
        (same_address, batch): (&[CaseId], &Id),
        actor: &Actor,
    ) -> Result<()> {
        let Found { row, key, cause, .. } = found;
        let plan = Plan { key, function: IMPORT_CUSTOMERS, actor: actor.clone() };
        for race in 0..MAX_RACES {
            let around = self.around(playbook, (row, key), (same_address, batch)).await?;
            let changed =
                self.open(&plan, cause, playbook, |draft| import::open(draft, key, row, around.clone())).await?;
            match changed {
                Changed::Mine(..) | Changed::Before(_) => return Ok(()),
                Changed::Unmet(_) => self.pause(race).await?,
                Changed::Refused(NotIn::NotFree(_)) => {
                    return Err(Error::Refused(format!("line {}: the coach's time was taken meanwhile", row.line)));
                }
                Changed::Refused(NotIn::Rejected(rejection)) => return Err(Error::Bug(rejection.to_string())),
                Changed::NoCase | Changed::Nothing => {
                    return Err(Error::Bug("a case that was opened is not there".to_owned()));
                }
            }
        }
        Err(Error::Again(format!("{key}: somebody else was faster {MAX_RACES} times")))
    }

    async fn around(
        &self,
        playbook: &Playbook,
        (row, key): (&Row, &CaseKey),
        (same_address, batch): (&[CaseId], &Id),
    ) -> Result<Around> {
        let holder = self.holder_of(playbook, row);
        let wanted: Option<Taken> = import::taken(row, key, holder.clone());
        let days = match row.seat.as_ref().zip(wanted.as_ref()) {
            Some((seat, wanted)) => self.days_of(key, seat, wanted).await?,
            None => BTreeMap::new(),
        };
        let group = row.seat.as_ref().and_then(|seat| seat.group.as_deref());
        let room: Room = self.room(playbook, &row.menu, group);
        Ok(Around { batch: batch.clone(), same_address: same_address.to_vec(), days, room, holder })
    }

    /// Asks a coach about these: the same ones are asked about once.
    async fn ask_to_start(
        &self,
        playbook: &Playbook,
        (batch, listed): (&Id, &[Listed<'_>]),
        actor: &Actor,
    ) -> Result<CaseKey> {
        let list = import::list(playbook, listed);
        let key = collector(&playbook.client, batch);
        let cause = Id::derive(&[IMPORT_CUSTOMERS, batch.as_str()]);
        let plan = Plan { key: &key, function: IMPORT_CUSTOMERS, actor: actor.clone() };
        let cases = u32::try_from(listed.len()).unwrap_or(u32::MAX);
        let opened = self
            .open(&plan, &cause, playbook, |draft| -> std::result::Result<(), Rejection> {
                import::ask(draft, &key, &list, cases)
            })
            .await?;
        match opened {
            Changed::Mine(..) | Changed::Before(_) => Ok(key),
            Changed::Refused(rejection) => Err(Error::Bug(rejection.to_string())),
            _ => Err(Error::Bug(format!("{key} could not be opened"))),
        }
    }
}
