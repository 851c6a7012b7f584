//! Whether a running case may go on under another version of its playbook, and why not. What stands open keeps its
//! meaning: the same node does the same thing, the same question has the same answers, the same mail is still agreed.

use std::collections::BTreeMap;

use crate::playbook::{Node, Playbook, Question};
use crate::state::{Ask, Case, Fact, REMINDS, Status, Token, Track};

/// Why a case stays with the version that it keeps.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Obstacle {
    /// It is over.
    #[error("it is closed")]
    Closed,
    /// A person must look first.
    #[error("an emergency has stopped it; somebody must look at it first")]
    Stopped,
    /// A function must take something up first.
    #[error("{0} is still to be done; let banto run until nothing is left")]
    Pending(String),
    /// There is no such flow.
    #[error("there is no flow {0}")]
    NoFlow(String),
    /// There is no such node.
    #[error("flow {0} has no node {1}; name the new one with --map {1}=NEW")]
    NoNode(String, String),
    /// The node does something else.
    #[error("node {0} is done by {2}, not by {1} any more")]
    OtherAction(String, String, String),
    /// The node no longer asks what it asked.
    #[error("node {0} doesn't ask {1} any more, which waits for an answer")]
    OtherQuestion(String, String),
    /// Something that is open has no meaning there.
    #[error("there is no {0} {1}")]
    Nothing(&'static str, String),
    /// A question is asked of somebody else, or has other answers.
    #[error("the question {0} has changed, and waits for an answer")]
    OtherAnswers(String),
    /// A mail that hasn't left yet is not agreed there.
    #[error("the mail {0} may not leave from {1} any more")]
    NotAgreed(String, String),
    /// What is known is no longer a value of its fact.
    #[error("the fact {0} is of another kind, or its value is no choice any more")]
    OtherFact(String),
    /// What the node needs isn't known.
    #[error("node {0} needs the fact {1}, which isn't known")]
    Unknown(String, String),
    /// Money is asked for in another currency.
    #[error("an invoice in {0} is open")]
    OtherCurrency(String),
}

/// All that keeps a case from going on under another version. `nodes` says which old node is which new one, where they
/// differ.
#[must_use]
pub fn obstacles(case: &Case, old: &Playbook, new: &Playbook, nodes: &BTreeMap<String, String>) -> Vec<Obstacle> {
    if case.status == Status::Closed {
        return vec![Obstacle::Closed];
    }
    if case.emergency().is_some() {
        return vec![Obstacle::Stopped];
    }
    let mut found: Vec<Obstacle> = case.pending.values().map(|step| Obstacle::Pending(step.action.clone())).collect();
    if !new.flows.contains_key(&case.flow) {
        found.push(Obstacle::NoFlow(case.flow.clone()));
        return found;
    }
    let mut look = Look { case, old, new, nodes, found };
    for token in case.tokens.values() {
        look.token(token);
    }
    case.tracks.values().for_each(|track| look.track(track));
    look.rest();
    look.found.sort();
    look.found.dedup();
    look.found
}

struct Look<'a> {
    case: &'a Case,
    old: &'a Playbook,
    new: &'a Playbook,
    nodes: &'a BTreeMap<String, String>,
    found: Vec<Obstacle>,
}

