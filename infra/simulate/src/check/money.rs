//! 8: money is exact. The journals against what the providers took in, and against arithmetic of its own.

use std::collections::BTreeMap;

use banto_domain::playbook::{Prices, Tolerance};
use banto_domain::{Actor, Entry};

use super::evidence::{Evidence, Filed};
use super::{Verdict, instalment};
use crate::payments::Deal;
use crate::practice::MINATO;
use crate::world::World;

/// An invoice, as its journal tells it.
#[derive(Debug, Default)]
struct Told {
    total: i64,
    currency: String,
    /// By payments in its own currency, in the order of the journal.
    paid: i64,
    /// Of it, what a person saw on the account.
    transferred: i64,
    /// What was paid when it was settled.
    settled: Vec<i64>,
    started: usize,
    withdrawn: bool,
    /// Which part of the whole it asks for; 0 is all of it.
    part: u32,
    /// Its price without tax.
    net: i64,
    /// What was agreed that a transfer may fall short by.
    tolerance: Tolerance,
}

impl Told {
    /// A bank's fee, or the tax that a company withholds of the price with or without tax, or both.
    fn tolerates(&self, short: i64) -> bool {
        let fee = |short: i64| (0..=self.tolerance.fee).contains(&short);
        let withheld =
            |of: i64| if of > 1_000_000 { 102_100 + (of - 1_000_000) * 2_042 / 10_000 } else { of * 1_021 / 10_000 };
        let tax = [self.net, self.total].map(withheld);
        fee(short) || (self.tolerance.withholding && tax.iter().any(|tax| fee(short - tax)))
    }
}

pub(super) fn check(world: &World, evidence: &Evidence, verdict: &mut Verdict) {
    let mut recorded: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (pk, filed) in &evidence.cases {
        let invoices = told(world, (pk, filed), &mut recorded, verdict);
        for (id, told) in &invoices {
            whole(world, pk, id, told, verdict);
        }
        let open = invoices.values().filter(|i| i.settled.is_empty()).count();
        let once = invoices.len() <= 1 || open <= 1;
        // Where a disputed invoice begins anew, something may be bought again.
        let once_only = filed.client == MINATO || bought_once(&invoices);
        verdict.expect("8 the same isn't asked for twice", once && once_only, || format!("{pk}: {invoices:?}"));
    }
    for ((client, payment), times) in &recorded {
        verdict.expect("8 a payment counts once", *times == 1, || format!("{client}: {payment} {times} times"));
    }
    for (payment, deal) in world.people.deals.iter().filter(|(_, d)| d.acknowledged) {
        let there = recorded.contains_key(&(deal.client.clone(), payment.clone()));
        verdict.expect("1 every payment that we took is recorded", there, || format!("{payment}: {deal:?}"));
        let (back, ours) = (gone_back(evidence, deal, payment), world.cloud.net().till.back(payment));
        // What we sent back the provider tells of too, once it does.
        let right =
            back == deal.refunded || (ours > 0 && (deal.refunded..=deal.refunded.max(0) + ours).contains(&back));
        verdict.expect("8 what goes back joins its payment, in whatever order", right, || {
            format!("{payment}: {back} of {deal:?}")
        });
    }
}

/// How much of a payment went back, as the journal of its case tells it.
fn gone_back(evidence: &Evidence, deal: &Deal, payment: &str) -> i64 {
    let filed = evidence.cases.get(&format!("CASE#{}#{}", deal.client, deal.case));
    let entries = filed.into_iter().flat_map(|f| &f.commits).flat_map(|kept| &kept.commit.entries);
    let (mut back, mut ours) = (0_i64, BTreeMap::new());
    for stamped in entries {
        match &stamped.entry {
            Entry::PaymentRefunded { payment: of, refunded } if of == payment => back = back.max(*refunded),
            Entry::RefundOrdered { refund, payment: of, amount, .. } if of == payment => {
                ours.insert(refund.clone(), *amount);
            }
            Entry::RefundMade { refund, .. } => back += ours.get(refund).copied().unwrap_or(0),
            _ => {}
        }
    }
    back.min(deal.amount)
}

