//! Why a backup is not written, or proves nothing.

use crate::access::given::GivenError;
use crate::keyring::KeyName;

/// Why a backup is not written, or proves nothing. Files are safe to show.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The backup, the clone or a file cannot be read or written.
    #[error(transparent)]
    Given(GivenError),
    /// The file is there already.
    #[error("'{0}' exists already")]
    Exists(String),
    /// The name of a file for a picture is that of no picture.
    #[error("'{0}' is no name of a picture")]
    NoPicture(String),
    /// A file that should be a share is a whole key.
    #[error("{0} is not a share")]
    NoShare(String),
    /// There is nothing to open.
    #[error("this repository has no key that a backup could open")]
    NoKey,
    /// A name that was given is no key's.
    #[error("this repository has no key '{0}'")]
    UnknownName(KeyName),
    /// Who wrote the description of a key did not hold it.
    #[error("somebody without the key changed .shroud/{0}/key.toml")]
    Forged(KeyName),
    /// The backup has an earlier generation.
    #[error(
        "{file} holds '{name}' generation {generation}, which is not the current one of {names}"
    )]
    Earlier {
        /// The backup.
        file: String,
        /// What the backup's key is called.
        name: KeyName,
        /// Its generation.
        generation: u32,
        /// The current keys, in quotes.
        names: String,
    },
    /// The backup has other keys.
    #[error("{file} does not open the current key {names} of this repository")]
    Other {
        /// The backup.
        file: String,
        /// The current keys, in quotes.
        names: String,
    },
    /// A file among shares is a backup of its own.
    #[error("{0} is a whole backup, not a share")]
    Whole(String),
}

impl<E: Into<GivenError>> From<E> for ProofError {
    fn from(error: E) -> Self {
        Self::Given(error.into())
    }
}
