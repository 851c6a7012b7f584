//! What changes is shown, all of it: nothing of a playbook can be another without a line that says so.

use banto_domain::Playbook;
use banto_domain::rules::compare::{Kind, Section, Sign, compare};
use serde_json::Value;

use super::pure;

fn ready_made() -> Playbook {
    pure::yamada(|_| {}).playbook
}

/// What changes, a line each: `section: what [kind]: -old +new`.
fn said(before: &Playbook, after: &Playbook, language: &str) -> Vec<String> {
    let lines = |section: &Section| {
        let line = |change: &banto_domain::rules::compare::Change| {
            let kind = match change.kind {
                Kind::Changed => "",
                Kind::Added => " [new]",
                Kind::Removed => " [removed]",
            };
            let signed = change.lines.iter().map(|line| match line.sign {
                Sign::Same => format!(" {}", line.text),
                Sign::Old => format!("-{}", line.text),
                Sign::New => format!("+{}", line.text),
            });
            format!("{}: {}{kind}: {}", section.title, change.what, signed.collect::<Vec<_>>().join(" | "))
        };
        section.changes.iter().map(line).collect::<Vec<_>>()
    };
    compare(before, after, language).iter().flat_map(lines).collect()
}

#[test]
fn a_coach_reads_what_changes_in_words() {
    let before = ready_made();
    let mut after = before.clone();
    let menu = after.menus.get_mut("single").expect("a menu");
    (menu.price, menu.valid) = (22_000, Some("P90D".parse().expect("a span")));
    after.people.operators.remove(1);
    after.approvals.get_mut("mail").expect("an approval").undo = Some("PT10M".parse().expect("a span"));
    let flow = after.flows.get_mut("inquiry").expect("a flow");
    let next = &mut flow.nodes.get_mut("classify").expect("a node").next;
    *next.get_mut("unsure").expect("an outcome") = "end:given-up".to_owned();
    let template = after.templates.get_mut("acknowledge").expect("a template");
    template.body.ja = template.body.ja.replacen("次のとおり受け付けいたしました", "次の内容で承りました", 1);
    let said = said(&before, &after, "ja").join("\n");
    for wanted in [
        "メニュー・料金: 単発セッション(60分)(single) › 料金: -16500 | +22000",
        "有効期間 [new]: +90日 (P90D)",
        "担当者: 事務局 › 青木 恵子(aoki) [removed]: -",
        "承認: メールの送信(mail) › 取り消せる時間 [new]: +10分 (PT10M)",
        "次の工程 › unsure: -",
        "+end:given-up",
        "本文 › 日本語:",
        "次の内容で承りました",
    ] {
        assert!(said.contains(wanted), "{wanted}\n\n{said}");
    }
    assert!(!said.contains("件名"), "what stays isn't told: {said}");
}

#[test]
fn lists_tell_what_came_went_and_moved() {
    let before = ready_made();
    let mut after = before.clone();
    after.people.coaches.swap(0, 1);
    let policy = after.policies.values_mut().find(|policy| policy.rules.len() > 1).expect("a policy with rules");
    policy.rules.remove(0);
    after.classification.emergency.push("新しい言葉".to_owned());
    let said = said(&before, &after, "en").join("\n");
    assert!(said.contains("People: coaches › order: -yamada, mori | +mori, yamada"), "{said}");
    assert!(said.contains("no. 1 [removed]"), "{said}");
    assert!(said.contains("+新しい言葉"), "{said}");
}

/// All leaves of a value, by pointer.
fn leaves(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                leaves(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for (n, value) in list.iter().enumerate() {
                leaves(value, &format!("{at}/{n}"), all);
            }
        }
        _ => all.push(at.to_owned()),
    }
}

#[test]
fn nothing_changes_that_is_not_shown() {
    let before = ready_made();
    assert_eq!(compare(&before, &before, "ja"), []);
    let whole = serde_json::to_value(&before).expect("JSON");
    let mut all = Vec::new();
    leaves(&whole, "", &mut all);
    let (mut tried, mut every) = (0, 0);
    for at in all.iter().filter(|at| *at != "/version") {
        every += 1;
        // A part of them is enough, another with each change of the playbook.
        if every % 17 != 0 {
            continue;
        }
        let mut changed = whole.clone();
        let leaf = changed.pointer_mut(at).expect("a leaf");
        *leaf = match leaf.clone() {
            Value::String(text) => Value::String(format!("{text} ")),
            Value::Number(number) => Value::from(number.as_i64().unwrap_or_default() + 1),
            Value::Bool(is) => Value::Bool(!is),
            other => other,
        };
        // What names one of few can't be anything.
        let Ok(after) = serde_json::from_value::<Playbook>(changed) else { continue };
        if serde_json::to_value(&after).expect("JSON") == whole {
            continue;
        }
        tried += 1;
        for language in ["ja", "en"] {
            let sections = compare(&before, &after, language);
            let lines: usize = sections.iter().flat_map(|s| &s.changes).map(|change| change.lines.len()).sum();
            assert!(lines > 0, "{at} changes and nothing is shown: {sections:?}");
        }
    }
    assert!(tried > 50, "{tried} of {every}");
}
