//! Who decides what (RACI), and where each outcome leads (分岐表), as tables for people: Markdown or HTML. Made of the
//! playbook, never written by hand.

use banto_domain::Playbook;
use banto_domain::playbook::{Question, To, UNREADABLE};
use jiff::fmt::friendly::{Designator, SpanPrinter};

use super::{addressed, came, done, in_order};

/// A table with its heading.
struct Table {
    title: String,
    heads: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// Both kinds of table as Markdown.
#[must_use]
pub fn markdown(playbook: &Playbook, language: &str) -> String {
    let cell = |text: &String| text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ").replace('<', "&lt;");
    let mut text = format!("# {}\n", playbook.name.get(language));
    for Table { title, heads, rows } in tables(playbook, language) {
        text += &format!("\n## {title}\n\n| {} |\n|{}\n", heads.join(" | "), "---|".repeat(heads.len()));
        for row in rows {
            text += &format!("| {} |\n", row.iter().map(cell).collect::<Vec<_>>().join(" | "));
        }
    }
    text
}

/// Both kinds of table as a page of HTML.
#[must_use]
pub fn html(playbook: &Playbook, language: &str) -> String {
    let cell = |text: &str| super::quoted(text);
    let name = cell(playbook.name.get(language));
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{name}</title>\n<style>body{{font:16px/1.7 sans-serif;margin:1.5rem}}\
         table{{border-collapse:collapse;margin:0 0 2rem}}th,td{{border:1px solid #bbb;padding:.3rem .6rem;text-align:left;\
         vertical-align:top}}th{{background:#f0ede6}}</style></head><body>\n<h1>{name}</h1>\n"
    );
    for Table { title, heads, rows } in tables(playbook, language) {
        let heads: String = heads.iter().map(|head| format!("<th>{}</th>", cell(head))).collect();
        text += &format!("<h2>{}</h2>\n<table><thead><tr>{heads}</tr></thead><tbody>\n", cell(&title));
        for row in rows {
            let cells: String = row.iter().map(|text| format!("<td>{}</td>", cell(text))).collect();
            text += &format!("<tr>{cells}</tr>\n");
        }
        text += "</tbody></table>\n";
    }
    text + "</body></html>\n"
}

fn tables(playbook: &Playbook, language: &str) -> Vec<Table> {
    let mut tables = vec![approvals(playbook, language), questions(playbook, language)];
    tables.extend(branches(playbook, language));
    tables
}

fn pick<'a>(language: &str, ja: &'a str, en: &'a str) -> &'a str {
    if language == "en" { en } else { ja }
}

/// People, without the arrow that pictures have.
fn who(playbook: &Playbook, to: &To, language: &str) -> String {
    let said = addressed(playbook, to, language);
    let said = said.strip_suffix('へ').or_else(|| said.strip_prefix("To ")).unwrap_or(&said);
    said.to_owned()
}

fn all<'a>(playbook: &Playbook, to: impl IntoIterator<Item = &'a To>, language: &str) -> String {
    let names: Vec<String> = to.into_iter().map(|to| who(playbook, to, language)).collect();
    if names.is_empty() { "–".to_owned() } else { names.join(pick(language, "、", ", ")) }
}

/// How long somebody has.
fn within(question: &Question, language: &str) -> String {
    let span = SpanPrinter::new().designator(Designator::Compact).span_to_string(&question.deadline);
    let then = question.then.len();
    match (language, then) {
        (_, 0) => span,
        ("en", n) => format!("{span}, then the next ({n})"),
        (_, n) => format!("{span}、その後は次の担当へ({n}回)"),
    }
}

/// 承認: who may want it (R), who must agree (A), who is told (I), and how long each has.
fn approvals(playbook: &Playbook, language: &str) -> Table {
    let row = |(name, approval): (&String, &banto_domain::playbook::Approval)| {
        let steps = approval.approves.iter().map(|step| {
            let by = who(playbook, &step.by, language);
            step.when.as_ref().map_or(by.clone(), |when| format!("{by} ({when})"))
        });
        let question = playbook.questions.get(&approval.question);
        vec![
            format!("{} ({name})", approval.label.get(language)),
            all(playbook, &approval.prepares, language),
            steps.collect::<Vec<_>>().join(" → "),
            all(playbook, &approval.tells, language),
            question.map_or_else(String::new, |question| within(question, language)),
        ]
    };
    Table {
        title: pick(language, "承認と権限(RACI)", "Who decides (RACI)").to_owned(),
        heads: match language {
            "en" => vec!["Decision", "May want it (R)", "Must agree (A)", "Are told (I)", "Within"],
            _ => vec!["判断", "申請できる人(R)", "承認する人(A)", "報告を受ける人(I)", "期限"],
        },
        rows: playbook.approvals.iter().map(row).collect(),
    }
}

/// What the practice's own people are asked, and how long they have.
fn questions(playbook: &Playbook, language: &str) -> Table {
    let inside = playbook.questions.iter().filter(|(_, question)| !question.to.is_outside());
    let row = |(name, question): (&String, &Question)| {
        vec![
            format!("{} ({name})", question.title.get(language)),
            all(playbook, [&question.to], language),
            all(playbook, &question.with, language),
            all(playbook, &question.then, language),
            within(question, language),
        ]
    };
    Table {
        title: pick(language, "社内への確認依頼", "What is asked of the practice's people").to_owned(),
        heads: match language {
            "en" => vec!["Question", "Who", "Together with", "Then", "Within"],
            _ => vec!["内容", "担当", "同時に確認する人", "回答がない場合", "期限"],
        },
        rows: inside.map(row).collect(),
    }
}

/// 分岐表: of each flow what is done, what may come of it, and where that leads.
fn branches(playbook: &Playbook, language: &str) -> Vec<Table> {
    let flows = playbook.flows.iter().filter(|(name, _)| *name != UNREADABLE);
    flows
        .map(|(_, flow)| {
            let mut rows = Vec::new();
            for (name, node) in in_order(playbook, flow) {
                for (n, (outcome, to)) in node.next.iter().enumerate() {
                    let what =
                        if n == 0 { format!("{} ({name})", done(playbook, node, language)) } else { String::new() };
                    rows.push(vec![what, came(playbook, node, outcome, language), to.clone()]);
                }
            }
            Table {
                title: format!("{} {}", pick(language, "分岐表:", "Branches:"), flow.label.get(language)),
                heads: match language {
                    "en" => vec!["Step", "What comes of it", "Leads to"],
                    _ => vec!["工程", "結果", "次の工程"],
                },
                rows,
            }
        })
        .collect()
}
