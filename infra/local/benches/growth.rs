//! Does the house on one machine get slower as it fills? Inquiries in rounds, each led through its whole chain on files;
//! the last round is compared with the first.
//!
//! `cargo bench -p banto --bench growth [-- ROUNDS PER_ROUND]`
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark stops where it can't go on, and prints")]

use std::time::Instant;

use banto::clock::ClockMode;
use banto::engine::Place;
use banto::host::{Host, HostConfig};
use banto::practice;
use banto_aws::{Keys, PathParams};
use bytes::Bytes;

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    let (rounds, per_round) = (numbers.first().copied().unwrap_or(10), numbers.get(1).copied().unwrap_or(200));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(run(rounds, per_round));
}

async fn run(rounds: usize, per_round: usize) {
    let dir = std::env::temp_dir().join(format!("banto-growth-{}", std::process::id()));
    let clock = ClockMode::Manual(Some("2026-12-01T00:00:00Z".parse().expect("an instant")));
    let url = "http://127.0.0.1:8080".to_owned();
    let config = HostConfig::new(Place::Dir(dir.clone()), clock, url, Keys::new([1; 32])).expect("a template");
    let host = Host::open(config).await.expect("a house");
    practice::publish(host.world(), &banto_playbooks::ready_made().expect("no problems"), true)
        .await
        .expect("published");
    let mut first = 0.0;
    for round in 0..rounds {
        // A minute takes so many unsigned forms of each kind.
        let started = Instant::now();
        for n in 0..per_round {
            if n % 100 == 0 {
                let next = host.now().checked_add(jiff::SignedDuration::from_mins(1)).expect("an instant");
                host.advance(next).await.expect("advanced");
            }
            inquire(&host, round * per_round + n).await;
        }
        host.idle().await.expect("idle");
        let each = started.elapsed().as_secs_f64() * 1e3 / per_round as f64;
        if round == 0 {
            first = each;
        }
        println!(
            "{:>6} cases: {each:.2} ms an inquiry, {:.2} of the first round",
            (round + 1) * per_round,
            each / first
        );
    }
    std::fs::remove_dir_all(&dir).expect("removed");
}

async fn inquire(host: &Host, n: usize) {
    let address = format!("c{n}@customer.example");
    let fields = [("name", "奈緒"), ("email", &*address), ("message", "コーチングの無料体験を希望します。")];
    let body = serde_urlencoded::to_string(fields).expect("encoded");
    let request = http::Request::post("/").header("content-type", "application/x-www-form-urlencoded");
    let mut request = request.body(Bytes::from(body)).expect("a request");
    let params = [("client", "yamada"), ("form", "inquiry")];
    let params = params.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    request.extensions_mut().insert(PathParams(params));
    let reply = host.request("receive-form", request).await.expect("an answer");
    assert_eq!(reply.status(), 202);
}
