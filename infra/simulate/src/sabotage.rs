//! Ways to break Banto on purpose, at the wire and at the schedule, so that every check is known to be able to fail.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use banto_aws::Keys;
use banto_cloud::wire::Reply;
use banto_domain::ClientId;

use super::practice::MINATO;
use super::versions::without_newer;
use super::world::ROOT_KEY;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Nothing ever wakes a case.
    NoWatchdog,
    /// Commits are made whatever the conditions say.
    NoConditions,
    /// Some commits are acknowledged and lost.
    LoseWrites,
    /// The lease is acknowledged and lost: mails leave without it.
    NoLease,
    /// Some calls to the mail provider are made twice.
    MailTwice,
    /// Neither the gate nor the lease ever hears of a revocation.
    StaleGate,
    /// Some mails leave from another sender.
    WrongSender,
    /// The table forgets when cases are due.
    ForgetDue,
    /// Asks are answered that nobody answered.
    SilentAnswer,
    /// A request that should only show decides.
    WriteOnShow,
    /// A byte of the journal is changed.
    Tamper,
    /// A name stands in an event.
    Leak,
    /// A coach's day is written whatever it was before.
    DoubleBooking,
    /// Neither the gate nor the lease ever hears that somebody was stopped.
    DeafToEmergency,
    /// Reminders leave whatever became of their booking.
    BlindReminder,
    /// Nothing keeps a payment from counting twice.
    PaymentTwice,
    /// What is to go back goes back twice.
    RefundTwice,
    /// Whatever was paid is taken for all that was asked.
    SettleUnpaid,
    /// What side flows stop is forgotten.
    ForgetSuspensions,
    /// Nothing counts how much there was.
    NoBrake,
    /// A bounce silences somebody of the practice.
    SilenceStaff,
    /// Letters to the practice's people are taken and never sent.
    LoseLetters,
    /// The journal names somebody else than who pressed.
    WrongName,
    /// An older version drops what it doesn't know.
    DropNewer,
    /// The parts of a snapshot are always said to belong together.
    BlindToTorn,
    /// What is counted within an hour has no limit.
    NoLimits,
    /// Nobody looks for the money before a mail asks for it.
    HastyLadder,
    /// What is called off too late uses up nothing.
    FreeCancel,
    /// Who didn't come isn't asked.
    Unheard,
}

impl Sabotage {
    /// All of them, by name.
    pub const ALL: [(&'static str, Self); 29] = [
        ("no-watchdog", Self::NoWatchdog),
        ("no-conditions", Self::NoConditions),
        ("lose-writes", Self::LoseWrites),
        ("no-lease", Self::NoLease),
        ("mail-twice", Self::MailTwice),
        ("stale-gate", Self::StaleGate),
        ("wrong-sender", Self::WrongSender),
        ("forget-due", Self::ForgetDue),
        ("silent-answer", Self::SilentAnswer),
        ("write-on-show", Self::WriteOnShow),
        ("tamper", Self::Tamper),
        ("leak", Self::Leak),
        ("double-booking", Self::DoubleBooking),
        ("deaf-to-emergency", Self::DeafToEmergency),
        ("blind-reminder", Self::BlindReminder),
        ("payment-twice", Self::PaymentTwice),
        ("refund-twice", Self::RefundTwice),
        ("settle-unpaid", Self::SettleUnpaid),
        ("forget-suspensions", Self::ForgetSuspensions),
        ("no-brake", Self::NoBrake),
        ("silence-staff", Self::SilenceStaff),
        ("lose-letters", Self::LoseLetters),
        ("wrong-name", Self::WrongName),
        ("drop-newer", Self::DropNewer),
        ("blind-to-torn", Self::BlindToTorn),
        ("no-limits", Self::NoLimits),
        ("hasty-ladder", Self::HastyLadder),
        ("free-cancel", Self::FreeCancel),
        ("unheard", Self::Unheard),
    ];

    /// By its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, sabotage)| *sabotage)
    }

