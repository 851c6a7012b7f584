//! What every practice has is right by itself: a problem in it stems from the folder, and is said where it stems from.

use super::uses::{Origin, Use};
use super::{Check, MAIN};
use crate::Problem;
use crate::places::Spot;

/// A folder's own questions.
const QUESTIONS: &str = "questions.yaml";

impl Check<'_> {
    /// A problem of a common flow, where the folder's own question of that name causes it.
    pub(super) fn cause(&self, file: &str, spot: Spot<'_>, what: &str) -> Option<Problem> {
        let (Spot::Key(path) | Spot::Value(path)) = spot;
        let name = file.strip_prefix("flows/")?.strip_suffix(".yaml").filter(|_| self.sources.is_common(file))?;
        let node = self.parts.flows.get(name)?.as_ref()?.nodes.get(*path.get(1)?)?;
        let question = node.question.as_deref().filter(|name| self.sources.of_question(name) == QUESTIONS)?;
        let at = self.sources.at(QUESTIONS, Spot::Key(&[question, "answers"]));
        let what = format!("question {question}: is asked by the flow {name} of every practice: {what}");
        Some(self.sources.problem(QUESTIONS, at, what))
    }

    /// Says what is wrong with a use of a common template where it is used.
    pub(super) fn say_of_use(&mut self, template: &str, used: &Use<'_>, what: &str) {
        let (file, path) = self.origin(used);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let name = template.trim_start_matches("templates/").split('.').next().unwrap_or(template);
        self.say(&file, Spot::Value(&path), format!("template {name}, which every practice has: {what}"));
    }

    fn origin(&self, used: &Use<'_>) -> (String, Vec<String>) {
        let path = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect();
        if let Some(question) = used.question.filter(|name| self.sources.of_question(name) == QUESTIONS) {
            return (QUESTIONS.to_owned(), path(&[question, "template"]));
        }
        match used.from {
            Origin::Form(form) => (MAIN.to_owned(), path(&["forms", form, "acknowledge"])),
            Origin::Reminder(reminder) => (MAIN.to_owned(), path(&["reminders", reminder, "template"])),
            Origin::Node(flow, node) => {
                let key = if used.question.is_some() { "question" } else { "template" };
                (format!("flows/{flow}.yaml"), path(&["nodes", node, key]))
            }
            Origin::Own(name) => (format!("templates/{name}.ja.md"), Vec::new()),
            Origin::Digest => ("templates/digest.ja.md".to_owned(), Vec::new()),
            Origin::Emergency => (MAIN.to_owned(), path(&["emergency"])),
            Origin::Question(question) => {
                (self.sources.of_question(question).to_owned(), path(&[question, "template"]))
            }
        }
    }
}
