//! The pages of practice mode: plain HTML and CSS, no script, Japanese first. Owns their frame; refuses to fetch
//! anything.

pub mod case;
pub mod dead;
pub mod mail;
pub mod pay;
pub mod welcome;

use jiff::{Timestamp, tz::TimeZone};
use maud::{DOCTYPE, Markup, PreEscaped, html};

pub use welcome::{DemoForm, Field, FieldKind, Welcome};

const CSS: &str = include_str!("pages/style.css");

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Both {
    /// Japanese, large.
    pub ja: String,
    /// English, small.
    pub en: String,
}

impl Both {
    /// Both texts.
    #[must_use]
    pub fn new(ja: &str, en: &str) -> Self {
        Self { ja: ja.to_owned(), en: en.to_owned() }
    }
}

impl maud::Render for Both {
    fn render(&self) -> Markup {
        both(&self.ja, &self.en)
    }
}

/// Japanese with small English beside it.
pub(crate) fn both(ja: &str, en: &str) -> Markup {
    html! { (ja) " " span.en lang="en" { (en) } }
}

/// The frame of every page.
pub(crate) fn frame(title: &str, now: Timestamp, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="ja" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – Banto" }
                style { (PreEscaped(CSS)) }
            }
            body {
                p.banner role="note" {
                    strong { "練習モード(実際には送信されません)" } " "
                    span.en lang="en" { "Practice mode: nothing really leaves this machine." }
                }
                header {
                    nav aria-label="メニュー" {
                        a href="/" { (both("入口", "Start")) }
                        a href="/_local/mail" { (both("送信したメール", "Mail")) }
                        a href="/_local/cases" { (both("案件", "Cases")) }
                        a href="/_local/dead-letters" { (both("処理できなかったもの", "Dead letters")) }
                    }
                    (clock(now))
                }
                main { (body) }
            }
        }
    }
}

/// The clock, and buttons that move it.
fn clock(now: Timestamp) -> Markup {
    let steps = [("PT1H", "+1時間", "1 hour"), ("PT24H", "+1日", "1 day"), ("PT72H", "+3日", "3 days")];
    html! {
        form.clock method="post" action="/_local/clock" {
            span { (both("現在", "Now")) " " time datetime=(now.to_string()) { (when(now)) } }
            @for (span, ja, en) in steps {
                button name="advance" value=(span) title=(en) { (ja) }
            }
        }
    }
}

/// An instant as people in Japan read it: 2026年12月3日(木)10:00.
pub(crate) fn when(at: Timestamp) -> String {
    let zone = TimeZone::get("Asia/Tokyo").unwrap_or(TimeZone::UTC);
    let at = at.to_zoned(zone);
    let day =
        ["月", "火", "水", "木", "金", "土", "日"][usize::from(at.weekday().to_monday_zero_offset().unsigned_abs())];
    format!("{}年{}月{}日({day}){:02}:{:02}", at.year(), at.month(), at.day(), at.hour(), at.minute())
}

/// Plain text with its web addresses as links.
pub(crate) fn linked(text: &str) -> Markup {
    let ends = |c: char| c.is_whitespace() || "<>\"'「」()、。".contains(c);
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = ["http://", "https://"].iter().filter_map(|s| rest.find(s)).min() {
        let length = rest[at..].find(ends).unwrap_or(rest.len() - at);
        parts.push((&rest[..at], &rest[at..at + length]));
        rest = &rest[at + length..];
    }
    html! {
        @for (before, link) in &parts { (before) a href=(link) { (link) } }
        (rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_text_can_be_followed_and_nothing_else_is_markup() {
        let shown = linked("ご回答は http://127.0.0.1:8080/a/x.y まで。<b>").into_string();
        assert_eq!(
            shown,
            "ご回答は <a href=\"http://127.0.0.1:8080/a/x.y\">http://127.0.0.1:8080/a/x.y</a> まで。&lt;b&gt;"
        );
    }

    #[test]
    fn dates_read_as_in_japan() {
        assert_eq!(when("2026-12-03T01:00:00Z".parse().expect("instant")), "2026年12月3日(木)10:00");
    }
}
