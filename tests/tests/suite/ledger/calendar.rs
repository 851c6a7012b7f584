//! Coaches' days, payments and stopped addresses in the store: what they cost, and what holds when two come at once.

use banto_aws::reader::verify_all;
use banto_aws::{Changed, Plan};
use banto_domain::rules::{Also, ask};
use banto_domain::state::{Day, Hours, NotFree, Room, Seat, Taken};
use banto_domain::{Actor, CaseKey, ClientId, Id};
use banto_tests::TestWorld;
use jiff::civil::{Date, date, time};
use jiff::{SignedDuration, tz::TimeZone};
use serde_json::{Value, json};

use crate::suite::steps::{body, case, encode, event, form, http, poke, shown, take_up};

on_both!(
    the_budget_of_a_booking_is_kept,
    the_budget_of_a_payment_is_kept,
    what_is_given_up_goes_back_to_the_day,
    of_all_who_want_one_slot_one_gets_it,
    those_who_want_other_hours_of_the_day_all_get_them,
    a_crowd_that_wants_as_many_seats_at_once_gets_them_all,
    a_day_that_changed_meanwhile_is_not_overwritten,
    across_midnight_both_days_are_taken_or_none,
    of_two_who_pay_at_once_with_one_payment_it_counts_once,
    a_stopped_address_stops_the_lease,
);

const PAID: &str = "Query 1, TransactWriteItems 1";
const LOOKED_UP: &str = "GetItem 1, Query 1, TransactWriteItems 1";

/// Somebody wants a trial, and says everything at once. The case stands before the first offer.
async fn wants_a_trial(t: &TestWorld, address: &str) -> CaseKey {
    let known = [("menu", "trial"), ("goal", "転職"), ("preferred", "平日")];
    let fields = [("name", "佐々木 奈緒"), ("email", address), ("message", "無料体験を希望します。")];
    let key = opened(t, "inquiry", &[fields, known].concat()).await;
    for step in ["classify-inquiry", "request-missing-info"] {
        take_up(t, &key, step).await.expect("done");
    }
    key
}

async fn opened(t: &TestWorld, name: &str, fields: &[(&str, &str)]) -> CaseKey {
    let reply = form(&t.world, "yamada", name, fields).await;
    assert_eq!(reply.status(), 202, "{}", body(&reply));
    let answer: Value = serde_json::from_slice(reply.body()).expect("JSON");
    CaseKey { client: yamada(), case: serde_json::from_value(answer["case"].clone()).expect("a case") }
}

fn yamada() -> ClientId {
    ClientId::parse("yamada").expect("a name")
}

fn tokyo() -> TimeZone {
    TimeZone::get("Asia/Tokyo").expect("a zone")
}

/// Takes up every step but mails, until none is left.
async fn settle(t: &TestWorld, key: &CaseKey) {
    loop {
        let case = case(t, key).await;
        let next = case.pending.values().map(|p| p.action.clone()).find(|action| action != "send-message");
        let Some(action) = next else { return };
        take_up(t, key, &action).await.expect("done");
    }
}

/// The page of the open ask, and what it offers.
struct Asked {
    token: String,
    page: String,
    slots: Vec<String>,
}

async fn asked(t: &TestWorld, key: &CaseKey) -> Asked {
    let case = case(t, key).await;
    let (id, ask) = case.asks().next().expect("an open ask");
    let token = t.world.env.keys.token(key, id, &ask.readers()[0]);
    let page = http(&t.world, "answer-ask", &[("token", &token)], http::Request::get("/"), "").await;
    let slots = ask.answers.iter().filter(|a| a.contains('/')).cloned().collect();
    Asked { token, page: body(&page), slots }
}

/// The status of the answer.
async fn answer(t: &TestWorld, asked: &Asked, answer: &str, fields: &[(&str, &str)]) -> u16 {
    let fields = [&[("answer", answer), ("shown", shown(&asked.page))], fields].concat();
    let params = [("token", asked.token.as_str())];
    http(&t.world, "answer-ask", &params, http::Request::post("/"), &encode(&fields)).await.status().as_u16()
}

