//! Real parts as child processes: started by the project's own script on a free port, ended with the test.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A running part.
#[derive(Debug)]
pub struct Part {
    port: u16,
    _child: Child,
}

/// A port that nobody listens on now.
///
/// # Panics
/// When the machine has none.
#[must_use]
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

impl Part {
    /// Starts `scripts/real-parts start KIND PORT …`: `["dynamodb"]`, `["ses"]`.
    ///
    /// # Panics
    /// When it doesn't listen within a minute.
    pub async fn start(kind: &[&str]) -> Self {
        let port = free_port();
        Self::run(port, &[&["start", kind[0], &port.to_string()], &kind[1..]].concat(), &[]).await
    }

    /// Starts `scripts/real-parts` with these arguments and variables, and waits until it listens on `port`.
    ///
    /// # Panics
    /// When it doesn't listen within a minute.
    pub async fn run(port: u16, arguments: &[&str], variables: &[(&str, String)]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/real-parts");
        let mut command = Command::new(script);
        command
            .args(arguments)
            .envs(variables.iter().cloned())
            .kill_on_drop(true)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let child = command.spawn().expect("scripts/real-parts starts");
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Self { port, _child: child };
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{arguments:?} does not listen; run scripts/real-parts install first");
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
        let headers = format!(
            "content-type: application/x-amz-json-1.0\r\nx-amz-target: DynamoDB_20120810.{operation}\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=local/20261201/ap-northeast-1/dynamodb/aws4_request, \
             SignedHeaders=host, Signature=0\r\n"
        );
        let (status, answer) = self.http("POST", "/", &headers, &body.to_string()).await;
        assert_eq!(status, 200, "{operation}: {answer}");
        serde_json::from_str(&answer).expect("JSON")
    }
}

/// One HTTP/1.1 request to this machine.
///
/// # Panics
/// When nobody answers in HTTP.
pub async fn http(port: u16, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("read");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    (status, if chunked { unchunk(body) } else { body.to_owned() })
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
