//! Side flows: what sets them off is there, and what they wait for can happen. Answers ask for facts and record choices.

use banto_domain::playbook::{DISCARDED, FactKind, Flow, ON_IMPORT, Question, STARTED};
use banto_domain::rules::policy;
use banto_domain::state::ENTRY_TYPES;

use super::{Check, MAIN, conditions};
use crate::folder::Main;
use crate::places::Spot;

/// What a form may reach a case by, beside a fact: its number.
const NUMBER: &str = "case";

/// What may happen to a track, and ends a wait.
const HAPPENS: [&str; 5] = ["paid", "failed", "overdue", STARTED, DISCARDED];

impl Check<'_> {
    pub(super) fn side(&mut self, name: &str, flow: &Flow) {
        let file = format!("flows/{name}.yaml");
        for (n, start) in flow.starts.iter().enumerate() {
            let (n, place) = (n.to_string(), format!("flow {name}"));
            match (&start.on, &start.every) {
                (Some(on), None) => {
                    if let Some(what) = self.never(on) {
                        self.say(&file, Spot::Value(&["starts", &n, "on"]), format!("{place}: {what}"));
                    }
                }
                (None, Some(_)) => {}
                _ => {
                    let what = format!("{place}: starts either on: something or every: so often; write one of them");
                    self.say(&file, Spot::Value(&["starts", &n]), what);
                }
            }
            let (Some(when), Some(main)) = (&start.when, &self.parts.main) else { continue };
            let flaws = match policy::check(when, &main.facts, &self.parts.whole_flows()) {
                Err(flaw) => vec![format!("{flaw}; write e.g. menu == 'single' && !paid")],
                Ok(()) => conditions::flaws(when, &main.facts),
            };
            for flaw in flaws {
                self.say(&file, Spot::Value(&["starts", &n, "when"]), format!("{place}: when: {flaw}"));
            }
        }
        if flow.is_side() {
            let begun = self.parts.main.iter().flat_map(|main| &main.forms).find(|(_, form)| form.flow == name);
            if let Some((form, _)) = begun {
                let what = format!(
                    "flow {name}: is a side flow (it has starts:), but the form {form} begins it as a main one"
                );
                self.say(&file, Spot::Key(&["starts"]), what);
            }
        } else if !flow.suspends.is_empty() {
            let what = format!("flow {name}: only a side flow (with starts:) stops something; remove suspends:");
            self.say(&file, Spot::Key(&["suspends"]), what);
        }
        self.waits(&file, flow);
    }

    /// What a form says by itself, where its cases begin, and by what it reaches an open one.
    pub(super) fn arrival(&mut self, main: &Main, name: &str) {
        let (form, place) = (&main.forms[name], format!("form {name}"));
        for (fact, value) in &form.sets {
            let at = Spot::Value(&["forms", name, "sets", fact]);
            match main.facts.get(fact) {
                None => self.fact_name(&place, fact, MAIN, Spot::Key(&["forms", name, "sets", fact])),
                Some(spec) if spec.take(value).is_err() => {
                    self.say(MAIN, at, format!("{place}: {value:?} is no value of {fact}; write one that it takes"));
                }
                Some(_) => {}
            }
        }
        if let Some(start) = &form.start
            && let Some(Some(flow)) = self.parts.flows.get(&form.flow)
            && !flow.nodes.contains_key(start)
        {
            let what = format!("{place}: flow {} has no node {start}; name one of its nodes", form.flow);
            self.say(MAIN, Spot::Value(&["forms", name, "start"]), what);
        }
        if let Some(by) = form.reaches.as_ref().filter(|by| !form.fields.contains_key(*by)) {
            let or = if by == NUMBER { " (a fact of kind line)" } else { "" };
            let what = format!("{place}: reaches a case by {by}, which is not among its fields; add it to fields:{or}");
            self.say(MAIN, Spot::Value(&["forms", name, "reaches"]), what);
        }
    }

    /// Why something never sets a flow off.
    fn never(&self, on: &str) -> Option<String> {
        let main = self.parts.main.as_ref()?;
        let questions = self.parts.questions.as_ref()?;
        match on.split_once(':') {
            Some(("answer", question)) if !questions.contains_key(question) => {
                Some(format!("there is no question {question}; add it to questions.yaml"))
            }
            Some(("form", form)) if !main.forms.contains_key(form) => {
                Some(format!("there is no form {form}; add it to forms: in playbook.yaml"))
            }
            Some(("form", form)) if main.forms[form].reaches.is_none() => {
                Some(format!("the form {form} reaches no open case; give it reaches:"))
            }
            Some(("request", kind)) => {
                let by_form = main.forms.values().any(|form| form.request.as_deref() == Some(kind));
                let mut answers = questions.values().flat_map(|q| &q.answers);
                let by_answer = answers.any(|a| a.request.as_deref() == Some(kind));
                let by_page = main.requests.contains_key(kind);
                let said = || {
                    format!(
                        "nothing raises a request {kind}; give a form or an answer request: {kind}, or add it to requests:"
                    )
                };
                (!by_form && !by_answer && !by_page).then(said)
            }
            Some(("answer" | "form", _)) => None,
            None if on == "hand" || on == ON_IMPORT || ENTRY_TYPES.contains(&on) => None,
            _ => Some(format!(
                "{on} never happens; write the type of an entry (invoice.issued), answer:QUESTION, request:KIND, form:NAME or hand"
            )),
        }
    }

    fn waits(&mut self, file: &str, flow: &Flow) {
        for (name, node) in &flow.nodes {
            for (n, event) in node.events.iter().enumerate() {
                let known = match event.strip_prefix("form:") {
                    Some(form) => self.parts.main.as_ref().is_none_or(|main| main.forms.contains_key(form)),
                    None => HAPPENS.contains(&event.as_str()),
                };
                if !known {
                    let what =
                        format!("node {name}: {event} never happens; there are paid, failed, overdue and form:NAME");
                    self.say(file, Spot::Value(&["nodes", name, "events", &n.to_string()]), what);
                }
            }
            let Some(until) = &node.until else { continue };
            // With a fact, business days count from its day.
            let counts_alone =
                until.business_day.is_some() && until.fact.is_none() && !until.next_part && !until.expires;
            let ways = [until.fact.is_some(), until.next_part, until.expires, until.weekday.is_some(), counts_alone];
            if ways.into_iter().filter(|way| *way).count() != 1 || node.span.is_some() {
                let what = format!(
                    "node {name}: waits either for: a span or until: one of fact, next_part, expires, weekday or business_day; write one of them"
                );
                self.say(file, Spot::Key(&["nodes", name, "until"]), what);
            }
            let Some((fact, main)) = until.fact.as_ref().zip(self.parts.main.as_ref()) else { continue };
            if main.facts.get(fact).is_none_or(|spec| spec.kind != FactKind::Date) {
                let what = format!("node {name}: {fact} is no fact of kind date; name one");
                self.say(file, Spot::Value(&["nodes", name, "until", "fact"]), what);
            }
        }
    }

    /// What answers ask for, and what is kept of them.
    pub(super) fn kept(&mut self, file: &str, name: &str, question: &Question) {
        for (n, answer) in question.answers.iter().enumerate() {
            let n = n.to_string();
            self.fact_names(file, &format!("question {name}"), &[name, "answers", &n, "asks"], &answer.asks);
        }
        let Some((records, main)) = question.records.as_ref().zip(self.parts.main.as_ref()) else { return };
        let at = Spot::Value(&[name, "records"]);
        match main.facts.get(records) {
            None => self.fact_name(&format!("question {name}"), records, file, at),
            Some(spec) if spec.kind != FactKind::Choice => {
                let what =
                    format!("question {name}: records {records}, which is no choice; name a fact of kind choice");
                self.say(file, at, what);
            }
            Some(spec) => {
                let is_choice = |answer: &str| spec.choices.iter().any(|choice| choice.name == answer);
                if let Some(answer) = question.answers.iter().find(|a| !is_choice(&a.name)) {
                    let what = format!(
                        "question {name}: records {records}, but {} is none of its choices; add it",
                        answer.name
                    );
                    self.say(file, at, what);
                }
            }
        }
    }
}
