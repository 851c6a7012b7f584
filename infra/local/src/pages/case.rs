//! Cases as tables: what is known, what is under way, and everything that happened.

use jiff::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

use super::{both, frame, when};

pub(crate) fn list(cases: &[Value], now: Timestamp) -> Markup {
    let body = html! {
        h1 { (both("案件", "Cases")) }
        @if cases.is_empty() {
            p.empty { (both("まだありません。", "None yet.")) }
        } @else {
            table.stack {
                thead { tr {
                    th { (both("受付番号", "Case")) } th { (both("ご契約先", "Client")) } th { (both("受講者", "Customer")) }
                    th { (both("工程", "Node")) } th { (both("状態", "Status")) } th { (both("次回確認予定", "Due")) }
                } }
                tbody {
                    @for case in cases {
                        tr {
                            td { a href={ "/_local/cases/" (text(&case["id"])) } { (text(&case["id"])) } }
                            td data-name="ご契約先" { (text(&case["client"])) }
                            td data-name="受講者" { (customer(case)) }
                            td data-name="工程" { (text(&case["node"])) }
                            td data-name="状態" { (status(case)) }
                            td.when data-name="次回確認予定" { (instant(&case["due_at"])) }
                        }
                    }
                }
            }
        }
    };
    frame("案件", now, &body)
}

pub(crate) fn one(case: &Value, now: Timestamp) -> Markup {
    let id = text(&case["id"]);
    let tracks = case["tracks"].as_array().map(Vec::as_slice).unwrap_or_default();
    let journal = case["journal"].as_array().map(Vec::as_slice).unwrap_or_default();
    let body = html! {
        h1 { (both("案件", "Case")) " " (id) }
        dl {
            dt { (both("ご契約先", "Client")) } dd { (text(&case["client"])) }
            dt { (both("受講者", "Customer")) } dd { (customer(case)) }
            dt { (both("業務フロー", "Flow")) } dd { (text(&case["flow"])) " " span.en { "第" (text(&case["playbook_version"])) "版" } }
            dt { (both("工程", "Node")) } dd { (text(&case["node"])) }
            dt { (both("状態", "Status")) } dd { (status(case)) }
            dt { (both("次回確認予定", "Due")) } dd { (instant(&case["due_at"])) }
        }
        h2 { (both("分かっていること", "Facts")) }
        (pairs(&case["facts"]))
        h2 { (both("進行中のもの", "Tracks")) }
        @if tracks.is_empty() { p { (both("ありません", "none")) } }
        @for track in tracks { div.card { (pairs(track)) } }
        h2 { (both("対応履歴", "Journal")) }
        table.stack {
            thead { tr { th { "#" } th { (both("日時", "At")) } th { (both("できごと", "Entry")) } th { (both("行った人", "Actor")) } th { (both("内容", "Detail")) } } }
            tbody {
                @for entry in journal {
                    tr {
                        td data-name="#" { (text(&entry["seq"])) }
                        td.when { (instant(&entry["at"])) }
                        td { (text(&entry["type"])) }
                        td data-name="行った人" { (text(&entry["actor"])) br; span.en { (text(&entry["function"])) } }
                        td { (pairs(&entry["detail"])) }
                    }
                }
            }
        }
    };
    frame(&format!("案件 {id}"), now, &body)
}

/// Name and address, as far as they are known.
fn customer(case: &Value) -> String {
    match (text(&case["customer"]["name"]), text(&case["customer"]["email"])) {
        (name, address) if address.is_empty() => name,
        (name, address) => format!("{name} <{address}>"),
    }
}

fn status(case: &Value) -> String {
    match (text(&case["status"]), text(&case["outcome"])) {
        (status, outcome) if outcome.is_empty() => status,
        (status, outcome) => format!("{status}({outcome})"),
    }
}

/// An object as a list of names and values, anything else as text.
fn pairs(value: &Value) -> Markup {
    match value {
        Value::Object(map) if map.is_empty() => html! { "–" },
        Value::Object(map) => html! {
            dl { @for (name, value) in map { @if !value.is_null() { dt { (name) } dd { (text(value)) } } } }
        },
        other => html! { (text(other)) },
    }
}

/// A value in one line.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.iter().all(|v| !v.is_object()) => {
            list.iter().map(text).collect::<Vec<_>>().join("、")
        }
        other => other.to_string(),
    }
}

fn instant(value: &Value) -> String {
    let Some(text) = value.as_str() else { return "–".to_owned() };
    text.parse::<Timestamp>().map_or_else(|_| text.to_owned(), when)
}
