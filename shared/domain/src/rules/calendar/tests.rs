use jiff::SignedDuration;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::state::{NotFree, Room, Taken};

fn menu(minutes: u32, before: u32, after: u32) -> Menu {
    serde_json::from_value(serde_json::json!({
        "label": { "ja": "", "en": "" }, "minutes": minutes, "before": before, "after": after, "price": 0,
    }))
    .expect("a menu")
}

fn calendar(weekly: serde_json::Value) -> Calendar {
    serde_json::from_value(serde_json::json!({
        "lead": "PT24H", "horizon": "P14D", "offers": 6, "per_day": 2, "at_least": 2, "hold": "P2D",
        "holidays": "japan", "breaks": [{ "from": "12-29", "to": "01-03" }], "weekly": weekly,
        "exceptions": [
            { "coach": "a", "date": "2026-12-10", "closed": true },
            { "coach": "a", "date": "2026-12-13", "from": "10:00", "to": "11:00" },
        ],
        "sessions": [{ "id": "s1", "menu": "seminar", "coach": "a", "at": "2026-12-12T23:30", "capacity": 2 }],
    }))
    .expect("a calendar")
}

fn find(calendar: &Calendar, menu: &Menu, zone: &str, days: &BTreeMap<(String, Date), Day>, now: &str) -> Vec<String> {
    let zones = BTreeMap::from([("a".to_owned(), TimeZone::get(zone).expect("a zone"))]);
    let now = now.parse().expect("an instant");
    slots(Search { calendar, menu: ("single", menu), zones: &zones, days, now }).iter().map(Slot::name).collect()
}

fn every_day(from: &str, to: &str) -> serde_json::Value {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    serde_json::json!([{ "coach": "a", "days": days, "from": from, "to": to }])
}

#[test]
fn slots_lie_within_open_hours_after_the_lead_and_before_the_horizon() {
    let calendar = calendar(serde_json::json!([{ "coach": "a", "days": ["thu"], "from": "10:00", "to": "12:00" }]));
    let found = find(&calendar, &menu(60, 0, 15), "Asia/Tokyo", &BTreeMap::new(), "2026-12-01T00:00:00Z");
    // The 10th is closed, the 13th (a Sunday) is opened by an exception; the 17th is behind the horizon.
    assert_eq!(found, ["a/2026-12-03T10:00", "a/2026-12-03T10:30", "a/2026-12-03T11:00", "a/2026-12-13T10:00"]);
}

#[test]
fn holidays_and_the_turn_of_the_year_are_off() {
    let calendar = calendar(every_day("10:00", "11:00"));
    let found = find(&calendar, &menu(60, 0, 0), "Asia/Tokyo", &BTreeMap::new(), "2026-12-25T00:00:00Z");
    let days: Vec<&str> = found.iter().map(|s| &s[2..12]).collect();
    assert_eq!(days[..5], ["2026-12-26", "2026-12-27", "2026-12-28", "2027-01-04", "2027-01-05"]);
    assert_eq!(calendar.business_day(date(2026, 12, 29)), date(2027, 1, 4));
    assert_eq!(calendar.business_day(date(2026, 11, 21)), date(2026, 11, 24), "a Saturday, Sunday, and 勤労感謝の日");
}

