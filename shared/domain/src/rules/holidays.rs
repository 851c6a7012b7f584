//! 国民の祝日, as the Cabinet Office publishes them (内閣府「国民の祝日について」, Act on National Holidays, 1948 No. 178):
//! data that ends. `banto doctor` tells before it runs out.

use jiff::civil::{Date, date};

/// The last day that the list covers. The equinoxes of a year are announced in February of the year before.
pub const KNOWN_UNTIL: Date = date(2027, 12, 31);

/// Month and day, by year.
const HOLIDAYS: &[(i16, &[(i8, i8)])] = &[
    (
        2025,
        &[
            (1, 1),
            (1, 13),
            (2, 11),
            (2, 23),
            (2, 24),
            (3, 20),
            (4, 29),
            (5, 3),
            (5, 4),
            (5, 5),
            (5, 6),
            (7, 21),
            (8, 11),
            (9, 15),
            (9, 23),
            (10, 13),
            (11, 3),
            (11, 23),
            (11, 24),
        ],
    ),
    (
        2026,
        &[
            (1, 1),
            (1, 12),
            (2, 11),
            (2, 23),
            (3, 20),
            (4, 29),
            (5, 3),
            (5, 4),
            (5, 5),
            (5, 6),
            (7, 20),
            (8, 11),
            (9, 21),
            (9, 22),
            (9, 23),
            (10, 12),
            (11, 3),
            (11, 23),
        ],
    ),
    (
        2027,
        &[
            (1, 1),
            (1, 11),
            (2, 11),
            (2, 23),
            (3, 21),
            (3, 22),
            (4, 29),
            (5, 3),
            (5, 4),
            (5, 5),
            (7, 19),
            (8, 11),
            (9, 20),
            (9, 23),
            (10, 11),
            (11, 3),
            (11, 23),
        ],
    ),
];

/// Whether this is a public holiday of Japan, as far as is known.
#[must_use]
pub fn is_holiday(day: Date) -> bool {
    let of_year = HOLIDAYS.iter().find(|(year, _)| *year == day.year());
    of_year.is_some_and(|(_, days)| days.contains(&(day.month(), day.day())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substitute_and_sandwiched_holidays_are_known() {
        for day in [date(2026, 5, 6), date(2026, 9, 22), date(2027, 3, 22), date(2025, 11, 24)] {
            assert!(is_holiday(day), "{day}");
        }
        assert!(!is_holiday(date(2026, 11, 24)));
        assert!(!is_holiday(date(2027, 9, 22)));
    }

    #[test]
    fn the_list_ends_where_it_says() {
        assert_eq!(HOLIDAYS.last().map(|(year, _)| *year), Some(KNOWN_UNTIL.year()));
    }
}
