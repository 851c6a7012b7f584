//! What an ask stands on: the case, what was agreed with whom, and who looks at it. Owns the loading; says nothing itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use banto_aws::compose::{self, Preview};
use banto_aws::ledger::{Loaded, Tally};
use banto_aws::{Env, Result, reading};
use banto_domain::playbook::{AskKind, Question, To};
use banto_domain::state::{Ask, Party, Personal, Stages};
use banto_domain::{Case, CaseKey, Draft, Id, Playbook};

use crate::proposal::Proposal;

/// A case with the playbook that it keeps, and that of today.
pub(crate) struct Opened {
    pub(crate) loaded: Loaded,
    pub(crate) playbook: Arc<Playbook>,
    pub(crate) today: Arc<Playbook>,
    /// What came in and could not be understood.
    pub(crate) inbound: Option<Inbound>,
    /// The mail that waits for an approval.
    pub(crate) preview: Option<Preview>,
    /// The version of the playbook that waits for one.
    pub(crate) proposal: Option<Proposal>,
    /// How far the practice has gone live, where that is asked.
    pub(crate) stages: Option<Known>,
}

/// How far a practice has gone live, and how approvals of each part were answered since.
pub(crate) struct Known {
    pub(crate) stages: Stages,
    pub(crate) tallies: BTreeMap<String, Tally>,
}

/// A payload as it came.
pub(crate) struct Inbound {
    id: Id,
    text: String,
}

/// What was agreed, in the language of whoever reads.
#[derive(Clone, Copy)]
pub(crate) struct Books<'a> {
    /// The playbook that the case keeps.
    pub(crate) playbook: &'a Playbook,
    /// People and zones are always today's.
    pub(crate) today: &'a Playbook,
    pub(crate) language: &'a str,
}

impl<'a> Books<'a> {
    /// Somebody of the practice by name; whoever has left by short name.
    pub(crate) fn name_of<'b>(&'b self, id: &'b str) -> &'b str {
        self.today.people.person(id).map_or(id, |person| &person.name)
    }
}

/// An open ask, as one person looks at it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) books: Books<'a>,
    pub(crate) case: &'a Case,
    pub(crate) personal: &'a Personal,
    pub(crate) id: &'a Id,
    pub(crate) ask: &'a Ask,
    pub(crate) question: &'a Question,
    pub(crate) who: &'a Party,
    /// What came in and could not be understood.
    pub(crate) inbound: Option<&'a str>,
    /// The mail that waits for an approval.
    pub(crate) preview: Option<&'a Preview>,
    /// How far the practice has gone live, where that is asked.
    pub(crate) stages: Option<&'a Known>,
    /// The version of the playbook that waits for one.
    pub(crate) proposal: Option<&'a Proposal>,
}

impl Opened {
    /// Loads a case.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub(crate) async fn load(env: &Env, key: &CaseKey) -> Result<Option<Self>> {
        let Some(loaded) = env.ledger.load(key).await? else { return Ok(None) };
        let playbook = env.playbooks.get(&key.client, loaded.case.playbook_version).await?;
        let today = env.today(key).await?;
        let inbound = match &loaded.case.inbound {
            Some(id) => env.ledger.inbound(key, id).await?.map(|bytes| Inbound::new(id, &bytes)),
            None => None,
        };
        Ok(Some(Self { loaded, playbook, today, inbound, preview: None, stages: None, proposal: None }))
    }

    /// With what an ask is about and doesn't stand in the case: the mail or the version of the
    /// playbook to be approved, or how far the practice has gone live.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub(crate) async fn with_subject(mut self, env: &Env, ask: &Id) -> Result<Self> {
        if let Some(message) = self.case().ask(ask).and_then(|a| a.mail().cloned()) {
            self.preview = compose::preview(env, &self.loaded, &message).await?;
        }
        let asks_stages = self.case().ask(ask).is_some_and(|a| a.kind == AskKind::Stages);
        if let Some(live) = self.today.going_live.as_ref().filter(|_| asks_stages) {
            let (stages, tallies) = env.ledger.stages(&self.case().key.client, live).await?;
            self.stages = Some(Known { stages, tallies });
        }
        if let Some(asked) = self.case().ask(ask) {
            self.proposal = Proposal::load(env, self.case(), asked).await?;
        }
        Ok(self)
    }

    pub(crate) fn case(&self) -> &Case {
        &self.loaded.case
    }

    /// The same, once the case was changed.
    pub(crate) fn after(&self, loaded: Loaded) -> Self {
        Self {
            loaded,
            playbook: Arc::clone(&self.playbook),
            today: Arc::clone(&self.today),
            inbound: None,
            preview: None,
            stages: None,
            proposal: None,
        }
    }

    /// What was agreed, in a language.
    pub(crate) fn books<'a>(&'a self, language: &'a str) -> Books<'a> {
        Books { playbook: &self.playbook, today: &self.today, language }
    }

    /// What an ask stands on; `None` when it isn't open.
    pub(crate) fn view<'a>(&'a self, id: &'a Id, who: &'a Party) -> Option<View<'a>> {
        let Loaded { case, personal, .. } = &self.loaded;
        let view = View::of((&self.playbook, &self.today), (case, personal), id, who)?;
        Some(view.with(self))
    }
}

