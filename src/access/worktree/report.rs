//! What was done with the files of a worktree, and which were left as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use gix::index::entry::Stat;

use super::opened_with::OpenedWith;
use crate::filter::Files;
use crate::format::{KeyId, OpenError};
use crate::git::GitError;
use crate::git_crypt::Name;
use crate::values::OpenValuesError;

/// Why a file was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum Left {
    /// It holds something else than git last saw there.
    #[error("it has local changes")]
    Changed,
    /// It is sealed in the repository, but no attribute says that it should be.
    #[error("it is sealed in the repository, but no attribute says so")]
    NotTracked,
    /// The repository itself holds it as plaintext.
    #[error("the repository holds its plaintext")]
    InTheClear,
    /// A link, a folder, a pipe or a device.
    #[error("it is not a regular file")]
    NotAFile,
    /// What the repository holds is not in this clone.
    #[error("its blob is not in this clone")]
    NotHere,
    /// git changes its sealed bytes on their way into the worktree, by this attribute.
    #[error(
        "{0} makes git change the sealed bytes; end its line with '-text -ident -working-tree-encoding'"
    )]
    Converted(String),
    /// Its sealed bytes do not open.
    #[error(transparent)]
    Damaged(OpenError),
    /// A sealed value in it does not open.
    #[error(transparent)]
    Value(OpenValuesError),
    /// It is encrypted by git-crypt and does not open.
    #[error(transparent)]
    GitCrypt(crate::git_crypt::OpenError),
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Its attributes or its blob cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl From<OpenError> for Left {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => Self::Io(error),
            error => Self::Damaged(error),
        }
    }
}

impl From<crate::git_crypt::OpenError> for Left {
    fn from(error: crate::git_crypt::OpenError) -> Self {
        match error {
            crate::git_crypt::OpenError::Io(error) => Self::Io(error),
            error => Self::GitCrypt(error),
        }
    }
}

/// What was done in one worktree.
#[derive(Debug, Default)]
pub struct Report {
    /// Files that were written.
    pub written: u64,
    /// Files whose key is not held, by the key's id.
    pub still_sealed: BTreeMap<KeyId, u64>,
    /// Files of git-crypt whose key is not held, by the key's name.
    pub still_encrypted: BTreeMap<Name, u64>,
    /// The keys of git-crypt that attributes name.
    pub git_crypt_names: BTreeSet<Name>,
    /// Files that the repository holds as plaintext.
    pub in_the_clear: u64,
    /// Files that were left as they are, and why.
    pub left: Vec<(Vec<u8>, Left)>,
    /// Paths with a merge conflict that would be sealed; they were not touched.
    pub unmerged: Vec<Vec<u8>>,
    /// Files that were opened, and are sealed with an earlier generation of their key than is described.
    pub retired: Files,
    /// Files that were opened, and are sealed with a key of another name than their attribute says.
    pub of_other_key: Files,
    pub(super) opened_with: OpenedWith,
    /// Files that only git itself may write, as it converts them.
    pub(super) by_git: Vec<Vec<u8>>,
    pub(super) stats: Vec<(usize, Stat)>,
}

impl Report {
    /// Adds what was done elsewhere.
    pub fn absorb(&mut self, other: Self) {
        self.unmerged.extend(other.unmerged);
        self.written += other.written;
        self.in_the_clear += other.in_the_clear;
        for (id, count) in other.still_sealed {
            *self.still_sealed.entry(id).or_default() += count;
        }
        self.git_crypt_names.extend(other.git_crypt_names);
        for (name, count) in other.still_encrypted {
            *self.still_encrypted.entry(name).or_default() += count;
        }
        self.retired.absorb(other.retired);
        self.of_other_key.absorb(other.of_other_key);
        self.opened_with.absorb(other.opened_with);
        self.left.extend(other.left);
        self.by_git.extend(other.by_git);
        self.stats.extend(other.stats);
    }
}
