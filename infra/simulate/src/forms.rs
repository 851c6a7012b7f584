//! Submissions as browsers and form services send them, with true signatures; and bad ones, which must leave no trace.

use std::collections::BTreeMap;

use banto_aws::{PathParams, Request};
use bytes::Bytes;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use super::Sabotage;
use super::people::{Channel, Kind, Script};
use super::practice::MINATO;
use super::rng::Rng;

/// The demo secrets of the ready-made playbooks.
const TYPEFORM_SECRET: &[u8] = b"demo-typeform-secret";
const WEBSITE_SECRET: &str = "whsec_ZGVtby1oYXJib3ItZGVtby1oYXJib3ItISE=";
/// How many kinds of bad submissions there are.
pub(super) const BAD: usize = 9;
/// The one that is signed: it can't be sent back to a visitor, so it is stored and a person looks.
pub(super) const SIGNED: usize = 0;

/// Cries, as people write them.
const CRIES: [&str; 6] = [
    "もう消 えたいと思うことがあります。",
    "ｼﾆﾀｲです。",
    "死・に・た・い",
    "きえた〜ぃ…",
    "毎日、死\u{200B}に\u{AD}たいと考えています。",
    "生きるのがつらい。",
];
const CRIES_EN: [&str; 4] = [
    "I want  to die; I don't know what to do.",
    "i wanna dieee",
    "I don’t want to live any more.",
    "sui\u{AD}cidal since May",
];

/// One of several, by a mark: no draw of the world's, which would be another world then.
fn which(marker: &str) -> usize {
    marker.bytes().map(usize::from).sum()
}

/// What a customer writes.
pub(super) fn values(rng: &mut Rng, channel: Channel, kind: Kind, marker: &str) -> BTreeMap<&'static str, String> {
    let english = channel.is_english();
    let words = |ja: &str, en: &str| format!("{} {marker}", if english { en } else { ja });
    let message = match kind {
        Kind::OutOfScope => {
            words("法律相談をお願いできますでしょうか。", "税務 and 投資, please. I need legal advice.")
        }
        Kind::Unsure => words("はじめまして。少しお話を伺えますでしょうか。", "Hello, may I ask you something?"),
        Kind::Emergency => words(CRIES[which(marker) % 6], CRIES_EN[which(marker) % 4]),
        _ => words("キャリアについてコーチングをお願いしたいです。", "I would like career coaching."),
    };
    let mut values = BTreeMap::from([
        ("name", words("髙﨑 みなと", "O'Hara <b>Sam</b>")),
        ("email", format!("{marker}@example.com")),
        ("message", message),
    ]);
    if kind == Kind::Unreadable {
        match rng.below(3) {
            0 => drop(values.remove("email")),
            1 => drop(values.insert("email", format!("{marker} at example"))),
            _ => drop(values.insert("name", format!("{marker}\r\nBcc: everybody@example.com"))),
        }
    }
    let complete = kind == Kind::Complete;
    if complete || rng.per_mille(300) {
        let programme = if rng.per_mille(220) { "programme" } else { "single" };
        match channel {
            Channel::Plain | Channel::PlainEnglish | Channel::Typeform => {
                values.insert("menu", if rng.per_mille(200) { "single" } else { "trial" }.to_owned())
            }
            _ => values.insert("plan", programme.to_owned()),
        };
    }
    if complete || rng.per_mille(200) {
        values.insert("goal", format!("goal {marker}"));
    }
    if complete || rng.per_mille(200) {
        values.insert("preferred", format!("weekdays {marker}"));
    }
    if kind == Kind::PartlyUnreadable {
        let name = if channel.route().0 == "harbor" { "plan" } else { "menu" };
        values.insert(name, format!("something else {marker}"));
    }
    values
}

/// Where nobody hears a cry on purpose, many cry, and have another case by then: the check for it must have something to see.
pub(super) fn tempt(script: &mut Script, n: usize, sabotage: Option<Sabotage>) {
    if sabotage == Some(Sabotage::DeafToEmergency) && n.is_multiple_of(2) {
        script.returns = true;
        script.outcry = script.outcry.or(Some(if n.is_multiple_of(4) { "goal" } else { "theme" }));
    }
}

