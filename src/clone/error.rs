//! Why a clone cannot be opened, or does not have what is asked of it.

use crate::error::About;
use crate::filter::FileError;
use crate::git::GitError;
use crate::keyring::KeyName;
use crate::store::exclusive::Holder;
use crate::store::git_crypt;
use crate::store::local::StoreError;
use crate::store::shroud_dir::{RetiredError, ShroudDirError};

/// Why a clone cannot be opened, or does not have what is asked of it.
///
/// The errors of services that work on a clone hold this one, and take from all that this one takes from:
/// `impl<E: Into<CloneError>> From<E>`. So none of them lists git, the keyring and the files again.
#[derive(Debug, thiserror::Error)]
pub enum CloneError {
    /// git fails, or an object cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The local keyring cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys of git-crypt cannot be read.
    #[error(transparent)]
    GitCrypt(#[from] git_crypt::StoreError),
    /// `.shroud/` cannot be read or written.
    #[error(transparent)]
    ShroudDir(#[from] ShroudDirError),
    /// A file or folder cannot be read.
    #[error(transparent)]
    About(#[from] About),
    /// There is no worktree.
    #[error("this command needs a worktree, and there is none here (a bare repository?)")]
    NoWorktree,
    /// The index names files, and their worktree is not known. What was done all the same.
    #[error("the repository does not say where its worktree is; {0}")]
    UnknownWorktree(&'static str),
    /// A path leads out of the worktree.
    #[error("'{0}' is outside the worktree")]
    Outside(String),
    /// This system has no such path.
    #[error("{0}: no such name")]
    NoSuchName(String),
    /// Only git-crypt encrypts here, and a key of this program is needed.
    #[error(
        "this repository uses git-crypt: git-shroud reads and writes its files, but has no keys or members of its own here"
    )]
    GitCryptAlone,
    /// No key is described.
    #[error("this repository has no key")]
    NoKey,
    /// Several keys are described; their names.
    #[error("there are several keys; name one")]
    SeveralKeys(String),
    /// Several keys are held, and one is needed; their names.
    #[error("this takes one key at a time")]
    OneKey(String),
    /// A key is not held.
    #[error("the key '{0}' is not held here")]
    NotHeld(KeyName),
    /// No key is held.
    #[error("no key is held here")]
    NoneHeld,
    /// The worktree is locked by itself, and the command needs keys.
    #[error("this worktree is locked: nothing uses a key in it")]
    LockedWorktree,
    /// A key was set aside.
    #[error("the key '{0}' was set aside: it opens files, but seals none")]
    SetAside(KeyName),
    /// Nothing may be sealed with a key, or a path moved to another key and nobody has confirmed it.
    #[error(transparent)]
    Sealing(#[from] FileError),
    /// The description of a key cannot be read, and why.
    #[error("{0}")]
    Malformed(String),
    /// A file of `.shroud/` is too large.
    #[error("{0} is too large")]
    TooLarge(String),
    /// The keys of git-crypt that a description keeps do not open.
    #[error(".shroud/{name}/key.toml: {source}")]
    TakenOver {
        /// The key that is described.
        name: KeyName,
        /// Why.
        source: RetiredError,
    },
    /// An earlier generation is described than was held, and the history is not all here.
    #[error(
        "{path} describes an earlier generation of the key '{name}' than this clone has held, and the history here is not complete enough to tell if that is right: git fetch --unshallow, or git fetch --refetch --no-filter"
    )]
    IncompleteHistory {
        /// The file that describes the key.
        path: String,
        /// The key.
        name: KeyName,
    },
    /// Another run is at work.
    #[error("{0} is running in this repository; nothing was done")]
    Busy(Holder),
    /// Another run is suspended.
    #[error("{0} is suspended in this repository; nothing was done")]
    Suspended(Holder),
    /// A rotation was cut off, or goes on.
    #[error("a key rotation is in progress")]
    RotationUnderWay,
    /// No member is meant.
    #[error("there is no member '{0}'")]
    NoMember(String),
    /// Several members are meant.
    #[error("'{meant}' means several members{of_key}: {labels}")]
    SeveralMembers {
        /// What was written.
        meant: String,
        /// ` of key 'KEY'` where they are of one key.
        of_key: String,
        /// What they are called.
        labels: String,
        /// Each recipient, with its files.
        places: Vec<String>,
    },
}
