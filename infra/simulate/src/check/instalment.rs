//! 8: what is paid in parts is asked for one part after the other, on its day, and all parts are the price.

use std::collections::BTreeMap;

use banto_domain::Entry;
use banto_domain::playbook::{Menu, Plan};
use banto_domain::state::{Instalment, Line};
use jiff::civil::Date;

use super::Verdict;
use super::evidence::Evidence;

/// What a line should ask for, by arithmetic of its own: the agreed first part, and of the rest the whole yen that all share,
/// with what is over on the first of them.
pub(super) fn price(menu: &Menu, line: &Line, part: Option<&Instalment>) -> Option<i64> {
    let Some(part) = part else { return Some(menu.price * i64::from(line.quantity)) };
    let Plan { parts, first, .. } = *menu.plans.get(&part.plan)?;
    let parts = i64::from(parts);
    Some(match (first, part.n) {
        (Some(first), 1) => first,
        (Some(first), 2) => menu.price - first - (menu.price - first) / (parts - 1) * (parts - 2),
        (Some(first), _) => (menu.price - first) / (parts - 1),
        (None, 1) => menu.price - menu.price / parts * (parts - 1),
        (None, _) => menu.price / parts,
    })
}

/// One purchase, as its journal tells it.
#[derive(Debug, Default)]
struct Bought {
    /// Of each part that was asked for: its invoice, its day, and whether it was settled.
    parts: Vec<(String, Date, bool)>,
    /// Somebody waived what was left.
    waived: bool,
}

pub(super) fn check(evidence: &Evidence, verdict: &mut Verdict) {
    for (pk, filed) in &evidence.cases {
        let mut all: BTreeMap<(String, Date), Bought> = BTreeMap::new();
        for stamped in filed.commits.iter().flat_map(|kept| &kept.commit.entries) {
            match &stamped.entry {
                Entry::InvoiceIssued { invoice, due_on, part: Some(part), .. } => {
                    let bought = all.entry((part.plan.clone(), part.first_due_on)).or_default();
                    let n = usize::try_from(part.n).unwrap_or(usize::MAX);
                    let before = bought.parts.last();
                    let right = bought.parts.len() + 1 == n
                        && part.n <= part.of
                        && !bought.waived
                        && before.is_none_or(|(_, day, settled)| *settled && day < due_on);
                    verdict.expect("8 parts are asked for one after the other, on their days", right, || {
                        format!("{pk}: {invoice} {part:?} due {due_on} after {bought:?}")
                    });
                    bought.parts.push((invoice.to_string(), *due_on, false));
                }
                Entry::InvoiceSettled { invoice, .. } => {
                    let parts = all.values_mut().flat_map(|bought| &mut bought.parts);
                    parts.filter(|(id, ..)| *id == invoice.as_str()).for_each(|(.., settled)| *settled = true);
                }
                Entry::InvoiceWaived { invoice, .. } => {
                    let of = |bought: &&mut Bought| bought.parts.iter().any(|(id, ..)| *id == invoice.as_str());
                    all.values_mut().filter(of).for_each(|bought| bought.waived = true);
                }
                Entry::CaseClosed { outcome } if outcome == "complete" => {
                    let left = all.values().filter(|bought| !bought.waived);
                    let done = left.flat_map(|bought| &bought.parts).all(|(.., settled)| *settled);
                    verdict.expect("8 a case isn't complete while a part is unpaid", done, || format!("{pk}: {all:?}"));
                }
                _ => {}
            }
        }
    }
}