async fn day(t: &TestWorld, coach: &str, on: Date) -> Day {
    let days = t.world.env.ledger.days(&yamada(), coach, on, on).await.expect("the store");
    days.into_values().next().unwrap_or_default()
}

/// The day of a slot's name.
fn day_of(slot: &str) -> (&str, Date) {
    let (coach, start) = slot.split_once('/').expect("coach/start");
    (coach, start[..10].parse().expect("a date"))
}

/// Commits nothing but what goes along.
async fn commit(t: &TestWorld, key: &CaseKey, n: &str, also: &[Also]) -> Changed<(), banto_domain::Rejection> {
    let plan = Plan { key, function: "test", actor: Actor::Banto };
    let cause = Id::derive(&["test", n]);
    let decide = |d: &mut banto_domain::Draft<'_>| {
        also.iter().for_each(|also| d.also(also.clone()));
        ask::skip(d, "a test").map(Some)
    };
    t.world.env.change(&plan, None, |_| Some(cause.clone()), decide).await.expect("the store")
}

/// What takes an interval, from the days as they stand now.
async fn take(t: &TestWorld, key: &CaseKey, (seat, wanted): &(Seat, Taken)) -> Result<Vec<Also>, NotFree> {
    let days = t.world.env.days_of(key, seat, wanted).await.expect("the store");
    let take = |date: Date| {
        let day =
            days.get(&date).cloned().unwrap_or_default().take(wanted.clone(), Room::ALONE, t.world.env.clock.now())?;
        Ok(Also::Day { coach: seat.coach.clone(), date, day })
    };
    wanted.days(&seat.time_zone()).into_iter().map(take).collect()
}

/// What opens more hours of a day.
async fn open(t: &TestWorld, key: &CaseKey, date: Date, hours: Hours) -> [Also; 1] {
    let days = t.world.env.days_at(key, "yamada", &[date]).await.expect("the store");
    let day = days.get(&date).cloned().unwrap_or_default().opened(hours);
    [Also::Day { coach: "yamada".to_owned(), date, day }]
}

fn is_unmet(changed: &Changed<(), banto_domain::Rejection>, also: &Also) -> bool {
    matches!(changed, Changed::Unmet(unmet) if **unmet == *also)
}

async fn the_budget_of_a_booking_is_kept(t: TestWorld) {
    let key = wants_a_trial(&t, "nao@customer.example").await;
    t.counter.take();
    let step = poke(&case(&t, &key).await, "offer-slots").expect("pending");
    t.counter.take();
    event(&t.world, "offer-slots", step).await.expect("offered");
    assert_eq!(t.counter.take(), "Query 3, TransactWriteItems 1", "offering: the case, and one Query for each coach");

    case(&t, &key).await;
    t.counter.take();
    let offer = asked(&t, &key).await;
    assert_eq!(t.counter.take(), "Query 4", "looking at it: the same, beside this test's own look at the case");
    let slot = offer.slots[5].clone();
    assert_eq!(answer(&t, &offer, &slot, &[]).await, 200);
    assert_eq!(
        t.counter.take(),
        "Query 2, TransactWriteItems 1",
        "choosing: the case, the coach's day, one transaction"
    );
    let (coach, on) = day_of(&slot);
    let held = day(&t, coach, on).await;
    assert!(held.rev == 1 && held.taken.len() == 1 && held.taken[0].until.is_some(), "{held:?}");

    settle(&t, &key).await;
    let info = asked(&t, &key).await;
    assert_eq!(answer(&t, &info, "agree", &[]).await, 200);
    take_up(&t, &key, "open-ask").await.expect("agreed");
    let step = poke(&case(&t, &key).await, "confirm-booking").expect("pending");
    t.counter.take();
    event(&t.world, "confirm-booking", step).await.expect("confirmed");
    assert_eq!(
        t.counter.take(),
        "Query 2, TransactWriteItems 1",
        "confirming: the case, the coach's day, one transaction"
    );
    let booked = day(&t, coach, on).await;
    assert!(booked.rev == 2 && booked.taken.len() == 1 && booked.taken[0].until.is_none(), "{booked:?}");

    let file = t.world.env.keys.calendar(&yamada(), coach);
    t.counter.take();
    let reply = http(&t.world, "show-calendar", &[("file", &file)], http::Request::get("/"), "").await;
    assert_eq!(t.counter.take(), "Query 1", "a coach's calendar");
    assert!(body(&reply).contains(key.case.as_str()), "{}", body(&reply));
}

