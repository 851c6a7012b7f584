//! The receipt (回答控え): what was answered, in the order of the page, by whom and when, and the mark of what was shown.
//! It is made of the journal; what a person wrote is read from the case's erasable item, and only while it still is what
//! was answered then.

use banto_aws::page::words;
use banto_aws::render::{day, session, when};
use banto_aws::words::stage_text;
use banto_aws::{Env, Error, Result};
use banto_domain::playbook::{Answer, Question, To};
use banto_domain::rules::{approval, stages};
use banto_domain::state::{Ask, Fact, Party};
use banto_domain::steps::ANSWER_ASK;
use banto_domain::{Actor, CaseId, CaseKey, Commit, Entry, Id, keys};
use jiff::Timestamp;
use serde::Serialize;

use crate::facts;
use crate::shown::Line;
use crate::view::Opened;

/// What can't be read any more: erased, or changed since.
const GONE: &str = "—";

/// What was asked, once it is over.
#[derive(Debug, Clone)]
pub(crate) struct Put {
    pub(crate) question: String,
    pub(crate) to: To,
    fields: Vec<String>,
    /// When an approval was sought by it.
    pub(crate) sought_at: Option<Timestamp>,
}

impl From<&Ask> for Put {
    fn from(ask: &Ask) -> Self {
        Self { question: ask.question.clone(), to: ask.to.clone(), fields: ask.fields.clone(), sought_at: None }
    }
}

/// What became of an ask.
#[derive(Debug)]
pub(crate) struct Past {
    pub(crate) put: Put,
    /// The commit that answered it.
    pub(crate) answered: Option<Commit>,
    /// Something else took its place, or it is moot.
    pub(crate) withdrawn: bool,
}

/// Looks an ask up in the journal; `None` when it was never put.
///
/// # Errors
/// When the store can't be reached.
pub(crate) async fn past(env: &Env, key: &CaseKey, id: &Id) -> Result<Option<Past>> {
    let (mut put, mut answered, mut withdrawn) = (None, None, false);
    for stored in env.ledger.journal(key).await? {
        let commit = stored.open().map_err(|e| Error::Bug(e.to_string()))?;
        for stamped in &commit.entries {
            match &stamped.entry {
                Entry::AskOpened { ask, question, to, fields, seeks, .. } if ask == id => {
                    let sought_at = seeks.as_ref().map(|_| commit.recorded_at);
                    put = Some(Put { question: question.clone(), to: to.clone(), fields: fields.clone(), sought_at });
                }
                Entry::AskWithdrawn { ask } if ask == id => withdrawn = true,
                _ => {}
            }
        }
        if commit.cause == *id && commit.function == ANSWER_ASK {
            answered = Some(commit);
        }
    }
    Ok(put.map(|put| Past { put, answered, withdrawn }))
}

/// The receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Receipt {
    pub(crate) case: CaseId,
    pub(crate) ask: Id,
    pub(crate) title: String,
    pub(crate) answer: String,
    /// The name of whoever answered.
    pub(crate) by: String,
    pub(crate) at: Timestamp,
    /// That instant as it is written.
    pub(crate) answered: String,
    /// What was answered, in the order of the page.
    pub(crate) lines: Vec<Line>,
    /// Whoever reads it answered it.
    pub(crate) yours: bool,
    /// The mark of what was shown.
    pub(crate) shown: String,
}

impl Receipt {
    /// The receipt as `who` reads it; `None` when the commit answers something else.
    pub(crate) fn of(opened: &Opened, put: &Put, commit: &Commit, id: &Id, who: &Party) -> Option<Self> {
        let (answer, shown) = commit.entries.iter().find_map(|e| match &e.entry {
            Entry::AskAnswered { ask, answer, shown, .. } if ask == id => Some((answer.clone(), shown.clone())),
            _ => None,
        })?;
        let book = Book::of(opened, put, who);
        let chosen = book.question.and_then(|q| q.answers.iter().find(|a| a.name == answer));
        let label = chosen.map_or(answer.as_str(), |a| a.label.get(book.language));
        let held = held(commit, book.language);
        Some(Self {
            case: opened.case().key.case.clone(),
            ask: id.clone(),
            title: book.question.map_or("", |q| q.title.get(book.language)).to_owned(),
            by: book.name(&commit.actor),
            at: commit.recorded_at,
            answered: when(commit.recorded_at, &opened.playbook.zone, book.language),
            lines: book.lines(put, chosen, commit),
            yours: commit.actor == Actor::from(who.clone()),
            answer: held.unwrap_or_else(|| label.to_owned()),
            shown,
        })
    }
}

