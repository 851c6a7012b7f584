//! Events, calls and messages: accepted or refused as AWS does, repeated, given up, redriven.

use serde_json::{Value, json};

use super::{Cast, at, entry, house, poke, put, refuse};

#[tokio::test]
async fn entries_that_cannot_be_taken_are_named_one_by_one() {
    let cast = Cast::default();
    let host = house(&cast).await;
    let out = host
        .clients()
        .events
        .put_events()
        .entries(entry("banto", r#"{"action":"notify"}"#))
        .entries(entry("banto", "not json"))
        .entries(entry("aws.ses", "{}"))
        .entries(entry("", "{}"))
        .send()
        .await
        .expect("answered");
    let codes: Vec<_> = out.entries().iter().map(|e| e.error_code().unwrap_or("-")).collect();
    assert_eq!(codes, ["-", "MalformedDetail", "NotAuthorizedForSourceException", "InvalidArgument"]);
    assert_eq!(out.failed_entry_count(), 3);
    host.idle().await.expect("idle");
    assert_eq!(cast.count("notify"), 1);
    let event = &cast.heard("notify")[0].1;
    assert_eq!((event["source"].as_str(), event["detail-type"].as_str()), (Some("banto"), Some("node.entered")));
}

#[tokio::test]
async fn requests_beyond_the_limits_are_refused_whole() {
    let host = house(&Cast::default()).await;
    let many = vec![entry("banto", "{}"); 11];
    let error = host.clients().events.put_events().set_entries(Some(many)).send().await.expect_err("too many");
    assert_eq!(aws_sdk_eventbridge::error::ProvideErrorMetadata::code(&error), Some("ValidationException"));
    let large = json!({ "text": "x".repeat(256 * 1024) }).to_string();
    assert!(host.clients().events.put_events().entries(entry("banto", &large)).send().await.is_err());
}

#[tokio::test]
async fn a_call_that_keeps_failing_becomes_a_dead_letter_and_can_be_redriven() {
    let cast = Cast::default();
    let host = house(&cast).await;
    cast.behave("notify", |_| panic!("a bug"));
    poke(&host, "notify").await;
    host.idle().await.expect("idle");
    assert_eq!(cast.count("notify"), 1);
    cast.behave("notify", refuse);
    host.advance(at("2026-12-01T00:00:59Z")).await.expect("moved");
    assert_eq!(cast.count("notify"), 1, "a minute has not passed");
    host.advance(at("2026-12-01T01:00:00Z")).await.expect("moved");
    let times: Vec<String> = cast.heard("notify").iter().map(|(at, _)| at.to_string()).collect();
    assert_eq!(times, ["2026-12-01T00:00:00Z", "2026-12-01T00:01:00Z", "2026-12-01T00:03:00Z"]);

    let letters = host.dead_letters().await.expect("read");
    let [letter] = letters.as_slice() else { panic!("one dead letter: {letters:?}") };
    assert_eq!(letter.function.as_deref(), Some("notify"));
    assert_eq!(letter.queue.as_deref(), Some("DeadLetterQueue"));
    assert_eq!((letter.attempts, letter.error.as_str()), (3, "refused: not today"));
    assert_eq!(letter.event["detail"]["action"], "notify");

    cast.behave("notify", |_| Ok(Value::Null));
    host.redrive(&letter.id).await.expect("put back");
    host.idle().await.expect("idle");
    assert_eq!(cast.count("notify"), 4);
    assert_eq!(host.dead_letters().await.expect("read"), []);
    assert!(host.redrive(&letter.id).await.is_err(), "only once");
}

#[tokio::test]
async fn a_message_that_fails_waits_out_its_visibility_and_ends_in_the_other_queue() {
    let cast = Cast::default();
    let host = house(&cast).await;
    cast.behave("send-message", |event| {
        let failed: Vec<_> = event["Records"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|r| r["body"].as_str().is_some_and(|b| b.contains("\"bad\"")))
            .map(|r| json!({ "itemIdentifier": r["messageId"] }))
            .collect();
        Ok(json!({ "batchItemFailures": failed }))
    });
    let detail = |name: &str| json!({ "action": "send-message", "name": name }).to_string();
    host.clients()
        .events
        .put_events()
        .entries(entry("banto", &detail("good")))
        .entries(entry("banto", &detail("bad")))
        .send()
        .await
        .expect("taken");
    host.idle().await.expect("idle");
    let first = &cast.heard("send-message")[0].1;
    assert_eq!(first["Records"].as_array().map(Vec::len), Some(2), "one batch");
    assert!(
        first["Records"][0]["body"].as_str().expect("text").contains("\"detail-type\":\"node.entered\""),
        "the whole event"
    );

    host.advance(at("2026-12-01T01:00:00Z")).await.expect("moved");
    let times: Vec<String> =
        cast.heard("send-message").iter().map(|(at, _)| at.strftime("%H:%M").to_string()).collect();
    assert_eq!(times, ["00:00", "00:03", "00:06", "00:09", "00:12"], "five times, the good one only once");
    let letters = host.dead_letters().await.expect("read");
    assert_eq!(letters[0].source.as_deref(), Some("SendMessageQueue"));
    assert_eq!(letters[0].attempts, 5);

    cast.behave("send-message", |_| Ok(Value::Null));
    host.redrive(&letters[0].id).await.expect("put back");
    host.idle().await.expect("idle");
    assert_eq!(cast.count("send-message"), 6);
}

#[tokio::test]
async fn what_a_function_sets_aside_is_visible_at_once() {
    let host = house(&Cast::default()).await;
    let sqs = &host.clients().sqs;
    let url = host.plan().template.queues["UndeliveredQueue"].url();
    let sent = sqs.send_message().queue_url(url).message_body(r#"{"case":"1","seq":3}"#).send().await.expect("taken");
    let letters = host.dead_letters().await.expect("read");
    assert_eq!(Some(letters[0].id.as_str()), sent.message_id());
    assert_eq!((letters[0].queue.as_deref(), &letters[0].event["seq"]), (Some("UndeliveredQueue"), &json!(3)));
    let error =
        sqs.send_message().queue_url("https://sqs/0/other").message_body("x").send().await.expect_err("unknown");
    let error = error.into_service_error();
    assert!(error.is_queue_does_not_exist(), "{error:?}");
}

#[tokio::test]
async fn a_bad_record_is_found_given_up_and_does_not_stop_the_others() {
    let cast = Cast::default();
    let host = house(&cast).await;
    cast.behave("publish-journal", |event| {
        if event.to_string().contains("C#07") { refuse(event) } else { Ok(json!({ "batchItemFailures": [] })) }
    });
    for n in 0..20 {
        put(&host, "CASE#y#1", &format!("C#{n:02}"), &[]).await;
    }
    host.idle().await.expect("idle");
    host.advance(at("2026-12-01T02:00:00Z")).await.expect("moved");
    let passed = cast
        .heard("publish-journal")
        .iter()
        .any(|(_, e)| e.to_string().contains("C#19") && !e.to_string().contains("C#07"));
    assert!(passed, "what comes after the bad record arrives");
    let letters = host.dead_letters().await.expect("read");
    let [letter] = letters.as_slice() else { panic!("one dead letter: {letters:?}") };
    assert_eq!(letter.queue.as_deref(), Some("UndeliveredQueue"));
    assert_eq!(letter.event["Records"].as_array().map(Vec::len), Some(1), "the bad record alone");
    assert_eq!(letter.event["Records"][0]["dynamodb"]["NewImage"]["sk"]["S"], "C#07");
    assert_eq!(letter.attempts, 11, "once and ten retries");

    cast.behave("publish-journal", |_| Ok(Value::Null));
    host.redrive(&letter.id).await.expect("put back");
    host.idle().await.expect("idle");
    assert!(cast.heard("publish-journal").last().expect("once more").1.to_string().contains("C#07"));
}

#[tokio::test]
async fn a_record_that_is_reported_as_failed_comes_again_with_those_after_it() {
    let cast = Cast::default();
    let host = house(&cast).await;
    cast.behave("publish-journal", |event| {
        let third = &event["Records"][2]["dynamodb"]["SequenceNumber"];
        Ok(json!({ "batchItemFailures": [{ "itemIdentifier": third }] }))
    });
    for n in 0..5 {
        put(&host, "CASE#y#1", &format!("C#{n}"), &[]).await;
    }
    host.idle().await.expect("idle");
    cast.behave("publish-journal", |_| Ok(Value::Null));
    host.advance(at("2026-12-01T00:01:00Z")).await.expect("moved");
    let sizes: Vec<_> =
        cast.heard("publish-journal").iter().map(|(_, e)| e["Records"].as_array().map_or(0, Vec::len)).collect();
    assert_eq!(sizes, [5, 3]);
}
