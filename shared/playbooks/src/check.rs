//! What a playbook must hold before it may be published: every name leads somewhere, every flow can end. Each problem
//! says where it is and the way out. What can't be read is never said to be missing.

mod action;
mod calendar;
mod flow;
mod known;
mod menu;
mod placeholder;
mod policy;
mod practice;
mod question;
mod template;
mod uses;

use banto_domain::classify;
use banto_domain::fact::FactKind;
use banto_domain::playbook::Keyword;

#[cfg(test)]
pub(crate) use self::action::ACTIONS;
use self::uses::Use;
use crate::Problem;
use crate::folder::{Main, Pair, Parts};
use crate::places::{At, Spot};
use crate::sources::Sources;

const MAIN: &str = "playbook.yaml";
/// The fact that says where mails to the customer go.
const ADDRESS: &str = "email";

/// All problems of a playbook, as far as it could be read.
pub(crate) fn all(parts: &Parts, sources: &Sources) -> Vec<Problem> {
    let mut check = Check { parts, sources, problems: Vec::new() };
    if let Some(main) = &parts.main {
        check.main(main);
    }
    check.questions();
    let uses = uses::of(parts);
    for (name, pair) in &parts.templates {
        check.template(name, pair, uses.get(name.as_str()).map_or(&[], Vec::as_slice));
    }
    for (name, flow) in &parts.flows {
        if let Some(flow) = flow {
            check.flow(name, flow);
        }
    }
    check.problems
}