/// A case that waits for its money, and Stripe's event about it.
async fn invoiced(t: &TestWorld) -> (CaseKey, Value) {
    let fields = [("name", "松本 綾香"), ("email", "ayaka@customer.example"), ("message", "参加を希望します。")];
    let key = opened(t, "seminar", &fields).await;
    settle(t, &key).await;
    let offer = asked(t, &key).await;
    assert_eq!(answer(t, &offer, &offer.slots[0], &[]).await, 200);
    settle(t, &key).await;
    let form = asked(t, &key).await;
    let fields = [
        ("field.family_name", "松本"),
        ("field.given_name", "綾香"),
        ("field.family_kana", "まつもと"),
        ("field.given_kana", "あやか"),
        ("field.payer", "self"),
        ("field.payment", "card"),
        ("field.terms", "yes"),
        ("field.law_notice", "yes"),
    ];
    assert_eq!(answer(t, &form, "send", &fields).await, 200);
    settle(t, &key).await;
    let case = case(t, &key).await;
    let (invoice, open) = case.invoices().next().expect("an invoice");
    let object = json!({
        "id": "cs_1", "payment_intent": "pi_1", "payment_status": "paid", "currency": "jpy",
        "client_reference_id": format!("{}-{invoice}", key.case), "amount_total": open.total,
    });
    (key, json!({ "id": "evt_1", "type": "checkout.session.completed", "data": { "object": object } }))
}

async fn pay(t: &TestWorld, event: &Value) -> u16 {
    let body = event.to_string();
    let signature =
        banto::pay::stripe_signature("whsec_demo-yamada-practice-mode-only", &body, t.world.env.clock.now());
    let request = http::Request::post("/").header("stripe-signature", signature);
    let params = [("client", "yamada"), ("provider", "stripe")];
    http(&t.world, "receive-payment", &params, request, &body).await.status().as_u16()
}

async fn happened(t: &TestWorld, key: &CaseKey, kind: &str) -> usize {
    let journal = t.world.env.ledger.journal(key).await.expect("a journal");
    let entries = journal.iter().flat_map(|stored| stored.open().expect("a commit").entries);
    entries.filter(|stamped| stamped.entry.kind() == kind).count()
}

async fn the_budget_of_a_payment_is_kept(t: TestWorld) {
    let (key, paid) = invoiced(&t).await;
    t.counter.take();
    assert_eq!(pay(&t, &paid).await, 202);
    assert_eq!(t.counter.take(), PAID, "a payment");
    assert_eq!(pay(&t, &paid).await, 202);
    assert_eq!(t.counter.take(), PAID, "the same again: its claim is there already");
    let mut other = paid.clone();
    other["id"] = json!("evt_2");
    assert_eq!(pay(&t, &other).await, 202);
    assert_eq!(
        t.counter.take(),
        LOOKED_UP,
        "another event about it: the payment is known, and whose it was is looked up"
    );
    assert_eq!((happened(&t, &key, "payment.recorded").await, happened(&t, &key, "invoice.settled").await), (1, 1));
    t.counter.take();
    let refund = json!({ "payment_intent": "pi_1", "amount_refunded": 5_500 });
    let refund = json!({ "id": "evt_3", "type": "charge.refunded", "data": { "object": refund } });
    assert_eq!(pay(&t, &refund).await, 202);
    assert_eq!(t.counter.take(), LOOKED_UP, "a refund: whose payment it was");
}

async fn of_two_who_pay_at_once_with_one_payment_it_counts_once(t: TestWorld) {
    let (key, one) = invoiced(&t).await;
    let mut two = one.clone();
    two["id"] = json!("evt_2");
    let statuses = tokio::join!(pay(&t, &one), pay(&t, &two), pay(&t, &one), pay(&t, &two));
    assert_eq!(statuses, (202, 202, 202, 202));
    assert_eq!((happened(&t, &key, "payment.recorded").await, happened(&t, &key, "invoice.settled").await), (1, 1));
    settle(&t, &key).await;
    assert!(case(&t, &key).await.bookings().any(|(_, b)| b.is_confirmed()), "the seat was booked");
    assert_eq!(verify_all(&t.world.env).await.expect("the store").1, []);
}

