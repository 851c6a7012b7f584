//! Writes a mail: minijinja in strict mode over the template's Markdown, once as text and once as HTML. What a customer
//! wrote is data in both: it can't become a link or markup.

use std::collections::BTreeMap;

use banto_domain::Playbook;
use banto_domain::playbook::{FactKind, FactSpec, Template};
use banto_domain::rules::billing;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use minijinja::value::Value;
use minijinja::{Environment, ErrorKind, Output, State, UndefinedBehavior};

use crate::page::words;

/// A mail as written, before it is MIME.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML, with the same content.
    pub html: String,
}

/// A mail that can't be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfilled(pub String);

/// Writes a mail in a language. `values` fill the placeholders; one that is missing makes the whole mail fail.
///
/// # Errors
/// Names what nothing fills, or what is wrong with the template.
pub fn mail(
    playbook: &Playbook,
    template: &Template,
    language: &str,
    values: &BTreeMap<String, Value>,
) -> Result<Mail, Unfilled> {
    frame(playbook, language, (template.subject.get(language), template.body.get(language)), values)
}

/// What stands between a mail's text and its foot.
pub(crate) const FOOT: &str = "\n\n-- \n";

/// Writes a mail in a person's own words. Links stay links; everything else is literal.
///
/// # Errors
/// When the subject isn't one line.
pub fn written(playbook: &Playbook, language: &str, subject: &str, text: &str) -> Result<Mail, Unfilled> {
    let values = BTreeMap::from([("subject".to_owned(), Value::from(subject)), ("text".to_owned(), parts(text))]);
    frame(playbook, language, ("{{ subject }}", "{% for part in text %}{{ part }}{% endfor %}"), &values)
}

/// A text in parts, of which each link is one.
pub(crate) fn parts(text: &str) -> Value {
    let mut finder = linkify::LinkFinder::new();
    finder.kinds(&[linkify::LinkKind::Url]);
    let is_web = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    let part = |span: linkify::Span<'_>| match span.kind() {
        Some(_) if is_web(span.as_str()) && span.as_str().is_ascii() => link(span.as_str()),
        _ => Value::from(span.as_str()),
    };
    Value::from(finder.spans(text).map(part).collect::<Vec<_>>())
}

/// A mail that promotes something says how to get no more of them (特定電子メール法 第4条).
#[must_use]
pub fn with_way_out(mail: Mail, link: &str, language: &str) -> Mail {
    let says = words(
        language,
        "このようなご案内が不要な方は、次のページで停止できます。",
        "If you don't want mails like this, stop them here:",
    );
    with_link(mail, says, link)
}

/// A mail to the customer leads to their own page of the case, where they may ask for something if the practice takes
/// requests there.
#[must_use]
pub fn with_own_page(mail: Mail, link: &str, takes_requests: bool, language: &str) -> Mail {
    let says = if takes_requests {
        words(
            language,
            "お申し込み内容の確認、日程変更・キャンセル・ご意見などは、お客様専用ページで承ります。",
            "See what is agreed, change or cancel it, or tell us anything, on your own page:",
        )
    } else {
        words(
            language,
            "お手続きの状況は、お客様専用ページでご確認いただけます。",
            "See how things stand on your own page:",
        )
    };
    with_link(mail, says, link)
}

/// A coach's mail with the link to her own page of the case at its foot.
#[must_use]
pub fn with_coachs_page(mail: Mail, link: &str, language: &str) -> Mail {
    let says = words(
        language,
        "お客様がいらっしゃらないとき、遅れるとき、実施できなくなったときは、こちらのコーチ用ページからお知らせください。",
        "If the customer isn't there, you are late, or you can't make it, please say so on your page:",
    );
    with_link(mail, says, link)
}

/// An operator's mail with the link to their own page of the case at its foot.
#[must_use]
pub fn with_operators_page(mail: Mail, link: &str, language: &str) -> Mail {
    let says = words(
        language,
        "お電話などでお客様からお申し出を受けたときは、こちらの担当者用ページに入力してください。",
        "When the customer asks for something by telephone, please enter it on your page of this case:",
    );
    with_link(mail, says, link)
}

/// A mail with a link at its foot, and what it is for.
fn with_link(mail: Mail, says: &str, link: &str) -> Mail {
    let foot = maud::html! { p style="color:#555;font-size:90%" { (says) br; a href=(link) { (link) } } }.into_string();
    let html = match mail.html.rsplit_once("</body>") {
        Some((before, after)) => format!("{before}{foot}</body>{after}"),
        None => format!("{}{foot}", mail.html),
    };
    Mail { text: format!("{}\n{says}\n{link}\n", mail.text), html, subject: mail.subject }
}

