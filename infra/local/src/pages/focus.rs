//! The tour of one case: where it stands, what to do next, and what the customer, the office and the coach see of it.

use banto_desk::{Side, Story, lines, tracks_list, trail as nodes};
use maud::{Markup, html};

use super::welcome::{Welcome, turn};
use super::{Lang, Sheet, frame, go_to, linked, next_day};
use crate::mailbox::Mail;

/// How many lines of the history the office's pane shows.
const LINES: usize = 8;

pub(crate) fn page(sheet: &Sheet, welcome: &Welcome, story: &Story, mails: &[Mail]) -> Markup {
    let of = |role: Side| mails.iter().filter(move |m| welcome.role(&m.to) == role);
    let name = story.customer(sheet.lang);
    let body = html! {
        p.quiet { a href="/" { "← " (sheet.of("すべての案件の画面へ", "To all cases")) } }
        h1 { (name) " " small { (story.practice(sheet.lang)) } }
        (trail(sheet, story))
        (next(sheet, story))
        div.panes {
            section {
                h2 { (sheet.of("お客様の受信箱", "The customer's mailbox")) }
                @if let Some(link) = own_page(of(Side::Customer)) {
                    p { a href=(link) { (sheet.of("お客様専用ページを開く(日程変更・キャンセル・ご意見)", "Open the customer's own page (change, cancel, complain)")) } }
                }
                (letters(sheet, of(Side::Customer)))
            }
            section {
                h2 { (sheet.of("事務局", "The office")) }
                h3 { (sheet.of("進行中のもの", "Under way")) }
                (tracks_list(story, &sheet.reader()))
                h3 { (sheet.of("最近の対応履歴", "What happened last")) }
                (history(sheet, story))
                (staffs_page(sheet, story, Side::Office))
                p { a href={ "/_local/cases/" (story.id()) } { (sheet.of("案件のすべてを見る", "Everything about this case")) } }
                @let office: Vec<&Mail> = of(Side::Office).collect();
                @if !office.is_empty() {
                    h3 { (sheet.of("事務局宛のメール", "Mails to the office")) }
                    (letters(sheet, office.into_iter()))
                }
            }
            section {
                h2 { (sheet.of("コーチの受信箱", "The coach's mailbox")) }
                (staffs_page(sheet, story, Side::Coach))
                (letters(sheet, of(Side::Coach)))
            }
        }
    };
    frame(sheet, &name, &body)
}

/// The page of the case that somebody of the practice has.
fn staffs_page(sheet: &Sheet, story: &Story, side: Side) -> Markup {
    let what = match side {
        Side::Coach => sheet.of(
            "コーチ用ページを開く(欠席・遅刻・日程の変更・休業)",
            "The coach's page (absent, late, another time, days off)",
        ),
        _ => sheet.of(
            "担当者用ページを開く(お電話でのお申し出の入力・規約違反)",
            "The operator's page (what was said by telephone, violations)",
        ),
    };
    html! {
        @if let Some((name, token)) = story.page(side) {
            p { a href={ "/my/" (token) } { (what) } " " span.quiet { (name) } }
        }
    }
}

/// Where the customer's own page is, as the newest mail that leads there says.
fn own_page<'a>(mut mails: impl Iterator<Item = &'a Mail>) -> Option<String> {
    let token = mails.find_map(|mail| mail.text.split("/my/").nth(1)?.split_whitespace().next())?;
    Some(format!("/my/{token}"))
}

/// The steps so far, and where it stands.
fn trail(sheet: &Sheet, story: &Story) -> Markup {
    let names = nodes(story);
    let (last, before) = names.split_last().map_or((None, &[][..]), |(last, before)| (Some(last), before));
    html! {
        ol.trail aria-label=(sheet.of("これまでの工程", "Steps so far")) {
            @for name in before { li { (story.node(name, sheet.lang)) } }
            @if let Some(last) = last {
                @if story.is_open() { li.here { (story.node(last, sheet.lang)) } } @else {
                    li { (story.node(last, sheet.lang)) }
                    li.here { (sheet.of("終了", "Closed")) ": " (story.stands(sheet.lang)) }
                }
            }
        }
    }
}

fn next(sheet: &Sheet, story: &Story) -> Markup {
    let todos = story.todos(&sheet.reader());
    let upcoming = story.next(&sheet.reader());
    html! {
        section.next {
            h2 { (sheet.of("次にすること", "What to do next")) }
            @if todos.is_empty() {
                p { (match (story.is_open(), sheet.lang) {
                    (true, Lang::Ja) => "いまは誰の回答も必要ありません。時計を進めてください。",
                    (true, Lang::En) => "Nobody needs to answer now: move the clock.",
                    (false, Lang::Ja) => "この案件は終了しました。",
                    (false, Lang::En) => "This case is closed.",
                }) }
            }
            ul.todo.large { @for todo in &todos { (turn(sheet, todo, true)) } }
            div.buttons {
                @if let Some((at, what)) = upcoming {
                    (go_to(at, sheet.of("次の予定へ進める", "To the next event")))
                    span.quiet { (sheet.when(at)) " " (what) }
                }
                (next_day(sheet))
            }
        }
    }
}

/// Mails as they were read: the newest unfolded.
fn letters<'a>(sheet: &Sheet, list: impl Iterator<Item = &'a Mail>) -> Markup {
    let list: Vec<&Mail> = list.collect();
    html! {
        @if list.is_empty() { p.empty { (sheet.of("まだありません。", "None yet.")) } }
        @for (n, mail) in list.iter().enumerate() {
            details.letter open[n == 0] {
                summary { span.quiet { (sheet.when(mail.sent_at)) } " " (mail.subject) }
                p.quiet { (sheet.of("宛先", "To")) " " (mail.to) " ・ " a href={ "/_local/mail/" (mail.id) } { (sheet.of("メールを開く", "open the mail")) } }
                pre { (linked(mail.text.trim_end())) }
            }
        }
    }
}

fn history(sheet: &Sheet, story: &Story) -> Markup {
    let lines = lines(story, sheet.lang);
    html! {
        ul.history {
            @for line in lines.iter().rev().take(LINES) {
                li { @if let Some(at) = line.at { span.quiet { (sheet.when(at)) " " (line.actor) } br; } (line.text) }
            }
        }
    }
}
