//! How things stand in the table: keys, and items as they are written and read. No other module knows attribute names.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::builders::{ConditionCheckBuilder, PutBuilder};
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use banto_domain::state::{Day, PaymentMark, Stages, Standing};
use banto_domain::{Case, CaseId, CaseKey, ClientId, Id, StoredCommit};
use jiff::civil::Date;
use jiff::{Timestamp, Unit};

use crate::ledger::{Also, DUE_SHARDS, Item, Tally, b, n, s, text};
use crate::parts::{self, Part, Rows, Writes};
use crate::{Error, Result, desk, playbooks};

pub(crate) fn case_pk(key: &CaseKey) -> String {
    format!("CASE#{}#{}", key.client, key.case)
}

/// Reads the partition key of a case.
pub(crate) fn read_case_pk(pk: &str) -> Result<CaseKey> {
    let mut parts = pk.split('#');
    let (kind, client, case) = (parts.next(), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let bad = || Error::Bug("a key in the index is not a case's".to_owned());
    if kind != Some("CASE") {
        return Err(bad());
    }
    Ok(CaseKey { client: ClientId::parse(client).map_err(|_| bad())?, case: CaseId::parse(case).map_err(|_| bad())? })
}

pub(crate) fn commit_sk(claim: &Id) -> String {
    format!("C#{claim}")
}

pub(crate) fn look_up_pk(client: &ClientId, hmac: &str) -> String {
    format!("LOOKUP#{client}#{hmac}")
}

pub(crate) fn suppressed_pk(client: &ClientId, hmac: &str) -> String {
    format!("SUPPRESSED#{client}#{hmac}")
}

pub(crate) fn unsubscribed_pk(client: &ClientId, hmac: &str) -> String {
    format!("UNSUBSCRIBED#{client}#{hmac}")
}

pub(crate) fn stopped_pk(client: &ClientId, hmac: &str) -> String {
    format!("STOPPED#{client}#{hmac}")
}

/// Beside the cases that know an address: somebody proved that it is its owner's.
pub(crate) const PROVEN: &str = "!PROVEN";
/// Beside the cases that know an address: what it has used up while nobody did.
pub(crate) const STRANGER: &str = "!STRANGER";

/// Beside a client's playbooks: what is live of them.
pub(crate) const LIVE: &str = "LIVE";
/// Beside a client's playbooks: how far the parts of what it sends have gone live.
pub(crate) const STAGES: &str = "STAGES";

/// … and how approvals of a part were answered.
pub(crate) fn tally_sk(of: &str) -> String {
    format!("TALLY#{of}")
}

pub(crate) fn calendar_pk(client: &ClientId, coach: &str) -> String {
    format!("CALENDAR#{client}#{coach}")
}

pub(crate) fn day_sk(date: Date) -> String {
    format!("D#{date}")
}

pub(crate) fn payment_pk(client: &ClientId, payment: &str) -> String {
    format!("PAYMENT#{client}#{payment}")
}

/// Reads a coach's day.
pub(crate) fn read_day(row: &Item) -> Result<(Date, Day)> {
    let bad = |e: &dyn std::fmt::Display| Error::Bug(format!("a coach's day can't be read: {e}"));
    let date = text(row, "sk")?.trim_start_matches("D#").parse().map_err(|e: jiff::Error| bad(&e))?;
    Ok((date, serde_json::from_str(text(row, "body")?).map_err(|e| bad(&e))?))
}

/// Reads what an address that nobody proved has used up.
pub(crate) fn read_standing(row: &Item) -> Result<Standing> {
    let bad = |e| Error::Bug(format!("what is kept of a stranger can't be read: {e}"));
    serde_json::from_str(text(row, "body")?).map_err(bad)
}

/// Reads how far the parts of what a client sends have gone live.
pub(crate) fn read_stages(row: &Item) -> Result<Stages> {
    serde_json::from_str(text(row, "body")?).map_err(|e| Error::Bug(format!("stages: {e}")))
}

/// Reads how approvals of a part were answered: all that is a number.
pub(crate) fn read_tally(row: &Item) -> Tally {
    row.iter().filter_map(|(name, value)| Some((name.clone(), value.as_n().ok()?.parse().ok()?))).collect()
}

/// Reads the mark of a payment. Those of earlier versions name the case alone.
pub(crate) fn read_mark(row: &Item) -> Result<PaymentMark> {
    let bad = |e: &dyn std::fmt::Display| Error::Bug(format!("the mark of a payment can't be read: {e}"));
    match row.get("body") {
        Some(_) => serde_json::from_str(text(row, "body")?).map_err(|e| bad(&e)),
        None => {
            let case = CaseId::parse(text(row, "case")?).map_err(|e| bad(&e))?;
            Ok(PaymentMark { case: Some(case), ..PaymentMark::default() })
        }
    }
}

pub(crate) fn playbook_pk(client: &ClientId) -> String {
    format!("PLAYBOOK#{client}")
}

/// An instant whose text sorts as the instants do: whole seconds, rounded up so that nothing wakes too early.
pub(crate) fn sortable(at: Timestamp) -> String {
    let mode = jiff::TimestampRound::new().smallest(Unit::Second).mode(jiff::RoundMode::Ceil);
    at.round(mode).unwrap_or(at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Which partition of the due index a case is in.
pub(crate) fn due_shard(key: &CaseKey) -> String {
    let sum: u32 = key.case.as_str().bytes().map(u32::from).sum();
    (sum % DUE_SHARDS).to_string()
}

/// Reads a commit item, wherever it comes from: a query, a condition that failed, a stream record.
pub(crate) fn read_commit(row: &Item) -> Result<StoredCommit> {
    let claim = text(row, "sk")?.strip_prefix("C#").and_then(|c| Id::parse(c).ok());
    let seq = row.get("seq").and_then(|v| v.as_n().ok()).and_then(|n| n.parse().ok());
    let (Some(claim), Some(seq)) = (claim, seq) else {
        return Err(Error::Bug("a commit item lacks its key or number".to_owned()));
    };
    Ok(StoredCommit { claim, seq, hash: text(row, "hash")?.to_owned(), body: text(row, "body")?.to_owned() })
}

pub(crate) fn put_commit(table: &str, key: &CaseKey, stored: &StoredCommit, nonce: &str) -> Result<TransactWriteItem> {
    let put = Put::builder()
        .table_name(table)
        .item("pk", s(&case_pk(key)))
        .item("sk", s(&commit_sk(&stored.claim)))
        .item("v", n(banto_domain::state::commit::VERSION))
        .item("seq", n(stored.seq))
        .item("hash", s(&stored.hash))
        .item("body", s(&stored.body))
        .item("by", s(nonce))
        .condition_expression("attribute_not_exists(sk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    write_put(put)
}

/// A number among the attributes; 0 when there is none.
pub(crate) fn number<T: std::str::FromStr + Default>(row: &Item, name: &str) -> T {
    row.get(name).and_then(|v| v.as_n().ok()).and_then(|n| n.parse().ok()).unwrap_or_default()
}

/// Reads the items of a snapshot; `None` when there is no such case.
pub(crate) fn read_parts(rows: &[Item]) -> Result<Option<Rows>> {
    let mut read = Rows::default();
    for row in rows {
        let name = text(row, "sk")?;
        if name == parts::HOT {
            read.v = number(row, "v");
            read.listed = row.get("parts").map(read_listed).transpose()?;
        }
        let part = Part { seq: number(row, "seq"), body: text(row, "body")?.to_owned() };
        read.found.insert(name.to_owned(), part);
    }
    Ok((!read.found.is_empty()).then_some(read))
}

fn read_listed(listed: &AttributeValue) -> Result<BTreeMap<String, u64>> {
    let bad = || Error::Bug("the list of a snapshot's parts can't be read".to_owned());
    let seq = |(name, seq): (&String, &AttributeValue)| {
        Some((name.clone(), seq.as_n().ok().and_then(|seq| seq.parse().ok())?))
    };
    listed.as_m().map_err(|_| bad())?.iter().map(|part| seq(part).ok_or_else(bad)).collect()
}

/// The snapshot: its hot part always, the others as far as they changed, and what the desk's index hears of it.
pub(crate) fn put_case(table: &str, case: &Case, writes: &Writes) -> Result<Vec<TransactWriteItem>> {
    let put = |sk: &str| Put::builder().table_name(table).item("pk", s(&case_pk(&case.key))).item("sk", s(sk));
    let mut all = vec![put_hot(put(parts::HOT), case, writes)?];
    for (name, part) in &writes.others {
        all.push(write_put(put(name).item("seq", n(part.seq)).item("body", s(&part.body)))?);
    }
    for row in &writes.work {
        let desk_pk = desk::work_pk(&case.key.client, &row.who);
        let put = put(&work_item_sk(&row.ask)).item("desk_pk", s(&desk_pk));
        all.push(write_put(put.item("desk_sk", s(&desk::work_sk(&case.key.case, row))))?);
    }
    for ask in &writes.done {
        let expires_at = case.recorded_at.as_second() + DONE_FOR;
        all.push(write_put(put(&work_item_sk(ask)).item("expires_at", n(expires_at)))?);
    }
    Ok(all)
}

/// How long what a stranger used up is kept, in seconds: longer than it counts.
const STRANGE_FOR: i64 = 40 * 24 * 3_600;
/// How long what is done stays before it expires: long enough for whoever is looking at it.
const DONE_FOR: i64 = 24 * 60 * 60;

/// The sort key of an ask to staff, for the desk's index.
pub(crate) fn work_item_sk(ask: &Id) -> String {
    format!("D#{ask}")
}

fn put_hot(put: PutBuilder, case: &Case, writes: &Writes) -> Result<TransactWriteItem> {
    let listed = writes.listed.iter().map(|(name, seq)| ((*name).to_owned(), n(seq))).collect();
    let mut put = put
        .item("v", n(case.v))
        .item("seq", n(case.seq))
        .item("parts", AttributeValue::M(listed))
        .item("body", s(&writes.hot));
    if let Some(due_at) = case.due_at() {
        put = put.item("due_shard", s(&due_shard(&case.key))).item("due_at", s(&sortable(due_at)));
    }
    if let Some((desk_pk, desk_sk)) = desk::keys(case) {
        put = put.item("desk_pk", s(&desk_pk)).item("desk_sk", s(&desk_sk));
    }
    write_put(if case.seq == 1 {
        put.condition_expression("attribute_not_exists(sk)")
    } else {
        put.condition_expression("seq = :before").expression_attribute_values(":before", n(case.seq - 1))
    })
}

/// An item holds 400 KB at the most, keys included; a payload may be longer.
const INBOUND_PART: usize = 350 * 1024;

/// The sort keys of a stored payload's parts begin with this, and sort in their order.
pub(crate) fn inbound_prefix(id: &Id) -> String {
    format!("I#{id}#")
}

/// The writes that one of the extras needs: one, or a payload's parts.
pub(crate) fn also(table: &str, key: &CaseKey, also: &Also) -> Result<Vec<TransactWriteItem>> {
    if let Also::Publish(proposal) = also {
        return playbooks::publishing(table, &key.client, proposal)?.into_iter().map(write_put).collect();
    }
    if let Also::Inbound { id, body } = also {
        let part = |(n, part): (usize, &[u8])| {
            let put = Put::builder().table_name(table).item("pk", s(&case_pk(key)));
            write_put(put.item("sk", s(&format!("{}{n}", inbound_prefix(id)))).item("body", b(part)))
        };
        // Nothing at all is a payload, too: it has one part.
        let parts = body.chunks(INBOUND_PART).chain(body.is_empty().then_some([].as_slice()));
        return parts.enumerate().map(part).collect();
    }
    one(table, key, also).map(|write| vec![write])
}

fn one(table: &str, key: &CaseKey, also: &Also) -> Result<TransactWriteItem> {
    let put = || Put::builder().table_name(table);
    match also {
        Also::Inbound { .. } | Also::Publish(_) => Err(Error::Bug("it is written in parts".to_owned())),
        Also::LookUp { hmac } => {
            write_put(put().item("pk", s(&look_up_pk(&key.client, hmac))).item("sk", s(key.case.as_str())))
        }
        Also::Suppress { hmac } => write_put(put().item("pk", s(&suppressed_pk(&key.client, hmac))).item("sk", s("-"))),
        Also::NotSuppressed { hmac } => absent(table, &suppressed_pk(&key.client, hmac)),
        Also::Unsubscribe { hmac } => {
            write_put(put().item("pk", s(&unsubscribed_pk(&key.client, hmac))).item("sk", s("-")))
        }
        Also::NotUnsubscribed { hmac } => absent(table, &unsubscribed_pk(&key.client, hmac)),
        Also::NotRevoked { template } => {
            let check =
                check(table, &playbook_pk(&key.client), LIVE).expression_attribute_values(":template", s(template));
            write_check(check.condition_expression("attribute_not_exists(revoked) OR NOT contains(revoked, :template)"))
        }
        Also::Stop { hmac } => write_put(put().item("pk", s(&stopped_pk(&key.client, hmac))).item("sk", s("-"))),
        Also::NotStopped { hmac } => absent(table, &stopped_pk(&key.client, hmac)),
        Also::Resume { hmac } => {
            let delete = Delete::builder().table_name(table).key("pk", s(&stopped_pk(&key.client, hmac)));
            let delete = delete.key("sk", s("-")).build().map_err(bug)?;
            Ok(TransactWriteItem::builder().delete(delete).build())
        }
        Also::Payment { payment, mark } => put_mark(put(), &payment_pk(&key.client, payment), mark),
        Also::Prove { hmac } => write_put(put().item("pk", s(&look_up_pk(&key.client, hmac))).item("sk", s(PROVEN))),
        Also::Standing { hmac, standing } => {
            let body = serde_json::to_string(standing).map_err(|e| Error::Bug(e.to_string()))?;
            let put = put().item("pk", s(&look_up_pk(&key.client, hmac))).item("sk", s(STRANGER));
            let put = put.item("body", s(&body));
            let put = put.item("expires_at", n(standing.since.as_second() + STRANGE_FOR));
            write_put(revised(put, standing.rev))
        }
        Also::Stages { stages } => {
            let body = serde_json::to_string(stages).map_err(|e| Error::Bug(e.to_string()))?;
            let put = put().item("pk", s(&playbook_pk(&key.client))).item("sk", s(STAGES));
            write_put(revised(put.item("body", s(&body)), stages.rev))
        }
        Also::StagesStand { rev } => {
            let check = check(table, &playbook_pk(&key.client), STAGES);
            write_check(match rev {
                0 => check.condition_expression("attribute_not_exists(sk)"),
                rev => check.condition_expression("rev = :rev").expression_attribute_values(":rev", n(rev)),
            })
        }
        Also::Tally { of, answer } => tally(table, key, of, answer),
        Also::Day { coach, date, day } => put_day(put(), key, coach, *date, day),
        Also::Rate { of, most, minutes, now } => rate(table, key, of, (*most, *minutes), *now),
    }
}

fn tally(table: &str, key: &CaseKey, of: &str, answer: &str) -> Result<TransactWriteItem> {
    let update = Update::builder()
        .table_name(table)
        .key("pk", s(&playbook_pk(&key.client)))
        .key("sk", s(&tally_sk(of)))
        .update_expression("ADD #answer :one")
        .expression_attribute_names("#answer", answer)
        .expression_attribute_values(":one", n(1));
    Ok(TransactWriteItem::builder().update(update.build().map_err(bug)?).build())
}

fn put_mark(put: PutBuilder, pk: &str, mark: &PaymentMark) -> Result<TransactWriteItem> {
    let body = serde_json::to_string(mark).map_err(|e| Error::Bug(e.to_string()))?;
    let put = put.item("pk", s(pk)).item("sk", s("-")).item("body", s(&body));
    // The case stands apart, where every version reads it.
    let put = mark.case.iter().fold(put, |put, case| put.item("case", s(case.as_str())));
    write_put(revised(put, mark.rev))
}

fn put_day(put: PutBuilder, key: &CaseKey, coach: &str, date: Date, day: &Day) -> Result<TransactWriteItem> {
    let body = serde_json::to_string(day).map_err(|e| Error::Bug(e.to_string()))?;
    let put = put.item("pk", s(&calendar_pk(&key.client, coach))).item("sk", s(&day_sk(date)));
    write_put(revised(put.item("body", s(&body)), day.rev))
}

/// Only if it was one revision before.
fn revised(put: PutBuilder, rev: u64) -> PutBuilder {
    let put = put.item("rev", n(rev));
    match rev {
        0 | 1 => put.condition_expression("attribute_not_exists(sk)"),
        rev => put.condition_expression("rev = :before").expression_attribute_values(":before", n(rev - 1)),
    }
}

fn rate(
    table: &str,
    key: &CaseKey,
    of: &str,
    (most, minutes): (u32, u32),
    now: Timestamp,
) -> Result<TransactWriteItem> {
    let span = i64::from(minutes.max(1)) * 60;
    let nth = now.as_second().div_euclid(span);
    let update = Update::builder()
        .table_name(table)
        .key("pk", s(&format!("RATE#{}#{of}#{nth}", key.client)))
        .key("sk", s("-"))
        .update_expression("ADD taken :one SET expires_at = :later")
        .condition_expression("attribute_not_exists(taken) OR taken < :most")
        .expression_attribute_values(":one", n(1))
        .expression_attribute_values(":most", n(most))
        .expression_attribute_values(":later", n(now.as_second() + span + 3_600));
    Ok(TransactWriteItem::builder().update(update.build().map_err(bug)?).build())
}

/// Only if this isn't there.
fn absent(table: &str, pk: &str) -> Result<TransactWriteItem> {
    write_check(check(table, pk, "-").condition_expression("attribute_not_exists(sk)"))
}

fn check(table: &str, pk: &str, sk: &str) -> ConditionCheckBuilder {
    ConditionCheck::builder().table_name(table).key("pk", s(pk)).key("sk", s(sk))
}

fn write_check(check: ConditionCheckBuilder) -> Result<TransactWriteItem> {
    Ok(TransactWriteItem::builder().condition_check(check.build().map_err(bug)?).build())
}

fn write_put(put: PutBuilder) -> Result<TransactWriteItem> {
    Ok(TransactWriteItem::builder().put(put.build().map_err(bug)?).build())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn bug(error: BuildError) -> Error {
    Error::Bug(error.to_string())
}
