//! The day itself: whoever can't connect is heard at once, and nothing is judged before a person has.

use serde_json::Value;

use super::house::House;
use super::requests::{MONDAY, NAO, before, named};
use super::steps::body;

/// A session that begins in ten minutes: the case, the customer's page, the booking.
async fn ten_minutes_before(house: &House) -> (String, String, Value) {
    let (case, _) = house.booked(&NAO, 3).await;
    let booking = house.booking(&case).await;
    house.until(&before(&booking, 10)).await;
    let token = house.my("nao@", &case).await;
    (case, token, booking)
}

/// What is on the way to people about it, by template: who got it.
async fn reached(house: &House, template: &str) -> Vec<String> {
    let mails = house.mails().await;
    let mut to: Vec<String> =
        mails.iter().filter(|m| m.template.as_deref() == Some(template)).map(|m| m.to.clone()).collect();
    to.sort();
    to
}

fn count(to: &[String], who: &str) -> usize {
    to.iter().filter(|to| to.contains(who)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cannot_connect_has_another_link_at_once_and_nobody_hears_of_it_too_late() {
    let house = House::open(MONDAY).await;
    let (case, token, booking) = ten_minutes_before(&house).await;
    let offer = house.my_page(&token).await;
    let offer = named(&offer, "trouble").expect("it can be told").clone();
    assert!(offer["consequence"].to_string().contains("担当者とコーチにすぐお知らせします"), "{offer:#}");
    let (status, receipt) = house.want(&token, "trouble", &[("field.trouble_kind", "sound")]).await;
    assert_eq!(status, 200, "{receipt:#}");
    let mails = house.mails().await;
    let link = mails.iter().find(|m| m.template.as_deref() == Some("trouble-received")).expect("another link");
    assert!(link.to.contains("nao@") && link.text.contains("https://meet.example/yamada"), "{}", link.text);
    // Whoever is on duty, and the coach, with what was said.
    let first = reached(&house, "day-urgent").await;
    assert_eq!((count(&first, "hanako@"), first.len() >= 2), (1, true), "{first:?}");
    let told = mails.iter().find(|m| m.template.as_deref() == Some("day-urgent")).expect("an urgent mail");
    assert!(
        told.text.contains("音声が聞こえない") && told.text.contains("https://meet.example/yamada"),
        "{}",
        told.text
    );
    // Nobody answers: after five minutes all of them, after fifteen all of them again; nothing is decided by it.
    house.until(&before(&booking, 4)).await;
    let all = reached(&house, "day-urgent").await;
    for who in ["desk@", "aoki@", "hanako@", "ichiro@"] {
        assert!(count(&all, who) > count(&first, who), "{who}: {all:?}");
    }
    house.until(&before(&booking, -110)).await;
    assert_eq!((house.sent("hanako@", "session-result").await, house.happened(&case, "session.missed").await), (0, 0));
    let link = house.open_link("aoki@", &case).await;
    assert_eq!(house.answer(&link, "connected", &[]).await.status(), 200);
    assert_eq!(house.happened(&case, "request.closed").await, 1);
    // Then the coach is asked how it went, as always.
    house.until(&before(&booking, -112)).await;
    assert_eq!(house.sent("hanako@", "session-result").await, 1, "{:#?}", house.post().await);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_late_in_the_evening_waits_for_no_morning() {
    let mut folders = banto_playbooks::ready_made().expect("no problems");
    let yamada = folders.iter_mut().find(|f| f.playbook.client.as_str() == "yamada").expect("a playbook");
    let quiet = yamada.playbook.quiet.as_mut().expect("quiet hours");
    quiet.from = jiff::civil::time(18, 30, 0, 0);
    let house = House::open_with(MONDAY, &folders).await;
    let (case, token, booking) = ten_minutes_before(&house).await;
    assert_eq!(house.want(&token, "trouble", &[]).await.0, 200);
    house.until(&before(&booking, 4)).await;
    // Nobody is on duty then, so all are asked at once, and the others after five minutes.
    let told = reached(&house, "day-urgent").await;
    for (who, times) in [("desk@", 2), ("aoki@", 2), ("hanako@", 2), ("ichiro@", 1)] {
        assert_eq!(count(&told, who), times, "{who}: {told:?}");
    }
    let link = house.open_link("hanako@", &case).await;
    assert_eq!(house.answer(&link, "connected", &[]).await.status(), 200);
    house.until(&before(&booking, -120)).await;
    assert_eq!(house.sent("hanako@", "session-result").await, 0, "what isn't urgent waits for the morning");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_told_twice_is_one_task_and_being_late_stands_in_nobodys_way() {
    let house = House::open(MONDAY).await;
    let (case, token, _) = ten_minutes_before(&house).await;
    let page = house.my_page(&token).await;
    let shown = page["shown"].as_str().expect("a mark").to_owned();
    let late = [("field.late_by", "10")];
    assert_eq!(house.want(&token, "late", &late).await.0, 200);
    assert_eq!(house.sent("nao@", "late-received").await, 1);
    // Told late, and then the connection fails.
    assert_eq!(house.want(&token, "trouble", &[]).await.0, 200);
    let told = reached(&house, "day-urgent").await.len();
    // A page that was opened before, and one that is opened now.
    let press = [("request", "trouble"), ("shown", shown.as_str()), ("confirm", "yes")];
    assert_eq!(house.ask_for(&token, &press).await.0, 409);
    assert!(named(&house.my_page(&token).await, "trouble").is_none());
    assert_eq!(house.want(&token, "trouble", &[]).await.0, 409);
    assert_eq!(reached(&house, "day-urgent").await.len(), told);
    assert_eq!(house.happened(&case, "request.raised").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_on_the_day_alone_and_not_after_the_end() {
    let house = House::open(MONDAY).await;
    let (case, _) = house.booked(&NAO, 3).await;
    let booking = house.booking(&case).await;
    let token = house.my("nao@", &case).await;
    let there = |page: &Value| {
        let link = page["bookings"][0]["backup"].as_str().map(str::to_owned);
        (named(page, "late").is_some(), named(page, "trouble").is_some(), link.is_some())
    };
    for (minutes, offered) in [
        (61, (false, false, false)),
        (60, (true, false, true)),
        (16, (true, false, true)),
        (15, (true, true, true)),
        (0, (true, true, true)),
        (-59, (true, true, true)),
    ] {
        house.until(&before(&booking, minutes)).await;
        let page = house.my_page(&token).await;
        assert_eq!(there(&page), offered, "{minutes}: {page:#}");
        assert_eq!(named(&page, "cancel").is_some(), minutes > 0, "what is ahead alone is called off");
    }
    // Opened in time and sent after the end: the coach is asked how it went instead.
    let page = house.my_page(&token).await;
    let shown = page["shown"].as_str().expect("a mark");
    house.until(&before(&booking, -60)).await;
    assert_eq!(there(&house.my_page(&token).await), (false, false, false));
    let press = [("request", "trouble"), ("shown", shown), ("confirm", "yes")];
    assert_eq!(house.ask_for(&token, &press).await.0, 409);
    assert_eq!(house.happened(&case, "request.raised").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_on_the_day_changes_nothing_and_no_single_press_tells() {
    let house = House::open(MONDAY).await;
    let (case, token, _) = ten_minutes_before(&house).await;
    let commits = house.journal(&case).await.len();
    let page = body(&house.http("handle-request", &[("token", &token)], http::Request::get("/"), "").await);
    assert!(page.contains("予備のリンク") && page.contains("https://meet.example/yamada"), "{page}");
    assert!(!page.contains(" checked") && !page.contains(" selected"), "{page}");
    let shown = house.my_page(&token).await["shown"].as_str().expect("a mark").to_owned();
    for press in [vec![("request", "trouble"), ("shown", shown.as_str())], vec![("shown", &shown), ("confirm", "yes")]]
    {
        assert_eq!(house.ask_for(&token, &press).await.0, 422, "{press:?}");
    }
    assert_eq!(house.journal(&case).await.len(), commits);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_day_uses_up_nothing_and_the_old_time_is_asked_about_no_more() {
    let house = House::open(MONDAY).await;
    let (case, token, booking) = ten_minutes_before(&house).await;
    assert_eq!(house.want(&token, "trouble", &[]).await.0, 200);
    house.until(&before(&booking, -20)).await;
    let link = house.open_link("hanako@", &case).await;
    assert_eq!(house.answer(&link, "move", &[]).await.status(), 200);
    assert_eq!((house.sent("nao@", "day-moved").await, house.sent("hanako@", "coach-day-moved").await), (1, 1));
    assert_eq!(house.stands(&case).await, "open offer -");
    let slot = house.slots(&case).await[0].clone();
    let link = house.open_link("nao@", &case).await;
    assert_eq!(house.answer(&link, &slot, &[]).await.status(), 200);
    house.until(&before(&booking, -60 * 24)).await;
    assert_eq!(house.sent("hanako@", "session-result").await, 0, "it did not take place then");
    let journal = house.journal(&case).await;
    let counted = journal.iter().flat_map(|c| &c.entries).any(|e| {
        matches!(e.entry, banto_domain::Entry::BookingCancelled { counts: true, .. })
            || matches!(e.entry, banto_domain::Entry::SessionMissed { .. })
    });
    assert!(!counted);
    house.is_in_order().await;
}
