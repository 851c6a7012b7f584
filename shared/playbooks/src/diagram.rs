//! A flow as a picture: what is done at each node, in the words of those who read it, and where each outcome leads. As
//! Mermaid text or as SVG.

mod layout;
mod svg;

use std::collections::BTreeMap;

use banto_domain::Playbook;
use banto_domain::classify::{EMERGENCY, UNSURE};
use banto_domain::playbook::{EXPIRED, Flow, Node, Role, Target};

pub use svg::svg;

/// A box of the picture.
struct Shape {
    /// The node's name, or how the case ends.
    name: String,
    kind: Kind,
    /// What it says.
    label: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Banto does it by itself.
    Step,
    /// A person is asked.
    Ask,
    /// The case ends.
    End,
}

struct Edge {
    from: usize,
    to: usize,
    label: String,
}

/// A flow, ready to be drawn.
struct Graph {
    title: String,
    start: usize,
    shapes: Vec<Shape>,
    edges: Vec<Edge>,
}

/// A flow of a checked playbook as Mermaid text; `None` when there is no such flow.
#[must_use]
pub fn mermaid(playbook: &Playbook, flow: &str, language: &str) -> Option<String> {
    let graph = graph(playbook, flow, language)?;
    let ids: Vec<String> = graph.shapes.iter().enumerate().map(|(n, shape)| id(n, shape)).collect();
    let mut text = String::from("flowchart TD\n");
    for (id, shape) in ids.iter().zip(&graph.shapes) {
        let label = quoted(&shape.label);
        text += &match shape.kind {
            Kind::Step => format!("  {id}[\"{label}<br>{}\"]\n", quoted(&shape.name)),
            Kind::Ask => format!("  {id}[/\"{label}<br>{}\"/]\n", quoted(&shape.name)),
            Kind::End => format!("  {id}([\"{label}\"])\n"),
        };
    }
    for edge in &graph.edges {
        let label = if edge.label.is_empty() { String::new() } else { format!("|\"{}\"|", quoted(&edge.label)) };
        text += &format!("  {} -->{label} {}\n", ids[edge.from], ids[edge.to]);
    }
    Some(text)
}

/// An id that means nothing else in Mermaid, where even `end-x` is the word `end`.
fn id(n: usize, shape: &Shape) -> String {
    let plain =
        shape.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) && !shape.name.contains("--");
    let name = if plain { shape.name.clone() } else { n.to_string() };
    if shape.kind == Kind::End { format!("done-{name}") } else { format!("node-{name}") }
}

fn quoted(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>")
}

fn graph(playbook: &Playbook, name: &str, language: &str) -> Option<Graph> {
    let flow = playbook.flows.get(name)?;
    let mut graph = Graph { title: title(playbook, flow, language), start: 0, shapes: Vec::new(), edges: Vec::new() };
    let mut places = BTreeMap::new();
    for (name, node) in in_order(flow) {
        places.insert(name, graph.shapes.len());
        let kind = if node.question.is_some() { Kind::Ask } else { Kind::Step };
        graph.shapes.push(Shape { name: name.to_owned(), kind, label: done(playbook, node, language) });
    }
    for (name, node) in in_order(flow) {
        for (outcome, to) in &node.next {
            let to = match Target::of(to) {
                Target::Node(next) => *places.get(next)?,
                Target::End(end) => *places.entry(to).or_insert_with(|| graph.end(end, language)),
            };
            graph.connect(places[name], to, &came(playbook, node, outcome, language));
        }
    }
    Some(graph)
}

impl Graph {
    fn end(&mut self, end: &str, language: &str) -> usize {
        let label = if language == "en" { end.to_owned() } else { format!("終了({end})") };
        self.shapes.push(Shape { name: end.to_owned(), kind: Kind::End, label });
        self.shapes.len() - 1
    }

    /// Outcomes that lead from one box to the same other are one arrow.
    fn connect(&mut self, from: usize, to: usize, label: &str) {
        match self.edges.iter_mut().find(|edge| (edge.from, edge.to) == (from, to)) {
            Some(edge) => edge.label = format!("{} / {label}", edge.label),
            None => self.edges.push(Edge { from, to, label: label.to_owned() }),
        }
    }
}

fn title(playbook: &Playbook, flow: &Flow, language: &str) -> String {
    format!("{} {}", playbook.name.get(language), flow.label.get(language))
}

/// Nodes as the token may come to them.
fn in_order(flow: &Flow) -> Vec<(&str, &Node)> {
    let (mut order, mut n): (Vec<(&str, &Node)>, usize) = (Vec::new(), 0);
    let add = |order: &mut Vec<_>, name: &str| {
        let known = order.iter().any(|(known, _): &(&str, &Node)| *known == name);
        order.extend(flow.nodes.get_key_value(name).filter(|_| !known).map(|(name, node)| (name.as_str(), node)));
    };
    add(&mut order, &flow.start);
    while let Some((_, node)) = order.get(n).copied() {
        node.next.values().for_each(|to| add(&mut order, to));
        n += 1;
    }
    order
}

