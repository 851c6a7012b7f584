//! Cases as an office reads them: the list, and one with what is known, what is under way, and everything that happened.

use banto_desk::{Story, history_table, tracks_list, work_table};
use maud::{Markup, html};
use serde_json::Value;

use super::{Sheet, frame};

pub(crate) fn list(sheet: &Sheet, stories: &[Story]) -> Markup {
    let body = html! {
        h1 { (sheet.of("案件", "Cases")) }
        @if stories.is_empty() {
            p.empty { (sheet.of("まだありません。", "None yet.")) }
        } @else {
            (work_table(stories, &sheet.reader(), |story| format!("/_local/cases/{}", story.id())))
        }
    };
    frame(sheet, sheet.of("案件", "Cases"), &body)
}

pub(crate) fn one(sheet: &Sheet, story: &Story) -> Markup {
    let shown = &story.shown;
    let version = shown["playbook_version"].as_u64().unwrap_or_default();
    let email = shown["customer"]["email"].as_str().unwrap_or_default();
    let body = html! {
        h1 { (sheet.of("案件", "Case")) " " (story.id()) }
        p { a href={ "/?case=" (story.id()) } { (sheet.of("この案件を練習する", "Play this case")) " →" } }
        dl {
            dt { (sheet.of("ご契約先", "Client")) } dd { (story.practice(sheet.lang)) }
            dt { (sheet.of("受講者", "Customer")) } dd { (story.name()) @if !email.is_empty() { " <" (email) ">" } }
            dt { (sheet.of("業務フロー", "Flow")) } dd { (story.flow(sheet.lang)) " " span.quiet { (sheet.of("運用ルール", "playbook, version")) " " (sheet.of("第", "")) (version) (sheet.of("版", "")) } }
            dt { (sheet.of("工程", "Step")) } dd { (story.stands(sheet.lang)) }
            dt { (sheet.of("状態", "Status")) } dd { (story.status(sheet.lang)) }
            dt { (sheet.of("次回確認予定", "Due")) } dd { (story.due(&sheet.reader())) @if let Some((_, what)) = story.next(&sheet.reader()) { " " span.quiet { (what) } } }
        }
        h2 { (sheet.of("分かっていること", "What is known")) }
        dl { @for (label, value) in story.facts(sheet.lang) { dt { (label) } dd { (value) } } }
        h2 { (sheet.of("進行中のもの", "Under way")) }
        (tracks_list(story, &sheet.reader()))
        h2 { (sheet.of("対応履歴", "History")) }
        (history_table(story, &sheet.reader()))
        details {
            summary.more { (sheet.of("監査ログ(記録の原文)", "The audit log, as it was written")) }
            (records(&shown["journal"]))
        }
    };
    frame(sheet, &format!("{} {}", sheet.of("案件", "Case"), story.id()), &body)
}

/// Every entry as the journal has it.
fn records(journal: &Value) -> Markup {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    html! {
        @for entry in journal.as_array().into_iter().flatten() {
            p.record {
                code { (text(&entry["seq"])) " " (text(&entry["at"])) " " strong { (text(&entry["type"])) } " " (text(&entry["actor"])) " " (text(&entry["function"])) " " (entry["detail"].to_string()) }
            }
        }
    }
}
