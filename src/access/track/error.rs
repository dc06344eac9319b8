//! Why a pattern is not tracked, or goes on being tracked.

use crate::access::index::IndexError;
use crate::git::attributes_file::PatternError;
use crate::git::pattern::Refusal;
use crate::keyring::KeyName;

/// Why a pattern is not tracked, or goes on being tracked.
#[derive(Debug, thiserror::Error)]
pub enum TrackError {
    /// What is in the index cannot be sealed, or the clone, git or a file cannot be read or written.
    #[error(transparent)]
    Index(IndexError),
    /// What was written does not mean files of this folder.
    #[error(transparent)]
    Place(#[from] Refusal),
    /// No line can hold the pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// The key is not held.
    #[error("the key '{key}' is not held here")]
    NotHeld {
        /// The key.
        key: KeyName,
        /// Whether this repository has it.
        described: bool,
        /// The keys that are known; empty where none is.
        known: String,
    },
    /// No line can hold the name that should be exempt.
    #[error(
        "'{0}' cannot be in .gitattributes: a name may hold no blank; '?' stands for any character"
    )]
    Exemption(String),
    /// No line has the pattern.
    #[error("no line of {file} tracks {pattern}")]
    NotTracked {
        /// The file with the lines, safe to show.
        file: String,
        /// The pattern, safe to show.
        pattern: String,
    },
}

impl<E: Into<IndexError>> From<E> for TrackError {
    fn from(error: E) -> Self {
        Self::Index(error.into())
    }
}
