//! What the mail provider accepted, against the journal: each mail had its lease, passed the gate, and said what was
//! still true.

use std::collections::BTreeMap;

use banto_aws::Keys;
use banto_domain::playbook::{Class, Role};
use banto_domain::{Case, Entry};

use super::Verdict;
use super::evidence::{Evidence, Filed, Kept};
use crate::simulate::people::markers;
use crate::simulate::provider::Accepted;
use crate::simulate::world::{ROOT_KEY, World};

/// What a mail says that may be there twice.
const DISCLOSED: [&str; 2] = ["二度届いている", "receive this mail twice"];

pub(super) fn check(world: &World, evidence: &Evidence, verdict: &mut Verdict) {
    let accepted = world.cloud.net().accepted.clone();
    let mut by_lease: BTreeMap<(String, u64), &Accepted> = BTreeMap::new();
    for mail in &accepted {
        let pk = format!("CASE#{}#{}", mail.tag("client"), mail.tag("case"));
        let filed = evidence.cases.get(&pk);
        verdict.expect("3 every mail belongs to a case", filed.is_some(), || format!("{}: {pk}", mail.id));
        let Some(filed) = filed else { continue };
        right_people(filed, mail, verdict);
        let lease = lease_of(filed, mail);
        verdict.expect("3 every mail had its lease", lease.is_some(), || format!("{} of {pk}", mail.id));
        let Some(lease) = lease else { continue };
        let before = by_lease.insert((mail.tag("intent").to_owned(), lease.stored.seq), mail);
        verdict.expect("2 the provider is asked once for one lease", before.is_none(), || {
            format!("{pk}: {} and {}", mail.id, before.map_or("", |m| m.id.as_str()))
        });
        gate(world, filed, mail, lease, verdict);
    }
    twice(evidence, &by_lease, verdict);
}

/// 10: from the practice, to whom it concerns.
fn right_people(filed: &Filed, mail: &Accepted, verdict: &mut Verdict) {
    let playbook = &filed.playbook;
    verdict.expect("10 the sender is the practice", mail.from == playbook.sender.address, || {
        format!("{}: {}", mail.id, mail.from)
    });
    let own = filed.personal["values"]["email"].as_str().unwrap_or_default();
    let to_customer = mail.to == [own.to_owned()];
    let staff =
        |people: &[banto_domain::playbook::Person]| people.iter().map(|p| p.address.clone()).collect::<Vec<_>>();
    let to_staff = mail.to == staff(&playbook.people.operators) || mail.to == staff(&playbook.people.coaches);
    verdict.expect("10 a mail goes to whom it concerns", to_customer || to_staff, || {
        format!("{}: {:?}", mail.id, mail.to)
    });
    let said = format!("{} {}", mail.subject, mail.text);
    let strangers = markers(&said).into_iter().any(|m| !to_customer || !own.starts_with(m));
    verdict.expect("10 a mail quotes only its reader", !strangers, || mail.id.clone());
}

/// The last lease of this message before the provider accepted it.
fn lease_of<'a>(filed: &'a Filed, mail: &Accepted) -> Option<&'a Kept> {
    let leases = |kept: &&Kept| {
        kept.order < mail.after
            && kept.commit.entries.iter().any(
                |e| matches!(&e.entry, Entry::MessageSending { message, .. } if message.as_str() == mail.tag("intent")),
            )
    };
    filed.commits.iter().rfind(leases)
}

/// 3 and 4: at the lease, the gate had to let it pass, and what it states held.
fn gate(world: &World, filed: &Filed, mail: &Accepted, lease: &Kept, verdict: &mut Verdict) {
    let mut case: Option<Case> = None;
    for kept in filed.commits.iter().take_while(|k| k.stored.seq < lease.stored.seq) {
        case = Case::fold(case, &kept.commit, &kept.stored.hash).ok();
    }
    let message =
        case.as_ref().and_then(|c| Some((c, c.tracks.iter().find(|(id, _)| id.as_str() == mail.tag("intent"))?.0)));
    let message = message.and_then(|(c, id)| Some((c, c.message(id)?)));
    verdict.expect("3 every mail was intended before", message.is_some(), || mail.id.clone());
    let Some((case, message)) = message else { return };
    let fallen = message.holds.iter().find(|h| !h.is_true(case));
    verdict.expect("4 what a mail states held at its lease", fallen.is_none(), || format!("{}: {fallen:?}", mail.id));
    let template = filed.playbook.templates.get(&message.template);
    let routine = template.is_some_and(|t| t.approved_by.is_some() && t.class == Class::Routine);
    verdict.expect("3 the template is approved and routine", routine, || mail.id.clone());
    let question = message.about.as_ref().and_then(|id| case.ask(id)).map(|a| a.question.as_str());
    let allowed = filed.playbook.may_send(&case.flow, &message.origin, question, &message.template);
    verdict.expect("3 it may be sent from here", allowed, || {
        format!("{}: {} by {}", mail.id, message.template, message.origin)
    });
    let revoked = world.people.revoked.get(&(filed.client.clone(), message.template.clone()));
    let revoked = revoked.is_some_and(|after| *after <= lease.order);
    verdict.expect("3 the template is not revoked", !revoked, || format!("{}: {}", mail.id, message.template));
    verdict.expect("3 the tag says which template", mail.tag("template") == message.template, || mail.id.clone());
    if message.to == Role::Customer {
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
