//! What happened last in a case, in sentences, for whoever approves something. It is no part of what is approved: it goes on.

use banto_aws::render::when;
use banto_aws::{Env, Result};
use banto_desk::{Lang, Story, lines};

use crate::shown::Line;
use crate::view::View;

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
    let Some(shown) = env.ledger.show(&view.case.key, false).await? else { return Ok(Vec::new()) };
    let lang = Lang::parse(view.books.language).unwrap_or_default();
    let told = lines(&Story::of(env, shown).await?, lang);
    let zone = &view.books.playbook.zone;
    let line = |line: &banto_desk::Line| {
        let at = line.at.map(|at| when(at, zone, view.books.language)).unwrap_or_default();
        Line::new(&format!("{at} {}", line.actor), line.text.clone())
    };
    Ok(told.iter().skip(told.len().saturating_sub(LINES)).map(line).collect())
}
