//! Whatever comes first: payments, the ladder's mails and what goes back, in every order; five hundred bookings of which many
//! are moved or called off; a hundred who want the same time.

use banto_domain::rules::answer::Chosen;
use banto_domain::rules::billing::{self, Payment};
use banto_domain::rules::booking;
use banto_domain::state::{DUE, Hold, Party, REMINDS, Room, Seat, Turn};
use banto_domain::steps::{DUNNING, REMINDER};
use banto_domain::{Entry, Id, TokenId, What};
use jiff::ToSpan;

use super::closures::{customers, page_of_party};
use super::house::House;
use super::pure::{Pure, yamada};
use super::requests::MONDAY;
use super::steps::{body, shown};

/// What can happen to an invoice over 16,500 yen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Happens {
    /// 10,000 yen come in.
    Part,
    /// The other 6,500 come in.
    Rest,
    /// The first payment went back at the provider's.
    Refund,
    /// The ladder's time comes.
    Ladder,
    /// The last day to pay on is over.
    Overdue,
}

const ALL: [Happens; 5] = [Happens::Part, Happens::Rest, Happens::Refund, Happens::Ladder, Happens::Overdue];

fn orders(of: &[Happens]) -> Vec<Vec<Happens>> {
    match of {
        [] => vec![Vec::new()],
        _ => (0..of.len())
            .flat_map(|n| {
                let mut rest = of.to_vec();
                let first = rest.remove(n);
                orders(&rest).into_iter().map(move |tail| [vec![first], tail].concat())
            })
            .collect(),
    }
}

fn happens(case: &mut Pure<'_>, invoice: &Id, what: Happens) {
    let payment = |id: &str, amount, occurred_at| Payment {
        id: id.to_owned(),
        invoice: invoice.clone(),
        provider: "stripe".to_owned(),
        amount,
        currency: "JPY".to_owned(),
        occurred_at,
    };
    let now = case.now;
    match what {
        Happens::Part => case.commit(|draft| billing::pay(draft, payment("pi_1", 10_000, now))),
        Happens::Rest => case.commit(|draft| billing::pay(draft, payment("pi_2", 6_500, now))),
        // Told before its payment it waits beside the case, in the payment's mark: here it comes once there is one.
        Happens::Refund => {
            if case.case.invoice(invoice).is_some_and(|i| i.payments.contains_key("pi_1")) {
                case.commit(|draft| billing::turn(draft, "pi_1", Turn::Refunded(10_000)));
            }
        }
        Happens::Ladder | Happens::Overdue => {
            case.now = case.now.checked_add(240.hours()).expect("an instant");
            let wanted =
                |name: &str, action: &str| if what == Happens::Overdue { name == DUE } else { action == DUNNING };
            let due = case.case.timers.iter().find(|(_, t)| wanted(&t.name, &t.action));
            let fired = due.map(|(id, t)| (id.clone(), t.name.clone(), t.action.clone(), t.about.clone()));
            if let Some((timer, name, action, about)) = fired {
                case.commit(|draft| draft.push(Entry::TimerFired { timer, name, action, about }));
            }
        }
    }
    case.run();
    // Somebody looks for the money before a mail leaves, and what came in elsewhere isn't there.
    if case.case.asks().any(|(_, a)| a.question == "look-for-money") {
        let invoice = invoice.clone();
        case.commit(|draft| draft.push(Entry::InvoiceChecked { invoice }));
        case.answer("look-for-money", "none");
    }
}

