//! A rolling deploy: for some weeks half of the handlers are of a newer version. In some worlds it knows keys more in what
//! is stored, which the older half must carry along as they are; in others its snapshots have another shape, which the
//! older half must leave alone, and come again. Newer handlers are today's, behind a wire that adds and takes away what
//! they would know more.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::rng::Rng;
use banto_cloud::wire::Reply;

/// What a newer writer knows more.
const KEY: &str = "from_a_newer_version";
/// The version of today's snapshots, and of those that a newer writer makes.
const SHAPES: (&str, &str) = ("2", "3");

/// What the newer half does otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// It has a key more.
    Keys,
    /// It has another shape.
    Shape,
}

/// The rolling deploy of a world, if there is one.
#[derive(Debug, Default)]
pub(super) struct Versions {
    seed: u64,
    change: Option<Change>,
    /// The newer keys, by item, since they were there.
    kept: BTreeMap<(String, String), Value>,
}

impl Versions {
    pub(super) fn of(seed: u64) -> Self {
        let change = match Rng::of(seed, &["versions"]).below(10) {
            0..=2 => Some(Change::Keys),
            3..=4 => Some(Change::Shape),
            _ => None,
        };
        Self { seed, change, kept: BTreeMap::new() }
    }

    /// Whether this run is of the newer version; all are once it is `over`.
    pub(super) fn is_newer(&self, task: u64, over: bool) -> bool {
        self.change.is_some() && (over || Rng::of(self.seed, &["newer", &task.to_string()]).per_mille(500))
    }

    /// A transaction as the newer version would write it.
    pub(super) fn write(&self, body: &[u8]) -> Option<Vec<u8>> {
        let mut request: Value = serde_json::from_slice(body).ok()?;
        for write in request["TransactItems"].as_array_mut()? {
            let Some(item) = write.pointer_mut("/Put/Item") else { continue };
            if !item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("CASE#")) {
                continue;
            }
            match (self.change?, item["sk"]["S"].as_str()?) {
                (Change::Keys, "S" | "SP") => {
                    let mut part: Value = serde_json::from_str(item["body"]["S"].as_str()?).ok()?;
                    if !part.as_object()?.contains_key(KEY) {
                        // It goes on with a case that it has just written: what it put there then it has in its hands.
                        let of = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
                        let before = self.kept.get(&(of("pk"), of("sk"))).cloned();
                        part[KEY] = before.unwrap_or_else(|| json!({ "since": item["seq"]["N"] }));
                    }
                    item["body"]["S"] = json!(part.to_string());
                }
                (Change::Shape, "S") => item["v"]["N"] = json!(SHAPES.1),
                _ => {}
            }
        }
        serde_json::to_vec(&request).ok()
    }

    /// An answer as the newer version understands it.
    pub(super) fn read(&self, reply: Reply) -> Reply {
        let understood = || {
            let mut body: Value = serde_json::from_slice(&reply.body).ok()?;
            let rows = body["Items"].as_array_mut()?;
            let newer: Vec<&mut Value> =
                rows.iter_mut().filter(|r| r["sk"]["S"] == "S" && r["v"]["N"] == SHAPES.1).collect();
            if newer.is_empty() {
                return None;
            }
            newer.into_iter().for_each(|row| row["v"]["N"] = json!(SHAPES.0));
            Some(Reply { body: body.to_string().into(), ..reply.clone() })
        };
        if self.change == Some(Change::Shape) { understood().unwrap_or(reply) } else { reply }
    }

    /// A part was written: what a newer version put there is still there. Says when it isn't.
    pub(super) fn written(&mut self, (pk, sk): (&str, &str), image: &Value) -> Option<String> {
        if self.change != Some(Change::Keys) || !matches!(sk, "S" | "SP") || !pk.starts_with("CASE#") {
            return None;
        }
        let part: Value = serde_json::from_str(image["body"]["S"].as_str()?).ok()?;
        let is = part.get(KEY).cloned();
        let was = match &is {
            Some(is) => self.kept.insert((pk.to_owned(), sk.to_owned()), is.clone()),
            None => self.kept.get(&(pk.to_owned(), sk.to_owned())).cloned(),
        };
        (was.is_some() && was != is).then(|| format!("versions: {pk} {sk} had {was:?}, and then {is:?}"))
    }
}

/// A snapshot as today's version knows it.
pub(super) fn without_newer(mut stored: Value) -> Value {
    if let Some(keys) = stored.as_object_mut() {
        keys.remove(KEY);
    }
    stored
}
