//! Codes: what moves money or can't be undone is settled only by whoever also has the mail that is sent at that moment.

use banto_aws::page::words;
use banto_aws::{Changed, Error, Plan, Reply, Result};
use banto_domain::playbook::Problem;
use banto_domain::rules::answer::{Submission, Wanted};
use banto_domain::rules::approval;
use banto_domain::steps::ANSWER_ASK;
use banto_domain::{Draft, Id, Rejection};
use http::StatusCode;

use crate::Turn;
use crate::page::Problems;

/// An answer that wants a code: it is mailed, or what was given is counted; and the page asks for it.
///
/// # Errors
/// When the store can't be reached.
pub(crate) async fn wanted(turn: &Turn<'_>, given: &Submission, wanted: Wanted) -> Result<Reply> {
    match wanted {
        Wanted::Mail => note(turn, "mailed", "", approval::mail_code).await?,
        Wanted::Right => note(turn, "refused", &given.code, approval::refuse_code).await?,
        Wanted::Given | Wanted::Nothing => {}
    }
    let (problem, ja, en) = match wanted {
        Wanted::Mail | Wanted::Given => (
            Problem::Missing,
            "確認コードをメールでお送りしました。届いた6桁の数字を10分以内にご入力ください。まだ回答は完了していません。",
            "We have mailed you a code. Please enter its six digits within ten minutes. Nothing is decided yet.",
        ),
        Wanted::Right => (
            Problem::Form,
            "確認コードが一致しません。最新のメールの6桁の数字をご入力ください。",
            "That is not the code. Please enter the six digits of the latest mail.",
        ),
        Wanted::Nothing => (
            Problem::Form,
            "確認コードの誤りが続いたため、このリンクからの回答を停止しました。事務局にお知らせしています。",
            "Too many wrong codes: this link takes no answer any more. The office has been told.",
        ),
    };
    let problems = Problems::from([("code".to_owned(), problem)]);
    let notice = words(turn.view.books.language, ja, en);
    turn.question(StatusCode::UNPROCESSABLE_ENTITY, given, &problems, Some(notice)).await
}

/// Commits what came of a code: one commit for each that was mailed or given, however often the request comes. Two that
/// are given at once count twice.
async fn note(
    turn: &Turn<'_>,
    what: &str,
    given: &str,
    decide: fn(&mut Draft<'_>, &Id, &str) -> std::result::Result<(), Rejection>,
) -> Result<()> {
    let (link, Some(person)) = (turn.link, turn.who.person()) else { return Ok(()) };
    let before = turn.view.ask.codes.get(person);
    let n = before.map_or(0, |code| code.n);
    let cause = Id::derive(&["code", what, link.ask.as_str(), person, &n.to_string(), given]);
    let plan = Plan { key: &link.key, function: ANSWER_ASK, actor: turn.who.clone().into() };
    let is_open = |case: &banto_domain::Case| case.ask(&link.ask).map(|_| cause.clone());
    match turn.env.change(&plan, None, is_open, |draft| decide(draft, &link.ask, person).map(Some)).await? {
        Changed::Refused(rejection) => Err(Error::Bug(rejection.to_string())),
        Changed::Unmet(_) => Err(Error::Again(format!("{}: something else was written meanwhile", link.key))),
        Changed::Mine(..) | Changed::Before(_) | Changed::Nothing | Changed::NoCase => Ok(()),
    }
}
