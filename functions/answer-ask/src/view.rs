//! What an ask shows: its question, and the facts that whoever decides must see.

use std::sync::Arc;

use banto_aws::{Env, Result};
use banto_domain::ask::{Ask, shown_text};
use banto_domain::fact::Personal;
use banto_domain::playbook::{Question, Role};
use banto_domain::{Case, CaseKey, Id, Playbook, keys};
use jiff::Timestamp;

/// An open ask with what its page shows.
pub(crate) struct View {
    pub(crate) playbook: Arc<Playbook>,
    pub(crate) case: Case,
    pub(crate) ask: Ask,
    /// Label and value.
    pub(crate) values: Vec<(String, String)>,
    /// The mark of all of it.
    pub(crate) shown: String,
}

impl View {
    /// Loads an open ask; `None` when it isn't open.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub(crate) async fn load(env: &Env, key: &CaseKey, id: &Id) -> Result<Option<Self>> {
        let Some(loaded) = env.ledger.load(key).await? else { return Ok(None) };
        let playbook = env.playbooks.get(&key.client, loaded.case.playbook_version).await?;
        let (case, personal) = (loaded.case, loaded.personal);
        let Some(ask) = case.ask(id).cloned() else { return Ok(None) };
        let Some(question) = playbook.questions.get(&ask.question) else { return Ok(None) };
        let values = values(&case, &personal, &playbook, question, language(&case, &ask));
        let Some(shown) = shown_in(&case, &personal, &playbook, id) else { return Ok(None) };
        Ok(Some(Self { playbook: Arc::clone(&playbook), case, ask, values, shown }))
    }

    pub(crate) fn question(&self) -> Option<&Question> {
        self.playbook.questions.get(&self.ask.question)
    }

    pub(crate) fn language(&self) -> &str {
        language(&self.case, &self.ask)
    }

    pub(crate) fn deadline(&self) -> Timestamp {
        self.ask.deadline
    }
}

/// Customers read their own language; the practice's people read Japanese.
pub(crate) fn language<'a>(case: &'a Case, ask: &Ask) -> &'a str {
    if ask.to == Role::Customer { &case.language } else { "ja" }
}

fn values(
    case: &Case,
    personal: &Personal,
    playbook: &Playbook,
    question: &Question,
    language: &str,
) -> Vec<(String, String)> {
    let value = |name: &String| {
        let spec = playbook.facts.get(name)?;
        let value = personal.value(&case.facts, name)?;
        Some((spec.label.get(language).to_owned(), spec.show(value, language).to_owned()))
    };
    question.shows.iter().filter_map(value).collect()
}

/// The mark of exactly what is shown for an ask as the case stands; `None` when it isn't open.
pub(crate) fn shown_in(case: &Case, personal: &Personal, playbook: &Playbook, id: &Id) -> Option<String> {
    let ask = case.ask(id)?;
    let question = playbook.questions.get(&ask.question)?;
    let language = language(case, ask);
    let values = values(case, personal, playbook, question, language);
    Some(keys::mark(&personal.key, &["shown", &shown_text(id, ask, question, &values, language)]))
}
