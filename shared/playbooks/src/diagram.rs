//! A flow as a picture: what is done at each node, in the words of those who read it, and where each outcome leads. As
//! Mermaid text or as SVG.

mod layout;
mod svg;
pub mod table;

use std::collections::BTreeMap;

use banto_domain::Playbook;
use banto_domain::playbook::{Band, Flow, Node, Policy, Target, To};
use banto_domain::steps::{self, Answers, EXPIRED};

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
    /// A policy decides.
    Policy,
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
            Kind::Policy => format!("  {id}{{{{\"{label}<br>{}\"}}}}\n", quoted(&shape.name)),
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
    let kind = match shape.kind {
        Kind::Step | Kind::Ask => "node",
        Kind::Policy => "policy",
        Kind::End => "done",
    };
    format!("{kind}-{name}")
}

fn quoted(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>")
}

fn graph(playbook: &Playbook, name: &str, language: &str) -> Option<Graph> {
    let flow = playbook.flows.get(name)?;
    let mut graph = Graph { title: title(playbook, flow, language), start: 0, shapes: Vec::new(), edges: Vec::new() };
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, node) in in_order(playbook, flow) {
        places.insert(name, graph.shapes.len());
        let kind = if node.question.is_some() || node.approval.is_some() { Kind::Ask } else { Kind::Step };
        graph.shapes.push(Shape { name: name.to_owned(), kind, label: done(playbook, node, language) });
    }
    let mut places = Places { playbook, language, places };
    for (name, node) in in_order(playbook, flow) {
        for (outcome, to) in &node.next {
            let (from, to) = (places.of(name, &mut graph)?, places.of(to, &mut graph)?);
            graph.connect(from, to, &came(playbook, node, outcome, language));
        }
    }
    Some(graph)
}

/// Boxes by what leads to them: a node's name, `end:…` or `policy:…`.
struct Places<'a> {
    playbook: &'a Playbook,
    language: &'a str,
    places: BTreeMap<&'a str, usize>,
}

impl<'a> Places<'a> {
    /// The box of a target; ends and policies are drawn when something first leads to them.
    fn of(&mut self, to: &'a str, graph: &mut Graph) -> Option<usize> {
        if let Some(place) = self.places.get(to) {
            return Some(*place);
        }
        match Target::of(to) {
            Target::Node(_) => None,
            Target::Main(node) => {
                let label =
                    if self.language == "en" { format!("back to {node}") } else { format!("本流の {node} へ") };
                Some(self.add(to, graph, Shape { name: to.to_owned(), kind: Kind::End, label }))
            }
            Target::Leave(end) => {
                let label = if self.language == "en" { format!("done ({end})") } else { format!("完了({end})") };
                Some(self.add(to, graph, Shape { name: to.to_owned(), kind: Kind::End, label }))
            }
            Target::End(end) => {
                let label = if self.language == "en" { end.to_owned() } else { format!("終了({end})") };
                Some(self.add(to, graph, Shape { name: end.to_owned(), kind: Kind::End, label }))
            }
            Target::Policy(name) => {
                let policy = self.playbook.policies.get(name)?;
                let label = policy.label.get(self.language).to_owned();
                let place = self.add(to, graph, Shape { name: name.to_owned(), kind: Kind::Policy, label });
                for (when, then) in decisions(policy, self.language) {
                    let then = self.of(then, graph)?;
                    graph.connect(place, then, &when);
                }
                Some(place)
            }
        }
    }

    fn add(&mut self, to: &'a str, graph: &mut Graph, shape: Shape) -> usize {
        graph.shapes.push(shape);
        self.places.insert(to, graph.shapes.len() - 1);
        graph.shapes.len() - 1
    }
}

/// When a policy decides what: its conditions, its bands, and otherwise.
fn decisions<'a>(policy: &'a Policy, language: &str) -> Vec<(String, &'a str)> {
    let pick = |ja: &str, en: &str| if language == "en" { en.to_owned() } else { ja.to_owned() };
    let on = policy.on.as_deref().unwrap_or_default();
    let band = |band: &Band| match (band.from, band.to) {
        (Some(from), Some(to)) => format!("{from} ≤ {on} < {to}"),
        (Some(from), None) => format!("{from} ≤ {on}"),
        (None, Some(to)) => format!("{on} < {to}"),
        (None, None) => on.to_owned(),
    };
    let rules = policy.rules.iter().map(|rule| (rule.when.clone(), rule.then.as_str()));
    let bands = policy.bands.iter().map(|b| (band(b), b.then.as_str()));
    let otherwise = policy.otherwise.as_deref().map(|then| (pick("それ以外", "otherwise"), then));
    rules.chain(bands).chain(otherwise).collect()
}

