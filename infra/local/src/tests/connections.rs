//! Connections over a real socket: none of them holds the house, or its end, for long.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Cast, house};
use crate::http::{Limits, router, serve_within};

const SHORT: Duration = Duration::from_millis(300);
/// Longer than anything here may take.
const LONG: Duration = Duration::from_secs(10);

fn limits() -> Limits {
    Limits { head: SHORT, body: SHORT, rest: SHORT, connections: 8, life: LONG, end: SHORT }
}

struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

async fn served(limits: Limits) -> Served {
    let router = router(house(&Cast::default()).await, None);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let (stop, stopped) = oneshot::channel();
    let stopped = async { stopped.await.unwrap_or_default() };
    let ended = tokio::spawn(serve_within(limits, listener, router, stopped));
    Served { address, stop, ended }
}

fn say(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("connected");
    stream.set_read_timeout(Some(LONG)).expect("set");
    stream.write_all(text.as_bytes()).expect("sent");
    stream
}

/// What comes back until the host closes; how long that took.
async fn heard(mut stream: TcpStream) -> (String, Duration) {
    let read = move || {
        let (began, mut answer) = (Instant::now(), Vec::new());
        match stream.read_to_end(&mut answer) {
            Err(e) if e.kind() != ErrorKind::ConnectionReset => panic!("still open: {e}"),
            _ => (String::from_utf8_lossy(&answer).into_owned(), began.elapsed()),
        }
    };
    tokio::task::spawn_blocking(read).await.expect("read")
}

const HALF_A_HEAD: &str = "POST /hooks/forms/yamada/web HTTP/1.1\r\nHost: here\r\n";
const HALF_A_BODY: &str = "POST /hooks/forms/yamada/web HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\na=1";
const WHOLE: &str = "POST /hooks/forms/yamada/web HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\na=1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_half_sent_is_closed() {
    let served = served(limits()).await;
    for half in ["", HALF_A_HEAD] {
        let (_, took) = heard(say(served.address, half)).await;
        assert!(took < LONG, "{half}");
    }
    let (answer, took) = heard(say(served.address, HALF_A_BODY)).await;
    assert!(answer.starts_with("HTTP/1.1 408") && took < LONG, "{answer}");
    // Asked and answered, and then silent.
    let (answer, took) = heard(say(served.address, WHOLE)).await;
    assert!(answer.starts_with("HTTP/1.1 200") && took >= SHORT / 2, "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_connections_shut_nobody_out_for_long() {
    let served = served(limits()).await;
    let silent: Vec<TcpStream> = (0..40).map(|_| say(served.address, "")).collect();
    let (answer, _) = heard(say(served.address, WHOLE)).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(silent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_and_never_listens_is_let_go() {
    let served = served(Limits { life: SHORT, ..limits() }).await;
    let address = served.address;
    let ask = move || {
        let mut stream = say(address, "");
        stream.set_write_timeout(Some(LONG)).expect("set");
        loop {
            if let Err(error) = stream.write_all(WHOLE.as_bytes()) {
                return error.kind();
            }
        }
    };
    let kind = tokio::task::spawn_blocking(ask).await.expect("asked");
    assert!(matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "still open: {kind}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_waits_for_no_half_sent_request() {
    let patient = Limits { head: 10 * LONG, body: 10 * LONG, life: 10 * LONG, ..limits() };
    let served = served(patient).await;
    let open = [say(served.address, HALF_A_HEAD), say(served.address, HALF_A_BODY), say(served.address, "")];
    tokio::time::sleep(SHORT).await;
    served.stop.send(()).expect("it runs");
    tokio::time::timeout(LONG, served.ended).await.expect("it ends").expect("no panic").expect("in order");
    drop(open);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_sends_too_much_reads_the_answer() {
    let served = served(limits()).await;
    let much = "x".repeat(3 * crate::http::MAX_BODY);
    let announced = format!("Content-Length: {}\r\n\r\n{much}", much.len());
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{much}\r\n0\r\n\r\n", much.len());
    for body in [announced, chunked] {
        let request = format!("POST /hooks/forms/yamada/web HTTP/1.1\r\nHost: here\r\n{body}");
        let address = served.address;
        let sent = tokio::task::spawn_blocking(move || say(address, &request)).await.expect("all of it was taken");
        let (answer, _) = heard(sent).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
}

#[test]
fn production_is_patient_and_bounded() {
    let usual = Limits::default();
    assert!(usual.head >= Duration::from_secs(10) && usual.body >= Duration::from_secs(20));
    assert!(usual.end <= Duration::from_secs(5) && (1..=1024).contains(&usual.connections));
}