/// A mail that only shows what would have left: it says so first.
#[must_use]
pub fn sample(mail: Mail, language: &str) -> Mail {
    let (mark, says) = match language {
        "en" => ("[Sample] ", "A sample: nobody outside got this mail. It would have read as follows."),
        _ => ("【見本】", "見本です。お客様には送られていません。送られる場合の文面は次のとおりです。"),
    };
    let note = maud::html! { p style="border:1px solid #b45309;padding:.5em 1em" { (says) } }.into_string();
    // The first of its body.
    let html = match mail.html.split_once("<body").and_then(|(head, rest)| Some((head, rest.split_once('>')?))) {
        Some((head, (attributes, rest))) => format!("{head}<body{attributes}>{note}{rest}"),
        None => format!("{note}{}", mail.html),
    };
    Mail { subject: format!("{mark}{}", mail.subject), text: format!("{says}\n\n{}", mail.text), html }
}

fn frame(
    playbook: &Playbook,
    language: &str,
    (subject, body): (&str, &str),
    values: &BTreeMap<String, Value>,
) -> Result<Mail, Unfilled> {
    let subject = fill(subject, values, plain)?;
    if subject.chars().any(char::is_control) {
        return Err(Unfilled("subject".to_owned()));
    }
    let foot = format!("{}\n{}", playbook.sender.name.get(language), playbook.sender.contact.get(language));
    let text = format!("{}{FOOT}{foot}\n", fill(body, values, plain)?.trim_end());
    let markdown = fill(body, values, markdown)?;
    let mut html = String::new();
    // A line of the template is a line of the mail: Japanese has no spaces that a joined line would need.
    let lines = pulldown_cmark::Parser::new(&markdown).map(|event| match event {
        pulldown_cmark::Event::SoftBreak => pulldown_cmark::Event::HardBreak,
        other => other,
    });
    pulldown_cmark::html::push_html(&mut html, lines);
    let html = maud::html! {
        (maud::DOCTYPE)
        html lang=(language) {
            head { meta charset="utf-8"; meta name="viewport" content="width=device-width"; }
            body style="font-family:sans-serif;line-height:1.8;max-width:40em;margin:0 auto;padding:1em;color:#222" {
                (maud::PreEscaped(html))
                hr style="border:0;border-top:1px solid #ccc";
                p style="color:#555;font-size:90%;white-space:pre-line" { (foot) }
            }
        }
    };
    Ok(Mail { subject, text, html: html.into_string() })
}

type Formatter = fn(&mut Output<'_>, &mut State<'_, '_>, &Value) -> Result<(), minijinja::Error>;

fn fill(source: &str, values: &BTreeMap<String, Value>, formatter: Formatter) -> Result<String, Unfilled> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_formatter(formatter);
    env.set_fuel(Some(100_000));
    env.render_str(source, values).map_err(|e| {
        let at = e.range().and_then(|r| source.get(r)).unwrap_or("");
        match e.kind() {
            ErrorKind::UndefinedError => Unfilled(at.trim().to_owned()),
            kind => Unfilled(format!("{kind:?} {at}").trim().to_owned()),
        }
    })
}

fn plain(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    defined(value)?;
    write(out, &value.to_string())
}

fn defined(value: &Value) -> Result<(), minijinja::Error> {
    if value.is_undefined() { Err(ErrorKind::UndefinedError.into()) } else { Ok(()) }
}

/// As [`plain`], with every character that means something in Markdown or HTML made literal. A link that Banto made
/// stays a link.
fn markdown(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    defined(value)?;
    let text = value.to_string();
    if value.is_safe() {
        return write(out, &format!("<{text}>"));
    }
    let mut literal = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => literal.push_str("&amp;"),
            '<' => literal.push_str("&lt;"),
            '\n' => literal.push_str("  \n"),
            c if c.is_ascii_punctuation() => literal.extend(['\\', c]),
            c => literal.push(c),
        }
    }
    write(out, &literal)
}

fn write(out: &mut Output<'_>, text: &str) -> Result<(), minijinja::Error> {
    out.write_str(text).map_err(|_| ErrorKind::WriteFailure.into())
}

/// A link that Banto made: it stays one in HTML.
#[must_use]
pub fn link(url: &str) -> Value {
    Value::from_safe_string(url.to_owned())
}

