//! Seats of a group session: one address takes no more of them than was agreed, by however many inquiries.

use banto::pay::Outcome;

use super::house::House;
use super::payments::{APPLICATION, SEMINAR, happened, invoiced};
use super::pure::yamada;
use super::steps::body;

/// One more inquiry under an address: the same once more would be the same inquiry.
async fn inquires(house: &House, email: &str, n: u32) -> String {
    let message = format!("セミナーに参加したいです。({n}回目)");
    house.inquire(["yamada", "seminar"], &[SEMINAR[0], ("email", email), ("message", &message)]).await
}

const ENOUGH: &str = "同じメールアドレスで、この回のお席をすでにお取りしています";

/// Marks of whose seats stand in the coach's day.
async fn holders(house: &House) -> Vec<String> {
    let ledger = &house.host.world().env.ledger;
    let (from, to) = (jiff::civil::date(2026, 12, 1), jiff::civil::date(2027, 12, 31));
    let client = banto_domain::ClientId::parse("yamada").expect("a name");
    let days = ledger.days(&client, "yamada", from, to).await.expect("the store");
    days.into_values().flat_map(|day| day.taken).filter_map(|taken| taken.holder).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_takes_no_second_seat_by_inquiring_again() {
    let (house, first) = invoiced().await;
    // Whoever answered on a link is known, and may inquire again: about another date, not about more seats.
    for (email, n) in [("ayaka@customer.example", 2), (" AYAKA@customer.example", 3)] {
        let again = inquires(&house, email, n).await;
        assert_ne!(again, first);
        let (slots, link) = (house.slots(&again).await, house.open_link("@customer.example", &again).await);
        let reply = house.answer(&link, &slots[0], &[]).await;
        assert_eq!(reply.status(), 409);
        assert!(body(&reply).contains(ENOUGH), "{}", body(&reply));
        assert_eq!(happened(&house.case(&again).await, "booking.held"), 0, "nothing was taken");
    }
    let again = inquires(&house, "ayaka@customer.example", 4).await;
    let (slots, link) = (house.slots(&again).await, house.open_link("ayaka@", &again).await);
    assert_eq!(house.answer(&link, &slots[1], &[]).await.status(), 200, "another date is theirs");
    let rin = inquires(&house, "rin@customer.example", 1).await;
    let link = house.open_link("rin@", &rin).await;
    assert_eq!(house.answer(&link, &slots[0], &[]).await.status(), 200, "another customer's seat beside it");
    // The seat stays one, also when it is paid for; what stands in the day names nobody.
    assert_eq!(house.pay(&first, Outcome::Paid).await, 202);
    assert_eq!(house.stands(&first).await, "open participate -");
    let mut holders = holders(&house).await;
    assert_eq!(holders.len(), 3);
    assert!(holders.iter().all(|h| h.len() == 24 && h.bytes().all(|b| b.is_ascii_hexdigit())), "{holders:?}");
    holders.sort();
    holders.dedup();
    assert_eq!(holders.len(), 3, "the same address is another on another date");
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_inquiries_of_one_address_that_choose_at_once_get_one_seat() {
    let house = House::open("2026-12-01T09:00:00+09:00").await;
    let other = house.inquire(["yamada", "seminar"], &SEMINAR).await;
    let link = house.open_link("ayaka@", &other).await;
    // Their first answer makes them known, so that the next inquiries are cases of their own.
    let slots = house.slots(&other).await;
    assert_eq!(house.answer(&link, &slots[3], &[]).await.status(), 200);
    let one = inquires(&house, "ayaka@customer.example", 2).await;
    let two = inquires(&house, "ayaka@customer.example", 3).await;
    assert!(one != two && one != other);
    let links = [house.open_link("ayaka@", &one).await, house.open_link("ayaka@", &two).await];
    let (a, b) = tokio::join!(house.answer(&links[0], &slots[0], &[]), house.answer(&links[1], &slots[0], &[]));
    let mut both = [a.status().as_u16(), b.status().as_u16()];
    both.sort_unstable();
    assert_eq!(both, [200, 409], "{}\n{}", body(&a), body(&b));
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_wants_another_date_is_not_kept_from_it_by_their_own_seat() {
    let (house, case) = invoiced().await;
    // The hold ends before they pay; the seat is offered anew within the same case, and is still theirs.
    house.until("2026-12-09T10:00:00+09:00").await;
    assert_eq!(house.stands(&case).await, "open unpaid -");
    let link = house.open_link("desk@", &case).await;
    assert_eq!(house.answer(&link, "wait", &[]).await.status(), 200);
    assert_eq!(house.pay(&case, Outcome::Paid).await, 202);
    assert_eq!(house.stands(&case).await, "open participate -", "confirmed, with whose seat it is");
    assert_eq!(holders(&house).await.len(), 1);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playbook_may_give_one_customer_several_seats() {
    let folder = yamada(|folder| {
        folder.playbook.menus.get_mut("seminar").expect("a menu").seats_per_customer = 2;
    });
    let house = House::open_with("2026-12-01T09:00:00+09:00", &[folder]).await;
    for (n, status) in [(1, 200), (2, 200), (3, 409)] {
        let case = inquires(&house, "ayaka@customer.example", n).await;
        let (slots, link) = (house.slots(&case).await, house.open_link("ayaka@", &case).await);
        assert_eq!(house.answer(&link, &slots[0], &[]).await.status(), status);
        if status == 200 {
            let link = house.open_link("ayaka@", &case).await;
            assert_eq!(house.answer(&link, "send", &APPLICATION).await.status(), 200);
        }
    }
    house.is_in_order().await;
}
