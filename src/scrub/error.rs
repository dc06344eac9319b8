//! Why a history cannot be rewritten.

use gix::ObjectId;

use crate::git::GitError;

/// Why a history cannot be rewritten. The repository is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ScrubError {
    /// git, or the repository.
    #[error(transparent)]
    Git(#[from] GitError),
    /// An object that something names is not here.
    #[error("object {0} is not in this clone")]
    Missing(ObjectId),
    /// An object is not what git writes.
    #[error("object {0} is damaged")]
    Damaged(ObjectId),
    /// An object is larger than what is rewritten in memory.
    #[error("object {id} has {len} bytes; up to {limit} can be rewritten")]
    TooLarge {
        /// Which.
        id: ObjectId,
        /// Its bytes.
        len: u64,
        /// As many as can be.
        limit: u64,
    },
    /// `info/grafts` makes git see another history than the one that is stored.
    #[error("this repository has grafts, which no clone of it sees")]
    Grafts,
    /// A shallow clone lacks the beginning.
    #[error("this clone is shallow: the beginning of its history is not here")]
    Shallow,
    /// A changed name is none that git takes.
    #[error("git does not accept the new name of a {0}")]
    Name(&'static str),
    /// Two refs would have the same name.
    #[error("two refs would both be '{0}'")]
    SameRef(String),
    /// What seals or opens a file is not held.
    #[error("a key for blob {0} is not held")]
    Locked(ObjectId),
    /// A value is in what replaces it.
    #[error("in blob {0} every replacement contains a value again")]
    NotGone(ObjectId),
    /// A pattern to seal cannot be in an attributes file.
    #[error("{0}")]
    Pattern(String),
    /// The new pack could not be written.
    #[error("the new pack cannot be written: {0}")]
    Pack(std::io::Error),
}

impl From<ScrubError> for crate::error::CommandError {
    fn from(error: ScrubError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            ScrubError::Git(error) => error.into(),
            ScrubError::Missing(_) => wrong.hint("fetch what is missing: git fetch --refetch"),
            ScrubError::Shallow => wrong.hint("fetch the rest: git fetch --unshallow"),
            ScrubError::Grafts => {
                wrong.hint("make them replacements: git replace --convert-graft-file")
            }
            ScrubError::Damaged(_) => wrong.hint("look at the output of git fsck --full"),
            ScrubError::TooLarge { .. } => wrong.hint("drop its path, or keep it"),
            ScrubError::SameRef(_) => wrong.hint("rename or delete one of them first"),
            ScrubError::Locked(_) => wrong.hint(
                "run 'git shroud unlock'; to leave a path as it is, add [[keep]] to the plan",
            ),
            ScrubError::NotGone(_) => wrong.hint("drop its path, or give the rule another name"),
            ScrubError::Name(_) | ScrubError::Pack(_) | ScrubError::Pattern(_) => wrong,
        }
    }
}
