//! Writes the mail of a message from the case as it stands, and gathers what the gate must know of today. Whoever must
//! approve a mail sees it as it is written here, and the gate compares it with what leaves.

mod amounts;
mod values;
mod waiting;

use std::collections::BTreeMap;

use banto_domain::playbook::{Attach, By, GoingLive, Person, REPLY, Template, Topic};
use banto_domain::rules::gate::GateFacts;
use banto_domain::rules::request::Reader;
use banto_domain::rules::{Also, approval, name, stages, stop};
use banto_domain::state::{Message, Party, Staged, Stages};
use banto_domain::{Id, Playbook, keys};
use minijinja::Value;
use serde_json::json;

use self::values::Page;
use self::waiting::Waiting;
use crate::ledger::{AddressFacts, Loaded, Wanted};
use crate::render::{self, Mail, Unfilled};
use crate::{Env, Error, Letter, Result};

/// A mail, written or not, with what is known of today.
#[derive(Debug, Default)]
pub struct Composed {
    /// The mail; none when it can't be written.
    pub letter: Option<Letter>,
    /// What the gate must know.
    pub facts: GateFacts,
    /// What the lease depends on.
    pub also: Vec<Also>,
}

/// Writes the mail of a message.
///
/// # Errors
/// When the store can't be reached.
pub async fn letter(env: &Env, loaded: &Loaded, id: &Id, message: &Message) -> Result<Composed> {
    let client = &loaded.case.key.client;
    let pinned = env.playbooks.get(client, loaded.case.playbook_version).await?;
    let (_, today) =
        env.playbooks.current(client).await?.ok_or_else(|| Error::Refused(format!("there is no client {client}")))?;
    let to = recipients(loaded, &today, message);
    // Nothing silences the practice's own people (promise 15): a mail to them asks for no more than the playbook.
    let outside = to.first().filter(|_| message.reader().is_outside()).map(|(_, address)| address.clone());
    let hmac = outside.as_ref().map(|address| env.keys.look_up(client, address));
    let going_live = today.going_live.as_ref().filter(|_| stages::concerns(message));
    let wanted = Wanted { staged: going_live.is_some(), promotes: message.topic == Topic::Promotion };
    let (live, stages, AddressFacts { suppressed, unsubscribed, stopped, stranger }) =
        env.ledger.gate_facts(client, hmac.as_deref(), wanted).await?;
    let live = live.ok_or_else(|| Error::Refused(format!("there is no client {client}")))?;
    let mut facts = GateFacts {
        revoked: live.revoked.contains(&message.template),
        suppressed,
        unsubscribed,
        stopped,
        has_address: !to.is_empty(),
        stranger: outside.clone().zip(stranger),
        staged: going_live.and_then(|live| staged(loaded, message, live, &stages)),
        ..GateFacts::default()
    };
    let mut also = conditions(&facts, outside, message);
    also.extend(going_live.map(|_| Also::StagesStand { rev: stages.rev }));
    let Some(template) = pinned.templates.get(&message.template) else {
        return Ok(Composed { letter: None, facts, also });
    };
    let language = pinned.language_of(message.to.is_outside(), &loaded.case.language);
    let page = Page { env, loaded, pinned: &pinned, today: &today, language };
    let stage = facts.staged.as_ref().map(|staged| staged.stage);
    let mut values = page.values_of(id, message);
    if let Some(person) = message.to.person().filter(|_| message.is_digest()) {
        let Waiting { lines, more, urgent } = waiting::waiting(env, client, &today, person).await?;
        facts.moot = lines.is_empty();
        values.insert("work".to_owned(), lines.into());
        values.insert("more".to_owned(), more.into());
        values.insert("urgent".to_owned(), urgent.into());
    }
    if let Some((subject, text)) = page.written(id) {
        facts.harmless = approval::is_harmless(&pinned, message, &format!("{subject}\n{text}"), stage);
    }
    let written = page.letter((id, message), template, &values, to);
    if stages::is_marked(template, message, stage) {
        facts.mark = page.first_mark((id, message), template, written.as_ref().ok());
    }
    Ok(match written {
        Ok(letter) => {
            facts.odd_amount = amounts::odd(&loaded.case, &pinned, message, &letter.mail.text);
            Composed { letter: Some(letter), facts, also }
        }
        Err(Unfilled(name)) => {
            facts.unfilled = Some(name);
            Composed { letter: None, facts, also }
        }
    })
}

/// How far the part that a mail belongs to has gone live.
fn staged(loaded: &Loaded, message: &Message, live: &GoingLive, stages: &Stages) -> Option<Staged> {
    let part = live.part_of(loaded.case.flow_of(message.flow.as_ref()), message.topic)?;
    Some(Staged { tally: stages.tally(part), stage: stages.of(part) })
}

