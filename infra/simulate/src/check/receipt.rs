//! 8: each invoice that was paid has one receipt; whatever tells of it again says that it is issued anew, under the same number,
//! which is no other's.

use std::collections::{BTreeMap, BTreeSet};

use banto_domain::Entry;

use super::Verdict;
use super::evidence::Evidence;

pub(super) fn check(evidence: &Evidence, verdict: &mut Verdict) {
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for (pk, filed) in &evidence.cases {
        let (mut paid, mut copies) = (BTreeSet::new(), BTreeMap::<String, u32>::new());
        for stamped in filed.commits.iter().flat_map(|kept| &kept.commit.entries) {
            match &stamped.entry {
                Entry::InvoiceSettled { invoice, .. } => drop(paid.insert(invoice.to_string())),
                Entry::ReceiptIssued { invoice, number, copy, .. } => {
                    let issued = copies.entry(invoice.to_string()).or_default();
                    let right = paid.contains(invoice.as_str()) && *copy == *issued;
                    verdict.expect("8 a payment has one receipt, and copies say that they are copies", right, || {
                        format!("{pk}: {number} copy {copy} after {issued} of {invoice}")
                    });
                    *issued += 1;
                    let owner = owners.entry(number.clone()).or_insert_with(|| invoice.to_string());
                    let own = owner == invoice.as_str();
                    verdict.expect("8 a receipt's number is its own", own, || format!("{pk}: {number} of {owner}"));
                }
                _ => {}
            }
        }
    }
}
