//! What pages ask of a case: what it is called, where it stands, whose turn it is, what comes next.

use std::collections::BTreeMap;
use std::sync::Arc;

use banto_aws::render::session;
use banto_domain::ask::{Ask, AskKind};
use banto_domain::billing;
use banto_domain::booking::Booking;
use banto_domain::case::Timer;
use banto_domain::playbook::Role;
use banto_domain::{Case, Id, Playbook, Track};
use jiff::Timestamp;
use serde_json::Value;

use super::{Lang, Sheet, journal, words};

/// A case as design §7 shows it, and what its playbook calls things.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) shown: Value,
    pub(crate) inside: Option<Inside>,
}

/// The case itself.
#[derive(Debug, Clone)]
pub(crate) struct Inside {
    pub(crate) case: Case,
    pub(crate) playbook: Arc<Playbook>,
    /// The token of each open ask.
    pub(crate) tokens: BTreeMap<Id, String>,
}

/// Something that somebody may do now.
#[derive(Debug, Clone)]
pub(crate) struct Todo<'a> {
    pub(crate) story: &'a Story,
    /// Whose turn it is.
    pub(crate) role: Role,
    pub(crate) who: String,
    pub(crate) what: String,
    pub(crate) link: String,
    /// What stands on the button.
    pub(crate) label: &'static str,
    /// It holds nothing up.
    pub(crate) beside: bool,
    pub(crate) until: Option<Timestamp>,
    /// The mail with the link has not left yet.
    pub(crate) waiting: bool,
}

/// A session that is booked or held.
#[derive(Debug, Clone)]
pub(crate) struct Session<'a> {
    pub(crate) story: &'a Story,
    pub(crate) begins: Timestamp,
    pub(crate) at: String,
    pub(crate) menu: String,
    pub(crate) coach: String,
    pub(crate) confirmed: bool,
}

impl Story {
    pub(crate) fn id(&self) -> &str {
        self.shown["id"].as_str().unwrap_or_default()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.shown["status"] == "open"
    }

    /// The customer's name.
    pub(crate) fn name(&self) -> &str {
        self.shown["customer"]["name"].as_str().unwrap_or("–")
    }

    /// The customer's name as one writes it.
    pub(crate) fn customer(&self, lang: Lang) -> String {
        match self.shown["customer"]["name"].as_str() {
            Some(name) => format!("{name}{}", lang.of(" 様", "")),
            None => lang.of("お名前不明", "unknown").to_owned(),
        }
    }

    /// The practice's name.
    pub(crate) fn practice(&self, lang: Lang) -> String {
        let client = || self.shown["client"].as_str().unwrap_or_default().to_owned();
        self.inside.as_ref().map_or_else(client, |i| i.playbook.name.get(lang.name()).to_owned())
    }

    pub(crate) fn flow(&self, lang: Lang) -> String {
        let flow = self.shown["flow"].as_str().unwrap_or_default();
        let known = self.inside.as_ref().and_then(|i| i.playbook.flows.get(flow));
        known.map_or(flow, |f| f.label.get(lang.name())).to_owned()
    }

    /// What a node of its flow is called.
    pub(crate) fn node(&self, name: &str, lang: Lang) -> String {
        let flow = self.shown["flow"].as_str().unwrap_or_default();
        let node = self.inside.as_ref().and_then(|i| i.playbook.node(flow, name));
        node.and_then(|n| n.label.as_ref()).map_or(name, |l| l.get(lang.name())).to_owned()
    }

    /// Where it stands: the node, or how it ended.
    pub(crate) fn stands(&self, lang: Lang) -> String {
        if self.shown["stopped"] == true {
            return lang.of("自動のご案内を停止中", "automation is stopped").to_owned();
        }
        match (self.shown["node"].as_str(), self.shown["outcome"].as_str()) {
            (Some(node), _) => self.node(node, lang),
            (None, Some(outcome)) => words::outcome(outcome, lang),
            (None, None) => lang.of("対応中", "open").to_owned(),
        }
    }

