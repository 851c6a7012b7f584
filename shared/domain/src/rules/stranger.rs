//! Promise 16 towards those who never answered: whoever types an address into a form without a signature may be anybody.
//! Such an address gets few mails over all its cases, what else comes from it is stored with the first inquiry, and one
//! task tells the office. It is proven by an answer on its link, a signed provider or a person.

use super::{Also, Draft, Rejection, ask, inquiry};
use crate::state::{Case, Party, Standing};
use crate::{CaseId, Id};

/// Why a mail doesn't leave that is one too many for an address that never answered.
pub const TOO_MANY: &str = "stranger-budget";
/// Why a person looks at more of the same.
pub const MORE: &str = "more-inquiries";
/// Why a person looks at what came beyond a form's limit.
pub const FLOOD: &str = "form-flood";

/// A submission that becomes no case of its own.
#[derive(Debug, Clone)]
pub struct More<'a> {
    /// The number that whoever sent it was told.
    pub number: &'a CaseId,
    /// The id of its payload.
    pub inbound: Id,
    /// Its payload.
    pub body: &'a [u8],
}

/// Who proved it is theirs: an answer, a provider's word, or a person who let it go.
pub fn prove(draft: &mut Draft<'_>, reader: &Party) {
    if let Some(address) = address_of(draft, reader) {
        draft.also(Also::Prove { address });
    }
}

/// The address at which somebody outside is written to now.
#[must_use]
pub(super) fn address_of(draft: &Draft<'_>, reader: &Party) -> Option<String> {
    let values = &draft.personal().values;
    let own = values.get("email");
    let address = if *reader == Party::Payer { values.get("payer_email").or(own) } else { own };
    address.cloned()
}

/// Whether the case itself shows that its customer is no stranger: something was agreed or paid. (So it is with cases
/// that are older than the budgets.)
#[must_use]
fn is_known(case: &Case) -> bool {
    let paid = case.invoices().any(|(_, invoice)| invoice.paid > 0);
    let booked = case.bookings().any(|(_, booking)| booking.is_confirmed());
    paid || booked || case.package.is_some() || !case.counters.held.is_empty()
}

/// Whether one more mail may go to an address: always, unless nobody proved whose it is and its budget is used up. What
/// goes is counted with the lease.
///
/// # Errors
/// When there is no case.
pub fn admits(draft: &mut Draft<'_>, message: &Id, stranger: Option<&(String, Standing)>) -> Result<bool, Rejection> {
    let Some((address, standing)) = stranger else { return Ok(true) };
    if is_known(draft.case()?) || standing.has_had(message) {
        return Ok(true);
    }
    let Some(standing) = standing.mailed(message, draft.now) else { return Ok(false) };
    draft.also(Also::Standing { address: address.clone(), standing });
    Ok(true)
}

/// An inquiry opens a case: it is the one that others of the same address join while it is open.
///
/// # Errors
/// When there is no case.
pub fn opens(draft: &mut Draft<'_>, address: &str, standing: &Standing) -> Result<(), Rejection> {
    let case = draft.case()?.key.case.clone();
    let standing = standing.opened(&case, draft.now);
    draft.also(Also::Standing { address: address.to_owned(), standing });
    Ok(())
}

/// One more inquiry of an address that has used up what strangers may: stored as it came, with the one that is open.
/// `joined` is the address's standing with it. A person hears of the first; nobody gets a mail.
///
/// # Errors
/// When the playbook lacks the question of a task.
pub fn joins(draft: &mut Draft<'_>, address: &str, joined: Standing, more_of_it: More<'_>) -> Result<(), Rejection> {
    draft.also(Also::Standing { address: address.to_owned(), standing: joined });
    more(draft, more_of_it, MORE)
}

/// Stores one more payload, and tells a person unless one knows.
///
/// # Errors
/// As [`joins`].
pub fn more(draft: &mut Draft<'_>, More { number, inbound, body }: More<'_>, why: &str) -> Result<(), Rejection> {
    inquiry::keep(draft, inbound, body, &format!("{why}:{number}"))?;
    // One of a kind in a case.
    let about = Id::derive(&[why, draft.case()?.key.case.as_str()]);
    ask::attend(draft, &about, why)
}
