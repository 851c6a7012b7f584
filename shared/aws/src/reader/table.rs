//! All that stands in the table, in short: one pass over it, without what customers wrote and without the journals.

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::state::Day;
use banto_domain::{CaseId, CaseKey, ClientId};
use jiff::civil::Date;

use crate::ledger::{Item, PutOff, again, text};
use crate::{Ledger, Result, items, parts};

/// What an item stands under in an index: its hash and its range key.
pub(super) type Indexed = Option<(String, String)>;

/// A case's partition.
#[derive(Debug, Default)]
pub(super) struct Partition {
    /// The commit that wrote the hot part; `None` when there is no hot part.
    pub(super) seq: Option<u64>,
    /// The version that wrote it.
    pub(super) v: u32,
    /// In the index of what is due, and in the desk's.
    pub(super) due: Indexed,
    pub(super) desk: Indexed,
    /// It could not be woken, so that it stands there later than its snapshot asks for.
    pub(super) put_off: Option<PutOff>,
    /// Asks to staff, by sort key, in the desk's index.
    pub(super) work: BTreeMap<String, Indexed>,
    /// Ids of payloads that were stored as they came.
    pub(super) inbound: BTreeSet<String>,
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) cases: BTreeMap<CaseKey, Partition>,
    /// By client and HMAC.
    pub(super) look_ups: BTreeSet<(ClientId, String, CaseId)>,
    /// By client and the provider's id.
    pub(super) payments: BTreeMap<(ClientId, String), CaseId>,
    /// Cases that keep what was told of a payment before it came.
    pub(super) kept: BTreeSet<(ClientId, CaseId)>,
    pub(super) days: BTreeMap<(ClientId, String, Date), Day>,
    /// The items of playbooks.
    pub(super) playbooks: BTreeMap<ClientId, Vec<Item>>,
    /// Keys of items that can't be read.
    pub(super) unreadable: Vec<String>,
    /// Keys of items that an index doesn't have as they stand, or has although they don't.
    pub(super) astray: BTreeSet<String>,
}

/// The indexes, with their hash and range keys.
const INDEXES: [(&str, &str, &str); 2] = [("due", "due_shard", "due_at"), ("desk", "desk_pk", "desk_sk")];

impl Table {
    pub(super) async fn read(ledger: &Ledger) -> Result<Self> {
        let call = ledger.client().scan().table_name(ledger.table()).consistent_read(true);
        let mut pages = call.into_paginator().send();
        let (mut table, mut wanted) = (Self::default(), BTreeSet::new());
        while let Some(page) = pages.next().await {
            for row in page.map_err(again)?.items.unwrap_or_default() {
                let (pk, sk) = (text(&row, "pk")?.to_owned(), text(&row, "sk")?.to_owned());
                wanted.extend(INDEXES.iter().filter_map(|index| entry(&row, index)));
                if table.take(&pk, &sk, row).is_none() {
                    table.unreadable.push(format!("{pk} {sk}"));
                }
            }
        }
        let mut stand = BTreeSet::new();
        for index in &INDEXES {
            let call = ledger.client().scan().table_name(ledger.table()).index_name(index.0);
            let mut pages = call.into_paginator().send();
            while let Some(page) = pages.next().await {
                let rows = page.map_err(again)?.items.unwrap_or_default();
                stand.extend(rows.iter().filter_map(|row| entry(row, index)));
            }
        }
        table.astray = wanted.symmetric_difference(&stand).map(|[_, pk, sk, ..]| format!("{pk} {sk}")).collect();
        Ok(table)
    }

    /// Takes an item; `None` when it can't be read.
    fn take(&mut self, pk: &str, sk: &str, row: Item) -> Option<()> {
        let mut key = pk.splitn(3, '#');
        let (kind, client, rest) = (key.next()?, key.next(), key.next());
        let client = client.and_then(|client| ClientId::parse(client).ok());
        match (kind, client, rest) {
            ("CASE", Some(_), Some(_)) => {
                let case = items::read_case_pk(pk).ok()?;
                self.cases.entry(case).or_default().take(sk, &row);
            }
            // What strangers used up in its name; whether that is right no journal tells.
            ("LOOKUP", Some(_), Some(_)) if sk == items::STRANGER => drop(items::read_standing(&row).ok()?),
            ("LOOKUP", Some(_), Some(_)) if sk == items::PROVEN => {}
            ("LOOKUP", Some(client), Some(hmac)) => {
                self.look_ups.insert((client, hmac.to_owned(), CaseId::parse(sk).ok()?));
            }
            ("PAYMENT", Some(client), Some(id)) => {
                let mark = items::read_mark(&row).ok()?;
                self.kept.extend(mark.waiting.into_iter().map(|waiting| (client.clone(), waiting.kept)));
                self.payments.extend(mark.case.map(|case| ((client, id.to_owned()), case)));
            }
            ("CALENDAR", Some(client), Some(coach)) => {
                let (date, day) = items::read_day(&row).ok()?;
                self.days.insert((client, coach.to_owned(), date), day);
            }
            ("PLAYBOOK", Some(client), None) => self.playbooks.entry(client).or_default().push(row),
            _ => {}
        }
        Some(())
    }
}

/// How an item stands in an index: which one, the item's keys, and the index's.
fn entry(row: &Item, (index, hash, range): &(&str, &str, &str)) -> Option<[String; 5]> {
    let value = |name: &str| row.get(name).and_then(|v| v.as_s().ok()).cloned();
    Some([(*index).to_owned(), value("pk")?, value("sk")?, value(hash)?, value(range)?])
}

impl Partition {
    fn take(&mut self, sk: &str, row: &Item) {
        let indexed = |index: &str, hash: &str, range: &str| {
            let value = |name: &str| row.get(&format!("{index}_{name}")).and_then(|v| v.as_s().ok()).cloned();
            value(hash).zip(value(range))
        };
        match sk.split('#').collect::<Vec<_>>().as_slice() {
            [parts::HOT] => {
                self.seq = Some(items::number(row, "seq"));
                self.v = items::number(row, "v");
                (self.due, self.desk) = (indexed("due", "shard", "at"), indexed("desk", "pk", "sk"));
                self.put_off = PutOff::read(row);
            }
            ["D", _] => drop(self.work.insert(sk.to_owned(), indexed("desk", "pk", "sk"))),
            ["I", id, _] => drop(self.inbound.insert((*id).to_owned())),
            _ => {}
        }
    }
}
