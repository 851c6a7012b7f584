//! 分割払い: what is bought at once and paid in parts. One invoice asks for one part; the next is asked for once the one before
//! is paid.

use jiff::civil::Date;

use super::billing::taxes;
use super::business;
use crate::Id;
use crate::playbook::{Plan, Playbook, Prices};
use crate::state::{Case, Instalment, Invoice, Line};

/// The amounts of the parts, in order, in minor units: what doesn't divide is paid first, or first after a first payment that
/// was agreed.
#[must_use]
pub fn amounts(price: i64, plan: &Plan) -> Vec<i64> {
    let (agreed, rest, parts) = match plan.first {
        Some(first) => (Some(first), price.saturating_sub(first), plan.parts.saturating_sub(1)),
        None => (None, price, plan.parts),
    };
    let parts = i64::from(parts.max(1));
    let (each, over) = (rest.div_euclid(parts), rest.rem_euclid(parts));
    agreed.into_iter().chain((0..parts).map(|n| if n == 0 { each + over } else { each })).collect()
}

/// The part that comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// Of the playbook's menus.
    pub menu: String,
    /// In minor units, tax as in the price.
    pub amount: i64,
    /// The last day to pay it on, before weekends and holidays are looked at.
    pub due_on: Date,
    /// Which it is.
    pub part: Instalment,
}

/// The first part of a menu's price, if whoever pays chose one of its plans.
pub(super) fn first(playbook: &Playbook, case: &Case, menu: &str, due_on: Date) -> Option<(i64, Instalment)> {
    let chosen = case.plain(playbook.billing.as_ref()?.plan_from.as_ref()?)?;
    let menu = playbook.menus.get(menu)?;
    let plan = menu.plans.get(chosen)?;
    let part = Instalment { plan: chosen.to_owned(), n: 1, of: plan.parts, first_due_on: due_on };
    Some((*amounts(menu.price, plan).first()?, part))
}

/// The part after that of an invoice; `None` when it asks for all, or for the last, the next was asked for already, or the rest
/// was waived.
#[must_use]
pub fn next(playbook: &Playbook, case: &Case, before: &Id) -> Option<Next> {
    let invoice = case.invoice(before).filter(|invoice| !invoice.waived)?;
    let part = invoice.part.as_ref()?;
    let asked = |i: &Invoice| i.part.as_ref().is_some_and(|p| is_same_plan(p, part) && p.n > part.n);
    if case.invoices().any(|(_, i)| asked(i)) {
        return None;
    }
    let menu = &invoice.lines.first()?.menu;
    let bought = playbook.menus.get(menu)?;
    let plan = bought.plans.get(&part.plan)?;
    let amount = *amounts(bought.price, plan).get(usize::try_from(part.n).ok()?)?;
    let part = Instalment { n: part.n + 1, ..part.clone() };
    Some(Next { menu: menu.clone(), amount, due_on: day(&part, plan, part.n)?, part })
}

/// A part as it stands in the whole plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// From 1.
    pub n: u32,
    /// With tax, in minor units.
    pub amount: i64,
    /// The last day to pay it on, as far as is known now.
    pub due_on: Date,
}

/// All parts of what an invoice is a part of, with their days; nothing when it asks for all.
#[must_use]
pub fn schedule(playbook: &Playbook, invoice: &Invoice) -> Vec<Row> {
    let agreed = invoice.part.as_ref().zip(invoice.lines.first()).and_then(|(part, line)| {
        let menu = playbook.menus.get(&line.menu)?;
        Some((part, line, menu.price, menu.plans.get(&part.plan)?))
    });
    let Some((part, line, price, plan)) = agreed else { return Vec::new() };
    let prices = playbook.billing.as_ref().map_or(Prices::Included, |billing| billing.prices);
    let row = |(n, price): (u32, i64)| {
        let due_on = if n == part.n { invoice.due_on } else { business::day(playbook, day(part, plan, n)?) };
        let tax = taxes(&[Line { price, ..line.clone() }], prices)?;
        let agreed = tax.iter().map(|t| t.net + t.tax).sum();
        Some(Row { n, amount: if n == part.n { invoice.total } else { agreed }, due_on })
    };
    (1..).zip(amounts(price, plan)).filter_map(row).collect()
}

/// What is still to be paid by what was agreed, in minor units: what is open of invoices, and parts that were not asked for
/// yet, with their tax.
#[must_use]
pub fn owed(playbook: &Playbook, case: &Case) -> i64 {
    let open: i64 = case.invoices().map(|(_, i)| i.open()).sum();
    let unasked: i64 = case.invoices().map(|(id, _)| unasked(playbook, case, id)).sum();
    open.saturating_add(unasked)
}

/// The parts after that of an invoice, if the next wasn't asked for: how many.
#[must_use]
pub fn left(playbook: &Playbook, case: &Case, invoice: &Id) -> u32 {
    next(playbook, case, invoice).map_or(0, |next| (next.part.of + 1).saturating_sub(next.part.n))
}

fn unasked(playbook: &Playbook, case: &Case, id: &Id) -> i64 {
    let Some((next, invoice)) = next(playbook, case, id).zip(case.invoice(id)) else { return 0 };
    schedule(playbook, invoice).iter().filter(|row| row.n >= next.part.n).map(|row| row.amount).sum()
}

/// What is open of invoices whose last day to pay on is over on this day.
#[must_use]
pub fn overdue(case: &Case, today: Date) -> i64 {
    case.invoices().filter(|(_, i)| i.due_on < today).map(|(_, i)| i.open()).sum()
}

/// The last day to pay a part on, before weekends and holidays are looked at.
fn day(part: &Instalment, plan: &Plan, n: u32) -> Option<Date> {
    let later = plan.every.checked_mul(i64::from(n) - 1).ok()?;
    part.first_due_on.checked_add(later).ok()
}

/// Parts of one purchase: of one plan, counted from one day.
fn is_same_plan(one: &Instalment, other: &Instalment) -> bool {
    (&one.plan, one.first_due_on) == (&other.plan, other.first_due_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(parts: u32, first: Option<i64>) -> Plan {
        serde_json::from_value(serde_json::json!({ "parts": parts, "every": "P1M", "first": first })).expect("a plan")
    }

    #[test]
    fn parts_are_the_whole_to_the_yen() {
        assert_eq!(amounts(88_000, &plan(3, None)), [29_334, 29_333, 29_333]);
        assert_eq!(amounts(88_000, &plan(2, Some(20_000))), [20_000, 68_000]);
        assert_eq!(amounts(88_000, &plan(4, Some(20_000))), [20_000, 22_668, 22_666, 22_666]);
        for (price, parts, first) in [(1, 12, None), (99_999, 7, Some(1)), (100, 2, Some(99)), (0, 5, None)] {
            let all = amounts(price, &plan(parts, first));
            assert_eq!((all.iter().sum::<i64>(), all.len()), (price, parts as usize), "{price} in {parts}");
            assert!(all.iter().all(|amount| *amount >= 0));
        }
    }
}
