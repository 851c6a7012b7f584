//! The case store on DynamoDB: one table, one Query to load a case, one transaction to commit a step.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `CASE#client#case` | `S` | snapshot, its hot part; sparse `due_shard`, `due_at` for the index `due`; `due_tries` and |
//! | | | `due_asked` while it could not be woken and is put off |
//! | | `SA`, `SF`, `SP`, `ST` | its other parts, see [`crate::parts`]; `SP` is what the customer wrote: erasable |
//! | | `D#ask` | an ask to staff, for the index `desk`, see [`crate::desk`] |
//! | | `C#claim` | one commit; its key is the claim, so that a cause is taken up once without an item of its own |
//! | | `I#id#n` | a signed payload that could not be understood, in parts: erasable |
//! | `LOOKUP#client#hmac` | case | an address that this client knows |
//! | | `!PROVEN`, `!STRANGER` | it is its owner's; what forms without a signature used up in its name |
//! | `SUPPRESSED#client#hmac` | `-` | an address that mails must not go to |
//! | `UNSUBSCRIBED#client#hmac` | `-` | an address that nothing may be promoted to |
//! | `STOPPED#client#hmac` | `-` | an address for which an emergency stopped all automation |
//! | `CALENDAR#client#coach` | `D#date` | what is taken of a coach's civil day, and hours opened beside the playbook's |
//! | `PAYMENT#client#id` | `-` | a provider's payment: the case that counts it, or what was told of it before it came |
//! | `RATE#client#kind#n` | `-` | how many of a kind came within a span: unsigned submissions, mails that ask staff |
//! | `PLAYBOOK#client` | `LIVE`, `V#n` | see [`crate::Playbooks`] |
//! | `PLAYBOOK#client` | `STAGES`, `TALLY#part#n` | how far each part of its mails has gone live, and how approvals were answered since |

mod commit;
mod due;
mod stages;

pub use commit::{Also, Committed};
pub use due::{After, Due, DuePage, LONGEST, PutOff};
pub use stages::Tally;

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use banto_domain::state::Personal;
use banto_domain::state::{Day, PaymentMark, Stages, Standing};
use banto_domain::{Case, CaseId, CaseKey, ClientId, Commit, Id, StoredCommit};
use jiff::civil::Date;

use crate::parts::{self, Parts, Read};
use crate::{Error, Live, Result, items};

/// How many partitions the due index has: enough to spread the writes, few enough to ask them all every minute.
pub const DUE_SHARDS: u32 = 4;

/// How many times a torn read is made again.
const MAX_READS: u32 = 6;

/// How many items a look-up reads: what is known of the address, and its first cases.
const MAX_FOUND: i32 = 22;

/// One item, as DynamoDB gives it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The table.
#[derive(Debug, Clone)]
pub struct Ledger {
    client: Client,
    table: String,
}

/// A case with what its customer wrote.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The snapshot.
    pub case: Case,
    /// Erasable values.
    pub personal: Personal,
    /// How it stands in the table.
    pub parts: Parts,
}

/// What is found by an address.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Cases that know it, by number.
    pub cases: Vec<CaseId>,
    /// Somebody proved that it is its owner's.
    pub proven: bool,
    /// What it has used up.
    pub standing: Standing,
}

/// What is known of an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressFacts {
    /// Mails must not go there.
    pub suppressed: bool,
    /// Whoever has it wants nothing promoted.
    pub unsubscribed: bool,
    /// An emergency stopped automation for it.
    pub stopped: bool,
    /// What it has used up, when nobody proved that it is its owner's.
    pub stranger: Option<Standing>,
}

impl Ledger {
    /// A ledger on this table.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// Opens the connection during start-up, so that the first event doesn't pay for the handshake.
    ///
    /// # Errors
    /// When the table can't be read.
    pub async fn warm(&self) -> Result<()> {
        self.get("WARM", "-").await.map(|_| ())
    }

    /// One item by its key, consistently.
    pub(crate) async fn get(&self, pk: &str, sk: &str) -> Result<Option<Item>> {
        let call = self.client.get_item().table_name(&self.table).consistent_read(true);
        let out = call.key("pk", s(pk)).key("sk", s(sk)).send().await.map_err(again)?;
        Ok(out.item)
    }

