//! What is kept of an address that stands in forms without a signature: how much of what strangers may have is used up.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CaseId, Id};

/// How long what was used up counts.
const WINDOW: SignedDuration = SignedDuration::from_hours(24 * 30);
/// How many mails go to an address that never answered, over all its cases: an acknowledgement and a question, two
/// reminders, and an end.
pub const MAX_TO_STRANGERS: usize = 5;
/// How many more inquiries of such an address are stored with the one that is open.
pub const MAX_MORE: u32 = 50;

/// How many cases such forms may open for an address that is proven, before more joins the one that is open: anybody may
/// write in the name of a customer, too.
pub const MAX_CASES: u32 = 5;

/// An address as strangers may use it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// Counts up with each change.
    pub rev: u64,
    /// When the first of what counts was (UTC).
    pub since: Timestamp,
    /// Mails that went there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mails: Vec<Id>,
    /// Inquiries that were stored with the one that is open.
    #[serde(default)]
    pub more: u32,
    /// Cases that were opened.
    #[serde(default)]
    pub cases: u32,
    /// The case that its last inquiry opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
}

impl Standing {
    /// With what still counts, one change later.
    fn next(&self, now: Timestamp) -> Self {
        let rev = self.rev + 1;
        if self.rev > 0 && now.duration_since(self.since) < WINDOW {
            return Self { rev, ..self.clone() };
        }
        Self { rev, since: now, case: self.case.clone(), ..Self::default() }
    }

    /// Once this mail went there; `None` when it would be one too many.
    #[must_use]
    pub fn mailed(&self, message: &Id, now: Timestamp) -> Option<Self> {
        let mut next = self.next(now);
        next.mails.push(message.clone());
        (next.mails.len() <= MAX_TO_STRANGERS).then_some(next)
    }

    /// Whether it was counted: a mail may be called out twice.
    #[must_use]
    pub fn has_had(&self, message: &Id) -> bool {
        self.mails.contains(message)
    }

    /// Once its inquiry opened a case.
    #[must_use]
    pub fn opened(&self, case: &CaseId, now: Timestamp) -> Self {
        let next = self.next(now);
        Self { case: Some(case.clone()), cases: next.cases + 1, ..next }
    }

    /// The case that one more inquiry is to join while it is open.
    #[must_use]
    pub fn joins(&self, proven: bool, now: Timestamp) -> Option<&CaseId> {
        self.case.as_ref().filter(|_| !proven || self.next(now).cases >= MAX_CASES)
    }

    /// Once one more inquiry was stored with the open one; `None` when it is one too many.
    #[must_use]
    pub fn joined(&self, now: Timestamp) -> Option<Self> {
        let next = self.next(now);
        (next.more < MAX_MORE).then(|| Self { more: next.more + 1, ..next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + days * 86_400).expect("an instant")
    }

    #[test]
    fn an_address_that_never_answers_gets_five_mails_in_thirty_days() {
        let mut standing = Standing::default();
        for n in 0..5 {
            let message = Id::derive(&["message", &n.to_string()]);
            standing = standing.mailed(&message, at(n)).expect("within the budget");
            assert!(standing.has_had(&message));
        }
        let sixth = Id::derive(&["message", "6"]);
        assert_eq!(standing.mailed(&sixth, at(29)), None);
        assert_eq!(standing.mailed(&sixth, at(30)).map(|s| s.mails.len()), Some(1), "what is long ago doesn't count");
    }

    #[test]
    fn what_a_flood_brings_is_stored_with_the_first_and_has_an_end() {
        let case = CaseId::derive(&["case"]);
        let mut standing = Standing::default().opened(&case, at(0));
        for _ in 0..MAX_MORE {
            standing = standing.joined(at(1)).expect("stored");
        }
        assert_eq!(standing.joined(at(1)), None);
        assert_eq!(standing.case, Some(case));
    }
}
