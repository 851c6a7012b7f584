//! What a customer writes may ask for something: it is proposed to them, counts from when they wrote it, and nothing is assumed.
//! What they say by telephone an operator enters for them.

use serde_json::Value;

use super::house::House;
use super::refunds::applied;
use super::requests::{MONDAY, NAO, before, named};
use super::steps::body;

const DESK: &str = "desk@";

async fn text(house: &House, template: &str) -> String {
    let mails = house.mails().await;
    mails.into_iter().find(|m| m.template.as_deref() == Some(template)).map_or(String::new(), |m| m.text)
}

/// A booking, the customer's page, and the booking.
async fn booked(house: &House) -> (String, String, Value) {
    let (case, _) = house.booked(&NAO, 3).await;
    let own = house.my("nao@", &case).await;
    let booking = house.booking(&case).await;
    (case, own, booking)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_in_time_counts_from_then_once_it_is_asked_for() {
    let house = House::open(MONDAY).await;
    let (case, own, booking) = booked(&house).await;
    house.until(&before(&booking, 25 * 60)).await;
    let wrote = house.host.now();
    let wish = [("field.wish", "申し訳ありませんが、次回は ｷｬﾝｾﾙ したいです。")];
    assert_eq!(house.want(&own, "wish", &wish).await.0, 200);
    // Nothing is assumed: the booking stands, and so does what the office reads.
    assert_eq!(house.happened(&case, "booking.cancelled").await, 0);
    assert_eq!(house.happened(&case, "request.raised").await, 1);
    let mail = text(&house, "request-proposed").await;
    assert!(mail.contains("- ご予約をキャンセルする") && !mail.contains("日時を変更"), "{mail}");
    // Six hours before it begins it would be the coach's to decide; as of then it is in time.
    house.until(&before(&booking, 6 * 60)).await;
    let page = house.my_page(&own).await;
    let said = named(&page, "cancel").expect("it may be cancelled")["consequence"].to_string();
    assert!(said.contains("ご連絡いただいた時点のお申し出") && said.contains("ご負担なく"), "{said}");
    let moved = named(&page, "reschedule").expect("it may be moved")["consequence"].to_string();
    assert!(!moved.contains("ご連絡いただいた時点"), "only what was proposed: {moved}");
    let (status, receipt) = house.want(&own, "cancel", &[]).await;
    assert_eq!(status, 200, "{receipt:#}");
    let at: jiff::Timestamp = receipt["receipt"]["said_at"].as_str().expect("an instant").parse().expect("one");
    assert!(at.duration_since(wrote).as_secs().abs() <= 1, "{at} {wrote}");
    assert_eq!(house.happened(&case, "booking.cancelled").await, 1);
    assert_eq!(house.stands(&case).await, "closed - cancelled");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_is_over_after_three_days_and_when_something_else_is_booked() {
    let house = House::open(MONDAY).await;
    let (case, own, booking) = booked(&house).await;
    let wish = [("field.wish", "日程変更をお願いするかもしれません")];
    assert_eq!(house.want(&own, "wish", &wish).await.0, 200);
    let counts = |page: &Value| {
        let offer = named(page, "reschedule").expect("it may be moved").clone();
        offer["consequence"].to_string().contains("ご連絡いただいた時点")
    };
    assert!(!counts(&house.my_page(&own).await), "at that very moment there is nothing to say");
    house.until("2026-12-08T09:00:00+09:00").await;
    assert!(counts(&house.my_page(&own).await));
    // It is moved: what was written was about another time.
    assert_eq!(house.want(&own, "reschedule", &[]).await.0, 200);
    assert_eq!(house.want(&own, "wish", &[("field.wish", "やはりキャンセルします")]).await.0, 409, "one at a time");
    let slot = house.slots(&case).await[0].clone();
    let link = house.newest_link_to("other-slots").await;
    assert_eq!(house.answer(&link, &slot, &[]).await.status(), 200);
    assert_ne!(house.booking(&case).await["at"], booking["at"]);
    let offer = named(&house.my_page(&own).await, "cancel").expect("offered")["consequence"].to_string();
    assert!(!offer.contains("ご連絡いただいた時点"), "{offer}");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_it_may_propose_it_and_what_nobody_may_ask_for_is_proposed_to_nobody() {
    let house = House::open(MONDAY).await;
    let (case, own, _) = booked(&house).await;
    // There is no programme to end and nothing was paid: of the words nothing follows.
    assert_eq!(house.want(&own, "wish", &[("field.wish", "解約と返金について教えてください")]).await.0, 200);
    assert_eq!(house.happened(&case, "request.proposed").await, 0);
    // The operator reads it otherwise than by its words.
    let link = house.open_link(DESK, &case).await;
    assert_eq!(house.answer(&link, "proposed", &[]).await.status(), 200);
    assert_eq!(house.happened(&case, "request.proposed").await, 1);
    let mail = text(&house, "request-proposed").await;
    assert!(mail.contains("- ご予約をキャンセルする\n- ご予約の日時を変更する\n"), "{mail}");
    assert!(!mail.contains("解約") && !mail.contains("返金") && mail.contains("/my/"), "{mail}");
    assert_eq!(house.happened(&case, "request.raised").await, 1, "nothing is assumed");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_by_telephone_is_entered_by_an_operator_under_their_own_name() {
    let house = House::open(MONDAY).await;
    let case = applied(&house, "card", &[]).await;
    let link = house.page_of(&case, "desk").await;
    let page = house.my_page(&link).await;
    assert_eq!(
        (page["operator"].as_str(), page["person"].as_str()),
        (Some("事務局担当"), Some("佐々木 奈緒")),
        "{page:#}"
    );
    assert!(named(&page, "complaint").is_some() && named(&page, "violation").is_some(), "{page:#}");
    assert!(named(&page, "coach-cannot").is_none() && named(&page, "closure").is_none(), "what is the coach's is hers");
    let own = house.my("nao@", &case).await;
    assert!(named(&house.my_page(&own).await, "violation").is_none());
    let html = body(&house.http("handle-request", &[("token", &link)], http::Request::get("/"), "").await);
    assert!(html.contains("担当者用ページ") && html.contains("お電話などで") && !html.contains(" checked"), "{html}");
    assert!(!html.contains("nao@"), "no address stands there");
    let said = [("field.complaint", "お電話: 開始が15分遅れました")];
    assert_eq!(house.want(&link, "complaint", &said).await.0, 200);
    let journal = house.case(&case).await["journal"].clone();
    let raised = journal.as_array().expect("a journal").iter().find(|e| e["type"] == "request.raised").expect("one");
    assert_eq!(raised["actor"], "person:desk", "{raised:#}");
    assert_eq!(house.sent("nao@", "complaint-received").await, 1, "the customer hears of it");
    // A link of somebody who works here no more, or never did, opens nothing.
    for other in ["kaneko", "nobody"] {
        let token = house.page_of(&case, other).await;
        let request = http::Request::get("/").header("accept", "application/json");
        assert_eq!(house.http("handle-request", &[("token", &token)], request, "").await.status(), 404, "{other}");
    }
    house.is_in_order().await;
}
