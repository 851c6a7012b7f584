//! 有効期限: until when what was bought may be used. The coach may make it later, and what she can't hold does so by itself: nobody
//! loses time because of her.

use jiff::civil::Date;

use super::{Draft, Rejection, request};
use crate::Id;
use crate::playbook::FactKind;
use crate::state::Entry;

/// The last day that one of these facts names, as of which what was bought ends from now on. `Err` is the fact when its day
/// isn't ahead; `None`: nothing was bought that ends.
///
/// # Errors
/// Names the fact that is to be corrected.
pub(super) fn extension(draft: &Draft<'_>, given: &[String]) -> Result<Option<Date>, String> {
    let Ok(case) = draft.case() else { return Ok(None) };
    if case.package.as_ref().is_none_or(|package| package.expires_on.is_none()) {
        return Ok(None);
    }
    let Some(fact) = draft.fact_of(FactKind::Date, given) else { return Ok(None) };
    let today = draft.now.to_zoned(draft.playbook.time_zone()).date();
    let day = case.plain(fact).and_then(|day| day.parse::<Date>().ok());
    day.filter(|day| today < *day).map(Some).ok_or_else(|| fact.clone())
}

/// What was bought may be used until a later day.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn extend(draft: &mut Draft<'_>, expires_on: Date) -> Result<(), Rejection> {
    let Some(package) = &draft.case()?.package else { return Ok(()) };
    if package.expires_on.is_none_or(|last| expires_on <= last) {
        return Ok(());
    }
    let menu = package.menu.clone();
    draft.push(Entry::PackageExtended { menu, expires_on })
}

/// A session of what was bought was moved from one day to another. When it was for the coach's sake, what was bought may be used
/// so much longer.
///
/// # Errors
/// As [`Draft::push`].
pub(super) fn delayed(
    draft: &mut Draft<'_>,
    tracks: &[Id],
    menu: &str,
    (from, to): (Date, Date),
) -> Result<(), Rejection> {
    let case = draft.case()?;
    let by_practice = request::is_of_practice(draft.playbook, case, tracks);
    let last = case.package.as_ref().filter(|p| by_practice && p.menu == menu).and_then(|package| package.expires_on);
    let later = last.zip(to.since(from).ok()).and_then(|(last, days)| last.checked_add(days).ok());
    later.map_or(Ok(()), |later| extend(draft, later))
}
