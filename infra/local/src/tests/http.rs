//! The HTTP side over a real socket: routes, limits, and practice mode's own routes.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Cast, house, poke, refuse};
use crate::host::Host;
use crate::http::{CaseReader, Practice, Reading, router, serve};
use crate::pages::{Both, DemoForm, Field, FieldKind, Lang, Welcome};

struct OneCase;

impl CaseReader for OneCase {
    fn list(&self) -> Reading<'_, Vec<Value>> {
        Box::pin(async { Ok(vec![json!({ "id": "Y-1", "client": "yamada", "status": "open" })]) })
    }

    fn get<'a>(&'a self, id: &'a str) -> Reading<'a, Option<Value>> {
        let entry = json!({ "seq": 1, "at": "2026-12-01T00:00:00Z", "type": "case.opened", "actor": "customer", "detail": { "flow": "inquiry" } });
        Box::pin(async move {
            Ok((id == "Y-1")
                .then(|| json!({ "id": "Y-1", "facts": { "topic": "<trial>" }, "tracks": [], "journal": [entry] })))
        })
    }
}

async fn served(cast: &Cast) -> (Host, SocketAddr) {
    let host = house(cast).await;
    let field = Field {
        name: "email".into(),
        label: Both::new("メール", "mail"),
        kind: FieldKind::Email,
        required: true,
        samples: Vec::new(),
    };
    let form = DemoForm {
        title: Both::new("お問い合わせ", "Inquiry"),
        lang: Lang::Ja,
        action: "/hooks/forms/yamada/web".into(),
        fields: vec![field],
    };
    let practice =
        Practice { cases: Arc::new(OneCase), welcome: Arc::new(Welcome { forms: vec![form], ..Welcome::default() }) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(serve(listener, router(host.clone(), Some(practice)), std::future::pending()));
    (host, address)
}

/// One request; the head and the body of the answer.
async fn ask(address: SocketAddr, line: &str, headers: &str, body: &str) -> (String, String) {
    let host = if headers.to_lowercase().contains("host:") { String::new() } else { format!("Host: {address}\r\n") };
    let length = if headers.to_lowercase().contains("content-length") {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    let request = format!("{line} HTTP/1.1\r\n{host}Connection: close\r\n{length}{headers}\r\n{body}");
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).expect("connected");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer
    });
    let answer = answer.await.expect("asked");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_lowercase(), body.to_owned())
}