    /// Loads a case: one Query, consistent, of the items whose sort key begins with `S`; once more when it was torn.
    ///
    /// # Errors
    /// When the store can't be reached, or holds what this version can't read.
    pub async fn load(&self, key: &CaseKey) -> Result<Option<Loaded>> {
        for attempt in 0..MAX_READS {
            let rows = self.query(&items::case_pk(key), parts::HOT).await?;
            let Some(rows) = items::read_parts(&rows)? else { return Ok(None) };
            match rows.read()? {
                Read::Whole(whole) => {
                    let (case, personal, parts) = *whole;
                    return Ok(Some(Loaded { case, personal, parts }));
                }
                // The journal can always be read, and its fold is the snapshot.
                Read::Older(seq, rest) => {
                    let case = self.fold(key).await?;
                    if case.seq == seq {
                        let (personal, parts) = *rest;
                        return Ok(Some(Loaded { case, personal, parts }));
                    }
                }
                Read::Newer(v) => return Err(newer(key, v)),
                Read::Torn => tracing::debug!(case = %key, attempt, "a torn read"),
            }
            self.pause(attempt, u8::MAX / 2).await;
        }
        Err(Error::Again(format!("{key}: was being changed at each of {MAX_READS} looks")))
    }

    async fn fold(&self, key: &CaseKey) -> Result<Case> {
        let journal = self.journal(key).await?;
        if let Some(v) = journal.iter().map(StoredCommit::version).find(|v| *v > banto_domain::state::commit::VERSION) {
            return Err(newer(key, v));
        }
        let folded = banto_domain::state::verify::journal(&journal);
        let folded = folded.map_err(|e| Error::Bug(format!("journal of {key}: {e}")))?;
        folded.ok_or_else(|| Error::Bug(format!("{key} has a snapshot but no journal")))
    }

    /// All commits of a case, in order.
    ///
    /// # Errors
    /// When the store can't be reached or a row is not a commit.
    pub async fn journal(&self, key: &CaseKey) -> Result<Vec<StoredCommit>> {
        let rows = self.query(&items::case_pk(key), "C#").await?;
        let mut commits = rows.iter().map(items::read_commit).collect::<Result<Vec<_>>>()?;
        commits.sort_by_key(|c| c.seq);
        Ok(commits)
    }

