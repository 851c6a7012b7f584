//! What a page's form sends: the choice, the mark of what was shown, a confirmation apart from the choice, and fields.

use banto_domain::rules::answer::Submission;

use crate::{Request, reading};

/// Reads a page's form, whose field `choice` says what was chosen. What isn't a form has no answer, and so is refused as no choice; emergency words are looked for in
/// all of it.
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
