//! Bad input gets its clear answer and leaves no trace; what carried a valid signature is stored even when it can't be
//! understood.

use banto_tests::TestWorld;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::steps::{INQUIRY, body, case, encode, form, http, take_up};

async fn world() -> TestWorld {
    TestWorld::embedded().with_playbooks().await
}

async fn nothing_was_stored(t: &TestWorld) {
    assert_eq!(t.world.env.ledger.cases().await.expect("cases"), []);
}

async fn post(t: &TestWorld, path: [&str; 2], kind: &str, content: &str) -> (u16, String) {
    let request = http::Request::post("/").header("content-type", kind);
    let reply = http(&t.world, "receive-form", &[("client", path[0]), ("form", path[1])], request, content).await;
    (reply.status().as_u16(), body(&reply))
}

/// Typeform's payload, as its developer documentation shows it, and its signature header.
pub(crate) fn typeform(event_id: &str, answers: &[(&str, &str, Value)]) -> (String, String) {
    let answers: Vec<Value> = answers
        .iter()
        .map(|(name, kind, value)| {
            let field = json!({ "id": format!("id-{name}"), "type": "short_text", "ref": name });
            json!({ "type": kind, (*kind): value, "field": field })
        })
        .collect();
    let payload = json!({
        "event_id": event_id,
        "event_type": "form_response",
        "form_response": {
            "form_id": "lT4Z3j",
            "token": "a3a12ec67a1365927098a606107fac15",
            "landed_at": "2026-12-01T00:00:00Z",
            "submitted_at": "2026-12-01T00:01:00Z",
            "definition": { "id": "lT4Z3j", "title": "お問い合わせ", "fields": [] },
            "answers": answers,
        },
    });
    let content = payload.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"demo-typeform-secret").expect("any length");
    mac.update(content.as_bytes());
    let signature = format!("sha256={}", BASE64.encode(&mac.finalize().into_bytes()));
    (content, signature)
}

async fn post_typeform(t: &TestWorld, content: &str, signature: &str) -> (u16, Value) {
    let request =
        http::Request::post("/").header("content-type", "application/json").header("typeform-signature", signature);
    let reply = http(&t.world, "receive-form", &[("client", "yamada"), ("form", "typeform")], request, content).await;
    (reply.status().as_u16(), serde_json::from_slice(reply.body()).expect("JSON"))
}

fn full() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("name", "text", json!("佐々木 奈緒")),
        ("email", "email", json!("nao@customer.example")),
        ("message", "text", json!("コーチングの無料体験を希望します。")),
    ]
}

