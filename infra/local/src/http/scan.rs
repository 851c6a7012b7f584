//! A mail scanner, as it sits before many mailboxes: it follows each link of a mail by every method, runs scripts and presses
//! what there is to press. Practice mode sends it at a mail, and shows that it decides nothing.

use axum::http::{Method, StatusCode};

use crate::host::Host;
use crate::mailbox::Mail;
use crate::practice::seed;

/// One thing that the scanner did, and what it was answered.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Tried {
    /// What it did: `GET`, `press`, `choose and press`.
    pub(crate) what: String,
    /// The HTTP status.
    pub(crate) status: u16,
}

/// Sends the scanner at every link to a question in a mail.
pub(super) async fn run(host: &Host, mail: &Mail) -> Vec<Tried> {
    let mut tried = Vec::new();
    for token in tokens(&mail.text) {
        let page = call(host, &token, Method::GET, "").await;
        tried.push(Tried { what: "GET".to_owned(), status: page.0 });
        for method in [Method::HEAD, Method::OPTIONS] {
            let (status, _) = call(host, &token, method.clone(), "").await;
            tried.push(Tried { what: method.to_string(), status });
        }
        let after = |before: &'static str| page.1.split(before).skip(1).filter_map(|rest| rest.split('"').next());
        let mark = after("name=\"shown\" value=\"").next().unwrap_or_default();
        let asks_more = page.1.contains("name=\"confirm\"");
        let pressed = ("press".to_owned(), vec![("shown", mark)]);
        // Where a choice alone would do, it takes a hand to make one.
        let choices = after("type=\"radio\" name=\"answer\" value=\"").filter(|_| asks_more);
        let chosen =
            choices.map(|answer| (format!("choose and press: {answer}"), vec![("shown", mark), ("answer", answer)]));
        for (what, fields) in std::iter::once(("press, empty".to_owned(), Vec::new())).chain([pressed]).chain(chosen) {
            let body = serde_urlencoded::to_string(fields).unwrap_or_default();
            tried.push(Tried { what, status: call(host, &token, Method::POST, &body).await.0 });
        }
    }
    tried
}

/// The tokens of the links to questions.
fn tokens(text: &str) -> Vec<String> {
    let token = |rest: &str| rest.split_whitespace().next().unwrap_or_default().to_owned();
    text.split("/a/").skip(1).map(token).collect()
}

async fn call(host: &Host, token: &str, method: Method, body: &str) -> (u16, String) {
    match seed::link(host, token, method, body).await {
        Some(reply) => (reply.status().as_u16(), String::from_utf8_lossy(reply.body()).into_owned()),
        None => (StatusCode::INTERNAL_SERVER_ERROR.as_u16(), String::new()),
    }
}
