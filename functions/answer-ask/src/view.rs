//! What an ask shows: its question, and the facts that whoever decides must see.

use std::sync::Arc;

use banto_aws::ledger::Loaded;
use banto_aws::page::words;
use banto_aws::render::{day, session};
use banto_aws::{Env, Result};
use banto_domain::playbook::Question;
use banto_domain::rules::billing;
use banto_domain::state::{Ask, Party, Personal};
use banto_domain::{Case, CaseKey, Id, Playbook, keys};

/// A case with the playbook that it keeps.
pub(crate) struct Opened {
    pub(crate) loaded: Loaded,
    pub(crate) playbook: Arc<Playbook>,
    /// What came in and could not be understood.
    inbound: Option<String>,
}

/// An open ask with what its page shows.
pub(crate) struct View<'a> {
    pub(crate) playbook: &'a Playbook,
    pub(crate) case: &'a Case,
    pub(crate) id: &'a Id,
    pub(crate) ask: &'a Ask,
    pub(crate) question: &'a Question,
    pub(crate) language: &'a str,
    /// Label and value.
    pub(crate) values: Vec<(String, String)>,
    /// What came in and could not be understood. It never changes, so the mark need not cover it.
    pub(crate) inbound: Option<&'a str>,
    /// The mark of all of it.
    pub(crate) shown: String,
}

impl View<'_> {
    /// Whether this answer is one of the slots that were offered.
    pub(crate) fn is_slot(&self, answer: &str) -> bool {
        let own = self.question.answers.iter().any(|a| a.name == answer);
        !own && self.ask.answers.iter().any(|a| a == answer)
    }

    /// Whoever it was put to, for links that name nobody.
    pub(crate) fn anybody(&self) -> Party {
        Ask { people: Vec::new(), ..self.ask.clone() }.readers().into_iter().next().unwrap_or(Party::Operator)
    }
}

impl Opened {
    /// Loads a case.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub(crate) async fn load(env: &Env, key: &CaseKey) -> Result<Option<Self>> {
        let Some(loaded) = env.ledger.load(key).await? else { return Ok(None) };
        let playbook = env.playbooks.get(&key.client, loaded.case.playbook_version).await?;
        let inbound = match &loaded.case.inbound {
            Some(id) => env.ledger.inbound(key, id).await?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            None => None,
        };
        Ok(Some(Self { loaded, playbook, inbound }))
    }

    /// What an ask shows; `None` when it isn't open.
    pub(crate) fn view<'a>(&'a self, id: &'a Id) -> Option<View<'a>> {
        let Loaded { case, personal, .. } = &self.loaded;
        let ask = case.ask(id)?;
        let question = self.playbook.questions.get(&ask.question)?;
        let language = self.playbook.language_of(ask.to.is_outside(), &case.language);
        let values = values(case, personal, &self.playbook, (ask, question), language);
        let shown = shown_in(case, personal, &self.playbook, id)?;
        // The practice's own people see it; to its customer it is noise.
        let inbound = self.inbound.as_deref().filter(|_| !ask.to.is_outside());
        Some(View { playbook: &self.playbook, case, id, ask, question, language, values, inbound, shown })
    }
}

fn values(
    case: &Case,
    personal: &Personal,
    playbook: &Playbook,
    (ask, question): (&Ask, &Question),
    language: &str,
) -> Vec<(String, String)> {
    let value = |name: &String| {
        let spec = playbook.facts.get(name)?;
        let value = personal.value(&case.facts, name)?;
        Some((spec.label.get(language).to_owned(), spec.show(value, language).to_owned()))
    };
    let booking = case.booking_in(&ask.tracks).map(|(_, b)| b);
    let about = booking.into_iter().flat_map(|b| {
        let menu = playbook.menus.get(&b.menu).map_or(b.menu.as_str(), |m| m.label.get(language));
        let coach = playbook.people.coaches.iter().find(|c| c.id == b.seat.coach).map_or("", |c| c.name.as_str());
        let at = session(b.seat.begins(), b.seat.ends(), &b.seat.zone, language);
        [("内容", "Session", menu.to_owned()), ("日時", "Time", at), ("コーチ", "Coach", coach.to_owned())]
    });
    // The practice's people see what was asked for.
    let invoice = case.invoice_in(&ask.tracks).filter(|_| !ask.to.is_outside()).into_iter().flat_map(|(_, i)| {
        let (total, due) = (billing::show(i.total, &i.currency, language), day(i.due_on, language));
        [("請求番号", "Invoice", i.number.clone()), ("ご請求額", "Amount", total), ("お支払期日", "Due", due)]
    });
    let about = about.chain(invoice).map(|(ja, en, value)| (words(language, ja, en).to_owned(), value));
    about.chain(question.shows.iter().filter_map(value)).collect()
}

/// The mark of exactly what is shown for an ask as the case stands; `None` when it isn't open.
pub(crate) fn shown_in(case: &Case, personal: &Personal, playbook: &Playbook, id: &Id) -> Option<String> {
    let ask = case.ask(id)?;
    let question = playbook.questions.get(&ask.question)?;
    let language = playbook.language_of(ask.to.is_outside(), &case.language);
    let values = values(case, personal, playbook, (ask, question), language);
    Some(keys::mark(&personal.key, &["shown", &shown_text(id, ask, question, &values, language)]))
}

/// Exactly what an ask shows, as text; its mark goes into the receipt. Any change to it voids what was seen before.
fn shown_text(id: &Id, ask: &Ask, question: &Question, values: &[(String, String)], language: &str) -> String {
    let mut lines = vec![
        id.to_string(),
        language.to_owned(),
        question.title.get(language).to_owned(),
        question.body.get(language).to_owned(),
        ask.reason.clone().unwrap_or_default(),
    ];
    lines.extend(values.iter().map(|(name, value)| format!("{name}={value}")));
    lines.extend(ask.fields.iter().map(|f| format!("?{f}")));
    let own = |name: &String| question.answers.iter().any(|a| a.name == *name);
    lines.extend(ask.answers.iter().filter(|name| !own(name)).map(|slot| format!("[{slot}]")));
    lines.extend(question.answers.iter().map(|a| format!("[{}] {}", a.name, a.label.get(language))));
    lines.join("\n")
}
