//! Shows an ask to whom it was put, and decides the answer. GET only shows; a decision is a POST with an explicit choice.

mod openings;
mod page;
mod slots;
mod view;

use std::collections::BTreeMap;

use banto_aws::{Changed, Env, Error, Function, PathParams, Plan, Reply, Request, Result};
use banto_domain::playbook::AskKind;
use banto_domain::rules::answer::{self, NotTaken, Submission, With};
use banto_domain::state::Party;
use banto_domain::steps::ANSWER_ASK;
use banto_domain::{CaseKey, Id};
use http::Method;

use crate::view::{Opened, View};

/// The longest answer that is taken, in bytes: some fields of 4,000 characters each, form-encoded.
const MAX_BODY: usize = 256 * 1024;
/// How many times an answer is decided anew when others change the same coach's day.
const MAX_RACES: u32 = 8;

/// Takes `GET` and `POST /a/{token}`.
#[must_use]
pub fn function() -> Function {
    Function::http(ANSWER_ASK, |w, r| async move { handle(&w.env, r).await })
}

/// One person's link to an ask.
#[derive(Clone)]
struct Link {
    key: CaseKey,
    ask: Id,
    /// Nobody's by name in mails of version 1.
    whose: Option<Party>,
}

/// Takes `GET` and `POST /a/{token}`.
///
/// # Errors
/// When the store can't be reached.
pub async fn handle(env: &Env, request: Request) -> Result<Reply> {
    let params = request.extensions().get::<PathParams>().cloned().unwrap_or_default().0;
    let token = params.get("token").map_or("", String::as_str);
    let Some((key, ask, whose)) = env.keys.read_token(token) else { return Ok(page::unknown()) };
    let link = Link { key, ask, whose };
    match *request.method() {
        Method::GET | Method::HEAD => show(env, &link).await,
        Method::POST if request.body().len() > MAX_BODY => Ok(page::too_large()),
        Method::POST => answer(env, &link, &read(request.body())).await,
        _ => Ok(page::method_not_allowed()),
    }
}

async fn show(env: &Env, Link { key, ask, .. }: &Link) -> Result<Reply> {
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
    let answered = env.ledger.taken_up(&case.loaded.case.key, ask, ANSWER_ASK).await?;
    let commit = answered.map(|stored| stored.open()).transpose().map_err(|e| Error::Bug(e.to_string()))?;
    Ok(page::over(&case.playbook, &case.loaded.case, commit.as_ref(), ask))
}

async fn answer(env: &Env, link: &Link, given: &Submission) -> Result<Reply> {
    for race in 0..MAX_RACES {
        let Some(case) = Opened::load(env, &link.key).await? else { return Ok(page::unknown()) };
        let Some(view) = case.view(&link.ask) else { return over(env, &case, &link.ask).await };
        match decide(env, &case, &view, link, given).await? {
            Some(reply) => return Ok(reply),
            None => env.pause(race).await?,
        }
    }
    Err(Error::Again(format!("{}: somebody else was faster {MAX_RACES} times", link.key)))
}

/// Commits the answer; `None` when a coach's day was changed meanwhile, and it must be looked at again.
async fn decide(env: &Env, case: &Opened, view: &View<'_>, link: &Link, given: &Submission) -> Result<Option<Reply>> {
    let (mut submission, ask) = (given.clone(), &link.ask);
    submission.with = match bring_along(env, view, &submission).await? {
        Ok(with) => with,
        Err(refused) => return Ok(Some(refuse(env, view, &submission, refused).await?)),
    };
    let who = link.whose.clone().unwrap_or_else(|| view.anybody());
    let plan = Plan { key: &link.key, function: ANSWER_ASK, actor: who.clone().into() };
    let changed = env
        .change(
            &plan,
            Some(case.loaded.clone()),
            |_| Some(ask.clone()),
            |draft| {
                let shown = view::shown_in(draft.case()?, draft.personal(), draft.playbook, ask);
                answer::decide(draft, ask, &who, &submission, &shown.ok_or(NotTaken::Over)?).map(Some)
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
async fn bring_along(
    env: &Env,
    view: &View<'_>,
    submission: &Submission,
) -> Result<std::result::Result<With, NotTaken>> {
    match view.ask.kind {
        AskKind::Slot if view.is_slot(&submission.answer) => slots::take(env, view, submission).await,
        AskKind::Openings if view.question.answers.first().is_some_and(|a| a.name == submission.answer) => {
            openings::open(env, view, submission).await
        }
        _ => Ok(Ok(With::Nothing)),
    }
}

async fn refuse(env: &Env, view: &View<'_>, submission: &Submission, refused: NotTaken) -> Result<Reply> {
    Ok(match refused {
        NotTaken::Fields(problems) => page::question(view, &slots::choices(env, view).await?, submission, &problems),
        NotTaken::Replaced => page::replaced(view),
        NotTaken::Taken => page::taken(view, &slots::choices(env, view).await?),
        NotTaken::NoSuchAnswer => page::no_such_answer(view),
        NotTaken::NotYours => page::unknown(),
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