#[test]
fn payments_mails_of_the_ladder_and_refunds_come_to_the_same_in_every_order() {
    let playbook = yamada(|_| {}).playbook;
    let mut mailed_after = 0;
    for order in orders(&ALL) {
        let mut case = Pure::open(&playbook, "unreadable");
        case.run();
        let invoice = case.commit(|draft| billing::issue(draft, &TokenId::default(), "single"));
        case.run();
        let mut settled = false;
        for what in &order {
            let before = case.log.len();
            happens(&mut case, &invoice, *what);
            let asks = case.log[before..]
                .iter()
                .filter(|e| matches!(e, Entry::MessageIntended { template, .. } if template.starts_with("payment-")));
            let asks = asks.count();
            assert!(!settled || asks == 0, "{order:?}: asked again after it was paid");
            mailed_after += asks;
            settled = case.case.invoice(&invoice).is_some_and(|i| i.settled);
        }
        // What was told too early is told again by its payment's mark.
        if order.iter().position(|w| *w == Happens::Refund) < order.iter().position(|w| *w == Happens::Part) {
            happens(&mut case, &invoice, Happens::Refund);
        }
        let known = case.case.invoice(&invoice).expect("an invoice");
        let back: i64 = known.payments.values().map(|p| p.refunded).sum();
        assert_eq!((known.paid, back, known.settled), (16_500, 10_000, true), "{order:?}");
        let count = |is: fn(&Entry) -> bool| case.log.iter().filter(|e| is(e)).count();
        assert_eq!(count(|e| matches!(e, Entry::InvoiceSettled { .. })), 1, "{order:?}");
        assert_eq!(count(|e| matches!(e, Entry::PackageStarted { .. })), 1, "{order:?}");
        assert_eq!(count(|e| matches!(e, Entry::PaymentRefunded { .. })), 1, "{order:?}");
    }
    assert!(mailed_after > 0, "some order lets the ladder write, or nothing was shown");
}

fn seat(day: i64, hour: i8) -> Seat {
    let date = jiff::civil::date(2027, 1, 12).checked_add(day.days()).expect("a day");
    Seat {
        coach: "yamada".to_owned(),
        start: date.at(hour, 0, 0, 0),
        zone: "Asia/Tokyo".to_owned(),
        minutes: 60,
        before: 0,
        after: 15,
        group: None,
    }
}

/// A number from 0 to `n`, the same each time.
fn dice(of: usize, nth: usize, n: usize) -> usize {
    let id = Id::derive(&["dice", &of.to_string(), &nth.to_string()]).to_string();
    id.bytes().fold(7_usize, |sum, byte| (sum * 31 + usize::from(byte)) % 65_521) % n
}

