//! Why a clone is not opened.

use crate::access::given::GivenError;
use crate::access::worktree::left::LeftError;
use crate::error::count;
use crate::format::KeyId;
use crate::git_crypt::Name;
use crate::keyring::KeyName;
use crate::recipient::identities::IdentityError;

/// Why a clone is not opened, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// A key is not taken, or the clone, git or a file cannot be read or written.
    #[error(transparent)]
    Given(GivenError),
    /// What unwraps keys cannot be read.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Files were left as they are.
    #[error(transparent)]
    Left(#[from] LeftError),
    /// So many descriptions cannot be read.
    #[error("{} in .shroud cannot be read, so some keys may stay locked", count(*.0, "description"))]
    Malformed(u64),
    /// Only an earlier generation of this key is held, and files are sealed with the current one.
    #[error("files stay sealed: this clone holds only an earlier generation of the key '{0}'")]
    Behind(KeyName),
    /// A file of `.shroud/` is not in this clone, so no grant could be looked for.
    #[error("no key was given, and {0} is not in this clone, so no grant was found")]
    NotHere(String),
    /// A name that was given is no key's.
    #[error("there is no key '{0}' in .shroud or .git-crypt")]
    UnknownName(String),
    /// No key of git-crypt was given, and only git-crypt encrypts here.
    #[error("no git-crypt key was given, and none is held here")]
    NoGitCryptKey,
    /// No key was given, and none is held; the names of those that are described.
    #[error("no key was given, and none is held here{}", of_repository(.0))]
    NoKey(String),
    /// The clone has no address that a pin could name.
    #[error(
        "this clone has no remote with an address, so its keys cannot be pinned; all else is done"
    )]
    NoRemote,
    /// A key of git-crypt opens no file of its name.
    #[error("{place}: this git-crypt key opens no file here that belongs to its name, '{name}'")]
    OpensNothing {
        /// Where it comes from.
        place: String,
        /// What it is called.
        name: Name,
    },
    /// A key of git-crypt differs from the one that was held.
    #[error(
        "{place}: the git-crypt key '{name}' (id {id}) differs from the one that this clone has held under that name (id {other}), so it was not taken: somebody may have swapped it"
    )]
    Differs {
        /// Where it comes from.
        place: String,
        /// What it is called.
        name: Name,
        /// Its id.
        id: KeyId,
        /// The one that was held.
        other: KeyId,
    },
    /// A key of git-crypt does not open files of its name.
    #[error(
        "{place}: the git-crypt key '{name}' (id {id}) does not open {paths}, so it was not taken: somebody may have swapped it, or damaged the files"
    )]
    Closed {
        /// Where it comes from.
        place: String,
        /// What it is called.
        name: Name,
        /// Its id.
        id: KeyId,
        /// The files, safe to show.
        paths: String,
        /// Whether the repository itself holds the key.
        in_repository: bool,
    },
    /// A file to compare with is not here and cannot be had.
    #[error(
        "{path} is not in this clone and could not be fetched, so a swapped git-crypt key '{name}' cannot be detected"
    )]
    FileMissing {
        /// The file, safe to show.
        path: String,
        /// The key.
        name: Name,
    },
    /// Whether a key of git-crypt belongs here cannot be told.
    #[error("{source}")]
    Proof {
        /// The key.
        id: KeyId,
        /// Why.
        source: Box<UnlockError>,
    },
    /// git-crypt encrypts nothing here.
    #[error(
        "{place}: git-crypt encrypts nothing in this repository, so its key may belong elsewhere; nothing was changed"
    )]
    Foreign {
        /// Where the key comes from.
        place: String,
        /// Its id, where it has one.
        id: String,
    },
}

impl<E: Into<GivenError>> From<E> for UnlockError {
    fn from(error: E) -> Self {
        Self::Given(error.into())
    }
}

fn of_repository(names: &str) -> String {
    if names.is_empty() {
        return String::new();
    }
    format!(" (keys of this repository: {names})")
}
