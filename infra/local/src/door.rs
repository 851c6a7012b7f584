//! The door of a house that runs: a Unix socket in its folder, for its owner alone, by which commands reach the house's own
//! table. What comes in is answered by the process that has the house, so that it goes the way of all that functions
//! write. Lets nothing pass but that, and what failed for good.
//!
//! ```text
//! door/serve.rs  the house's side: who may come in, with what
//! door/visit.rs  a command's side: the functions' clients, and the house's clock
//! ```

#[cfg(not(unix))]
mod none;
#[cfg(unix)]
mod serve;
#[cfg(unix)]
mod visit;

use std::path::{Path, PathBuf};

#[cfg(not(unix))]
pub use none::{Door, Visit};
#[cfg(unix)]
pub use serve::Door;
#[cfg(unix)]
pub use visit::Visit;

/// The socket's name in its folder.
const FILE: &str = "banto.sock";
/// In each answer of a house whose clock is moved by people: what it shows.
const NOW: &str = "banto-now";
/// The longest request or answer, in bytes: what DynamoDB takes in a transaction is 4 MB, and 16 MB is what it gives.
const MOST: usize = 20 * 1024 * 1024;

/// Why a house that runs can't be reached.
#[derive(Debug, thiserror::Error)]
pub enum NoDoor {
    /// The folder's path is longer than a socket's may be.
    #[error("it has no door for commands, as {0} is longer than the path of a socket may be (about 100 bytes)")]
    TooLong(PathBuf),
    /// Nobody listens.
    #[error("it has no door for commands: nobody answers at {0}; it may be another command, which ends by itself")]
    Nobody(PathBuf),
    /// Whoever listens speaks otherwise, or not at all.
    #[error("its door for commands, {0}, can't be used: {1}")]
    Broken(PathBuf, String),
}

fn at(dir: &Path) -> PathBuf {
    dir.join(FILE)
}
