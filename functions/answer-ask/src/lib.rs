//! Shows an ask to whom it was put, and decides the answer. GET only shows; a decision is a POST with an explicit choice.
//!
//! ```text
//! view     the case, what was agreed, and who looks      shown    what is shown, as one value, and its mark
//! kind     each kind of ask: what it shows and takes     facts    fields and values
//! page     the page of a question                        reply    pages and JSON for everything that may come of it
//! receipt  what was answered                             past     an ask that is over
//! proposal a version of the playbook that waits
//! code     mailing a code, and counting wrong ones            history  what happened last, for approvals
//! unsubscribe   no more mails that promote something
//! ```

mod code;
mod facts;
mod history;
mod kind;
mod page;
mod past;
mod proposal;
mod receipt;
mod reply;
mod shown;
#[cfg(test)]
mod tests;
mod unsubscribe;
mod view;

use std::time::Duration;

use banto_aws::{Changed, Env, Error, Function, PathParams, Plan, Reply, Request, Result, posted};
use banto_domain::playbook::Problem;
use banto_domain::rules::answer::{self, NotTaken, Submission};
use banto_domain::rules::{ask, stop};
use banto_domain::state::Party;
use banto_domain::steps::ANSWER_ASK;
use banto_domain::{Case, CaseKey, Draft, Id};
use http::{Method, StatusCode};

use crate::page::{Moment, Problems};
use crate::receipt::{Past, Put};
use crate::reply::Site;
use crate::shown::Shown;
use crate::view::{Opened, View, anybody};

/// The longest answer that is taken, in bytes: some fields of 4,000 characters each, form-encoded.
const MAX_BODY: usize = 256 * 1024;
/// How many times an answer is decided anew when others change the same coach's day.
const MAX_RACES: u32 = 20;
/// … and for how long: the template stops it after 15 seconds.
const PATIENCE: Duration = Duration::from_secs(11);

/// Takes `GET` and `POST /a/{token}`.
#[must_use]
pub fn function() -> Function {
    Function::http(ANSWER_ASK, |w, r| async move { handle(&w.env, r).await })
}

/// One person's link to an ask, and how they want to be answered.
#[derive(Clone)]
struct Link {
    key: CaseKey,
    ask: Id,
    /// Nobody's by name in mails of version 1.
    whose: Option<Party>,
    /// The link itself.
    url: String,
    json: bool,
}

impl Link {
    fn site<'a>(&self, case: &'a Opened, who: &Party) -> Site<'a> {
        let language = case.playbook.language_of(who.is_outside(), &case.case().language);
        Site { playbook: Some(&case.playbook), language, json: self.json }
    }
}

/// Takes `GET` and `POST /a/{token}`.
///
/// # Errors
/// When the store can't be reached.
pub async fn handle(env: &Env, request: Request) -> Result<Reply> {
    let site = Site { playbook: None, language: "ja", json: posted::wants_json(&request) };
    let params = request.extensions().get::<PathParams>().cloned().unwrap_or_default().0;
    let token = params.get("token").map_or("", String::as_str);
    let Some((key, ask, whose)) = env.keys.read_token(token) else { return Ok(site.unknown()) };
    let link = Link { key, ask, whose, url: format!("{}/a/{token}", env.public_url), json: site.json };
    let given = match *request.method() {
        Method::GET | Method::HEAD => None,
        Method::POST if request.body().len() > MAX_BODY => {
            return past::too_large(env, &link, &site, &posted::read(&request, "answer")).await;
        }
        Method::POST => Some(posted::read(&request, "answer")),
        _ => return Ok(site.method_not_allowed()),
    };
    if link.ask == stop::link() {
        return unsubscribe::handle(env, &link, &site, given.as_ref()).await;
    }
    let until = env.clock.running().saturating_add(PATIENCE);
    for race in (0..MAX_RACES).take_while(|_| env.clock.running() < until) {
        let Some(case) = Opened::load(env, &link.key).await? else { return Ok(site.unknown()) };
        let case = case.with_subject(env, &link.ask).await?;
        let Some(open) = case.case().ask(&link.ask) else { return past::over(env, &link, &case, given.as_ref()).await };
        let who = link.whose.clone().unwrap_or_else(|| anybody(&open.to));
        if !ask::may_answer(&case.today, env.clock.now(), open, &who) {
            return Ok(link.site(&case, &who).not_yours());
        }
        let Some(view) = case.view(&link.ask, &who).filter(|view| env.clock.now() < view.ask.deadline) else {
            return past::over(env, &link, &case, given.as_ref()).await;
        };
        let turn = Turn { env, link: &link, case: &case, view: &view, who: &who };
        let Some(given) = &given else { return turn.show().await };
        match turn.decide(given).await? {
            Some(reply) => return Ok(reply),
            None => env.pause(race).await?,
        }
    }
    Err(Error::Again(format!("{}: somebody else was faster each time", link.key)))
}

/// One look at an open ask, or one try to answer it.
struct Turn<'a> {
    env: &'a Env,
    link: &'a Link,
    case: &'a Opened,
    view: &'a View<'a>,
    who: &'a Party,
}

