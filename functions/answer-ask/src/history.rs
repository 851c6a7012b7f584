//! What happened last in a case, in sentences, for whoever approves something. It is no part of what is approved: it goes on.

use banto_aws::render::when;
use banto_aws::{Env, Result};
use banto_desk::{Lang, Story, lines};
use banto_domain::CaseKey;
use jiff::Timestamp;

use crate::shown::Line;
use crate::view::{Books, View};

/// How many lines.
const LINES: usize = 5;

/// The last lines of the history, oldest first; none where no approval is sought.
///
/// # Errors
/// When the store can't be reached.
pub(crate) async fn lately(env: &Env, view: &View<'_>) -> Result<Vec<Line>> {
    if view.ask.seeks.is_none() {
        return Ok(Vec::new());
    }
    told(env, &view.books, &view.case.key, None).await
}

/// What happened since an approval was sought that isn't any more: because of this it was withdrawn.
///
/// # Errors
/// When the store can't be reached.
pub(crate) async fn since(env: &Env, books: &Books<'_>, key: &CaseKey, at: Timestamp) -> Result<Vec<Line>> {
    told(env, books, key, Some(at)).await
}

async fn told(env: &Env, books: &Books<'_>, key: &CaseKey, since: Option<Timestamp>) -> Result<Vec<Line>> {
    let Some(shown) = env.ledger.show(key, false).await? else { return Ok(Vec::new()) };
    let lang = Lang::parse(books.language).unwrap_or_default();
    let mut told = lines(&Story::of(env, shown).await?, lang);
    told.retain(|line| since.is_none_or(|since| line.at.is_some_and(|at| since < at)));
    let zone = &books.playbook.zone;
    let line = |line: &banto_desk::Line| {
        let at = line.at.map(|at| when(at, zone, books.language)).unwrap_or_default();
        Line::new(&format!("{at} {}", line.actor), line.text.clone())
    };
    // Of what happened since, the first is what it was withdrawn for.
    let skipped = if since.is_some() { 0 } else { told.len().saturating_sub(LINES) };
    Ok(told.iter().skip(skipped).take(LINES).map(line).collect())
}
