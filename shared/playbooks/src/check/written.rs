//! What people read: texts that aren't empty, placeholders that are some, and the link in every mail that asks.

use banto_domain::playbook::{Text, To};

use super::Check;
use super::placeholder::{ALWAYS, NAMES};
use super::template::{names_in, place_of};
use super::uses::Use;
use crate::folder::Written;
use crate::places::{At, Spot};

impl Check<'_> {
    /// A template as it is written, whatever fills it.
    pub(super) fn written(&mut self, file: &str, written: &Written, uses: &[Use<'_>]) {
        let subject = &written.front.subject;
        let at_subject = Spot::Value(&["subject"]);
        if subject.trim().is_empty() {
            self.say(file, at_subject, "the subject is empty; write one".to_owned());
        } else if subject.chars().any(char::is_control) {
            let what = "the subject has a line break or a control character in it; write it on one line";
            self.say(file, at_subject, what.to_owned());
        }
        if written.body.trim().is_empty() {
            self.say_at(
                file,
                self.of_body(file, written, 0),
                "the mail is empty; write it below the front matter".to_owned(),
            );
        }
        if let Some(byte) = written.body.find(|c: char| c.is_control() && !matches!(c, '\n' | '\t')) {
            let what = "has a control character, which no mail may have; remove it".to_owned();
            self.say_at(file, self.of_body(file, written, byte), what);
        }
        if let Some(mark) = self.almost(subject) {
            self.say(file, at_subject, mark.1);
        }
        if let Some((byte, what)) = self.almost(&written.body) {
            self.say_at(file, self.of_body(file, written, byte), what);
        }
        let asks = uses.iter().find(|used| used.question.is_some());
        if let Some((used, names)) = asks.zip(names_in(&written.body))
            && !names.contains("link")
        {
            let what = format!("has no {{{{ link }}}}, so nobody could answer what {} asks; add it", used.by);
            self.say_at(file, self.of_body(file, written, 0), what);
        }
    }

    /// The place of a byte of a template's body.
    pub(super) fn of_body(&self, file: &str, written: &Written, byte: usize) -> Option<At> {
        let text = &self.sources.get(file)?.text;
        Some(place_of(text, text.len().saturating_sub(written.body.len()) + byte))
    }

    /// Something that was meant to be a placeholder: in full width, or with a brace too few.
    fn almost(&self, text: &str) -> Option<(usize, String)> {
        if let Some(byte) = text.find(['｛', '｝']) {
            let what = "braces in full width fill nothing; write {{ NAME }} in half width".to_owned();
            return Some((byte, what));
        }
        let bytes = text.as_bytes();
        text.match_indices('{').find_map(|(byte, _)| {
            let is_single = byte.checked_sub(1).and_then(|n| bytes.get(n)) != Some(&b'{');
            let (inside, _) = text.get(byte + 1..)?.split_once(['}', '{', '\n'])?;
            let name = inside.trim();
            (is_single && self.is_placeholder(name))
                .then(|| (byte, format!("{{{inside}}} fills nothing; write {{{{ {name} }}}}")))
        })
    }

    fn is_placeholder(&self, name: &str) -> bool {
        let fact = name.strip_prefix("facts.").unwrap_or(name);
        let is_fact = self.parts.main.as_ref().is_some_and(|main| main.facts.contains_key(fact));
        is_fact || ALWAYS.contains(&name) || NAMES.iter().any(|(own, _)| *own == name)
    }

    /// What questions say on their pages.
    pub(super) fn pages(&mut self) {
        for (name, question) in self.parts.questions.iter().flatten() {
            let file = self.sources.of_question(name);
            // The practice's own people read one language; customers may read either.
            let both = matches!(question.to, To::Customer | To::Payer);
            self.text(file, &format!("question {name}"), &question.title, (&[name, "title"], both));
            self.text(file, &format!("question {name}"), &question.body, (&[name, "body"], both));
            for (n, answer) in question.answers.iter().enumerate() {
                let (place, n) = (format!("question {name}: answer {}", answer.name), n.to_string());
                self.text(file, &place, &answer.label, (&[name, "answers", &n, "label"], both));
            }
        }
    }

    fn text(&mut self, file: &str, place: &str, text: &Text, (path, both): (&[&str], bool)) {
        let own = self.parts.main.as_ref().map_or("ja", |main| main.language.as_str());
        for (language, written) in [("ja", &text.ja), ("en", &text.en)] {
            let path = [path, &[language]].concat();
            if written.trim().is_empty() && (both || language == own) {
                let what = format!("{place}: an empty {}; write it", path.get(path.len() - 2).unwrap_or(&"text"));
                self.say(file, Spot::Value(&path), what);
            } else if written.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
                self.say(file, Spot::Value(&path), format!("{place}: has a control character; remove it"));
            }
        }
    }
}
