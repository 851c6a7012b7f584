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

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_cannot_silence_a_customer_with_one_form() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let earlier = house.inquire(["yamada", "inquiry"], &INQUIRY).await;
    assert_eq!(to_customer(&house).await, 2, "acknowledged and asked");
    let cry = house.inquire(["yamada", "inquiry"], &CRY).await;
    assert_eq!(to_customer(&house).await, 2, "nothing leaves, not even the acknowledgement");
    let urgent = house.open_link(DESK, &cry).await;
    let page = body(&house.look(&urgent).await);
    assert!(page.contains("至急ご確認ください") && page.contains("もう消えたい"), "{page}");
    // Nobody proved who wrote that: the other case reminds her all the same.
    house.until("2026-12-04T12:00:00+09:00").await;
    assert_eq!(house.case(&earlier).await["stopped"], false);
    assert_eq!(to_customer(&house).await, 3, "{:?}", house.post().await);
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
    house.until("2026-12-02T09:00:00+09:00").await;
    assert_eq!(house.stands(&case).await, "open collect -", "nothing moves");
    assert_eq!(to_customer(&house).await, before);
    let reminders = house.mails().await.iter().filter(|m| m.to.contains(DESK)).count();
    assert!(reminders > 3, "nobody looked: the office is asked again and again");
    let urgent = house.open_link(DESK, &case).await;
    house.answer(&urgent, "resume", &[]).await;
    assert_eq!(house.stands(&case).await, "open offer-trial -", "it goes on from where it stood");
    assert_eq!(to_customer(&house).await, before + 1);
    house.is_in_order().await;
}