async fn what_is_given_up_goes_back_to_the_day(t: TestWorld) {
    let key = wants_a_trial(&t, "nao@customer.example").await;
    settle(&t, &key).await;
    let offer = asked(&t, &key).await;
    let slot = offer.slots[5].clone();
    assert_eq!(answer(&t, &offer, &slot, &[]).await, 200);
    settle(&t, &key).await;
    let info = asked(&t, &key).await;
    assert_eq!(answer(&t, &info, "other-date", &[]).await, 200);
    take_up(&t, &key, "open-ask").await.expect("another date");
    take_up(&t, &key, "offer-slots").await.expect("offered anew");
    let step = poke(&case(&t, &key).await, "confirm-booking").expect("pending");
    t.counter.take();
    event(&t.world, "confirm-booking", step).await.expect("given back");
    assert_eq!(
        t.counter.take(),
        "Query 2, TransactWriteItems 1",
        "giving back: the case, the coach's days, one transaction"
    );
    let (coach, on) = day_of(&slot);
    let freed = day(&t, coach, on).await;
    assert_eq!((freed.rev, freed.taken.len()), (2, 0));
    let other = wants_a_trial(&t, "ken@customer.example").await;
    settle(&t, &other).await;
    let offer = asked(&t, &other).await;
    assert!(offer.slots.contains(&slot), "nobody holds it: {:?}", offer.slots);
    assert_eq!(answer(&t, &offer, &slot, &[]).await, 200);

    // Whoever says good-bye gives it up as well.
    settle(&t, &other).await;
    let info = asked(&t, &other).await;
    assert_eq!(answer(&t, &info, "withdraw", &[]).await, 200);
    settle(&t, &other).await;
    assert_eq!(case(&t, &other).await.outcome.as_deref(), Some("withdrawn"));
    assert_eq!(day(&t, coach, on).await.taken, []);
}

/// So many customers with the same offer before them.
async fn crowd<const N: usize>(t: &TestWorld) -> ([CaseKey; N], [Asked; N]) {
    let (mut keys, mut offers) = (Vec::new(), Vec::new());
    for n in 0..N {
        let key = wants_a_trial(t, &format!("c{n}@customer.example")).await;
        settle(t, &key).await;
        offers.push(asked(t, &key).await);
        keys.push(key);
    }
    let same = offers.iter().all(|o| o.slots == offers[0].slots);
    assert!(same, "all are offered the same");
    (keys.try_into().expect("N"), offers.try_into().unwrap_or_else(|_| panic!("N")))
}

async fn of_all_who_want_one_slot_one_gets_it(t: TestWorld) {
    let (keys, offers) = crowd::<4>(&t).await;
    let slot = &offers[0].slots[4];
    let choose = |n: usize| answer(&t, &offers[n], slot, &[]);
    let (a, b, c, d) = tokio::join!(choose(0), choose(1), choose(2), choose(3));
    let mut statuses = [a, b, c, d];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
    let (coach, on) = day_of(slot);
    let day = day(&t, coach, on).await;
    assert_eq!((day.rev, day.taken.len()), (1, 1));
    let mut held = Vec::new();
    for key in &keys {
        held.extend(case(&t, key).await.bookings().map(|(id, _)| id.clone()));
    }
    assert_eq!(held, [day.taken[0].booking.clone()], "the hold in the day and the case's track are one");
}

