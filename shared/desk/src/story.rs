//! A case as people read it: what it is called, where it stands, whose turn it is, what comes next.

use banto_aws::Env;
use banto_domain::playbook::{AskKind, Person};
use banto_domain::rules::{billing, request};
use banto_domain::state::{Ask, Party};
use banto_domain::{CaseId, CaseKey, ClientId, Id};
use jiff::Timestamp;
use serde_json::Value;

use crate::{Inside, Lang, Reader, Side, history, words};

/// A case as design §7 shows it, and what its playbook calls things.
#[derive(Debug, Clone)]
pub struct Story {
    /// As `Ledger::show` tells it.
    pub shown: Value,
    /// What stands behind it; none when the house doesn't know the case.
    pub inside: Option<Inside>,
}

/// Where something is done. Which page that is, a host knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// An ask is answered with this token.
    Ask(String),
    /// An invoice is paid.
    Pay(Id),
}

/// Something that somebody may do now.
#[derive(Debug, Clone)]
pub struct Todo<'a> {
    /// The case.
    pub story: &'a Story,
    /// Whose turn it is.
    pub side: Side,
    /// By name.
    pub who: String,
    /// What is asked.
    pub what: String,
    /// Where it is done.
    pub way: Way,
    /// What stands on the button.
    pub label: &'static str,
    /// It holds nothing up.
    pub beside: bool,
    /// The last moment for it.
    pub until: Option<Timestamp>,
    /// The mail with the link has not left yet.
    pub waiting: bool,
}

/// A session that is booked or held.
#[derive(Debug, Clone)]
pub struct Session<'a> {
    /// Its case.
    pub story: &'a Story,
    /// When it begins (UTC).
    pub begins: Timestamp,
    /// When it is, as people write it.
    pub at: String,
    /// What it is.
    pub menu: String,
    /// With whom.
    pub coach: String,
    /// It is more than a hold.
    pub confirmed: bool,
}

