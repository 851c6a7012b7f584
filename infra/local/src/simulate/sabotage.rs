//! Ways to break Banto on purpose, at the wire and at the schedule, so that every check is known to be able to fail.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::wire::Reply;

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
}

impl Sabotage {
    /// All of them, by name.
    pub const ALL: [(&'static str, Self); 12] = [
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
    ];

    /// By its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, sabotage)| *sabotage)
    }

    /// A request as it is sent instead.
    pub(super) fn spoil(self, operation: &str, body: &[u8]) -> Option<Vec<u8>> {
        let spoils = matches!(self, Self::NoConditions | Self::ForgetDue | Self::NoLease | Self::StaleGate);
        if operation != "TransactWriteItems" || !spoils {
            return None;
        }
        let mut request: Value = serde_json::from_slice(body).ok()?;
        if self == Self::StaleGate {
            let writes = request["TransactItems"].as_array_mut()?;
            writes.retain(|w| {
                !w["ConditionCheck"]["Key"]["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("PLAYBOOK#"))
            });
            return serde_json::to_vec(&request).ok();
        }
        for write in request["TransactItems"].as_array_mut()? {
            let Some(put) = write["Put"].as_object_mut() else { continue };
            match self {
                Self::NoConditions => {
                    for name in
                        ["ConditionExpression", "ExpressionAttributeValues", "ReturnValuesOnConditionCheckFailure"]
                    {
                        put.remove(name);
                    }
                }
                Self::ForgetDue => {
                    let item = put.get_mut("Item")?.as_object_mut()?;
                    item.remove("due_at");
                    item.remove("due_shard");
                }
                _ => {
                    let leases =
                        put["Item"]["body"]["S"].as_str().is_some_and(|b| b.contains("\"type\":\"message.sending\""));
                    if leases {
                        return Some(b"lost".to_vec());
                    }
                }
            }
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
            _ => None,
        }
    }
}
