//! A refund or a dispute: it joins its payment, or waits for it. The mark of the payment is changed in the same transaction,
//! so that of two that come at once the later one sees the earlier.

use banto_aws::{Changed, Error, Plan, Result};
use banto_domain::rules::Also;
use banto_domain::rules::early::{self, Early};
use banto_domain::state::{PaymentMark, Turn};
use banto_domain::steps::RECEIVE_PAYMENT;
use banto_domain::{Actor, CaseId, Draft, Entry, Id, Rejection, StoredCommit};

use crate::event::Said;
use crate::{Arrival, MAX_RACES, Recorded, answer};

/// The answer: its payment isn't known yet.
const WAITS: &str = "kept until its payment comes";

impl Arrival<'_> {
    /// Into the case of its payment; or it waits, and if nothing comes a person looks.
    pub(crate) async fn turned(&self, payment: &str, turn: Turn, said: &Said) -> Result<Recorded> {
        for race in 0..MAX_RACES {
            let mark = self.env.ledger.payment(self.client, payment).await?;
            if let Some(case) = mark.case.clone() {
                return answer(self.change(&self.key(case), said, &mark).await?);
            }
            match self.wait(payment, turn, &mark).await? {
                Some(Changed::Unmet(_)) => self.env.pause(race).await?,
                Some(Changed::Refused(rejection)) => return Err(Error::Bug(rejection.to_string())),
                Some(_) => return Ok(Ok(WAITS)),
                None => return Ok(Err("more than can wait for one payment".to_owned())),
            }
        }
        Err(Error::Again(format!("{payment}: its mark changed {MAX_RACES} times")))
    }

    /// Keeps it with the others of the day; `None` when too much waits for this payment.
    async fn wait(&self, payment: &str, turn: Turn, mark: &PaymentMark) -> Result<Option<Changed<(), Rejection>>> {
        let (client, day) = (self.client.as_str(), self.day());
        let key = self.key(CaseId::derive(&["case", "payment", client, self.provider, early::EARLY, &day]));
        let inbound = self.inbound();
        let early = Early { payment, turn, inbound: &inbound, body: self.body };
        let Some(mark) = mark.awaited(early.waiting(&key)) else { return Ok(None) };
        let also = || Also::Payment { payment: payment.to_owned(), mark: mark.clone() };
        let more = |draft: &mut Draft<'_>| {
            draft.also(also());
            early::more(draft, &key, early)
        };
        let first = |draft: &mut Draft<'_>| {
            draft.also(also());
            early::open(draft, &key, &format!("payment:{}", self.provider), early)
        };
        self.of_day(&key, more, first).await.map(Some)
    }

    /// Tells those that waited for a payment that it came. Told twice, it changes nothing.
    pub(crate) async fn found(&self, mark: &PaymentMark) -> Result<()> {
        for waiting in &mark.waiting {
            let (key, request) = (self.key(waiting.kept.clone()), &waiting.request);
            let plan = Plan { key: &key, function: RECEIVE_PAYMENT, actor: Actor::Provider };
            let cause = Id::derive(&["joined", request.as_str()]);
            let decide = |draft: &mut Draft<'_>| match draft.case()?.request(request) {
                Some(_) => early::found(draft, request).map(Some),
                None => Ok(None),
            };
            let changed = self.env.change(&plan, None, |_| Some(cause.clone()), decide).await?;
            if let Changed::Refused(rejection) = changed {
                return Err(Error::Bug(Rejection::to_string(&rejection)));
            }
        }
        Ok(())
    }
}

/// Whether something may have joined a payment in this commit.
pub(crate) fn may_have_joined(stored: &StoredCommit) -> bool {
    let turned = |entry: &Entry| matches!(entry, Entry::PaymentRefunded { .. } | Entry::PaymentDisputed { .. });
    let doubted =
        |entry: &Entry| matches!(entry, Entry::AskOpened { reason: Some(reason), .. } if reason.contains("add-up"));
    let commit = stored.open();
    commit.is_ok_and(|commit| commit.entries.iter().any(|stamped| turned(&stamped.entry) || doubted(&stamped.entry)))
}