/// The slot that was chosen.
fn held(commit: &Commit, language: &str) -> Option<String> {
    commit.entries.iter().find_map(|e| match &e.entry {
        Entry::BookingHeld { seat, .. } | Entry::BookingMoved { seat, .. } => {
            Some(session(seat.begins(), seat.ends(), &seat.zone, language))
        }
        _ => None,
    })
}

/// What a receipt is read by.
struct Book<'a> {
    opened: &'a Opened,
    question: Option<&'a Question>,
    language: &'a str,
}

impl<'a> Book<'a> {
    fn of(opened: &'a Opened, put: &Put, who: &Party) -> Self {
        let language = opened.playbook.language_of(who.is_outside(), &opened.case().language);
        Self { opened, question: opened.playbook.questions.get(&put.question), language }
    }

    fn lines(&self, put: &Put, chosen: Option<&Answer>, commit: &Commit) -> Vec<Line> {
        let recorded = |name: &String| {
            commit.entries.iter().find_map(|e| match &e.entry {
                Entry::FactsRecorded { facts } => facts.get(name),
                _ => None,
            })
        };
        let asked = put.fields.iter().chain(chosen.into_iter().flat_map(|a| &a.asks));
        let mut lines: Vec<Line> = asked.filter_map(|name| Some(self.line(name, recorded(name)?))).collect();
        lines.extend(self.note(commit));
        lines.extend(commit.entries.iter().filter_map(|e| match &e.entry {
            Entry::StageMoved { part, from, to } => {
                let label = stages::label(&self.opened.today, part, self.language);
                let [from, to] = [from, to].map(|stage| stage_text(*stage, self.language));
                Some(Line::new(label, format!("{from} → {to}")))
            }
            Entry::SlotsOpened { days, .. } => {
                let days: Vec<String> = days.iter().map(|date| day(*date, self.language)).collect();
                Some(Line::new(words(self.language, "受付を開けた日", "Days opened"), days.join("、")))
            }
            _ => None,
        }));
        lines
    }

    /// Why somebody decided so, in their words.
    fn note(&self, commit: &Commit) -> Option<Line> {
        let personal = &self.opened.loaded.personal;
        let marked = commit.entries.iter().find_map(|e| match &e.entry {
            Entry::FactsRecorded { facts } => facts.iter().find(|(name, _)| name.starts_with(approval::NOTE)),
            _ => None,
        });
        let (name, fact) = marked?;
        let said =
            personal.values.get(name).filter(|said| *fact == Fact::Personal(keys::mark(&personal.key, &[name, said])));
        Some(Line::new(words(self.language, "理由・連絡事項", "Why"), said.map_or(GONE, String::as_str)))
    }

    fn line(&self, name: &str, fact: &Fact) -> Line {
        let Some(spec) = self.opened.playbook.facts.get(name) else { return Line::new(name, GONE) };
        let value = self.opened.loaded.personal.recorded(name, fact);
        let written = |value| facts::written(&self.opened.books(self.language), spec, value);
        Line::new(spec.label.get(self.language), value.map_or(GONE.to_owned(), written))
    }

    /// Who decided.
    fn name(&self, actor: &Actor) -> String {
        let Opened { loaded, today, .. } = self.opened;
        let wrote = |fact: &str| loaded.personal.value(&loaded.case.facts, fact).map(str::to_owned);
        let either = |ja: &str, en: &str| words(self.language, ja, en).to_owned();
        match actor {
            Actor::Customer => wrote("name").unwrap_or_else(|| either("お客様", "The customer")),
            Actor::Payer => {
                wrote("payer_name").or_else(|| wrote("name")).unwrap_or_else(|| either("お支払者様", "The payer"))
            }
            Actor::Person { person } => today.people.person(person).map_or(person.clone(), |p| p.name.clone()),
            Actor::Coach => either("コーチ", "A coach"),
            Actor::Operator => either("事務局", "The office"),
            Actor::Banto | Actor::Provider => either("番頭(自動)", "Banto"),
        }
    }
}