    /// The commit that took up a cause.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn taken_up(&self, key: &CaseKey, cause: &Id, function: &str) -> Result<Option<StoredCommit>> {
        let sk = items::commit_sk(&Commit::claim(cause, function));
        self.get(&items::case_pk(key), &sk).await?.as_ref().map(items::read_commit).transpose()
    }

    /// A payload that was stored as it came; `None` when there is none, or it was erased.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn inbound(&self, key: &CaseKey, id: &Id) -> Result<Option<Vec<u8>>> {
        let parts = self.query(&items::case_pk(key), &items::inbound_prefix(id)).await?;
        let bytes =
            |row: &Item| row.get("body").and_then(|b| b.as_b().ok()).map(|b| b.as_ref().to_vec()).unwrap_or_default();
        Ok((!parts.is_empty()).then(|| parts.iter().flat_map(bytes).collect()))
    }

    /// What this client knows by an address, or by what else cases are found: the first cases by number, and whether it is
    /// proven.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn look_up(&self, client: &ClientId, hmac: &str) -> Result<Found> {
        let call = self.client.query().table_name(&self.table).consistent_read(true).limit(MAX_FOUND);
        let call = call
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(&items::look_up_pk(client, hmac)));
        let rows = call.send().await.map_err(again)?.items.unwrap_or_default();
        let cases =
            rows.iter().map(|row| text(row, "sk")).filter(|sk| sk.as_ref().is_ok_and(|sk| !sk.starts_with('!')));
        let cases = cases.map(|sk| CaseId::parse(sk?).map_err(|e| Error::Bug(e.to_string()))).collect::<Result<_>>()?;
        let (proven, standing) = standing(&rows)?;
        Ok(Found { cases, proven, standing })
    }

    /// A coach's days from one to another, both included, as far as anything is known of them.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn days(
        &self,
        client: &ClientId,
        coach: &str,
        from: Date,
        to: Date,
    ) -> Result<BTreeMap<(String, Date), Day>> {
        let call = self.client.query().table_name(&self.table).consistent_read(true);
        let mut pages = call
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", s(&items::calendar_pk(client, coach)))
            .expression_attribute_values(":from", s(&items::day_sk(from)))
            .expression_attribute_values(":to", s(&items::day_sk(to)))
            .into_paginator()
            .send();
        let mut days = BTreeMap::new();
        while let Some(page) = pages.next().await {
            for row in page.map_err(again)?.items.unwrap_or_default() {
                let (date, day) = items::read_day(&row)?;
                days.insert((coach.to_owned(), date), day);
            }
        }
        Ok(days)
    }

    /// What is known of a provider's payment: the case that counts it, or what waits for it.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn payment(&self, client: &ClientId, payment: &str) -> Result<PaymentMark> {
        let row = self.get(&items::payment_pk(client, payment), "-").await?;
        Ok(row.as_ref().map(items::read_mark).transpose()?.unwrap_or_default())
    }

    /// The gate's facts, in one request: the playbook's live item, where it is `staged` how far its parts have gone live, and
    /// what is known of the address, where the mail `promotes` something also whether its owner wants that.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn gate_facts(
        &self,
        client: &ClientId,
        hmac: Option<&str>,
        Wanted { staged, promotes }: Wanted,
    ) -> Result<(Option<Live>, Stages, AddressFacts)> {
        let mut keys = vec![item_key(&items::playbook_pk(client), items::LIVE)];
        keys.extend(staged.then(|| item_key(&items::playbook_pk(client), items::STAGES)));
        if let Some(hmac) = hmac {
            keys.push(item_key(&items::suppressed_pk(client, hmac), "-"));
            keys.extend(promotes.then(|| item_key(&items::unsubscribed_pk(client, hmac), "-")));
            keys.push(item_key(&items::stopped_pk(client, hmac), "-"));
            keys.extend([items::PROVEN, items::STRANGER].map(|sk| item_key(&items::look_up_pk(client, hmac), sk)));
        }
        let rows = self.batch(keys).await?;
        let of = |kind: &str| rows.iter().find(|r| text(r, "pk").is_ok_and(|pk| pk.starts_with(kind)));
        let by_sort = |sort: &str| rows.iter().find(|r| text(r, "sk").is_ok_and(|sk| sk == sort));
        let (suppressed, stopped) = (of("SUPPRESSED#").is_some(), of("STOPPED#").is_some());
        let unsubscribed = of("UNSUBSCRIBED#").is_some();
        let (proven, standing) = standing(&rows)?;
        let facts = AddressFacts { suppressed, unsubscribed, stopped, stranger: (!proven).then_some(standing) };
        let stages = by_sort(items::STAGES).map(items::read_stages).transpose()?.unwrap_or_default();
        Ok((by_sort(items::LIVE).map(Live::read).transpose()?, stages, facts))
    }

    /// Some items by their keys, consistently, in one request.
    async fn batch(&self, keys: Vec<Item>) -> Result<Vec<Item>> {
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let wanted = wanted.map_err(|e| Error::Bug(e.to_string()))?;
        let out = self.client.batch_get_item().request_items(&self.table, wanted).send().await.map_err(again)?;
        if out.unprocessed_keys().is_some_and(|k| !k.is_empty()) {
            return Err(Error::Again("the store is busy".to_owned()));
        }
        Ok(out.responses().and_then(|r| r.get(&self.table)).cloned().unwrap_or_default())
    }

    /// The items of a partition whose sort key begins so, consistently, in order.
    pub(crate) async fn query(&self, pk: &str, prefix: &str) -> Result<Vec<Item>> {
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            // No paginator: it hands pages over between two tasks, where one call after the other does.
            let call = self.client.query().table_name(&self.table).consistent_read(true);
            let call = call
                .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":pk", s(pk))
                .expression_attribute_values(":prefix", s(prefix));
            let page = call.set_exclusive_start_key(after).send().await.map_err(again)?;
            rows.extend(page.items.unwrap_or_default());
            after = page.last_evaluated_key;
            if after.is_none() {
                break;
            }
        }
        Ok(rows)
    }
}

/// What the gate asks for beside what it always does.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The practice goes live in steps.
    pub staged: bool,
    /// The mail promotes something.
    pub promotes: bool,
}

fn item_key(pk: &str, sk: &str) -> Item {
    HashMap::from([("pk".to_owned(), s(pk)), ("sk".to_owned(), s(sk))])
}

/// Whether an address is proven, and what it has used up.
fn standing(rows: &[Item]) -> Result<(bool, Standing)> {
    let of = |kind: &str| rows.iter().find(|r| text(r, "sk").is_ok_and(|sk| sk == kind));
    let standing = of(items::STRANGER).map(items::read_standing).transpose()?;
    Ok((of(items::PROVEN).is_some(), standing.unwrap_or_default()))
}

fn newer(key: &CaseKey, v: u32) -> Error {
    Error::Again(format!("{key} was written by a newer version ({v}) of Banto, which must go on with it"))
}

/// A string attribute.
pub(crate) fn s(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// A number attribute.
pub(crate) fn n(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A binary attribute.
pub(crate) fn b(value: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

/// The text of an attribute.
pub(crate) fn text<'a>(row: &'a Item, name: &str) -> Result<&'a str> {
    let value = row.get(name).and_then(|v| v.as_s().ok());
    value.map(String::as_str).ok_or_else(|| Error::Bug(format!("an item lacks {name}")))
}

/// A call that failed may work later; one that is wrong never will.
pub(crate) fn again<E, R>(error: SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned);
    let said = DisplayErrorContext(&error).to_string();
    match code.as_deref() {
        Some("ValidationException" | "ResourceNotFoundException" | "AccessDeniedException") => Error::Bug(said),
        _ => Error::Again(said),
    }
}