impl Graph {
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
fn in_order<'a>(playbook: &'a Playbook, flow: &'a Flow) -> Vec<(&'a str, &'a Node)> {
    let (mut order, mut n): (Vec<(&str, &Node)>, usize) = (Vec::new(), 0);
    let add = |order: &mut Vec<_>, name: &str| {
        let known = order.iter().any(|(known, _): &(&str, &Node)| *known == name);
        order.extend(flow.nodes.get_key_value(name).filter(|_| !known).map(|(name, node)| (name.as_str(), node)));
    };
    add(&mut order, &flow.start);
    while let Some((_, node)) = order.get(n).copied() {
        for to in node.next.values() {
            match Target::of(to) {
                Target::Policy(name) => {
                    let policy = playbook.policies.get(name);
                    policy.into_iter().flat_map(Policy::results).for_each(|then| add(&mut order, then));
                }
                _ => add(&mut order, to),
            }
        }
        n += 1;
    }
    order
}

/// What is done at a node.
fn done(playbook: &Playbook, node: &Node, language: &str) -> String {
    let to = |to: &To, what: &str| format!("{}\n{what}", addressed(playbook, to, language));
    if let Some(label) = &node.label {
        return label.get(language).to_owned();
    }
    let question = node.question.as_ref().and_then(|q| playbook.questions.get(q));
    let template = node.template.as_ref().and_then(|t| playbook.templates.get(t));
    let named = steps::contract(&node.action).map(|step| step.label.get(language)).filter(|label| !label.is_empty());
    match (named, question, template) {
        (Some(named), ..) => named.to_owned(),
        (None, Some(question), _) => to(node.to.as_ref().unwrap_or(&question.to), question.title.get(language)),
        (None, None, Some(template)) => {
            to(node.to.as_ref().unwrap_or(&To::Customer), &gist(template.subject.get(language)))
        }
        (None, None, None) => node.action.clone(),
    }
}

