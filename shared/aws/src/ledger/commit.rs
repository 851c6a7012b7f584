//! One transaction to commit a step, and what becomes of it: made, made before, lost to somebody faster, or refused.

use std::time::Duration;

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use aws_smithy_async::rt::sleep::AsyncSleep as _;
use banto_domain::rules::{Proposal, Ready};
use banto_domain::state::{Day, PaymentMark, Stages, Standing};
use banto_domain::{Id, StoredCommit};
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Item, Ledger, text};
use crate::parts::Parts;
use crate::{Error, Result, items};

/// How many times a transaction that met another one is made again: up to two seconds.
const MAX_MEETINGS: u32 = 8;

/// Writes and conditions beside the commit, in the same transaction.
#[derive(Debug, Clone)]
pub enum Also {
    /// Stores a payload as it came.
    Inbound {
        /// Its id.
        id: Id,
        /// Its bytes.
        body: Vec<u8>,
    },
    /// Makes the case findable by an address.
    LookUp {
        /// HMAC of the address under the client's key.
        hmac: String,
    },
    /// Counts one of a kind; fails when it would be one too many.
    Rate {
        /// The kind.
        of: String,
        /// How many there may be.
        most: u32,
        /// Within how many minutes.
        minutes: u32,
        /// The present instant.
        now: Timestamp,
    },
    /// Fails when this template was revoked.
    NotRevoked {
        /// The template.
        template: String,
    },
    /// Fails when mails must not go to this address.
    NotSuppressed {
        /// HMAC of the address under the client's key.
        hmac: String,
    },
    /// From now on mails must not go to this address.
    Suppress {
        /// HMAC of the address under the client's key.
        hmac: String,
    },
    /// From now on nothing is promoted to this address.
    Unsubscribe {
        /// HMAC of the address under the client's key.
        hmac: String,
    },
    /// Fails when nothing may be promoted to this address.
    NotUnsubscribed {
        /// HMAC of the address under the client's key.
        hmac: String,
    },
    /// Fails when an emergency stopped automation for this address.
    NotStopped {
        /// HMAC of the address under the client's key.
        hmac: String,
    },
    /// Stops automation for this address.
    Stop {
        /// HMAC of the address under the client's key.
        hmac: String,
    },
    /// Automation for this address may go on.
    Resume {
        /// HMAC of the address under the client's key.
        hmac: String,
    },
    /// This address is its owner's.
    Prove {
        /// HMAC of the address under the client's key.
        hmac: String,
    },
    /// Changes what an address that nobody proved has used up; fails when something else changed it meanwhile.
    Standing {
        /// HMAC of the address under the client's key.
        hmac: String,
        /// As it will be; it was one revision before.
        standing: Standing,
    },
    /// Moves parts of what the practice sends; fails when somebody else moved any meanwhile.
    Stages {
        /// As they will be; they were one revision before.
        stages: Stages,
    },
    /// Fails when any part was moved since this revision.
    StagesStand {
        /// The revision; 0 when none ever was.
        rev: u64,
    },
    /// Counts one more answer to approvals of a part.
    Tally {
        /// What they are counted by.
        of: String,
        /// The answer.
        answer: String,
    },
    /// Changes a coach's day; fails when somebody else changed it meanwhile.
    Day {
        /// The coach's short name.
        coach: String,
        /// The civil day in the coach's zone.
        date: Date,
        /// As it will be; it was one revision before.
        day: Day,
    },
    /// Changes the mark of a provider's payment; fails when something else changed it meanwhile.
    Payment {
        /// The provider's id.
        payment: String,
        /// As it will be; it was one revision before.
        mark: PaymentMark,
    },
    /// Makes a version of the playbook live; fails when another one is by now.
    Publish(Proposal),
}

/// What came of a commit.
#[derive(Debug, Clone)]
pub enum Committed {
    /// This call made it.
    Mine,
    /// The cause had been taken up before, by this commit.
    Before(StoredCommit),
    /// Somebody else was faster: load and decide again.
    Lost,
    /// This one of the `Also`s did not hold (its index).
    Unmet(usize),
}