async fn those_who_want_other_hours_of_the_day_all_get_them(t: TestWorld) {
    // Each changes the same item; whoever comes too late looks again, and nothing is lost.
    let (keys, _) = crowd::<4>(&t).await;
    let (on, zone) = (date(2026, 12, 8), tokyo());
    let choose = |n: i8| {
        let (t, zone, key) = (&t, &zone, &keys[usize::try_from(n).expect("small")]);
        async move {
            for _ in 0..40 {
                let wanted = interval(key, on.at(10 + 2 * n, 0, 0, 0), zone);
                let also = take(t, key, &wanted).await.expect("free");
                match commit(t, key, "seat", &also).await {
                    Changed::Mine(..) => return,
                    Changed::Unmet(_) => {}
                    other => panic!("{other:?}"),
                }
            }
            panic!("never got through");
        }
    };
    tokio::join!(choose(0), choose(1), choose(2), choose(3));
    let day = day(&t, "yamada", on).await;
    assert_eq!((day.rev, day.taken.len()), (4, 4));
}

/// How many they are. A hundred get through as well, but not on a machine that has much else to do.
const CROWD: usize = 16;

/// Whoever comes too late, or meets another, looks again, and nobody is sent away while there are seats.
async fn a_crowd_that_wants_as_many_seats_at_once_gets_them_all(t: TestWorld) {
    let folder = banto_playbooks::ready_made().expect("no problems").remove(0);
    let (mut playbook, playbooks) = (folder.playbook, &t.world.env.playbooks);
    let sessions = &mut playbook.calendar.as_mut().expect("a calendar").sessions;
    sessions.iter_mut().for_each(|session| session.capacity = 16);
    playbooks.publish(&playbook, &folder.demo_secrets, &banto_aws::SystemEntropy).await.expect("published");
    let mut offers = Vec::new();
    for n in 0..CROWD {
        let address = format!("s{n}@customer.example");
        let key = opened(&t, "seminar", &[("name", "佐々木 奈緒"), ("email", &address), ("message", "x")]).await;
        settle(&t, &key).await;
        offers.push(asked(&t, &key).await);
    }
    let slot = offers[0].slots.iter().find(|slot| slot.matches('/').count() == 2).expect("a group session").clone();
    let statuses = futures_util::future::join_all(offers.iter().map(|offer| answer(&t, offer, &slot, &[]))).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), CROWD, "{statuses:?}");
    let (coach, on) = day_of(&slot);
    assert_eq!(day(&t, coach, on).await.taken.len(), CROWD);
}

/// An hour from then on, and a quarter after it.
fn interval(key: &CaseKey, start: jiff::civil::DateTime, zone: &TimeZone) -> (Seat, Taken) {
    let seat = Seat {
        coach: "yamada".to_owned(),
        start,
        zone: zone.iana_name().expect("a name").to_owned(),
        minutes: 60,
        before: 0,
        after: 15,
        group: None,
    };
    let booking = Id::derive(&["booking", key.case.as_str(), &start.to_string()]);
    let taken = seat.taken(&booking, &key.case, "single", None);
    (seat, taken)
}

async fn a_day_that_changed_meanwhile_is_not_overwritten(t: TestWorld) {
    let key = wants_a_trial(&t, "nao@customer.example").await;
    let (on, zone) = (date(2026, 12, 8), tokyo());
    let at = |hour: i8| {
        let (t, key, wanted) = (&t, &key, interval(&key, on.at(hour, 0, 0, 0), &zone));
        async move { take(t, key, &wanted).await }
    };
    let mine = at(10).await.expect("free");
    // Between reading and writing the coach opens more hours of that very day.
    let hours = Hours { from: time(19, 0, 0, 0), to: time(21, 0, 0, 0) };
    let opened = open(&t, &key, on, hours).await;
    assert!(matches!(commit(&t, &key, "hours", &opened).await, Changed::Mine(..)));
    let before = case(&t, &key).await;
    assert!(is_unmet(&commit(&t, &key, "seat", &mine).await, &mine[0]));
    assert_eq!(case(&t, &key).await, before, "nothing of it was written");
    let again = at(10).await.expect("free");
    assert!(matches!(commit(&t, &key, "seat", &again).await, Changed::Mine(..)));
    let day = day(&t, "yamada", on).await;
    assert_eq!((day.rev, day.taken.len(), day.open), (2, 1, vec![hours]), "both are kept");
    assert!(at(10).await.is_ok(), "the same booking again is no other");
    let other = CaseKey { case: banto_domain::CaseId::derive(&["other"]), ..key.clone() };
    for (hour, free) in [(9, false), (10, false), (11, false), (12, true)] {
        let wanted = interval(&other, on.at(hour, 0, 0, 0), &zone);
        let found = take(&t, &other, &wanted).await;
        assert_eq!(found.is_ok(), free, "{hour}: buffers are part of the interval");
    }
}

