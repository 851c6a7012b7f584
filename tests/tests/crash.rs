//! kill -9 of the local host in the middle of load, 20 times: nothing acknowledged is lost, nothing is sent twice.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking and print what they counted"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use banto_tests::free_port;
use banto_tests::parts::{http, try_http};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

const KILLS: u64 = 20;
const WRITERS: usize = 4;

/// The `banto` command, as `cargo build --bins` leaves it beside this test.
fn banto() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    let path = test.parent().and_then(Path::parent).expect("a target directory").join("banto");
    assert!(path.exists(), "{} is missing: run `cargo build --workspace --bins` first", path.display());
    path
}

fn command(arguments: &[&str], data: &Path) -> Command {
    let mut command = Command::new(banto());
    command.args(arguments).arg("--data").arg(data).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

async fn start(data: &Path, port: u16) -> Child {
    let listen = format!("127.0.0.1:{port}");
    let clock = "manual=2026-12-01T09:00:00+09:00";
    let mut child =
        command(&["demo", "--empty", "--listen", &listen, "--clock", clock], data).spawn().expect("banto starts");
    for _ in 0..300 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return child;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    panic!("banto does not listen");
}

/// A signed submission of a customer of their own.
fn submission(n: usize) -> (String, String) {
    let answer = |name: &str, kind: &str, value: &str| json!({ "type": kind, (kind): value, "field": { "ref": name } });
    let address = format!("c{n}@customer.example");
    let answers = [
        answer("name", "text", "奈緒"),
        answer("email", "email", &address),
        answer("message", "text", "コーチング希望"),
    ];
    let body = json!({ "event_id": format!("load-{n}"), "form_response": { "answers": answers } }).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"demo-typeform-secret").expect("any length");
    mac.update(body.as_bytes());
    let tag = BASE64.encode(&mac.finalize().into_bytes());
    let headers =
        format!("content-type: application/json\r\naccept: application/json\r\ntypeform-signature: sha256={tag}\r\n");
    (headers, body)
}

/// Submits without rest; whatever was answered 202 counts as acknowledged.
async fn load(port: u16, next: Arc<AtomicUsize>, stop: Arc<AtomicBool>, acknowledged: Arc<Mutex<Vec<String>>>) {
    while !stop.load(Ordering::Relaxed) {
        let (headers, body) = submission(next.fetch_add(1, Ordering::Relaxed));
        match try_http(port, "POST", "/hooks/forms/yamada/typeform", &headers, &body).await {
            Some((202, answer)) => {
                let answer: Value = serde_json::from_str(&answer).expect("JSON");
                let case = answer["case"].as_str().expect("a case").to_owned();
                acknowledged.lock().expect("the list").push(case);
            }
            Some((status, answer)) => panic!("{status}: {answer}"),
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute, and needs `cargo build --workspace --bins`"]
async fn nothing_acknowledged_is_lost_and_nothing_is_sent_twice() {
    let data = std::env::temp_dir().join(format!("banto-crash-{}", std::process::id()));
    let port = free_port();
    let (next, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| tokio::spawn(load(port, Arc::clone(&next), Arc::clone(&stop), Arc::clone(&acknowledged))))
        .collect();
    for kill in 0..KILLS {
        let mut child = start(&data, port).await;
        // Long enough for work to be under way, different each time.
        tokio::time::sleep(Duration::from_millis(150 + kill * 37 % 300)).await;
        child.kill().expect("killed"); // SIGKILL
        child.wait().expect("gone");
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("every answer was 202");
    }

    let mut child = start(&data, port).await;
    // Longer than a lease, and than all retries of a step.
    for by in ["PT1H", "PT3H"] {
        let (status, said) = http(
            port,
            "POST",
            "/_local/clock",
            "content-type: application/json\r\n",
            &json!({ "advance": by }).to_string(),
        )
        .await;
        assert_eq!(status, 200, "{said}");
    }
    let get = |path: &'static str| async move {
        let (status, body) = http(port, "GET", path, "accept: application/json\r\n", "").await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Vec<Value>>(&body).expect("a list")
    };
    let (cases, mails, dead) =
        (get("/_local/cases").await, get("/_local/mail").await, get("/_local/dead-letters").await);
    child.kill().expect("killed");
    child.wait().expect("gone");

    let mut sent: BTreeMap<(String, String), usize> = BTreeMap::new();
    for mail in &mails {
        let name = |field: &str| mail[field].as_str().expect("a tag").to_owned();
        *sent.entry((name("case"), name("template"))).or_default() += 1;
    }
    let acknowledged = acknowledged.lock().expect("the list");
    for case in acknowledged.iter() {
        let found = cases.iter().find(|c| c["id"] == **case);
        let found = found.unwrap_or_else(|| panic!("{case} was acknowledged and is lost"));
        assert_eq!(found["node"], "collect", "{case}");
        for template in ["acknowledge", "missing-info"] {
            assert_eq!(sent.get(&(case.clone(), template.to_owned())), Some(&1), "{case} {template}");
        }
    }
    assert!(sent.values().all(|n| *n == 1), "sent twice");
    assert_eq!(dead, Vec::<Value>::new());
    for check in ["verify", "doctor"] {
        assert!(command(&[check], &data).status().expect("it runs").success(), "banto {check}");
    }
    std::fs::remove_dir_all(&data).expect("removed");
    println!("{} acknowledged, {} cases, {} mails, {KILLS} kills", acknowledged.len(), cases.len(), mails.len());
    assert!(acknowledged.len() > 100, "there was load");
}
