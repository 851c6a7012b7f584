//! One's own page of a case, without a login: what is agreed, what is asked of them, and what they may ask for now, each with
//! what follows from it. The customer has one, a coach hers, of her own sessions, and operators theirs, for whoever said it by
//! telephone. GET only shows; a request is a POST with an explicit choice and a confirmation apart from it.
//!
//! ```text
//! shown     what is agreed and what may be asked for, as one value, and its mark
//! beside    what stands on the page beside it: invoices, questions
//! page      the page, and the JSON
//! receipt   what was asked for
//! closing   days that a coach closes, in a case of their own
//! ```

mod beside;
mod closing;
mod page;
mod receipt;
mod shown;

use std::sync::Arc;
use std::time::Duration;

use banto_aws::ledger::Loaded;
use banto_aws::{Changed, Env, Error, Function, PathParams, Plan, Reply, Request, Result, posted};
use banto_domain::playbook::Problem;
use banto_domain::rules::answer::Submission;
use banto_domain::rules::request::{self, NotRaised, Reader};
use banto_domain::state::Party;
use banto_domain::steps::HANDLE_REQUEST;
use banto_domain::{Actor, CaseKey, Draft, Id, Playbook};
use http::{Method, StatusCode};
use jiff::Timestamp;

use crate::closing::Closed;
use crate::page::{Moment, Site};
use crate::receipt::Receipt;
use crate::shown::{Shown, mark_and_time};

/// The longest request that is taken, in bytes: some fields of 4,000 characters each, form-encoded.
const MAX_BODY: usize = 256 * 1024;
/// How many times a request is decided anew when something beside the case changes …
const MAX_RACES: u32 = 8;
/// … and for how long: the template stops it after 15 seconds.
const PATIENCE: Duration = Duration::from_secs(11);

/// Takes `GET` and `POST /my/{token}`.
#[must_use]
pub fn function() -> Function {
    Function::http(HANDLE_REQUEST, |w, r| async move { handle(&w.env, r).await })
}

/// A case with the playbook that it keeps, that of today, and whose page it is.
struct Opened {
    loaded: Loaded,
    playbook: Arc<Playbook>,
    today: Arc<Playbook>,
    who: Party,
}

impl Opened {
    /// Nothing where nobody has a page.
    async fn load(env: &Env, key: &CaseKey, who: &Party) -> Result<Option<Self>> {
        let Some(loaded) = env.ledger.load(key).await? else { return Ok(None) };
        let playbook = env.playbooks.get(&key.client, loaded.case.playbook_version).await?;
        let today = env.today(key).await?;
        let has_one = Reader::of(&today, who).is_some();
        Ok(has_one.then(|| Self { loaded, playbook, today, who: who.clone() }))
    }

    fn reader(&self) -> Reader<'_> {
        Reader::of(&self.today, &self.who).unwrap_or(Reader::Customer)
    }

    fn language(&self) -> &str {
        self.playbook.language_of(self.who.is_outside(), &self.loaded.case.language)
    }

    fn books(&self) -> (&Playbook, &Playbook) {
        (&self.playbook, &self.today)
    }

    fn site(&self, json: bool) -> Site<'_> {
        Site { playbook: Some(&self.playbook), language: self.language(), json }
    }
}

/// Takes `GET` and `POST /my/{token}`.
///
/// # Errors
/// When the store can't be reached.
pub async fn handle(env: &Env, request: Request) -> Result<Reply> {
    let json = posted::wants_json(&request);
    let site = Site { playbook: None, language: "ja", json };
    let params = request.extensions().get::<PathParams>().cloned().unwrap_or_default().0;
    let token = params.get("token").map_or("", String::as_str);
    // A link to a question opens no page.
    let Some((key, page, Some(who))) = env.keys.read_token(token) else { return Ok(site.unknown()) };
    if page != request::page() {
        return Ok(site.unknown());
    }
    match *request.method() {
        Method::GET | Method::HEAD => {
            let Some(opened) = Opened::load(env, &key, &who).await? else { return Ok(site.unknown()) };
            show(env, &opened, json, StatusCode::OK, Moment::default())
        }
        Method::POST => {
            let given = posted::read(&request, "request");
            if request.body().len() > MAX_BODY {
                hear(env, &key, (&who, &given)).await?;
                return Ok(site.too_large());
            }
            take(env, &key, (&who, &given), &site).await
        }
        _ => Ok(site.method_not_allowed()),
    }
}

/// The page as things stand.
fn show(env: &Env, opened: &Opened, json: bool, status: StatusCode, moment: Moment<'_>) -> Result<Reply> {
    // Whole seconds, as the page brings them back.
    let at = Timestamp::from_second(env.clock.now().as_second()).map_err(|e| Error::Bug(e.to_string()))?;
    let Loaded { case, personal, .. } = &opened.loaded;
    let shown = Shown::of(opened.books(), (case, personal), opened.reader(), at);
    let beside = beside::of(env, opened);
    let mark = shown.mark(&personal.key);
    Ok(opened.site(json).page(status, &shown, &beside, &mark, moment))
}

