//! Why a reader is not shown a file.

use gix::ObjectId;

use crate::clone::CloneError;
use crate::filter::FilterError;
use crate::git::GitError;

/// Why a reader is not shown a file, or not with git's success.
#[derive(Debug, thiserror::Error)]
pub enum ShowError {
    /// The clone, git or a file cannot be read or written, or the file does not open.
    #[error(transparent)]
    Clone(CloneError),
    /// The worktree has no such file, and the name says no commit.
    #[error("there is no file '{0}'")]
    NoFile(String),
    /// No commit has such a file.
    #[error("'{0}' names no file")]
    NoName(String),
    /// This clone does not have the content.
    #[error("blob {0} is not in this clone")]
    NotHere(ObjectId),
    /// A revision names nothing.
    #[error(transparent)]
    Revisions(GitError),
    /// The key of a sealed file is not held: its name in quotes, or `with id ID`.
    #[error("the key {0} is not held here")]
    NotHeld(String),
    /// git-crypt encrypted it, and no key of git-crypt is held.
    #[error("no git-crypt key is held here")]
    NoGitCryptKey,
    /// It does not open, or cannot be written.
    #[error(transparent)]
    Filter(FilterError),
    /// git found something, as with `--exit-code`; it has said what.
    #[error("git ended with exit status 1")]
    Found,
    /// git failed, and has said why.
    #[error("git failed")]
    Git,
}

impl<E: Into<CloneError>> From<E> for ShowError {
    fn from(error: E) -> Self {
        Self::Clone(error.into())
    }
}
