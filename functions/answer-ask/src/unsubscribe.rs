//! Who wants no more mails that promote something says so by a link, which each such mail carries: at once when a mail program
//! posts what RFC 8058 names, by a choice and a press on the page. Nothing else that is sent to them changes.

use banto_aws::{Changed, Env, Error, Plan, Reply, Result};
use banto_domain::rules::answer::Submission;
use banto_domain::rules::stop;
use banto_domain::state::Party;
use banto_domain::steps::ANSWER_ASK;
use banto_domain::{Draft, Id, Rejection};
use http::StatusCode;

use crate::Link;
use crate::reply::Site;
use crate::view::Opened;

/// The answer on the page.
const STOP: &str = "stop";

/// Shows the page, or stops these mails.
///
/// # Errors
/// When the store can't be reached.
pub(crate) async fn handle(env: &Env, link: &Link, unknown: &Site<'_>, given: Option<&Submission>) -> Result<Reply> {
    let Some(case) = Opened::load(env, &link.key).await? else { return Ok(unknown.unknown()) };
    let Some(who) = link.whose.clone().filter(Party::is_outside) else { return Ok(unknown.unknown()) };
    let site = link.site(&case, &who);
    let Some(given) = given else { return Ok(site.unsubscribe(StatusCode::OK)) };
    let one_click = is_one_click(given);
    if !one_click && (given.answer != STOP || !given.confirm) {
        return Ok(site.unsubscribe(StatusCode::UNPROCESSABLE_ENTITY));
    }
    let cause = Id::derive(&["unsubscribe", link.key.case.as_str(), &who.to_string()]);
    let plan = Plan { key: &link.key, function: ANSWER_ASK, actor: who.clone().into() };
    let decide = |draft: &mut Draft<'_>| -> std::result::Result<Option<()>, Rejection> {
        stop::promotion(draft, &who, one_click).map(|stopped| stopped.then_some(()))
    };
    match env.change(&plan, None, |_| Some(cause.clone()), decide).await? {
        Changed::Refused(rejection) => Err(Error::Bug(rejection.to_string())),
        Changed::Unmet(_) => Err(Error::Again(format!("{}: something else was written meanwhile", link.key))),
        Changed::Mine(..) | Changed::Before(_) | Changed::Nothing | Changed::NoCase => Ok(site.unsubscribed()),
    }
}

/// What a mail program posts at one press (RFC 8058 §3.1): a field that no page of ours has.
fn is_one_click(given: &Submission) -> bool {
    given.fields.iter().any(|(name, value)| name.ends_with(":List-Unsubscribe") && value == "One-Click")
}
