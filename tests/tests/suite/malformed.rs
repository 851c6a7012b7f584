//! Promise 1 for forms: whatever carries a valid signature is stored, whatever it is. Without one it is read by the charset
//! that it declares, or refused with a reason: never taken as what it isn't.

use banto_aws::Plan;
use banto_domain::rules::inquiry;
use banto_domain::{Actor, CaseId, CaseKey, ClientId, Draft, Id, Rejection};
use banto_tests::TestWorld;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::bad_input::typeform;
use super::steps::{body, case, http};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

async fn world() -> TestWorld {
    TestWorld::embedded().with_playbooks().await
}

async fn unsigned(t: &TestWorld, kind: &str, content: impl AsRef<[u8]>) -> (u16, Value) {
    let request = http::Request::post("/").header("content-type", kind);
    let reply = http(&t.world, "receive-form", &[("client", "yamada"), ("form", "inquiry")], request, content).await;
    (reply.status().as_u16(), serde_json::from_str(&body(&reply)).expect("JSON"))
}

async fn signed(t: &TestWorld, kind: &str, content: impl AsRef<[u8]>) -> (u16, Value) {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"demo-typeform-secret").expect("any length");
    mac.update(content.as_ref());
    let signature = format!("sha256={}", BASE64.encode(&mac.finalize().into_bytes()));
    let request = http::Request::post("/").header("content-type", kind).header("typeform-signature", signature);
    let reply = http(&t.world, "receive-form", &[("client", "yamada"), ("form", "typeform")], request, content).await;
    (reply.status().as_u16(), serde_json::from_str(&body(&reply)).expect("JSON"))
}

async fn key(t: &TestWorld, answer: &Value) -> CaseKey {
    let keys = t.world.env.ledger.cases().await.expect("cases");
    keys.into_iter().find(|k| json!(k.case) == answer["case"]).unwrap_or_else(|| panic!("no case: {answer}"))
}

async fn value(t: &TestWorld, answer: &Value, fact: &str) -> Option<String> {
    let key = key(t, answer).await;
    let loaded = t.world.env.ledger.load(&key).await.expect("the store").expect("a case");
    loaded.personal.values.get(fact).cloned()
}

fn percent(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("%{b:02X}")).collect()
}

/// 髙橋 𠮷 in Shift_JIS, as browsers write what it has no place for.
const NAME: &[u8] = b"\xfb\xfc\x8b\xb4 &#134071;";
/// 高橋 in EUC-JP.
const EUC: &[u8] = b"\xb9\xe2\xb6\xb6";

#[tokio::test]
async fn a_form_in_an_old_charset_is_read_by_it() {
    let t = world().await;
    let with = |name: &[u8], more: &str| {
        let address = format!("a{}%40customer.example", percent(more.as_bytes()).replace('%', ""));
        format!("name={}&email={address}&message=a{more}", percent(name))
    };
    for (kind, content, name) in [
        ("application/x-www-form-urlencoded; charset=Shift_JIS", with(NAME, ""), "髙橋 𠮷"),
        (FORM, with(NAME, "&_charset_=Shift_JIS"), "髙橋 𠮷"),
        ("application/x-www-form-urlencoded; charset=\"euc-jp\"", with(EUC, "&x=1"), "高橋"),
        (FORM, with("高橋".as_bytes(), "&x=2"), "高橋"),
    ] {
        let (status, answer) = unsigned(&t, kind, &content).await;
        assert_eq!(status, 202, "{kind} {answer}");
        assert_eq!(value(&t, &answer, "name").await.as_deref(), Some(name), "{kind}");
    }
    let utf16 = |address: &str| -> Vec<u8> {
        let said = json!({ "name": "髙橋", "email": address, "message": "b" }).to_string();
        said.encode_utf16().flat_map(u16::to_be_bytes).collect()
    };
    for (kind, content) in [
        ("application/json; charset=utf-16be", utf16("u@customer.example")),
        (JSON, [b"\xfe\xff".as_slice(), &utf16("v@customer.example")].concat()),
        (JSON, "\u{feff}{\"name\": \"髙橋\", \"email\": \"j@customer.example\", \"message\": \"c\"}".into()),
    ] {
        let (status, answer) = unsigned(&t, kind, content).await;
        assert_eq!((status, value(&t, &answer, "name").await.as_deref()), (202, Some("髙橋")), "{kind}");
    }
}

#[tokio::test]
async fn what_nobody_signed_and_no_charset_explains_is_refused_with_the_reason() {
    let t = world().await;
    for (kind, content, why) in [
        (FORM, format!("name={}&message=a", percent(NAME)), "not UTF-8 after byte 0, and no other charset is declared"),
        (FORM, "name=a&_charset_=klingon".to_owned(), "a charset that is not known"),
        ("application/json; charset=x", "{}".to_owned(), "a charset that is not known"),
        (
            "application/x-www-form-urlencoded; charset=EUC-JP",
            "name=%FF%FF".to_owned(),
            "not EUC-JP, which it says it is",
        ),
    ] {
        assert_eq!(unsigned(&t, kind, &content).await, (400, json!({ "error": why })), "{kind} {content}");
    }
    assert_eq!(t.world.env.ledger.cases().await.expect("cases"), []);
}