/// Whom something is for, in words.
fn addressed(playbook: &Playbook, to: &To, language: &str) -> String {
    let pick = |ja: String, en: String| if language == "en" { en } else { ja };
    let (ja, en) = match to {
        To::Customer => ("お客様", "the customer"),
        To::Payer => ("お支払者", "the payer"),
        To::Coach => ("コーチ", "the coach"),
        To::Operator => ("担当者", "the operator"),
        To::Owner => ("担当", "whoever looks after it"),
        To::Group(group) => return pick(format!("{group} 全員へ"), format!("To all of {group}")),
        To::OnDuty(group) => return pick(format!("{group} の当番へ"), format!("To whoever of {group} is on duty")),
        To::Person(id) => {
            let name = playbook.people.person(id).map_or(id.as_str(), |p| p.name.as_str());
            return pick(format!("{name}へ"), format!("To {name}"));
        }
    };
    pick(format!("{ja}へ"), format!("To {en}"))
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
    let question = node.question.as_ref().and_then(|q| playbook.questions.get(q));
    let answer = question.and_then(|q| q.answers.iter().find(|a| a.name == outcome));
    let step = steps::contract(&node.action);
    // An answer that leads says more than what may come beside it.
    let leads = step.is_some_and(|step| step.answers == Answers::Outcomes) && outcome != EXPIRED;
    let of_step = step.filter(|_| !(leads && answer.is_some())).and_then(|step| step.outcome(outcome));
    let named = of_step.map(|came| came.label.get(language).to_owned());
    let categories = playbook.classification.categories.values().filter(|c| c.outcome == outcome);
    let categories: Vec<&str> = categories.map(|c| c.label.get(language)).collect();
    if let Some(named) = named {
        named
    } else if !categories.is_empty() && question.is_none() {
        categories.join(if language == "en" { ", " } else { "、" })
    } else {
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
            "  node-trial-wishes[/\"ご希望日時の確認<br>trial-wishes\"/]",
            "  done-gave-up([\"終了(gave-up)\"])",
            "  policy-by-menu{{\"単発をご希望の方は体験を省く<br>by-menu\"}}",
            "  node-classify -->|\"対象外のご相談、営業のご連絡\"| node-decline",
            "  node-triage -->|\"回答なし\"| node-triage",
            "  node-collect -->|\"情報がそろった\"| policy-by-menu",
            "  policy-by-menu -->|\"menu == 'single'\"| node-apply",
            "  policy-by-menu -->|\"それ以外\"| node-offer-trial",
            "  node-invoice -->|\"決済の失敗\"| node-payment-failed",
            "  node-decline --> done-declined",
        ] {
            assert!(ja.lines().any(|l| l == line), "{line}\n{ja}");
        }
        let en = mermaid(&playbook, "inquiry", "en").expect("a flow");
        assert!(en.contains("  node-triage -->|\"Decline politely\"| node-decline\n"), "{en}");
        let picture = svg(&playbook, "inquiry", "ja").expect("a flow");
        assert_eq!(picture.matches("<polygon").count(), ja.matches("}}").count(), "{picture}");
        assert!(mermaid(&playbook, "nothing", "ja").is_none() && svg(&playbook, "nothing", "ja").is_none());
    }

    #[test]
    fn who_decides_what_and_where_it_leads_as_tables() {
        let playbook = crate::ready_made().expect("no problems").remove(0).playbook;
        let ja = table::markdown(&playbook, "ja");
        for line in [
            "| 運用ルールの改定 (playbook) | operators 全員、coaches 全員 | coaches 全員 | audit 全員 | 3d |",
            "| 分類の判断 (triage) | お引き受けする | collect |",
        ] {
            assert!(ja.lines().any(|l| l == line), "{line}\n{ja}");
        }
        let en = table::html(&playbook, "en");
        assert!(en.contains("<h2>Who decides (RACI)</h2>") && en.contains("<td>Sending a mail (mail)</td>"), "{en}");
    }

    #[test]
    fn thresholds_and_mails_without_a_label_in_words() {
        let mut playbook = crate::ready_made().expect("no problems").remove(0).playbook;
        let policy = playbook.policies.get_mut("by-menu").expect("a policy");
        (policy.rules, policy.on, policy.otherwise) = (Vec::new(), Some("sessions_left".to_owned()), None);
        let band = |from, to, then: &str| Band { from, to, then: then.to_owned() };
        policy.bands =
            vec![band(None, Some(1), "apply"), band(Some(1), Some(3), "decline"), band(Some(3), None, "apply")];
        let nodes = &mut playbook.flows.get_mut("inquiry").expect("a flow").nodes;
        nodes.values_mut().for_each(|node| node.label = None);
        let ja = mermaid(&playbook, "inquiry", "ja").expect("a flow");
        for line in [
            "  policy-by-menu -->|\"sessions_left &lt; 1 / 3 ≤ sessions_left\"| node-apply",
            "  policy-by-menu -->|\"1 ≤ sessions_left &lt; 3\"| node-decline",
            "  node-decline[\"お客様へ<br>お問い合わせについて<br>decline\"]",
            "  node-receipt[\"お支払者へ<br>ご入金の確認と領収書<br>receipt\"]",
            "  node-hold-session[/\"セッションの実施<br>hold-session\"/]",
        ] {
            assert!(ja.lines().any(|l| l == line), "{line}\n{ja}");
        }
    }

    #[test]
    fn what_means_something_in_a_picture_is_text_there() {
        let mut playbook = crate::ready_made().expect("no problems").remove(0).playbook;
        let said = || "<b>\"山\" & [川]".to_owned();
        if let Some(node) = playbook.flows.get_mut("inquiry").and_then(|flow| flow.nodes.get_mut("triage")) {
            node.label = None;
        }
        if let Some(question) = playbook.questions.get_mut("triage") {
            question.title.ja = said();
        }
        if let Some(policy) = playbook.policies.get_mut("by-menu") {
            policy.label.ja = said();
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
