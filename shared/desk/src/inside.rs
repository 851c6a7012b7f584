//! What a case's playbook calls things: people, menus, templates, questions, answers, timers.

use std::collections::BTreeMap;
use std::sync::Arc;

use banto_aws::render::session;
use banto_domain::state::{Ask, Booking, DEADLINE, DUE, NUDGE, Party, REMINDS, SESSION_END, STARTS, WAIT_END};
use banto_domain::{Case, Id, Playbook, Timer};

use crate::{Lang, Side, words};

/// The case itself.
#[derive(Debug, Clone)]
pub struct Inside {
    /// As it is stored.
    pub case: Case,
    /// The version that it keeps.
    pub playbook: Arc<Playbook>,
    /// The token of each open ask.
    pub tokens: BTreeMap<Id, String>,
    /// The token of the page of this case that somebody of a side has, who is named.
    pub pages: Vec<(Side, String, String)>,
}

impl Inside {
    /// Whether a mail about this track has yet to leave.
    pub(crate) fn is_waiting(&self, about: &Id) -> bool {
        self.case.messages().any(|(_, m)| m.about.as_ref() == Some(about) || m.tracks.first() == Some(about))
    }

    /// The names of those who were asked; of somebody outside, the one who is named.
    pub(crate) fn asked(&self, ask: &Ask, customer: &str) -> String {
        let names = ask.readers().into_iter().map(|party| match party {
            Party::Customer | Party::Payer => customer.to_owned(),
            Party::Person(id) => self.person(&id),
            Party::Coach => self.person(self.case.coach.as_deref().unwrap_or_default()),
            Party::Operator => self.playbook.people.operators.first().map(|p| p.name.clone()).unwrap_or_default(),
        });
        names.collect::<Vec<_>>().join("・")
    }

    /// Somebody of the practice, by name.
    pub(crate) fn person(&self, id: &str) -> String {
        self.playbook.people.person(id).map_or(id, |p| p.name.as_str()).to_owned()
    }

    /// When a booking is.
    pub(crate) fn at(&self, booking: &Booking, lang: Lang) -> String {
        session(booking.seat.begins(), booking.seat.ends(), &booking.seat.zone, lang.name())
    }

    pub(crate) fn menu(&self, name: &str, lang: Lang) -> String {
        self.playbook.menus.get(name).map_or(name, |m| m.label.get(lang.name())).to_owned()
    }

    /// What somebody wants, as the practice calls it.
    pub(crate) fn request(&self, kind: &str, lang: Lang) -> String {
        let label = self.playbook.requests.get(kind).map(|wanted| wanted.label.get(lang.name()).to_owned());
        label.unwrap_or_else(|| words::request(kind, lang))
    }

    pub(crate) fn coach(&self, id: &str) -> String {
        self.playbook.people.coach(id).map_or(id, |c| c.name.as_str()).to_owned()
    }

    pub(crate) fn template(&self, name: &str, lang: Lang) -> String {
        let subject = self.playbook.templates.get(name).map(|t| t.subject.get(lang.name()));
        let said = subject.map_or_else(|| name.to_owned(), words::subject);
        // What a person wrote has the subject that they gave it.
        if said.is_empty() {
            lang.of("担当者からのメール", "a mail that somebody wrote").to_owned()
        } else {
            said
        }
    }

    pub(crate) fn question(&self, name: &str, lang: Lang) -> String {
        self.playbook.questions.get(name).map_or(name, |q| q.title.get(lang.name())).to_owned()
    }

    /// An answer as its button said it, or the slot.
    pub(crate) fn answer(&self, question: &str, answer: &str, lang: Lang) -> String {
        let answers = self.playbook.questions.get(question).into_iter().flat_map(|q| &q.answers);
        let known = answers.into_iter().find(|a| a.name == answer).map(|a| a.label.get(lang.name()).to_owned());
        known.unwrap_or_else(|| slot(answer, lang))
    }

    pub(crate) fn timer(&self, timer: &Timer, lang: Lang) -> String {
        let asked = timer.about.as_ref().and_then(|id| self.case.ask(id));
        let title = || asked.map(|a| self.question(&a.question, lang)).unwrap_or_default();
        if let Some(rung) = timer.name.strip_prefix(REMINDS) {
            let template = self.playbook.reminders.get(rung).map_or(rung, |r| r.template.as_str());
            return self.template(template, lang);
        }
        if let Some(flow) = timer.name.strip_prefix(STARTS) {
            return self.playbook.flows.get(flow).map_or(flow, |f| f.label.get(lang.name())).to_owned();
        }
        match (timer.name.as_str(), lang) {
            (NUDGE, Lang::Ja) => format!("再度のご案内「{}」", title()),
            (NUDGE, Lang::En) => format!("reminder of “{}”", title()),
            (DEADLINE, Lang::Ja) => format!("回答期限「{}」", title()),
            (DEADLINE, Lang::En) => format!("deadline of “{}”", title()),
            (SESSION_END, _) => lang.of("セッションの終了", "the session ends").to_owned(),
            (DUE, _) => lang.of("お支払期日の終わり", "the due date is over").to_owned(),
            (WAIT_END, _) => lang.of("待機の終わり", "a wait is over").to_owned(),
            _ => lang.of("送信の確認", "a mail is looked at again").to_owned(),
        }
    }
}

/// A slot by its name: `yamada/2026-12-03T10:00`.
fn slot(name: &str, lang: Lang) -> String {
    let start = name.split('/').nth(1).and_then(|s| s.parse::<jiff::civil::DateTime>().ok());
    start.map_or_else(
        || name.to_owned(),
        |at| format!("{} {}", banto_aws::render::day(at.date(), lang.name()), at.strftime("%H:%M")),
    )
}