/// What a case's journal tells of its invoices; each payment that it records is counted.
fn told(
    world: &World,
    (pk, filed): (&String, &Filed),
    recorded: &mut BTreeMap<(String, String), usize>,
    verdict: &mut Verdict,
) -> BTreeMap<String, Told> {
    let mut invoices: BTreeMap<String, Told> = BTreeMap::new();
    for kept in &filed.commits {
        let mut settled: Option<String> = None;
        for stamped in &kept.commit.entries {
            match &stamped.entry {
                Entry::InvoiceIssued { invoice, total, currency, taxes, part, .. } => {
                    sums(pk, filed, &stamped.entry, verdict);
                    let tolerance = filed.playbook.billing.as_ref().map(|b| b.tolerance).unwrap_or_default();
                    let net = taxes.iter().map(|t| t.net).sum();
                    let (part, currency) = (part.as_ref().map_or(0, |part| part.n), currency.clone());
                    let told = Told { total: *total, currency, part, net, tolerance, ..Told::default() };
                    invoices.insert(invoice.to_string(), told);
                }
                Entry::PaymentRecorded { payment, invoice, provider, amount, currency, .. } => {
                    *recorded.entry((filed.client.clone(), payment.clone())).or_default() += 1;
                    came_in(world, pk, (payment, provider), (invoice.as_str(), *amount, currency), verdict);
                    if let Some(told) = invoices.get_mut(invoice.as_str()).filter(|i| i.currency == *currency) {
                        told.paid += *amount;
                        told.transferred += if provider == "transfer" { *amount } else { 0 };
                    }
                }
                Entry::InvoiceSettled { invoice, .. } => {
                    settled = Some(invoice.to_string());
                    if let Some(told) = invoices.get_mut(invoice.as_str()) {
                        told.settled.push(told.paid);
                    }
                }
                Entry::InvoiceReduced { invoice, .. } => {
                    let Some(told) = invoices.get_mut(invoice.as_str()) else { continue };
                    reduced((pk, filed, &kept.commit.actor), &stamped.entry, told, verdict);
                }
                Entry::InvoiceWithdrawn { invoice, .. } | Entry::InvoiceWaived { invoice, .. } => {
                    if let Some(told) = invoices.get_mut(invoice.as_str()) {
                        told.withdrawn = true;
                    }
                }
                Entry::PackageStarted { .. } => {
                    let of = settled.as_ref().and_then(|id| invoices.get_mut(id));
                    verdict.expect("8 a package starts with its settlement", of.is_some(), || pk.clone());
                    if let Some(told) = of {
                        told.started += 1;
                    }
                }
                Entry::PaymentRefunded { payment, refunded } => {
                    let deal = world.people.deals.get(payment);
                    let right = deal.is_some_and(|d| 0 <= *refunded && *refunded <= d.amount);
                    verdict.expect("8 no more goes back than came in", right, || format!("{pk}: {payment}"));
                }
                _ => {}
            }
        }
    }
    invoices
}

/// Less is asked for, as a coach decided: something is left of it, and tax is worked out anew.
fn reduced((pk, filed, actor): (&str, &Filed, &Actor), entry: &Entry, told: &mut Told, verdict: &mut Verdict) {
    let Entry::InvoiceReduced { invoice, by, taxes, total } = entry else { return };
    let stated: (i64, i64) = (taxes.iter().map(|t| t.net).sum(), taxes.iter().map(|t| t.tax).sum());
    let rate = filed.playbook.billing.as_ref().map_or(0, |billing| i64::from(billing.tax));
    let tax = total * rate / (100 + rate);
    let less = 0 < *by && *total == told.total - by && told.paid < *total && told.settled.is_empty();
    let by_coach = matches!(actor, Actor::Person { person } if filed.playbook.people.coach(person).is_some());
    let right = less && by_coach && stated == (total - tax, tax);
    verdict.expect("8 less is asked for as a coach decided, and something is left", right, || {
        format!("{pk}: {invoice} {by} {total} {taxes:?} by {}", actor.name())
    });
    (told.total, told.net) = (*total, stated.0);
}

/// No journey of the ready-made playbooks sells twice.
fn bought_once(invoices: &BTreeMap<String, Told>) -> bool {
    invoices.values().filter(|i| !i.settled.is_empty() && i.part <= 1).count() <= 1
}

