//! An inquiry becomes a case.

use std::collections::BTreeMap;

use crate::message::{self, Intent};
use crate::playbook::{Form, Role, UNREADABLE};
use crate::{CaseId, CaseKey, Draft, Entry, Id, Rejection, emergency, flow};

/// The customer of a new case. Whether two are one, a person decides.
#[must_use]
pub fn person(key: &CaseKey) -> Id {
    Id::derive(&["person", key.client.as_str(), key.case.as_str()])
}

/// Opens a case for an inquiry: what was said is recorded, 受付のご連絡 is wanted at once, the flow begins. With an
/// emergency word in it nothing is sent, and a person looks first.
///
/// # Errors
/// When the playbook lacks the flow or the template.
pub fn open(
    draft: &mut Draft<'_>,
    key: &CaseKey,
    name: &str,
    form: &Form,
    taken: BTreeMap<String, String>,
    same_address: Vec<CaseId>,
) -> Result<(), Rejection> {
    draft.push(Entry::CaseOpened {
        flow: form.flow.clone(),
        playbook_version: draft.playbook.version,
        form: name.to_owned(),
        language: form.language.clone(),
        person: person(key),
        same_address,
    })?;
    let matched = emergency::words_in(draft.playbook, &taken);
    draft.record(taken)?;
    if !matched.is_empty() {
        emergency::raise(draft, "form", matched)?;
        return flow::start(draft);
    }
    let origin = format!("form:{name}");
    let acknowledge =
        Intent { template: &form.acknowledge, to: Role::Customer, holds: Vec::new(), about: None, origin: &origin };
    message::intend(draft, acknowledge)?;
    flow::start(draft)
}

/// Opens a case for a signed payload that could not be understood: it is stored as it came, and a person looks at it.
///
/// # Errors
/// When the playbook lacks the flow `unreadable`.
pub fn open_unreadable(
    draft: &mut Draft<'_>,
    key: &CaseKey,
    name: &str,
    language: &str,
    inbound: Id,
    reason: &str,
) -> Result<(), Rejection> {
    draft.push(Entry::CaseOpened {
        flow: UNREADABLE.to_owned(),
        playbook_version: draft.playbook.version,
        form: name.to_owned(),
        language: language.to_owned(),
        person: person(key),
        same_address: Vec::new(),
    })?;
    draft.push(Entry::InboundUnreadable { inbound, reason: reason.to_owned() })?;
    flow::start(draft)
}

/// Notes that some of what was said could not be understood; all of it is stored as it came.
///
/// # Errors
/// As [`Draft::push`].
pub fn partly_unreadable(draft: &mut Draft<'_>, inbound: Id, reason: &str) -> Result<(), Rejection> {
    draft.push(Entry::InboundUnreadable { inbound, reason: reason.to_owned() })
}
