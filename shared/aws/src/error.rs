//! Errors of a function say who must act: try again, refuse the input, or fix our bug.

/// Why a function gave up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something outside is busy or gone: the same call may work later. The host retries.
    #[error("try again: {0}")]
    Again(String),
    /// The input can't be taken, now or ever. Retrying is useless: it becomes a dead letter.
    #[error("refused: {0}")]
    Refused(String),
    /// Our own mistake: a broken invariant. It becomes a dead letter, and somebody must read it.
    #[error("bug: {0}")]
    Bug(String),
}

/// The result of a function.
pub type Result<T, E = Error> = std::result::Result<T, E>;
