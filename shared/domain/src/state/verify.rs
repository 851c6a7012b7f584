//! The hash chain of a journal, checked over the bytes as they are stored.

use super::commit::hash;
use super::{Case, StoredCommit};

/// Why a journal can't be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The bytes are not those that were hashed.
    #[error("commit {0}: the bytes don't match their hash")]
    Bytes(u64),
    /// It doesn't continue the commit before.
    #[error("commit {0}: does not continue the one before")]
    Chain(u64),
    /// It can't be read.
    #[error("commit {0}: can't be read: {1}")]
    Unreadable(u64, String),
    /// It can't be folded.
    #[error("commit {0}: {1}")]
    Fold(u64, String),
}

/// Checks a journal and folds it.
///
/// # Errors
/// The first commit that doesn't hold.
pub fn journal(commits: &[StoredCommit]) -> Result<Option<Case>, Broken> {
    let mut case: Option<Case> = None;
    let mut head = String::new();
    for stored in commits {
        if hash(&stored.body) != stored.hash {
            return Err(Broken::Bytes(stored.seq));
        }
        let commit = stored.open().map_err(|e| Broken::Unreadable(stored.seq, e.to_string()))?;
        if commit.prev != head || commit.seq != stored.seq {
            return Err(Broken::Chain(stored.seq));
        }
        case = Some(Case::fold(case, &commit, &stored.hash).map_err(|e| Broken::Fold(stored.seq, e.to_string()))?);
        head.clone_from(&stored.hash);
    }
    Ok(case)
}