/// What is done at a node.
fn done(playbook: &Playbook, node: &Node, language: &str) -> String {
    let pick = |ja: &str, en: &str| if language == "en" { en.to_owned() } else { ja.to_owned() };
    let to = |role: Role, what: &str| match (role, language) {
        (Role::Customer, "en") => format!("To the customer\n{what}"),
        (Role::Coach, "en") => format!("To the coach\n{what}"),
        (Role::Operator, "en") => format!("To the operator\n{what}"),
        (Role::Customer, _) => format!("お客様へ\n{what}"),
        (Role::Coach, _) => format!("コーチへ\n{what}"),
        (Role::Operator, _) => format!("担当者へ\n{what}"),
    };
    let question = node.question.as_ref().and_then(|q| playbook.questions.get(q));
    let template = node.template.as_ref().and_then(|t| playbook.templates.get(t));
    match (node.action.as_str(), question, template) {
        ("classify-inquiry", ..) => pick("受付・分類", "Sort the inquiry"),
        ("request-missing-info", ..) => pick("不足情報回収", "Ask for what is missing"),
        (_, Some(question), _) => to(question.to, question.title.get(language)),
        (_, _, Some(template)) => to(node.to.unwrap_or(Role::Customer), &gist(template.subject.get(language))),
        (action, ..) => action.to_owned(),
    }
}

/// A subject without what stands in brackets around it: the practice, the number.
fn gist(subject: &str) -> String {
    let mut gist = subject.trim();
    for (open, close) in [('【', '】'), ('[', ']')] {
        gist = gist.strip_prefix(open).and_then(|rest| rest.split_once(close)).map_or(gist, |(_, rest)| rest.trim());
    }
    for (open, close) in [('(', ')'), ('(', ')')] {
        gist = gist.strip_suffix(close).and_then(|rest| rest.rsplit_once(open)).map_or(gist, |(rest, _)| rest.trim());
    }
    gist.to_owned()
}

/// What came of a node.
fn came(playbook: &Playbook, node: &Node, outcome: &str, language: &str) -> String {
    let named = match (node.action.as_str(), outcome, language) {
        ("notify", ..) => Some(""),
        (_, EXPIRED, "en") => Some("no answer"),
        (_, EXPIRED, _) => Some("回答なし"),
        ("classify-inquiry", UNSURE, "en") => Some("not sure"),
        ("classify-inquiry", UNSURE, _) => Some("判断できない"),
        ("classify-inquiry", EMERGENCY, "en") => Some("emergency"),
        ("classify-inquiry", EMERGENCY, _) => Some("緊急"),
        ("request-missing-info", _, "en") => Some("complete"),
        ("request-missing-info", ..) => Some("情報がそろった"),
        _ => None,
    };
    let categories = playbook.classification.categories.values().filter(|c| c.outcome == outcome);
    let categories: Vec<&str> = categories.map(|c| c.label.get(language)).collect();
    if let Some(named) = named {
        named.to_owned()
    } else if node.action == "classify-inquiry" && !categories.is_empty() {
        categories.join(if language == "en" { ", " } else { "、" })
    } else {
        let question = node.question.as_ref().and_then(|q| playbook.questions.get(q));
        let answer = question.and_then(|q| q.answers.iter().find(|a| a.name == outcome));
        answer.map_or(outcome, |a| a.label.get(language)).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_in_the_words_of_those_who_read_it() {
        let playbook = crate::ready_made().expect("no problems").remove(0).playbook;
        let ja = mermaid(&playbook, "inquiry", "ja").expect("a flow");
        assert!(ja.starts_with("flowchart TD\n  node-classify[\"受付・分類<br>classify\"]\n"), "{ja}");
        for line in [
            "  node-confirm[\"お客様へ<br>ご回答ありがとうございます<br>confirm\"]",
            "  done-gave-up([\"終了(gave-up)\"])",
            "  node-classify -->|\"対象外のご相談、営業のご連絡\"| node-decline",
            "  node-triage -->|\"回答なし\"| node-triage",
            "  node-confirm --> done-complete",
        ] {
            assert!(ja.lines().any(|l| l == line), "{line}\n{ja}");
        }
        let en = mermaid(&playbook, "inquiry", "en").expect("a flow");
        assert!(en.contains("  node-triage -->|\"Decline politely\"| node-decline\n"), "{en}");
        assert!(mermaid(&playbook, "nothing", "ja").is_none() && svg(&playbook, "nothing", "ja").is_none());
    }

    #[test]
    fn what_means_something_in_a_picture_is_text_there() {
        let mut playbook = crate::ready_made().expect("no problems").remove(0).playbook;
        if let Some(question) = playbook.questions.get_mut("triage") {
            question.title.ja = "<b>\"山\" & [川]".to_owned();
        }
        let picture = svg(&playbook, "inquiry", "ja").expect("a flow");
        assert!(picture.contains("&lt;b&gt;&quot;山&quot; &amp; [川]") && !picture.contains("<b>"), "{picture}");
        assert!(
            mermaid(&playbook, "inquiry", "ja")
                .expect("a flow")
                .contains("[/\"担当者へ<br>&lt;b&gt;&quot;山&quot; &amp; [川]<br>")
        );
    }
}
