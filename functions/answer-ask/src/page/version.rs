//! What a version of the playbook changes, against the one that is live: all of it, section by section.

use banto_aws::page::words;
use banto_domain::rules::compare::{Change, Kind, Line, Sign};
use maud::{Markup, html};

use crate::proposal::Version;

pub(super) fn changes(version: &Version, language: &str) -> Markup {
    let either = |ja, en| words(language, ja, en);
    let Version { number, against, hash, replaced, changes } = version;
    html! {
        section aria-label=(either("運用ルールの変更点", "What changes in the playbook")) {
            h2 { (title(*number, *against, language)) }
            @if *replaced {
                p.bad { (either(
                    "比較した版がすでに差し替えられているため、承認できません。もう一度提案してもらってください。",
                    "The version it is compared with was replaced, so it can't be approved: propose it again.",
                )) }
            }
            @for section in changes {
                h3 { (section.title) }
                dl { @for change in &section.changes { dt { (change.what) (kind(change.kind, language)) } dd { (lines(change)) } } }
            }
            p { small {
                (either(
                    "色の付いた部分が新しい内容、取り消し線の部分がなくなる内容です。ここにないことは変わりません。",
                    "Marked is what will be there, struck what will be there no more. What isn't here doesn't change.",
                ))
                br; (either("この版の照合番号 ", "Mark of this version ")) (hash.get(..12).unwrap_or(hash))
            } }
        }
    }
}

fn title(number: u32, against: u32, language: &str) -> String {
    match language {
        "en" => format!("Version {number}: what changes against version {against}, which is live"),
        _ => format!("第{number}版の変更点(現在の第{against}版との比較)"),
    }
}

fn kind(kind: Kind, language: &str) -> Markup {
    let said = match kind {
        Kind::Changed => return html! {},
        Kind::Added => words(language, "追加", "new"),
        Kind::Removed => words(language, "削除", "removed"),
    };
    html! { " 【" (said) "】" }
}

fn lines(change: &Change) -> Markup {
    let said = |line: &Line| match line.sign {
        Sign::Same => html! { (line.text) },
        Sign::Old => html! { del { (line.text) } },
        Sign::New => html! { mark { (line.text) } },
    };
    match &change.lines[..] {
        [only] => said(only),
        [old, new] if old.sign == Sign::Old && new.sign == Sign::New && is_short(old) && is_short(new) => {
            html! { (said(old)) " → " (said(new)) }
        }
        all => html! { pre { @for line in all { (said(line)) "\n" } } },
    }
}

/// Whether it has room beside another one.
fn is_short(line: &Line) -> bool {
    line.text.chars().count() <= 40
}
