//! An ask that is over: its receipt when it was answered, else the way to what is asked now. What was decided first stands;
//! whoever comes later sees by whom and when.

use banto_aws::{Env, Plan, Reply, Result, posted};
use banto_domain::Entry;
use banto_domain::rules::answer::Submission;
use banto_domain::rules::ask;
use banto_domain::state::Party;
use banto_domain::steps::ANSWER_ASK;
use http::StatusCode;

use crate::Link;
use crate::history;
use crate::receipt::{self, Past, Receipt};
use crate::reply::{Over, Site};
use crate::view::{Opened, anybody};

/// What to say of an ask that is no longer open. `given` is what somebody wanted to answer.
///
/// # Errors
/// When the store can't be reached.
pub(crate) async fn over(env: &Env, link: &Link, case: &Opened, given: Option<&Submission>) -> Result<Reply> {
    let Some(past) = receipt::past(env, &link.key, &link.ask).await? else {
        let nobody = link.whose.clone().unwrap_or(Party::Customer);
        return Ok(link.site(case, &nobody).unknown());
    };
    let who = link.whose.clone().unwrap_or_else(|| anybody(&past.put.to));
    // Whoever has left the practice reads nothing any more.
    if who.person().is_some_and(|id| case.today.people.person(id).is_none()) {
        return Ok(link.site(case, &who).not_yours());
    }
    let site = link.site(case, &who);
    let now = asked_now(env, link, case, &past, &who);
    if let Some(receipt) = receipt_of(link, case, &past, &who) {
        // The same press once more is answered as the first one was.
        let repeated = given.is_none_or(|given| receipt.yours && answers(&past, &given.answer));
        if !repeated && let Some(given) = given {
            hear(env, link, &who, given).await?;
        }
        return Ok(site.receipt(status(repeated), &receipt, now.as_deref()));
    }
    let since = match past.put.sought_at.filter(|_| past.withdrawn) {
        Some(at) => history::since(env, &case.books(site.language), &link.key, at).await?,
        None => Vec::new(),
    };
    let over = Over { withdrawn: past.withdrawn, now: now.as_deref(), since: &since };
    let Some(given) = given else { return Ok(site.over(StatusCode::GONE, &over)) };
    hear(env, link, &who, given).await?;
    Ok(site.over(StatusCode::CONFLICT, &over))
}

fn status(repeated: bool) -> StatusCode {
    if repeated { StatusCode::OK } else { StatusCode::CONFLICT }
}

/// The receipt of an answer that was just taken.
pub(crate) fn answered(link: &Link, case: &Opened, past: &Past, who: &Party) -> Reply {
    let site = link.site(case, who);
    match receipt_of(link, case, past, who) {
        Some(receipt) => site.receipt(StatusCode::OK, &receipt, None),
        None => site.over(StatusCode::GONE, &Over::default()),
    }
}

fn receipt_of(link: &Link, case: &Opened, past: &Past, who: &Party) -> Option<Receipt> {
    Receipt::of(case, &past.put, past.answered.as_ref()?, &link.ask, who)
}

/// Whether this was the answer.
fn answers(past: &Past, given: &str) -> bool {
    let answered = past.answered.iter().flat_map(|commit| &commit.entries);
    answered.into_iter().any(|e| matches!(&e.entry, Entry::AskAnswered { answer, .. } if answer == given))
}

/// The link to what is asked of the same person in the same case now: the same question before any other.
fn asked_now(env: &Env, link: &Link, case: &Opened, past: &Past, who: &Party) -> Option<String> {
    let now = env.clock.now();
    let open = case
        .case()
        .asks()
        .filter(|(id, ask)| **id != link.ask && now < ask.deadline && ask::may_answer(&case.today, now, ask, who));
    let (id, _) = open.max_by_key(|(_, ask)| (ask.question == past.put.question, ask.deadline))?;
    Some(format!("{}/a/{}", env.public_url, env.keys.token(&link.key, id, who)))
}

/// What to say of more than can be taken.
///
/// # Errors
/// When the store can't be reached.
pub(crate) async fn too_large(env: &Env, link: &Link, site: &Site<'_>, given: &Submission) -> Result<Reply> {
    hear(env, link, link.whose.as_ref().unwrap_or(&Party::Customer), given).await?;
    Ok(site.too_large())
}

/// An emergency word in what could not be taken goes to a person all the same (promise 14).
///
/// # Errors
/// When the store can't be reached.
pub(crate) async fn hear(env: &Env, link: &Link, who: &Party, given: &Submission) -> Result<()> {
    let plan = Plan { key: &link.key, function: ANSWER_ASK, actor: who.clone().into() };
    posted::hear(env, &plan, &[link.ask.as_str()], who, given).await
}