/// The invoice's own sums: whole numbers, tax once, in all what was agreed.
fn sums(pk: &str, filed: &Filed, entry: &Entry, verdict: &mut Verdict) {
    let Entry::InvoiceIssued { invoice, lines, taxes, total, currency, part, .. } = entry else { return };
    let Some(billing) = &filed.playbook.billing else { return };
    let asked: i64 = lines.iter().map(|l| l.price * i64::from(l.quantity)).sum();
    let agreed: Option<i64> =
        lines.iter().map(|l| instalment::price(filed.playbook.menus.get(&l.menu)?, l, part.as_ref())).sum();
    let rate = i64::from(billing.tax);
    let (net, tax) = match billing.prices {
        Prices::Included => (asked - asked * rate / (100 + rate), asked * rate / (100 + rate)),
        Prices::Excluded => (asked, asked * rate / 100),
    };
    let stated = (taxes.iter().map(|t| t.net).sum::<i64>(), taxes.iter().map(|t| t.tax).sum::<i64>());
    let right = agreed == Some(asked) && stated == (net, tax) && *total == net + tax && *currency == billing.currency;
    verdict.expect("8 an invoice is net and tax of what was agreed", right && taxes.len() == 1, || {
        format!("{pk}: {invoice} {lines:?} {taxes:?} {total}")
    });
}

/// A payment in a journal is one that its provider took in, exactly; or a transfer that a person saw.
fn came_in(
    world: &World,
    pk: &str,
    (payment, provider): (&str, &str),
    (invoice, amount, currency): (&str, i64, &str),
    verdict: &mut Verdict,
) {
    if provider == "transfer" {
        let posted = |answer: &str| world.people.posted.contains(&(payment.to_owned(), answer.to_owned()));
        let seen = posted("paid") || posted("arrived");
        return verdict.expect("8 a transfer was seen by a person", seen, || format!("{pk}: {payment}"));
    }
    let deal = world.people.deals.get(payment);
    let right = deal.is_some_and(|d| {
        (d.amount, d.currency.as_str(), d.invoice.as_str()) == (amount, currency, invoice)
            && pk == format!("CASE#{}#{}", d.client, d.case)
    });
    verdict.expect("8 a payment is what its provider took in", right, || format!("{pk}: {payment} {amount} {deal:?}"));
}

/// Settled only when all of it came in, by the journal and by the provider; and then once.
fn whole(world: &World, pk: &str, id: &str, told: &Told, verdict: &mut Verdict) {
    let as_good = |paid: i64| told.transferred > 0 && told.tolerates(told.total - paid);
    let enough = told.settled.iter().all(|paid| *paid >= told.total || as_good(*paid));
    let deals = world.people.deals.values().filter(|d| d.invoice == id && d.currency == told.currency);
    let took: i64 = deals.map(|d| d.amount).sum();
    let really = told.settled.is_empty() || took + told.transferred >= told.total || as_good(took + told.transferred);
    verdict.expect("8 an invoice is settled only when all of it came in", enough && really, || {
        format!("{pk}: {id} {told:?} {took}")
    });
    verdict.expect(
        "8 an invoice is settled once, and starts one package",
        told.settled.len() <= 1 && told.started == if told.part > 1 { 0 } else { told.settled.len() },
        || format!("{pk}: {id} {told:?}"),
    );
    // What comes in when nothing is owed any more is a task for a person.
    let all = told.paid >= told.total;
    let left_open = all && told.settled.is_empty() && !told.withdrawn;
    verdict.expect("8 what is paid in full is settled", !left_open, || format!("{pk}: {id} {told:?}"));
}

/// Invoices that are known to be settled, with how many changes the table had seen by then.
pub(super) fn settled(filed: &Filed) -> BTreeMap<String, usize> {
    let entries = filed.commits.iter().flat_map(|k| k.commit.entries.iter().map(|e| (k.order, &e.entry)));
    let settled = entries.filter_map(|(order, entry)| match entry {
        Entry::InvoiceSettled { invoice, .. } => Some((invoice.to_string(), order)),
        _ => None,
    });
    settled.collect()
}
