//! Who wants no more mails that promote something gets none, whatever the case (特定電子メール法 第3条第3項): bookings,
//! questions and invoices go on.

use super::{Also, Draft, Rejection, stranger};
use crate::Id;
use crate::state::{Entry, Party};

/// What stands in a link in the place of an ask: it is to stop such mails.
#[must_use]
pub fn link() -> Id {
    Id::derive(&["unsubscribe"])
}

/// No more such mails to this party's address; `false` when none is known any more.
///
/// # Errors
/// As [`Draft::push`].
pub fn promotion(draft: &mut Draft<'_>, who: &Party, one_click: bool) -> Result<bool, Rejection> {
    let Some(address) = stranger::address_of(draft, who) else { return Ok(false) };
    draft.also(Also::Unsubscribe { address });
    draft.push(Entry::PromotionStopped { to: who.clone(), one_click })?;
    Ok(true)
}
