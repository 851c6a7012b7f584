//! The office under a flood: beyond what one person reads in an hour, what waits for them comes as one list, each quarter
//! of an hour at the most. What isn't mailed by itself stands on the list, with its link, while it is open.

use jiff::{SignedDuration, Timestamp};

use super::message::{self, Intent};
use super::{Also, Draft, Rejection, approval, flow, inquiry};
use crate::playbook::{DIGEST, OF_DIGEST, URGENT};
use crate::state::{Entry, Message, Party, What};
use crate::{CaseId, CaseKey, ClientId, Id};

/// How many mails that ask for something go to one of the practice's people in an hour, of emergencies and of the rest.
pub const MOST: u32 = 20;
/// How often a list goes out.
const EVERY: SignedDuration = SignedDuration::from_mins(15);
/// Why a mail doesn't leave whose question stands on a list.
pub const LISTED: &str = "listed";

/// Whether a mail that asks one of the practice's people for something goes by itself: it is counted with its lease.
/// `crowded` says that it would be one too many.
///
/// # Errors
/// When there is no case.
pub fn admits(draft: &mut Draft<'_>, message: &Message, crowded: bool) -> Result<bool, Rejection> {
    // A playbook of an earlier day has no lists. What was called out before was counted.
    let has_lists = draft.today.flows.contains_key(DIGEST) && draft.today.templates.contains_key(DIGEST);
    let asked = message.about.as_ref().and_then(|ask| draft.case().ok()?.ask(ask)).map(|ask| ask.question == URGENT);
    let counts = has_lists && message.attempts == 0 && !approval::is_code(&message.origin);
    let Some((person, urgent)) = message.to.person().zip(asked).filter(|_| counts) else {
        return Ok(true);
    };
    let kind = if urgent { "urgent" } else { "asked" };
    if !crowded {
        draft.also(Also::Rate { of: format!("{kind}@{person}"), most: MOST, minutes: 60, now: draft.now });
    }
    Ok(!crowded)
}

/// When the next list goes out.
#[must_use]
pub fn next(now: Timestamp) -> Timestamp {
    let every = EVERY.as_secs();
    let end = (now.as_second().div_euclid(every) + 1).saturating_mul(every);
    Timestamp::from_second(end).unwrap_or(Timestamp::MAX)
}

/// The case of the lists that go out on one day (UTC).
#[must_use]
pub fn case(client: &ClientId, now: Timestamp) -> CaseKey {
    let day = next(now).to_string().chars().take(10).collect::<String>();
    CaseKey { client: client.clone(), case: CaseId::derive(&["case", DIGEST, client.as_str(), &day]) }
}

/// What a list is made because of: one for a person and a quarter of an hour.
#[must_use]
pub fn cause(client: &ClientId, person: &str, now: Timestamp) -> Id {
    Id::derive(&[DIGEST, client.as_str(), person, &next(now).to_string()])
}

/// Opens the case of a day with its first list.
///
/// # Errors
/// When the playbook lacks the flow or the template.
pub fn open(draft: &mut Draft<'_>, key: &CaseKey, person: &str) -> Result<(), Rejection> {
    let language = &draft.playbook.language;
    inquiry::opened(draft, key, DIGEST, ("", language), Vec::new())?;
    flow::start(draft)?;
    list(draft, person)
}

/// Wants a list for a person, which leaves when the quarter of an hour is over.
///
/// # Errors
/// When the playbook lacks the template.
pub fn list(draft: &mut Draft<'_>, person: &str) -> Result<(), Rejection> {
    let to = Party::Person(person.to_owned());
    message::intend(draft, &Intent { template: DIGEST, origin: OF_DIGEST, ..Intent::default() }, vec![to])?;
    let until = next(draft.now);
    let newest = draft.case()?.messages().filter(|(_, m)| m.is_digest()).max_by_key(|(_, m)| m.n);
    let Some(message) = newest.map(|(id, _)| id.clone()) else { return Ok(()) };
    let wanted = What::Intended { message: message.clone() };
    let asked = draft.case()?.pending.iter().find(|(_, step)| step.what == wanted).map(|(cause, _)| cause.clone());
    draft.push(Entry::MessageDeferred { message, until, reason: LISTED.to_owned() })?;
    if asked.is_some() {
        let reason = "it leaves with the quarter of an hour".to_owned();
        draft.push(Entry::StepSkipped { reason, cause: asked })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_go_out_at_the_quarters_of_an_hour() {
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        assert_eq!(next(at("2026-12-01T00:00:00Z")), at("2026-12-01T00:15:00Z"));
        assert_eq!(next(at("2026-12-01T00:14:59Z")), at("2026-12-01T00:15:00Z"));
        assert_eq!(next(at("2026-12-01T23:50:00Z")), at("2026-12-02T00:00:00Z"));
        let client = ClientId::parse("yamada").expect("a client");
        assert_eq!(case(&client, at("2026-12-01T23:50:00Z")), case(&client, at("2026-12-02T00:01:00Z")));
    }
}