#[tokio::test]
async fn unknown_clients_and_forms() {
    let t = world().await;
    for path in [["nobody", "inquiry"], ["yamada", "nothing"], ["Yamada", "inquiry"], ["a#b", "inquiry"], ["", ""]] {
        let (status, said) = post(&t, path, "application/json", "{}").await;
        assert_eq!((status, said.as_str()), (404, r#"{"error":"there is no such client or form"}"#), "{path:?}");
    }
    nothing_was_stored(&t).await;
}

#[tokio::test]
async fn broken_syntax_says_where() {
    let t = world().await;
    let deep = "[".repeat(100_000);
    let cases = [
        ("application/json", "{\"name\": \n oops}", "broken JSON in line 2, column 2"),
        ("application/json", deep.as_str(), "broken JSON in line 1, column 128"),
        ("text/plain", "name=x", "expected application/json or application/x-www-form-urlencoded"),
    ];
    for (kind, content, why) in cases {
        let (status, said) = post(&t, ["yamada", "inquiry"], kind, content).await;
        assert_eq!(status, 400);
        assert_eq!(said, json!({ "error": why }).to_string());
    }
    nothing_was_stored(&t).await;
}

#[tokio::test]
async fn over_one_megabyte() {
    let t = world().await;
    let content = "x".repeat(10 * 1024 * 1024);
    assert_eq!(post(&t, ["yamada", "inquiry"], "application/json", &content).await.0, 413);
    nothing_was_stored(&t).await;
}

#[tokio::test]
async fn a_wrong_or_missing_signature() {
    let t = world().await;
    let (content, signature) = typeform("01H", &full());
    for (content, signature) in [
        (content.as_str(), "sha256=AAAA"),
        (content.as_str(), ""),
        (content.as_str(), signature.trim_start_matches("sha256=")),
        (&content.replace("奈緒", "奈央"), signature.as_str()),
    ] {
        assert_eq!(post_typeform(&t, content, signature).await.0, 401);
    }
    nothing_was_stored(&t).await;
    assert_eq!(post_typeform(&t, &content, &signature).await.0, 202);
    assert_eq!(post_typeform(&t, &content, &signature).await.0, 202, "the provider sends it again");
    assert_eq!(t.world.env.ledger.cases().await.expect("cases").len(), 1);
}

#[tokio::test]
async fn a_plain_form_with_header_injection_or_control_characters() {
    let t = world().await;
    for (field, value) in [
        ("name", "奈緒\r\nBcc: everyone@example.com"),
        ("name", "奈緒\u{0}"),
        ("email", "nao@customer.example\r\nBcc: x@example.com"),
        ("email", "nao@customer.example, other@customer.example"),
        ("message", "a\u{1b}[31mb"),
    ] {
        let fields: Vec<(&str, &str)> =
            INQUIRY.into_iter().map(|(n, v)| (n, if n == field { value } else { v })).collect();
        let reply = form(&t.world, "yamada", "inquiry", &fields).await;
        assert_eq!(reply.status(), 400, "{value:?}");
        assert!(body(&reply).contains(field), "says which field: {}", body(&reply));
        assert!(!body(&reply).contains("Bcc"), "what was sent is not repeated");
    }
    nothing_was_stored(&t).await;
}

#[tokio::test]
async fn a_visitor_reads_in_japanese_what_to_correct() {
    let t = world().await;
    let request = http::Request::post("/")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html");
    let content = encode(&[("name", "奈緒"), ("email", "nao"), ("message", "x")]);
    let reply = http(&t.world, "receive-form", &[("client", "yamada"), ("form", "inquiry")], request, &content).await;
    assert_eq!(reply.status(), 400);
    assert!(body(&reply).contains("メールアドレス: 形式をご確認ください。"), "{}", body(&reply));
}

#[tokio::test]
async fn signed_but_not_understood_is_stored_and_becomes_a_task() {
    let t = world().await;
    let injected =
        full().into_iter().map(|(n, k, v)| (n, k, if n == "name" { json!("x\r\nBcc: y@example.com") } else { v }));
    let injected: Vec<_> = injected.collect();
    for (id, answers) in [("01A", vec![]), ("01B", full()[..2].to_vec()), ("01C", injected)] {
        let (content, signature) = typeform(id, &answers);
        let (status, answer) = post_typeform(&t, &content, &signature).await;
        assert_eq!(status, 202, "{id}");
        let keys = t.world.env.ledger.cases().await.expect("cases");
        let key = keys.into_iter().find(|k| json!(k.case) == answer["case"]).expect("a case");
        let stored = case(&t, &key).await;
        assert_eq!(stored.flow, "unreadable");
        assert!(stored.due_at().is_some(), "somebody will look at it");
        let journal = t.world.env.ledger.journal(&key).await.expect("a journal");
        let commit = journal[0].open().expect("a commit");
        let inbound = commit.entries.iter().find_map(|e| match &e.entry {
            banto_domain::Entry::InboundUnreadable { inbound, .. } => Some(inbound.clone()),
            _ => None,
        });
        let kept = t.world.env.ledger.inbound(&key, &inbound.expect("an inbound")).await.expect("the store");
        assert_eq!(kept.as_deref(), Some(content.as_bytes()), "stored as it came");
        assert!(
            !journal[0].body.contains("Bcc") && !journal[0].body.contains("奈緒"),
            "nothing personal in the journal"
        );
    }
}

#[tokio::test]
async fn a_large_payload_is_stored_whole_and_shown_to_whom_it_concerns() {
    let t = world().await;
    let (content, signature) = typeform("01E", &[("unknown", "text", json!("長い".repeat(150_000)))]);
    assert!(content.len() > 880_000, "more than one item can hold");
    assert_eq!(post_typeform(&t, &content, &signature).await.0, 202);
    let keys = t.world.env.ledger.cases().await.expect("cases");
    let stored = case(&t, &keys[0]).await;
    let inbound = stored.inbound.clone().expect("an inbound");
    let kept = t.world.env.ledger.inbound(&keys[0], &inbound).await.expect("the store").expect("it is there");
    assert!(kept == content.as_bytes(), "stored as it came");
    take_up(&t, &keys[0], "open-ask").await.expect("asked");
    let asked = case(&t, &keys[0]).await;
    let (ask, put) = asked.asks().next().expect("an open ask");
    let token = t.world.env.keys.token(&keys[0], ask, &put.readers()[0]);
    let page = http(&t.world, "answer-ask", &[("token", &token)], http::Request::get("/"), "").await;
    assert!(body(&page).contains("受信内容") && body(&page).contains("長い長い"), "the operator sees what came in");
}

#[tokio::test]
async fn an_unknown_choice_in_a_signed_form_is_kept_and_asked_for_again() {
    let t = world().await;
    let mut answers = full();
    answers.push(("menu", "choice", json!({ "label": "今はもうないコース" })));
    let (content, signature) = typeform("01D", &answers);
    assert_eq!(post_typeform(&t, &content, &signature).await.0, 202);
    let keys = t.world.env.ledger.cases().await.expect("cases");
    let stored = case(&t, &keys[0]).await;
    assert_eq!(stored.flow, "inquiry");
    assert!(!stored.facts.contains_key("menu"), "it will be asked for");
    let journal = t.world.env.ledger.journal(&keys[0]).await.expect("a journal");
    assert!(journal[0].body.contains("menu is not one of the choices"));
}

#[tokio::test]
async fn links_that_were_never_made() {
    let t = world().await;
    for token in ["", "x", "yamada.ABCDEFGHJKMN.0123456789abcdef.AAAA", "../../etc", "a.b.c.d.e"] {
        let reply = http(&t.world, "answer-ask", &[("token", token)], http::Request::get("/"), "").await;
        assert_eq!(reply.status(), 404, "{token}");
    }
}
