//! Which mails wait for somebody else: those that aren't routine, those that a person wrote and in which something matters, and
//! all of a part that hasn't gone live so far.

use crate::Playbook;
use crate::playbook::{Class, Harmless, OF_MAIL, OPERATORS, Stage, Template, To};
use crate::rules::{Books, emergency, stages};
use crate::state::Message;

/// Whether a mail leaves only as somebody else approved it: it isn't routine, a person wrote it freely, or its part hasn't gone
/// live so far.
#[must_use]
pub fn is_wanted(template: &Template, message: &Message, stage: Option<Stage>) -> bool {
    is_by_itself(template, message) || (stage == Some(Stage::Approved) && stages::concerns(message))
}

/// Whether it would be wanted whatever the stage.
fn is_by_itself(template: &Template, message: &Message) -> bool {
    template.class == Class::Exception || message.written > 0
}

/// What needs nobody's agreement as long as nothing stands in it that matters.
pub(super) fn harmless(playbook: &Playbook) -> Option<&Harmless> {
    playbook.approvals.get(OF_MAIL)?.harmless.as_ref()
}

/// Whether a person's words need nobody's agreement: the mail is otherwise routine, and nothing stands in it that matters. Until
/// all of its part has gone live, they do.
#[must_use]
pub fn is_harmless(playbook: &Playbook, message: &Message, said: &str, stage: Option<Stage>) -> bool {
    let is_routine = playbook.templates.get(&message.template).is_some_and(|t| t.class == Class::Routine);
    let is_live = stage.is_none_or(|stage| stage == Stage::All);
    let matters = |harmless: &Harmless| emergency::holds_any(&harmless.unless, said);
    is_routine && is_live && message.written > 0 && harmless(playbook).is_some_and(|harmless| !matters(harmless))
}

/// Whether a mail is in the own words of somebody who may write to customers by themselves.
#[must_use]
pub(in crate::rules) fn is_own_words(
    books: Books<'_>,
    template: &Template,
    message: &Message,
    stage: Option<Stage>,
) -> bool {
    let people = &books.today.people;
    let Some(author) = message.author.as_ref().filter(|_| message.written > 0) else { return false };
    let holds = |to: &To| match to {
        To::Person(id) => id == author,
        To::Coach => people.coach(author).is_some(),
        To::Operator => people.group(OPERATORS).is_some_and(|group| group.contains(&author.as_str())),
        To::Group(name) => people.group(name).is_some_and(|group| group.contains(&author.as_str())),
        _ => false,
    };
    let may = books.pinned.approvals.get(OF_MAIL).is_some_and(|mail| mail.own_words.iter().any(holds));
    may && template.class == Class::Routine && stage != Some(Stage::Approved)
}

/// The kind of approval that a mail waits for.
#[must_use]
pub(in crate::rules) fn of_mail<'a>(today: &'a Playbook, template: Option<&Template>, message: &Message) -> &'a str {
    let by_itself = template.is_none_or(|template| is_by_itself(template, message));
    let live = today.going_live.as_ref().filter(|_| !by_itself);
    live.map_or(OF_MAIL, |live| &live.approval)
}
