//! Cases as an office reads them: the list, and one with what is known, what is under way, and everything that happened.

use jiff::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

use super::story::Story;
use super::{Sheet, frame, journal, tracks};

pub(crate) fn list(sheet: &Sheet, stories: &[Story]) -> Markup {
    let heads = [
        sheet.of("受付番号", "Reference number"),
        sheet.of("ご契約先", "Client"),
        sheet.of("受講者", "Customer"),
        sheet.of("工程", "Step"),
        sheet.of("状態", "Status"),
        sheet.of("次回確認予定", "Due"),
    ];
    let body = html! {
        h1 { (sheet.of("案件", "Cases")) }
        @if stories.is_empty() {
            p.empty { (sheet.of("まだありません。", "None yet.")) }
        } @else {
            table.stack {
                thead { tr { @for head in heads { th { (head) } } } }
                tbody {
                    @for story in stories {
                        tr {
                            td { a href={ "/_local/cases/" (story.id()) } { (story.id()) } }
                            td data-name=(heads[1]) { (story.practice(sheet.lang)) }
                            td data-name=(heads[2]) { (story.name()) }
                            td data-name=(heads[3]) { (story.stands(sheet.lang)) }
                            td data-name=(heads[4]) { (story.status(sheet.lang)) }
                            td.when data-name=(heads[5]) { (due(sheet, story)) }
                        }
                    }
                }
            }
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
            dt { (sheet.of("次回確認予定", "Due")) } dd { (due(sheet, story)) @if let Some((_, what)) = story.next(sheet) { " " span.quiet { (what) } } }
        }
        h2 { (sheet.of("分かっていること", "What is known")) }
        dl { @for (label, value) in story.facts(sheet.lang) { dt { (label) } dd { (value) } } }
        h2 { (sheet.of("進行中のもの", "Under way")) }
        (tracks::list(story, sheet))
        h2 { (sheet.of("対応履歴", "History")) }
        (history(sheet, story))
        details {
            summary.more { (sheet.of("監査ログ(記録の原文)", "The audit log, as it was written")) }
            (records(&shown["journal"]))
        }
    };
    frame(sheet, &format!("{} {}", sheet.of("案件", "Case"), story.id()), &body)
}

fn due(sheet: &Sheet, story: &Story) -> String {
    let at = story.shown["due_at"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    at.map_or_else(|| "–".to_owned(), |at| sheet.when(at))
}

fn history(sheet: &Sheet, story: &Story) -> Markup {
    html! {
        table.stack.history {
            thead { tr { th { (sheet.of("日時", "When")) } th { (sheet.of("行った人", "Who")) } th { (sheet.of("できごと", "What happened")) } } }
            tbody {
                @for line in journal::lines(story, sheet.lang) {
                    tr {
                        td.when { (line.at.map(|at| sheet.when(at)).unwrap_or_default()) }
                        td.when { (line.actor) }
                        td { (line.text) }
                    }
                }
            }
        }
    }
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
