//! The pages of practice mode: plain HTML and CSS, no script, Japanese first and English by a switch. Owns their frame;
//! refuses to fetch anything.
//!
//! ```text
//! welcome.rs   the tour: three panes, what to do next, the inquiry forms (form.rs)
//! focus.rs     the tour of one case
//! case.rs      the list of cases, and one with its whole history
//! ```
//!
//! What they say of a case (where it stands, whose turn it is, what happened) is `shared/desk`.

pub mod case;
pub mod dead;
pub(crate) mod focus;
mod form;
pub mod mail;
pub mod pay;
pub mod welcome;

use axum::http::StatusCode;
pub use banto_desk::Lang;
use banto_desk::{Reader, long};
use jiff::{Timestamp, Unit};
use maud::{DOCTYPE, Markup, PreEscaped, html};

pub use form::{DemoForm, Field, FieldKind};
pub use welcome::{Desk, Welcome};

const CSS: &str = include_str!("pages/style.css");

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Both {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Both {
    /// Both texts.
    #[must_use]
    pub fn new(ja: &str, en: &str) -> Self {
        Self { ja: ja.to_owned(), en: en.to_owned() }
    }

    /// The one or the other.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        lang.of(&self.ja, &self.en)
    }
}

/// What every page needs: for whom it is, and when and where they are.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    pub(crate) lang: Lang,
    pub(crate) now: Timestamp,
    /// The page's path.
    pub(crate) path: String,
    /// The case that the tour is about.
    pub(crate) case: Option<String>,
}

impl Sheet {
    pub(crate) fn of<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        self.lang.of(ja, en)
    }

    /// For whom the page is.
    pub(crate) fn reader(&self) -> Reader {
        Reader { lang: self.lang, now: self.now }
    }

    /// An instant as people at the office read it.
    pub(crate) fn when(&self, at: Timestamp) -> String {
        self.reader().when(at)
    }

    /// This page in the other language.
    fn switch(&self) -> String {
        let case = self.case.as_deref().map(|id| format!("case={id}&")).unwrap_or_default();
        format!("{}?{case}lang={}", self.path, self.lang.other().name())
    }
}

/// The frame of every page.
pub(crate) fn frame(sheet: &Sheet, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(sheet.lang.name()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – Banto" }
                style { (PreEscaped(CSS)) }
            }
            body {
                (banner(sheet.lang))
                header {
                    nav aria-label=(sheet.of("メニュー", "Menu")) {
                        a href="/" { (sheet.of("入口", "Start")) }
                        a href="/_local/cases" { (sheet.of("案件", "Cases")) }
                        a href="/_local/mail" { (sheet.of("送信したメール", "Mail")) }
                        a href="/_local/dead-letters" { (sheet.of("処理できなかったもの", "Dead letters")) }
                        a.switch href=(sheet.switch()) lang=(sheet.lang.other().name()) { (sheet.of("English", "日本語")) }
                    }
                    (clock(sheet))
                }
                main { (body) }
            }
        }
    }
}

/// The page in the place of one that can't be shown.
pub(crate) fn sorry(sheet: &Sheet, status: StatusCode, reason: &str) -> Markup {
    let title = match status {
        StatusCode::NOT_FOUND => sheet.of("見つかりませんでした", "There is no such page"),
        _ if status.is_client_error() => sheet.of("この操作はできませんでした", "That could not be done"),
        _ => sheet.of("ただいま処理できませんでした", "Something went wrong"),
    };
    let body = html! {
        h1 { (title) }
        @if status.is_client_error() { p { (sheet.of("何も変更されていません。", "Nothing was changed.")) } }
        p.more { (status.as_u16()) ": " (reason) }
        p { a href="/" { (sheet.of("入口へ", "To the start page")) " →" } }
    };
    frame(sheet, title, &body)
}

fn banner(lang: Lang) -> Markup {
    html! {
        p.banner role="note" {
            strong { (lang.of("練習モード(実際には送信されません)", "Practice mode (nothing is really sent)")) }
        }
    }
}

/// The bar on a page that a function made, so that a visitor finds the way back. It brings its own style.
pub(crate) fn bar(lang: Lang, back: &str) -> Markup {
    html! {
        p role="note" lang=(lang.name()) style="margin:0;padding:.5rem 1rem;background:#fff3c4;color:#4d3b00;text-align:center;font-size:.9rem" {
            strong { (lang.of("練習モード(実際には送信されません)", "Practice mode (nothing is really sent)")) } " "
            a href=(back) style="color:#0b5c45;font-weight:600;white-space:nowrap" { (lang.of("練習の画面へ", "To the practice")) " →" }
        }
    }
}

/// The clock, and buttons that move it.
fn clock(sheet: &Sheet) -> Markup {
    let steps = [("PT1H", "+1時間", "+1 hour"), ("PT24H", "+1日", "+1 day"), ("PT72H", "+3日", "+3 days")];
    html! {
        form.clock method="post" action="/_local/clock" {
            span { (sheet.of("現在", "Now")) " " time datetime=(sheet.now.to_string()) { (long(sheet.now, sheet.lang)) } }
            @for (span, ja, en) in steps {
                button name="advance" value=(span) { (sheet.of(ja, en)) }
            }
        }
    }
}

/// A button that moves the clock to an instant, rounded up to the minute at which Banto looks.
pub(crate) fn go_to(at: Timestamp, label: &str) -> Markup {
    let minute = at.round(jiff::TimestampRound::new().smallest(Unit::Minute).mode(jiff::RoundMode::Ceil)).unwrap_or(at);
    html! {
        form.inline method="post" action="/_local/clock" { button name="set" value=(minute.to_string()) { (label) } }
    }
}

/// The next day, at the same time.
pub(crate) fn next_day(sheet: &Sheet) -> Markup {
    html! {
        form.inline method="post" action="/_local/clock" {
            button name="advance" value="PT24H" { (sheet.of("翌日へ進める", "To the next day")) }
        }
    }
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
        @for (before, link) in &parts { (before) a href=(local(link)) { (link) } }
        (rest)
    }
}

/// A link to this house leads to it wherever it listens today.
fn local(link: &str) -> &str {
    let here = link.strip_prefix("http://127.0.0.1:").or_else(|| link.strip_prefix("http://localhost:"));
    here.and_then(|rest| rest.find('/').map(|at| &rest[at..])).unwrap_or(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_text_can_be_followed_and_nothing_else_is_markup() {
        let shown = linked("ご回答は http://127.0.0.1:8080/a/x.y まで。<b>").into_string();
        assert!(linked("https://meet.example/1").into_string().contains("href=\"https://meet.example/1\""));
        assert_eq!(shown, "ご回答は <a href=\"/a/x.y\">http://127.0.0.1:8080/a/x.y</a> まで。&lt;b&gt;");
    }

    #[test]
    fn the_clock_goes_to_the_minute_at_which_banto_looks() {
        let at = "2026-12-03T01:00:01Z".parse().expect("instant");
        assert!(go_to(at, "x").into_string().contains("value=\"2026-12-03T01:01:00Z\""));
    }
}
