//! The questions that Banto itself asks: a folder's own keep what Banto makes of their answers.

use banto_domain::playbook::{ATTEND, AskKind, HEED, Means, To, URGENT};
use banto_domain::rules::ask::AGAIN;

use super::Check;
use crate::places::Spot;

impl Check<'_> {
    pub(super) fn tasks(&mut self) {
        for name in [ATTEND, HEED, URGENT] {
            let Some(question) = self.parts.questions.as_ref().and_then(|questions| questions.get(name)) else {
                continue;
            };
            let file = self.sources.of_question(name);
            if matches!(question.to, To::Customer | To::Payer) {
                let what = format!("question {name}: Banto asks it when it can't go on by itself; write to: operator");
                self.say(file, Spot::Value(&[name, "to"]), what);
            }
            if question.kind != AskKind::Choice {
                let what = format!("question {name}: Banto asks it with answers to choose from; write kind: choice");
                self.say(file, Spot::Value(&[name, "kind"]), what);
            }
            let answers = &question.answers;
            if name == ATTEND && !(answers.iter().any(|a| a.name == AGAIN) && answers.iter().any(|a| a.name != AGAIN)) {
                let what = format!(
                    "question {name}: one answer must be named {AGAIN} (what failed is tried again), and another say that it was \
                     dealt with, e.g. done; add it"
                );
                self.say(file, Spot::Key(&[name, "answers"]), what);
            }
            if name == URGENT && !answers.is_empty() && answers.iter().all(|a| a.means == Some(Means::Resume)) {
                let what =
                    format!("question {name}: no answer says that a person has dealt with it; add one, e.g. handled");
                self.say(file, Spot::Key(&[name, "answers"]), what);
            }
        }
    }
}
