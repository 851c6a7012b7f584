//! The mark of a provider's payment, beside the cases: which case counted it, or what was told of it before it came. A
//! provider tells in no order, so a refund may be heard of before its payment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CaseId, Id};

/// How much may wait for one payment: far more than anything true, and the item stays small.
const MAX_WAITING: usize = 16;

/// What a provider says of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Turn {
    /// So much of it went back in all, in minor units.
    Refunded(i64),
    /// So much of it is disputed, in minor units.
    Disputed(i64),
}

impl Turn {
    /// How much, in minor units.
    #[must_use]
    pub fn amount(self) -> i64 {
        let (Self::Refunded(amount) | Self::Disputed(amount)) = self;
        amount
    }
}

/// What was told of a payment before it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiting {
    /// What was told.
    #[serde(flatten)]
    pub turn: Turn,
    /// The case that keeps it as it came.
    pub kept: CaseId,
    /// Its request there.
    pub request: Id,
}

/// A payment's mark.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentMark {
    /// Counts up with each change; 0 when there is none, or it is of an earlier version.
    #[serde(default)]
    pub rev: u64,
    /// The case that counted it: once there is one, nothing changes any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// What came in, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// What was told of it before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Waiting>,
}

impl PaymentMark {
    /// Once a case has counted it. What waited stays named: whoever is told twice can still say that it was found.
    #[must_use]
    pub fn counted(&self, case: &CaseId, amount: i64) -> Self {
        Self { rev: self.rev + 1, case: Some(case.clone()), amount: Some(amount), waiting: self.waiting.clone() }
    }

    /// Once this waits for it, too; `None` when too much does.
    #[must_use]
    pub fn awaited(&self, waiting: Waiting) -> Option<Self> {
        let mut next = Self { rev: self.rev + 1, ..self.clone() };
        if !next.waiting.iter().any(|w| w.request == waiting.request) {
            next.waiting.push(waiting);
        }
        (next.waiting.len() <= MAX_WAITING).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_bounded_and_stays_named() {
        let case = CaseId::derive(&["case"]);
        let waiting = |n: i64| Waiting {
            turn: Turn::Refunded(n),
            kept: case.clone(),
            request: Id::derive(&["request", &n.to_string()]),
        };
        let mut mark = PaymentMark::default();
        for n in 1..=16 {
            mark = mark.awaited(waiting(n)).expect("room");
        }
        assert_eq!(mark.awaited(waiting(17)), None);
        assert_eq!(mark.awaited(waiting(3)).map(|m| m.waiting.len()), Some(16), "known already");
        let counted = mark.counted(&case, 20);
        assert_eq!((counted.rev, counted.case, counted.waiting.len()), (17, Some(case), 16));
        let text = serde_json::to_string(&mark.waiting[0]).expect("JSON");
        assert!(text.starts_with(r#"{"refunded":1,"#), "{text}");
    }
}
