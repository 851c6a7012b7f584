//! Questions: a finite set of answers, for somebody who can give them, about facts that there are.

use banto_domain::playbook::{Answer, AskKind, FactKind, Means, Question, To, URGENT};
use banto_domain::steps::EXPIRED;

use super::Check;
use crate::places::Spot;
use crate::sources::COMMON_QUESTIONS;

impl Check<'_> {
    pub(super) fn questions(&mut self) {
        let Some(questions) = &self.parts.questions else { return };
        for (name, question) in questions {
            self.question(name, question);
            self.fields(name, question);
        }
        match questions.get(URGENT) {
            None => {
                let what = format!("there is no question {URGENT}, which is asked in an emergency; add it");
                self.say(COMMON_QUESTIONS, Spot::Key(&[]), what);
            }
            Some(question) if !question.answers.iter().any(|a| a.means == Some(Means::Resume)) => {
                let what = format!(
                    "question {URGENT}: no answer lets automation go on when it was no emergency; give one of them means: resume"
                );
                self.say(self.sources.of_question(URGENT), Spot::Key(&[URGENT, "answers"]), what);
            }
            Some(_) => {}
        }
    }

    fn question(&mut self, name: &str, question: &Question) {
        let (file, place) = (self.sources.of_question(name), format!("question {name}"));
        if question.answers.is_empty() && question.kind != AskKind::Slot {
            let what = format!("{place}: has no answers; a question needs a finite set of them");
            self.say(file, Spot::Key(&[name, "answers"]), what);
        }
        for (n, _) in question.answers.iter().enumerate().filter(|(_, a)| a.name == EXPIRED) {
            let what = format!(
                "{place}: no answer may be called {EXPIRED}, which is the outcome of silence; give it another name"
            );
            self.say(file, Spot::Value(&[name, "answers", &n.to_string(), "name"]), what);
        }
        if question.kind == AskKind::Fields && question.answers.len() > 1 {
            let what = format!("{place}: of kind fields, it has one answer, which sends them; remove the others");
            self.say(file, Spot::Value(&[name, "answers", "1"]), what);
        }
        for (n, answer) in question.answers.iter().enumerate() {
            self.answer(name, (&n.to_string(), answer), question);
        }
        let ends = |answer: &Answer| answer.means.is_some_and(Means::ends_session);
        for (n, _) in question.answers.iter().enumerate().filter(|(_, a)| question.to.is_outside() && ends(a)) {
            let what =
                format!("{place}: whether a session counts is decided by the practice's own people; remove means:");
            self.say(file, Spot::Value(&[name, "answers", &n.to_string(), "means"]), what);
        }
        if question.kind == AskKind::Openings && question.to != To::Coach {
            let what = format!("{place}: of kind openings, it can only be answered by a coach; write to: coach");
            self.say(file, Spot::Value(&[name, "to"]), what);
        }
        if !question.nudges.is_empty() && question.nudge.is_none() {
            let what = format!("{place}: has nudges but no template for them; add nudge:");
            self.say(file, Spot::Key(&[name, "nudges"]), what);
        }
        // What every practice has shows what there is of it: a folder need not have a fact for its sake.
        if !self.sources.is_common(file) {
            self.addressee(&place, &question.to, file, &[name, "to"]);
            self.others(name, question);
            self.kept(file, name, question);
            self.fact_names(file, &place, &[name, "shows"], &question.shows);
        }
        self.template_name(&place, &question.template, file, &[name, "template"]);
        if let Some(nudge) = &question.nudge {
            self.template_name(&place, nudge, file, &[name, "nudge"]);
        }
    }

    /// What an answer takes off an invoice it asks for, and what it proposes to a customer they may ask for.
    fn answer(&mut self, name: &str, (n, answer): (&str, &Answer), question: &Question) {
        let (file, place) = (self.sources.of_question(name), format!("question {name}: answer {}", answer.name));
        let Some(main) = &self.parts.main else { return };
        // What only somebody of the practice may say, and what they must give with it.
        let lacks = |means, kind| {
            let is = |fact: &String| main.facts.get(fact).is_some_and(|f| f.kind == kind && !f.optional);
            answer.means == Some(means) && (question.to.is_outside() || !answer.asks.iter().any(is))
        };
        if lacks(Means::Reduced, FactKind::Money) {
            let what = format!(
                "{place}: what is asked for less is an amount that somebody of the practice gives; add a fact of kind money to its asks:"
            );
            self.say(file, Spot::Value(&[name, "answers", n, "means"]), what);
        }
        if lacks(Means::Extended, FactKind::Date) {
            let what = format!(
                "{place}: until when it may be used is a day that somebody of the practice gives; add a fact of kind date to its asks:"
            );
            self.say(file, Spot::Value(&[name, "answers", n, "means"]), what);
        }
        let known = |kind: &String| main.requests.get(kind).is_some_and(|wanted| wanted.by.is_customer());
        for (k, kind) in answer.proposes.iter().enumerate().filter(|(_, kind)| !known(kind)) {
            let what = format!("{place}: {kind} is no request of a customer's; name one of requests:");
            self.say(file, Spot::Value(&[name, "answers", n, "proposes", &k.to_string()]), what);
        }
    }

    /// Who is asked together with somebody, or after them, works here as they do.
    fn others(&mut self, name: &str, question: &Question) {
        let (file, place) = (self.sources.of_question(name), format!("question {name}"));
        for (key, all) in [("with", &question.with), ("then", &question.then)] {
            for (n, to) in all.iter().enumerate() {
                let n = n.to_string();
                if to.is_outside() || question.to.is_outside() {
                    let what = format!("{place}: {key}: a customer is asked alone; remove it");
                    self.say(file, Spot::Value(&[name, key, &n]), what);
                } else {
                    self.addressee(&place, to, file, &[name, key, &n]);
                }
            }
        }
    }

    /// A question of kind fields asks for something, whoever asks it.
    fn fields(&mut self, name: &str, question: &Question) {
        let file = self.sources.of_question(name);
        self.fact_names(file, &format!("question {name}"), &[name, "fields"], &question.fields);
        if question.kind != AskKind::Fields || !question.fields.is_empty() {
            return;
        }
        // A flow that can't be read may be the one that asks it.
        let Some(flows) = self.parts.flows.values().map(Option::as_ref).collect::<Option<Vec<_>>>() else { return };
        let mut asks =
            flows.iter().flat_map(|flow| flow.nodes.values()).filter(|n| n.question.as_deref() == Some(name));
        let is_asked = asks.clone().next().is_some();
        if !is_asked || asks.any(|node| node.facts.is_empty()) {
            let what =
                format!("question {name}: of kind fields, it asks for nothing; add fields:, or facts: to its node");
            self.say(file, Spot::Key(&[name]), what);
        }
    }
}
