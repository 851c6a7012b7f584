//! Civil time where clocks change: page, mail and calendar show one instant, and reminders keep to the day's own hours.

use banto_domain::playbook::GroupSession;
use jiff::Timestamp;
use serde_json::Value;

use super::house::House;
use super::payments::{APPLICATION, SEMINAR};
use super::pure::yamada;
use super::requests::begins;

/// Zone, the session's local time, the instant that it is, how the zone is written, and when the reminder of the day before
/// leaves, at ten by the coach's clock.
const DAYS: [(&str, &str, &str, &str); 6] = [
    ("Asia/Tokyo", "2027-03-14T10:00", "2027-03-14T01:00:00Z", "2027-03-13T01:00:00Z"),
    // Clocks go forward in the night before.
    ("America/New_York", "2027-03-14T10:00", "2027-03-14T14:00:00Z", "2027-03-13T15:00:00Z"),
    ("Europe/London", "2027-03-28T10:00", "2027-03-28T09:00:00Z", "2027-03-27T10:00:00Z"),
    // … and back.
    ("Europe/London", "2027-10-31T10:00", "2027-10-31T10:00:00Z", "2027-10-30T09:00:00Z"),
    ("America/New_York", "2027-11-07T10:00", "2027-11-07T15:00:00Z", "2027-11-06T14:00:00Z"),
    // The day before clocks change is a day as others are.
    ("America/New_York", "2027-03-13T10:00", "2027-03-13T15:00:00Z", "2027-03-12T15:00:00Z"),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_is_not_lost_or_won_when_clocks_change() {
    for (zone, local, instant, reminded) in DAYS {
        let at: Timestamp = instant.parse().expect("an instant");
        let folder = yamada(|folder| {
            let playbook = &mut folder.playbook;
            playbook.people.coaches[0].zone = Some(zone.to_owned());
            let calendar = playbook.calendar.as_mut().expect("a calendar");
            let session = GroupSession { at: local.parse().expect("a local time"), ..calendar.sessions[0].clone() };
            calendar.sessions = vec![session];
        });
        let begun = at.to_zoned(jiff::tz::TimeZone::UTC).date().checked_sub(jiff::Span::new().days(20)).expect("a day");
        let house = House::open_with(&format!("{begun}T10:00:00+09:00"), &[folder]).await;
        let case = house.inquire(["yamada", "seminar"], &SEMINAR).await;
        let slot = house.slots(&case).await[0].clone();
        let link = house.open_link("ayaka@", &case).await;
        house.answer(&link, &slot, &[]).await;
        let link = house.open_link("ayaka@", &case).await;
        house.answer(&link, "send", &APPLICATION).await;
        assert_eq!(house.pay(&case, banto::pay::Outcome::Paid).await, 202);
        let booking = house.booking(&case).await;
        assert_eq!(begins(&booking), at, "{zone} {local}");
        // The page, as data and as people read it; the mail; the calendar.
        let my = house.my("ayaka@", &case).await;
        let page = house.my_page(&my).await;
        let shown = &page["bookings"][0];
        assert_eq!((shown["at"].as_str(), shown["zone"].as_str()), (Some(instant), Some(zone)), "{shown:#}");
        let when = shown["when"].as_str().expect("a time").to_owned();
        assert!(when.contains("10:00〜11:30"), "{zone} {local}: {when}");
        let mails = house.mails().await;
        let mail = mails.iter().find(|m| m.template.as_deref() == Some("booking-confirmed")).expect("a mail");
        assert!(mail.text.contains(&when), "{when}\n{}", mail.text);
        let (ics, _) = house.ics("booking-confirmed").await;
        assert!(ics.contains(&at.strftime("DTSTART:%Y%m%dT%H%M%SZ").to_string()), "{ics}");
        let minutes = jiff::SignedDuration::from_mins(90);
        let ends = at.checked_add(minutes).expect("an instant");
        let last = [ends.strftime("DTEND:%Y%m%dT%H%M%SZ").to_string(), "DURATION:PT1H30M".to_owned()];
        assert!(last.iter().any(|line| ics.contains(line)), "{ics}");
        // The reminder of the day before has its own clock time; unless that is in the customer's night.
        let journal = house.case(&case).await["journal"].clone();
        let confirmed = journal.as_array().into_iter().flatten().find(|e| e["type"] == "booking.confirmed").cloned();
        let rungs: Value = confirmed.expect("it is confirmed")["detail"]["reminders"].clone();
        let rung = rungs.as_array().into_iter().flatten().find(|r| r["name"] == "day-before").expect("a reminder");
        assert_eq!(rung["at"].as_str(), Some(reminded), "{zone} {local}");
        house.is_in_order().await;
    }
}
