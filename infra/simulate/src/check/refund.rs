//! Refunds: what the journals order and the provider made. Each leaves once, under its own key; no more goes back than came in;
//! and what a journal says was made was made.

use std::collections::BTreeMap;

use banto_domain::Entry;

use super::Verdict;
use super::evidence::Evidence;
use crate::world::World;

/// A refund, as its journal tells it.
#[derive(Debug, Default)]
struct Told {
    payment: String,
    amount: i64,
    by_provider: bool,
    made: usize,
    refused: usize,
    withdrawn: usize,
    asked: usize,
}

pub(super) fn check(world: &World, evidence: &Evidence, verdict: &mut Verdict) {
    let net = world.cloud.net();
    let mut refunds: BTreeMap<String, Told> = BTreeMap::new();
    for (pk, filed) in &evidence.cases {
        let mut paid = 0;
        let mut back = 0;
        for stamped in filed.commits.iter().flat_map(|kept| &kept.commit.entries) {
            match &stamped.entry {
                Entry::PaymentRecorded { amount, .. } => paid += amount,
                Entry::RefundOrdered { refund, payment, amount, action, .. } => {
                    let (payment, by_provider) = (payment.clone(), action.is_some());
                    let told = Told { payment, amount: *amount, by_provider, ..Told::default() };
                    refunds.insert(refund.to_string(), told);
                    back += amount;
                    let right = *amount > 0 && back <= paid;
                    verdict.expect("8 no more is sent back than came in", right, || format!("{pk}: {back} of {paid}"));
                }
                Entry::RefundWithdrawn { refund } => {
                    let told = refunds.entry(refund.to_string()).or_default();
                    told.withdrawn += 1;
                    back -= told.amount;
                }
                Entry::RefundSending { refund, .. } => refunds.entry(refund.to_string()).or_default().asked += 1,
                Entry::RefundRefused { refund, .. } => refunds.entry(refund.to_string()).or_default().refused += 1,
                Entry::RefundMade { refund, .. } => refunds.entry(refund.to_string()).or_default().made += 1,
                _ => {}
            }
        }
    }
    for (key, told) in &refunds {
        let made = net.till.made.get(key);
        verdict.expect("2 a refund is made once", told.made <= 1, || format!("{key}: {told:?}"));
        let same = made.is_none_or(|(payment, amount)| *payment == told.payment && *amount == told.amount);
        verdict.expect("8 what went back is what was ordered", same, || format!("{key}: {told:?} {made:?}"));
        let leased = made.is_none() || told.asked > 0;
        verdict.expect("2 nothing goes back without its lease", leased, || format!("{key}: {told:?}"));
        // What the provider refused, or what stayed unknown for a day, a person sends.
        let said = told.made == 0 || !told.by_provider || made.is_some() || told.refused > 0;
        verdict.expect("8 what is said to have gone back did", said, || format!("{key}: {told:?}"));
        let ended = told.made + told.withdrawn > 0 || told.refused > 0 || !told.by_provider;
        verdict.expect("1 each refund finds its end", ended, || format!("{key}: {told:?}"));
    }
    for (key, (payment, amount)) in &net.till.made {
        verdict.expect("8 nothing goes back that nobody ordered", refunds.contains_key(key), || {
            format!("{key}: {amount} of {payment}")
        });
    }
}
