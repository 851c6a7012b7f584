//! A coach's confirmed sessions as a calendar to subscribe to (.ics). It names the number of each case, never a customer.

use banto_aws::{Env, Function, PathParams, Reply, Request, Result, ical, page};
use banto_domain::ClientId;
use banto_domain::steps::SHOW_CALENDAR;
use jiff::ToSpan;

/// How many days back and ahead are shown.
const BACK: i64 = 30;
const AHEAD: i64 = 366;

/// Takes `GET /calendar/{file}`.
#[must_use]
pub fn function() -> Function {
    Function::http(SHOW_CALENDAR, |w, r| async move { handle(&w.env, r).await })
}

/// Takes `GET /calendar/{file}`.
///
/// # Errors
/// When the store can't be reached.
pub async fn handle(env: &Env, request: Request) -> Result<Reply> {
    let params = request.extensions().get::<PathParams>().cloned().unwrap_or_default().0;
    let file = params.get("file").map_or("", String::as_str);
    let found = match env.keys.read_calendar(file) {
        Some((client, coach)) => sessions(env, &client, &coach).await?,
        None => None,
    };
    Ok(found.map_or_else(page::not_found, page::calendar))
}

/// The calendar's text; `None` when there is no such coach today.
async fn sessions(env: &Env, client: &ClientId, coach: &str) -> Result<Option<String>> {
    let Some((_, today)) = env.playbooks.current(client).await? else { return Ok(None) };
    let Some(person) = today.people.coach(coach) else { return Ok(None) };
    let now = env.clock.now();
    let date = now.to_zoned(today.zone_of(coach)).date();
    let days =
        env.ledger.days(client, coach, date.saturating_sub(BACK.days()), date.saturating_add(AHEAD.days())).await?;
    let domain = today.sender.address.rsplit('@').next().unwrap_or_default();
    // Across midnight a session stands in two days.
    let mut taken: Vec<_> = days.into_values().flat_map(|day| day.taken).filter(|t| t.until.is_none()).collect();
    taken.sort_by_key(|t| (t.start, t.booking.clone()));
    taken.dedup_by(|a, b| a.booking == b.booking);
    let menu = |name: &str| today.menus.get(name).map_or(name, |m| m.label.get(&today.language)).to_owned();
    let links: Vec<Option<String>> =
        taken.iter().map(|t| person.meeting.as_ref().map(|m| m.replace("{booking}", t.booking.as_str()))).collect();
    let sessions: Vec<_> = taken
        .iter()
        .zip(&links)
        .map(|(t, link)| ical::Session {
            uid: format!("{}@{domain}", t.booking),
            sequence: t.version,
            title: format!("{} ({} {})", menu(&t.menu), page::words(&today.language, "受付番号", "number"), t.case),
            description: today.name.get(&today.language).to_owned(),
            location: link.as_deref(),
            from: t.start,
            minutes: t.minutes,
            written: now,
            cancelled: false,
        })
        .collect();
    Ok(Some(ical::text(&format!("{} {}", today.name.get(&today.language), person.name), &sessions)))
}
