//! Trouble that lasts, such as a full disk: told when it begins, each time that twice as much failed, and when it is
//! over; tried again more and more slowly.

use std::fmt::Display;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(30);

/// How often something failed in a row.
#[derive(Debug, Default)]
pub(crate) struct Trouble(AtomicU32);

impl Trouble {
    /// It failed: how long to wait before it is tried again.
    pub(crate) fn met(&self, what: &'static str, error: &impl Display) -> Duration {
        let times = self.0.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if times.is_power_of_two() {
            tracing::error!(%error, times, "{what}; it will be tried again");
        }
        Duration::from_secs(1 << times.ilog2().min(5)).min(LONGEST)
    }

    /// It worked.
    pub(crate) fn over(&self) {
        let times = self.0.swap(0, Ordering::Relaxed);
        if times > 0 {
            tracing::warn!(times, "what failed works again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_for_hours_is_tried_slowly() {
        let trouble = Trouble::default();
        let pauses: Vec<u64> = (0..100).map(|_| trouble.met("it failed", &"full").as_secs()).collect();
        assert_eq!((pauses[0], pauses[1], pauses[7], pauses[99]), (1, 2, 8, 30));
        trouble.over();
        assert_eq!(trouble.met("it failed", &"full").as_secs(), 1);
    }
}
