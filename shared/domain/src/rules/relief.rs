//! 減額・免除: less is asked for than was agreed, or no more. Only somebody of the practice says so.

use super::billing::taxes;
use super::{Draft, Rejection, ask, side};
use crate::Id;
use crate::playbook::{FactKind, Prices};
use crate::state::{Entry, Line};

/// By how much less is to be asked for of the open invoice among these tracks, as one of these facts says: more than nothing, and
/// less than what is open. `Err` is the fact that says otherwise; `None`: nothing is open.
///
/// # Errors
/// Names the fact that is to be corrected.
pub(super) fn reduction(draft: &Draft<'_>, tracks: &[Id], given: &[String]) -> Result<Option<(Id, i64)>, String> {
    let Ok(case) = draft.case() else { return Ok(None) };
    let Some((invoice, open)) = case.invoice_in(tracks).filter(|(_, i)| !i.settled) else { return Ok(None) };
    let Some(fact) = draft.fact_of(FactKind::Money, given) else { return Ok(None) };
    let by = case.plain(fact).and_then(|by| by.parse::<i64>().ok()).unwrap_or(0);
    if 0 < by && by < open.open() { Ok(Some((invoice.clone(), by))) } else { Err(fact.clone()) }
}

/// Less is asked for of an invoice. Tax is rounded once, of what is asked for now.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn reduce(draft: &mut Draft<'_>, invoice: &Id, by: i64) -> Result<(), Rejection> {
    let open = draft.case()?.invoice(invoice).ok_or(Rejection::Misplaced("no such invoice"))?;
    let total = open.total - by;
    let rate = open.lines.first().map_or(0, |line| line.rate);
    let line = Line { menu: String::new(), quantity: 1, price: total, rate };
    let taxes = taxes(&[line], Prices::Included).ok_or(Rejection::Misplaced("an amount too large to be true"))?;
    draft.push(Entry::InvoiceReduced { invoice: invoice.clone(), by, taxes, total })
}

/// Somebody asks no more for what is open of the invoice among these tracks, nor for a part after it.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn waive(draft: &mut Draft<'_>, tracks: &[Id]) -> Result<(), Rejection> {
    let open = draft.case()?.invoice_in(tracks).filter(|(_, i)| !i.settled);
    let open = open.map(|(id, i)| (id.clone(), i.token.clone(), i.open()));
    let Some((invoice, token, amount)) = open else { return Ok(()) };
    ask::withdraw_beside(draft, &invoice)?;
    draft.push(Entry::InvoiceWaived { invoice, amount })?;
    let waits = !token.is_main() && draft.case()?.tokens.contains_key(&token);
    if waits { side::end(draft, &token, "waived") } else { Ok(()) }
}
