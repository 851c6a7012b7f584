//! 3: what a practice said of going live is obeyed at the lease: no sample reaches anybody outside, and nothing leaves without
//! an approval where each mail wants one.

use std::collections::BTreeMap;

use banto_domain::Entry;
use banto_domain::playbook::{Part, Stage};

use super::Verdict;
use super::evidence::{Evidence, Filed};
use super::mail::lease_of;
use crate::provider::Accepted;
use crate::world::World;

/// When parts were moved where, by client and part.
type Moves<'a> = BTreeMap<(&'a str, &'a str), Vec<(usize, Stage)>>;

pub(super) fn check(world: &World, evidence: &Evidence, verdict: &mut Verdict) {
    let mut moves: Moves<'_> = BTreeMap::new();
    for filed in evidence.cases.values() {
        for kept in &filed.commits {
            for stamped in &kept.commit.entries {
                if let Entry::StageMoved { part, to, .. } = &stamped.entry {
                    moves.entry((&filed.client, part)).or_default().push((kept.order, *to));
                }
            }
        }
    }
    moves.values_mut().for_each(|all| all.sort_unstable());
    let accepted = world.cloud.net().accepted.clone();
    for mail in &accepted {
        let pk = format!("CASE#{}#{}", mail.tag("client"), mail.tag("case"));
        if let Some(filed) = evidence.cases.get(&pk) {
            left(filed, mail, &moves, verdict);
        }
    }
}

/// One mail that the provider took.
fn left(filed: &Filed, mail: &Accepted, moves: &Moves<'_>, verdict: &mut Verdict) {
    let Some(live) = &filed.playbook.going_live else { return };
    let intent = mail.tag("intent");
    let (mut flow, mut sampled, mut approved, mut outside) = (None, false, false, false);
    for kept in filed.commits.iter().filter(|kept| kept.order < mail.after) {
        for stamped in &kept.commit.entries {
            match &stamped.entry {
                Entry::MessageIntended { message, to, flow: of, topic, origin, .. } if message.as_str() == intent => {
                    outside = to.is_outside() && origin != banto_domain::playbook::OF_EMERGENCY;
                    flow = Some((of.as_deref().unwrap_or(&filed.snapshot.flow).to_owned(), *topic));
                }
                Entry::MessageSampled { message, .. } if message.as_str() == intent => sampled = true,
                Entry::MessageApproved { message, .. } if message.as_str() == intent => approved = true,
                _ => {}
            }
        }
    }
    let (Some((flow, topic)), Some(lease)) = (flow, lease_of(filed, mail)) else { return };
    let part: Option<&Part> = live.part_of(&flow, topic).filter(|_| outside);
    let Some(part) = part else { return };
    let mut before = moves.get(&(filed.client.as_str(), part.name.as_str())).into_iter().flatten();
    let stage = before.rfind(|(order, _)| *order <= lease.order).map_or(part.begins, |(_, stage)| *stage);
    let own = filed.personal["values"]["email"].as_str().unwrap_or_default();
    let payer = filed.personal["values"]["payer_email"].as_str().unwrap_or_default();
    let outside = mail.to.iter().any(|to| to == own || to == payer);
    let what = || format!("{}: {} of {flow} ({topic:?}) at {stage:?}", mail.id, mail.tag("template"));
    verdict.expect("3 a sample reaches nobody outside", !(sampled && outside), what);
    verdict.expect("3 nothing leaves while there are only samples", stage != Stage::Sample || !outside, what);
    verdict.expect("3 where each mail is approved, it was", stage != Stage::Approved || !outside || approved, what);
}
