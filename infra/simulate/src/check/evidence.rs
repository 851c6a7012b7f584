//! The table's items as they stand there.

use std::collections::BTreeMap;

use banto_domain::{Case, Commit, Id, Playbook, StoredCommit};
use serde_json::{Value, json};

use crate::Sabotage;
use crate::cloud::at_once;
use crate::world::World;

/// Everything about one case.
#[derive(Debug)]
pub(super) struct Filed {
    pub(super) client: String,
    pub(super) case: String,
    pub(super) snapshot: Case,
    /// The same, as its parts say it.
    pub(super) stored: Value,
    /// The item of its hot part.
    pub(super) item: Value,
    /// What the customer wrote, if there is such an item.
    pub(super) personal: Value,
    /// In order, with how many changes the table had seen before.
    pub(super) commits: Vec<Kept>,
    /// Payloads as they came.
    pub(super) inbound: Vec<Value>,
    pub(super) playbook: std::sync::Arc<Playbook>,
}

/// A commit as it is stored, and read.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) stored: StoredCommit,
    pub(super) commit: Commit,
    pub(super) order: usize,
}

/// The table.
#[derive(Debug)]
pub(super) struct Evidence {
    /// By partition key.
    pub(super) cases: BTreeMap<String, Filed>,
    /// All items.
    pub(super) items: Vec<Value>,
}

impl World {
    /// A case's snapshot, read from its items.
    pub(crate) fn snapshot(&self, pk: &str) -> Option<Case> {
        let query = json!({
            "TableName": self.cloud.table, "ConsistentRead": true,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :s)",
            "ExpressionAttributeValues": { ":pk": { "S": pk }, ":s": { "S": "S" } },
        });
        let reply = self.cloud.engine.answer("Query", query.to_string().as_bytes());
        let page: Value = serde_json::from_slice(&reply.body).ok()?;
        let rows: Vec<&Value> = page["Items"].as_array()?.iter().collect();
        serde_json::from_value(whole(&rows).ok()?).ok()
    }
}

/// The parts of a snapshot put together, as anybody would who knows only that a key of two parts is one object.
fn whole(rows: &[&Value]) -> Result<Value, String> {
    let mut all = serde_json::Map::new();
    for row in rows.iter().filter(|r| matches!(text(r, "sk"), "S" | "SA" | "SF" | "SM" | "ST")) {
        let part: Value = serde_json::from_str(text(row, "body")).map_err(|e| e.to_string())?;
        for (name, value) in part.as_object().into_iter().flatten() {
            match (all.get_mut(name), value) {
                (Some(Value::Object(into)), Value::Object(more)) => into.extend(more.clone()),
                _ => drop(all.insert(name.clone(), value.clone())),
            }
        }
    }
    Ok(Value::Object(all))
}

pub(super) fn gather(world: &World) -> Result<Evidence, String> {
    let items = scan(world)?;
    let mut rows: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for item in &items {
        let pk = text(item, "pk");
        if pk.starts_with("CASE#") {
            rows.entry(pk.to_owned()).or_default().push(item);
        }
    }
    let mut order = BTreeMap::new();
    for (n, change) in world.cloud.net().changes.iter().enumerate() {
        order.entry((change.pk.clone(), change.sk.clone())).or_insert(n);
    }
    let cases = rows.into_iter().map(|(pk, rows)| filed(world, &pk, &rows, &order).map(|f| (pk, f)));
    let mut cases: BTreeMap<String, Filed> = cases.collect::<Result<_, _>>()?;
    if world.cloud.net().sabotage == Some(Sabotage::Tamper) {
        let first = cases.values_mut().next().and_then(|f| f.commits.first_mut());
        if let Some(kept) = first {
            kept.stored.body = kept.stored.body.replacen("case.opened", "case.closed", 1);
        }
    }
    Ok(Evidence { cases, items })
}

fn scan(world: &World) -> Result<Vec<Value>, String> {
    let (mut items, mut start) = (Vec::new(), Value::Null);
    loop {
        let mut request = json!({ "TableName": world.cloud.table });
        if !start.is_null() {
            request["ExclusiveStartKey"] = start;
        }
        let reply = world.cloud.engine.answer("Scan", request.to_string().as_bytes());
        let mut page: Value = serde_json::from_slice(&reply.body).map_err(|e| e.to_string())?;
        if let Some(rows) = page["Items"].as_array_mut() {
            items.append(rows);
        }
        start = page["LastEvaluatedKey"].take();
        if start.is_null() {
            return Ok(items);
        }
    }
}

pub(super) fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item[name]["S"].as_str().unwrap_or_default()
}

fn filed(world: &World, pk: &str, rows: &[&Value], order: &BTreeMap<(String, String), usize>) -> Result<Filed, String> {
    let find = |sk: &str| rows.iter().find(|r| text(r, "sk") == sk).copied().cloned();
    let item = find("S").ok_or_else(|| format!("{pk} has no snapshot"))?;
    let stored = whole(rows)?;
    let snapshot: Case = serde_json::from_value(stored.clone()).map_err(|e| format!("{pk}: {e}"))?;
    let personal = find("SP").map_or(Value::Null, |r| serde_json::from_str(text(&r, "body")).unwrap_or_default());
    let mut commits = Vec::new();
    for row in rows.iter().filter(|r| text(r, "sk").starts_with("C#")) {
        commits.push(kept(pk, row, order)?);
    }
    commits.sort_by_key(|k| k.stored.seq);
    let mut parts = pk.split('#').skip(1).map(str::to_owned);
    let playbooks = &world.outside.env.playbooks;
    let playbook = at_once(playbooks.get(&snapshot.key.client, snapshot.playbook_version));
    let playbook = playbook.and_then(Result::ok).ok_or_else(|| format!("{pk}: no playbook"))?;
    Ok(Filed {
        client: parts.next().unwrap_or_default(),
        case: parts.next().unwrap_or_default(),
        snapshot,
        stored,
        item,
        personal,
        commits,
        inbound: rows.iter().filter(|r| text(r, "sk").starts_with("I#")).map(|r| (*r).clone()).collect(),
        playbook,
    })
}

fn kept(pk: &str, row: &Value, order: &BTreeMap<(String, String), usize>) -> Result<Kept, String> {
    let sk = text(row, "sk");
    let seq =
        row["seq"]["N"].as_str().and_then(|n| n.parse().ok()).ok_or_else(|| format!("{pk} {sk} has no number"))?;
    let claim = Id::parse(sk.trim_start_matches("C#")).map_err(|e| e.to_string())?;
    let stored = StoredCommit { claim, seq, hash: text(row, "hash").to_owned(), body: text(row, "body").to_owned() };
    let commit = stored.open().map_err(|e| format!("{pk} {sk}: {e}"))?;
    let order = order.get(&(pk.to_owned(), sk.to_owned())).copied().unwrap_or(usize::MAX);
    Ok(Kept { stored, commit, order })
}
