//! What is under way in a case, as sentences: 予約, 請求, 確認依頼, メール.

use banto_aws::render::day;
use banto_domain::message::State;
use banto_domain::{Id, Track, billing};
use maud::{Markup, html};

use super::story::{Inside, Story};
use super::{Lang, Sheet, words};

/// Everything that is open, one line each.
pub(super) fn list(story: &Story, sheet: &Sheet) -> Markup {
    let Some(inside) = &story.inside else { return html! {} };
    let mut lines: Vec<(&str, String)> = Vec::new();
    if inside.case.stopped.is_some() {
        let text = sheet.of(
            "緊急性の高い言葉が含まれている可能性があるため、自動のご案内をすべて止めています",
            "Words of an emergency were found: all automatic mails are stopped",
        );
        lines.push((sheet.of("停止中", "Stopped"), text.to_owned()));
    }
    lines.extend(package(inside, sheet));
    lines.extend(inside.case.tracks.iter().map(|(id, track)| line(inside, id, track, sheet)));
    lines.extend(inside.case.owner.iter().map(|owner| (sheet.of("担当", "Owner"), person(inside, owner))));
    html! {
        @if lines.is_empty() { p.quiet { (sheet.of("進行中のものはありません。", "Nothing is under way.")) } }
        ul.tracks { @for (kind, text) in lines { li { span.kind { (kind) } " " (text) } } }
    }
}

fn person(inside: &Inside, id: &str) -> String {
    let people = &inside.playbook.people;
    let all = people.operators.iter().chain(&people.coaches);
    all.into_iter().find(|p| p.id == id).map_or(id, |p| p.name.as_str()).to_owned()
}

fn package<'a>(inside: &Inside, sheet: &Sheet) -> Option<(&'a str, String)> {
    let package = inside.case.package.as_ref()?;
    let left = package.left(sheet.now.to_zoned(inside.playbook.time_zone()).date());
    let menu = inside.menu(&package.menu, sheet.lang);
    let until = package.expires_on.map(|on| day(on, sheet.lang.name()));
    let text = match sheet.lang {
        Lang::Ja => {
            let until = until.map(|on| format!("、有効期限 {on}")).unwrap_or_default();
            format!("{menu}: 残り{left}回(全{}回{until})", package.sessions)
        }
        Lang::En => {
            let until = until.map(|on| format!(", until {on}")).unwrap_or_default();
            format!("{menu}: {left} of {} sessions left{until}", package.sessions)
        }
    };
    Some((sheet.lang.of("回数", "Sessions"), text))
}

fn line<'a>(inside: &Inside, id: &Id, track: &Track, sheet: &Sheet) -> (&'a str, String) {
    let lang = sheet.lang;
    match track {
        Track::Booking(booking) => {
            let (at, menu, coach) =
                (inside.at(booking, lang), inside.menu(&booking.menu, lang), inside.coach(&booking.seat.coach));
            let state = match booking.until {
                None => lang.of("確定", "confirmed").to_owned(),
                Some(until) if lang == Lang::Ja => format!("仮押さえ、{}まで", sheet.when(until)),
                Some(until) => format!("held until {}", sheet.when(until)),
            };
            let text = match lang {
                Lang::Ja => format!("{at} {menu} {coach}コーチ({state})"),
                Lang::En => format!("{at}, {menu}, {coach} ({state})"),
            };
            (lang.of("予約", "Booking"), text)
        }
        Track::Invoice(invoice) => {
            let amount = billing::show(invoice.total, &invoice.currency, lang.name());
            let due = day(invoice.due_on, lang.name());
            let today = sheet.now.to_zoned(inside.playbook.time_zone()).date();
            let state = match (invoice.settled, invoice.due_on < today) {
                (true, _) => lang.of("入金済み", "paid").to_owned(),
                (false, late) if lang == Lang::Ja => {
                    format!("お支払期日 {due}{}", if late { "を過ぎています" } else { "、入金待ち" })
                }
                (false, late) => format!("due {due}{}", if late { ", overdue" } else { "" }),
            };
            (lang.of("請求", "Invoice"), format!("{} {amount}({state})", invoice.number))
        }
        Track::Ask(ask) => {
            let (title, to) = (inside.question(&ask.question, lang), words::role(ask.to, lang));
            let text = match lang {
                Lang::Ja => format!("{to}へ「{title}」(回答期限 {})", sheet.when(ask.deadline)),
                Lang::En => format!("to {to}: “{title}” (by {})", sheet.when(ask.deadline)),
            };
            (lang.of("確認依頼", "Question"), text)
        }
        Track::Message(message) => {
            let (name, to) = (inside.template(&message.template, lang), words::role(message.to, lang));
            let later = inside.case.timers.values().find(|t| t.about.as_ref() == Some(id)).map(|t| sheet.when(t.at));
            let state = match (message.state, later) {
                (State::Held, _) => lang.of("担当者の確認待ち", "a person decides").to_owned(),
                (State::Uncertain, _) => lang.of("送信結果が不明", "its fate is unknown").to_owned(),
                (_, Some(at)) if lang == Lang::Ja => format!("{at}に送信"),
                (_, Some(at)) => format!("leaves at {at}"),
                (_, None) => lang.of("送信中", "on its way").to_owned(),
            };
            let text = match lang {
                Lang::Ja => format!("{to}へ「{name}」({state})"),
                Lang::En => format!("to {to}: “{name}” ({state})"),
            };
            (lang.of("メール", "Mail"), text)
        }
    }
}