struct Check<'a> {
    parts: &'a Parts,
    sources: &'a Sources,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn say(&mut self, file: &str, spot: Spot<'_>, what: String) {
        self.say_at(file, self.sources.at(file, spot), what);
    }

    fn say_at(&mut self, file: &str, at: Option<At>, what: String) {
        self.problems.push(self.sources.problem(file, at, what));
    }

    fn main(&mut self, main: &Main) {
        if main.v != 1 {
            self.say(MAIN, Spot::Value(&["v"]), format!("v is {}; this Banto reads version 1", main.v));
        }
        if jiff::tz::TimeZone::get(&main.zone).is_err() {
            let what = format!("zone: {} is no IANA time zone; write e.g. Asia/Tokyo", main.zone);
            self.say(MAIN, Spot::Value(&["zone"]), what);
        }
        if !matches!(main.language.as_str(), "ja" | "en") {
            let what = format!("language is {}; write ja or en", main.language);
            self.say(MAIN, Spot::Value(&["language"]), what);
        }
        if main.people.operators.is_empty() {
            let what = "people: there must be an operator, who gets every exception; add one".to_owned();
            self.say(MAIN, Spot::Key(&["people", "operators"]), what);
        }
        for (name, _) in main.facts.iter().filter(|(_, f)| f.kind == FactKind::Choice && f.choices.is_empty()) {
            let what = format!("fact {name}: has nothing to choose from; add choices:");
            self.say(MAIN, Spot::Key(&["facts", name]), what);
        }
        for name in main.forms.keys() {
            self.form(main, name);
        }
        self.fact_names(MAIN, "classification", &["classification", "read"], &main.classification.read);
        for (name, category) in &main.classification.categories {
            for (n, keyword) in category.keywords.iter().enumerate() {
                self.keyword(name, n, keyword);
            }
        }
        self.practice(main);
        self.menus(main);
        if let Some(calendar) = &main.calendar {
            self.calendar(main, calendar);
        }
        self.policies(main);
    }

    fn keyword(&mut self, category: &str, n: usize, keyword: &Keyword) {
        let (place, n) = (format!("category {category}"), n.to_string());
        let path = ["classification", "categories", category, "keywords", n.as_str()];
        match (&keyword.word, &keyword.pattern) {
            (Some(_), None) => {}
            (None, Some(pattern)) => {
                if let Err(why) = classify::pattern(pattern) {
                    let what = format!("{place}: pattern: {why}; write a regular expression, or a word:");
                    self.say(MAIN, Spot::Value(&[&path[..], &["pattern"]].concat()), what);
                }
            }
            _ => {
                let what = format!("{place}: keyword {n} must have either a word: or a pattern:; give it one of them");
                self.say(MAIN, Spot::Value(&path), what);
            }
        }
    }

    fn form(&mut self, main: &Main, name: &str) {
        let (form, place) = (&main.forms[name], format!("form {name}"));
        for fact in form.fields.keys() {
            self.fact_name(&place, fact, MAIN, Spot::Key(&["forms", name, "fields", fact]));
        }
        for (n, required) in form.required.iter().enumerate().filter(|(_, f)| !form.fields.contains_key(*f)) {
            let what = format!("{place}: required {required} is not among its fields; add it to fields:");
            self.say(MAIN, Spot::Value(&["forms", name, "required", &n.to_string()]), what);
        }
        if !form.required.iter().any(|fact| fact == ADDRESS) {
            let what = format!("{place}: {ADDRESS} isn't required, so nobody could be answered; add it to required:");
            self.say(MAIN, Spot::Key(&["forms", name, "required"]), what);
        }
        if !matches!(form.language.as_str(), "ja" | "en") {
            let what = format!("{place}: language is {}; write ja or en", form.language);
            self.say(MAIN, Spot::Value(&["forms", name, "language"]), what);
        }
        if !self.parts.flows.contains_key(&form.flow) {
            let what = format!("{place}: there is no flow {0}; add flows/{0}.yaml", form.flow);
            self.say(MAIN, Spot::Value(&["forms", name, "flow"]), what);
        }
        self.template_name(&place, &form.acknowledge, MAIN, &["forms", name, "acknowledge"]);
    }

    fn template(&mut self, name: &str, pair: &Pair, uses: &[Use<'_>]) {
        let file = |language: &str| format!("templates/{name}.{language}.md");
        for (this, other, title) in [("ja", "en", "English"), ("en", "ja", "Japanese")] {
            if self.sources.get(&file(other)).is_none() {
                self.say_at(&file(this), None, format!("there is no {title}; add {}", file(other)));
            }
        }
        for (language, written) in [("ja", &pair.ja), ("en", &pair.en)] {
            let Some(written) = written else { continue };
            if written.front.approved_by.as_deref().is_none_or(|by| by.trim().is_empty()) {
                let what = "nobody approved it; add approved_by: with who did".to_owned();
                self.say(&file(language), Spot::Key(&["approved_by"]), what);
            }
            self.placeholders(&file(language), written, uses);
        }
        let (Some(ja), Some(en)) = (&pair.ja, &pair.en) else { return };
        let (front, other) = (&ja.front, &en.front);
        for (key, same) in [
            ("class", front.class == other.class),
            ("effect", front.effect == other.effect),
            ("hours", front.hours == other.hours),
            ("attach", front.attach == other.attach),
        ] {
            if !same {
                let what = format!("{key} differs from {}; make them the same", file("ja"));
                self.say(&file("en"), Spot::Value(&[key]), what);
            }
        }
    }

    fn fact_names(&mut self, file: &str, place: &str, path: &[&str], names: &[String]) {
        for (n, name) in names.iter().enumerate() {
            let n = n.to_string();
            self.fact_name(place, name, file, Spot::Value(&[path, &[n.as_str()]].concat()));
        }
    }

    fn fact_name(&mut self, place: &str, name: &str, file: &str, spot: Spot<'_>) {
        if self.parts.main.as_ref().is_some_and(|main| !main.facts.contains_key(name)) {
            self.say(file, spot, format!("{place}: there is no fact {name}; add it to facts: in playbook.yaml"));
        }
    }

    fn template_name(&mut self, place: &str, name: &str, file: &str, path: &[&str]) {
        if !self.parts.templates.contains_key(name) {
            let what = format!("{place}: there is no template {name}; add templates/{name}.ja.md and .en.md");
            self.say(file, Spot::Value(path), what);
        }
    }
}
