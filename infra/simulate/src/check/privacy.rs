//! Tenants never meet, and what people wrote stands only in erasable items and in their own mails.

use std::collections::BTreeMap;

use banto_domain::steps::RECEIVE_PAYMENT;
use serde_json::Value;

use super::Verdict;
use super::evidence::{Evidence, text};
use crate::Sabotage;
use crate::people::{MARK, markers};
use crate::practice::MINATO;
use crate::world::World;

/// Secrets of the ready-made playbooks, and the beginning of the root key as hex.
const SECRETS: [&str; 5] = [
    "demo-typeform-secret",
    "ZGVtby1oYXJib3ItZGVtby1oYXJib3ItISE",
    "demo-yamada-practice-mode-only",
    "ZGVtby1oYXJib3ItcGF5bWVudHMtZGVtbyEh",
    "42424242424242424242",
];

const CLIENTS: [&str; 3] = ["yamada", "harbor", MINATO];

pub(super) fn check(world: &World, evidence: &Evidence, logs: &str, verdict: &mut Verdict) {
    let owners: BTreeMap<&str, &str> =
        world.people.scripts.iter().map(|s| (s.marker.as_str(), s.channel.route().0)).collect();
    let mut at_home: BTreeMap<String, String> = BTreeMap::new();
    for item in &evidence.items {
        let (pk, sk) = (text(item, "pk"), text(item, "sk"));
        let whole = whole(item);
        let client = pk.split('#').nth(1).unwrap_or_default();
        let meets = CLIENTS
            .into_iter()
            .filter(|other| *other != client)
            .any(|other| whole.contains(&format!("\"client\":\"{other}\"")) || whole.contains(&format!("#{other}#")));
        verdict.expect("10 an item knows one tenant", !meets, || format!("{pk} {sk}"));
        let erasable = pk.starts_with("CASE#") && (sk == "SP" || sk.starts_with("I#"));
        // What a provider told and nobody understands is gathered: one task for a kind and a day, whoever paid.
        let opened_by = evidence.cases.get(pk).and_then(|f| f.commits.first()).map(|first| &first.commit.function);
        let gathers = opened_by.is_some_and(|function| function == RECEIVE_PAYMENT);
        for marker in markers(&whole) {
            verdict.expect("personal values stand in erasable items", erasable, || format!("{pk} {sk}: {marker}"));
            verdict.expect("10 a customer stays with the practice", owners.get(marker) == Some(&client), || {
                format!("{pk} {sk}")
            });
            if !gathers {
                let home = at_home.entry(pk.to_owned()).or_insert_with(|| marker.to_owned());
                verdict.expect("10 a case knows one customer", home == marker, || format!("{pk} {sk}"));
            }
        }
        if !erasable {
            nothing_secret("an item", &whole, verdict, || format!("{pk} {sk}"));
        }
    }
    nothing_in("a log line", logs.lines(), verdict);
    let net = world.cloud.net();
    nothing_in("an event", net.published.iter().map(String::as_str), verdict);
    if net.sabotage == Some(Sabotage::Leak) {
        nothing_in("an event", [world.people.scripts[0].values["name"].as_str()].into_iter(), verdict);
    }
    nothing_in("a tag of a mail", net.accepted.iter().flat_map(|m| m.tags.values()).map(String::as_str), verdict);
    let aside: Vec<String> = net.set_aside.iter().map(Value::to_string).collect();
    nothing_in("a message set aside", aside.iter().map(String::as_str), verdict);
}

/// An item as text, with binary values as text too.
fn whole(item: &Value) -> String {
    let mut whole = item.to_string();
    if let Some(bytes) = item["body"]["B"].as_str().and_then(|b| data_encoding::BASE64.decode(b.as_bytes()).ok()) {
        whole.push_str(&String::from_utf8_lossy(&bytes));
    }
    // Bodies are JSON within JSON.
    whole.replace("\\\"", "\"")
}

fn nothing_in<'a>(what: &'static str, texts: impl Iterator<Item = &'a str>, verdict: &mut Verdict) {
    for line in texts {
        verdict.expect("nothing personal in logs, events and tags", !line.contains(MARK), || format!("{what}: {line}"));
        nothing_secret(what, line, verdict, || line.to_owned());
    }
}

/// No secret, and no token: those begin with the client and the case number.
fn nothing_secret(what: &str, text: &str, verdict: &mut Verdict, place: impl Fn() -> String) {
    let secret = SECRETS.iter().any(|s| text.contains(s));
    verdict.expect("no secrets in items, logs, events and tags", !secret, || format!("{what}: {}", place()));
    let token = ["yamada.", "harbor.", "minato."].iter().any(|client| {
        text.match_indices(client).any(|(at, _)| {
            let case = text.as_bytes().get(at + client.len()..at + client.len() + 13);
            case.is_some_and(|c| c[12] == b'.' && c[..12].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()))
        })
    });
    verdict.expect("no tokens in items, logs, events and tags", !token, || format!("{what}: {}", place()));
}
