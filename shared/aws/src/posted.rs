//! What a page's form sends: the choice, the mark of what was shown, a confirmation apart from the choice, and fields.

use banto_domain::rules::answer::{self, Submission};
use banto_domain::state::Party;
use banto_domain::{Draft, Id, Rejection};

use crate::{Changed, Env, Error, Plan, Request, Result, reading};

/// Whether a program asks, not a browser.
#[must_use]
pub fn wants_json(request: &Request) -> bool {
    let accept = request.headers().get(http::header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}

/// An emergency word in what could not be taken goes to a person all the same (promise 14). `of`: what it was said to.
///
/// # Errors
/// When the store can't be reached.
pub async fn hear(env: &Env, plan: &Plan<'_>, of: &[&str], who: &Party, given: &Submission) -> Result<()> {
    if given.fields.is_empty() || !who.is_outside() {
        return Ok(());
    }
    let said = given.fields.values().map(String::as_str).collect::<Vec<_>>().join("\n");
    let cause = Id::derive(&[&["heard"], of, &[&said]].concat());
    let hear = |draft: &mut Draft<'_>| -> std::result::Result<Option<()>, Rejection> {
        Ok(answer::hear(draft, who, given)?.then_some(()))
    };
    match env.change(plan, None, |_| Some(cause.clone()), hear).await? {
        Changed::Refused(rejection) => Err(Error::Bug(rejection.to_string())),
        Changed::Unmet(_) => Err(Error::Again(format!("{}: something else was written meanwhile", plan.key))),
        Changed::Mine(..) | Changed::Before(_) | Changed::Nothing | Changed::NoCase => Ok(()),
    }
}

/// Reads a page's form, whose field `choice` says what was chosen. What isn't a form has no answer, and so is refused as no
/// choice; emergency words are looked for in all of it.
#[must_use]
pub fn read(request: &Request, choice: &str) -> Submission {
    let kind = request.headers().get(http::header::CONTENT_TYPE).map(|v| String::from_utf8_lossy(v.as_bytes()));
    let charset = reading::declared(kind.as_deref().unwrap_or_default()).ok().flatten();
    let pairs = reading::form(request.body(), charset).unwrap_or_default();
    let mut submission = Submission::default();
    for (name, value) in pairs {
        match name.as_str() {
            name if name == choice => submission.answer = value,
            "shown" => submission.shown = value,
            "confirm" => submission.confirm = !value.trim().is_empty(),
            "code" => submission.code = value,
            other => {
                // What no field takes is heard all the same.
                let name = other.strip_prefix("field.").map_or_else(|| format!("other:{other}"), str::to_owned);
                if let Some(before) = submission.fields.insert(name.clone(), value) {
                    submission.fields.insert(format!("again:{name}"), before);
                }
            }
        }
    }
    if submission.answer.is_empty() {
        let unread = reading::readings(request.body(), charset).into_iter().zip(0..);
        submission.fields.extend(unread.map(|(text, n)| (format!("body:{n}"), text)));
    }
    submission
}