/// What the gate would stop anyway needs no condition; what passes must still hold at the lease.
fn conditions(facts: &GateFacts, outside: Option<String>, message: &Message) -> Vec<Also> {
    let mut also = Vec::new();
    if let Some(address) = outside {
        also.extend((!facts.suppressed).then(|| Also::NotSuppressed { address: address.clone() }));
        let promotes = message.topic == Topic::Promotion && !facts.unsubscribed;
        also.extend(promotes.then(|| Also::NotUnsubscribed { address: address.clone() }));
        also.extend((!facts.stopped).then_some(Also::NotStopped { address }));
    }
    also.extend((!facts.revoked).then(|| Also::NotRevoked { template: message.template.clone() }));
    also
}

/// A mail as its reader will see it, for whoever must approve it.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The mail as it would leave now.
    pub letter: Letter,
    /// The mark of exactly this.
    pub mark: String,
    /// What a person may write anew: the subject and the text without its foot.
    pub draft: (String, String),
    /// Its template's own words, when a person wrote it anew.
    pub template: Option<Mail>,
}

/// Writes a mail for whoever must approve it; `None` when it can't be written.
///
/// # Errors
/// When the store can't be reached.
pub async fn preview(env: &Env, loaded: &Loaded, id: &Id) -> Result<Option<Preview>> {
    let Some(message) = loaded.case.message(id) else { return Ok(None) };
    let Composed { letter: Some(letter), facts, .. } = letter(env, loaded, id, message).await? else { return Ok(None) };
    let Some(mark) = facts.mark else { return Ok(None) };
    let key = &loaded.case.key;
    let pinned = env.playbooks.get(&key.client, loaded.case.playbook_version).await?;
    let today = env.today(key).await?;
    let language = pinned.language_of(message.to.is_outside(), &loaded.case.language);
    let page = Page { env, loaded, pinned: &pinned, today: &today, language };
    let draft = page.written(id).unwrap_or_else(|| (letter.mail.subject.clone(), body(&letter.mail.text).to_owned()));
    let template = pinned.templates.get(&message.template).filter(|_| message.written > 0 && message.template != REPLY);
    let untouched = Message { written: 0, ..message.clone() };
    let template = template.and_then(|t| render::mail(&pinned, t, language, &page.values_of(id, &untouched)).ok());
    Ok(Some(Preview { letter, mark, draft, template }))
}

/// A mail's text without the practice's name and contact at its foot.
fn body(text: &str) -> &str {
    text.rsplit_once(render::FOOT).map_or(text, |(body, _)| body)
}

