//! The host's heartbeat: whoever stores something to do says so here, and whoever does it waits here.

use tokio::sync::watch;

/// A counter that wakes those who wait for it.
#[derive(Debug, Clone)]
pub struct Pulse(watch::Sender<u64>);

impl Default for Pulse {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Pulse {
    /// Something new is stored.
    pub fn beat(&self) {
        self.0.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Someone who wants to know. Beats before this call don't count.
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// Where blocking work runs: on the calling task (a simulator, so that nothing is left to threads), or on a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// On the calling task.
    Inline,
    /// On tokio's blocking pool.
    #[default]
    Pool,
}

impl Mode {
    /// Runs `work` there. `None` only if it panicked on the pool or the runtime is going away.
    pub async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        match self {
            Self::Inline => Some(work()),
            Self::Pool => tokio::task::spawn_blocking(work).await.ok(),
        }
    }
}