/// Takes what was asked for, or says why it can't be.
async fn take(env: &Env, key: &CaseKey, (who, given): (&Party, &Submission), unknown: &Site<'_>) -> Result<Reply> {
    let cause = Id::derive(&["request", key.case.as_str(), &given.answer, &given.shown]);
    let plan = Plan { key, function: HANDLE_REQUEST, actor: Actor::from(who.clone()) };
    let said_at = mark_and_time(&given.shown).unwrap_or(Timestamp::UNIX_EPOCH);
    let decide = |draft: &mut Draft<'_>| {
        let books = (draft.playbook, draft.today);
        let reader = Reader::of(draft.today, who).ok_or(NotRaised::NoSuch)?;
        let mark = Shown::of(books, (draft.case()?, draft.personal()), reader, said_at).mark(&draft.personal().key);
        request::decide(draft, given, (&mark, said_at)).map(Some)
    };
    let until = env.clock.running().saturating_add(PATIENCE);
    for race in (0..MAX_RACES).take_while(|_| env.clock.running() < until) {
        let Some(opened) = Opened::load(env, key, who).await? else { return Ok(unknown.unknown()) };
        let site = opened.site(unknown.json);
        if let Some(closes) = closing::asked(&opened, given) {
            match closing::take(env, &opened, (given, &cause), (closes, said_at)).await? {
                Closed::Taken(receipt) => return Ok(site.receipt(&receipt)),
                Closed::Refused(why) => return refuse(env, &opened, (given, &cause), why, unknown.json).await,
                Closed::Raced => {
                    env.pause(race).await?;
                    continue;
                }
            }
        }
        match env.change(&plan, Some(opened.loaded.clone()), |_| Some(cause.clone()), decide).await? {
            Changed::Mine(_, made) => {
                let after = Opened { loaded: made.after, ..opened };
                return Ok(after.site(unknown.json).receipt(&Receipt::of(&after, &made.commit)));
            }
            Changed::Before(stored) => {
                let commit = stored.open().map_err(|e| Error::Bug(e.to_string()))?;
                return Ok(site.receipt(&Receipt::of(&opened, &commit)));
            }
            Changed::Refused(why) => return refuse(env, &opened, (given, &cause), why, unknown.json).await,
            Changed::NoCase | Changed::Nothing => return Ok(unknown.unknown()),
            Changed::Unmet(_) => env.pause(race).await?,
        }
    }
    Err(Error::Again(format!("{key}: something else was written meanwhile each time")))
}

async fn refuse(
    env: &Env,
    opened: &Opened,
    (given, cause): (&Submission, &Id),
    why: NotRaised,
    json: bool,
) -> Result<Reply> {
    let key = &opened.loaded.case.key;
    // The same press once more is answered as the first one was.
    if let Some(commit) = receipt::past(env, key, cause).await? {
        return Ok(opened.site(json).receipt(&Receipt::of(opened, &commit)));
    }
    if !matches!(why, NotRaised::Fields(_) | NotRaised::Rejected(_)) {
        hear(env, key, (&opened.who, given)).await?;
    }
    let chosen = !given.answer.is_empty();
    let (status, problems, (ja, en)) = match why {
        NotRaised::Rejected(rejection) => return Err(Error::Bug(rejection.to_string())),
        NotRaised::Fields(problems) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            problems,
            (
                "ご入力内容をご確認ください。まだ承っておりません。",
                "Please check what you entered. Nothing has been sent yet.",
            ),
        ),
        NotRaised::Unconfirmed => (
            StatusCode::UNPROCESSABLE_ENTITY,
            [("confirm".to_owned(), Problem::Missing)].into(),
            (
                "内容をご確認のうえ、「確認」の欄をお選びください。まだ承っておりません。",
                "Please read what follows from it, and confirm that you did. Nothing has been sent yet.",
            ),
        ),
        NotRaised::NoSuch if !chosen => (
            StatusCode::UNPROCESSABLE_ENTITY,
            [("request".to_owned(), Problem::Missing)].into(),
            ("ご希望のお手続きをお選びください。", "Please choose what you would like."),
        ),
        NotRaised::Replaced | NotRaised::NoSuch => (
            StatusCode::CONFLICT,
            [].into(),
            (
                "ご覧の間に内容が変わったか、すでにお手続き中です。現在の内容をご確認のうえ、必要でしたらもう一度お選びください。",
                "This has changed while you were reading, or is being dealt with already. Please look at how it stands now, and choose again if you need to.",
            ),
        ),
    };
    let opened = &match Opened::load(env, key, &opened.who).await? {
        Some(now) => now,
        None => return Ok(opened.site(json).unknown()),
    };
    let notice = banto_aws::page::words(opened.site(json).language, ja, en);
    show(env, opened, json, status, Moment { given: Some(given), problems, notice: Some(notice) })
}

/// An emergency word in what could not be taken goes to a person all the same (promise 14).
async fn hear(env: &Env, key: &CaseKey, (who, given): (&Party, &Submission)) -> Result<()> {
    let plan = Plan { key, function: HANDLE_REQUEST, actor: Actor::from(who.clone()) };
    posted::hear(env, &plan, &[key.case.as_str(), request::page().as_str()], who, given).await
}
