//! Why a file is not merged.

use crate::clone::CloneError;
use crate::filter::FileError;
use crate::git_crypt;
use crate::keyring::KeyName;

/// Why a file is not merged. Paths are safe to show.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// The clone, git or a file cannot be read or written.
    #[error(transparent)]
    Clone(CloneError),
    /// The repository that git named cannot be opened.
    #[error("{0}")]
    Repository(String),
    /// A version does not open, or the result cannot be sealed.
    #[error(transparent)]
    Filter(FileError),
    /// The key of a version is not held.
    #[error("{0}: it cannot be merged without its key, which is not held here")]
    NoKey(String),
    /// A version that git-crypt encrypted does not open.
    #[error("{path}: {source}")]
    GitCrypt {
        /// The path.
        path: String,
        /// Why.
        source: git_crypt::OpenError,
    },
    /// The key of git-crypt that seals the result is not held.
    #[error("{0}: the git-crypt key that its attribute names is not held here")]
    NoGitCryptKey(String),
    /// A version has no lines.
    #[error("{0}: it is binary, so it cannot be merged by lines")]
    Binary(String),
    /// A version does not fit into memory.
    #[error("{0}: it is too large to be merged by lines")]
    TooLarge(String),
    /// Theirs may have moved the path to another key.
    #[error(
        "{path}: their version is sealed with the key '{key}', and git-shroud cannot tell if their attributes name that key"
    )]
    Theirs {
        /// The path.
        path: String,
        /// The key of theirs.
        key: KeyName,
    },
    /// The merge would move the path to another key, and nobody has confirmed that.
    #[error(transparent)]
    Moved(FileError),
}

impl<E: Into<CloneError>> From<E> for MergeError {
    fn from(error: E) -> Self {
        Self::Clone(error.into())
    }
}
