//! One step that changes many cases: some of them at a time, each whatever becomes of the others, for as long as a function may
//! go on. What is left is asked for again, so each change has a claim of its own.

use std::time::Duration;

use banto_domain::{CaseKey, Rejection};
use futures_util::{StreamExt as _, stream};

use crate::{Changed, Env, Error, Result};

/// How many cases are changed at the same time.
const AT_ONCE: usize = 16;
/// How long it goes on: the template stops such a function after 55 seconds.
const PATIENCE: Duration = Duration::from_secs(45);

impl Env {
    /// Does something with each of these cases, on behalf of the case `from`.
    ///
    /// # Errors
    /// When one of them failed, or time was up: all others were changed all the same, as far as there was time.
    pub async fn each<T, F>(&self, from: &CaseKey, all: Vec<(CaseKey, T)>, one: impl Fn(CaseKey, T) -> F) -> Result<()>
    where
        F: Future<Output = Result<()>>,
    {
        let until = self.clock.running().saturating_add(PATIENCE);
        let one = &one;
        let changes = all.into_iter().map(|(key, what)| async move {
            if self.clock.running() >= until {
                return Err(Error::Again(format!("{key}: no time was left for it")));
            }
            one(key, what).await
        });
        let mut changes = stream::iter(changes).buffer_unordered(AT_ONCE);
        // One that fails keeps nobody else waiting.
        let mut failed = None;
        while let Some(changed) = changes.next().await {
            if let Err(error) = changed {
                tracing::error!(client = %from.client, case = %from.case, %error, "one of many cases could not be changed");
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

/// What a change of one of them means: done, by whichever call, or why not.
///
/// # Errors
/// When it was refused.
pub fn done<T>(key: &CaseKey, changed: Changed<T, Rejection>) -> Result<()> {
    match changed {
        Changed::Refused(rejection) => Err(Error::Refused(rejection.to_string())),
        Changed::Unmet(_) => Err(Error::Bug(format!("{key}: a condition failed that nobody asked for"))),
        Changed::NoCase | Changed::Nothing | Changed::Mine(..) | Changed::Before(_) => Ok(()),
    }
}
