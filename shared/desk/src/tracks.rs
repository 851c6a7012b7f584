//! What is under way in a case, as sentences: 予約, 請求, 確認依頼, メール.

use banto_aws::render::day;
use banto_aws::words::{part_of, settlement};
use banto_domain::rules::billing;
use banto_domain::state::{Ask, Booking, Invoice, Message, Refund, State};
use banto_domain::{Id, Track};
use maud::{Markup, html};

use crate::{Inside, Lang, Reader, Side, Story, words};

/// One thing that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Under {
    /// What it is: 予約, 請求, …
    pub kind: &'static str,
    /// How it stands.
    pub text: String,
}

/// Everything that is open, one line each.
#[must_use]
pub fn under_way(story: &Story, reader: &Reader) -> Vec<Under> {
    let Some(inside) = &story.inside else { return Vec::new() };
    let mut lines: Vec<(&'static str, String)> = Vec::new();
    if inside.case.emergency().is_some() {
        let text = reader.of(
            "緊急性の高い言葉が含まれている可能性があるため、自動のご案内をすべて止めています",
            "Words of an emergency were found: all automatic mails are stopped",
        );
        lines.push((reader.lang.of("停止中", "Stopped"), text.to_owned()));
    }
    lines.extend(package(inside, reader));
    lines.extend(inside.case.tracks.iter().map(|(id, track)| line(inside, id, track, reader)));
    lines.extend(inside.case.owner.iter().map(|owner| (reader.lang.of("担当", "Owner"), inside.person(owner))));
    lines.into_iter().map(|(kind, text)| Under { kind, text }).collect()
}

/// The same as a list.
#[must_use]
pub fn list(story: &Story, reader: &Reader) -> Markup {
    let lines = under_way(story, reader);
    html! {
        @if lines.is_empty() { p.quiet { (reader.of("進行中のものはありません。", "Nothing is under way.")) } }
        ul.tracks { @for line in lines { li { span.kind { (line.kind) } " " (line.text) } } }
    }
}

fn package(inside: &Inside, reader: &Reader) -> Option<(&'static str, String)> {
    let package = inside.case.package.as_ref()?;
    let left = package.left(reader.now.to_zoned(inside.playbook.time_zone()).date());
    let menu = inside.menu(&package.menu, reader.lang);
    let until = package.expires_on.map(|on| day(on, reader.lang.name()));
    let text = match reader.lang {
        Lang::Ja => {
            let until = until.map(|on| format!("、有効期限 {on}")).unwrap_or_default();
            format!("{menu}: 残り{left}回(全{}回{until})", package.sessions)
        }
        Lang::En => {
            let until = until.map(|on| format!(", until {on}")).unwrap_or_default();
            format!("{menu}: {left} of {} sessions left{until}", package.sessions)
        }
    };
    Some((reader.lang.of("回数", "Sessions"), text))
}

fn line(inside: &Inside, id: &Id, track: &Track, reader: &Reader) -> (&'static str, String) {
    let lang = reader.lang;
    match track {
        Track::Booking(booking) => (lang.of("予約", "Booking"), of_booking(inside, booking, reader)),
        Track::Invoice(invoice) => (lang.of("請求", "Invoice"), of_invoice(inside, invoice, reader)),
        Track::Refund(refund) => (lang.of("返金", "Refund"), of_refund(refund, lang)),
        Track::Settlement(settled) => {
            (lang.of("精算", "Settled"), settlement(settled, lang.name()).last().cloned().unwrap_or_default())
        }
        Track::Request(request) => (lang.of("お申し出", "Request"), inside.request(&request.kind, lang)),
        Track::Ask(ask) => (lang.of("確認依頼", "Question"), of_ask(inside, ask, reader)),
        Track::Message(message) => (lang.of("メール", "Mail"), of_message(inside, id, message, reader)),
    }
}

fn of_booking(inside: &Inside, booking: &Booking, reader: &Reader) -> String {
    let lang = reader.lang;
    let (at, menu, coach) =
        (inside.at(booking, lang), inside.menu(&booking.menu, lang), inside.coach(&booking.seat.coach));
    let state = match booking.until {
        None if booking.cancelled => lang.of("キャンセル済み", "cancelled").to_owned(),
        None => lang.of("確定", "confirmed").to_owned(),
        Some(until) if lang == Lang::Ja => format!("仮押さえ、{}まで", reader.when(until)),
        Some(until) => format!("held until {}", reader.when(until)),
    };
    match lang {
        Lang::Ja => format!("{at} {menu} {coach}コーチ({state})"),
        Lang::En => format!("{at}, {menu}, {coach} ({state})"),
    }
}

fn of_invoice(inside: &Inside, invoice: &Invoice, reader: &Reader) -> String {
    let lang = reader.lang;
    let amount = billing::show(invoice.total, &invoice.currency, lang.name());
    let due = day(invoice.due_on, lang.name());
    let today = reader.now.to_zoned(inside.playbook.time_zone()).date();
    let state = match (invoice.settled, invoice.due_on < today) {
        (true, _) if invoice.waived => lang.of("残額は請求しない", "the rest is waived").to_owned(),
        (true, _) => lang.of("入金済み", "paid").to_owned(),
        (false, late) if lang == Lang::Ja => {
            format!("お支払期日 {due}{}", if late { "を過ぎています" } else { "、入金待ち" })
        }
        (false, late) => format!("due {due}{}", if late { ", overdue" } else { "" }),
    };
    let part = part_of(&inside.playbook, invoice, lang.name()).map(|part| format!(" {part}"));
    format!("{}{} {amount}({state})", invoice.number, part.unwrap_or_default())
}

fn of_refund(refund: &Refund, lang: Lang) -> String {
    let amount = billing::show(refund.amount, &refund.currency, lang.name());
    let state = match refund {
        refund if refund.is_made() => lang.of("手配済み", "on its way back"),
        refund if refund.is_held() => lang.of("担当者が返金する", "a person sends it"),
        _ => lang.of("決済会社へ依頼中", "the provider is being asked"),
    };
    format!("{amount}({state})")
}

fn of_ask(inside: &Inside, ask: &Ask, reader: &Reader) -> String {
    let title = inside.question(&ask.question, reader.lang);
    let to = inside.asked(ask, words::side(Side::of_ask(ask, &inside.playbook), reader.lang));
    match reader.lang {
        Lang::Ja => format!("{to}へ「{title}」(回答期限 {})", reader.when(ask.deadline)),
        Lang::En => format!("to {to}: “{title}” (by {})", reader.when(ask.deadline)),
    }
}

fn of_message(inside: &Inside, id: &Id, message: &Message, reader: &Reader) -> String {
    let lang = reader.lang;
    let name = inside.template(&message.template, lang);
    let side = || words::side(Side::of(&message.to, &inside.playbook), lang).to_owned();
    let to = message.to.person().map_or_else(side, |id| inside.person(id));
    let later = inside.case.timers.values().find(|t| t.about.as_ref() == Some(id)).map(|t| reader.when(t.at));
    let state = match (message.state, later) {
        (State::Held, _) => lang.of("担当者の確認待ち", "a person decides").to_owned(),
        (State::Uncertain, _) => lang.of("送信結果が不明", "its fate is unknown").to_owned(),
        (_, Some(at)) if lang == Lang::Ja => format!("{at}に送信"),
        (_, Some(at)) => format!("leaves at {at}"),
        (_, None) => lang.of("送信中", "on its way").to_owned(),
    };
    match lang {
        Lang::Ja => format!("{to}へ「{name}」({state})"),
        Lang::En => format!("to {to}: “{name}” ({state})"),
    }
}
