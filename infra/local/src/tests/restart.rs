//! A process may end at any moment: what was accepted is there when the next one starts.

use serde_json::Value;

use super::{Cast, Scratch, at, config, poke, put, refuse};
use crate::host::{Host, HostError};
use crate::store::StoreError;

#[tokio::test]
async fn calls_messages_records_and_the_clock_survive() {
    let (scratch, cast) = (Scratch::new(), Cast::default());
    let host = Host::open(config(scratch.place(), &cast)).await.expect("opens");
    host.advance(at("2026-12-01T05:00:00Z")).await.expect("moved");
    poke(&host, "notify").await;
    poke(&host, "send-message").await;
    put(&host, "CASE#y#1", "C#1", &[]).await;
    drop(host);

    let host = Host::open(config(scratch.place(), &cast)).await.expect("opens again");
    assert_eq!(host.now(), at("2026-12-01T05:00:00Z"));
    host.idle().await.expect("idle");
    for name in ["notify", "send-message", "publish-journal"] {
        assert_eq!(cast.count(name), 1, "{name}");
    }
    drop(host);

    let host = Host::open(config(scratch.place(), &cast)).await.expect("opens again");
    put(&host, "CASE#y#1", "C#2", &[]).await;
    host.idle().await.expect("idle");
    assert_eq!((cast.count("notify"), cast.count("publish-journal")), (1, 2), "what is done stays done");
}

#[tokio::test]
async fn retries_and_dead_letters_survive() {
    let (scratch, cast) = (Scratch::new(), Cast::default());
    cast.behave("notify", refuse);
    let host = Host::open(config(scratch.place(), &cast)).await.expect("opens");
    poke(&host, "notify").await;
    host.idle().await.expect("idle");
    drop(host);
    let host = Host::open(config(scratch.place(), &cast)).await.expect("opens again");
    host.advance(at("2026-12-01T00:10:00Z")).await.expect("moved");
    assert_eq!(cast.count("notify"), 3);
    drop(host);
    let host = Host::open(config(scratch.place(), &cast)).await.expect("opens again");
    let letters = host.dead_letters().await.expect("read");
    cast.behave("notify", |_| Ok(Value::Null));
    host.redrive(&letters[0].id).await.expect("put back");
    drop(host);
    let host = Host::open(config(scratch.place(), &cast)).await.expect("opens again");
    host.idle().await.expect("idle");
    assert_eq!(cast.count("notify"), 4);
}

#[tokio::test]
async fn a_directory_belongs_to_one_process() {
    let (scratch, cast) = (Scratch::new(), Cast::default());
    let _host = Host::open(config(scratch.place(), &cast)).await.expect("opens");
    let error = Host::open(config(scratch.place(), &cast)).await.expect_err("in use");
    assert!(matches!(error, HostError::Store(StoreError::InUse)), "{error}");
}
