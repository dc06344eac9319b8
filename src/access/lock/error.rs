//! Why a clone is not closed.

use std::collections::BTreeMap;
use std::io;

use super::refusal::{Obstacle, kinds, those};
use crate::access::worktree::Left;
use crate::access::worktree::left::LeftError;
use crate::clone::CloneError;
use crate::error::count;
use crate::git_crypt::Name;
use crate::keyring::KeyName;

/// Why a clone is not closed, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The clone, git or a file cannot be read or written.
    #[error(transparent)]
    Clone(CloneError),
    /// Files were left as they are.
    #[error(transparent)]
    Left(#[from] LeftError),
    /// Files were changed between the look at them and the lock.
    #[error("files were changed meanwhile, so the keys were kept")]
    Meanwhile,
    /// So many paths could not be sealed, and the user insisted.
    #[error("{} could not be sealed; the warnings name them", count(*.0, "tracked path"))]
    Unsealed(u64),
    /// A key that was named is not held.
    #[error("the key '{name}' is not held here")]
    NotHeld {
        /// What was named, safe to show.
        name: String,
        /// The keys that are held.
        held: String,
    },
    /// The environment gives another key of a name that is held.
    #[error("the key '{0}' in the environment is not the one held here")]
    Environment(KeyName),
    /// A key is nowhere else.
    #[error(
        "the key '{0}' was made here, never exported and granted to nobody: without it, every file that it seals is lost"
    )]
    OnlyCopy(KeyName),
    /// A key of git-crypt is nowhere else, as far as is known.
    #[error("no copy of the git-crypt key '{0}' is known here: it is encrypted to nobody")]
    OnlyGitCryptCopy(Name),
    /// A new worktree would share the index that the environment names.
    #[error("GIT_INDEX_FILE names an index, which belongs to one worktree")]
    NamedIndex,
    /// git has made no worktree where it said.
    #[error("git made no worktree at {0}")]
    NoNewWorktree(String),
    /// A worktree is not there.
    #[error(
        "the worktree {0} is missing, and may hold plaintext of sealed files; nothing was done"
    )]
    Absent(String),
    /// A file has a merge conflict.
    #[error("{0} has a merge conflict, in plaintext; nothing was done")]
    Unmerged(String),
    /// A file cannot be read.
    #[error("{path}: {source}")]
    File {
        /// The file, safe to show.
        path: String,
        /// Why.
        source: Left,
    },
    /// What git keeps as plaintext cannot be removed.
    #[error(transparent)]
    Trace(io::Error),
    /// Files would stay plaintext; their paths.
    #[error("{}; nothing was done", kinds(.0))]
    Refused(BTreeMap<Obstacle, Vec<String>>),
    /// No key is held, and files are plaintext; their paths.
    #[error("no key is held here, but files are still plaintext: those {}", those(.0))]
    StillOpen(BTreeMap<Obstacle, Vec<String>>),
}

impl<E: Into<CloneError>> From<E> for LockError {
    fn from(error: E) -> Self {
        Self::Clone(error.into())
    }
}
