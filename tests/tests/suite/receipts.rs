//! Receipts: one for each payment, under a number; whatever is sent again says so.

use banto::pay::Outcome;

use super::house::House;
use super::payments::happened;
use super::refunds::applied;
use super::requests::{MONDAY, named};

/// The text of each receipt, oldest first.
async fn receipts(house: &House) -> Vec<String> {
    let mut mails = house.mails().await;
    mails.reverse();
    mails.into_iter().filter(|mail| mail.template.as_deref() == Some("receipt")).map(|mail| mail.text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_never_seems_to_be_two() {
    let house = House::open(MONDAY).await;
    let case = applied(&house, "card", &[]).await;
    let my = house.my("nao@", &case).await;
    assert!(named(&house.my_page(&my).await, "receipt-again").is_none(), "nothing is paid yet");
    assert_eq!(house.pay(&case, Outcome::Paid).await, 202);
    let number = format!("領収書番号: {case}-1-R");
    let first = receipts(&house).await;
    assert!(first.len() == 1 && first[0].contains(&number) && !first[0].contains("再発行"), "{first:#?}");
    assert!(first[0].contains("クレジットカード利用"), "{first:#?}");
    for copies in 1..=2 {
        house.until(&format!("2026-12-{:02}T12:00:00+09:00", 8 + copies)).await;
        let my = house.my("nao@", &case).await;
        let offer = named(&house.my_page(&my).await, "receipt-again").expect("it may be asked for").clone();
        assert!(offer["consequence"].to_string().contains(&format!("{case}-1")), "{offer:#}");
        let (status, receipt) = house.want(&my, "receipt-again", &[]).await;
        assert_eq!(status, 200, "{receipt:#}");
        let all = receipts(&house).await;
        assert_eq!(all.len(), copies + 1);
        let last = &all[copies];
        assert!(last.contains(&number) && last.contains("領収書(再発行)"), "{last}");
        assert!(last.contains("重ねてお使いにならないよう"), "{last}");
    }
    let shown = house.case(&case).await;
    assert_eq!(happened(&shown, "receipt.issued"), 3);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_pays_for_somebody_else_has_the_receipt_and_they_alone() {
    let house = House::open(MONDAY).await;
    let case = applied(&house, "transfer", &[("payer", "other")]).await;
    let link = house.open_link("nao@", &case).await;
    let payer = [("payer_name", "株式会社みなと"), ("payer_email", "keiri@minato.example")];
    assert_eq!(house.answer(&link, "send", &payer).await.status(), 200);
    let link = house.open_link("keiri@", &case).await;
    assert_eq!(house.answer(&link, "agree", &[]).await.status(), 200);
    let link = house.open_link("desk@", &case).await;
    assert_eq!(house.answer(&link, "paid", &[]).await.status(), 200);
    let all = receipts(&house).await;
    assert!(all.len() == 1 && all[0].contains("宛名: 株式会社みなと 様"), "{all:#?}");
    assert!(!all[0].contains("クレジットカード利用"), "it was a transfer: {all:#?}");
    let my = house.my("nao@", &case).await;
    assert!(named(&house.my_page(&my).await, "receipt-again").is_none());
    house.is_in_order().await;
}