impl Inbound {
    fn new(id: &Id, bytes: &[u8]) -> Self {
        Self { id: id.clone(), text: excerpt(&readable(bytes)) }
    }
}

/// A payload as a person can read it: the fields of a form one below the other.
fn readable(bytes: &[u8]) -> String {
    let is_form = bytes.contains(&b'=') && bytes.iter().all(|b| b.is_ascii_graphic() && !b"{}<>\"".contains(b));
    match reading::form(bytes, None).ok().filter(|_| is_form) {
        Some(fields) => fields.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n"),
        None => reading::guessed(bytes),
    }
}

/// As much of a payload as a page can show.
fn excerpt(inbound: &str) -> String {
    const MOST: usize = 20_000;
    let shown: String = inbound.chars().take(MOST).collect();
    if shown.len() < inbound.len() { shown + "\n…" } else { shown }
}

impl<'a> View<'a> {
    /// What an ask stands on; `None` when it isn't open.
    pub(crate) fn of(
        (playbook, today): (&'a Playbook, &'a Playbook),
        (case, personal): (&'a Case, &'a Personal),
        id: &'a Id,
        who: &'a Party,
    ) -> Option<Self> {
        let ask = case.ask(id)?;
        let question = playbook.questions.get(&ask.question)?;
        let language = playbook.language_of(ask.to.is_outside(), &case.language);
        let books = Books { playbook, today, language };
        Some(Self {
            books,
            case,
            personal,
            id,
            ask,
            question,
            who,
            inbound: None,
            preview: None,
            stages: None,
            proposal: None,
        })
    }

    /// The same, as a commit in the making sees it.
    pub(crate) fn in_draft(draft: &'a Draft<'_>, id: &'a Id, who: &'a Party, opened: &'a Opened) -> Option<Self> {
        let books = (draft.playbook, draft.today);
        Some(Self::of(books, (draft.case().ok()?, draft.personal()), id, who)?.with(opened))
    }

    /// The practice's own people see what came in; to its customer it is noise.
    fn with(self, opened: &'a Opened) -> Self {
        let inbound =
            opened.inbound.as_ref().filter(|i| self.case.inbound.as_ref() == Some(&i.id) && !self.ask.to.is_outside());
        let (preview, stages, proposal) = (opened.preview.as_ref(), opened.stages.as_ref(), opened.proposal.as_ref());
        Self { inbound: inbound.map(|i| i.text.as_str()), preview, stages, proposal, ..self }
    }
}

/// Whose a link is that names nobody: in mails of version 1.
pub(crate) fn anybody(to: &To) -> Party {
    match to {
        To::Customer => Party::Customer,
        To::Payer => Party::Payer,
        To::Coach => Party::Coach,
        _ => Party::Operator,
    }
}
