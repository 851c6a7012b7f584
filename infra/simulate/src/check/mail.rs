//! What the mail provider accepted, against the journal: each mail had its lease, passed the gate, and said what was
//! still true.

use std::collections::BTreeMap;

use banto_aws::Keys;
use banto_domain::playbook::Class;
use banto_domain::{Case, Entry};

use super::Verdict;
use super::booking::Told;
use super::emergency::{self, Silences};
use super::evidence::{Evidence, Filed, Kept};
use super::said::{self, Said};
use super::stranger;
use crate::people::markers;
use crate::provider::Accepted;
use crate::world::{ROOT_KEY, World};

/// What a mail says that may be there twice.
const DISCLOSED: [&str; 2] = ["二度届いている", "receive this mail twice"];

/// Bookings as the journals tell of them, and who must not be written to.
type Known<'a> = (&'a BTreeMap<String, Told>, &'a Silences);

pub(super) fn check(world: &World, evidence: &Evidence, known: Known<'_>, verdict: &mut Verdict) {
    let past: BTreeMap<&String, BTreeMap<u64, Case>> =
        evidence.cases.iter().map(|(pk, filed)| (pk, before_leases(filed))).collect();
    let accepted = world.cloud.net().accepted.clone();
    let mut by_lease: BTreeMap<(String, u64), &Accepted> = BTreeMap::new();
    for mail in &accepted {
        let pk = format!("CASE#{}#{}", mail.tag("client"), mail.tag("case"));
        let filed = evidence.cases.get(&pk);
        verdict.expect("3 every mail belongs to a case", filed.is_some(), || format!("{}: {pk}", mail.id));
        let Some(filed) = filed else { continue };
        right_people(world, filed, mail, verdict);
        let lease = lease_of(filed, mail);
        verdict.expect("3 every mail had its lease", lease.is_some(), || format!("{} of {pk}", mail.id));
        let Some(lease) = lease else { continue };
        let before = by_lease.insert((mail.tag("intent").to_owned(), lease.stored.seq), mail);
        verdict.expect("2 the provider is asked once for one lease", before.is_none(), || {
            format!("{pk}: {} and {}", mail.id, before.map_or("", |m| m.id.as_str()))
        });
        let case = past.get(&pk).and_then(|cases| cases.get(&lease.stored.seq));
        let message = case.and_then(|c| c.message(c.tracks.keys().find(|id| id.as_str() == mail.tag("intent"))?));
        verdict.expect("3 every mail was intended before", message.is_some(), || mail.id.clone());
        let Some((case, message)) = case.zip(message) else { continue };
        let said = Said { filed, mail, lease, case, message };
        gate(world, &said, verdict);
        said::check(&said, known.0, verdict);
        let silenced = message.to.is_outside() && !message.is_of_emergency();
        let silent = silenced && emergency::is_silent(known.1, filed, mail, lease.order);
        verdict.expect("14 nobody writes to whom an emergency stopped", !silent, || {
            format!("{pk}: {} {}", mail.id, message.template)
        });
    }
    twice(evidence, &by_lease, verdict);
    stranger::check(evidence, &accepted, verdict);
}

/// 10: from the practice, to whom it concerns.
fn right_people(world: &World, filed: &Filed, mail: &Accepted, verdict: &mut Verdict) {
    let playbook = &filed.playbook;
    verdict.expect("10 the sender is the practice", mail.from == playbook.sender.address, || {
        format!("{}: {}", mail.id, mail.from)
    });
    let value = |name: &str| filed.personal["values"][name].as_str().unwrap_or_default().to_owned();
    let (own, payer) = (value("email"), value("payer_email"));
    let around = world.people.rosters.around(&filed.client, mail.at);
    let is_coach = |to: &String| around.iter().any(|people| people.coaches.iter().any(|p| p.address == *to));
    let is_operator = |to: &String| around.iter().any(|people| people.all().any(|p| p.address == *to)) && !is_coach(to);
    let to_coach = !mail.to.is_empty() && mail.to.iter().all(is_coach);
    let to_operator = !mail.to.is_empty() && mail.to.iter().all(is_operator);
    verdict.expect("10 one letter, one reader", mail.to.len() == 1, || format!("{}: {:?}", mail.id, mail.to));
    let to_customer = mail.to.len() == 1 && (mail.to[0] == own || mail.to[0] == payer);
    verdict.expect("10 a mail goes to whom it concerns", to_customer || to_coach || to_operator, || {
        format!("{}: {:?}", mail.id, mail.to)
    });
    // An operator's mail says nothing of what customers wrote; a coach's only of the one it is about.
    let said = format!("{} {}", mail.subject, mail.text);
    // Whoever is on duty must know within minutes whom they look for.
    let name = value("name");
    let of_day = mail.tag("template").starts_with("day-") && !name.is_empty();
    let said = if of_day { said.replace(&name, "") } else { said };
    let strangers = markers(&said).into_iter().any(|m| to_operator || !own.starts_with(m));
    verdict.expect("10 a mail quotes only its reader", !strangers, || format!("{} {}", mail.id, mail.tag("template")));
}

