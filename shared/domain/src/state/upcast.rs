//! Old shapes become today's shapes when they are read; stored bytes are never rewritten.
//!
//! Every released version stays readable: `events/golden/` holds a journal of each.

use serde_json::Value;

use super::Commit;

/// Turns an entry of one version of one type into the next version's shape.
#[derive(Debug, Clone, Copy)]
pub struct Upcaster {
    /// The entry's type: `ask.opened`.
    pub kind: &'static str,
    /// The version it reads. It writes the next.
    pub from: u32,
    /// The change of shape.
    pub change: fn(&mut Value),
}

/// All changes of shape so far. Append only.
pub const UPCASTERS: &[Upcaster] = &[];

/// Brings one entry up to date.
pub fn entry(entry: &mut Value, upcasters: &[Upcaster]) {
    while let (Some(kind), Some(version)) = (entry["type"].as_str(), entry["v"].as_u64()) {
        let Some(step) = upcasters.iter().find(|u| u.kind == kind && u64::from(u.from) == version) else { return };
        (step.change)(entry);
        entry["v"] = Value::from(version + 1);
    }
}

/// Reads a commit of any released version.
///
/// # Errors
/// When the bytes are no commit.
pub fn commit(body: &str) -> Result<Commit, serde_json::Error> {
    if UPCASTERS.is_empty() {
        return serde_json::from_str(body);
    }
    let mut value: Value = serde_json::from_str(body)?;
    if let Some(entries) = value["entries"].as_array_mut() {
        entries.iter_mut().for_each(|e| entry(e, UPCASTERS));
    }
    serde_json::from_value(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_old_entry_climbs_version_by_version() {
        let ups = [
            Upcaster { kind: "a.b", from: 1, change: |e| e["who"] = e["name"].take() },
            Upcaster { kind: "a.b", from: 2, change: |e| e["loud"] = json!(true) },
        ];
        let mut old = json!({"type": "a.b", "v": 1, "name": "x"});
        entry(&mut old, &ups);
        assert_eq!(old, json!({"type": "a.b", "v": 3, "name": null, "who": "x", "loud": true}));
        let mut other = json!({"type": "c.d", "v": 1});
        entry(&mut other, &ups);
        assert_eq!(other, json!({"type": "c.d", "v": 1}));
    }
}