async fn across_midnight_both_days_are_taken_or_none(t: TestWorld) {
    let key = wants_a_trial(&t, "nao@customer.example").await;
    let (one, two, zone) = (date(2026, 12, 8), date(2026, 12, 9), tokyo());
    let late = interval(&key, one.at(23, 30, 0, 0), &zone);
    t.counter.take();
    let both = take(&t, &key, &late).await.expect("free");
    assert_eq!((both.len(), t.counter.take().as_str()), (2, "Query 1"), "two days, one Query");

    // Somebody changes the second of them first: then nothing of the first is taken either.
    let hours = Hours { from: time(19, 0, 0, 0), to: time(21, 0, 0, 0) };
    let opened = open(&t, &key, two, hours).await;
    assert!(matches!(commit(&t, &key, "hours", &opened).await, Changed::Mine(..)));
    assert!(is_unmet(&commit(&t, &key, "late", &both).await, &both[1]));
    assert_eq!(day(&t, "yamada", one).await, Day::default());

    let both = take(&t, &key, &late).await.expect("free");
    t.counter.take();
    assert!(matches!(commit(&t, &key, "late", &both).await, Changed::Mine(..)));
    assert_eq!(t.counter.take(), "Query 1, TransactWriteItems 1");
    for on in [one, two] {
        assert_eq!(day(&t, "yamada", on).await.taken, std::slice::from_ref(&late.1));
    }
    let other = CaseKey { case: banto_domain::CaseId::derive(&["other"]), ..key.clone() };
    for start in [one.at(22, 30, 0, 0), two.at(0, 0, 0, 0), two.at(0, 30, 0, 0)] {
        let wanted = interval(&other, start, &zone);
        assert!(take(&t, &other, &wanted).await.is_err(), "{start}");
    }
    let after = interval(&other, two.at(0, 45, 0, 0), &zone);
    assert!(take(&t, &other, &after).await.is_ok());
}

async fn a_stopped_address_stops_the_lease(t: TestWorld) {
    let fields = [("name", "渡辺 陽子"), ("email", "yoko@customer.example"), ("message", "無料体験を希望します。")];
    let key = opened(&t, "inquiry", &fields).await;
    let address = "Yoko@customer.example".to_owned();
    let lease = [Also::NotStopped { address: address.clone() }];
    assert!(matches!(commit(&t, &key, "before", &lease).await, Changed::Mine(..)));

    // The same person writes again, and an emergency word is in it. (Their mail program proved who they are.)
    assert!(matches!(commit(&t, &key, "proof", &[Also::Prove { address: address.clone() }]).await, Changed::Mine(..)));
    t.counter.take();
    let cry = [("name", "渡辺 陽子"), ("email", "yoko@customer.example"), ("message", "もう消えたい")];
    let cry = opened(&t, "inquiry", &cry).await;
    assert_eq!(t.counter.take(), "Query 1, TransactWriteItems 1", "an emergency costs no more than an inquiry");
    assert!(case(&t, &cry).await.emergency().is_some());
    assert!(matches!(commit(&t, &cry, "stop", &[Also::Stop { address: address.clone() }]).await, Changed::Mine(..)));

    // What the other case would send doesn't leave; for an address that is stopped in that very moment the condition is
    // part of the lease.
    take_up(&t, &key, "send-message").await.expect("stopped");
    let stopped = case(&t, &key).await;
    assert!(stopped.emergency().is_some(), "{stopped:?}");
    assert_eq!(happened(&t, &key, "message.sending").await, 0);
    assert!(is_unmet(&commit(&t, &key, "lease", &lease).await, &lease[0]));

    // A person saw that it was none.
    assert!(matches!(commit(&t, &key, "resume", &[Also::Resume { address }]).await, Changed::Mine(..)));
    assert!(matches!(commit(&t, &key, "lease", &lease).await, Changed::Mine(..)));
    t.clock.advance(SignedDuration::from_mins(1));
}
