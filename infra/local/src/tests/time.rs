//! Time that people move: everything due on the way happens in order, at its own time.

use std::sync::{Arc, OnceLock};

use aws_sdk_dynamodb::types::AttributeValue::S;
use serde_json::Value;

use super::{Cast, at, config, house, poke, put, refuse};
use crate::clock::ClockMode;
use crate::engine::Place;
use crate::host::{Host, HostError};

async fn due(host: &Host, case: &str, shard: &str, at: &str) {
    put(host, &format!("CASE#y#{case}"), "S", &[("due_shard", shard), ("due_at", at)]).await;
}

/// A `wake-due` that takes away what is due, as the real one does by its commits.
fn waking(cast: &Cast, host: &Arc<OnceLock<Host>>) {
    let host = Arc::clone(host);
    cast.behave("wake-due", move |event| {
        let (host, now) = (host.get().expect("open").clone(), event["time"].as_str().unwrap_or_default().to_owned());
        tokio::spawn(async move {
            let db = &host.clients().dynamodb;
            let all = db.scan().table_name("banto").send().await.expect("scanned");
            for item in all.items().iter().filter(|i| matches!(i.get("due_at"), Some(S(at)) if *at <= now)) {
                db.delete_item()
                    .table_name("banto")
                    .key("pk", item["pk"].clone())
                    .key("sk", item["sk"].clone())
                    .send()
                    .await
                    .expect("gone");
            }
        });
        Ok(Value::Null)
    });
}

#[tokio::test]
async fn what_is_due_happens_in_order_and_the_minutes_between_are_skipped() {
    let (cast, cell) = (Cast::default(), Arc::new(OnceLock::new()));
    let host = house(&cast).await;
    cell.set(host.clone()).expect("once");
    waking(&cast, &cell);
    due(&host, "late", "3", "2026-12-03T00:00:00Z").await;
    due(&host, "soon", "1", "2026-12-01T10:00:30Z").await;
    due(&host, "after", "0", "2027-01-01T00:00:00Z").await;
    host.advance(at("2026-12-04T12:34:56Z")).await.expect("moved");
    let times: std::collections::BTreeSet<String> =
        cast.heard("wake-due").iter().map(|(at, _)| at.to_string()).collect();
    let first: Vec<_> = times.iter().map(String::as_str).collect();
    assert!(first.starts_with(&["2026-12-01T10:01:00Z"]) && first.contains(&"2026-12-03T00:00:00Z"), "{first:?}");
    assert!(first.len() <= 4, "minutes with nothing due are skipped: {first:?}");
    assert_eq!(host.now(), at("2026-12-04T12:34:56Z"));
}

#[tokio::test]
async fn a_case_that_stays_due_is_looked_at_every_minute() {
    let cast = Cast::default();
    let host = house(&cast).await;
    due(&host, "stuck", "2", "2026-12-01T00:10:00Z").await;
    host.advance(at("2026-12-01T00:13:00Z")).await.expect("moved");
    let times: Vec<String> = cast.heard("wake-due").iter().map(|(at, _)| at.strftime("%H:%M").to_string()).collect();
    assert_eq!(times, ["00:10", "00:11", "00:12", "00:13"]);
    cast.behave("wake-due", refuse);
    host.advance(at("2026-12-01T00:14:00Z")).await.expect("moved");
    assert_eq!(host.dead_letters().await.expect("read"), [], "the next minute's run does the same work");
}

#[tokio::test]
async fn retries_and_due_cases_keep_their_order() {
    let cast = Cast::default();
    let host = house(&cast).await;
    cast.behave("notify", refuse);
    poke(&host, "notify").await;
    due(&host, "x", "0", "2026-12-01T00:02:00Z").await;
    host.advance(at("2026-12-01T00:03:00Z")).await.expect("moved");
    let order: Vec<String> =
        cast.heard.lock().expect("sound").iter().map(|(name, at, _)| format!("{} {name}", at.strftime("%M"))).collect();
    assert_eq!(order, ["00 notify", "01 notify", "02 wake-due", "03 notify", "03 wake-due"]);
}

#[tokio::test]
async fn time_does_not_go_back_and_the_machines_clock_is_not_moved() {
    let cast = Cast::default();
    let host = house(&cast).await;
    assert!(matches!(host.advance(at("2026-11-30T00:00:00Z")).await, Err(HostError::Backwards { .. })));
    let mut system = config(Place::Memory, &cast);
    system.clock = ClockMode::System;
    let host = Host::open(system).await.expect("opens");
    assert!(matches!(host.advance(at("2099-01-01T00:00:00Z")).await, Err(HostError::NotManual)));
}

#[tokio::test]
async fn a_house_that_is_started_works_by_itself() {
    let cast = Cast::default();
    let host = house(&cast).await;
    let work = host.start();
    poke(&host, "notify").await;
    for _ in 0..200 {
        if cast.count("notify") == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    work.abort();
    assert_eq!(cast.count("notify"), 1);
}
