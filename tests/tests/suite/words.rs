//! A second pair of eyes by risk: harmless words of a clerk leave once they may no longer be stopped, a coach's own leave at
//! once, and whatever matters waits for somebody else.

use banto_domain::playbook::{Harmless, To};
use http::StatusCode;
use jiff::ToSpan;

use super::approvals::folder;
use super::house::House;

const CUSTOMER: &str = "nao@customer.example";
const SATO: &str = "sato@refunds.example";

async fn open() -> (House, String) {
    let mut folder = folder();
    let mail = folder.playbook.approvals.get_mut("mail").expect("an approval of mails");
    mail.own_words = vec![To::Group("coaches".to_owned())];
    let unless = ["円", "返金", "約束", "変更", "refund"].map(str::to_owned).to_vec();
    mail.harmless = Some(Harmless { undo: 5.minutes(), unless });
    folder.playbook.questions.get_mut("look").expect("a question").to = To::Group("all".to_owned());
    let people = &mut folder.playbook.people;
    people.groups.insert("all".to_owned(), vec!["sato".to_owned(), "hanako".to_owned()]);
    let house = House::open_with("2026-12-01T09:00:00+09:00", &[folder]).await;
    let fields = [("name", "佐々木 奈緒"), ("email", CUSTOMER), ("message", "お願いします。"), ("amount", "5000")];
    let case = house.inquire(["refunds", "refund"], &fields).await;
    (house, case)
}

async fn writes(house: &House, case: &str, who: &str, text: &str) {
    let link = house.open_link(who, case).await;
    let said = [("subject", "ご連絡ありがとうございます"), ("text", text)];
    assert_eq!(house.answer(&link, "answered", &said).await.status(), StatusCode::OK);
}

async fn got(house: &House) -> usize {
    house.mails().await.iter().filter(|m| m.to.contains(CUSTOMER)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn harmless_words_leave_after_five_minutes_and_can_be_stopped_before() {
    let (house, case) = open().await;
    writes(&house, &case, SATO, "資料をお送りしました。ご確認ください。").await;
    assert_eq!(got(&house).await, 0);
    house.until("2026-12-01T09:04:30+09:00").await;
    assert_eq!(got(&house).await, 0, "it can still be stopped");
    house.until("2026-12-01T09:06:00+09:00").await;
    assert_eq!(got(&house).await, 1);
    let asked = house.post().await.iter().filter(|m| m.ends_with(" approve")).count();
    assert_eq!(asked, 0, "nobody else was asked");
    house.is_in_order().await;

    let (house, case) = open().await;
    writes(&house, &case, SATO, "資料をお送りしました。ご確認ください。").await;
    let link = house.newest_link_to("unsend").await;
    assert_eq!(house.answer(&link, "unsend", &[]).await.status(), StatusCode::OK);
    house.until("2026-12-01T10:00:00+09:00").await;
    assert_eq!(got(&house).await, 0, "whoever wrote it stopped it");
    let task = house.look(&house.newest_link_to("attend").await).await;
    assert!(super::steps::body(&task).contains("取り止め"), "and it is somebody's to settle");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_matters_waits_for_somebody_else_however_it_is_spelt() {
    for text in ["来週、全額を返 金いたします。", "5,000円です。", "We will send a REFUND."] {
        let (house, case) = open().await;
        writes(&house, &case, SATO, text).await;
        house.until("2026-12-01T10:00:00+09:00").await;
        assert_eq!(got(&house).await, 0, "{text}");
        let asked = house.post().await.iter().filter(|m| m.contains("suzuki@") && m.ends_with(" approve")).count();
        assert_eq!(asked, 1, "{text}");
        house.is_in_order().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coachs_own_words_need_nobody() {
    let (house, case) = open().await;
    writes(&house, &case, "hanako@refunds.example", "全額をご返金いたします。お約束します。").await;
    assert_eq!(got(&house).await, 1);
    house.is_in_order().await;
}
