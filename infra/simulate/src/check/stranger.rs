//! 16 towards those who never answered: an address that nobody proved gets few mails, whatever comes in its name; and what
//! is stored with another case is there.

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::state::{Actor, MAX_TO_STRANGERS};
use banto_domain::{Commit, Entry};
use serde_json::Value;

use super::Verdict;
use super::evidence::{Evidence, Filed};
use crate::provider::Accepted;

/// Whether a submission of this number was stored as it came with a case.
pub(super) fn has_joined(evidence: &Evidence, number: &str) -> bool {
    let all = evidence.cases.values().flat_map(|filed| filed.commits.iter().map(move |kept| (filed, kept)));
    all.flat_map(|(filed, kept)| kept.commit.entries.iter().map(move |e| (filed, e))).any(|(filed, e)| match &e.entry {
        Entry::InboundUnreadable { reason, inbound } if reason.ends_with(&format!(":{number}")) => {
            let of_it = |item: &Value| item["sk"]["S"].as_str().is_some_and(|sk| sk.contains(inbound.as_str()));
            filed.inbound.iter().any(of_it)
        }
        _ => false,
    })
}

pub(super) fn check(evidence: &Evidence, accepted: &[Accepted], verdict: &mut Verdict) {
    let proven: BTreeSet<(&str, String)> = evidence.cases.values().flat_map(proven).collect();
    let mut had: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
    for mail in accepted {
        let pk = format!("CASE#{}#{}", mail.tag("client"), mail.tag("case"));
        let Some(filed) = evidence.cases.get(&pk) else { continue };
        let outside = addresses(filed);
        for to in mail.to.iter().map(|to| to.to_ascii_lowercase()).filter(|to| outside.contains(to)) {
            had.entry((&filed.client, to)).or_default().insert(mail.tag("intent"));
        }
    }
    // No world lasts longer than the time in which they count.
    for ((client, address), mails) in had.iter().filter(|(who, _)| !proven.contains(who)) {
        verdict.expect("16 who never answered gets few mails", mails.len() <= MAX_TO_STRANGERS, || {
            format!("{client}: {address} got {}", mails.len())
        });
    }
}

fn addresses(filed: &Filed) -> BTreeSet<String> {
    let value = |name: &str| filed.personal["values"][name].as_str().map(str::to_ascii_lowercase);
    ["email", "payer_email"].into_iter().filter_map(value).collect()
}

/// The addresses of a case, when somebody outside answered or paid, a provider signed, or a person decided something.
fn proven(filed: &Filed) -> impl Iterator<Item = (&str, String)> {
    let by_other_than_a_stranger = |commit: &Commit| match commit.actor {
        Actor::Banto => false,
        Actor::Customer => commit.function != banto_domain::steps::RECEIVE_FORM || signed(filed, commit),
        _ => commit.function != banto_domain::steps::RECORD_DELIVERY,
    };
    let is_proven = filed.commits.iter().any(|kept| by_other_than_a_stranger(&kept.commit));
    addresses(filed).into_iter().filter(move |_| is_proven).map(|address| (filed.client.as_str(), address))
}

fn signed(filed: &Filed, commit: &Commit) -> bool {
    commit.entries.iter().any(|e| {
        matches!(&e.entry, Entry::CaseOpened { form, .. } if filed.playbook.forms.get(form).is_some_and(|form| {
            !matches!(form.signature, banto_domain::playbook::Signature::None { .. })
        }))
    })
}
