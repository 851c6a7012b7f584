//! A version of the playbook that somebody proposes: a case of the practice's own in which whoever may is asked, and by their
//! word alone it becomes live. It is compared with the version that was live then, and falls with it.

use super::{Also, Draft, Proposal, Rejection, approval, flow, inquiry};
use crate::playbook::{FROM_PROPOSAL, OF_PLAYBOOK, PROPOSE_PLAYBOOK, Playbook, UNDO};
use crate::rules::flow::Here;
use crate::state::{Case, Entry};
use crate::{CaseId, CaseKey, ClientId, Id};

/// The outcome: it is live.
pub const PUBLISHED: &str = "published";
/// The outcome: what it was compared with is not live any more, so that nothing was published.
pub const REPLACED: &str = "replaced";

/// A version as a case is about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// Its number: one more than that of the version it is compared with.
    pub version: u32,
    /// SHA-256 (hex) of its text.
    pub hash: String,
}

/// Why a version can't be proposed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotProposed {
    /// There is nothing to compare it with.
    #[error("{0} has no playbook in this house")]
    NoPlaybook(ClientId),
    /// It says the same.
    #[error("it is the same as version {0}, which is live")]
    Same(u32),
    /// The live version was published by an earlier Banto.
    #[error("version {0} has no flow {PROPOSE_PLAYBOOK}, as an earlier Banto published it")]
    NoFlow(u32),
    /// Nobody is named who may approve it.
    #[error("version {0} doesn't say who may approve another one")]
    NoApproval(u32),
    /// Nobody of the practice's wants it.
    #[error("{0} is nobody of {1}'s people")]
    Nobody(String, ClientId),
}

impl NotProposed {
    /// What to do.
    #[must_use]
    pub fn way_out(&self) -> String {
        match self {
            Self::NoPlaybook(_) | Self::NoFlow(_) => {
                "publish one first: banto playbook publish DIR --approved-by NAME".to_owned()
            }
            Self::Same(_) => "change something in the folder".to_owned(),
            Self::NoApproval(_) => format!(
                "add {OF_PLAYBOOK}: to approvals: in playbook.yaml (shared/playbooks/README.md), and publish that once: banto \
                 playbook publish DIR --approved-by NAME"
            ),
            Self::Nobody(..) => "name one of people:, by short name".to_owned(),
        }
    }
}

/// Why a version can't be proposed by somebody, if it can't.
#[must_use]
pub fn refused(live: &Playbook, next: &Playbook, by: &str) -> Option<NotProposed> {
    if live.people.person(by).is_none() {
        return Some(NotProposed::Nobody(by.to_owned(), live.client.clone()));
    }
    if !live.flows.contains_key(PROPOSE_PLAYBOOK) {
        return Some(NotProposed::NoFlow(live.version));
    }
    if !live.approvals.contains_key(OF_PLAYBOOK) {
        return Some(NotProposed::NoApproval(live.version));
    }
    let same = super::compare::compare(live, next, "en").is_empty();
    same.then_some(NotProposed::Same(live.version))
}

impl Proposed {
    /// The version that a case is about.
    #[must_use]
    pub fn of(case: &Case) -> Option<Self> {
        let (version, hash) = case.form.strip_prefix(FROM_PROPOSAL)?.split_once(':')?;
        Some(Self { version: version.parse().ok()?, hash: hash.to_owned() })
    }

    /// The version that it is compared with.
    #[must_use]
    pub fn against(&self) -> u32 {
        self.version.saturating_sub(1)
    }

    /// The case in which it is proposed for the nth time, and what opens it: of the same text at the same time there is one.
    #[must_use]
    pub fn key(&self, client: &ClientId, nth: u32) -> (CaseKey, Id) {
        let (version, nth) = (self.version.to_string(), nth.to_string());
        let parts = [PROPOSE_PLAYBOOK, client.as_str(), &version, &self.hash, &nth];
        let case = CaseId::derive(&[&["case"], parts.as_slice()].concat());
        (CaseKey { client: client.clone(), case }, Id::derive(&parts))
    }

    /// Opens the case in which whoever may is asked.
    ///
    /// # Errors
    /// When the playbook lacks the flow.
    pub fn open(&self, draft: &mut Draft<'_>, key: &CaseKey, by: &str) -> Result<(), Rejection> {
        let (language, form) = (&draft.playbook.language, format!("{FROM_PROPOSAL}{}:{}", self.version, self.hash));
        inquiry::opened(draft, key, PROPOSE_PLAYBOOK, (&form, language), Vec::new())?;
        let (version, hash) = (self.version, self.hash.clone());
        draft.push(Entry::VersionProposed { version, hash, by: by.to_owned() })?;
        flow::start(draft)
    }

    /// Who agreed to exactly this text, by a case's entries in order; what was taken back counts for nothing.
    #[must_use]
    pub fn approved_by<'a>(&self, entries: impl Iterator<Item = &'a Entry>) -> Vec<String> {
        let mut agreed = Vec::new();
        for entry in entries {
            match entry {
                Entry::ApprovalGiven { approval, person, mark, .. }
                    if approval == OF_PLAYBOOK && mark.as_ref() == Some(&self.hash) =>
                {
                    agreed.push(person.clone());
                }
                Entry::AskAnswered { question, .. } if question == UNDO => agreed.clear(),
                _ => {}
            }
        }
        agreed
    }
}

/// Makes a version live, or says that it can't be any more: `ready` is none when another one became so meanwhile.
///
/// # Errors
/// When the playbook lacks something.
pub fn publish(draft: &mut Draft<'_>, here: &Here<'_>, ready: Option<&Proposal>) -> Result<(), Rejection> {
    let Some(ready) = ready else {
        approval::void(draft, here, OF_PLAYBOOK)?;
        return flow::advance(draft, &here.token, REPLACED);
    };
    let Proposal { version, hash, approved_by, .. } = ready.clone();
    draft.also(Also::Publish(Proposal { at: draft.now, ..ready.clone() }));
    draft.push(Entry::VersionPublished { version, hash, approved_by })?;
    flow::advance(draft, &here.token, PUBLISHED)
}
