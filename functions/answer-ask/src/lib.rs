//! Shows an ask to whom it was put, and decides the answer. GET only shows; a decision is a POST with an explicit choice.

mod openings;
mod page;
mod slots;
mod view;

use std::collections::BTreeMap;

use banto_aws::ledger::{Also, Loaded};
use banto_aws::{Changed, Env, Error, PathParams, Plan, Reply, Request, Result};
use banto_domain::ask::{AskKind, NotTaken, Submission, decide_answer};
use banto_domain::playbook::Means;
use banto_domain::{CaseKey, Id, emergency};
use http::Method;

use crate::view::{Opened, View};

const NAME: &str = "answer-ask";
/// The longest answer that is taken, in bytes: some fields of 4,000 characters each, form-encoded.
const MAX_BODY: usize = 256 * 1024;
/// How many times an answer is decided anew when others change the same coach's day.
const MAX_RACES: u32 = 8;

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
        Method::POST => answer(env, &key, &ask, &read(request.body())).await,
        _ => Ok(page::method_not_allowed()),
    }
}

async fn show(env: &Env, key: &CaseKey, ask: &Id) -> Result<Reply> {
    let Some(case) = Opened::load(env, key).await? else { return Ok(page::unknown()) };
    match case.view(ask) {
        Some(view) if env.clock.now() < view.ask.deadline => {
            let choices = slots::choices(env, &view).await?;
            Ok(page::question(&view, &choices, &Submission::default(), &BTreeMap::new()))
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

async fn answer(env: &Env, key: &CaseKey, ask: &Id, given: &Submission) -> Result<Reply> {
    for race in 0..MAX_RACES {
        let Some(case) = Opened::load(env, key).await? else { return Ok(page::unknown()) };
        let Some(view) = case.view(ask) else { return over(env, &case, ask).await };
        match decide(env, &case, &view, ask, given).await? {
            Some(reply) => return Ok(reply),
            None => env.pause(race).await?,
        }
    }
    Err(Error::Again(format!("{key}: somebody else was faster {MAX_RACES} times")))
}

/// Commits the answer; `None` when a coach's day was changed meanwhile, and it must be looked at again.
async fn decide(env: &Env, case: &Opened, view: &View<'_>, ask: &Id, given: &Submission) -> Result<Option<Reply>> {
    let mut submission = given.clone();
    let mut also = match extras(env, view, &mut submission).await? {
        Ok(also) => also,
        Err(refused) => return Ok(Some(refuse(env, view, &submission, refused).await?)),
    };
    also.extend(stops(env, &case.loaded, view, &submission));
    let plan = Plan { key: &view.case.key, function: NAME, actor: view.ask.to.into(), also: &also };
    let changed = env
        .change(
            &plan,
            Some(case.loaded.clone()),
            |_| Some(ask.clone()),
            |draft| {
                let shown = view::shown_in(draft.case()?, draft.personal(), draft.playbook, ask);
                decide_answer(draft, ask, &submission, &shown.ok_or(NotTaken::Over)?).map(Some)
            },
        )
        .await?;
    Ok(Some(match changed {
        Changed::Mine((), made) => page::over(&case.playbook, &made.after.case, Some(&made.commit), ask),
        Changed::Before(_) => over(env, case, ask).await?,
        Changed::Refused(NotTaken::Over) => over(env, case, ask).await?,
        Changed::Refused(refused) => refuse(env, view, &submission, refused).await?,
        Changed::NoCase | Changed::Nothing => page::unknown(),
        Changed::Unmet(_) => return Ok(None),
    }))
}

/// What an answer brings along: a seat in a coach's day, or more hours of it.
async fn extras(
    env: &Env,
    view: &View<'_>,
    submission: &mut Submission,
) -> Result<std::result::Result<Vec<Also>, NotTaken>> {
    match view.ask.kind {
        AskKind::Slot if view.is_slot(&submission.answer) => slots::take(env, view, submission).await,
        AskKind::Openings if view.question.answers.first().is_some_and(|a| a.name == submission.answer) => {
            openings::open(env, view, submission).await
        }
        _ => Ok(Ok(Vec::new())),
    }
}

/// Promise 14: an emergency word in an answer stops automation for this address; a person may let it go on.
fn stops(env: &Env, loaded: &Loaded, view: &View<'_>, submission: &Submission) -> Option<Also> {
    let hmac = || Some(env.keys.look_up(&view.case.key.client, loaded.personal.values.get("email")?));
    let answer = view.question.answers.iter().find(|a| a.name == submission.answer);
    if answer.is_some_and(|a| a.means == Some(Means::Resume)) {
        return hmac().map(|hmac| Also::Resume { hmac });
    }
    let said = view.ask.kind == AskKind::Fields && !emergency::words_in(view.playbook, &submission.fields).is_empty();
    if said { hmac().map(|hmac| Also::Stop { hmac }) } else { None }
}

async fn refuse(env: &Env, view: &View<'_>, submission: &Submission, refused: NotTaken) -> Result<Reply> {
    Ok(match refused {
        NotTaken::Fields(problems) => page::question(view, &slots::choices(env, view).await?, submission, &problems),
        NotTaken::Replaced => page::replaced(view),
        NotTaken::Taken => page::taken(view, &slots::choices(env, view).await?),
        NotTaken::NoSuchAnswer => page::no_such_answer(view),
        NotTaken::Over => page::over(view.playbook, view.case, None, &Id::derive(&[])),
        NotTaken::Rejected(rejection) => return Err(Error::Bug(rejection.to_string())),
    })
}

/// Reads the page's form. What isn't a form has no answer, and so is refused as no choice.
fn read(body: &[u8]) -> Submission {
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