#[test]
fn of_five_hundred_bookings_no_reminder_speaks_of_a_time_that_is_no_more() {
    let playbook = yamada(|_| {}).playbook;
    let (mut sent, mut moved, mut cancelled) = (0, 0, 0);
    for k in 0..500 {
        let mut case = Pure::open(&playbook, "unreadable");
        case.run();
        let (id, token) = (Id::derive(&["booking"]), TokenId::default());
        case.commit(|draft| {
            let (booking, menu, until) = (id.clone(), "single".to_owned(), draft.now);
            draft.push(Entry::BookingHeld { booking, menu, seat: seat(0, 10), until, token: token.clone() })?;
            booking::confirm(draft, &id)
        });
        // Up to four times, at any hour around the reminders, it is moved, called off, or left alone; after each, whatever is
        // due fires, in any order.
        let mut begins = seat(0, 10).begins();
        for nth in 0..4 {
            let hours = i64::try_from(dice(k, nth * 3, 30)).expect("few");
            let now = begins.checked_sub(hours.hours()).expect("an instant").max(case.now);
            case.now = now;
            let booked = case.case.booking(&id).is_some_and(|b| b.is_confirmed() && now < b.seat.begins());
            match dice(k, nth * 3 + 1, 5) {
                0 | 1 if booked => {
                    let (days, until) = (Default::default(), case.now);
                    let there = seat(i64::try_from(nth).expect("few") * 3 + 3, 11);
                    begins = there.begins();
                    let chosen = Chosen {
                        booking: id.clone(),
                        seat: there,
                        until,
                        room: Room::ALONE,
                        holder: None,
                        days,
                        freed: Default::default(),
                    };
                    case.commit(|draft| {
                        booking::shift(draft, &id, &chosen).expect("it is free");
                        Ok(())
                    });
                    moved += 1;
                }
                2 if booked => {
                    let days = Default::default();
                    case.commit(|draft| booking::cancel(draft, &id, &token, false, &days));
                    cancelled += 1;
                }
                _ => {}
            }
            case.now = case
                .now
                .checked_add(i64::try_from(dice(k, nth * 3 + 2, 26)).expect("few").hours())
                .expect("an instant");
            let now = case.now;
            let due: Vec<(Id, String)> = case
                .case
                .timers
                .iter()
                .filter(|(_, t)| t.action == REMINDER && t.name.starts_with(REMINDS) && t.at <= now)
                .map(|(timer, t)| (timer.clone(), t.name.clone()))
                .collect();
            for (timer, name) in due {
                let about = Some(id.clone());
                case.commit(|draft| draft.push(Entry::TimerFired { timer, name, action: REMINDER.to_owned(), about }));
                // Some are taken up late: after the booking was changed once more.
                if dice(k, nth + 50, 3) > 0 {
                    case.run();
                }
            }
            let stands = case.case.booking(&id).filter(|b| b.is_confirmed());
            let version = stands.map(|b| b.version);
            for (_, mail) in case.case.messages().filter(|(_, m)| m.origin.starts_with(REMINDS)) {
                let true_now = mail.holds.iter().all(|hold| hold.is_true(&case.case, now));
                let of_now = mail
                    .holds
                    .iter()
                    .any(|hold| matches!(hold, Hold::BookingStands { version: v, .. } if Some(*v) == version));
                assert!(!true_now || of_now, "{k}: {mail:?} of {stands:?}");
                sent += usize::from(true_now);
            }
        }
        case.run();
        let late =
            |p: &banto_domain::Pending| matches!(&p.what, What::Fired { about: Some(about), .. } if *about == id);
        assert!(!case.case.pending.values().any(late), "{k}: {:#?}", case.case.pending);
    }
    assert!(sent > 100 && moved > 200 && cancelled > 50, "{sent} {moved} {cancelled}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_who_move_to_the_same_time_one_has_it() {
    const MANY: usize = 100;
    let house = House::open(MONDAY).await;
    let cases = customers(&house, (jiff::civil::date(2026, 12, 15), 5), MANY).await;
    let mut wishes = Vec::new();
    for case in &cases {
        let token = page_of_party(&house, case, &Party::Customer).await;
        let (status, receipt) = house.want(&token, "reschedule", &[]).await;
        assert_eq!(status, 200, "{receipt:#}");
        let slots = house.slots(case).await;
        let to = house.mails().await.into_iter().find(|m| m.case.as_deref() == Some(case) && m.text.contains("/a/"));
        let link =
            to.expect("a mail").text.split("/a/").nth(1).and_then(|t| t.split_whitespace().next().map(str::to_owned));
        wishes.push((case.clone(), link.expect("a link"), slots));
    }
    // A time that most are offered, and only those want it.
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    wishes.iter().flat_map(|(_, _, slots)| slots).for_each(|slot| *counts.entry(slot.clone()).or_default() += 1);
    let (wanted, offered) = counts.into_iter().max_by_key(|(_, n)| *n).expect("slots");
    assert!(offered >= MANY / 2, "only {offered} are offered {wanted}");
    let pages = opened(&house, &wishes, &wanted).await;
    let presses = pages.iter().map(|(link, mark)| {
        let (house, fields) = (&house, [("answer", wanted.as_str()), ("shown", mark.as_str())]);
        async move { house.press(link, &fields).await.0.as_u16() }
    });
    let statuses = futures_util::future::join_all(presses).await;
    assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1, "{statuses:?}");
    let mut moved = 0;
    for case in &cases {
        moved += house.happened(case, "booking.moved").await;
    }
    assert_eq!(moved, 1, "whoever didn't get it keeps their own");
    house.is_in_order().await;
}

/// The pages of those who are offered a time, as they were opened.
async fn opened(house: &House, wishes: &[(String, String, Vec<String>)], wanted: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (_, link, _) in wishes.iter().filter(|(_, _, slots)| slots.iter().any(|slot| slot == wanted)) {
        let page = body(&house.look(link).await);
        all.push((link.clone(), shown(&page).to_owned()));
    }
    all
}
