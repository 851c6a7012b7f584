//! Refunds: what can still go back of what came in, and the effect that sends it: ordered in the journal, leased, asked of
//! the provider under the refund's own id as key, recorded. Asking again under the same key comes to the same, so that what
//! stays unknown is asked again until it isn't; after a day, when providers forget keys, a person looks.

use jiff::{SignedDuration, Timestamp};

use super::message::later;
use super::{Draft, Rejection, ask, billing, provider};
use crate::Id;
use crate::playbook::Provider;
use crate::state::{Case, Entry, Invoice, Received, Refund, State, TokenId};
use crate::steps::{REFUND_PAYMENT, SEND_REFUND};

/// From which amount, with tax, whoever is registered owes a credit note for what goes back (適格返還請求書: Consumption Tax Act
/// art. 57-4 par. 3; order art. 70-9 par. 3: not below 10,000 yen).
pub const CREDIT_NOTE_FROM: i64 = 10_000;
/// How long the provider may take to answer before it is asked again.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// For how long a provider keeps a key (Stripe: "Idempotent requests", at least 24 hours), less an hour.
const KEPT: SignedDuration = SignedDuration::from_hours(23);
/// Why a person sends it: more would go back than came in.
const EXCEEDS: &str = "more-than-came-in";
/// Why a person sends it: the payer's bank has it.
const DISPUTED: &str = "disputed";
/// Why a person sends it: what became of it stays unknown.
const UNCERTAIN: &str = "uncertain";
/// How the provider's own word of it is noted.
const TOLD: &str = "told";

/// What came of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordered {
    /// Providers are asked.
    UnderWay,
    /// No provider can be: a person sends it.
    ByHand,
    /// More than there is: nothing was ordered.
    Exceeds,
    /// Nothing is to go back.
    Nothing,
}

/// What can still go back of a payment, in minor units: what came in, less what went back, is on its way back, or is disputed.
#[must_use]
pub fn left(case: &Case, payment: &str, received: &Received) -> i64 {
    let of_it = |refund: &&Refund| refund.payment == payment && !refund.is_made();
    let on_its_way: i64 = case.refunds().map(|(_, refund)| refund).filter(of_it).map(|refund| refund.amount).sum();
    (received.amount - received.refunded - on_its_way - received.disputed).max(0)
}

/// The payments of a case of which something can still go back, the latest invoice first.
fn payments(case: &Case) -> Vec<(&Id, &Invoice, &String, &Received)> {
    let mut payments: Vec<_> =
        case.invoices().flat_map(|(id, i)| i.payments.iter().map(move |(p, received)| (id, i, p, received))).collect();
    payments.sort_by(|a, b| b.1.n.cmp(&a.1.n).then_with(|| a.2.cmp(b.2)));
    payments.retain(|(_, _, payment, received)| left(case, payment, received) > 0);
    payments
}

/// All that can still go back, in minor units.
#[must_use]
pub fn most(case: &Case) -> i64 {
    payments(case).iter().map(|(_, _, payment, received)| left(case, payment, received)).sum()
}

/// Orders that so much goes back (minor units), of as few payments as can be.
///
/// # Errors
/// As [`Draft::push`].
pub fn order(draft: &mut Draft<'_>, token: &TokenId, amount: i64) -> Result<Ordered, Rejection> {
    let case = draft.case()?;
    if amount <= 0 {
        return Ok(Ordered::Nothing);
    }
    if amount > most(case) {
        return Ok(Ordered::Exceeds);
    }
    let (mut rest, mut parts) = (amount, Vec::new());
    for (id, invoice, payment, received) in payments(case) {
        let part = left(case, payment, received).min(rest);
        if part > 0 {
            let asks = received.provider == Provider::Stripe.name();
            parts.push(Entry::RefundOrdered {
                refund: draft.new_id("refund", &format!("{}-{}", draft.index(), parts.len())),
                invoice: id.clone(),
                payment: payment.clone(),
                provider: received.provider.clone(),
                amount: part,
                currency: invoice.currency.clone(),
                token: token.clone(),
                action: asks.then(|| SEND_REFUND.to_owned()),
            });
        }
        rest -= part;
    }
    let asks = parts.iter().any(|part| part.action().is_some());
    parts.into_iter().try_for_each(|part| draft.push(part))?;
    Ok(if asks { Ordered::UnderWay } else { Ordered::ByHand })
}

/// The tax that stands in a refund, in minor units: in proportion to its invoice, rounded down once.
#[must_use]
pub fn tax(case: &Case, refund: &Refund) -> i64 {
    let Some(invoice) = case.invoice(&refund.invoice).filter(|invoice| invoice.total > 0) else { return 0 };
    let tax: i64 = invoice.taxes.iter().map(|tax| tax.tax).sum();
    // Of amounts up to 10^12 each: no `i64` would hold the product.
    let share = i128::from(tax) * i128::from(refund.amount) / i128::from(invoice.total);
    i64::try_from(share).unwrap_or(0)
}

/// Whether the provider is to be asked after this commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Yes: the lease is ours once the commit is.
    Attempt(u32),
    /// No.
    Not,
}

