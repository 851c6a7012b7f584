//! Shows an ask to whom it was put, and decides the answer. GET only shows; a decision is a POST with an explicit choice.

mod page;
mod view;

use std::collections::BTreeMap;

use banto_aws::{Changed, Env, Error, PathParams, Plan, Reply, Request, Result};
use banto_domain::ask::{NotTaken, Submission, decide_answer};
use banto_domain::{CaseKey, Id};
use http::Method;

use crate::view::Opened;

const NAME: &str = "answer-ask";
/// The longest answer that is taken, in bytes: some fields of 4,000 characters each, form-encoded.
const MAX_BODY: usize = 256 * 1024;

/// Takes `GET` and `POST /a/{token}`.
///
/// # Errors
/// When the store can't be reached.
pub async fn handle(env: &Env, request: Request) -> Result<Reply> {
    let params = request.extensions().get::<PathParams>().cloned().unwrap_or_default().0;
    let token = params.get("token").map_or("", String::as_str);
    let Some((key, ask)) = env.keys.read_token(token) else { return Ok(page::unknown()) };
    match *request.method() {
        Method::GET | Method::HEAD => show(env, &key, &ask).await,
        Method::POST if request.body().len() > MAX_BODY => Ok(page::too_large()),
        Method::POST => answer(env, &key, &ask, &submission(request.body())).await,
        _ => Ok(page::method_not_allowed()),
    }
}

async fn show(env: &Env, key: &CaseKey, ask: &Id) -> Result<Reply> {
    let Some(case) = Opened::load(env, key).await? else { return Ok(page::unknown()) };
    match case.view(ask) {
        Some(view) if env.clock.now() < view.ask.deadline => {
            Ok(page::question(&view, &Submission::default(), &BTreeMap::new()))
        }
        _ => over(env, &case, ask).await,
    }
}

/// What to show for an ask that is no longer open: the receipt when it was answered.
async fn over(env: &Env, case: &Opened, ask: &Id) -> Result<Reply> {
    let answered = env.ledger.taken_up(&case.loaded.case.key, ask, NAME).await?;
    let commit = answered.map(|stored| stored.open()).transpose().map_err(|e| Error::Bug(e.to_string()))?;
    Ok(page::over(&case.playbook, &case.loaded.case, commit.as_ref(), ask))
}

async fn answer(env: &Env, key: &CaseKey, ask: &Id, submission: &Submission) -> Result<Reply> {
    let Some(case) = Opened::load(env, key).await? else { return Ok(page::unknown()) };
    let Some(view) = case.view(ask) else { return over(env, &case, ask).await };
    let plan = Plan { key, function: NAME, actor: view.ask.to.into(), also: &[] };
    let changed = env
        .change(
            &plan,
            Some(case.loaded.clone()),
            |_| Some(ask.clone()),
            |draft| {
                let shown = view::shown_in(draft.case()?, draft.personal(), draft.playbook, ask);
                decide_answer(draft, ask, submission, &shown.ok_or(NotTaken::Over)?).map(Some)
            },
        )
        .await?;
    match changed {
        Changed::Mine((), made) => Ok(page::over(&case.playbook, &made.after.case, Some(&made.commit), ask)),
        Changed::Before(_) | Changed::Refused(NotTaken::Over) => over(env, &case, ask).await,
        Changed::Refused(NotTaken::Fields(problems)) => Ok(page::question(&view, submission, &problems)),
        Changed::Refused(NotTaken::Replaced) => Ok(page::replaced(&view)),
        Changed::Refused(NotTaken::NoSuchAnswer) => Ok(page::no_such_answer(&view)),
        Changed::Refused(NotTaken::Rejected(rejection)) => Err(Error::Bug(rejection.to_string())),
        Changed::NoCase | Changed::Nothing => Ok(page::unknown()),
        Changed::Unmet(_) => Err(Error::Bug("a condition failed that nobody asked for".to_owned())),
    }
}

/// Reads the page's form. What isn't a form has no answer, and so is refused as no choice.
fn submission(body: &[u8]) -> Submission {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(body).unwrap_or_default();
    let mut submission = Submission::default();
    for (name, value) in pairs {
        match name.as_str() {
            "answer" => submission.answer = value,
            "shown" => submission.shown = value,
            other => {
                if let Some(field) = other.strip_prefix("field.") {
                    submission.fields.insert(field.to_owned(), value);
                }
            }
        }
    }
    submission
}
