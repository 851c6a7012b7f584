//! Names that can be used where they are used: in addresses, conditions and placeholders; and none given twice.

use std::collections::BTreeSet;

use banto_domain::playbook::{Answer, Choice, FactKind, Flow};

use super::{ADDRESS, Check, MAIN};
use crate::folder::Main;
use crate::places::Spot;

/// Facts that Banto itself knows by name, and what they must be.
const OWN: [(&str, FactKind, &str); 4] = [
    (ADDRESS, FactKind::Email, "email"),
    ("payer_email", FactKind::Email, "email"),
    ("name", FactKind::Line, "line"),
    ("payer_name", FactKind::Line, "line"),
];
/// Words of CEL, which no condition could ask for as facts.
const RESERVED: [&str; 4] = ["true", "false", "null", "in"];

impl Check<'_> {
    pub(super) fn given_names(&mut self, main: &Main) {
        for (name, spec) in &main.facts {
            self.fact_can_be_named(name);
            if let Some((_, _, kind)) = OWN.iter().find(|(own, kind, _)| own == name && spec.kind != *kind) {
                let what = format!("fact {name}: Banto itself uses it as one of kind {kind}; write kind: {kind}");
                self.say(MAIN, Spot::Value(&["facts", name, "kind"]), what);
            }
            self.choices(name, &spec.choices);
        }
        for name in main.forms.keys() {
            if !is_segment(name) {
                let what = format!(
                    "form {name}: its name stands in its address (/hooks/forms/{}/{name}); write letters, digits and hyphens",
                    main.client
                );
                self.say(MAIN, Spot::Key(&["forms", name]), what);
            }
            self.pointers(main, name);
        }
    }

    pub(super) fn answers(&mut self) {
        for (name, question) in self.parts.questions.iter().flatten() {
            let file = self.sources.of_question(name);
            for (n, what) in twice(&question.answers, |a: &Answer| &a.name, |a| [&a.label.ja, &a.label.en]) {
                let what = format!("question {name}: another answer {what}; give each its own");
                self.say(file, Spot::Value(&[name, "answers", &n.to_string()]), what);
            }
        }
    }

    /// A node's name stands in addresses of `migrate`, and beside outcomes.
    pub(super) fn node_names(&mut self, file: &str, flow: &Flow) {
        for name in flow.nodes.keys().filter(|name| name.is_empty() || name.contains([':', '/', '='])) {
            let what = format!("node {name:?}: a name has no colon, slash or equals sign; give it another");
            self.say(file, Spot::Key(&["nodes", name]), what);
        }
    }

    fn fact_can_be_named(&mut self, name: &str) {
        let mut chars = name.chars();
        let begins = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        if !begins || !chars.all(|c| c.is_ascii_alphanumeric() || c == '_') || RESERVED.contains(&name) {
            let what = format!(
                "fact {name}: no condition and no {{{{ facts.NAME }}}} can name it; write letters, digits and _, e.g. {}",
                name.replace('-', "_")
            );
            self.say(MAIN, Spot::Key(&["facts", name]), what);
        }
    }

    fn choices(&mut self, fact: &str, choices: &[Choice]) {
        // A form may send the label, so a label is also a name.
        for (n, what) in twice(choices, |c: &Choice| &c.name, |c| [&c.label.ja, &c.label.en]) {
            let what = format!("fact {fact}: another choice {what}; give each its own");
            self.say(MAIN, Spot::Value(&["facts", fact, "choices", &n.to_string()]), what);
        }
    }

    /// What says where something stands in a JSON payload is a pointer (RFC 6901).
    fn pointers(&mut self, main: &Main, name: &str) {
        let form = &main.forms[name];
        let mut given: Vec<(Vec<String>, &str)> = Vec::new();
        let path = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect::<Vec<_>>();
        if let Some(id) = &form.id {
            given.push((path(&["id"]), id));
        }
        if let Some(answers) = &form.answers {
            given.push((path(&["answers", "list"]), &answers.list));
            given.push((path(&["answers", "key"]), &answers.key));
            let values = answers.value.iter().enumerate();
            given.extend(values.map(|(n, value)| (path(&["answers", "value", &n.to_string()]), value.as_str())));
        }
        let fields = form.fields.iter().filter(|(_, field)| field.starts_with('/'));
        given.extend(fields.map(|(fact, field)| (path(&["fields", fact]), field.as_str())));
        for (spot, pointer) in given.into_iter().filter(|(_, pointer)| !is_pointer(pointer)) {
            let spot: Vec<&str> = ["forms", name].into_iter().chain(spot.iter().map(String::as_str)).collect();
            let what = format!("form {name}: {pointer:?} is no JSON pointer; begin it with /, e.g. /form/answers");
            self.say(MAIN, Spot::Value(&spot), what);
        }
    }
}

/// Whether a name can stand in an address as it is.
pub(super) fn is_segment(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || "/?#%\\".contains(c))
}

/// RFC 6901 §3: empty, or parts that each begin with `/`; a `~` is `~0`, a `/` within is `~1`.
fn is_pointer(text: &str) -> bool {
    let escaped = |part: &str| part.starts_with(['0', '1']);
    (text.is_empty() || text.starts_with('/')) && text.split('~').skip(1).all(escaped)
}

/// What has the name of one before it, or its label, by which people would tell them apart.
fn twice<'a, T>(
    things: &'a [T],
    name: impl Fn(&'a T) -> &'a String,
    labels: impl Fn(&'a T) -> [&'a String; 2],
) -> Vec<(usize, String)> {
    let mut names = BTreeSet::new();
    let mut said: [BTreeSet<&str>; 2] = Default::default();
    let mut found = Vec::new();
    for (n, thing) in things.iter().enumerate() {
        let mut same: Option<&String> = None;
        for (label, said) in labels(thing).into_iter().zip(&mut said) {
            same = same.or((!said.insert(label.as_str())).then_some(label));
        }
        if !names.insert(name(thing).as_str()) {
            found.push((n, format!("has the name {}", name(thing))));
        } else if let Some(label) = same {
            found.push((n, format!("has the label {label:?}")));
        }
    }
    found
}
