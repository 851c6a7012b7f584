//! When a world begins, and how much time its coaches have: weekends, holidays, the year's end and the days on which
//! clocks are moved; plenty of hours, or so few that customers meet at them.

use banto_domain::Playbook;
use banto_domain::playbook::GroupSession;
use jiff::{Span, Timestamp, ToSpan};

use super::rng::Rng;

/// 09:30 in Tokyo, each with what lies ahead.
pub(super) const BEGINS: [&str; 6] = [
    // 年末年始.
    "2026-12-01T00:30:00Z",
    "2026-12-21T00:30:00Z",
    // Clocks go forward in London on 28 March; 春分の日 and its substitute.
    "2027-03-09T00:30:00Z",
    "2027-03-23T00:30:00Z",
    // Clocks go back in London on 25 October; スポーツの日, 文化の日, 勤労感謝の日.
    "2026-10-08T00:30:00Z",
    // ゴールデンウィーク.
    "2027-04-20T00:30:00Z",
];

/// Gives a practice the calendar of its world.
pub(super) fn furnish(playbook: &mut Playbook, seed: u64, begins: Timestamp) {
    let mut rng = Rng::of(seed, &["calendar", playbook.client.as_str()]);
    let first = begins.to_zoned(playbook.time_zone()).date();
    let (scarce, short_holds) = (rng.per_mille(400), rng.per_mille(350));
    let Some(calendar) = &mut playbook.calendar else { return };
    let coach = calendar.sessions.first().map(|s| s.coach.clone());
    let capacity = u32::try_from(rng.between(1, 4)).unwrap_or(1);
    // The sessions of the ready-made playbook are in December; these are in some weeks, wherever that is.
    let weeks = [11, 25, 46].into_iter().zip(coach.into_iter().cycle());
    let session = |(days, coach): (i64, String)| {
        let date = first.saturating_add(days.days());
        let id = format!("seminar-{}", date.strftime("%m-%d"));
        // In the evening, when the coach's weekly hours are over; one goes over midnight.
        let at = jiff::civil::time(if days == 25 { 23 } else { 21 }, 30, 0, 0);
        Some(GroupSession { id, menu: "seminar".to_owned(), coach, at: date.to_datetime(at), capacity })
    };
    if !calendar.sessions.is_empty() {
        calendar.sessions = weeks.filter_map(session).collect();
    }
    if scarce {
        // Some hours a week for everybody.
        calendar.weekly.truncate(2);
        calendar.horizon = 10.days();
        calendar.offers = 3;
    }
    if short_holds {
        calendar.hold = Span::new().hours(2);
        if let Some(menu) = playbook.menus.get_mut("seminar") {
            menu.hold = Some(Span::new().hours(30));
        }
    }
}