const JSON: &str = "Accept: application/json\r\nContent-Type: application/json\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_templates_routes_lead_to_their_functions() {
    let (_host, address) = served(&Cast::default()).await;
    let (head, body) = ask(address, "POST /hooks/forms/yamada/web%20form", "", "a=1").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert_eq!(body, r#"POST {"client": "yamada", "form": "web form"} 3"#);
    assert!(ask(address, "GET /a/tok.en", "", "").await.1.starts_with(r#"GET {"token": "tok.en"}"#));
    assert!(ask(address, "GET /hooks/forms/yamada/web", "", "").await.0.starts_with("http/1.1 405"));
    let (head, _) = ask(address, "POST /hooks/forms/yamada/web", "Content-Length: 2000000\r\n", "").await;
    assert!(head.starts_with("http/1.1 413"), "without waiting for the body: {head}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_elsewhere_are_kept_out() {
    let (_host, address) = served(&Cast::default()).await;
    assert!(ask(address, "GET /", "Host: banto.example.org\r\n", "").await.0.starts_with("http/1.1 421"));
    let foreign = ask(address, "POST /_local/idle", "Origin: https://example.org\r\n", "").await;
    assert!(foreign.0.starts_with("http/1.1 403"), "{}", foreign.0);
    assert!(
        ask(address, "POST /_local/idle", &format!("Origin: http://{address}\r\n"), "")
            .await
            .0
            .starts_with("http/1.1 200")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_is_read_and_moved() {
    let (_host, address) = served(&Cast::default()).await;
    assert_eq!(ask(address, "GET /_local/clock", "", "").await.1, r#"{"now":"2026-12-01T00:00:00Z"}"#);
    let (_, body) = ask(address, "POST /_local/clock", JSON, r#"{"advance":"PT26H"}"#).await;
    assert_eq!(body, r#"{"now":"2026-12-02T02:00:00Z"}"#);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let (head, _) = ask(address, "POST /_local/clock", form, r#"{"advance":"PT0S"}"#).await;
    assert!(head.starts_with("http/1.1 200"), "JSON is known by its look: {head}");
    for nonsense in [r#"{"set":"2026-12-01T09:00:00+09:00"}"#, r#"{"advance":"soon"}"#, r#"{"back":1}"#, "nonsense"] {
        let (head, body) = ask(address, "POST /_local/clock", JSON, nonsense).await;
        assert!(head.starts_with("http/1.1 400") && body.contains("error"), "{nonsense}: {head} {body}");
    }
    let (head, _) =
        ask(address, "POST /_local/clock", &format!("{form}Referer: http://{address}/_local/mail\r\n"), "advance=PT1H")
            .await;
    assert!(head.starts_with("http/1.1 303") && head.contains("location: /_local/mail"), "{head}");
    let of_case = format!("{form}Referer: http://{address}/?case=Y-1\r\n");
    let (head, _) = ask(address, "POST /_local/clock", &of_case, "set=2026-12-01T00%3A00%3A00Z").await;
    assert!(head.starts_with("http/1.1 303") && head.contains("location: /?case=y-1"), "a button of yesterday: {head}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_json_show_the_same() {
    let (host, address) = served(&Cast::default()).await;
    for path in ["/", "/_local/mail", "/_local/cases", "/_local/cases/Y-1", "/_local/dead-letters"] {
        let (head, body) = ask(address, &format!("GET {path}"), "Accept: text/html\r\n", "").await;
        assert!(head.starts_with("http/1.1 200") && head.contains("content-security-policy"), "{path}: {head}");
        assert!(body.contains("練習モード(実際には送信されません)"), "{path}");
    }
    let (_, page) = ask(address, "GET /_local/cases/Y-1", "", "").await;
    assert!(page.contains("&lt;trial&gt;") && page.contains("case.opened"), "{page}");
    let (head, page) = ask(address, "GET /_local/cases?lang=en", "Accept: text/html\r\n", "").await;
    assert!(head.contains("set-cookie: banto-lang=en") && page.contains("Practice mode"), "{head}");
    let (_, page) = ask(address, "GET /?case=Y-1", "Cookie: other=1; banto-lang=en\r\n", "").await;
    assert!(page.contains("<html lang=\"en\">") && page.contains("href=\"/?case=Y-1&amp;lang=ja\""), "{page}");
    assert!(ask(address, "GET /?case=latest", "", "").await.0.contains("location: /?case=y-1"));
    assert!(ask(address, "GET /", "", "").await.1.contains("action=\"/hooks/forms/yamada/web\""));
    assert_eq!(ask(address, "GET /_local/mail", JSON, "").await.1, "[]");
    assert!(ask(address, "GET /_local/cases", JSON, "").await.1.starts_with(r#"[{"client":"yamada"#));
    for missing in ["/_local/mail/none", "/_local/mail/none.eml", "/_local/cases/none"] {
        assert!(ask(address, &format!("GET {missing}"), JSON, "").await.0.starts_with("http/1.1 404"), "{missing}");
    }
    assert!(ask(address, "POST /_local/mail", "", "x").await.0.starts_with("http/1.1 501"));
    assert_eq!(host.meter()["calls"], 0);
    assert!(ask(address, "GET /_local/meter", "", "").await.1.contains("price_usd"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_are_shown_and_redriven() {
    let cast = Cast::default();
    let (host, address) = served(&cast).await;
    cast.behave("notify", refuse);
    poke(&host, "notify").await;
    ask(address, "POST /_local/clock", JSON, r#"{"advance":"PT10M"}"#).await;
    let (_, body) = ask(address, "GET /_local/dead-letters", JSON, "").await;
    let letters: Value = serde_json::from_str(&body).expect("json");
    let id = letters[0]["id"].as_str().expect("one").to_owned();
    let (_, page) = ask(address, "GET /_local/dead-letters", "Accept: text/html\r\n", "").await;
    assert!(page.contains(&format!("/_local/dead-letters/{id}/redrive")));
    cast.behave("notify", |_| Ok(Value::Null));
    assert!(
        ask(address, &format!("POST /_local/dead-letters/{id}/redrive"), JSON, "").await.0.starts_with("http/1.1 200")
    );
    ask(address, "POST /_local/idle", JSON, "").await;
    assert_eq!(cast.count("notify"), 4);
    assert!(
        ask(address, &format!("POST /_local/dead-letters/{id}/redrive"), JSON, "").await.0.starts_with("http/1.1 404")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_read_a_page_also_when_there_is_nothing_to_show() {
    let (_host, address) = served(&Cast::default()).await;
    for path in ["/nowhere", "/_local/mail/nothing", "/_local/cases/NOTHING", "/?case=NOTHING"] {
        let line = format!("GET {path}");
        let (head, page) = ask(address, &line, "Accept: text/html,*/*;q=0.8\r\n", "").await;
        assert!(head.starts_with("http/1.1 404") && head.contains("text/html"), "{path}: {head}");
        assert!(page.contains("見つかりませんでした") && page.contains("href=\"/\""), "{path}: {page}");
        let (head, data) = ask(address, &line, JSON, "").await;
        assert!(head.starts_with("http/1.1 404") && head.contains("json"), "{path}: {head}");
        assert!(data.contains("there is no such"), "{path}: {data}");
    }
}
