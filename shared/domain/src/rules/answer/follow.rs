//! What follows from an answer by itself: what became of a session, of money, of time; and what is asked for by it.

use jiff::civil::Date;

use super::NotTaken;
use crate::Id;
use crate::playbook::{Answer, Means, Problem};
use crate::rules::booking::{self, Ended};
use crate::rules::{Draft, Rejection, billing, emergency, refund, relief, request, validity};
use crate::state::{Actor, Ask, Entry};

/// What an answer gives with what it means, looked at before anything is written.
pub(super) enum Given {
    /// Nothing that must be looked at.
    Nothing,
    /// So much less is asked for of an invoice, in minor units.
    Less(Id, i64),
    /// What was bought may be used until this day.
    Until(Date),
}

/// What an answer gives.
///
/// # Errors
/// Says which field is to be corrected.
pub(super) fn given(draft: &Draft<'_>, asked: &Ask, answer: Option<&Answer>) -> Result<Given, NotTaken> {
    let Some((means, asks)) = answer.and_then(|answer| Some((answer.means?, &answer.asks))) else {
        return Ok(Given::Nothing);
    };
    let wrong = |problem| move |fact| NotTaken::Fields([(fact, problem)].into());
    let given = match means {
        Means::Reduced => {
            let less = relief::reduction(draft, &asked.tracks, asks).map_err(wrong(Problem::TooMuch))?;
            less.map(|(invoice, by)| Given::Less(invoice, by))
        }
        Means::Extended => validity::extension(draft, asks).map_err(wrong(Problem::TooEarly))?.map(Given::Until),
        _ => None,
    };
    Ok(given.unwrap_or(Given::Nothing))
}

/// Records what follows from an answer, about what the ask is about.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn record(
    draft: &mut Draft<'_>,
    id: &Id,
    asked: &Ask,
    (answer, given): (Option<&Answer>, Given),
) -> Result<(), Rejection> {
    if let Some((means, asks)) = answer.and_then(|a| Some((a.means?, &a.asks))) {
        follow(draft, id, asked, (means, asks))?;
    }
    match given {
        Given::Nothing => {}
        Given::Less(invoice, by) => relief::reduce(draft, &invoice, by)?,
        Given::Until(day) => validity::extend(draft, day)?,
    }
    if let Some(answer) = answer {
        wants(draft, asked, answer)?;
    }
    if !asked.to.is_outside() {
        return Ok(());
    }
    let asks = answer.into_iter().flat_map(|answer| &answer.asks);
    request::hear(draft, asked.fields.iter().chain(asks), None, draft.now)
}

/// What whoever answers asks for by it, or read that the customer may.
fn wants(draft: &mut Draft<'_>, asked: &Ask, answer: &Answer) -> Result<(), Rejection> {
    if let Some(kind) = &answer.request {
        request::raise(draft, kind, asked.tracks.clone(), &answer.asks)?;
    }
    let said_at = draft.case()?.request_in(&asked.tracks).map_or(draft.now, |(_, request)| request.said_at);
    request::propose(draft, answer.proposes.clone(), said_at)
}

fn follow(draft: &mut Draft<'_>, id: &Id, asked: &Ask, (means, asks): (Means, &[String])) -> Result<(), Rejection> {
    match means {
        Means::Held => booking::conclude(draft, &asked.tracks, Ended::Held),
        Means::Missed => booking::conclude(draft, &asked.tracks, Ended::Missed),
        Means::Counted => booking::conclude(draft, &asked.tracks, Ended::Counted),
        Means::Excused => booking::conclude(draft, &asked.tracks, Ended::Excused),
        Means::Resume => emergency::resume(draft),
        // What was written is on its way to whoever looks at it; what is given with these was looked at before.
        Means::Reply | Means::Reduced | Means::Extended => Ok(()),
        Means::Claim => match draft.actor().clone() {
            Actor::Person { person } => draft.push(Entry::OwnerAssigned { owner: person }),
            _ => Ok(()),
        },
        Means::Waived => relief::waive(draft, &asked.tracks),
        Means::Paid => billing::transferred(draft, id, &asked.tracks, asks),
        Means::Refunded => {
            let tracks = draft.case()?.carried(&asked.token).to_vec();
            refund::by_hand(draft, id, &tracks)
        }
        Means::Unpaid => {
            let open = draft.case()?.invoice_in(&asked.tracks).filter(|(_, i)| !i.settled).map(|(id, _)| id.clone());
            open.map_or(Ok(()), |invoice| draft.push(Entry::InvoiceChecked { invoice }))
        }
    }
}
