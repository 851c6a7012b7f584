//! What is due, by its index, and what of it is put off because it could not be woken: the case's key in the index moves,
//! and nothing else of the case. Its next commit writes the key anew, as the snapshot asks for.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use banto_domain::CaseKey;
use jiff::{SignedDuration, Timestamp};

use super::{Item, Ledger, again, n, s, text};
use crate::{Error, Result, items, parts};

/// How many rows one request brings at the most.
const PAGE: i32 = 1_000;
/// How many requests are made for one shard before what they brought is woken.
const PAGES: usize = 5;
/// How long a case that could not be woken is left alone first; then twice as long, and so on.
const FIRST: SignedDuration = SignedDuration::from_mins(1);
/// … but never longer: nothing hides a case.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// … and not even as long when it was the store that was busy: that passes, and is no case's own trouble.
const BUSY: SignedDuration = SignedDuration::from_mins(4);

/// What the index says of a case: it was due when somebody looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pk: String,
    at: String,
}

/// Some of what is due in one shard, earliest first.
#[derive(Debug, Default)]
pub struct DuePage {
    /// What was found.
    pub rows: Vec<Due>,
    /// Where to go on; `None` when that was all.
    pub after: Option<After>,
}

/// A place in a shard.
#[derive(Debug, Clone)]
pub struct After(Item);

/// How a case is put off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutOff {
    /// When its snapshot asks for it, as the index would have it.
    pub asked: String,
    /// How often it could not be woken since its last commit.
    pub tries: u32,
    /// When it is tried again, as the index has it.
    pub until: String,
}

impl Due {
    /// As the index would say it of this case.
    #[must_use]
    pub fn of(key: &CaseKey, at: Timestamp) -> Self {
        Self { pk: items::case_pk(key), at: items::sortable(at) }
    }

    /// Whose it is.
    ///
    /// # Errors
    /// When the row isn't a case's: our bug.
    pub fn key(&self) -> Result<CaseKey> {
        items::read_case_pk(&self.pk)
    }

    /// Its partition's name: one for each case, also for one that can't be read.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.pk
    }

    /// The client's name, as far as there is one.
    #[must_use]
    pub fn client(&self) -> &str {
        self.pk.split('#').nth(1).unwrap_or_default()
    }

    /// How long it has been due.
    #[must_use]
    pub fn late(&self, now: Timestamp) -> SignedDuration {
        self.at.parse().map_or(SignedDuration::ZERO, |at| now.duration_since(at).max(SignedDuration::ZERO))
    }
}

impl PutOff {
    /// How the item says so; `None` when it isn't put off.
    pub(crate) fn read(row: &Item) -> Option<Self> {
        let value = |name: &str| text(row, name).ok().map(str::to_owned);
        Some(Self { asked: value("due_asked")?, tries: items::number(row, "due_tries"), until: value("due_at")? })
    }
}

impl Ledger {
    /// Cases due at this instant in one shard, earliest first, from where an earlier look ended. The index lags: check
    /// again before acting.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn due(&self, shard: u32, now: Timestamp, after: Option<After>) -> Result<DuePage> {
        let (mut rows, mut after) = (Vec::new(), after.map(|After(key)| key));
        for _ in 0..PAGES {
            let call = self.client.query().table_name(&self.table).index_name("due").limit(PAGE);
            let call = call
                .key_condition_expression("due_shard = :shard AND due_at <= :now")
                .expression_attribute_values(":shard", s(&shard.to_string()))
                .expression_attribute_values(":now", s(&items::sortable(now)));
            let page = call.set_exclusive_start_key(after).send().await.map_err(again)?;
            for row in page.items() {
                rows.push(Due { pk: text(row, "pk")?.to_owned(), at: text(row, "due_at")?.to_owned() });
            }
            after = page.last_evaluated_key;
            if after.is_none() {
                break;
            }
        }
        Ok(DuePage { rows, after: after.map(After) })
    }

    /// Leaves a case that could not be woken, and why, alone for a while: a minute, then two, four … up to an hour. Unless
    /// it moved on meanwhile: then it is due when that commit says.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn put_off(&self, due: &Due, why: &Error, now: Timestamp) -> Result<()> {
        let Some(row) = self.get(&due.pk, parts::HOT).await? else { return Ok(()) };
        let tries: u32 = items::number(&row, "due_tries");
        let longest = if matches!(why, Error::Again(_)) { BUSY } else { LONGEST };
        let until = now.saturating_add(pause(tries).min(longest)).unwrap_or(Timestamp::MAX);
        let call = self.client.update_item().table_name(&self.table).key("pk", s(&due.pk)).key("sk", s(parts::HOT));
        let call = call
            .update_expression("SET due_at = :until, due_tries = :tries, due_asked = if_not_exists(due_asked, :was)")
            .condition_expression("due_at = :was")
            .expression_attribute_values(":until", s(&items::sortable(until)))
            .expression_attribute_values(":tries", n(tries.saturating_add(1)))
            .expression_attribute_values(":was", s(&due.at));
        match call.send().await {
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(()),
            other => other.map(|_| ()).map_err(again),
        }
    }
}

/// How long after so many tries.
fn pause(tries: u32) -> SignedDuration {
    FIRST.saturating_mul(1 << tries.min(6)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::pause;

    #[test]
    fn what_fails_is_tried_more_and_more_seldom_but_never_left() {
        let minutes: Vec<i64> = [0, 1, 2, 3, 5, 6, 99].map(|tries| pause(tries).as_mins()).into();
        assert_eq!(minutes, [1, 2, 4, 8, 32, 60, 60]);
    }
}