#[tokio::test]
async fn what_is_signed_is_stored_whatever_it_is() {
    let t = world().await;
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let bodies: [(&str, &[u8]); 12] = [
        (JSON, b"{\"event_id\": \"e\", \"x\": \"\\ud800\"}"),
        (JSON, b"{\"event_id\": \"\xff\"}"),
        (JSON, b"{\"event_id\": \"\xfe\"}"),
        (JSON, b"{\"event_id\": 1e400}"),
        (JSON, b"\xef\xbb\xbf{\"event_id\": \"e\"}"),
        (JSON, deep.as_bytes()),
        (JSON, b""),
        (JSON, b"\0\0\0"),
        ("application/json; charset=klingon", b"{\"event_id\": \"f\"}"),
        ("text/plain", b"a word"),
        ("", b"another"),
        (FORM, b"name=%82%A0"),
    ];
    let mut seen = Vec::new();
    for (kind, content) in bodies {
        let (status, answer) = signed(&t, kind, content).await;
        let text = String::from_utf8_lossy(content).chars().take(80).collect::<String>();
        assert_eq!(status, 202, "{kind} {text}");
        let key = key(&t, &answer).await;
        let stored = case(&t, &key).await;
        assert_eq!((stored.flow.as_str(), stored.due_at().is_some()), ("unreadable", true), "a task: {kind} {text}");
        let kept = t.world.env.ledger.inbound(&key, &stored.inbound.expect("kept")).await.expect("the store");
        assert_eq!(kept.as_deref(), Some(content), "as it came: {kind} {text}");
        assert_eq!(signed(&t, kind, content).await, (202, answer.clone()), "and once: {kind} {text}");
        assert!(!seen.contains(&answer), "no other's number: {kind} {text}");
        seen.push(answer);
    }
}

fn said(event: Value, name: &str, attempt: u32) -> String {
    let (content, _) = typeform(
        "x",
        &[
            ("name", "text", json!(name)),
            ("email", "email", json!(format!("{name}@customer.example"))),
            ("message", "text", json!("コーチングの無料体験を希望します。")),
        ],
    );
    let mut payload: Value = serde_json::from_str(&content).expect("JSON");
    payload["event_id"] = event;
    payload["try"] = json!(attempt);
    payload.to_string()
}

#[tokio::test]
async fn an_id_that_tells_nothing_apart_loses_nobody() {
    let t = world().await;
    for event in [json!(""), json!(" "), json!("constant"), json!(7), Value::Null, json!("long".repeat(50_000))] {
        let (first, second) = (said(event.clone(), "aoi", 0), said(event.clone(), "rin", 0));
        let short: String = event.to_string().chars().take(20).collect();
        let (status, one) = signed(&t, JSON, &first).await;
        let (again, two) = signed(&t, JSON, &second).await;
        assert_eq!((status, again, one == two), (202, 202, false), "{short}");
        assert_eq!(value(&t, &two, "name").await.as_deref(), Some("rin"), "{short}");
        assert_eq!(signed(&t, JSON, &first).await, (202, one), "the same once more: {short}");
    }
    // A provider that counts its tries in the body still means the same submission.
    let (_, one) = signed(&t, JSON, said(json!("retried"), "aoi", 0)).await;
    assert_eq!(signed(&t, JSON, said(json!("retried"), "aoi", 1)).await, (202, one));
}

#[tokio::test]
async fn what_an_earlier_version_took_by_the_id_alone_stays_one() {
    let t = world().await;
    let client = ClientId::parse("yamada").expect("a name");
    let cause = Id::derive(&["form", "yamada", "typeform", "evt_before", ""]);
    let key = CaseKey { client: client.clone(), case: CaseId::derive(&["case", cause.as_str()]) };
    let (_, playbook) = t.world.env.playbooks.current(&client).await.expect("the store").expect("a playbook");
    let plan = Plan { key: &key, function: "receive-form", actor: Actor::Customer };
    let inbound = Id::derive(&["inbound", cause.as_str()]);
    let open = |draft: &mut Draft<'_>| -> Result<(), Rejection> {
        let stored = (inbound.clone(), b"{}".as_slice());
        inquiry::open_unreadable(draft, &key, ("typeform", "ja"), stored, "", inquiry::Heard::default())
    };
    t.world.env.open(&plan, &cause, &playbook, open).await.expect("opened");
    let (status, answer) = signed(&t, JSON, said(json!("evt_before"), "aoi", 1)).await;
    assert_eq!((status, answer["case"].clone()), (202, json!(key.case)));
    assert_eq!(t.world.env.ledger.cases().await.expect("cases"), [key]);
}

#[tokio::test]
async fn a_field_of_half_a_megabyte_is_stored() {
    let t = world().await;
    let long = "長い".repeat(80_000);
    for name in ["name", "email", "message", "menu", "anything"] {
        let mut answers = vec![
            ("name", "text", json!("奈緒")),
            ("email", "email", json!("nao@customer.example")),
            ("message", "text", json!("コーチング")),
        ];
        answers.retain(|(n, ..)| *n != name);
        answers.push((name, if name == "email" { "email" } else { "text" }, json!(long)));
        let (content, _) = typeform("01L", &answers);
        let (status, answer) = signed(&t, JSON, &content).await;
        assert_eq!(status, 202, "{name}");
        let key = key(&t, &answer).await;
        assert!(case(&t, &key).await.due_at().is_some(), "{name}");
    }
}