impl Page<'_> {
    fn letter(
        &self,
        (id, message): (&Id, &Message),
        template: &Template,
        values: &BTreeMap<String, Value>,
        to: Vec<(String, String)>,
    ) -> std::result::Result<Letter, Unfilled> {
        let (pinned, today, language) = (self.pinned, self.today, self.language);
        // What somebody wrote anew stands in the place of the template's words; a letter of theirs stands within them.
        let mail = match self.written(id).filter(|_| message.written > 0 && message.template != REPLY) {
            Some((subject, text)) => render::written(pinned, language, &subject, &text)?,
            None => render::mail(pinned, template, language, values)?,
        };
        let unsubscribe = self.unsubscribe(message);
        let mail = match &unsubscribe {
            Some(link) => render::with_way_out(mail, link, language),
            None => mail,
        };
        let mail = match self.my_page(message) {
            Some(link) => render::with_own_page(mail, &link, !pinned.requests.is_empty(), language),
            None => mail,
        };
        let mail = match self.coachs_page(message) {
            Some(link) => render::with_coachs_page(mail, &link, language),
            None => mail,
        };
        let mail = match self.operators_page(message) {
            Some(link) => render::with_operators_page(mail, &link, language),
            None => mail,
        };
        let mail = if message.sample.is_some() { render::sample(mail, language) } else { mail };
        let from = (pinned.sender.name.get(language).to_owned(), today.sender.address.clone());
        let calendar = template.attach.and_then(|Attach::Calendar| self.calendar(message));
        let tags = tags(self.loaded, id, message, template);
        Ok(Letter { from, to, mail, at: self.env.clock.now(), id: id.clone(), calendar, unsubscribe, tags })
    }

    /// The customer's own page of the case: in every mail to them but the note about an emergency, which says one thing alone.
    fn my_page(&self, message: &Message) -> Option<String> {
        let pays = *message.reader() == Party::Payer;
        let for_themselves = pays && self.loaded.personal.value(&self.loaded.case.facts, "payer_email").is_none();
        let is_theirs = *message.reader() == Party::Customer || for_themselves;
        (is_theirs && !message.is_of_emergency()).then(|| self.env.my_link(&self.loaded.case.key))
    }

    /// The coach's own page of the case: in every mail to her about a booking of hers that stands, where she may ask for anything.
    fn coachs_page(&self, message: &Message) -> Option<String> {
        let person = message.reader().person()?;
        self.today.people.coach(person)?;
        let case = &self.loaded.case;
        let (_, booking) = case.booking_in(&message.tracks).filter(|(_, b)| b.is_confirmed())?;
        let hers = Reader::Coach(person).sees(self.today, booking, self.env.clock.now());
        let may = hers && self.pinned.requests.values().any(|wanted| wanted.by == By::Coach);
        may.then(|| self.env.page_link(&case.key, message.reader()))
    }

    /// An operator's own page of the case: in every mail to them about a customer who may ask for something.
    fn operators_page(&self, message: &Message) -> Option<String> {
        let Some(Reader::Operator(_)) = Reader::of(self.today, message.reader()) else { return None };
        let case = &self.loaded.case;
        let has_customer = self.loaded.personal.value(&case.facts, "email").is_some();
        let may = has_customer && !self.pinned.requests.is_empty();
        may.then(|| self.env.page_link(&case.key, message.reader()))
    }

    /// The link by which whoever reads a mail that promotes something stops such mails.
    fn unsubscribe(&self, message: &Message) -> Option<String> {
        let promotes = message.topic == Topic::Promotion && message.to.is_outside();
        let token = || self.env.keys.token(&self.loaded.case.key, &stop::link(), message.reader());
        promotes.then(|| format!("{}/a/{}", self.env.public_url, token()))
    }

    /// The mark of a mail as it is first called out: whoever approves it approves that, and a second call only adds that it may
    /// come twice.
    fn first_mark(&self, (id, message): (&Id, &Message), template: &Template, now: Option<&Letter>) -> Option<String> {
        if message.attempts == 0 {
            return now.map(|letter| self.mark(letter));
        }
        let first = Message { attempts: 0, ..message.clone() };
        let to = recipients(self.loaded, self.today, message);
        let first = self.letter((id, &first), template, &self.values_of(id, &first), to);
        first.ok().map(|letter| self.mark(&letter))
    }

    /// The mark of a mail under the person's key: of all that its reader gets.
    fn mark(&self, letter: &Letter) -> String {
        // When it was written is no part of what a calendar says.
        let calendar = letter.calendar.iter().flat_map(|text| text.lines()).filter(|l| !l.starts_with("DTSTAMP"));
        let Mail { subject, text, html } = &letter.mail;
        let all = json!([letter.from, letter.to, subject, text, html, calendar.collect::<Vec<_>>()]);
        keys::mark(&self.loaded.personal.key, &["mail", &all.to_string()])
    }

    /// What a person wrote in the place of the template's words: subject and text.
    pub(crate) fn written(&self, id: &Id) -> Option<(String, String)> {
        let written = self.loaded.personal.values.get(&format!("{}{id}", approval::WRITTEN))?;
        let (subject, text) = written.split_once('\n')?;
        Some((subject.to_owned(), text.to_owned()))
    }
}

/// What the provider's events carry back. Names and ids only: tags are seen by the provider.
fn tags(loaded: &Loaded, id: &Id, message: &Message, template: &Template) -> Vec<(&'static str, String)> {
    let mut tags = vec![
        ("client", loaded.case.key.client.to_string()),
        ("case", loaded.case.key.case.to_string()),
        ("intent", id.to_string()),
        ("template", message.template.clone()),
        ("class", template.class.name().to_owned()),
    ];
    // Should it come back, somebody else of the practice gets what it was about.
    if let Some(person) = message.reader().person() {
        tags.push(("person", person.to_owned()));
        tags.extend(message.about.as_ref().map(|ask| ("ask", ask.to_string())));
    }
    tags
}

/// To whom it goes. Who that is was fixed when the mail was wanted; where they are reached is today's.
fn recipients(loaded: &Loaded, today: &Playbook, message: &Message) -> Vec<(String, String)> {
    let value = |name: &str| loaded.personal.values.get(name).cloned();
    let called = |fact: &str| value(fact).filter(|name| name::looks_like_one(name)).unwrap_or_default();
    let customer = || value("email").map(|address| (called("name"), address));
    let of = |p: &Person| (p.name.clone(), p.address.clone());
    let (people, case) = (&today.people, &loaded.case);
    // In version 1 it was a role, and whoever had it when the mail left.
    let role = |all: &[Person], concerned: Option<&String>| {
        let one = all.iter().find(|p| Some(&p.id) == concerned);
        one.map_or_else(|| all.iter().map(of).collect(), |p| vec![of(p)])
    };
    match message.reader() {
        Party::Customer => customer().into_iter().collect(),
        Party::Payer => {
            let other = value("payer_email").map(|address| (called("payer_name"), address));
            other.or_else(customer).into_iter().collect()
        }
        Party::Person(id) => people.person(id).map(of).into_iter().collect(),
        Party::Coach => role(&people.coaches, case.coach.as_ref().or(case.owner.as_ref())),
        Party::Operator => role(&people.operators, case.owner.as_ref()),
    }
}