impl<'a> Look<'a> {
    fn renamed(&self, flow: &str, node: &'a str) -> &'a str {
        let new = self.nodes.get(&format!("{flow}/{node}")).or_else(|| self.nodes.get(node));
        new.map_or(node, String::as_str)
    }

    /// The same node in the new version, when it does the same.
    fn node(&mut self, flow: &str, node: &'a str) -> Option<&'a Node> {
        let Some(there) = self.new.node(flow, self.renamed(flow, node)) else {
            self.found.push(Obstacle::NoNode(flow.to_owned(), node.to_owned()));
            return None;
        };
        let here = self.old.node(flow, node).map_or("", |node| node.action.as_str());
        if here != there.action {
            let (here, now) = (here.to_owned(), there.action.clone());
            self.found.push(Obstacle::OtherAction(node.to_owned(), here, now));
        }
        Some(there)
    }

    fn token(&mut self, Token { flow, node: name, .. }: &'a Token) {
        let Some(fact) = self.node(flow, name).and_then(|node| node.menu_from.as_ref().filter(|_| node.menu.is_none()))
        else {
            return;
        };
        if !self.case.facts.contains_key(fact) {
            self.found.push(Obstacle::Unknown(self.renamed(flow, name).to_owned(), fact.clone()));
        }
    }

    fn track(&mut self, track: &'a Track) {
        match track {
            Track::Ask(ask) => self.ask(ask),
            Track::Message(message) => {
                let question = message.about.as_ref().and_then(|id| self.case.ask(id)).map(|ask| ask.question.as_str());
                let flow = self.case.flow_of(message.flow.as_ref());
                let origin = self.renamed(flow, &message.origin);
                if !self.new.templates.contains_key(&message.template) {
                    self.found.push(Obstacle::Nothing("template", message.template.clone()));
                } else if !self.new.may_send(flow, origin, question, &message.template) {
                    self.found.push(Obstacle::NotAgreed(message.template.clone(), origin.to_owned()));
                }
            }
            Track::Refund(_) | Track::Request(_) | Track::Settlement(_) => {}
            Track::Booking(booking) => self.menu(&booking.menu),
            Track::Invoice(invoice) => {
                invoice.lines.iter().for_each(|line| self.menu(&line.menu));
                let same = self.new.billing.as_ref().is_some_and(|billing| billing.currency == invoice.currency);
                if !invoice.settled && !same {
                    self.found.push(Obstacle::OtherCurrency(invoice.currency.clone()));
                }
            }
        }
    }

    fn ask(&mut self, ask: &'a Ask) {
        let name = &ask.question;
        let Some(question) = self.new.questions.get(name) else {
            self.found.push(Obstacle::Nothing("question", name.clone()));
            return;
        };
        if self.old.questions.get(name).is_none_or(|old| !is_same(old, question)) {
            self.found.push(Obstacle::OtherAnswers(name.clone()));
        }
        for fact in ask.fields.iter().filter(|fact| !self.new.facts.contains_key(*fact)) {
            self.found.push(Obstacle::Nothing("fact", fact.clone()));
        }
        ask.menu.iter().for_each(|menu| self.menu(menu));
        let flow = self.case.flow_of(ask.flow.as_ref());
        // A task belongs to no node.
        if !ask.node.is_empty()
            && let Some(node) = self.node(flow, &ask.node)
            && node.question.as_ref() != Some(name)
        {
            self.found.push(Obstacle::OtherQuestion(self.renamed(flow, &ask.node).to_owned(), name.clone()));
        }
    }

    fn menu(&mut self, menu: &str) {
        if !self.new.menus.contains_key(menu) {
            self.found.push(Obstacle::Nothing("menu", menu.to_owned()));
        }
    }

    fn rest(&mut self) {
        if let Some(package) = &self.case.package {
            self.menu(&package.menu);
        }
        for timer in self.case.timers.values() {
            if let Some(rung) = timer.name.strip_prefix(REMINDS).filter(|r| !self.new.reminders.contains_key(*r)) {
                self.found.push(Obstacle::Nothing("reminder", rung.to_owned()));
            }
        }
        for (name, fact) in &self.case.facts {
            let Some(spec) = self.new.facts.get(name) else { continue };
            let fits = match fact {
                Fact::Plain(value) => !spec.kind.is_personal() && spec.take(value).as_ref() == Ok(value),
                Fact::Personal(_) => spec.kind.is_personal(),
            };
            if !fits {
                self.found.push(Obstacle::OtherFact(name.clone()));
            }
        }
    }
}

/// Whether a question may be answered as it was asked.
fn is_same(old: &Question, new: &Question) -> bool {
    let answers = |question: &Question| -> Vec<_> {
        question.answers.iter().map(|answer| (answer.name.clone(), answer.means)).collect()
    };
    old.kind == new.kind && old.to == new.to && answers(old) == answers(new)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::rules::draft::Step;
    use crate::rules::{ask, flow};
    use crate::state::{Personal, State, Suspension};
    use crate::{Actor, CaseId, CaseKey, Draft, Entry, Id, TokenId};

    fn text(words: &str) -> Value {
        json!({ "ja": words, "en": words })
    }

    /// A flow that asks how it went, and then says good-bye.
    fn playbook() -> Value {
        let template = json!({ "class": "routine", "effect": "information", "subject": text("x"), "body": text("x") });
        json!({
            "v": 1, "client": "yamada", "version": 1, "name": text("x"), "zone": "Asia/Tokyo",
            "sender": { "name": text("x"), "address": "x@x.example", "contact": text("x") },
            "people": { "coaches": [], "operators": [] },
            "facts": {
                "plan": { "kind": "choice", "label": text("x"), "choices": [{ "name": "single", "label": text("x") }] },
            },
            "forms": {},
            "classification": { "read": [], "at_least": 1, "lead": 1, "categories": {} },
            "questions": { "how": {
                "kind": "choice", "to": "customer", "title": text("x"), "body": text("x"),
                "answers": [{ "name": "well", "label": text("x") }, { "name": "badly", "label": text("x") }],
                "template": "how", "deadline": "P7D",
            } },
            "templates": { "how": template.clone(), "bye": template },
            "flows": { "inquiry": { "label": text("x"), "start": "ask", "nodes": {
                "ask": { "action": "open-ask", "question": "how", "next": { "well": "bye", "badly": "bye", "expired": "bye" } },
                "bye": { "action": "notify", "template": "bye", "next": { "done": "end:done" } },
            } } },
        })
    }

    fn read(value: Value) -> Playbook {
        serde_json::from_value(value).expect("a playbook")
    }

    /// A case that waits for an answer; its mail waits for a person.
    fn case() -> Case {
        let playbook = read(playbook());
        let key = CaseKey { client: playbook.client.clone(), case: CaseId::derive(&["case"]) };
        let now = "2026-12-01T00:00:00Z".parse().expect("an instant");
        let step = Step { cause: Id::derive(&["form"]), function: "receive-form", actor: Actor::Customer, now };
        let mut draft = Draft::first(key, Personal::default(), &playbook, &step);
        let opened = Entry::CaseOpened {
            flow: "inquiry".to_owned(),
            playbook_version: 1,
            form: "inquiry".to_owned(),
            language: "ja".to_owned(),
            person: Id::derive(&["person"]),
            same_address: Vec::new(),
        };
        draft.push(opened).expect("opened");
        draft.record([("plan".to_owned(), "single".to_owned())].into()).expect("recorded");
        flow::start(&mut draft).expect("started");
        let here = flow::place(&draft, &TokenId::default()).expect("a place");
        let asks = ask::Opening { question: "how", owner: "open-ask", here: Some(&here), ..ask::Opening::default() };
        ask::open(&mut draft, asks).expect("asked");
        let mut case = draft.finish().expect("finished").case;
        case.pending.clear();
        for track in case.tracks.values_mut() {
            if let Track::Message(message) = track {
                message.state = State::Held;
            }
        }
        case
    }

    fn found(change: impl Fn(&mut Value), nodes: &[(&str, &str)]) -> Vec<String> {
        let mut new = playbook();
        new["version"] = json!(2);
        change(&mut new);
        let nodes = nodes.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
        obstacles(&case(), &read(playbook()), &read(new), &nodes).iter().map(ToString::to_string).collect()
    }

    fn rename(new: &mut Value) {
        let nodes = &mut new["flows"]["inquiry"]["nodes"];
        nodes["how-was-it"] = nodes["ask"].take();
        nodes.as_object_mut().expect("nodes").remove("ask");
        new["flows"]["inquiry"]["start"] = json!("how-was-it");
    }

    #[test]
    fn what_changes_nothing_that_is_open_is_no_obstacle() {
        assert_eq!(found(|_| (), &[]), [] as [&str; 0]);
        let other = |new: &mut Value| {
            new["questions"]["how"]["title"] = text("another");
            new["templates"]["bye"]["subject"] = text("another");
            new["flows"]["inquiry"]["nodes"]["ask"]["next"]["badly"] = json!("end:badly");
        };
        assert_eq!(found(other, &[]), [] as [&str; 0]);
        assert_eq!(found(rename, &[("ask", "how-was-it")]), [] as [&str; 0]);
    }

    #[test]
    fn what_is_open_must_keep_its_meaning() {
        type Change = fn(&mut Value);
        let cases: [(Change, &[&str]); 9] = [
            (rename, &["flow inquiry has no node ask; name the new one with --map ask=NEW"]),
            (|new| new["flows"] = json!({}), &["there is no flow inquiry"]),
            (
                |new| new["flows"]["inquiry"]["nodes"]["ask"]["action"] = json!("run-session"),
                &["node ask is done by run-session, not by open-ask any more"],
            ),
            (
                |new| new["flows"]["inquiry"]["nodes"]["ask"]["question"] = json!("why"),
                &["node ask doesn't ask how any more, which waits for an answer"],
            ),
            (
                |new| new["questions"] = json!({}),
                &["there is no question how", "the mail how may not leave from ask any more"],
            ),
            (
                |new| new["questions"]["how"]["answers"][1]["name"] = json!("so-so"),
                &["the question how has changed, and waits for an answer"],
            ),
            (|new| new["templates"]["how"] = Value::Null, &["there is no template how"]),
            (
                |new| new["facts"]["plan"]["choices"][0]["name"] = json!("programme"),
                &["the fact plan is of another kind, or its value is no choice any more"],
            ),
            (
                |new| new["flows"]["inquiry"]["nodes"]["ask"]["menu_from"] = json!("menu"),
                &["node ask needs the fact menu, which isn't known"],
            ),
        ];
        for (change, says) in cases {
            let without_nulls = |new: &mut Value| {
                change(new);
                let templates = new["templates"].as_object_mut().expect("templates");
                templates.retain(|_, template| !template.is_null());
            };
            assert_eq!(found(without_nulls, &[]), says);
        }
    }

    #[test]
    fn a_case_that_is_over_or_in_the_middle_of_something_stays() {
        let (old, nodes) = (read(playbook()), BTreeMap::new());
        let mut over = case();
        over.status = Status::Closed;
        assert_eq!(obstacles(&over, &old, &old, &nodes), [Obstacle::Closed]);
        let mut stopped = case();
        let emergency = Suspension { by: "emergency".to_owned(), token: None, scope: crate::state::Scope::Case };
        stopped.suspensions.insert(Id::derive(&["emergency"]), emergency);
        assert_eq!(obstacles(&stopped, &old, &old, &nodes), [Obstacle::Stopped]);
        let mut busy = case();
        let (cause, now) = (Id::derive(&["answer"]), busy.recorded_at);
        let step = Step { cause, function: "open-ask", actor: Actor::Banto, now };
        let mut draft = Draft::next(case(), Personal::default(), &old, &step);
        flow::enter(&mut draft, &TokenId::default(), "bye").expect("entered");
        busy.pending = draft.case().expect("a case").pending.clone();
        assert_eq!(obstacles(&busy, &old, &old, &nodes), [Obstacle::Pending("notify".to_owned())]);
    }
}
