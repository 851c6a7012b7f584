//! Days that a coach closes on her own page of a case. It is no matter of that case: it has one of its own, which is opened in
//! one transaction with the days themselves.

use banto_aws::{Changed, Env, Error, Plan, Result};
use banto_domain::playbook::Closes;
use banto_domain::rules::answer::Submission;
use banto_domain::rules::closure::{self, Closing};
use banto_domain::rules::request::{self, NotRaised, Reader};
use banto_domain::steps::HANDLE_REQUEST;
use banto_domain::{Actor, Commit, Draft, Id, Rejection};
use jiff::Timestamp;

use crate::Opened;
use crate::receipt::Receipt;
use crate::shown::Shown;

/// What came of it.
pub(crate) enum Closed {
    /// They are closed, now or by the same press before.
    Taken(Box<Receipt>),
    /// Nothing was changed.
    Refused(NotRaised),
    /// One of the days was changed meanwhile.
    Raced,
}

/// What is to be closed, when that is what was asked for.
pub(crate) fn asked<'a>(opened: &'a Opened, given: &Submission) -> Option<&'a Closes> {
    opened.playbook.requests.get(&given.answer)?.closes.as_ref()
}

/// Closes days, or says why not.
///
/// # Errors
/// When the store can't be reached.
pub(crate) async fn take(
    env: &Env,
    opened: &Opened,
    (given, cause): (&Submission, &Id),
    (closes, said_at): (&Closes, Timestamp),
) -> Result<Closed> {
    let Some(coach) = opened.who.person() else { return Ok(Closed::Refused(NotRaised::NoSuch)) };
    let key = closure::case(&opened.loaded.case.key.client, cause);
    if let Some(commit) = crate::receipt::past(env, &key, cause).await? {
        return Ok(Closed::Taken(Box::new(of(opened, &commit))));
    }
    let closing = match closing(env, opened, (given, coach), (closes, said_at)) {
        Ok(closing) => closing,
        Err(why) => return Ok(Closed::Refused(why)),
    };
    let days = env.days_at(&key, coach, &closing.dates()).await?;
    let plan = Plan { key: &key, function: HANDLE_REQUEST, actor: Actor::from(opened.who.clone()) };
    let open =
        |draft: &mut Draft<'_>| -> std::result::Result<(), Rejection> { closure::open(draft, &key, &closing, &days) };
    match env.open(&plan, cause, &opened.today, open).await? {
        Changed::Mine((), made) => Ok(Closed::Taken(Box::new(of(opened, &made.commit)))),
        Changed::Before(stored) => {
            let commit = stored.open().map_err(|e| Error::Bug(e.to_string()))?;
            Ok(Closed::Taken(Box::new(of(opened, &commit))))
        }
        Changed::Unmet(_) => Ok(Closed::Raced),
        Changed::Refused(rejection) => Err(Error::Bug(rejection.to_string())),
        Changed::NoCase | Changed::Nothing => Err(Error::Bug(format!("{key} could not be opened"))),
    }
}

/// Which days, as the page asked for them.
fn closing(
    env: &Env,
    opened: &Opened,
    (given, coach): (&Submission, &str),
    (closes, said_at): (&Closes, Timestamp),
) -> std::result::Result<Closing, NotRaised> {
    let (case, personal) = (&opened.loaded.case, &opened.loaded.personal);
    let reader = Reader::Coach(coach);
    let mark = Shown::of(opened.books(), (case, personal), reader, said_at).mark(&personal.key);
    let now = env.clock.now();
    let offer = request::accept(opened.books(), (case, reader), given, (&mark, said_at), now)?;
    // A practice that doesn't do so any more closes nothing.
    if !opened.today.flows.contains_key(&closes.flow) {
        return Err(NotRaised::NoSuch);
    }
    closure::read((&opened.today, coach), (&offer, closes), given, (&mark, said_at))
}

fn of(opened: &Opened, commit: &Commit) -> Receipt {
    Receipt { case: commit.case.clone(), ..Receipt::of(opened, commit) }
}