impl Story {
    /// A case with what its playbook calls things; without it, when the house doesn't know it.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn of(env: &Env, shown: Value) -> banto_aws::Result<Self> {
        let name = |field: &str| shown[field].as_str().unwrap_or_default();
        let (Ok(client), Ok(case)) = (ClientId::parse(name("client")), CaseId::parse(name("id"))) else {
            return Ok(Self { shown, inside: None });
        };
        let key = CaseKey { client, case };
        let Some(loaded) = env.ledger.load(&key).await? else { return Ok(Self { shown, inside: None }) };
        let playbook = env.playbooks.get(&key.client, loaded.case.playbook_version).await?;
        // Of those who were asked, the first: a visitor plays them all.
        let link = |(id, ask): (&Id, &Ask)| Some((id.clone(), env.keys.token(&key, id, ask.readers().first()?)));
        let tokens = loaded.case.asks().filter_map(link).collect();
        let coach = loaded.case.coach.as_ref().and_then(|coach| playbook.people.coach(coach));
        let people =
            coach.into_iter().chain(playbook.people.operators.first()).filter(|_| !playbook.requests.is_empty());
        let page = |person: &Person| {
            let party = Party::Person(person.id.clone());
            (Side::of(&party, &playbook), person.name.clone(), env.keys.token(&key, &request::page(), &party))
        };
        let pages = people.map(page).collect();
        Ok(Self { shown, inside: Some(Inside { case: loaded.case, playbook, tokens, pages }) })
    }

    /// The page of this case that somebody of a side has: whose it is, and its token.
    #[must_use]
    pub fn page(&self, side: Side) -> Option<(&str, &str)> {
        let pages = self.inside.iter().flat_map(|inside| &inside.pages);
        pages.filter(|(of, ..)| *of == side).map(|(_, name, token)| (name.as_str(), token.as_str())).next()
    }

    /// Its reference number.
    #[must_use]
    pub fn id(&self) -> &str {
        self.shown["id"].as_str().unwrap_or_default()
    }

    /// Whether somebody still expects something.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.shown["status"] == "open"
    }

    /// The customer's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.shown["customer"]["name"].as_str().unwrap_or("–")
    }

    /// The customer's name as one writes it.
    #[must_use]
    pub fn customer(&self, lang: Lang) -> String {
        match self.shown["customer"]["name"].as_str() {
            Some(name) => format!("{name}{}", lang.of(" 様", "")),
            None => lang.of("お名前不明", "unknown").to_owned(),
        }
    }

    /// The practice's name.
    #[must_use]
    pub fn practice(&self, lang: Lang) -> String {
        let client = || self.shown["client"].as_str().unwrap_or_default().to_owned();
        self.inside.as_ref().map_or_else(client, |i| i.playbook.name.get(lang.name()).to_owned())
    }

    /// What its flow is called.
    #[must_use]
    pub fn flow(&self, lang: Lang) -> String {
        let flow = self.shown["flow"].as_str().unwrap_or_default();
        let known = self.inside.as_ref().and_then(|i| i.playbook.flows.get(flow));
        known.map_or(flow, |f| f.label.get(lang.name())).to_owned()
    }

    /// What a node of its flow is called.
    #[must_use]
    pub fn node(&self, name: &str, lang: Lang) -> String {
        let flow = self.shown["flow"].as_str().unwrap_or_default();
        let node = self.inside.as_ref().and_then(|i| i.playbook.node(flow, name));
        node.and_then(|n| n.label.as_ref()).map_or(name, |l| l.get(lang.name())).to_owned()
    }

    /// Where it stands: the node, or how it ended.
    #[must_use]
    pub fn stands(&self, lang: Lang) -> String {
        if self.shown["stopped"] == true {
            return lang.of("自動のご案内を停止中", "automation is stopped").to_owned();
        }
        match (self.shown["node"].as_str(), self.shown["outcome"].as_str()) {
            (Some(node), _) => self.node(node, lang),
            (None, Some(outcome)) => words::outcome(outcome, lang),
            (None, None) => lang.of("対応中", "open").to_owned(),
        }
    }

    /// Open or closed.
    #[must_use]
    pub fn status(&self, lang: Lang) -> &'static str {
        if self.is_open() { lang.of("対応中", "open") } else { lang.of("終了", "closed") }
    }

    /// Whose turn it is now.
    #[must_use]
    pub fn todos(&self, reader: &Reader) -> Vec<Todo<'_>> {
        let Some(inside) = &self.inside else { return Vec::new() };
        let asks = inside.case.asks().filter(|(_, ask)| reader.now < ask.deadline);
        let mut todos: Vec<Todo<'_>> = asks.filter_map(|(id, ask)| self.asked(inside, id, ask, reader.lang)).collect();
        todos.extend(self.owed(inside, reader.lang));
        // What moves the case first; then what was asked last.
        todos.sort_by_key(|todo| (todo.beside, todo.side == Side::Payer));
        todos
    }

    fn owed(&self, inside: &Inside, lang: Lang) -> Option<Todo<'_>> {
        let mut invoices = inside.case.invoices();
        let (id, invoice) = invoices.find(|(_, i)| !i.settled && self.is_open())?;
        let amount = billing::show(invoice.total, &invoice.currency, lang.name());
        let due = banto_aws::render::day(invoice.due_on, lang.name());
        Some(Todo {
            story: self,
            side: Side::Payer,
            who: self.fact("payer_name").unwrap_or(self.name()).to_owned(),
            what: match lang {
                Lang::Ja => format!("{amount}のご請求(お支払期日 {due})"),
                Lang::En => format!("Invoice of {amount}, due {due}"),
            },
            way: Way::Pay(id.clone()),
            label: lang.of("お支払いページを開く", "Open the payment page"),
            beside: false,
            until: None,
            waiting: inside.is_waiting(id),
        })
    }

    fn asked(&self, inside: &Inside, id: &Id, ask: &Ask, lang: Lang) -> Option<Todo<'_>> {
        let question = inside.playbook.questions.get(&ask.question)?;
        let side = Side::of_ask(ask, &inside.playbook);
        let label = match (ask.kind, side.is_outside()) {
            (AskKind::Slot, _) => lang.of("日程を選ぶ", "Choose a time"),
            (AskKind::Openings, _) => lang.of("空き枠を追加する", "Open slots"),
            (AskKind::Fields, _) => lang.of("回答する", "Answer"),
            (AskKind::Approval, _) => lang.of("承認する・差し戻す", "Approve or send back"),
            (AskKind::Stages, _) => lang.of("送信の段階を選ぶ", "Choose what leaves by itself"),
            (AskKind::Choice, true) => lang.of("内容を確認する", "Read and answer"),
            (AskKind::Choice, false) => lang.of("判断する", "Decide"),
        };
        Some(Todo {
            story: self,
            side,
            who: inside.asked(ask, self.name()),
            what: question.title.get(lang.name()).to_owned(),
            way: Way::Ask(inside.tokens.get(id)?.clone()),
            label,
            beside: ask.beside,
            until: Some(ask.deadline),
            waiting: inside.is_waiting(id),
        })
    }

    /// Its booked and held sessions.
    #[must_use]
    pub fn sessions(&self, lang: Lang) -> Vec<Session<'_>> {
        let Some(inside) = &self.inside else { return Vec::new() };
        let bookings = inside.case.bookings();
        bookings
            .filter(|(_, booking)| !booking.cancelled)
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
    #[must_use]
    pub fn next(&self, reader: &Reader) -> Option<(Timestamp, String)> {
        let inside = self.inside.as_ref()?;
        let timer = inside.case.awake_timers().map(|(_, t)| t).filter(|t| reader.now < t.at).min_by_key(|t| t.at)?;
        Some((timer.at, inside.timer(timer, reader.lang)))
    }

    /// When it is looked at again.
    #[must_use]
    pub fn due(&self, reader: &Reader) -> String {
        let at = self.shown["due_at"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        at.map_or_else(|| "–".to_owned(), |at| reader.when(at))
    }

    fn fact(&self, name: &str) -> Option<&str> {
        self.shown["facts"][name].as_str()
    }

    /// Labels and values of what is known, in the order in which it became known.
    #[must_use]
    pub fn facts(&self, lang: Lang) -> Vec<(String, String)> {
        let specs = self.inside.as_ref().map(|i| &i.playbook.facts);
        let shown = |(name, value): (&String, &Value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match specs.and_then(|s| s.get(name)) {
                Some(spec) => (spec.label.get(lang.name()).to_owned(), consent(spec.show(&value, lang.name()), lang)),
                None => (name.clone(), value),
            }
        };
        let told = history::facts(self);
        let order = |name: &str| told.iter().position(|n| n == name).unwrap_or(told.len());
        let mut facts: Vec<_> = self.shown["facts"].as_object().into_iter().flatten().collect();
        facts.sort_by_key(|(name, _)| order(name));
        facts.into_iter().map(shown).collect()
    }
}

fn consent(value: &str, lang: Lang) -> String {
    if value == "yes" { lang.of("はい", "yes").to_owned() } else { value.to_owned() }
}
