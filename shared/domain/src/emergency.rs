//! Promise 14: an emergency word (希死念慮 and the like) goes to a person at once and stops all automation for that
//! customer. What is stopped stays pending: when a person says that it was none, it goes on from there.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use crate::classify::normalise;
use crate::message::State;
use crate::playbook::{Role, URGENT};
use crate::{Case, Draft, Entry, Id, Pending, Playbook, Rejection, Status, Track, Why, ask, flow};

/// Numbers of the emergency words in what a person wrote.
#[must_use]
pub fn words_in(playbook: &Playbook, values: &BTreeMap<String, String>) -> Vec<u32> {
    let written = |name: &String| playbook.facts.get(name).is_some_and(|f| f.kind.is_personal());
    let texts: Vec<&String> = values.iter().filter(|(name, _)| written(name)).map(|(_, text)| text).collect();
    let numbered = (0_u32..).zip(&playbook.classification.emergency);
    numbered.filter(|(_, word)| texts.iter().any(|text| says(text, word))).map(|(n, _)| n).collect()
}

/// Japanese is looked for without spaces, which mean nothing in it; words of Latin letters only as whole words.
fn says(text: &str, word: &str) -> bool {
    if !word.is_ascii() {
        let word = normalise(word);
        return !word.is_empty() && normalise(text).contains(&word);
    }
    let words = |text: &str| -> Vec<String> {
        let plain = text.nfkc().flat_map(char::to_lowercase).map(|c| if c == '\u{2019}' { '\'' } else { c });
        let plain: String = plain.collect();
        let parts = plain.split(|c: char| !c.is_alphanumeric() && c != '\'');
        parts.filter(|w| !w.is_empty()).map(str::to_owned).collect()
    };
    let (text, word) = (words(text), words(word));
    !word.is_empty() && text.windows(word.len()).any(|w| w == word)
}

/// Stops the case, and wants a person to look.
///
/// # Errors
/// As [`Draft::push`].
pub fn raise(draft: &mut Draft<'_>, by: &str, matched: Vec<u32>) -> Result<(), Rejection> {
    if draft.case()?.stopped.is_some() {
        return Ok(());
    }
    draft.push(Entry::EmergencyRaised { by: by.to_owned(), matched, action: "open-ask".to_owned() })
}

/// A person saw that it was none: everything that was stopped is asked for again.
///
/// # Errors
/// As [`Draft::push`].
pub fn resume(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let case = draft.case()?;
    let stopped: Vec<(Id, String)> = case
        .pending
        .iter()
        .filter(|(_, step)| case.is_suspended(step))
        .map(|(cause, step)| (cause.clone(), step.action.clone()))
        .collect();
    draft.push(Entry::AutomationResumed {})?;
    stopped.into_iter().try_for_each(|(cause, action)| draft.push(Entry::StepRetried { cause, action, attempt: 0 }))
}

/// A person has dealt with it: the case is theirs now.
///
/// # Errors
/// As [`Draft::push`].
pub fn hand_over(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let case = draft.case()?;
    let stopped: Vec<Id> =
        case.pending.iter().filter(|(_, s)| case.is_suspended(s)).map(|(cause, _)| cause.clone()).collect();
    let reason = || "a person deals with it".to_owned();
    for cause in stopped {
        draft.push(Entry::StepSkipped { reason: reason(), cause: Some(cause) })?;
    }
    // What was to be said to them and hasn't left never will: whoever has the case says it, or doesn't.
    let unsaid = |track: &Track| matches!(track, Track::Message(m) if matches!(m.to, Role::Customer | Role::Payer) && m.state != State::Sending);
    let unsaid: Vec<Id> = draft.case()?.tracks.iter().filter(|(_, t)| unsaid(t)).map(|(id, _)| id.clone()).collect();
    unsaid.into_iter().try_for_each(|message| draft.push(Entry::MessageClosed { message }))?;
    let open = draft.case()?.status == Status::Open;
    if open { flow::close(draft, "handed-over") } else { ask::skip(draft, "the case was closed already") }
}

/// The question for a task: an emergency has its own.
#[must_use]
pub(crate) fn question_for<'a>(case: &Case, about: &Id, otherwise: &'a str) -> &'a str {
    if case.stopped.as_ref() == Some(about) { URGENT } else { otherwise }
}

impl Case {
    /// Whether this step waits until a person has dealt with the emergency. Tasks for people, and mails to them, go on.
    #[must_use]
    pub fn is_suspended(&self, step: &Pending) -> bool {
        let task = step.task.is_some() || step.why == Why::Raised;
        self.stopped.is_some() && !task && self.is_automatic(step.about.as_ref())
    }

    /// Whether what stands behind a step or a timer is automation for the customer.
    pub(crate) fn is_automatic(&self, about: Option<&Id>) -> bool {
        match about.and_then(|id| self.tracks.get(id)) {
            Some(Track::Message(message)) => matches!(message.to, Role::Customer | Role::Payer),
            Some(Track::Ask(ask)) => !ask.is_task(),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::says;

    #[test]
    fn japanese_is_found_through_spaces_and_latin_words_only_whole() {
        assert!(says("もう死 に タい。", "死にたい"));
        assert!(says("I want  to\nDIE", "want to die") && says("I can’t go on", "can't go on"));
        assert!(!says("I want to diet", "want to die") && !says("upskill myself", "kill myself"));
        assert!(!says("anything", "") && !says("anything", " "));
    }
}
