//! Real parts as child processes: started by the project's own script on a free port, ended with the test.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A running part.
#[derive(Debug)]
pub struct Part {
    port: u16,
    child: Child,
}

/// A port that nobody listens on now. It lies below those that the system gives to outgoing connections, and no port is
/// given twice to one test run: between looking and listening nobody else gets it.
///
/// # Panics
/// When the machine has none.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = std::process::id().wrapping_mul(97) % 10_000;
    let mut candidates = (0..10_000).map(|_| {
        let n = (begin + u32::from(NEXT.fetch_add(1, Ordering::Relaxed))) % 10_000;
        20_000 + u16::try_from(n).expect("below 10,000")
    });
    let free = candidates.find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.expect("a free port")
}

impl Part {
    /// Starts `scripts/real-parts start KIND PORT …`: `["dynamodb"]`, `["ses"]`.
    ///
    /// # Panics
    /// When it doesn't listen within a minute.
    pub async fn start(kind: &[&str]) -> Self {
        let port = free_port();
        Self::run(port, &[&["start", kind[0], &port.to_string()], &kind[1..]].concat(), &[], None).await
    }

    /// Starts `scripts/real-parts` with these arguments and variables, and waits until it listens on `port`. What it
    /// tells goes to `log`, or nowhere.
    ///
    /// # Panics
    /// When it ends, or doesn't listen within a minute.
    pub async fn run(port: u16, arguments: &[&str], variables: &[(String, String)], log: Option<&Path>) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/real-parts");
        let mut command = Command::new(script);
        command.args(arguments).envs(variables.iter().cloned()).stdin(Stdio::null()).stdout(Stdio::null());
        if let Some(log) = log {
            let file = File::create(log).expect("a log file");
            command.stderr(file.try_clone().expect("the same file")).stdout(file);
        }
        let mut part = Self { port, child: command.spawn().expect("scripts/real-parts starts") };
        for _ in 0..3_000 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return part;
            }
            if let Some(status) = part.child.try_wait().expect("a child") {
                panic!("{arguments:?} ended with {status}; is it installed? scripts/real-parts install");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{arguments:?} does not listen");
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sends one request and reads the answer to its end: status and body.
    ///
    /// # Panics
    /// When the part doesn't answer in HTTP.
    pub async fn http(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
        http(self.port, method, path, headers, body).await
    }

    /// One DynamoDB operation without the SDK. The signature is not checked by DynamoDB Local, but must be there.
    ///
    /// # Panics
    /// When the operation is refused.
    pub async fn dynamodb(&self, operation: &str, body: &Value) -> Value {
        self.json_api(&format!("DynamoDB_20120810.{operation}"), body).await
    }

    /// One operation of DynamoDB's streams.
    ///
    /// # Panics
    /// When the operation is refused.
    pub async fn dynamodb_streams(&self, operation: &str, body: &Value) -> Value {
        self.json_api(&format!("DynamoDBStreams_20120810.{operation}"), body).await
    }

    async fn json_api(&self, target: &str, body: &Value) -> Value {
        let headers = format!(
            "content-type: application/x-amz-json-1.0\r\nx-amz-target: {target}\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=local/20261201/ap-northeast-1/dynamodb/aws4_request, \
             SignedHeaders=host, Signature=0\r\n"
        );
        let (status, answer) = self.http("POST", "/", &headers, &body.to_string()).await;
        assert_eq!(status, 200, "{target}: {answer}");
        serde_json::from_str(&answer).expect("JSON")
    }
}

impl Drop for Part {
    /// SIGTERM, not SIGKILL: Lambda's emulator takes its function along only when it is asked to end. It has two seconds.
    fn drop(&mut self) {
        let Some(pid) = self.child.id() else { return };
        drop(std::process::Command::new("sh").args(["-c", "kill -TERM $0", &pid.to_string()]).status());
        for _ in 0..400 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// One HTTP/1.1 request to this machine.
///
/// # Panics
/// When nobody answers in HTTP.
pub async fn http(port: u16, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    try_http(port, method, path, headers, body).await.expect("an HTTP answer")
}

/// The same, or `None` when nobody answers to the end.
pub async fn try_http(port: u16, method: &str, path: &str, headers: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok())?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    Some((status, if chunked { unchunk(body) } else { body.to_owned() }))
}

fn unchunk(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        whole.push_str(rest.get(..size).unwrap_or(rest));
        body = rest.get(size + 2..).unwrap_or("");
    }
    whole
}
