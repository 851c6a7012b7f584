//! The office under a flood: one list in the place of many mails, and nothing lost by it.

use std::collections::BTreeSet;

use super::house::House;
use super::steps::body;

const DESK: &str = "desk@banto-office.example";

async fn to_office(house: &House) -> Vec<String> {
    house.post().await.into_iter().filter(|mail| mail.contains("@banto-office.example")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_unclear_inquiries_reach_the_office_as_lists() {
    let house = House::open("2026-12-01T09:02:00+09:00").await;
    let mut cases = Vec::new();
    for n in 0..100 {
        let address = format!("someone{n}@customer.example");
        let fields =
            [("name", "佐々木 奈緒"), ("email", address.as_str()), ("message", "少しお聞きしたいことがあります。")];
        cases.push(house.inquire(["yamada", "inquiry"], &fields).await);
    }
    let at_once = to_office(&house).await.iter().filter(|mail| mail.contains(DESK)).count();
    assert_eq!(at_once, 20, "each by itself, until it is too much");
    house.until("2026-12-01T09:16:00+09:00").await;
    let lists: Vec<_> = house.mails().await.into_iter().filter(|m| m.subject.contains("一覧")).collect();
    assert_eq!(lists.iter().filter(|m| m.to.contains(DESK)).count(), 1, "{:?}", to_office(&house).await);
    let list = lists.iter().find(|m| m.to.contains(DESK)).expect("a list");
    let links: Vec<String> =
        list.text.split("/a/").skip(1).map(|rest| rest.split_whitespace().next().expect("a link").to_owned()).collect();
    assert_eq!(links.len(), 30, "{}", list.text);
    assert!(list.text.contains("ほかにもあります"), "{}", list.text);
    // What stands on the list is answered from it, and the next list begins where this one ended.
    for link in &links {
        assert_eq!(house.answer(link, "declined", &[]).await.status(), 200);
    }
    house.until("2026-12-04T09:00:00+09:00").await;
    let office = to_office(&house).await;
    assert!(office.len() < 350, "it was seven for each inquiry: {}", office.len());
    let named: BTreeSet<String> = house
        .mails()
        .await
        .iter()
        .filter(|m| m.to.contains(DESK))
        .flat_map(|m| cases.iter().filter(|case| m.text.contains(case.as_str()) || m.subject.contains(case.as_str())))
        .cloned()
        .collect();
    assert!(named.len() >= 70, "{} are named to the office", named.len());
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_names_only_what_still_waits_and_none_goes_out_for_nothing() {
    let house = House::open("2026-12-01T09:02:00+09:00").await;
    let mut links = Vec::new();
    for n in 0..21 {
        let address = format!("someone{n}@customer.example");
        let fields =
            [("name", "佐々木 奈緒"), ("email", address.as_str()), ("message", "少しお聞きしたいことがあります。")];
        let case = house.inquire(["yamada", "inquiry"], &fields).await;
        if n < 20 {
            links.push(house.open_link(DESK, &case).await);
        }
    }
    let page = body(&house.look(&links[0]).await);
    assert!(page.contains("少しお聞き"), "{page}");
    for link in &links {
        assert_eq!(house.answer(link, "declined", &[]).await.status(), 200);
    }
    house.until("2026-12-01T09:20:00+09:00").await;
    let lists: Vec<_> = house.mails().await.into_iter().filter(|m| m.subject.contains("一覧")).collect();
    let list = lists.iter().find(|m| m.to.contains(DESK)).expect("a list");
    assert_eq!(list.text.matches("/a/").count(), 1, "{}", list.text);
    let link = list.text.split("/a/").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a link");
    assert_eq!(house.answer(link, "declined", &[]).await.status(), 200);
    house.until("2026-12-03T09:20:00+09:00").await;
    let again = house.mails().await.into_iter().filter(|m| m.subject.contains("一覧")).count();
    assert_eq!(again, lists.len(), "nothing waits");
    house.is_in_order().await;
}
