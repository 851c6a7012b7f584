//! Promise 14: an emergency word goes to a person at once and stops all automation for that customer.

use super::house::House;
use super::steps::body;

const DESK: &str = "desk@banto-office.example";
const INQUIRY: [(&str, &str); 3] =
    [("name", "渡辺 陽子"), ("email", "yoko@customer.example"), ("message", "コーチングの無料体験を希望します。")];
const CRY: [(&str, &str); 3] =
    [("name", "渡辺 陽子"), ("email", "Yoko@customer.example"), ("message", "もう消えたいと思うことがあります。")];

async fn to_customer(house: &House) -> usize {
    house.mails().await.iter().filter(|m| m.to.to_lowercase().contains("yoko@")).count()
}

async fn notes(house: &House) -> usize {
    house.mails().await.iter().filter(|m| m.subject.contains("担当者が確認しております")).count()
}

async fn office(house: &House) -> Vec<String> {
    house.post().await.into_iter().filter(|mail| mail.ends_with(" urgent")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_goes_on_to_the_next_while_nobody_answers_and_floods_nobody() {
    let house = House::open("2026-12-01T22:30:00+09:00").await;
    let case = house.inquire(["yamada", "inquiry"], &CRY).await;
    let coaches = ["hanako@yamada-coaching.example", "ichiro@yamada-coaching.example"];
    let first = office(&house).await;
    assert_eq!(first.len(), 4, "the office, and the coaches with it, also at night: {first:?}");
    assert!(coaches.iter().all(|coach| first.iter().any(|mail| mail.contains(coach))), "{first:?}");
    let old = house.open_link(DESK, &case).await;
    house.until("2026-12-02T02:29:00+09:00").await;
    let later = office(&house).await;
    for reader in [DESK, "aoki@banto-office.example", coaches[0], coaches[1]] {
        let times: Vec<&str> = later
            .iter()
            .filter(|mail| mail.contains(reader))
            .map(|mail| mail.split(' ').nth(1).expect("a time"))
            .collect();
        assert_eq!(times, ["22:30", "23:30", "00:30", "01:30"], "{reader}: each hour, and no more");
    }
    let stale = body(&house.look(&old).await);
    assert!(stale.contains("/a/"), "the old link leads to what is asked now: {stale}");
    let link = house.open_link(coaches[0], &case).await;
    house.answer(&link, "handled", &[]).await;
    house.until("2026-12-03T09:00:00+09:00").await;
    assert_eq!(office(&house).await.len(), later.len(), "somebody answered");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cries_out_is_told_at_once_whom_to_call() {
    let house = House::open("2026-12-01T23:30:00+09:00").await;
    let case = house.inquire(["yamada", "inquiry"], &CRY).await;
    let mails = house.mails().await;
    let note = mails.iter().find(|m| m.to.to_lowercase().contains("yoko@")).expect("a note");
    for said in ["119", "110", "0120-279-338", "24時間"] {
        assert!(note.text.contains(said), "{said}: {}", note.text);
    }
    assert!(note.subject.contains(&case), "{}", note.subject);
    assert!(!note.text.contains("消えたい") && !note.text.contains("至急ご確認ください"), "{}", note.text);
    // In the practice's own language, and of its own country.
    let cry = [("name", "Ann"), ("email", "ann@customer.example"), ("message", "I want to die.")];
    house.inquire(["harbor", "inquiry"], &cry).await;
    let mails = house.mails().await;
    let note = mails.iter().find(|m| m.to.contains("ann@")).expect("a note");
    assert!(note.text.contains("116 123") && note.text.contains("Dear Ann,"), "{}", note.text);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_cannot_silence_a_customer_with_one_form() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let earlier = house.inquire(["yamada", "inquiry"], &INQUIRY).await;
    assert_eq!(to_customer(&house).await, 2, "acknowledged and asked");
    let cry = house.inquire(["yamada", "inquiry"], &CRY).await;
    assert_eq!(notes(&house).await, 1, "no acknowledgement: the note, and whom to call");
    assert_eq!(to_customer(&house).await, 3);
    let urgent = house.open_link(DESK, &cry).await;
    let page = body(&house.look(&urgent).await);
    assert!(page.contains("至急ご確認ください") && page.contains("もう消えたい"), "{page}");
    // Nobody proved who wrote that: the other case reminds her all the same.
    house.until("2026-12-04T12:00:00+09:00").await;
    assert_eq!(house.case(&earlier).await["stopped"], false);
    assert_eq!(to_customer(&house).await, 4, "{:?}", house.post().await);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_of_whoever_has_the_mail_stops_their_other_cases() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let earlier = house.inquire(["yamada", "inquiry"], &INQUIRY).await;
    let link = house.open_link("yoko@", &earlier).await;
    let fields = [("menu", "trial"), ("goal", "転職"), ("preferred", "いつでも")];
    house.answer(&link, "send", &fields).await;
    // She has the mail, so what she writes next is a matter of its own.
    let cry = house
        .inquire(["yamada", "inquiry"], &[("name", "渡辺 陽子"), INQUIRY[1], ("message", "無料体験を希望。")])
        .await;
    let link = house.open_link("yoko@", &cry).await;
    house
        .answer(&link, "send", &[("menu", "trial"), ("goal", "死にたい気持ちになる"), ("preferred", "いつでも")])
        .await;
    let before = to_customer(&house).await;
    // The other case would remind her on Thursday; it stops instead, and asks a person too.
    house.until("2026-12-04T09:00:00+09:00").await;
    assert_eq!(to_customer(&house).await, before);
    let other = house.case(&earlier).await;
    assert_eq!(other["stopped"], true, "{other:#}");
    // The office dealt with the one: it is theirs. In the other automation goes on.
    let urgent = house.open_link(DESK, &cry).await;
    house.answer(&urgent, "handled", &[]).await;
    assert_eq!(house.stands(&cry).await, "closed - handed-over");
    let urgent = house.open_link(DESK, &earlier).await;
    house.answer(&urgent, "resume", &[]).await;
    house.until("2026-12-04T12:00:00+09:00").await;
    assert_eq!(house.case(&earlier).await["stopped"], false);
    assert_eq!(to_customer(&house).await, before + 1, "the reminder that waited: {:?}", house.post().await);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_in_an_answer_stops_the_case_and_a_person_may_let_it_go_on() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let case = house.inquire(["yamada", "inquiry"], &INQUIRY).await;
    let link = house.open_link("yoko@", &case).await;
    let fields = [("menu", "trial"), ("goal", "死にたい気持ちになる"), ("preferred", "いつでも")];
    assert_eq!(house.answer(&link, "send", &fields).await.status(), 200, "what she wrote is kept");
    let before = to_customer(&house).await;
    assert_eq!(notes(&house).await, 1);
    house.until("2026-12-02T08:59:00+09:00").await;
    assert_eq!(house.stands(&case).await, "open collect -", "nothing moves");
    assert_eq!(to_customer(&house).await, before);
    let reminders = house.mails().await.iter().filter(|m| m.to.contains(DESK)).count();
    assert_eq!(reminders, 24, "nobody looked: the office is asked again, each hour");
    let urgent = house.open_link(DESK, &case).await;
    house.answer(&urgent, "resume", &[]).await;
    assert_eq!(house.stands(&case).await, "open offer-trial -", "it goes on from where it stood");
    assert_eq!(to_customer(&house).await, before + 1);
    house.is_in_order().await;
}
