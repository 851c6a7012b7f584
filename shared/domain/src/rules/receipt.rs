//! 領収書: each invoice that was paid has one receipt, under one number. Whatever tells of it again says that it is issued anew
//! (再発行), so that one payment never seems to be two.

use super::{Draft, Rejection};
use crate::Id;
use crate::state::{Entry, Invoice};

/// The number of an invoice's receipt.
#[must_use]
pub fn number(invoice: &Invoice) -> String {
    format!("{}-R", invoice.number)
}

/// These messages are the receipt of the paid invoice among these tracks: the first is the receipt, each after it a copy.
///
/// # Errors
/// As [`Draft::push`].
pub fn issue(draft: &mut Draft<'_>, tracks: &[Id], messages: Vec<Id>) -> Result<(), Rejection> {
    let paid = draft.case()?.invoice_in(tracks).filter(|(_, i)| i.settled && !i.waived);
    let Some((invoice, number)) = paid.map(|(id, i)| (id.clone(), number(i))) else { return Ok(()) };
    for message in messages {
        let copy = draft.case()?.invoice(&invoice).map_or(0, |i| i.receipts);
        draft.push(Entry::ReceiptIssued { invoice: invoice.clone(), number: number.clone(), copy, message })?;
    }
    Ok(())
}
