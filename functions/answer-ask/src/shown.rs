//! What an ask shows, as one value. The page and the JSON are made of it and of nothing else, and the mark that an answer
//! brings back and the receipt keeps is of exactly its bytes: the wording of a consent, a hint, a choice with its price,
//! the time of a slot as it was written. Whatever of it changes voids what was seen before.
//!
//! What is still free changes by the minute: it is shown beside it, and is no part of what is asked.

mod sought;
mod wanted;

use banto_aws::compose::Preview;
pub(crate) use banto_aws::fields::{Field, Named};
use banto_aws::page::words;
use banto_aws::render::{day, session, when};
use banto_aws::words::{part_of, reason_text};
use banto_domain::playbook::{AskKind, To};
use banto_domain::rules::approval::Needs;
use banto_domain::rules::{billing, emergency};
use banto_domain::{CaseId, Id, keys};
use jiff::Timestamp;
use serde::Serialize;

use crate::facts;
use crate::kind;
use crate::proposal::Version;
use crate::view::View;

/// What an ask shows to one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Shown {
    pub(crate) case: CaseId,
    pub(crate) ask: Id,
    pub(crate) question: String,
    pub(crate) kind: AskKind,
    pub(crate) to: To,
    /// Whose link it is, by short name, when it is one of the practice's people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) person: Option<String>,
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// The names of those it was put to, when they are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) put_to: Vec<String>,
    pub(crate) language: String,
    pub(crate) title: String,
    pub(crate) body: String,
    /// Why it was opened, when it is a task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    pub(crate) deadline: Timestamp,
    /// The deadline as it is written.
    pub(crate) until: String,
    pub(crate) shows: Vec<Line>,
    /// What came in and could not be understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) inbound: Option<String>,
    /// The mail that waits, exactly as it will leave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mail: Option<Letter>,
    /// The version of the playbook that waits, and all that it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<Version>,
    pub(crate) fields: Vec<Field>,
    pub(crate) answers: Vec<Choice>,
    /// What an answer wants beside the choice: `confirm`, `code`.
    pub(crate) needs: Vec<&'static str>,
}

/// A mail as its reader will see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Letter {
    /// Its template.
    pub(crate) template: String,
    /// From, to: names and addresses.
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// Names of what it carries.
    pub(crate) attachments: Vec<String>,
    /// Who wrote it, when a person did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) author: Option<String>,
    /// Its template's own subject and text, when a person wrote others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) template_says: Option<(String, String)>,
    /// The mark of all of it, with its HTML.
    pub(crate) mark: String,
}

/// A label with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    pub(crate) label: String,
    pub(crate) value: String,
    /// An emergency word stands in it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) urgent: bool,
}

impl Line {
    pub(crate) fn new(label: &str, value: impl Into<String>) -> Self {
        Self { label: label.to_owned(), value: value.into(), urgent: false }
    }
}

/// One answer; a slot is one, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Choice {
    pub(crate) name: String,
    pub(crate) label: String,
    /// With whom, when it is a slot and there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) coach: Option<String>,
    /// It is a slot.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) slot: bool,
    /// What whoever chooses it must fill in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) asks: Vec<Field>,
}

impl Shown {
    /// What is shown of an open ask.
    pub(crate) fn of(view: &View<'_>) -> Self {
        let (View { ask, question, .. }, language) = (*view, view.books.language);
        let (fields, answers) = kind::show(view);
        Self {
            case: view.case.key.case.clone(),
            ask: view.id.clone(),
            question: ask.question.clone(),
            kind: ask.kind,
            to: ask.to.clone(),
            person: view.who.person().map(str::to_owned),
            name: view.who.person().and_then(|id| view.books.today.people.person(id)).map(|p| p.name.clone()),
            put_to: put_to(view),
            language: language.to_owned(),
            title: question.title.get(language).to_owned(),
            body: question.body.get(language).to_owned(),
            reason: ask.reason.as_deref().map(|reason| reason_text(reason, language)),
            deadline: ask.deadline,
            until: when(ask.deadline, &view.books.playbook.zone, language),
            shows: shows(view),
            inbound: view.inbound.map(str::to_owned),
            mail: letter(view),
            version: view.proposal.map(|proposal| proposal.shown(language)),
            fields,
            answers,
            needs: needs(view),
        }
    }

    /// The mark of exactly this value, under the person's key.
    pub(crate) fn mark(&self, person_key: &str) -> String {
        // Strings, numbers and lists alone: they can always be written.
        let bytes = serde_json::to_string(self).unwrap_or_default();
        keys::mark(person_key, &["shown", &bytes])
    }
}

