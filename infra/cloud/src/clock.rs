//! The host's time: the machine's own, or one that people move. Owns no schedule; a clock that people move never goes
//! back, and is remembered over a restart by the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use banto_aws::{Clock, SystemClock};
use jiff::Timestamp;

/// A clock that stands still until somebody moves it.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `at`.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self(AtomicI64::new(at.as_microsecond()))
    }

    /// Moves it to `at`; an instant in its past changes nothing.
    pub fn set(&self, at: Timestamp) {
        self.0.fetch_max(at.as_microsecond(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}

/// Which clock a host keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClockMode {
    /// The machine's.
    #[default]
    System,
    /// One that people move. It starts where it was left, else at the given instant, else now.
    Manual(Option<Timestamp>),
    /// The one this house had before: for looking into it from outside.
    AsLeft,
}

/// The clock in use.
#[derive(Debug, Clone)]
pub enum HostClock {
    /// The machine's.
    System,
    /// One that people move.
    Manual(Arc<ManualClock>),
}

impl HostClock {
    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => SystemClock.now(),
            Self::Manual(clock) => clock.now(),
        }
    }

    /// As the functions take it.
    #[must_use]
    pub fn shared(&self) -> Arc<dyn Clock> {
        match self {
            Self::System => Arc::new(SystemClock),
            Self::Manual(clock) => Arc::clone(clock) as Arc<dyn Clock>,
        }
    }
}