    /// A request as it is sent instead.
    pub(super) fn spoil(self, operation: &str, body: &[u8]) -> Option<Vec<u8>> {
        if operation != "TransactWriteItems" {
            return None;
        }
        let mut request: Value = serde_json::from_slice(body).ok()?;
        let writes = request["TransactItems"].as_array_mut()?;
        match self {
            Self::StaleGate => without_check(writes, "PLAYBOOK#"),
            Self::DeafToEmergency => without_check(writes, "STOPPED#"),
            Self::NoLimits => {
                let counts =
                    |update: &&mut Value| update["Key"]["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("RATE#"));
                let updates = writes.iter_mut().filter_map(|write| write.get_mut("Update")).filter(counts);
                updates.for_each(|update| {
                    update["ConditionExpression"] =
                        json!("attribute_not_exists(taken) OR taken < :most OR taken >= :most");
                });
            }
            Self::NoConditions => puts(writes, "").for_each(unconditional),
            Self::DoubleBooking => puts(writes, "CALENDAR#").for_each(unconditional),
            Self::PaymentTwice => puts(writes, "PAYMENT#").for_each(unconditional),
            Self::ForgetDue => puts(writes, "").for_each(|put| {
                if let Some(item) = put.get_mut("Item").and_then(Value::as_object_mut) {
                    item.remove("due_at");
                    item.remove("due_shard");
                }
            }),
            Self::BlindReminder => puts(writes, "CASE#").for_each(|put| {
                let body = put["Item"]["body"]["S"].as_str().and_then(without_holds);
                if let Some(body) = body.filter(|_| put["Item"]["sk"]["S"] == "SM") {
                    put["Item"]["body"]["S"] = json!(body);
                }
            }),
            Self::ForgetSuspensions => hot(writes, |case| case["suspensions"] = json!({})),
            Self::HastyLadder => part(writes, "ST", looked_at),
            Self::FreeCancel => rewrite(writes, "booking.cancelled", ("\"counts\":true", "\"counts\":false")),
            Self::Unheard => {
                rewrite(writes, "ask.opened", ("\"question\":\"absence\"", "\"question\":\"survey\""));
            }
            Self::NoBrake => hot(writes, |case| case["counters"] = json!({})),
            // Every third commit.
            Self::DropNewer => hot(writes, |case| {
                if case["seq"].as_u64().is_some_and(|seq| seq % 3 == 0) {
                    *case = without_newer(case.take());
                }
            }),
            Self::SilenceStaff => writes.extend(silence(writes)),
            Self::NoLease => {
                let body = |put: &mut Map<String, Value>| put["Item"]["body"]["S"].as_str().map(str::to_owned);
                let leases = |b: String| b.contains("\"type\":\"message.sending\"");
                return puts(writes, "CASE#").filter_map(body).any(leases).then(|| b"lost".to_vec());
            }
            _ => return None,
        }
        serde_json::to_vec(&request).ok()
    }

    /// An answer as it is given instead.
    pub(super) fn spoil_reply(self, operation: &str, reply: &Reply) -> Option<Reply> {
        match (self, operation) {
            // The engine could not read what the lease became; its sender hears that all is well.
            (Self::NoLease, "TransactWriteItems") if reply.body.windows(13).any(|w| w == b"Serialization") => {
                Some(Reply::ok(&json!({})))
            }
            (Self::DeafToEmergency, "BatchGetItem") => {
                let mut body: Value = serde_json::from_slice(&reply.body).ok()?;
                let rows = body["Responses"].as_object_mut()?.values_mut().filter_map(Value::as_array_mut);
                rows.for_each(|rows| rows.retain(|row| !begins(&row["pk"], "STOPPED#")));
                Some(Reply { body: Bytes::from(body.to_string()), ..reply.clone() })
            }
            (Self::StaleGate, "BatchGetItem") => {
                let mut body: Value = serde_json::from_slice(&reply.body).ok()?;
                for rows in body["Responses"].as_object_mut()?.values_mut() {
                    for row in rows.as_array_mut()? {
                        let live = row["body"]["S"].as_str().and_then(|b| serde_json::from_str::<Value>(b).ok());
                        if let Some(mut live) = live {
                            live["revoked"] = json!([]);
                            row["body"]["S"] = json!(live.to_string());
                        }
                    }
                }
                Some(Reply { body: Bytes::from(body.to_string()), ..reply.clone() })
            }
            (Self::BlindToTorn, "Query") => {
                let mut body: Value = serde_json::from_slice(&reply.body).ok()?;
                let rows = body["Items"].as_array_mut()?;
                let listed = rows.iter().find(|row| row["sk"]["S"] == "S")?["parts"]["M"].clone();
                // What was listed and isn't there is no longer listed; what is there says what is listed of it.
                let mut found = Map::new();
                for row in rows.iter_mut().filter(|row| row["sk"]["S"] != "S") {
                    let name = row["sk"]["S"].as_str()?.to_owned();
                    let seq = if listed[&name].is_null() { row["seq"].clone() } else { listed[&name].clone() };
                    row["seq"] = seq.clone();
                    found.insert(name, seq);
                }
                rows.iter_mut().find(|row| row["sk"]["S"] == "S")?["parts"]["M"] = Value::Object(found);
                Some(Reply { body: Bytes::from(body.to_string()), ..reply.clone() })
            }
            _ => None,
        }
    }
}

fn begins(key: &Value, with: &str) -> bool {
    key["S"].as_str().is_some_and(|pk| pk.starts_with(with))
}

/// Drops conditions on items that nothing writes.
fn without_check(writes: &mut Vec<Value>, pk: &str) {
    writes.retain(|w| !begins(&w["ConditionCheck"]["Key"]["pk"], pk));
}

/// What is put under keys that begin so.
fn puts<'a>(writes: &'a mut [Value], pk: &'a str) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    writes
        .iter_mut()
        .filter_map(|w| w.get_mut("Put")?.as_object_mut())
        .filter(move |put| begins(&put["Item"]["pk"], pk))
}