fn needs(view: &View<'_>) -> Vec<&'static str> {
    let needs = Needs::of(view.books.playbook, view.ask);
    [("confirm", needs.confirm), ("code", needs.code)].into_iter().filter_map(|(name, is)| is.then_some(name)).collect()
}

fn letter(view: &View<'_>) -> Option<Letter> {
    let Preview { letter, mark, template, .. } = view.preview?;
    let message = view.case.message(view.ask.mail()?)?;
    let named = |(name, address): &(String, String)| match name.as_str() {
        "" => address.clone(),
        name => format!("{name} <{address}>"),
    };
    Some(Letter {
        template: message.template.clone(),
        from: named(&letter.from),
        to: letter.to.iter().map(named).collect(),
        subject: letter.mail.subject.clone(),
        text: letter.mail.text.clone(),
        attachments: letter.calendar.iter().map(|_| "session.ics".to_owned()).collect(),
        author: message.author.as_ref().map(|id| view.books.name_of(id).to_owned()),
        template_says: template.as_ref().map(|mail| (mail.subject.clone(), mail.text.clone())),
        mark: mark.clone(),
    })
}

/// Whom it was put to, where that isn't plain.
fn put_to(view: &View<'_>) -> Vec<String> {
    let people = view.ask.people.iter().filter(|_| view.ask.people.len() > 1);
    people.map(|id| view.books.name_of(id).to_owned()).collect()
}

fn shows(view: &View<'_>) -> Vec<Line> {
    let mut lines = sought::lines(view);
    lines.extend(about(view));
    lines.extend(wanted::lines(view));
    let urgent = urgent(view);
    let named = view.question.shows.iter().map(String::as_str);
    let mut names: Vec<&str> = urgent.clone();
    names.extend(named.filter(|name| !urgent.contains(name)));
    for name in names {
        let spec = view.books.playbook.facts.get(name);
        let label = match spec {
            Some(spec) => spec.label.get(view.books.language),
            None if name == emergency::SAID => {
                words(view.books.language, "送信された内容(抜粋)", "What was sent (excerpt)")
            }
            None => continue,
        };
        let known = view.personal.value(&view.case.facts, name).filter(|value| !value.is_empty());
        let Some(value) =
            known.map(|value| spec.map_or(value.to_owned(), |spec| facts::written(&view.books, spec, value)))
        else {
            continue;
        };
        let line = Line { urgent: urgent.contains(&name), ..Line::new(label, value) };
        // What was told with a request stands there already.
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// The facts in which the words stand, for whoever must look at an emergency.
fn urgent<'a>(view: &View<'a>) -> Vec<&'a str> {
    let is_emergency = view.ask.about.is_some() && view.ask.about.as_ref() == view.case.emergency();
    if is_emergency && !view.ask.to.is_outside() {
        emergency::stands_in(view.books.playbook, view.personal)
    } else {
        Vec::new()
    }
}

/// The booking or invoice that it is about.
fn about(view: &View<'_>) -> Vec<Line> {
    let (View { case, ask, books, .. }, language) = (*view, view.books.language);
    let booking = case.booking_in(&ask.tracks).map(|(_, b)| b);
    let booking = booking.into_iter().flat_map(|b| {
        let menu = books.playbook.menus.get(&b.menu).map_or(b.menu.as_str(), |m| m.label.get(language));
        let coach = books.today.people.person(&b.seat.coach).map_or("", |c| c.name.as_str());
        let at = session(b.seat.begins(), b.seat.ends(), &b.seat.zone, language);
        [("内容", "Session", menu.to_owned()), ("日時", "Time", at), ("コーチ", "Coach", coach.to_owned())]
    });
    // The practice's people see what was asked for, and so does whoever pays it.
    let may_see = !ask.to.is_outside() || ask.to == To::Payer;
    let invoice = case.invoice_in(&ask.tracks).filter(|_| may_see).into_iter().flat_map(|(_, i)| {
        let show = |amount| billing::show(amount, &i.currency, language);
        let part = (0 < i.paid && i.paid < i.total).then(|| ("お支払い済み", "Already paid", show(i.paid)));
        let (total, due) = (show(i.total), day(i.due_on, language));
        let lines =
            [("請求番号", "Invoice", i.number.clone()), ("ご請求額", "Amount", total), ("お支払期日", "Due", due)];
        let of = part_of(books.playbook, i, language).map(|of| ("内容", "For", of));
        lines.into_iter().chain(of).chain(part).collect::<Vec<_>>()
    });
    booking.chain(invoice).map(|(ja, en, value)| Line::new(words(language, ja, en), value)).collect()
}
