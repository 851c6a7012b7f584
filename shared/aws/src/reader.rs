//! Reads whole tables and whole cases, for people: practice mode's pages, `banto verify` and `banto doctor`. No function
//! has the right to scan.
//!
//! ```text
//! reader/table.rs   all that stands in the table, in short
//! reader/verify.rs  whether each case is what its journal says (promise 11), and has a next (promise 13)
//! reader/beside.rs  whether what stands beside the cases fits them: look-ups, payments, coaches' days, playbooks
//! ```

mod beside;
mod table;
mod verify;

pub use verify::{Finding, examine_all, verify_all};

use std::collections::BTreeMap;

use banto_domain::{Case, CaseKey, StoredCommit, Track};
use serde_json::{Value, json};

use crate::ledger::{Item, PutOff, again, text};
use crate::{Ledger, Result, items};

impl Ledger {
    /// The keys of all cases, of all clients.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn cases(&self) -> Result<Vec<CaseKey>> {
        Ok(self.cases_put_off().await?.into_keys().collect())
    }

    /// … and how those are put off that could not be woken.
    pub(crate) async fn cases_put_off(&self) -> Result<BTreeMap<CaseKey, Option<PutOff>>> {
        let rows = self.scan("sk = :s AND begins_with(pk, :case)", [(":s", "S"), (":case", "CASE#")]).await?;
        rows.iter().map(|row| Ok((items::read_case_pk(text(row, "pk")?)?, PutOff::read(row)))).collect()
    }

    async fn scan(&self, filter: &str, values: [(&str, &str); 2]) -> Result<Vec<Item>> {
        let mut call = self.client().scan().table_name(self.table()).consistent_read(true).filter_expression(filter);
        for (name, value) in values {
            call = call.expression_attribute_values(name, crate::ledger::s(value));
        }
        let mut pages = call.into_paginator().send();
        let mut rows = Vec::new();
        while let Some(page) = pages.next().await {
            rows.extend(page.map_err(again)?.items.unwrap_or_default());
        }
        Ok(rows)
    }

    /// A case as design §7 shows it: with what the customer wrote, and with its journal unless `short`.
    ///
    /// # Errors
    /// When the store can't be reached or holds what can't be read.
    pub async fn show(&self, key: &CaseKey, short: bool) -> Result<Option<Value>> {
        let Some(loaded) = self.load(key).await? else { return Ok(None) };
        let case = &loaded.case;
        let value = |name: &str| loaded.personal.value(&case.facts, name);
        let facts: serde_json::Map<String, Value> =
            case.facts.keys().filter_map(|name| Some((name.clone(), json!(value(name)?)))).collect();
        let mut shown = json!({
            "id": case.key.case,
            "client": case.key.client,
            "customer": { "person": case.person, "name": value("name"), "email": value("email"), "language": case.language },
            "flow": case.flow,
            "playbook_version": case.playbook_version,
            "node": case.main().map(|t| &t.node),
            "tokens": case.tokens,
            "suspensions": case.suspensions,
            "status": case.status,
            "outcome": case.outcome,
            "opened_at": case.opened_at,
            "recorded_at": case.recorded_at,
            "facts": facts,
            "tracks": tracks(case),
            "package": case.package,
            "owner": case.owner,
            "stopped": case.emergency().is_some(),
            "due_at": case.due_at(),
        });
        if !short {
            shown["journal"] = Value::Array(journal(&self.journal(key).await?)?);
        }
        Ok(Some(shown))
    }
}

/// Open tracks, each with its id, kind and state.
fn tracks(case: &Case) -> Vec<Value> {
    let shown = |(id, track): (&banto_domain::Id, &Track)| {
        let mut shown = json!({ "id": id, "kind": "ask", "state": "open" });
        let fields = match track {
            Track::Ask(ask) => json!(ask),
            Track::Message(message) => {
                shown["kind"] = json!("message");
                json!(message)
            }
            Track::Booking(booking) => {
                shown["kind"] = json!("booking");
                shown["state"] = json!(match (booking.cancelled, booking.is_confirmed()) {
                    (true, _) => "cancelled",
                    (false, true) => "confirmed",
                    (false, false) => "held",
                });
                shown["at"] = json!(booking.seat.begins());
                shown["ends"] = json!(booking.seat.ends());
                json!(booking)
            }
            Track::Settlement(settled) => {
                shown["kind"] = json!("settlement");
                json!(settled)
            }
            Track::Request(request) => {
                shown["kind"] = json!("request");
                shown["wants"] = json!(request.kind);
                json!(request)
            }
            Track::Refund(refund) => {
                shown["kind"] = json!("refund");
                shown["state"] = json!(match refund {
                    refund if refund.is_made() => "made",
                    refund if refund.is_held() => "held",
                    _ => "under-way",
                });
                json!(refund)
            }
            Track::Invoice(invoice) => {
                shown["kind"] = json!("invoice");
                shown["state"] = json!(invoice.state());
                json!(invoice)
            }
        };
        for (name, value) in fields.as_object().into_iter().flatten() {
            // An ask's `kind` says how it is answered; a track's says what it is.
            let name = if name == "kind" { "answered_by" } else { name };
            shown[name] = value.clone();
        }
        shown
    };
    case.tracks.iter().map(shown).collect()
}

/// One row per entry: `{seq, at, type, actor, function, detail}`.
fn journal(commits: &[StoredCommit]) -> Result<Vec<Value>> {
    let mut rows = Vec::new();
    for stored in commits {
        let commit = stored.open().map_err(|e| crate::Error::Bug(format!("commit {}: {e}", stored.seq)))?;
        for stamped in &commit.entries {
            let mut detail = serde_json::to_value(&stamped.entry).map_err(|e| crate::Error::Bug(e.to_string()))?;
            if let Some(fields) = detail.as_object_mut() {
                fields.remove("type");
            }
            rows.push(json!({
                "seq": commit.seq,
                "at": commit.recorded_at,
                "type": stamped.entry.kind(),
                "actor": commit.actor.name(),
                "function": commit.function,
                "detail": detail,
            }));
        }
    }
    Ok(rows)
}
