//! Values as people write them into a spreadsheet: dates with slashes, amounts with signs, ○ for yes.

use jiff::civil::{Date, DateTime};
use unicode_normalization::UnicodeNormalization;

/// The numbers of a date as people write it: `2026-12-03`, `2026/12/3 10:00`, `2026年12月3日`. The year comes first.
fn numbers(text: &str) -> Option<Vec<i16>> {
    let plain: String = text.nfkc().collect();
    let fits = |c: char| c.is_ascii_digit() || "-/.: T年月日時分".contains(c);
    if !plain.chars().all(fits) {
        return None;
    }
    let parts = plain.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let numbers: Vec<i16> = parts.map(|part| part.parse().ok()).collect::<Option<_>>()?;
    numbers.first().is_some_and(|year| *year >= 1900).then_some(numbers)
}

fn date_of(numbers: &[i16]) -> Option<Date> {
    let [year, month, day] = numbers else { return None };
    Date::new(*year, i8::try_from(*month).ok()?, i8::try_from(*day).ok()?).ok()
}

/// A day.
pub(super) fn date(text: &str) -> Option<Date> {
    date_of(&numbers(text)?)
}

/// A day and a time, in minutes.
pub(super) fn date_time(text: &str) -> Option<DateTime> {
    let numbers = numbers(text)?;
    let (day, time) = numbers.split_at_checked(3)?;
    let part = |n: usize| i8::try_from(time.get(n).copied().unwrap_or(0)).ok();
    // Seconds, as some programs write them, are none.
    let fits = (2..=3).contains(&time.len()) && time.get(2).is_none_or(|seconds| *seconds == 0);
    let time = jiff::civil::Time::new(part(0)?, part(1)?, 0, 0).ok().filter(|_| fits)?;
    Some(date_of(day)?.to_datetime(time))
}

/// A whole number that isn't negative, with its unit or without: `4`, `４回`.
pub(super) fn count(text: &str) -> Option<u32> {
    let plain: String = text.nfkc().collect();
    plain.trim_end_matches('回').trim().parse().ok().filter(|n| *n <= 1_000)
}

/// An amount in minor units of a currency: `88,000円` is 88000 yen, `£120.50` is 12050 pence.
pub(super) fn amount(text: &str, currency: &str) -> Option<i64> {
    let plain: String = text.nfkc().filter(|c| !"¥円£$€, ".contains(*c)).collect();
    let (whole, rest) = plain.split_once('.').map_or((plain.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let whole: i64 = Some(whole).filter(|w| digits(w))?.parse().ok()?;
    let minor = match (currency, rest) {
        ("JPY", None) => return Some(whole),
        ("JPY", Some(_)) => return None,
        (_, None) => 0,
        (_, Some(rest)) if rest.len() == 2 && digits(rest) => rest.parse::<i64>().ok()?,
        (_, Some(_)) => return None,
    };
    whole.checked_mul(100)?.checked_add(minor)
}

/// Yes or no.
pub(super) fn yes(text: &str) -> Option<bool> {
    let plain: String = text.nfkc().collect();
    match plain.trim().to_lowercase().as_str() {
        "1" | "yes" | "true" | "on" | "はい" | "有" | "あり" | "○" | "〇" | "済" | "停止" => Some(true),
        "" | "0" | "no" | "false" | "off" | "いいえ" | "無" | "なし" | "×" | "-" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_people_write_them_and_never_guessed() {
        let day = |text: &str| date(text).map(|d| d.to_string());
        for good in ["2026-12-03", "2026/12/3", "2026年12月3日", "２０２６／１２／３"] {
            assert_eq!(day(good).as_deref(), Some("2026-12-03"), "{good}");
        }
        for bad in ["12/3/2026", "03/12/2026", "2026-13-01", "2026-02-30", "12月3日", "soon", "2026/12/3 10:00"] {
            assert_eq!(day(bad), None, "{bad}");
        }
        for good in ["2026-12-03 10:00", "2026/12/3 10:00:00", "2026-12-03T10:00", "2026年12月3日 10時00分"] {
            assert_eq!(date_time(good).map(|at| at.to_string()).as_deref(), Some("2026-12-03T10:00:00"), "{good}");
        }
        assert_eq!(date_time("2026-12-03"), None);
        assert_eq!((amount("88,000円", "JPY"), amount("￥８８０００", "JPY")), (Some(88_000), Some(88_000)));
        assert_eq!((amount("£120.50", "GBP"), amount("120", "GBP")), (Some(12_050), Some(12_000)));
        for bad in ["-1", "1.5", "", "円", "=1+1"] {
            assert_eq!(amount(bad, "JPY"), None, "{bad}");
        }
        assert_eq!((count("４回"), count("-1"), count("many")), (Some(4), None, None));
        assert_eq!((yes("○"), yes(""), yes("maybe")), (Some(true), Some(false), None));
    }
}
