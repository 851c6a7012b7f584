//! The smallest practice that has working days, for tests of civil time.

use serde_json::{Value, json};

use crate::Playbook;

/// A practice in a zone, with these quiet hours (null: none).
pub(super) fn practice(zone: &str, quiet: Value) -> Playbook {
    serde_json::from_value(json!({
        "v": 1, "client": "x", "name": { "ja": "", "en": "" }, "zone": zone, "quiet": quiet,
        "sender": { "name": { "ja": "", "en": "" }, "address": "x@x.example", "contact": { "ja": "", "en": "" } },
        "people": {}, "facts": {}, "forms": {},
        "classification": { "read": [], "at_least": 1, "lead": 1, "categories": {} },
        "questions": {}, "templates": {}, "flows": {},
        "calendar": { "lead": "PT1H", "horizon": "P7D", "offers": 1, "per_day": 1, "at_least": 1, "hold": "P1D",
            "holidays": "japan", "breaks": [{ "from": "12-29", "to": "01-03" }] },
    }))
    .expect("a playbook")
}
