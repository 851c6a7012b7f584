//! An inquiry becomes a case, or reaches one that is open.

use std::collections::BTreeMap;

use super::message::{self, Intent};
use super::{Also, Draft, Rejection, emergency, flow, request, stranger};
use crate::playbook::{Form, UNREADABLE};
use crate::state::{Entry, Party};
use crate::{CaseId, CaseKey, Id};

/// Facts that say who the customer is, and where mails go.
const WHO: [&str; 4] = ["name", "email", "payer_name", "payer_email"];

/// The customer of a new case. Whether two are one, a person decides.
fn person(key: &CaseKey) -> Id {
    Id::derive(&["person", key.client.as_str(), key.case.as_str()])
}

/// What came in through a form, as far as it could be taken.
#[derive(Debug, Clone)]
pub struct Inquiry<'a> {
    /// The form's name.
    pub name: &'a str,
    /// The form.
    pub form: &'a Form,
    /// Values by fact.
    pub taken: BTreeMap<String, String>,
    /// Emergency words in any of what was said, taken or not, by number.
    pub urgent: Vec<u32>,
    /// Other cases that know the address.
    pub same_address: Vec<CaseId>,
    /// A provider signed it: it is from whom it says.
    pub signed: bool,
}

/// Opens a case for an inquiry: what was said is recorded, 受付のご連絡 is wanted at once, the flow begins. With an
/// emergency word in it nothing is sent, and a person looks first.
///
/// # Errors
/// When the playbook lacks the flow or the template.
pub fn open(draft: &mut Draft<'_>, key: &CaseKey, inquiry: Inquiry<'_>) -> Result<(), Rejection> {
    let Inquiry { name, form, taken, urgent, same_address, signed } = inquiry;
    opened(draft, key, &form.flow, (name, &form.language), same_address)?;
    record(draft, form, taken)?;
    if signed {
        stranger::prove(draft, &Party::Customer);
    }
    if !urgent.is_empty() {
        emergency::raise(draft, by(signed), urgent)?;
    } else if let Some(template) = &form.acknowledge {
        let origin = format!("form:{name}");
        message::intend(draft, &Intent { template, origin: &origin, ..Intent::default() }, vec![Party::Customer])?;
    }
    flow::start(draft)?;
    form.request.as_ref().map_or(Ok(()), |kind| request::raise(draft, kind, Vec::new(), form.fields.keys()))
}

/// A form reaches an open case: what it says is recorded, side flows start and what waits for it goes on.
///
/// # Errors
/// When the playbook lacks something.
pub fn reach(draft: &mut Draft<'_>, inquiry: Inquiry<'_>) -> Result<(), Rejection> {
    let Inquiry { name, form, mut taken, urgent, signed, .. } = inquiry;
    // Whoever knows a number may add to its case, but not take it over: where mails go is changed by no form.
    let known = &draft.case()?.facts;
    taken.retain(|fact, _| !WHO.contains(&fact.as_str()) || !known.contains_key(fact));
    record(draft, form, taken)?;
    if !urgent.is_empty() {
        emergency::raise(draft, by(signed), urgent)?;
    }
    draft.push(Entry::FormReceived { form: name.to_owned() })?;
    if let Some(kind) = &form.request {
        let tracks = draft.case()?.main().map(|t| t.tracks.clone()).unwrap_or_default();
        request::raise(draft, kind, tracks, form.fields.keys())?;
    }
    flow::happened(draft, &format!("form:{name}"), None).map(|_| ())
}

fn by(signed: bool) -> &'static str {
    if signed { "form" } else { emergency::STRANGER }
}

/// Records what a form says, and makes the case findable by what other forms reach it by.
fn record(draft: &mut Draft<'_>, form: &Form, mut taken: BTreeMap<String, String>) -> Result<(), Rejection> {
    taken.extend(form.sets.iter().map(|(fact, value)| (fact.clone(), value.clone())));
    let playbook = draft.playbook;
    for (fact, value) in &taken {
        if fact == "email" || playbook.forms.values().any(|f| f.reaches.as_ref() == Some(fact)) {
            draft.also(Also::LookUp { fact: fact.clone(), value: value.clone() });
        }
    }
    draft.record(taken)
}

/// Emergency words in what could not be understood, by number, and what could be taken of it all the same.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// The words.
    pub urgent: Vec<u32>,
    /// Values by fact; none but in an emergency.
    pub said: BTreeMap<String, String>,
    /// A provider signed it.
    pub signed: bool,
}

/// Opens a case for a payload that could not be understood: it is stored as it came, and a person looks at it. In an
/// emergency what could be taken is known all the same.
///
/// # Errors
/// When the playbook lacks the flow `unreadable`.
pub fn open_unreadable(
    draft: &mut Draft<'_>,
    key: &CaseKey,
    (name, language): (&str, &str),
    (inbound, body): (Id, &[u8]),
    reason: &str,
    heard: Heard,
) -> Result<(), Rejection> {
    open_kept(draft, key, (name, language), (inbound, body), reason)?;
    let Heard { urgent, said, signed } = heard;
    draft.record(said)?;
    if !urgent.is_empty() {
        emergency::raise(draft, by(signed), urgent)?;
    }
    flow::start(draft)
}

/// Opens a case for a payload of which more may still be heard: nobody looks at it yet.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn open_kept(
    draft: &mut Draft<'_>,
    key: &CaseKey,
    (name, language): (&str, &str),
    (inbound, body): (Id, &[u8]),
    reason: &str,
) -> Result<(), Rejection> {
    opened(draft, key, UNREADABLE, (name, language), Vec::new())?;
    keep(draft, inbound, body, reason)
}

/// A case is there: under today's playbook, its person known to nobody else yet. `name` is what it came through.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn opened(
    draft: &mut Draft<'_>,
    key: &CaseKey,
    flow: &str,
    (name, language): (&str, &str),
    same_address: Vec<CaseId>,
) -> Result<(), Rejection> {
    draft.push(Entry::CaseOpened {
        flow: flow.to_owned(),
        playbook_version: draft.playbook.version,
        form: name.to_owned(),
        language: language.to_owned(),
        person: person(key),
        same_address,
    })
}

/// Stores a payload as it came, and notes what of it could not be understood.
///
/// # Errors
/// As [`Draft::push`].
pub fn keep(draft: &mut Draft<'_>, inbound: Id, body: &[u8], reason: &str) -> Result<(), Rejection> {
    draft.also(Also::Inbound { id: inbound.clone(), body: body.to_vec() });
    draft.push(Entry::InboundUnreadable { inbound, reason: reason.to_owned() })
}
