//! What a playbook must hold before it may be published: every name leads somewhere, every flow can end. Each problem
//! says where it is and the way out. What can't be read is never said to be missing.

mod action;
mod addresses;
mod approval;
mod calendar;
mod classification;
mod common;
mod conditions;
mod currency;
mod days;
mod emergency;
mod files;
mod flow;
mod import;
mod known;
mod ladder;
mod lints;
mod loops;
mod menu;
mod names;
mod people;
mod placeholder;
mod plans;
mod policy;
mod practice;
mod question;
mod reach;
mod requests;
mod side;
mod spans;
mod stages;
mod tasks;
mod template;
mod undecided;
mod uses;
mod written;

use banto_domain::playbook::FactKind;
use jiff::civil::Date;

use self::uses::Use;
use crate::Problem;
use crate::folder::{Main, Pair, Parts};
use crate::places::{At, Spot};
use crate::sources::Sources;

const MAIN: &str = "playbook.yaml";
/// The fact that says where mails to the customer go.
const ADDRESS: &str = "email";

/// What was found: what must be mended, and what is only odd.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) problems: Vec<Problem>,
    pub(crate) warnings: Vec<Problem>,
}

/// All problems of a playbook, as far as it could be read, and what is odd about it; with a day, also what is over by then.
pub(crate) fn all(parts: &Parts, sources: &Sources, today: Option<Date>) -> Found {
    let mut check = Check { parts, sources, problems: Vec::new(), warnings: Vec::new() };
    check.files();
    if let Some(main) = &parts.main {
        check.main(main);
    }
    check.spans(parts.main.as_ref());
    check.questions();
    check.tasks();
    check.answers();
    check.pages();
    let uses = uses::of(parts);
    for (name, pair) in &parts.templates {
        check.template(name, pair, uses.get(name.as_str()).map_or(&[], Vec::as_slice));
    }
    for (name, flow) in &parts.flows {
        if let Some(flow) = flow {
            check.flow(name, flow);
            check.side(name, flow);
        }
    }
    check.lints(&uses, today);
    Found { problems: check.problems, warnings: check.warnings }
}

struct Check<'a> {
    parts: &'a Parts,
    sources: &'a Sources,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Check<'_> {
    fn say(&mut self, file: &str, spot: Spot<'_>, what: String) {
        match self.cause(file, spot, &what) {
            Some(problem) => self.problems.push(problem),
            None => self.say_at(file, self.sources.at(file, spot), what),
        }
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
            self.arrival(main, name);
        }
        self.given_names(main);
        self.groups(main);
        self.addresses(main);
        self.classification(main);
        self.emergency(main);
        self.reach(main);
        self.practice(main);
        self.ladders(main);
        self.menus(main);
        self.plans(main);
        if let Some(calendar) = &main.calendar {
            self.calendar(main, calendar);
            self.days(main, calendar);
        }
        self.policies(main);
        self.requests(main);
        self.approvals(main);
        self.stages(main);
        self.import(main);
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
        if !matches!(form.language.as_str(), "ja" | "en") {
            let what = format!("{place}: language is {}; write ja or en", form.language);
            self.say(MAIN, Spot::Value(&["forms", name, "language"]), what);
        }
        if self.has_folder("flows/") && !self.parts.flows.contains_key(&form.flow) {
            let what = format!("{place}: there is no flow {0}; add flows/{0}.yaml", form.flow);
            self.say(MAIN, Spot::Value(&["forms", name, "flow"]), what);
        }
        if let Some(template) = &form.acknowledge {
            self.template_name(&place, template, MAIN, &["forms", name, "acknowledge"]);
        }
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
            self.written(&file(language), written, uses);
            self.placeholders(&file(language), written, uses);
        }
        let (Some(ja), Some(en)) = (&pair.ja, &pair.en) else { return };
        let (front, other) = (&ja.front, &en.front);
        for (key, same) in [
            ("class", front.class == other.class),
            ("effect", front.effect == other.effect),
            ("hours", front.hours == other.hours),
            ("attach", front.attach == other.attach),
            ("topic", front.topic == other.topic),
        ] {
            if !same {
                // Of one's own and one that every practice has, one's own is to be mended.
                let (this, other) = if self.sources.is_common(&file("en")) { ("ja", "en") } else { ("en", "ja") };
                let what = format!("{key} differs from {}; make them the same", file(other));
                self.say(&file(this), Spot::Value(&[key]), what);
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
        if self.has_folder("templates/") && !self.parts.templates.contains_key(name) {
            let what = format!("{place}: there is no template {name}; add templates/{name}.ja.md and .en.md");
            self.say(file, Spot::Value(path), what);
        }
    }
}
