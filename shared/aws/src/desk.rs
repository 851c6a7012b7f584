//! The desk: which cases of a client are open, and what waits for whom of its staff, without a scan. Owns what stands in
//! the index `desk`, and how it is read page by page. What it shows was true a moment ago: whoever acts on a row loads
//! the case.
//!
//! | `desk_pk` | `desk_sk` | item |
//! |---|---|---|
//! | `OPEN#client` | when it was opened, case | the hot part of an open case |
//! | `WORK#client#who` | deadline, case, ask | one for each open ask to staff, beside the case: `D#ask` |
//!
//! The first key never changes while a case is open, so that its commits cost the index nothing. An ask that found its
//! end loses its keys, and expires: no function has the right to delete in a case's partition, where the journal is.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use banto_domain::playbook::{COACHES, OPERATORS, To};
use banto_domain::state::Ask;
use banto_domain::{Case, CaseId, CaseKey, ClientId, Id, Status};
use jiff::Timestamp;

use crate::ledger::{Item, again, s, text};
use crate::{Error, Ledger, Result, items};

/// Something that waits for staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// The case.
    pub case: CaseKey,
    /// The ask.
    pub ask: Id,
    /// When it expires (UTC), in whole seconds.
    pub deadline: Timestamp,
}

/// An open case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCase {
    /// The case.
    pub case: CaseKey,
    /// When it was opened (UTC), in whole seconds.
    pub opened_at: Timestamp,
}

/// Which rows of a list.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Where the page before ended; `None` for the first.
    pub after: Option<String>,
    /// How many at the most; 0 for the usual 50.
    pub limit: u16,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// Its rows, in order.
    pub rows: Vec<T>,
    /// Where the next page begins, if there may be one: for [`Page::after`].
    pub next: Option<String>,
}

/// One row of the index, for an ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) ask: Id,
    /// The group or the person, by short name.
    pub(crate) who: String,
    pub(crate) deadline: Timestamp,
}

/// **The one place that says what is somebody's work**: open asks to staff, with whose they are.
pub(crate) fn rows(case: &Case) -> BTreeMap<Id, Row> {
    let row = |(id, ask): (&Id, &Ask)| {
        let who = staff(ask)?;
        Some((id.clone(), Row { ask: id.clone(), who, deadline: ask.deadline }))
    };
    case.asks().filter_map(row).collect()
}

/// Whose work an ask is: a person's, when only one was asked (`person:sato`), else a group's (`group:finance`); `None` for
/// people outside the office.
fn staff(ask: &Ask) -> Option<String> {
    if ask.to.is_outside() {
        return None;
    }
    let who = match (&ask.to, ask.people.as_slice()) {
        (_, [person]) => To::Person(person.clone()),
        (To::Group(group) | To::OnDuty(group), _) => To::Group(group.clone()),
        (To::Coach, _) => To::Group(COACHES.to_owned()),
        _ => To::Group(OPERATORS.to_owned()),
    };
    Some(who.to_string())
}

pub(crate) fn work_pk(client: &ClientId, who: &str) -> String {
    format!("WORK#{client}#{who}")
}

pub(crate) fn work_sk(case: &CaseId, row: &Row) -> String {
    format!("{}#{case}#{}", items::sortable(row.deadline), row.ask)
}

fn open_pk(client: &ClientId) -> String {
    format!("OPEN#{client}")
}

/// The keys of a case in the index, while it is open.
pub(crate) fn keys(case: &Case) -> Option<(String, String)> {
    let sk = || format!("{}#{}", items::sortable(case.opened_at), case.key.case);
    (case.status == Status::Open).then(|| (open_pk(&case.key.client), sk()))
}

/// The parts of a row's sort key.
fn parts(desk_sk: &str) -> Option<(Timestamp, CaseId, Option<Id>)> {
    let mut parts = desk_sk.split('#');
    let (at, case, ask) = (parts.next()?.parse().ok()?, CaseId::parse(parts.next()?).ok()?, parts.next());
    let ask = ask.map(Id::parse).transpose().ok()?;
    parts.next().is_none().then_some((at, case, ask))
}

impl Ledger {
    /// A client's open cases, the one that has been open longest first.
    ///
    /// # Errors
    /// Refused when the page can't be one; when the store can't be reached.
    pub async fn open_cases(&self, client: &ClientId, page: &Page) -> Result<Listed<OpenCase>> {
        let (rows, next) = self.desk(client, &open_pk(client), page).await?;
        let row = |(opened_at, case, _)| OpenCase { case: CaseKey { client: client.clone(), case }, opened_at };
        Ok(Listed { rows: rows.into_iter().map(row).collect(), next })
    }

    /// What waits for a group or a person of a client, the most urgent first.
    ///
    /// # Errors
    /// Refused when the page can't be one; when the store can't be reached.
    pub async fn work_of(&self, client: &ClientId, who: &str, page: &Page) -> Result<Listed<Work>> {
        let (rows, next) = self.desk(client, &work_pk(client, who), page).await?;
        let row = |(deadline, case, ask): (Timestamp, CaseId, Option<Id>)| {
            Some(Work { case: CaseKey { client: client.clone(), case }, ask: ask?, deadline })
        };
        Ok(Listed { rows: rows.into_iter().filter_map(row).collect(), next })
    }

    async fn desk(
        &self,
        client: &ClientId,
        pk: &str,
        page: &Page,
    ) -> Result<(Vec<(Timestamp, CaseId, Option<Id>)>, Option<String>)> {
        let limit = i32::from(if page.limit == 0 { 50 } else { page.limit });
        let call = self.client().query().table_name(self.table()).index_name("desk").limit(limit);
        let call = call.key_condition_expression("desk_pk = :pk").expression_attribute_values(":pk", s(pk));
        let start = page.after.as_deref().map(|after| start(client, pk, after)).transpose()?;
        let out = call.set_exclusive_start_key(start).send().await.map_err(again)?;
        let bad = || Error::Bug("a row of the desk can't be read".to_owned());
        let rows: Vec<_> =
            out.items().iter().map(|row| parts(text(row, "desk_sk")?).ok_or_else(bad)).collect::<Result<_>>()?;
        let next = out.last_evaluated_key().map(|key| text(key, "desk_sk").map(str::to_owned)).transpose()?;
        Ok((rows, next))
    }
}

/// The key after which a page begins: made of the row's own, and of nothing that a visitor could point elsewhere.
fn start(client: &ClientId, pk: &str, after: &str) -> Result<Item> {
    let (_, case, ask) = parts(after).ok_or_else(|| Error::Refused("there is no such page".to_owned()))?;
    let sk = ask.map_or_else(|| "S".to_owned(), |ask| items::work_item_sk(&ask));
    let case = items::case_pk(&CaseKey { client: client.clone(), case });
    let key = [("pk", case.as_str()), ("sk", sk.as_str()), ("desk_pk", pk), ("desk_sk", after)];
    Ok(key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned()))).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_rows_own_key_is_a_place_in_a_list() {
        let (case, ask) = (CaseId::derive(&["case"]), Id::derive(&["ask"]));
        let at = "2026-12-01T00:00:00Z";
        assert!(parts(&format!("{at}#{case}")).is_some_and(|(_, _, ask)| ask.is_none()));
        assert_eq!(parts(&format!("{at}#{case}#{ask}")).and_then(|(_, _, ask)| ask), Some(ask.clone()));
        for bad in ["", "x", &format!("{at}#"), &format!("{at}#{case}#"), &format!("{at}#{case}#{ask}#x")] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }
}
