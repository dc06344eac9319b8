//! Why a repository is not taken over.

use super::UnknownName;
use crate::access::members::{FreshError, MemberError};
use crate::access::set_up::SetUpError;
use crate::access::unlock::UnlockError;
use crate::clone::CloneError;
use crate::error::count;
use crate::git::GitError;
use crate::git_crypt::Name;
use crate::keyring::KeyName;
use crate::newer::Newer;

/// Why a repository is not taken over, or not to its end. Paths and files are safe to show.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The clone, git or a file cannot be read or written, or another run is at work.
    #[error(transparent)]
    Clone(CloneError),
    /// The files cannot be opened.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    /// A new key cannot be made.
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    /// A certificate cannot be used, or a key not granted.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// gpg has something against a certificate.
    #[error(transparent)]
    Fresh(#[from] FreshError),
    /// The environment gives the keys.
    #[error("the keys come from the environment, where new keys cannot be stored")]
    Environment,
    /// There is nothing of the tool.
    #[error("{0} encrypts nothing in this repository")]
    Nothing(&'static str),
    /// There is no commit.
    #[error("there is no commit yet")]
    NoCommit,
    /// No branch is checked out.
    #[error("no branch is checked out here, so the commit would belong to none")]
    Detached,
    /// The tool's keys, or a program of it, are not here.
    #[error("{why}; nothing was changed")]
    Locked {
        /// What is missing.
        why: String,
        /// What to do.
        hint: &'static str,
    },
    /// The index differs from the last commit.
    #[error("the index holds changes that are not committed")]
    Uncommitted,
    /// git is in the middle of something.
    #[error("a merge, a rebase or something similar is in progress here")]
    UnderWay,
    /// git's configuration names no folder for git-crypt.
    #[error("git-crypt.repoStateDir does not name a folder of the repository")]
    StateDir,
    /// An attributes file is encrypted.
    #[error("{tool}'s filter encrypts {path} itself, so git cannot read it in a clone")]
    EncryptedAttributes {
        /// The file.
        path: String,
        /// The tool.
        tool: &'static str,
    },
    /// An attributes file is large.
    #[error("{0} is too large for a list of files or of attributes")]
    TooLarge(String),
    /// An attributes file is in the worktree alone.
    #[error("{path} names {tool}'s filter but is not in the repository")]
    Untracked {
        /// The file.
        path: String,
        /// The tool.
        tool: &'static str,
    },
    /// The tool's folder has something else than files.
    #[error("{path} is a link or a submodule, which {tool} never makes")]
    NotAFile {
        /// The file.
        path: String,
        /// The tool.
        tool: &'static str,
    },
    /// A key that should get another name is not there.
    #[error("there is no {tool} key '{old}' here")]
    NoSuchKey {
        /// The key.
        old: Name,
        /// The tool.
        tool: &'static str,
    },
    /// A key of git-crypt is not held.
    #[error("the git-crypt key '{0}' is not held here, and you need every key to migrate")]
    NotHeld(Name),
    /// A key of git-crypt has a name that no key can have here, and why.
    #[error("{why}")]
    Unnamed {
        /// The key.
        old: Name,
        /// Why.
        why: String,
    },
    /// A name is not free.
    #[error("{why}")]
    Name {
        /// The key of git-crypt.
        old: Name,
        /// Why.
        #[source]
        why: NameError,
    },
    /// A line names a key that is not known.
    #[error("{path}: {source}")]
    UnknownName {
        /// The file with the line.
        path: String,
        /// Which.
        source: UnknownName,
    },
    /// The new lines would seal other files than those before.
    #[error("the set of sealed files would change, in {}; nothing was changed", count(*.number, "case"))]
    OtherFiles {
        /// How many files.
        number: u64,
        /// What is wrong with the first of them.
        some: Vec<String>,
        /// Whether this clone has lines of its own.
        local: bool,
    },
    /// git would change sealed bytes.
    #[error(
        "{path}: the attribute '{attribute}' would make git change the sealed bytes; nothing was changed"
    )]
    Conversion {
        /// The file.
        path: String,
        /// The attribute.
        attribute: String,
    },
    /// A certificate is of nobody who uses the tool here.
    #[error("{file}: no user of {tool} has the fingerprint {fingerprint}")]
    NoUser {
        /// The tool.
        tool: &'static str,
        /// The certificate.
        file: String,
        /// Its fingerprint.
        fingerprint: String,
    },
    /// A file is no certificate.
    #[error("{0}: it is not an OpenPGP certificate")]
    NotACertificate(String),
    /// Nothing can be granted to somebody who could read the files.
    #[error("{} of {tool} would lose access; nothing was changed", count(.users.len() as u64, "user"))]
    LeftOut {
        /// The users.
        users: Vec<LeftOut>,
        /// The tool.
        tool: &'static str,
    },
    /// Files of the migration differ from the last commit.
    #[error("{} local changes; nothing was changed", changed(*.number))]
    Changed {
        /// How many.
        number: usize,
        /// Some of them.
        some: Vec<String>,
    },
    /// The tool's key does not open a file, or the file is not what the tool would have written.
    #[error("{path}: {why}; nothing was changed")]
    NotOpened {
        /// The file.
        path: String,
        /// Why.
        why: String,
        /// What to do, where there is something.
        hint: Option<&'static str>,
    },
    /// No key that is held opens a file.
    #[error("{0}: no git-crypt key held here opens it; nothing was changed")]
    Closed(String),
    /// The journal is damaged.
    #[error("{0}: it is not the journal of a migration")]
    Journal(String),
    /// The journal is one of a later version.
    #[error("{0}: {1}")]
    Newer(String, Newer),
    /// The index is neither what it was nor what it should be.
    #[error("the index is not as expected")]
    Index,
    /// A file is neither what it was nor what it should be.
    #[error("{0} was changed meanwhile; the migration stopped")]
    Meanwhile(String),
    /// A folder or a link is where a file should be.
    #[error("{0}: something else is in its place")]
    InItsPlace(String),
    /// The proof at the end failed.
    #[error("{path} is staged as {state}, which is wrong; nothing was committed")]
    Staged {
        /// The file.
        path: String,
        /// How it is staged.
        state: &'static str,
    },
    /// Everything is staged, and git makes no commit.
    #[error(transparent)]
    Commit(GitError),
}

impl<E: Into<CloneError>> From<E> for MigrateError {
    fn from(error: E) -> Self {
        Self::Clone(error.into())
    }
}

/// A user of the tool to whom nothing can be granted now.
#[derive(Debug)]
pub struct LeftOut {
    /// Of their certificate; or the recipient, where it is of another kind. With the name that goes with it.
    pub fingerprint: String,
    /// What the keys are called that they could use.
    pub keys: Vec<KeyName>,
    /// Why nothing can be granted.
    pub why: String,
    /// Whether the user's word that it is the right certificate is all that is missing.
    pub unproven: bool,
}

/// Why a key of git-crypt cannot have a name here.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    /// It is another key's.
    #[error("this repository already has a key '{0}', in .shroud/{0}")]
    Taken(KeyName),
    /// It has another meaning.
    #[error("'{0}' is the form of name that a key has which was set aside")]
    Aside(KeyName),
    /// Two keys of the tool would have it.
    #[error("the keys '{other}' and '{old}' would both be called '{new}'")]
    Twice {
        /// One of them.
        other: Name,
        /// The other.
        old: Name,
        /// The name.
        new: KeyName,
    },
}

fn changed(number: usize) -> String {
    if number == 1 {
        "a file that the migration concerns has".to_owned()
    } else {
        format!("{number} files that the migration concerns have")
    }
}