/// A script's submission.
pub(super) fn request(script: &Script, now: Timestamp, n: u64) -> Request {
    let (client, form) = script.channel.route();
    match script.channel {
        Channel::Typeform => typeform(script, TYPEFORM_SECRET),
        Channel::Website => website(script, now, n, WEBSITE_SECRET),
        _ => {
            let pairs: Vec<(&str, &str)> = script.values.iter().map(|(k, v)| (*k, v.as_str())).collect();
            old_charset(script, &pairs).unwrap_or_else(|| {
                let body = serde_urlencoded::to_string(pairs).unwrap_or_default();
                post(client, form, body, &[("content-type", "application/x-www-form-urlencoded")])
            })
        }
    }
}

/// How many ask at once what only a person can sort, in some worlds.
pub(super) const MANY: usize = 24;

/// Makes somebody one of them: the office is flooded.
pub(super) fn unsure(script: &mut Script, rng: &mut Rng) {
    (script.channel, script.kind, script.returns, script.crowd) = (Channel::Plain, Kind::Unsure, false, false);
    script.values = values(rng, script.channel, script.kind, &script.marker);
}

/// What a stranger sends in a customer's name, in words of their own.
pub(super) fn flood(script: &Script, n: u64) -> Request {
    let (client, form) = script.channel.route();
    let value = |name: &str| script.values.get(name).cloned().unwrap_or_default();
    let message = format!("https://evil.example/{n} に当選しました。コーチングの無料体験を希望します。");
    let pairs = [("name", format!("https://evil.example/{n}")), ("email", value("email")), ("message", message)];
    let body = serde_urlencoded::to_string(pairs).unwrap_or_default();
    post(client, form, body, &[("content-type", "application/x-www-form-urlencoded")])
}

/// One of five is sent from a page in Shift_JIS, where that can say it.
fn old_charset(script: &Script, pairs: &[(&str, &str)]) -> Option<Request> {
    let coded = |text: &str| {
        let (bytes, _, cut) = encoding_rs::SHIFT_JIS.encode(text);
        (!cut).then(|| bytes.iter().map(|b| format!("%{b:02X}")).collect::<String>())
    };
    if !which(&script.marker).is_multiple_of(5) {
        return None;
    }
    let pairs: Option<Vec<String>> = pairs.iter().map(|(k, v)| Some(format!("{k}={}", coded(v)?))).collect();
    let (client, form) = script.channel.route();
    let body = format!("{}&_charset_=Shift_JIS", pairs?.join("&"));
    Some(post(client, form, body, &[("content-type", "application/x-www-form-urlencoded")]))
}

fn typeform(script: &Script, secret: &[u8]) -> Request {
    let answer = |(name, value): (&&'static str, &String)| {
        let mut answer = json!({ "type": "text", "field": { "ref": name }, "text": value });
        if *name == "email" {
            answer = json!({ "type": "email", "field": { "ref": name }, "email": value });
        } else if *name == "menu" {
            answer = json!({ "type": "choice", "field": { "ref": name }, "choice": { "label": value } });
        }
        answer
    };
    let answers: Vec<Value> = script.values.iter().map(answer).collect();
    let body = json!({ "event_id": script.submission, "event_type": "form_response", "form_response": { "answers": answers } });
    signed_typeform(body.to_string(), secret)
}

fn signed_typeform(body: String, secret: &[u8]) -> Request {
    let tag = Hmac::<Sha256>::new_from_slice(secret).map(|mut mac| {
        mac.update(body.as_bytes());
        BASE64.encode(&mac.finalize().into_bytes())
    });
    let signature = format!("sha256={}", tag.unwrap_or_default());
    post("yamada", "typeform", body, &[("content-type", "application/json"), ("typeform-signature", &signature)])
}

fn website(script: &Script, now: Timestamp, n: u64, secret: &str) -> Request {
    let mut body = json!({ "submission": script.submission, "contact": {} });
    for (name, value) in &script.values {
        match *name {
            "name" | "email" => body["contact"][*name] = json!(value),
            "message" => body["text"] = json!(value),
            other => body[other] = json!(value),
        }
    }
    signed_standard("harbor", "website", body.to_string(), now, n, secret)
}

