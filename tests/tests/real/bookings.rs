//! From a choice of slots to a seat in a coach's day, and money: pages, mails, the coach's calendar and a payment
//! provider's webhook. Two who want the same meet in the store, not in a process.

use banto_domain::state::Booking;
use banto_domain::{Entry, Id, Track};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use super::gateway::{Page, Request};
use super::house::{House, number};
use super::stories::stands;

const INQUIRY: &str = "/hooks/forms/yamada/inquiry";
const SEMINAR: &str = "/hooks/forms/yamada/seminar";
const STRIPE: &str = "/hooks/payments/yamada/stripe";
/// Of the demo's secrets.
const SECRET: &str = "whsec_demo-yamada-practice-mode-only";
const MESSAGE: &str = "コーチングの無料体験を希望します。";

/// The booking of a case.
async fn booking(house: &House, number: &str) -> Booking {
    let case = house.case(number).await;
    let (_, booking) =
        case.bookings().max_by_key(|(_, b)| b.n).unwrap_or_else(|| panic!("{number} has no booking: {case:?}"));
    booking.clone()
}

/// As calendars write an instant.
fn utc(at: Timestamp) -> String {
    at.strftime("DTSTART:%Y%m%dT%H%M%SZ").to_string()
}

fn address(coach: &str) -> &'static str {
    if coach == "yamada" { "hanako@yamada-coaching.example" } else { "ichiro@yamada-coaching.example" }
}

