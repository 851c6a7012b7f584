//! In some worlds there is a practice none of whose cases can be read, for two days, until somebody puts it right. They
//! are due all the time, and nobody else may notice.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::rng::Rng;
use super::world::{Due, World};

/// The practice's name. Nobody else knows of it.
pub(super) const TROUBLED: &str = "troubled";
/// How many cases it has.
const CASES: u64 = 24;

impl World {
    /// Puts the cases into the table, as somebody would who writes into it by hand.
    pub(super) fn get_into_trouble(&mut self) {
        if !Rng::of(self.seed, &["trouble"]).per_mille(300) {
            return;
        }
        let from = self.begins.saturating_add(SignedDuration::from_hours(12)).unwrap_or_default();
        for n in 0..CASES {
            let due_at = from.saturating_add(SignedDuration::from_secs(7 * n.cast_signed())).unwrap_or_default();
            let item = json!({
                "pk": { "S": pk(n) }, "sk": { "S": "S" }, "v": { "N": "2" }, "seq": { "N": "1" }, "body": { "S": "{" },
                "due_shard": { "S": (n % 4).to_string() }, "due_at": { "S": due_at.to_string() },
            });
            let put = json!({ "TableName": self.cloud.table, "Item": item });
            self.by_hand("PutItem", &put);
        }
        self.people.count("cases that nobody can read");
        let until = from.saturating_add(SignedDuration::from_hours(48)).unwrap_or_default();
        self.at(until, Due::Mended);
    }

    /// They are taken away.
    pub(super) fn mended(&mut self) {
        self.say(format!("somebody put {TROUBLED} right"));
        for n in 0..CASES {
            let key = json!({ "pk": { "S": pk(n) }, "sk": { "S": "S" } });
            let delete = json!({ "TableName": self.cloud.table, "Key": key });
            self.by_hand("DeleteItem", &delete);
            self.cloud.net().due.remove(&pk(n));
        }
    }
}

impl World {
    fn by_hand(&self, operation: &str, request: &Value) {
        let reply = self.cloud.engine.answer(operation, request.to_string().as_bytes());
        if reply.status != 200 {
            self.breaks(format!("set-up: {operation}: {}", String::from_utf8_lossy(&reply.body)));
        }
    }
}

fn pk(n: u64) -> String {
    format!("CASE#{TROUBLED}#TR0000000{n:03}")
}