fn signed_standard(client: &str, form: &str, body: String, now: Timestamp, n: u64, secret: &str) -> Request {
    let (id, sent_at) = (format!("delivery-{n}"), now.as_second());
    let webhook = standardwebhooks::Webhook::new(secret).ok();
    let signature = webhook.and_then(|w| w.sign(&id, sent_at, body.as_bytes()).ok()).unwrap_or_default();
    let headers = [
        ("content-type", "application/json"),
        ("webhook-id", &id),
        ("webhook-timestamp", &sent_at.to_string()),
        ("webhook-signature", &signature),
    ];
    post(client, form, body, &headers)
}

fn post(client: &str, form: &str, body: impl Into<Bytes>, headers: &[(&str, &str)]) -> Request {
    let mut request = http::Request::new(body.into());
    *request.method_mut() = Method::POST;
    for (name, value) in headers {
        let pair = (http::HeaderName::from_bytes(name.as_bytes()), http::HeaderValue::from_str(value));
        if let (Ok(name), Ok(value)) = pair {
            request.headers_mut().insert(name, value);
        }
    }
    let params = [("client", client), ("form", form)].map(|(k, v)| (k.to_owned(), v.to_owned()));
    request.extensions_mut().insert(PathParams(params.into_iter().collect()));
    request
}

/// What somebody writes about a case that there is, by its number.
pub(super) fn about(form: &str, number: &str, script: &Script, words: &str, (now, n): (Timestamp, u64)) -> Request {
    let marker = &script.marker;
    let (mail, message) = (format!("{marker}@example.com"), format!("{words} {marker}"));
    let name = script.values.get("name").map_or(marker.as_str(), String::as_str);
    let pairs = [("case", number), ("name", name), ("email", &mail), ("message", &message)];
    if form != "dispute" {
        let body = serde_urlencoded::to_string(pairs).unwrap_or_default();
        return post(MINATO, form, body, &[("content-type", "application/x-www-form-urlencoded")]);
    }
    let mut body: serde_json::Map<String, Value> = pairs.map(|(k, v)| (k.to_owned(), json!(v))).into_iter().collect();
    body.insert("submission".to_owned(), json!(format!("{}-{words}", script.submission)));
    signed_standard(MINATO, form, json!(body).to_string(), now, n, WEBSITE_SECRET)
}

/// A submission that must be refused with this status and leave no trace.
pub(super) fn bad(which: usize, script: &Script, now: Timestamp) -> (Request, u16, &'static str) {
    let form = ("content-type", "application/x-www-form-urlencoded");
    let json = ("content-type", "application/json");
    let (mail, mark) = (format!("{}@example.com", script.marker), &script.marker);
    let pairs = |name: &str| {
        serde_urlencoded::to_string([("name", name), ("email", &mail), ("message", "hello")]).unwrap_or_default()
    };
    match which {
        SIGNED => {
            (signed_typeform("{\"event_id\": \"x\", ".to_owned(), TYPEFORM_SECRET), 202, "broken JSON that is signed")
        }
        1 => (typeform(script, b"another secret"), 401, "wrong signature"),
        2 => (
            website(script, now.saturating_sub(jiff::SignedDuration::from_mins(30)).unwrap_or(now), 0, WEBSITE_SECRET),
            401,
            "old signature",
        ),
        3 => (post("suzuki", "inquiry", pairs(mark), &[form]), 404, "unknown client"),
        4 => (post("yamada", "nothing", pairs(mark), &[form]), 404, "unknown form"),
        5 => (
            post("yamada", "inquiry", pairs(&format!("{mark}\r\nBcc: all@example.com")), &[form]),
            400,
            "a name that would write a header",
        ),
        6 => (post("harbor", "inquiry", pairs(&format!("{mark}\u{202E}")), &[form]), 400, "a name that turns the text"),
        7 => (post("yamada", "inquiry", vec![b'a'; 1024 * 1024 + 1], &[form]), 413, "over 1 MB"),
        _ => (post("yamada", "inquiry-en", vec![0xFF, 0xFE], &[json]), 400, "not UTF-8"),
    }
}