/// From the slots that are offered to the coach's calendar.
pub(crate) async fn booked(house: &House, customer: &str, number: &str) {
    // She chooses a time, and in her hurry clicks twice: one hold, the same receipt.
    let link = house.mail(customer, "trial-slots").await.link();
    let page = house.get(&link).await;
    let slots = page.slots();
    assert_eq!(slots.len(), 6, "{}", page.body);
    let fields = [("answer", slots[5].as_str()), ("shown", page.shown())];
    let (receipt, second) = tokio::join!(house.post(&link, &fields), house.post(&link, &fields));
    assert_eq!(receipt.status, 200, "{}", receipt.body);
    receipt.says("ご回答を承りました");
    assert_eq!(receipt, second);
    house.rest().await;
    let held = booking(house, number).await;
    assert!(!held.is_confirmed());
    assert_eq!(slots[5], format!("{}/{}", held.seat.coach, held.seat.start.strftime("%Y-%m-%dT%H:%M")));

    // She reads what the trial is, and agrees. Now the hour is hers; the coach hears of it, and she gets the guide.
    let link = house.mail(customer, "trial-info").await.link();
    assert_eq!(house.answer(&link, "agree", &[]).await.status, 200);
    house.rest().await;
    stands(house, number, "hold-trial").await;
    let seat = booking(house, number).await;
    assert!(seat.is_confirmed());
    let (begins, coach) = (seat.seat.begins(), seat.seat.coach.as_str());
    let when = banto_aws::render::session(begins, seat.seat.ends(), "Asia/Tokyo", "ja");
    let confirmed = house.mail(customer, "booking-confirmed").await;
    for words in [&when, "無料体験セッション"] {
        confirmed.says(words);
    }
    let attached = confirmed.calendar();
    for line in ["METHOD:PUBLISH\r\n", "SEQUENCE:1\r\n", &utc(begins), "STATUS:CONFIRMED\r\n"] {
        assert!(attached.contains(line), "{line} is not in {attached}");
    }
    let told = house.mails(address(coach)).await.into_iter().filter(|m| m.tags["case"] == number);
    assert_eq!(told.map(|m| m.tags["template"].clone()).collect::<Vec<_>>(), ["coach-booked"]);
    let guide = house.mail(customer, "guide").await;
    guide.says(&when);

    // She says what she would like to talk about; the coach reads it before the day.
    assert_eq!(house.answer(&guide.link(), "send", &[("theme", "転職するかどうか")]).await.status, 200);
    house.rest().await;
    let mut told = house.mails(address(coach)).await;
    told.retain(|m| m.tags["case"] == number && m.tags["template"] == "coach-themes");
    assert_eq!(told.len(), 1);
    told[0].says("転職するかどうか");

    // The calendar to which the coach subscribes has the same instant, and names no customer.
    let calendar = house.request(Request { method: "GET", path: &house.calendar(coach), ..Request::default() }).await;
    assert_eq!((calendar.status, calendar.headers["content-type"].as_str()), (200, "text/calendar; charset=utf-8"));
    calendar.says(&utc(begins));
    calendar.says(number);
    assert!(!calendar.body.contains("奈緒"), "{}", calendar.body);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real parts: scripts/real-parts install"]
async fn a_calendar_opens_to_its_own_name_only() {
    let house = House::open("calendar").await;
    let (hanako, ichiro) = (house.calendar("yamada"), house.calendar("mori"));
    let get = |path: String| {
        let house = &house;
        async move { house.request(Request { method: "GET", path: &path, ..Request::default() }).await }
    };
    let empty = get(hanako.clone()).await;
    assert_eq!((empty.status, empty.body.matches("BEGIN:VEVENT").count()), (200, 0), "{}", empty.body);
    let mac = |path: &str| path.split('.').nth(2).expect("a mac").to_owned();
    for wrong in [hanako.replace(&mac(&hanako), &mac(&ichiro)), house.calendar("nobody"), "/calendar/x.ics".to_owned()]
    {
        assert_eq!(get(wrong.clone()).await.status, 404, "{wrong}");
    }
    house.close().await;
}

/// Fills in the form so that nothing is missing. Gives 受付番号.
async fn inquire(house: &House, name: &str, address: &str) -> String {
    let fields = [("name", name), ("email", address), ("message", MESSAGE)];
    let details = [("menu", "trial"), ("goal", "独立"), ("preferred", "いつでも")];
    let page = house.post(INQUIRY, &[fields, details].concat()).await;
    assert_eq!(page.status, 202, "{}", page.body);
    house.rest().await;
    number(&page)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real parts: scripts/real-parts install"]
async fn of_two_who_choose_the_same_slot_at_once_one_gets_it() {
    let house = House::open("race").await;
    let people = ["nao@customer.example", "ken@customer.example"];
    let numbers = [inquire(&house, "佐々木 奈緒", people[0]).await, inquire(&house, "髙橋 健", people[1]).await];
    let links = [house.mail(people[0], "trial-slots").await.link(), house.mail(people[1], "trial-slots").await.link()];
    let pages = [house.get(&links[0]).await, house.get(&links[1]).await];
    let slots = pages[0].slots();
    assert_eq!(slots, pages[1].slots(), "both are offered the same");

    // They click in the same moment.
    let wanted = &slots[4];
    let choose = |n: usize, slot: &str| {
        let (house, link, fields) =
            (&house, &links[n], [("answer", slot.to_owned()), ("shown", pages[n].shown().to_owned())]);
        async move { house.post(link, &[(fields[0].0, &fields[0].1), (fields[1].0, &fields[1].1)]).await }
    };
    let (one, two) = tokio::join!(choose(0, wanted), choose(1, wanted));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{}\n{}", one.body, two.body);
    let (winner, loser, page) = if one.status == 409 { (1, 0, one) } else { (0, 1, two) };
    page.says("お選びの日時の受付は終了しました");
    house.rest().await;
    assert!(house.case(&numbers[loser]).await.bookings().next().is_none());
    stands(&house, &numbers[loser], "offer-trial").await;

    // The page now shows that slot as gone, and the others as before. Another one is as good.
    let left: Vec<String> = slots.iter().filter(|s| *s != wanted).cloned().collect();
    assert_eq!(house.get(&links[loser]).await.slots(), left);
    assert_eq!(choose(loser, &left[4]).await.status, 200);
    house.rest().await;
    for n in [winner, loser] {
        let link = house.mail(people[n], "trial-info").await.link();
        assert_eq!(house.answer(&link, "agree", &[]).await.status, 200);
    }
    house.rest().await;
    let (first, second) = (booking(&house, &numbers[winner]).await.seat, booking(&house, &numbers[loser]).await.seat);
    assert!(first.coach != second.coach || first.ends() <= second.begins() || second.ends() <= first.begins());
    house.close().await;
}

/// Sends what Stripe would, signed as its documentation says ("Verify webhook signatures manually").
async fn stripe(house: &House, secret: &str, event: &Value) -> Page {
    let (at, body) = (Timestamp::now().as_second(), event.to_string());
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(format!("{at}.{body}").as_bytes());
    let signature = format!("t={at},v1={}", HEXLOWER.encode(&mac.finalize().into_bytes()));
    let headers = vec![("content-type", "application/json; charset=utf-8"), ("stripe-signature", signature.as_str())];
    house.request(Request { method: "POST", path: STRIPE, headers, body: &body }).await
}

/// Stripe's event for a Checkout Session that was paid (API reference, "The Event object", "The Checkout Session object").
fn paid(event: &str, number: &str, invoice: &Id) -> Value {
    let session = json!({
        "id": "cs_test_a1", "object": "checkout.session", "mode": "payment", "payment_status": "paid",
        "client_reference_id": format!("{number}-{invoice}"), "payment_intent": "pi_3M", "amount_total": 5_500,
        "currency": "jpy", "customer_details": { "email": "ayaka@customer.example", "name": "松本 綾香" },
    });
    json!({
        "id": event, "object": "event", "type": "checkout.session.completed", "livemode": false,
        "created": Timestamp::now().as_second(), "data": { "object": session },
    })
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real parts: scripts/real-parts install"]
async fn a_seminar_is_paid_for_once_however_often_the_provider_tells_of_it() {
    let house = House::open("seminar").await;
    let ayaka = "ayaka@customer.example";
    let page = house.post(SEMINAR, &[("name", "松本 綾香"), ("email", ayaka), ("message", "参加を希望します。")]).await;
    let case = number(&page);
    house.rest().await;

    // A seat, held; who she is, and the terms; the invoice.
    let link = house.mail(ayaka, "seminar-dates").await.link();
    let slots = house.get(&link).await.slots();
    assert_eq!(slots.len(), 1, "{slots:?}");
    assert_eq!(house.answer(&link, &slots[0], &[]).await.status, 200);
    house.rest().await;
    let name = [("family_name", "松本"), ("given_name", "綾香"), ("family_kana", "まつもと"), ("given_kana", "あやか")];
    let terms = [("payer", "self"), ("payment", "card"), ("terms", "yes"), ("law_notice", "yes")];
    let link = house.mail(ayaka, "application").await.link();
    assert_eq!(house.answer(&link, "send", &[name, terms].concat()).await.status, 200);
    house.rest().await;
    let invoice = house.mail(ayaka, "invoice").await;
    for words in ["5,500円", "松本 綾香 様", "T1234567890123"] {
        invoice.says(words);
    }
    let open = house.case(&case).await;
    let (id, _) = open.tracks.iter().find(|(_, t)| matches!(t, Track::Invoice(_))).expect("an invoice");
    let event = paid("evt_1", &case, id);

    // Somebody who doesn't know the secret pays nothing.
    assert_eq!(stripe(&house, "whsec_guessed", &event).await.status, 401);
    house.rest().await;
    assert_eq!(house.case(&case).await.head, open.head);

    // Stripe tells of it twice at the same time, once more later, and then by another event.
    let (one, two) = tokio::join!(stripe(&house, SECRET, &event), stripe(&house, SECRET, &event));
    assert_eq!((one.status, two.status), (202, 202), "{}\n{}", one.body, two.body);
    house.rest().await;
    assert_eq!(stripe(&house, SECRET, &event).await.status, 202);
    assert_eq!(stripe(&house, SECRET, &paid("evt_2", &case, id)).await.status, 202);
    house.rest().await;
    let key = house.case(&case).await.key;
    let recorded = |entry: &Entry| matches!(entry, Entry::PaymentRecorded { amount: 5_500, .. });
    assert_eq!(house.entries(&key).await.iter().filter(|e| recorded(e)).count(), 1);
    house.mail(ayaka, "receipt").await.says("5,500円");

    // The seat is hers, and nobody has anything left to look at.
    stands(&house, &case, "participate").await;
    let seat = booking(&house, &case).await;
    assert!(seat.is_confirmed());
    assert!(house.mail(ayaka, "booking-confirmed").await.calendar().contains(&utc(seat.seat.begins())));
    assert_eq!(house.mails("desk@banto-office.example").await.len(), 0);
    house.close().await;
}