impl Turn<'_> {
    async fn show(&self) -> Result<Reply> {
        self.question(StatusCode::OK, &Submission::default(), &Problems::new(), None).await
    }

    async fn question(
        &self,
        status: StatusCode,
        given: &Submission,
        problems: &Problems,
        notice: Option<&str>,
    ) -> Result<Reply> {
        let gone = kind::gone(self.env, self.view).await?;
        let shown = Shown::of(self.view);
        let mark = shown.mark(&self.view.personal.key);
        let history = &history::lately(self.env, self.view).await?;
        let moment = Moment { mark: &mark, gone: &gone, given, problems, notice, history };
        Ok(self.link.site(self.case, self.who).question(status, &shown, &moment))
    }

    /// Commits the answer; `None` when a coach's day was changed meanwhile, and it must be looked at again.
    async fn decide(&self, given: &Submission) -> Result<Option<Reply>> {
        let Self { env, link, case, view, who } = *self;
        let with = match kind::take(env, view, given).await? {
            Ok(with) => with,
            Err(refused) => return self.refuse(given, refused).await.map(Some),
        };
        let submission = Submission { with, ..given.clone() };
        let plan = Plan { key: &link.key, function: ANSWER_ASK, actor: who.clone().into() };
        // A mail is approved as it was written from the case as it stood.
        let (seq, is_mail) = (case.case().seq, case.preview.is_some());
        let cause = |now: &Case| (!is_mail || now.seq == seq).then(|| link.ask.clone());
        let decide = |draft: &mut Draft<'_>| {
            let mark = mark_in(draft, &link.ask, who, case).ok_or(NotTaken::Over)?;
            let mailed =
                draft.case()?.ask(&link.ask).zip(who.person()).and_then(|(ask, id)| Some((id, ask.codes.get(id)?.n)));
            let code = mailed.map(|(id, n)| env.keys.code(&link.key, &link.ask, id, n));
            answer::decide(draft, &link.ask, who, &submission, (&mark, code.as_deref())).map(Some)
        };
        Ok(Some(match env.change(&plan, Some(case.loaded.clone()), cause, decide).await? {
            Changed::Mine((), made) => {
                let past = Past { put: Put::from(view.ask), answered: Some(made.commit), withdrawn: false };
                past::answered(link, &case.after(made.after), &past, who)
            }
            Changed::Refused(refused) => self.refuse(&submission, refused).await?,
            Changed::Nothing if is_mail => return Ok(None),
            Changed::Before(_) | Changed::NoCase | Changed::Nothing => {
                let Some(case) = Opened::load(env, &link.key).await? else {
                    return Ok(Some(link.site(case, who).unknown()));
                };
                past::over(env, link, &case, Some(given)).await?
            }
            Changed::Unmet(_) => return Ok(None),
        }))
    }

    async fn refuse(&self, given: &Submission, refused: NotTaken) -> Result<Reply> {
        let (site, url) = (self.link.site(self.case, self.who), self.link.url.as_str());
        let words = |ja, en| banto_aws::page::words(self.view.books.language, ja, en);
        if !matches!(refused, NotTaken::Fields(_) | NotTaken::NotYours | NotTaken::Rejected(_)) {
            past::hear(self.env, self.link, self.who, given).await?;
        }
        match refused {
            NotTaken::Fields(problems) => {
                let notice = words("ご入力内容をご確認ください。", "Please check what you entered.");
                self.question(StatusCode::UNPROCESSABLE_ENTITY, given, &problems, Some(notice)).await
            }
            NotTaken::Unconfirmed => {
                let problems = Problems::from([("confirm".to_owned(), Problem::Missing)]);
                let notice = words(
                    "内容をご確認のうえ、「確認」の欄をお選びください。",
                    "Please read it, and confirm that you did.",
                );
                self.question(StatusCode::UNPROCESSABLE_ENTITY, given, &problems, Some(notice)).await
            }
            NotTaken::Code(wanted) => code::wanted(self, given, wanted).await,
            NotTaken::Outdated => {
                let ja = "比較した版がすでに差し替えられているため、承認できません。何も公開されていません。お手数ですが、もう一度提案してもらってください。";
                let en = "The version it is compared with was replaced, so it can't be approved, and nothing was published: propose it again.";
                let notice = words(ja, en);
                self.question(StatusCode::CONFLICT, &Submission::default(), &Problems::new(), Some(notice)).await
            }
            NotTaken::Taken => {
                let ja = "申し訳ございません。ほかの方のご予約が入ったか、開始が近いため、お選びの日時の受付は終了しました。別の日時をお選びください。";
                let en = "We are sorry: that time has just been taken, or is too near. Please choose another one.";
                let notice = words(ja, en);
                self.question(StatusCode::CONFLICT, &Submission::default(), &Problems::new(), Some(notice)).await
            }
            NotTaken::Enough => {
                let ja = "同じメールアドレスで、この回のお席をすでにお取りしています。別の日時をお選びいただくか、追加のお席をご希望の場合は下記までご連絡ください。";
                let en = "You already have a seat in this session under the same address. Please choose another date, or write to us at the address below if you need more seats.";
                let notice = words(ja, en);
                self.question(StatusCode::CONFLICT, &Submission::default(), &Problems::new(), Some(notice)).await
            }
            NotTaken::Replaced => Ok(site.replaced(url)),
            NotTaken::NoSuchAnswer => Ok(site.no_such_answer(url)),
            NotTaken::NotYours => Ok(site.not_yours()),
            NotTaken::Over => {
                let Some(case) = Opened::load(self.env, &self.link.key).await? else { return Ok(site.unknown()) };
                past::over(self.env, self.link, &case, Some(given)).await
            }
            NotTaken::Rejected(rejection) => Err(Error::Bug(rejection.to_string())),
        }
    }
}

/// The mark of what is to be shown as the case stands in a commit in the making.
fn mark_in(draft: &Draft<'_>, ask: &Id, who: &Party, opened: &Opened) -> Option<String> {
    let view = View::in_draft(draft, ask, who, opened)?;
    Some(Shown::of(&view).mark(&view.personal.key))
}
