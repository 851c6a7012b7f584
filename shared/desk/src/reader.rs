//! For whom something is told: in which language, and when they read it.

use banto_aws::page::words as either;
use jiff::{Timestamp, tz::TimeZone};

/// The zone in which the office reads the clock.
const OFFICE: &str = "Asia/Tokyo";

/// The language of whoever reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lang {
    /// Japanese, unless they switch.
    #[default]
    Ja,
    /// English.
    En,
}

impl Lang {
    /// Reads its name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "ja" => Some(Self::Ja),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// As it stands in addresses and in HTML.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.of("ja", "en")
    }

    /// The one or the other.
    #[must_use]
    pub fn of<'a>(self, ja: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Ja => ja,
            Self::En => either("en", ja, en),
        }
    }

    /// The other language.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Ja => Self::En,
            Self::En => Self::Ja,
        }
    }
}

/// Whoever reads, and when.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// Their language.
    pub lang: Lang,
    /// The present.
    pub now: Timestamp,
}

impl Reader {
    /// The one text or the other.
    #[must_use]
    pub fn of<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        self.lang.of(ja, en)
    }

    /// An instant as people at the office read it.
    #[must_use]
    pub fn when(&self, at: Timestamp) -> String {
        when(at, self.lang)
    }
}

fn office() -> TimeZone {
    TimeZone::get(OFFICE).unwrap_or(TimeZone::UTC)
}

/// With its year: 2026年12月3日(木)10:00.
#[must_use]
pub fn long(at: Timestamp, lang: Lang) -> String {
    match lang {
        Lang::Ja => format!("{}年{}", at.to_zoned(office()).year(), when(at, lang)),
        Lang::En => at.to_zoned(office()).strftime("%a, %b %-d, %Y %H:%M").to_string(),
    }
}

/// An instant as people at the office read it: 12月3日(木)10:00.
#[must_use]
pub fn when(at: Timestamp, lang: Lang) -> String {
    let local = at.to_zoned(office());
    if lang == Lang::En {
        return local.strftime("%a, %b %-d, %H:%M").to_string();
    }
    let names = ["月", "火", "水", "木", "金", "土", "日"];
    let day = names[usize::from(local.weekday().to_monday_zero_offset().unsigned_abs())];
    format!("{}月{}日({day}){}", local.month(), local.day(), local.strftime("%H:%M"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_as_in_japan() {
        let at = "2026-12-03T01:00:00Z".parse().expect("instant");
        assert_eq!(long(at, Lang::Ja), "2026年12月3日(木)10:00");
        assert_eq!(when(at, Lang::En), "Thu, Dec 3, 10:00");
    }
}
