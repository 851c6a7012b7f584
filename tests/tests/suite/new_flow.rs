//! A new flow is data: a folder with a help desk and a sales pipeline, read and run without a line of code.

use std::path::Path;

use super::house::House;

async fn desk() -> House {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/desk");
    let folder = banto_playbooks::read(&dir).unwrap_or_else(|problems| panic!("{problems:#?}"));
    House::open_with("2026-12-01T09:00:00+09:00", &[folder]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_help_desk_from_a_folder() {
    let house = desk().await;
    let fields = [("name", "佐々木 奈緒"), ("email", "nao@customer.example"), ("message", "ログインできません。")];
    let case = house.inquire(["desk", "help"], &fields).await;
    assert_eq!(house.stands(&case).await, "open solve -");
    let link = house.open_link("sales@", &case).await;
    house.answer(&link, "solved", &[]).await;
    assert_eq!(house.stands(&case).await, "closed - solved");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agreement_to_a_quote_sets_off_the_next_department() {
    let house = desk().await;
    let quote = |amount: &'static str, address: &'static str| {
        [("name", "髙橋 健"), ("email", address), ("message", "名刺を作りたい。"), ("amount", amount)]
    };
    // A small one goes out at once; a large one only after a person has looked.
    let small = house.inquire(["desk", "quote"], &quote("99999", "aya@customer.example")).await;
    assert_eq!(house.stands(&small).await, "open quote -");
    let large = house.inquire(["desk", "quote"], &quote("100000", "ken@customer.example")).await;
    assert_eq!(house.stands(&large).await, "open review -");
    let link = house.open_link("sales@", &large).await;
    assert!(!house.mails().await[0].to.contains("delivery@"), "the owner is asked, nobody else");
    house.answer(&link, "send", &[]).await;
    let link = house.open_link("ken@", &large).await;
    house.answer(&link, "agreed", &[]).await;
    assert_eq!(house.stands(&large).await, "closed - agreed");
    let told: Vec<String> = house.post().await.into_iter().filter(|m| m.ends_with("deliver")).collect();
    assert_eq!(told, ["12-01 09:00 delivery@desk.example deliver"], "the case is the next department's now");
    // Silence never agrees.
    house.until("2026-12-09T09:00:00+09:00").await;
    assert_eq!(house.stands(&small).await, "closed - lost");
    house.is_in_order().await;
}