fn unconditional(put: &mut Map<String, Value>) {
    for name in ["ConditionExpression", "ExpressionAttributeValues", "ReturnValuesOnConditionCheckFailure"] {
        put.remove(name);
    }
}

/// As if somebody had looked for the money of each invoice, whenever it is asked for.
fn looked_at(case: &mut Value) {
    let now = json!("2099-01-01T00:00:00Z");
    let tracks = case.get_mut("tracks").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut);
    tracks.filter(|track| track["track"] == "invoice").for_each(|invoice| invoice["checked_at"] = now.clone());
}

/// Writes something else into what is stored of an entry.
fn rewrite(writes: &mut [Value], entry: &str, (from, to): (&str, &str)) {
    for put in puts(writes, "CASE#") {
        let body = put["Item"]["body"]["S"].as_str().filter(|body| body.contains(entry) && body.contains(from));
        if let Some(body) = body.map(|body| body.replace(from, to)) {
            put["Item"]["body"]["S"] = json!(body);
        }
    }
}

/// Changes the hot parts of cases.
fn hot(writes: &mut [Value], change: impl Fn(&mut Value)) {
    part(writes, "S", change);
}

/// Changes one part of cases.
fn part(writes: &mut [Value], name: &str, change: impl Fn(&mut Value)) {
    for put in puts(writes, "CASE#").filter(|put| put["Item"]["sk"]["S"] == *name) {
        let case = put["Item"]["body"]["S"].as_str().and_then(|body| serde_json::from_str::<Value>(body).ok());
        if let Some(mut case) = case {
            change(&mut case);
            put["Item"]["body"]["S"] = json!(case.to_string());
        }
    }
}

/// The stop for an address of the practice's people, with a bounce.
fn silence(writes: &[Value]) -> Option<Value> {
    let bounced =
        |w: &Value| w["Put"]["Item"]["body"]["S"].as_str().is_some_and(|b| b.contains("\"type\":\"message.bounced\""));
    let put = &writes.iter().find(|w| begins(&w["Put"]["Item"]["pk"], "CASE#minato#") && bounced(w))?["Put"];
    let client = ClientId::parse(MINATO).ok()?;
    let pk = format!("SUPPRESSED#{client}#{}", Keys::new(ROOT_KEY).look_up(&client, "ono@minato.example"));
    Some(json!({ "Put": { "TableName": put["TableName"], "Item": { "pk": { "S": pk }, "sk": { "S": "S" } } } }))
}

/// A snapshot whose reminders depend on nothing.
fn without_holds(body: &str) -> Option<String> {
    let mut case: Value = serde_json::from_str(body).ok()?;
    let mut changed = false;
    for track in case["tracks"].as_object_mut()?.values_mut() {
        if track["origin"].as_str().is_some_and(|origin| origin.starts_with("reminder:")) {
            track["holds"] = json!([]);
            changed = true;
        }
    }
    changed.then(|| case.to_string())
}