    pub(crate) fn status(&self, lang: Lang) -> &'static str {
        if self.is_open() { lang.of("対応中", "open") } else { lang.of("終了", "closed") }
    }

    /// Whose turn it is now.
    pub(crate) fn todos(&self, sheet: &Sheet) -> Vec<Todo<'_>> {
        let Some(inside) = &self.inside else { return Vec::new() };
        let asks = inside.case.asks().filter(|(_, ask)| sheet.now < ask.deadline);
        let mut todos: Vec<Todo<'_>> = asks.filter_map(|(id, ask)| self.asked(inside, id, ask, sheet.lang)).collect();
        todos.extend(inside.case.invoice().filter(|(_, i)| !i.settled && self.is_open()).map(|(id, invoice)| {
            let amount = billing::show(invoice.total, &invoice.currency, sheet.lang.name());
            let due = banto_aws::render::day(invoice.due_on, sheet.lang.name());
            Todo {
                story: self,
                role: Role::Payer,
                who: self.fact("payer_name").unwrap_or(self.name()).to_owned(),
                what: match sheet.lang {
                    Lang::Ja => format!("{amount}のご請求(お支払期日 {due})"),
                    Lang::En => format!("Invoice of {amount}, due {due}"),
                },
                link: format!("/_local/pay/{id}"),
                label: sheet.of("お支払いページを開く", "Open the payment page"),
                beside: false,
                until: None,
                waiting: inside.is_waiting(id),
            }
        }));
        // What moves the case first; then what was asked last.
        todos.sort_by_key(|todo| (todo.beside, todo.role == Role::Payer));
        todos
    }

    fn asked(&self, inside: &Inside, id: &Id, ask: &Ask, lang: Lang) -> Option<Todo<'_>> {
        let question = inside.playbook.questions.get(&ask.question)?;
        let label = match (ask.kind, ask.to) {
            (AskKind::Slot, _) => lang.of("日程を選ぶ", "Choose a time"),
            (AskKind::Openings, _) => lang.of("空き枠を追加する", "Open slots"),
            (AskKind::Fields, _) => lang.of("回答する", "Answer"),
            (AskKind::Choice, Role::Customer | Role::Payer) => lang.of("内容を確認する", "Read and answer"),
            (AskKind::Choice, _) => lang.of("判断する", "Decide"),
        };
        Some(Todo {
            story: self,
            role: ask.to,
            who: inside.person(ask.to, self.name()),
            what: question.title.get(lang.name()).to_owned(),
            link: format!("/a/{}", inside.tokens.get(id)?),
            label,
            beside: ask.beside,
            until: Some(ask.deadline),
            waiting: inside.is_waiting(id),
        })
    }

    /// Its booked and held sessions.
    pub(crate) fn sessions(&self, lang: Lang) -> Vec<Session<'_>> {
        let Some(inside) = &self.inside else { return Vec::new() };
        let bookings = inside.case.bookings();
        bookings
            .map(|(_, booking)| Session {
                story: self,
                begins: booking.seat.begins(),
                at: inside.at(booking, lang),
                menu: inside.menu(&booking.menu, lang),
                coach: inside.coach(&booking.seat.coach),
                confirmed: booking.is_confirmed(),
            })
            .collect()
    }

    /// What happens by itself next, and when.
    pub(crate) fn next(&self, sheet: &Sheet) -> Option<(Timestamp, String)> {
        let inside = self.inside.as_ref()?;
        let timer = inside.case.awake_timers().map(|(_, t)| t).filter(|t| sheet.now < t.at).min_by_key(|t| t.at)?;
        Some((timer.at, inside.timer(timer, sheet.lang)))
    }

    fn fact(&self, name: &str) -> Option<&str> {
        self.shown["facts"][name].as_str()
    }

    /// Labels and values of what is known, in the order in which it became known.
    pub(crate) fn facts(&self, lang: Lang) -> Vec<(String, String)> {
        let specs = self.inside.as_ref().map(|i| &i.playbook.facts);
        let shown = |(name, value): (&String, &Value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match specs.and_then(|s| s.get(name)) {
                Some(spec) => (spec.label.get(lang.name()).to_owned(), consent(spec.show(&value, lang.name()), lang)),
                None => (name.clone(), value),
            }
        };
        let told = journal::facts(self);
        let order = |name: &str| told.iter().position(|n| n == name).unwrap_or(told.len());
        let mut facts: Vec<_> = self.shown["facts"].as_object().into_iter().flatten().collect();
        facts.sort_by_key(|(name, _)| order(name));
        facts.into_iter().map(shown).collect()
    }
}

fn consent(value: &str, lang: Lang) -> String {
    if value == "yes" { lang.of("はい", "yes").to_owned() } else { value.to_owned() }
}

impl Inside {
    /// Whether a mail about this track has yet to leave.
    fn is_waiting(&self, about: &Id) -> bool {
        self.case.tracks.values().any(|t| matches!(t, Track::Message(m) if m.about.as_ref() == Some(about)))
    }

    /// The person of a role; of the customer's role, the one who is named.
    fn person(&self, role: Role, customer: &str) -> String {
        let people = &self.playbook.people;
        match role {
            Role::Customer | Role::Payer => customer.to_owned(),
            Role::Operator => people.operators.first().map(|p| p.name.clone()).unwrap_or_default(),
            Role::Coach => {
                let booked = self.case.booking().map(|(_, b)| b.seat.coach.as_str());
                let id = booked.or(self.case.coach.as_deref());
                let known = people.coaches.iter().find(|c| Some(c.id.as_str()) == id).or(people.coaches.first());
                known.map(|c| c.name.clone()).unwrap_or_default()
            }
        }
    }

    pub(crate) fn at(&self, booking: &Booking, lang: Lang) -> String {
        session(booking.seat.begins(), booking.seat.ends(), &booking.seat.zone, lang.name())
    }

    pub(crate) fn menu(&self, name: &str, lang: Lang) -> String {
        self.playbook.menus.get(name).map_or(name, |m| m.label.get(lang.name())).to_owned()
    }

    pub(crate) fn coach(&self, id: &str) -> String {
        self.playbook.people.coaches.iter().find(|c| c.id == id).map_or(id, |c| c.name.as_str()).to_owned()
    }

    pub(crate) fn template(&self, name: &str, lang: Lang) -> String {
        let subject = self.playbook.templates.get(name).map(|t| t.subject.get(lang.name()));
        subject.map_or_else(|| name.to_owned(), words::subject)
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

    fn timer(&self, timer: &Timer, lang: Lang) -> String {
        let asked = timer.about.as_ref().and_then(|id| self.case.ask(id));
        let title = || asked.map(|a| self.question(&a.question, lang)).unwrap_or_default();
        if let Some(rung) = timer.name.strip_prefix("reminder:") {
            let template = self.playbook.reminders.get(rung).map_or(rung, |r| r.template.as_str());
            return self.template(template, lang);
        }
        match (timer.name.as_str(), lang) {
            ("nudge", Lang::Ja) => format!("再度のご案内「{}」", title()),
            ("nudge", Lang::En) => format!("reminder of “{}”", title()),
            ("deadline", Lang::Ja) => format!("回答期限「{}」", title()),
            ("deadline", Lang::En) => format!("deadline of “{}”", title()),
            ("session-end", _) => lang.of("セッションの終了", "the session ends").to_owned(),
            ("due", _) => lang.of("お支払期日の終わり", "the due date is over").to_owned(),
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