/// The last lease of this message before the provider accepted it.
pub(super) fn lease_of<'a>(filed: &'a Filed, mail: &Accepted) -> Option<&'a Kept> {
    let leases = |kept: &&Kept| {
        kept.order < mail.after
            && kept.commit.entries.iter().any(
                |e| matches!(&e.entry, Entry::MessageSending { message, .. } if message.as_str() == mail.tag("intent")),
            )
    };
    filed.commits.iter().rfind(leases)
}

/// The case as it stood before each of its leases.
fn before_leases(filed: &Filed) -> BTreeMap<u64, Case> {
    let (mut case, mut before): (Option<Case>, _) = (None, BTreeMap::new());
    for kept in &filed.commits {
        if kept.commit.entries.iter().any(|e| matches!(e.entry, Entry::MessageSending { .. })) {
            before.extend(case.clone().map(|case| (kept.stored.seq, case)));
        }
        case = Case::fold(case, &kept.commit, &kept.stored.hash).ok();
    }
    before
}

/// 3 and 4: at the lease, the gate had to let it pass, and what it states held.
fn gate(world: &World, said: &Said<'_>, verdict: &mut Verdict) {
    let Said { filed, mail, lease, case, message } = said;
    let fallen = message.holds.iter().find(|h| !h.is_true(case, lease.commit.recorded_at));
    verdict.expect("4 what a mail states held at its lease", fallen.is_none(), || format!("{}: {fallen:?}", mail.id));
    let template = filed.playbook.templates.get(&message.template);
    let is_approved = template.is_some_and(|t| t.approved_by.is_some());
    verdict.expect("3 the template is approved", is_approved, || mail.id.clone());
    let routine = template.is_some_and(|t| t.class == Class::Routine) && message.written == 0;
    verdict.expect("3 it is routine, or was approved", routine || message.approved.is_some(), || mail.id.clone());
    let question = message.about.as_ref().and_then(|id| case.ask(id)).map(|a| a.question.as_str());
    let allowed =
        filed.playbook.may_send(case.flow_of(message.flow.as_ref()), &message.origin, question, &message.template);
    verdict.expect("3 it may be sent from here", allowed, || {
        format!("{}: {} by {}", mail.id, message.template, message.origin)
    });
    let revoked = world.people.revoked.get(&(filed.client.clone(), message.template.clone()));
    let revoked = revoked.is_some_and(|after| *after <= lease.order);
    verdict.expect("3 the template is not revoked", !revoked, || format!("{}: {}", mail.id, message.template));
    verdict.expect("3 the tag says which template", mail.tag("template") == message.template, || mail.id.clone());
    if message.to.is_outside() {
        let suppressed = mail.to.iter().any(|to| was_suppressed(world, filed, to, lease.order));
        verdict.expect("3 the address is not suppressed", !suppressed, || mail.id.clone());
    }
}

fn was_suppressed(world: &World, filed: &Filed, address: &str, before: usize) -> bool {
    let hmac = Keys::new(ROOT_KEY).look_up(&filed.snapshot.key.client, address);
    let pk = format!("SUPPRESSED#{}#{hmac}", filed.client);
    world.cloud.net().changes.iter().take(before).any(|c| c.pk == pk)
}

/// 2: a message leaves again only when its fate was unknown, and says so; or when a person wanted it.
fn twice(evidence: &Evidence, by_lease: &BTreeMap<(String, u64), &Accepted>, verdict: &mut Verdict) {
    let mut last: Option<(&str, u64)> = None;
    for ((intent, seq), mail) in by_lease {
        let before = last.filter(|(i, _)| i == intent).map(|(_, seq)| seq);
        last = Some((intent, *seq));
        let Some(before) = before else {
            continue;
        };
        let pk = format!("CASE#{}#{}", mail.tag("client"), mail.tag("case"));
        let Some(filed) = evidence.cases.get(&pk) else { continue };
        let between = filed
            .commits
            .iter()
            .filter(|k| k.stored.seq > before && k.stored.seq <= *seq)
            .flat_map(|k| &k.commit.entries);
        let (mut uncertain, mut released) = (false, false);
        for stamped in between {
            match &stamped.entry {
                Entry::MessageUncertain { message } if message.as_str() == intent => uncertain = true,
                Entry::MessageReleased { message, .. } if message.as_str() == intent => released = true,
                _ => {}
            }
        }
        verdict.expect("2 a mail comes again only when its fate was unknown", uncertain || released, || {
            format!("{pk}: {}", mail.id)
        });
        let disclosed = DISCLOSED.iter().any(|d| mail.text.contains(d));
        verdict.expect("2 a mail that may come twice says so", disclosed || released, || format!("{pk}: {}", mail.id));
    }
}
