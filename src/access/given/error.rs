//! Why a key that was given, or that `.shroud/` describes, is not taken.

use crate::clone::CloneError;
use crate::format::KeyId;
use crate::keyring::{InsertError, KeyName};
use crate::store::backup::BackupError;
use crate::store::shroud_dir::RetiredError;

/// Why a key that was given, or that `.shroud/` describes, is not taken.
#[derive(Debug, thiserror::Error)]
pub enum GivenError {
    /// The clone, git or a file cannot be read or written.
    #[error(transparent)]
    Clone(CloneError),
    /// A backup cannot be read.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The keys of git-crypt are not kept among this program's own.
    #[error("this is a git-crypt key, not a git-shroud key")]
    OfGitCrypt,
    /// A key would be typed, and seen.
    #[error("standard input is a terminal, where the key would be visible")]
    Terminal,
    /// Another key is held in the place of one that was given.
    #[error("{place}: {source}; nothing was changed")]
    Held {
        /// Where the key comes from.
        place: String,
        /// What is held.
        source: InsertError,
    },
    /// Files here are sealed with another key.
    #[error(
        "this key does not belong here: '{name}' has the id {id}, and files here are sealed with {other}"
    )]
    Foreign {
        /// What the key is called.
        name: KeyName,
        /// Its id.
        id: KeyId,
        /// The key that seals here.
        other: KeyId,
    },
    /// Nothing shows that a key belongs here.
    #[error(
        "nothing in this repository is sealed with the key '{name}' (id {id}) or names it, so it may belong elsewhere; nothing was changed"
    )]
    Unproven {
        /// What the key is called.
        name: KeyName,
        /// Its id.
        id: KeyId,
    },
    /// Who wrote the description of a key did not hold it.
    #[error("somebody without the key changed .shroud/{0}/key.toml; nothing was changed")]
    Forged(KeyName),
    /// The retired keys of a description do not open.
    #[error(".shroud/{name}/key.toml: {source}")]
    Retired {
        /// The key that is described.
        name: KeyName,
        /// Why.
        source: RetiredError,
    },
    /// Another key is held in the place of one that is described.
    #[error(".shroud/{name}/key.toml: {source}; nothing was changed")]
    Described {
        /// The key that is described.
        name: KeyName,
        /// What is held.
        source: InsertError,
    },
    /// An older generation is described than is known.
    #[error(
        ".shroud/{name}/key.toml describes generation {generation} of the key '{name}' (id {id}), but {knows} generation {} (id {}): an older key is not taken", known.0, known.1
    )]
    Rollback {
        /// The key that is described.
        name: KeyName,
        /// Its generation.
        generation: u32,
        /// Its id.
        id: KeyId,
        /// Who knows another one.
        knows: &'static str,
        /// The generation that is known, and its id.
        known: (u32, KeyId),
    },
    /// The key that is described does not descend from the one that is known.
    #[error(
        "the key '{name}' in .shroud/{name}/key.toml (id {id}) does not descend from {what}: somebody may have swapped it; nothing was changed"
    )]
    Swapped {
        /// The key that is described.
        name: KeyName,
        /// Its id.
        id: KeyId,
        /// What is known.
        what: String,
        /// Whether the whole history may tell more.
        shallow: bool,
    },
    /// The key is none of those that were expected, and descends from none.
    #[error(
        "the key '{name}' has the id {id}: it is none of those that --expect names, and descends from none of them; nothing was changed"
    )]
    Unexpected {
        /// What the key is called.
        name: KeyName,
        /// Its id.
        id: KeyId,
    },
    /// Earlier descriptions are not here and cannot be had.
    #[error(
        "earlier versions of .shroud/{name}/key.toml are not in this clone and could not be fetched ({why}), so a swapped key cannot be detected; nothing was changed"
    )]
    VersionsMissing {
        /// The key.
        name: KeyName,
        /// Why they cannot be had.
        why: String,
    },
    /// A file to compare with is not here and cannot be had.
    #[error(
        "{path} is not in this shallow clone and could not be fetched, so a swapped key '{name}' cannot be detected; nothing was changed"
    )]
    FileMissing {
        /// The file, safe to show.
        path: String,
        /// The key.
        name: KeyName,
    },
    /// Whether a key descends from what is known cannot be told.
    #[error("{source}")]
    Descent {
        /// The key.
        id: KeyId,
        /// Why.
        source: Box<GivenError>,
    },
    /// A key cannot be kept under another name.
    #[error(transparent)]
    Aside(InsertError),
}

impl<E: Into<CloneError>> From<E> for GivenError {
    fn from(error: E) -> Self {
        Self::Clone(error.into())
    }
}