#[test]
fn a_time_that_does_not_exist_or_exists_twice_is_never_offered() {
    let calendar = calendar(every_day("00:30", "03:30"));
    // London: 1:00 to 2:00 is left out on 28 March 2027, and comes twice on 31 October.
    let spring = find(&calendar, &menu(30, 0, 0), "Europe/London", &BTreeMap::new(), "2027-03-26T12:00:00Z");
    let of = |found: &[String], day: &str| {
        found.iter().filter(|s| s.contains(day)).map(|s| s[13..].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of(&spring, "2027-03-28"), ["00:30", "02:00", "02:30", "03:00"]);
    assert_eq!(of(&spring, "2027-03-29").len(), 6);
    let autumn = find(&calendar, &menu(30, 0, 0), "Europe/London", &BTreeMap::new(), "2027-10-29T12:00:00Z");
    assert_eq!(of(&autumn, "2027-10-31"), ["00:30", "02:00", "02:30", "03:00"]);
}

fn taken(booking: &str, from: Timestamp, minutes: i64, until: Option<Timestamp>, group: Option<&str>) -> Taken {
    Taken {
        booking: Id::derive(&[booking]),
        case: CaseId::derive(&[booking]),
        menu: "single".to_owned(),
        from,
        to: from + SignedDuration::from_mins(minutes),
        start: from,
        minutes: 60,
        until,
        group: group.map(str::to_owned),
        holder: None,
        version: 1,
    }
}

#[test]
fn across_midnight_both_days_are_looked_at() {
    let zone = TimeZone::get("Asia/Tokyo").expect("a zone");
    let late = taken("x", "2026-12-03T14:30:00Z".parse().expect("23:30"), 60, None, None);
    assert_eq!(late.days(&zone), [date(2026, 12, 3), date(2026, 12, 4)]);
    let exact = taken("x", "2026-12-03T14:00:00Z".parse().expect("23:00"), 60, None, None);
    assert_eq!(exact.days(&zone), [date(2026, 12, 3)], "what ends at midnight doesn't touch the next day");
    let calendar = calendar(every_day("23:00", "23:59:59"));
    let day = Day::default().take(late, Room::ALONE, "2026-12-01T00:00:00Z".parse().expect("now")).expect("free");
    let days = BTreeMap::from([(("a".to_owned(), date(2026, 12, 4)), day)]);
    let found = find(&calendar, &menu(30, 0, 45), "Asia/Tokyo", &days, "2026-12-01T00:00:00Z");
    assert!(
        found.contains(&"a/2026-12-02T23:00".to_owned()) && !found.contains(&"a/2026-12-03T23:00".to_owned()),
        "{found:?}"
    );
}

#[test]
fn one_customer_has_as_many_seats_as_was_agreed_and_may_change_theirs() {
    let now: Timestamp = "2026-12-01T00:00:00Z".parse().expect("now");
    let at: Timestamp = "2026-12-12T14:30:00Z".parse().expect("then");
    let seat = |who: &str, holder: &str, until: Option<Timestamp>| Taken {
        holder: Some(holder.to_owned()),
        ..taken(who, at, 90, until, Some("s1"))
    };
    let room = |each: u32| Room { capacity: 8, each };
    let day = Day::default().take(seat("x", "a", None), room(1), now).expect("the first");
    assert_eq!(day.take(seat("y", "a", None), room(1), now), Err(NotFree::Enough));
    assert!(day.take(seat("y", "b", None), room(1), now).is_ok(), "another customer");
    assert!(day.take(seat("x", "a", None), room(1), now).is_ok(), "the same booking");
    let changed = Taken { case: CaseId::derive(&["x"]), ..seat("x2", "a", None) };
    assert!(day.take(changed, room(1), now).is_ok(), "another choice within the case takes the place of the first");
    let two = day.take(seat("y", "a", None), room(2), now).expect("two were agreed");
    assert_eq!(two.take(seat("z", "a", None), room(2), now), Err(NotFree::Enough));
    let held = Day::default().take(seat("x", "a", Some(now)), room(1), now).expect("a hold that is over");
    assert!(held.take(seat("y", "a", None), room(1), now).is_ok(), "what is over counts no more");
    let nobody = Taken { holder: None, ..seat("n", "", None) };
    let day = Day::default().take(nobody.clone(), room(1), now).expect("free");
    let other = Taken { booking: Id::derive(&["m"]), case: CaseId::derive(&["m"]), ..nobody };
    assert!(day.take(other, room(1), now).is_ok(), "seats of earlier versions are nobody's by name");
}

#[test]
fn a_group_session_has_seats_until_it_is_full() {
    let now: Timestamp = "2026-12-01T00:00:00Z".parse().expect("now");
    let at: Timestamp = "2026-12-12T14:30:00Z".parse().expect("then");
    let seat = |who: &str| taken(who, at, 90, None, Some("s1"));
    let two = Room { capacity: 2, each: 1 };
    let day = Day::default()
        .take(seat("x"), two, now)
        .expect("the first seat")
        .take(seat("y"), two, now)
        .expect("the second");
    assert_eq!(day.take(seat("z"), two, now), Err(NotFree::Taken));
    assert!(day.take(seat("y"), two, now).is_ok(), "the same booking again is no third seat");
    assert_eq!(
        day.take(taken("z", at, 60, None, None), Room::ALONE, now),
        Err(NotFree::Taken),
        "nor may anything else lie over it"
    );
    let mut menu = menu(90, 0, 0);
    menu.group = true;
    let calendar = calendar(serde_json::json!([]));
    let zones = BTreeMap::from([("a".to_owned(), TimeZone::get("Asia/Tokyo").expect("a zone"))]);
    let search = |days: BTreeMap<_, _>| {
        slots(Search { calendar: &calendar, menu: ("seminar", &menu), zones: &zones, days: &days, now })
    };
    assert_eq!(search(BTreeMap::new()).iter().map(Slot::name).collect::<Vec<_>>(), ["a/2026-12-12T23:30/s1"]);
    let full = BTreeMap::from([(("a".to_owned(), date(2026, 12, 12)), day)]);
    assert_eq!(search(full), []);
}

#[test]
fn offers_are_spread_over_the_days() {
    let calendar = calendar(every_day("10:00", "18:00"));
    let zones = BTreeMap::from([("a".to_owned(), TimeZone::get("Asia/Tokyo").expect("a zone"))]);
    let now = "2026-12-01T00:00:00Z".parse().expect("now");
    let open = slots(Search {
        calendar: &calendar,
        menu: ("single", &menu(60, 0, 0)),
        zones: &zones,
        days: &BTreeMap::new(),
        now,
    });
    let offered: Vec<String> = calendar.choose(&open, &[]).iter().map(|s| s.name()[2..].to_owned()).collect();
    assert_eq!(
        offered,
        [
            "2026-12-02T10:00",
            "2026-12-02T13:30",
            "2026-12-03T10:00",
            "2026-12-03T13:30",
            "2026-12-04T10:00",
            "2026-12-04T13:30"
        ]
    );
}

#[test]
fn what_was_opened_for_a_customer_is_offered_first() {
    let calendar = calendar(every_day("10:00", "18:00"));
    let zones = BTreeMap::from([("a".to_owned(), TimeZone::get("Asia/Tokyo").expect("a zone"))]);
    let now = "2026-12-01T00:00:00Z".parse().expect("now");
    let menu = menu(120, 0, 0);
    let open =
        slots(Search { calendar: &calendar, menu: ("single", &menu), zones: &zones, days: &BTreeMap::new(), now });
    let offered: Vec<String> =
        calendar.choose(&open, &[date(2026, 12, 13)]).iter().map(|s| s.name()[2..12].to_owned()).collect();
    assert_eq!(offered.iter().filter(|day| *day == "2026-12-13").count(), 6);
    assert!(offered.is_sorted() && offered.len() == 6);
}

#[test]
fn a_slot_is_read_back_from_its_name() {
    let zone = TimeZone::get("Asia/Tokyo").expect("a zone");
    for name in ["a/2026-12-03T10:00", "a/2026-12-12T23:30/s1"] {
        assert_eq!(Slot::read(name, |_| zone.clone()).map(|s| s.name()).as_deref(), Some(name));
    }
    for bad in ["", "a", "a/x", "none-fits", "a/2026-13-03T10:00"] {
        assert_eq!(Slot::read(bad, |_| zone.clone()), None, "{bad}");
    }
}

proptest! {
    /// Promise 7, as far as one day goes: whatever is asked for in whatever order, what stands never overlaps, and no
    /// group session has more seats than it should.
    #[test]
    fn what_stands_never_overlaps(wanted in prop::collection::vec((0..40_i64, 15..120_i64, prop::option::of(1..8_i64), any::<bool>(), 0..48_i64), 1..60)) {
        let day_begins: Timestamp = "2026-12-03T00:00:00Z".parse().expect("an instant");
        let mut day = Day::default();
        for (n, (at, minutes, hold, group, now)) in wanted.into_iter().enumerate() {
            let now = day_begins + SignedDuration::from_mins(now * 30);
            let from = day_begins + SignedDuration::from_mins(at * 30);
            let until = hold.map(|h| now + SignedDuration::from_hours(h));
            let (from, minutes) = if group { (day_begins, 60) } else { (from, minutes) };
            let wanted = taken(&format!("b{}", n % 12), from, minutes, until, group.then_some("s1"));
            if let Ok(after) = day.take(wanted, Room { capacity: if group { 3 } else { 1 }, each: 1 }, now) {
                prop_assert_eq!(after.rev, day.rev + 1);
                day = after;
            }
            let stands: Vec<&Taken> = day.taken.iter().filter(|t| t.stands(now)).collect();
            for (i, a) in stands.iter().enumerate() {
                for b in &stands[i + 1..] {
                    let apart = a.to <= b.from || b.to <= a.from;
                    prop_assert!(apart || (a.group.is_some() && a.group == b.group), "{:?} {:?}", a, b);
                }
            }
            prop_assert!(stands.iter().filter(|t| t.group.is_some()).count() <= 3);
        }
    }
}
