//! Reads between two states: a Query is only read-committed against transactions (Amazon DynamoDB Developer Guide,
//! "Isolation levels"), so that some items come as they were before a transaction, and some as they are after it. Keeps
//! what the last transaction of each case changed; refuses to show a state that never was of a single item.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::rng::Rng;
use banto_cloud::wire::Reply;

/// What was.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// Items of cases as they stand, by partition and sort key.
    now: BTreeMap<String, BTreeMap<String, Value>>,
    /// What the last transaction changed, as it was before it: `null` for what it made.
    before: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Past {
    /// Keeps what one transaction did, as the stream tells it.
    pub(super) fn keep<'a>(&mut self, records: impl Iterator<Item = &'a Value>) {
        let mut changed: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
        for record in records {
            let key = |name: &str| record["dynamodb"]["Keys"][name]["S"].as_str().unwrap_or_default().to_owned();
            let (pk, sk) = (key("pk"), key("sk"));
            if pk.starts_with("CASE#") {
                let items = self.now.entry(pk.clone()).or_default();
                let was = items.insert(sk.clone(), record["dynamodb"]["NewImage"].clone());
                changed.entry(pk).or_default().entry(sk).or_insert(was.unwrap_or_default());
            }
        }
        self.before.extend(changed);
    }

    /// An answer of which some items, but not all that the last transaction changed, are as they were before it; `None`
    /// when it shows less than two of those.
    pub(super) fn tear(&self, rng: &mut Rng, reply: &Reply) -> Option<Reply> {
        let mut shown: Value = serde_json::from_slice(&reply.body).ok()?;
        let items = shown["Items"].as_array_mut()?;
        let was = |item: &Value| self.before.get(item["pk"]["S"].as_str()?)?.get(item["sk"]["S"].as_str()?).cloned();
        let changed: Vec<usize> = (0..items.len()).filter(|n| was(&items[*n]).is_some()).collect();
        if changed.len() < 2 {
            return None;
        }
        let stays = *rng.pick(&changed);
        let goes = *rng.pick(&changed.iter().copied().filter(|n| *n != stays).collect::<Vec<_>>());
        for n in changed.into_iter().filter(|n| *n != stays) {
            if n == goes || rng.per_mille(500) {
                items[n] = was(&items[n])?;
            }
        }
        items.retain(|item| !item.is_null());
        let count = items.len();
        shown["Count"] = json!(count);
        shown["ScannedCount"] = json!(count);
        Some(Reply::ok(&shown))
    }
}