impl Ledger {
    /// Commits a step: the commit is new, the snapshot moves from `n` to `n+1`, everything in `also` holds, or nothing
    /// happens. `before` is how the case stood in the table when it was loaded; returned is how it stands now, if the
    /// commit is this call's. `nonce` tells this call from another one with the same cause.
    ///
    /// # Errors
    /// When it is unknown whether it happened even after looking.
    pub async fn commit(
        &self,
        ready: &Ready,
        before: &Parts,
        also: &[Also],
        nonce: &str,
    ) -> Result<(Committed, Parts)> {
        let snapshot = before.next(ready)?;
        let mut writes = vec![items::put_commit(&self.table, &ready.case.key, &ready.stored, nonce)?];
        writes.extend(items::put_case(&self.table, &ready.case, &snapshot)?);
        // Which of the extras a write belongs to.
        let mut extras = vec![None; writes.len()];
        for (n, extra) in also.iter().enumerate() {
            writes.extend(items::also(&self.table, &ready.case.key, extra)?);
            extras.resize(writes.len(), Some(n));
        }
        let mut meetings = 0;
        loop {
            let Err(error) = self.transact(writes.clone()).await else { return Ok((Committed::Mine, snapshot.after)) };
            match cancelled(&error) {
                Some(Cancelled::Wrong(said)) => return Err(Error::Bug(format!("{}: {said}", ready.case.key))),
                // Nobody was faster: somebody is at it. What was decided is as good as before.
                Some(Cancelled::Met) if meetings < MAX_MEETINGS => {
                    self.pause(meetings, jitter(nonce, meetings)).await;
                    meetings += 1;
                }
                Some(Cancelled::Met) => {
                    return Err(Error::Again(format!("{}: others are at its items", ready.case.key)));
                }
                _ => return Ok((self.after_failure(ready, &error, &extras, nonce).await?, snapshot.after)),
            }
        }
    }

    async fn transact(
        &self,
        writes: Vec<TransactWriteItem>,
    ) -> std::result::Result<(), SdkError<TransactWriteItemsError>> {
        self.client.transact_write_items().set_transact_items(Some(writes)).send().await.map(|_| ())
    }

    /// A transaction that was cancelled, or of which nothing is known: was it our own, made before the answer was lost?
    async fn after_failure(
        &self,
        ready: &Ready,
        error: &SdkError<TransactWriteItemsError>,
        extras: &[Option<usize>],
        nonce: &str,
    ) -> Result<Committed> {
        let service = error.as_service_error();
        if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = service {
            let reasons = cancelled.cancellation_reasons();
            if let Some(reason) = reasons.first().filter(|r| unmet(r)) {
                return match reason.item() {
                    Some(row) => verdict(row, nonce),
                    None => self.look_again(ready, nonce).await,
                };
            }
            let fallen = reasons.iter().position(unmet).and_then(|n| extras.get(n).copied().flatten());
            return Ok(fallen.map_or(Committed::Lost, Committed::Unmet));
        }
        if let Some(code @ ("ValidationException" | "ResourceNotFoundException" | "AccessDeniedException")) =
            service.and_then(ProvideErrorMetadata::code)
        {
            return Err(Error::Bug(format!("{code}: {}", DisplayErrorContext(error))));
        }
        // Of one machine's store: it was not made, and deciding again makes no room.
        if service.and_then(ProvideErrorMetadata::code) == Some("StorageFull") {
            return Err(Error::Again("the disk is full, or can't be written".to_owned()));
        }
        tracing::debug!(case = %ready.case.key, error = %DisplayErrorContext(error), "unknown whether the commit was made");
        self.look_again(ready, nonce).await
    }

    async fn look_again(&self, ready: &Ready, nonce: &str) -> Result<Committed> {
        let sk = items::commit_sk(&ready.stored.claim);
        match self.get(&items::case_pk(&ready.case.key), &sk).await? {
            Some(row) => verdict(&row, nonce),
            None => Ok(Committed::Lost),
        }
    }

    /// Waits a little, at random, before the `n`th try again. Where many are at one item, those that come late wait for
    /// seconds: what they wait must be longer than what all of them together take, or hardly any gets through.
    pub(crate) async fn pause(&self, n: u32, random: u8) {
        let ceiling = 10_u64 << n.min(8);
        let wait = Duration::from_millis(ceiling * u64::from(random) / 255 + 1);
        match self.client.config().sleep_impl() {
            Some(sleep) => sleep.sleep(wait).await,
            None => tokio::time::sleep(wait).await,
        }
    }
}

/// Why a transaction was cancelled, when it wasn't by a condition.
enum Cancelled {
    /// Another transaction has one of its items, or a partition is busy.
    Met,
    /// It can never be made: our bug.
    Wrong(String),
}

fn unmet(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

fn cancelled(error: &SdkError<TransactWriteItemsError>) -> Option<Cancelled> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return None;
    };
    let reasons = cancelled.cancellation_reasons();
    let of = |codes: &[&str]| reasons.iter().find(|r| r.code().is_some_and(|code| codes.contains(&code)));
    if let Some(wrong) = of(&["ValidationError", "ItemCollectionSizeLimitExceeded"]) {
        return Some(Cancelled::Wrong(wrong.message().unwrap_or("a write that can't be made").to_owned()));
    }
    let met = of(&["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]);
    (met.is_some() && !reasons.iter().any(unmet)).then_some(Cancelled::Met)
}

/// Something like chance, out of a number that nobody else has.
fn jitter(nonce: &str, n: u32) -> u8 {
    nonce.bytes().chain(n.to_be_bytes()).fold(17, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte))
}

fn verdict(row: &Item, nonce: &str) -> Result<Committed> {
    if text(row, "by")? == nonce { Ok(Committed::Mine) } else { items::read_commit(row).map(Committed::Before) }
}
