//! The receipt of a request (控え): what was asked for, when it was said, and the mark of what was shown. It is made of the
//! journal; what a person wrote is read from the case's erasable item, while it still is what was written then.

use banto_aws::render::when;
use banto_aws::{Env, Error, Result};
use banto_domain::state::Fact;
use banto_domain::steps::HANDLE_REQUEST;
use banto_domain::{CaseId, CaseKey, Commit, Entry, Id};
use jiff::Timestamp;
use serde::Serialize;

use crate::Opened;

/// What can't be read any more: erased, or changed since.
const GONE: &str = "—";

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Receipt {
    pub(crate) case: CaseId,
    pub(crate) request: Id,
    pub(crate) label: String,
    /// What counts.
    pub(crate) said_at: Timestamp,
    pub(crate) at: Timestamp,
    /// Those instants as they are written.
    pub(crate) said: String,
    pub(crate) recorded: String,
    pub(crate) lines: Vec<(String, String)>,
    /// The mark of what was shown.
    pub(crate) shown: String,
}

impl Receipt {
    pub(crate) fn of(opened: &Opened, commit: &Commit) -> Self {
        let (playbook, case) = (&opened.playbook, &opened.loaded.case);
        let language = opened.language();
        let raised = commit.entries.iter().find_map(|e| match &e.entry {
            Entry::RequestRaised { request, kind, said_at, shown, told, .. } => {
                Some((request.clone(), kind.clone(), *said_at, shown.clone(), *told))
            }
            _ => None,
        });
        let nothing = || (Id::derive(&["none"]), String::new(), None, None, false);
        let (request, kind, said_at, shown, told) = raised.unwrap_or_else(nothing);
        let wanted = playbook.requests.get(&kind);
        let tells = wanted.and_then(|wanted| wanted.circumstances.as_ref()).filter(|_| told);
        let label = wanted.map_or(kind.as_str(), |wanted| wanted.label.get(language));
        let label = match tells {
            Some(tells) => format!("{label}: {}", tells.label.get(language)),
            None => label.to_owned(),
        };
        let said_at = said_at.unwrap_or(commit.recorded_at);
        let facts = commit.entries.iter().find_map(|e| match &e.entry {
            Entry::FactsRecorded { facts } => Some(facts),
            _ => None,
        });
        let asked = wanted.into_iter().flat_map(|wanted| wanted.facts());
        let lines = asked.filter_map(|name| line(opened, name, facts?.get(name)?, language)).collect();
        Self {
            case: case.key.case.clone(),
            request,
            label,
            said_at,
            at: commit.recorded_at,
            said: when(said_at, &playbook.zone, language),
            recorded: when(commit.recorded_at, &playbook.zone, language),
            lines,
            shown: shown.unwrap_or_default(),
        }
    }
}

fn line(opened: &Opened, name: &str, fact: &Fact, language: &str) -> Option<(String, String)> {
    let spec = opened.playbook.facts.get(name)?;
    let value = opened.loaded.personal.recorded(name, fact);
    let books = (&*opened.playbook, &*opened.today);
    let value = value.map_or(GONE.to_owned(), |value| banto_aws::render::fact(books, spec, value, language));
    (!value.is_empty()).then(|| (spec.label.get(language).to_owned(), value))
}

/// The commit that this press made before, if it did.
///
/// # Errors
/// When the store can't be reached.
pub(crate) async fn past(env: &Env, key: &CaseKey, cause: &Id) -> Result<Option<Commit>> {
    for stored in env.ledger.journal(key).await?.into_iter().rev() {
        let commit = stored.open().map_err(|e| Error::Bug(e.to_string()))?;
        if commit.cause == *cause && commit.function == HANDLE_REQUEST {
            return Ok(Some(commit));
        }
    }
    Ok(None)
}