/// Takes a refund up: leases it while it is still right, and hands it to a person otherwise.
///
/// # Errors
/// As [`Draft::push`].
pub fn take_up(draft: &mut Draft<'_>, id: &Id) -> Result<Call, Rejection> {
    let case = draft.case()?;
    let Some(refund) = case.refund(id).filter(|refund| refund.is_under_way()).cloned() else {
        ask::skip(draft, "the refund has found its end")?;
        return Ok(Call::Not);
    };
    if let Some(reason) = wrong(case, &refund, draft.now) {
        refuse(draft, id, reason)?;
        return Ok(Call::Not);
    }
    let attempt = refund.attempts + 1;
    let lease_until = later(draft.now, LEASE);
    draft.push(Entry::RefundSending { refund: id.clone(), attempt, lease_until })?;
    Ok(Call::Attempt(attempt))
}

/// Why the provider is not to be asked (again).
fn wrong(case: &Case, refund: &Refund, now: Timestamp) -> Option<&'static str> {
    if refund.since.is_some_and(|since| now.duration_since(since) >= KEPT) {
        return Some(UNCERTAIN);
    }
    // It may be made already: only the same key says so.
    if refund.attempts > 0 {
        return None;
    }
    let received = case.invoice(&refund.invoice).and_then(|invoice| invoice.payments.get(&refund.payment))?;
    match received {
        Received { disputed, .. } if *disputed > 0 => Some(DISPUTED),
        Received { amount, refunded, .. } if amount - refunded < refund.amount => Some(EXCEEDS),
        _ => None,
    }
}

/// What came of asking the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The money is on its way.
    Made {
        /// The provider's id of the refund.
        provider_id: String,
    },
    /// The provider did nothing yet, and may later.
    Busy(String),
    /// The provider won't.
    Refused(String),
}

/// Records what came of asking the provider.
///
/// # Errors
/// As [`Draft::push`].
pub fn settle(draft: &mut Draft<'_>, id: &Id, outcome: &Outcome) -> Result<(), Rejection> {
    // What the provider did it did, whoever has the refund by now.
    let did = matches!(outcome, Outcome::Made { .. });
    let open = draft.case()?.refund(id).filter(|refund| !refund.is_made() && (did || refund.state == State::Sending));
    let Some(refund) = open.cloned() else { return ask::skip(draft, "the refund has found its end") };
    match outcome {
        Outcome::Made { provider_id } => made(draft, id, &refund, provider_id),
        Outcome::Busy(reason) => {
            let until = later(draft.now, provider::backoff(id, refund.attempts.saturating_sub(1), provider::LONGEST));
            draft.push(Entry::RefundDeferred { refund: id.clone(), until, reason: reason.clone() })
        }
        Outcome::Refused(reason) => refuse(draft, id, reason),
    }
}

/// The provider tells how much of a payment went back in all: whether that is what we asked it for.
///
/// # Errors
/// As [`Draft::push`].
pub fn told(draft: &mut Draft<'_>, payment: &str, in_all: i64) -> Result<bool, Rejection> {
    let known = billing::received(draft.case()?, payment).map_or(0, |received| received.refunded);
    let ours = |refund: &Refund| {
        let asked = refund.payment == payment && !refund.is_made() && refund.attempts > 0;
        asked && known.saturating_add(refund.amount) == in_all
    };
    let found = draft.case()?.refunds().find(|(_, refund)| ours(refund)).map(|(id, r)| (id.clone(), r.clone()));
    let Some((id, refund)) = found else { return Ok(false) };
    made(draft, &id, &refund, TOLD)?;
    Ok(true)
}

/// A person sent what no provider could: all that is held of a token's refunds. `ask` is where they said so.
///
/// # Errors
/// As [`Draft::push`].
pub fn by_hand(draft: &mut Draft<'_>, ask: &Id, tracks: &[Id]) -> Result<(), Rejection> {
    let case = draft.case()?;
    let held = tracks.iter().filter_map(|id| Some((id.clone(), case.refund(id).filter(|r| r.is_held())?.clone())));
    let held: Vec<_> = held.collect();
    held.into_iter().try_for_each(|(id, refund)| {
        let number = number(draft, &refund)?;
        draft.push(Entry::RefundMade { refund: id, number, provider_id: ask.to_string(), action: None })
    })
}

/// Whatever of these refunds nobody has sent is not to be sent any more.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn withdraw_held(draft: &mut Draft<'_>, tracks: &[Id]) -> Result<(), Rejection> {
    let case = draft.case()?;
    let held = |id: &&Id| case.refund(id).is_some_and(Refund::is_held);
    let held: Vec<Id> = tracks.iter().filter(held).cloned().collect();
    held.into_iter().try_for_each(|refund| draft.push(Entry::RefundWithdrawn { refund }))
}

fn made(draft: &mut Draft<'_>, id: &Id, refund: &Refund, provider_id: &str) -> Result<(), Rejection> {
    let (number, provider_id) = (number(draft, refund)?, provider_id.to_owned());
    let action = Some(REFUND_PAYMENT.to_owned());
    draft.push(Entry::RefundMade { refund: id.clone(), number, provider_id, action })
}

/// The number of the credit note (適格返還請求書, Consumption Tax Act art. 57-4 par. 3): of its invoice, and its own.
fn number(draft: &Draft<'_>, refund: &Refund) -> Result<String, Rejection> {
    let case = draft.case()?;
    let invoice = case.invoice(&refund.invoice).map_or(case.key.case.as_str(), |invoice| invoice.number.as_str());
    Ok(format!("{invoice}-C{}", refund.n))
}

fn refuse(draft: &mut Draft<'_>, id: &Id, reason: &str) -> Result<(), Rejection> {
    let (reason, action) = (reason.to_owned(), REFUND_PAYMENT.to_owned());
    draft.push(Entry::RefundRefused { refund: id.clone(), reason, action })
}
