//! Promise 14: an emergency word is heard wherever it stands and however malformed what carries it, and whoever must look
//! sees it.

use banto_tests::TestWorld;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::bad_input::typeform;
use super::house::House;
use super::steps::{INQUIRY, body, case, encode, form};

/// Both operators.
const OFFICE: &str = "@banto-office.example";
const COACHES: &str = "@yamada-coaching.example";

fn signed(content: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"demo-typeform-secret").expect("any length");
    mac.update(content);
    format!("sha256={}", BASE64.encode(&mac.finalize().into_bytes()))
}

async fn post(house: &House, to: &str, kind: &str, content: impl AsRef<[u8]>) -> (u16, String) {
    let content = content.as_ref();
    let request = http::Request::post("/").header("content-type", kind).header("typeform-signature", signed(content));
    let reply = house.http("receive-form", &[("client", "yamada"), ("form", to)], request, content).await;
    let answer: Value = serde_json::from_slice(reply.body()).expect("JSON");
    (reply.status().as_u16(), answer["case"].as_str().unwrap_or_default().to_owned())
}

/// The practice's own people were written to, at once, with what came in; and whoever wrote it only where they can call.
async fn is_raised(house: &House, case: &str, flow: &str, words: &str) {
    let shown = house.case(case).await;
    assert_eq!((&shown["stopped"], &shown["flow"]), (&json!(true), &json!(flow)), "{shown:#}");
    let is_ours = |mail: &String| [OFFICE, COACHES].iter().any(|own| mail.contains(own)) && mail.ends_with(" urgent");
    let post = house.post().await;
    assert!(post.iter().all(|mail| is_ours(mail) || mail.ends_with(" emergency-note")), "{post:?}");
    let asked = shown["tracks"].as_array().expect("tracks").iter().find(|t| t["question"] == "urgent");
    let ask = asked.unwrap_or_else(|| panic!("nobody is asked: {shown:#}"))["id"].as_str().expect("an id").to_owned();
    let mails = house.mails().await;
    let links = mails.iter().filter_map(|m| m.text.split("/a/").nth(1)?.split_whitespace().next());
    let link = links.into_iter().find(|link| link.contains(&ask)).expect("a link").to_owned();
    let page = body(&house.look(&link).await);
    assert!(page.contains("至急ご確認ください") && page.contains(words), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_what_cannot_be_read_at_all() {
    for (content, words) in [
        ("{\"message\": \"もう死にたい", "もう死にたい"),
        ("{\"message\": \"\\u6b7b\\u306b\\u305f\\u3044", "u6b7b"),
        ("message=%E6%AD%BB%E3%81%AB%E3%81%9F%E3%81%84", "message: 死にたい"),
    ] {
        let house = House::open("2026-12-01T09:00:00+09:00").await;
        let (status, case) = post(&house, "typeform", "application/json", content).await;
        assert_eq!(status, 202, "{content}");
        is_raised(&house, &case, "unreadable", words).await;
        // Nobody signs this one.
        let (status, case) = post(&house, "inquiry", "application/json", content).await;
        assert_eq!(status, 202, "{content}");
        is_raised(&house, &case, "unreadable", words).await;
        house.is_in_order().await;
    }
}

/// In the charset, and broken beside it.
fn broken(charset: &str, text: &str) -> Vec<u8> {
    let bytes: &[u8] = match charset {
        // もう死にたい
        "Shift_JIS" => b"\x82\xe0\x82\xa4\x8e\x80\x82\xc9\x82\xbd\x82\xa2",
        "EUC-JP" => b"\xa4\xe2\xa4\xa6\xbb\xe0\xa4\xcb\xa4\xbf\xa4\xa4",
        "ISO-2022-JP" => b"\x1b$B$b$&;`$K$?$$\x1b(B",
        _ => text.as_bytes(),
    };
    [b"{\"message\": \"", bytes, b"\""].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_what_cannot_be_read_whatever_charset_and_coding_it_is_in() {
    const CRY: &str = "もう死にたい";
    let deep = format!("{}\"{CRY}\"{}", "[".repeat(300), "]".repeat(300));
    let multipart = format!("--x\r\nContent-Disposition: form-data; name=message\r\n\r\n{CRY}\r\n--x--\r\n");
    let utf16: Vec<u8> = format!("{{\"m\": \"{CRY}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let pairs: &[u8] = b"message=%82%E0%82%A4%8E%80%82%C9%82%BD%82%A2";
    let (form, json) = ("application/x-www-form-urlencoded", "application/json");
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    for (kind, content) in [
        (json, broken("Shift_JIS", CRY)),
        (json, broken("EUC-JP", CRY)),
        (json, broken("ISO-2022-JP", CRY)),
        (json, deep.into_bytes()),
        (json, utf16),
        (json, pairs.to_vec()),
        (form, pairs.to_vec()),
        ("application/json; charset=klingon", format!("{{\"message\": \"{CRY}\"}}").into_bytes()),
        ("multipart/form-data; boundary=x", multipart.into_bytes()),
        ("text/plain", CRY.replace('い', "\u{200B}い〜").into_bytes()),
    ] {
        for to in ["typeform", "inquiry"] {
            let (status, case) = post(&house, to, kind, &content).await;
            let shown = house.case(&case).await;
            let place = format!("{to} {kind} {}", String::from_utf8_lossy(&content));
            assert_eq!(
                (status, &shown["stopped"], &shown["flow"]),
                (202, &json!(true), &json!("unreadable")),
                "{place}"
            );
            let link = house.open_link("desk@", &case).await;
            let page = body(&house.look(&link).await).replace(['\u{200B}', '〜'], "");
            assert!(page.contains(CRY), "{place}: {page}");
        }
    }
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_any_spelling_and_in_a_field_that_stands_twice() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let spelt = ["ｼﾆﾀｲです", "死・に・た・い", "死にた～ぁい", "wanna\u{AD} die", "\u{1b}$B;`$K$?$$\u{1b}(B"];
    for (n, words) in spelt.into_iter().enumerate() {
        let address = format!("yoko{n}@customer.example");
        let fields = [("name", "渡辺 陽子"), ("email", &address), ("message", words), ("message", "x")];
        let (status, case) = post(&house, "inquiry", "application/x-www-form-urlencoded", encode(&fields)).await;
        assert_eq!((status, &house.case(&case).await["stopped"]), (202, &json!(true)), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_answer_that_is_no_form_or_too_long_or_in_none_of_its_fields() {
    let long = format!("answer=send&field.goal={}", encode(&[("x", &format!("もう死にたい{}", "あ".repeat(40_000)))]));
    assert!(long.len() > 256 * 1024 && long.len() < 1024 * 1024);
    for (content, wanted) in [
        ("{\"goal\": \"\\u6b7b\\u306b\\u305f\\u3044\"}".to_owned(), 409),
        (encode(&[("answer", "send"), ("comment", "死にたい")]), 409),
        (encode(&[("answer", "send"), ("field.goal", "しにたい"), ("field.goal", "")]), 409),
        (long, 413),
    ] {
        let house = House::open("2026-12-01T09:00:00+09:00").await;
        let case = house.inquire(["yamada", "inquiry"], &INQUIRY).await;
        let link = house.open_link("nao@", &case).await;
        let reply = house.http("answer-ask", &[("token", &link)], http::Request::post("/"), &content).await;
        let shown = house.case(&case).await;
        let start: String = content.chars().take(60).collect();
        assert_eq!((reply.status().as_u16(), &shown["stopped"]), (wanted, &json!(true)), "{start}");
        let link = house.open_link("desk@", &case).await;
        let page = body(&house.look(&link).await);
        assert!(page.contains("死にたい") || page.contains("しにたい"), "{start}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_and_broken_is_stored_without_any_word() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let (status, case) = post(&house, "typeform", "application/json", "{\"message\": ").await;
    assert_eq!((status, house.stands(&case).await.as_str()), (202, "open look -"));
    let link = house.open_link("desk@", &case).await;
    assert!(body(&house.look(&link).await).contains("message"));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_field_that_the_form_does_not_name() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let answers = [
        ("name", "text", json!("佐々木 奈緒")),
        ("email", "email", json!("nao@customer.example")),
        ("message", "text", json!("コーチングの無料体験を希望します。")),
        ("anything-else", "text", json!("消えたいと思っています。")),
    ];
    let (content, _) = typeform("01U", &answers);
    let (status, case) = post(&house, "typeform", "application/json", &content).await;
    assert_eq!(status, 202);
    is_raised(&house, &case, "inquiry", "消えたいと思っています。").await;
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_question_of_the_practice_it_is_none() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let answers = [
        ("name", "text", json!("佐々木 奈緒")),
        ("email", "email", json!("nao@customer.example")),
        ("message", "text", json!("コーチングの無料体験を希望します。")),
    ];
    let (content, _) = typeform("01V", &answers);
    let mut payload: Value = serde_json::from_str(&content).expect("JSON");
    payload["form_response"]["definition"]["fields"] = json!([{ "title": "死にたいと思うことはありますか" }]);
    let (status, case) = post(&house, "typeform", "application/json", &payload.to_string()).await;
    assert_eq!((status, &house.case(&case).await["stopped"]), (202, &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_form_that_would_be_sent_back() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let long = format!("もう消えたいです。{}", "長い".repeat(4_000));
    for (fields, flow) in [
        (vec![("name", "渡辺 陽子"), ("email", "yoko@"), ("message", "もう消えたいです。")], "unreadable"),
        // Of what is too long as much is known as a fact may hold.
        (vec![("name", "渡辺 陽子"), ("email", "yoko@customer.example"), ("message", long.as_str())], "inquiry"),
    ] {
        let content = encode(&fields);
        let (status, case) = post(&house, "inquiry", "application/x-www-form-urlencoded", &content).await;
        assert_eq!(status, 202);
        is_raised(&house, &case, flow, "もう消えたい").await;
    }
    house.is_in_order().await;
}

#[tokio::test]
async fn what_is_optional_and_cannot_be_read_refuses_nothing() {
    let t = TestWorld::embedded().with_playbooks().await;
    let fields: Vec<(&str, &str)> = INQUIRY.into_iter().chain([("menu", "今はもうないコース")]).collect();
    let reply = form(&t.world, "yamada", "inquiry", &fields).await;
    assert_eq!(reply.status(), 202, "{}", body(&reply));
    let keys = t.world.env.ledger.cases().await.expect("cases");
    let stored = case(&t, &keys[0]).await;
    assert_eq!((stored.flow.as_str(), stored.facts.contains_key("menu")), ("inquiry", false), "it will be asked for");
    assert!(stored.inbound.is_some(), "and what came is kept");
}