/// An instant as people write it, in the zone of the practice: `12月3日(木)10:00(日本時間)`.
#[must_use]
pub fn when(at: Timestamp, zone: &str, language: &str) -> String {
    let local = at.to_zoned(TimeZone::get(zone).unwrap_or(TimeZone::UTC));
    let name = |ja: &str, en: &str| if language == "en" { en.to_owned() } else { ja.to_owned() };
    let place = match zone {
        "Asia/Tokyo" => name("日本時間", "Japan time"),
        other => other.to_owned(),
    };
    if language == "en" {
        return format!("{} ({place})", local.strftime("%a, %b %-d, %Y %H:%M"));
    }
    let day = weekday(local.weekday());
    format!("{}月{}日({day}){}({place})", local.month(), local.day(), local.strftime("%H:%M"))
}

/// A fact's value as people read it: a choice by its label, an amount with its currency, a person by name, a date in words.
/// What was agreed is the case's own `playbook`; who works there is said by `today`'s.
#[must_use]
pub fn fact((playbook, today): (&Playbook, &Playbook), spec: &FactSpec, value: &str, language: &str) -> String {
    let currency = playbook.billing.as_ref().map_or("JPY", |billing| billing.currency.as_str());
    let said = match spec.kind {
        FactKind::Money => value.parse().ok().map(|amount| billing::show(amount, currency, language)),
        FactKind::Person => today.people.person(value).map(|person| person.name.clone()),
        FactKind::Date => value.parse().ok().map(|date| day(date, language)),
        FactKind::Consent => Some(words(language, "はい", "Yes").to_owned()),
        FactKind::Line | FactKind::Text | FactKind::Email | FactKind::Phone => None,
        FactKind::Choice | FactKind::Number | FactKind::Time => None,
    };
    said.unwrap_or_else(|| spec.show(value, language).to_owned())
}

/// A session as people write it: `12月3日(木)10:00〜11:00(日本時間)`.
#[must_use]
pub fn session(from: Timestamp, to: Timestamp, zone: &str, language: &str) -> String {
    let begins = when(from, zone, language);
    let ends = to.to_zoned(TimeZone::get(zone).unwrap_or(TimeZone::UTC)).strftime("%H:%M").to_string();
    let dash = if language == "en" { "–" } else { "〜" };
    let at = begins.rfind('(').unwrap_or(begins.len());
    let (time, place) = begins.split_at(at);
    let space = if time.ends_with(' ') { " " } else { "" };
    format!("{}{dash}{ends}{space}{place}", time.trim_end())
}

/// A day as people write it: `12月10日(木)`.
#[must_use]
pub fn day(date: civil::Date, language: &str) -> String {
    match language {
        "en" => date.strftime("%a, %b %-d, %Y").to_string(),
        _ => format!("{}月{}日({})", date.month(), date.day(), weekday(date.weekday())),
    }
}

fn weekday(day: civil::Weekday) -> &'static str {
    match day {
        civil::Weekday::Monday => "月",
        civil::Weekday::Tuesday => "火",
        civil::Weekday::Wednesday => "水",
        civil::Weekday::Thursday => "木",
        civil::Weekday::Friday => "金",
        civil::Weekday::Saturday => "土",
        civil::Weekday::Sunday => "日",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_customer_wrote_is_never_markup() {
        let values = BTreeMap::from([("name".to_owned(), Value::from("[x](https://evil.example) <b> *y*"))]);
        let filled = fill("{{ name }}様", &values, markdown).unwrap();
        let mut html = String::new();
        pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(&filled));
        assert_eq!(html, "<p>[x](https://evil.example) &lt;b&gt; *y*様</p>\n");
        assert_eq!(fill("{{ name }}", &values, plain).unwrap(), "[x](https://evil.example) <b> *y*");
    }

    #[test]
    fn a_placeholder_that_nothing_fills_is_named() {
        let error = fill("{{ nmae }}様", &BTreeMap::new(), plain).unwrap_err();
        assert_eq!(error, Unfilled("nmae".to_owned()));
    }

    #[test]
    fn instants_are_written_in_the_zone_of_the_practice() {
        let at: Timestamp = "2026-12-03T01:00:00Z".parse().unwrap();
        assert_eq!(when(at, "Asia/Tokyo", "ja"), "12月3日(木)10:00(日本時間)");
        assert_eq!(when(at, "Asia/Tokyo", "en"), "Thu, Dec 3, 2026 10:00 (Japan time)");
        let to: Timestamp = "2026-12-03T02:00:00Z".parse().unwrap();
        assert_eq!(session(at, to, "Asia/Tokyo", "ja"), "12月3日(木)10:00〜11:00(日本時間)");
        assert_eq!(session(at, to, "Asia/Tokyo", "en"), "Thu, Dec 3, 2026 10:00–11:00 (Japan time)");
        assert_eq!(day(civil::date(2026, 12, 10), "ja"), "12月10日(木)");
    }
}
