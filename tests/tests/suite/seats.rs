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
    assert_eq!(house.stands(&case).await, "open invoice -");
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

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_people_for_a_hundred_places_are_all_served_at_once() {
    let mut folders = banto_playbooks::ready_made().expect("no problems");
    let practice = &mut folders[0].playbook;
    let sessions = &mut practice.calendar.as_mut().expect("a calendar").sessions;
    sessions.iter_mut().for_each(|session| session.capacity = 100);
    let form = practice.forms.get_mut("seminar").expect("a form");
    form.signature = banto_domain::playbook::Signature::None { per_minute: 1_000 };
    let house = House::open_with("2026-12-01T10:00:00+09:00", &folders).await;
    for n in 0..100 {
        let address = format!("someone{n}@customer.example");
        let fields = [SEMINAR[0], ("email", address.as_str()), ("message", "参加を希望します。")];
        house.inquire(["yamada", "seminar"], &fields).await;
    }
    let mails = house.mails().await;
    let links: Vec<&str> = mails.iter().filter_map(|m| m.text.split("/a/").nth(1)?.split_whitespace().next()).collect();
    assert_eq!(links.len(), 100);
    let case = links[0].split('.').nth(1).expect("a case").to_owned();
    let slot = house.slots(&case).await.remove(0);
    // All have the page before them; then all press.
    let pages = futures_util::future::join_all(links.iter().map(|link| house.look(link))).await;
    let marks: Vec<String> = pages.iter().map(|page| super::steps::shown(&body(page)).to_owned()).collect();
    let press = |(link, mark): (&&str, &String)| {
        let (house, fields) = (&house, super::steps::encode(&[("answer", &slot), ("shown", mark)]));
        let link = (*link).to_owned();
        async move {
            let post = http::Request::post("/");
            house.http("answer-ask", &[("token", &link)], post, &fields).await.status().as_u16()
        }
    };
    let statuses = futures_util::future::join_all(links.iter().zip(&marks).map(press)).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 100, "{statuses:?}");
    assert_eq!(holders(&house).await.len(), 100);
    house.is_in_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_that_was_not_paid_for_in_time_is_sold_once_and_who_pays_too_late_has_a_person() {
    let folder = yamada(|folder| {
        let playbook = &mut folder.playbook;
        playbook.menus.get_mut("seminar").expect("a menu").hold = Some(jiff::Span::new().hours(48));
        let calendar = playbook.calendar.as_mut().expect("a calendar");
        calendar.sessions.truncate(1);
        calendar.sessions[0].capacity = 1;
    });
    let house = House::open_with("2026-12-01T09:00:00+09:00", &[folder]).await;
    let takes = async |email: &str, n: u32| {
        let case = inquires(&house, email, n).await;
        let slot = house.slots(&case).await[0].clone();
        let link = house.open_link(email, &case).await;
        assert_eq!(house.answer(&link, &slot, &[]).await.status(), 200);
        let link = house.open_link(email, &case).await;
        assert_eq!(house.answer(&link, "send", &APPLICATION).await.status(), 200);
        assert_eq!(house.stands(&case).await, "open invoice -");
        case
    };
    let late = takes("ayaka@customer.example", 1).await;
    // Her hold is over; the invoice is not.
    house.until("2026-12-04T09:00:00+09:00").await;
    let other = takes("rin@customer.example", 1).await;
    assert_eq!(house.pay(&other, Outcome::Paid).await, 202);
    assert_eq!(house.stands(&other).await, "open participate -");
    assert_eq!(house.pay(&late, Outcome::Paid).await, 202);
    assert_eq!(house.stands(&late).await, "open paid-but-full -", "her payment counts, and a person sees to it");
    let shown = house.case(&late).await;
    assert_eq!((happened(&shown, "payment.recorded"), happened(&shown, "booking.confirmed")), (1, 0));
    assert_eq!(holders(&house).await.len(), 1, "one seat, sold once");
    assert_eq!(house.sent("ayaka@", "booking-confirmed").await, 0);
    house.open_link("desk@", &late).await;
    house.is_in_order().await;
}
