//! The local keyring, `<common dir>/git-shroud/keyring`, and the keys in the environment (docs/format.md, section 4).

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::agent::AgentError;
use super::keychain::KeychainError;
use super::place::{Place, PlaceError};
use super::unreadable;
use crate::format::KeyId;
use crate::fs::replace;
use crate::fs::{
    Access, Exposure, create_private_dir, read_bounded, read_regular, with_path, write_atomic,
};
use crate::keyring::{KeyName, Keyring, MAX_TEXT_LEN, TextError, holds_secret};

/// Names a key file.
pub const KEYRING_VARIABLE: &str = "GIT_SHROUD_KEYRING";
/// Holds the text of a key file, or a lone token.
pub const KEY_VARIABLE: &str = "GIT_SHROUD_KEY";

/// Why a keyring was not read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The text is not a keyring.
    #[error("{place}: {source}")]
    Text {
        /// The file or variable.
        place: String,
        /// What is wrong with it.
        source: TextError,
    },
    /// The file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is not known where the keys lie.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Keys lie in another place than the configuration says.
    #[error("keys of this clone are in {held}, but shroud.keyring says '{}'", wanted.name())]
    Elsewhere {
        /// Where they are.
        held: Place,
        /// What the configuration says.
        wanted: Place,
    },
    /// The agent does not do what it is asked.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The keychain does not do what it is asked.
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    /// An agent would hold the only copy of a key.
    #[error("the key '{0}' would be in the memory of the agent alone, and be lost with it")]
    OnlyInAgent(KeyName),
    /// Two places hold different keys under one name and generation.
    #[error(
        "the places of this clone's keys hold different keys as '{name}' generation {generation}"
    )]
    Differ {
        /// The name.
        name: KeyName,
        /// The generation.
        generation: u32,
    },
    /// A time was given for keys that are not held for a time.
    #[error("only an agent holds keys for a time, and the keys of this clone belong into {0}")]
    NoTime(Place),
}

impl StoreError {
    /// Whether the keys could not be had from where they should lie.
    pub fn is_of_place(&self) -> bool {
        matches!(self, Self::Place(_) | Self::Elsewhere { .. } | Self::Agent(_) | Self::Keychain(_))
    }
}

/// The folder of this program under git's common folder.
pub fn dir(common_dir: &Path) -> PathBuf {
    common_dir.join("git-shroud")
}

/// Begins the names of temporary files in that folder.
const TEMP_PREFIX: &str = ".git-shroud-";
/// Begins every text of a keyring that is written here.
const HEADER: &[u8] = b"git-shroud-keyring ";

/// Removes keyrings that a killed run was writing. Only under the lock of [`super::exclusive`].
///
/// # Errors
/// One cannot be removed.
pub fn remove_unfinished(common_dir: &Path) -> io::Result<()> {
    let Ok(listed) = fs::read_dir(dir(common_dir)) else { return Ok(()) };
    for entry in listed.filter_map(Result::ok) {
        let is_temporary =
            entry.file_name().to_str().is_some_and(|name| name.starts_with(TEMP_PREFIX));
        // Files of other kinds may be those of a run that needs no lock.
        if is_temporary
            && read_regular(&entry.path(), MAX_TEXT_LEN).is_ok_and(|text| text.starts_with(HEADER))
        {
            replace::remove(entry.path()).map_err(|error| with_path(&entry.path(), &error))?;
        }
    }
    Ok(())
}

/// The file of the local keyring.
pub fn path(common_dir: &Path) -> PathBuf {
    dir(common_dir).join("keyring")
}

/// Reads a key file.
///
/// # Errors
/// It cannot be read, or is not one.
pub fn read(path: &Path) -> Result<Keyring, StoreError> {
    if holds_secret(&path.to_string_lossy()) {
        let message = "a key token was given instead of a file name (not shown)";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message).into());
    }
    parse(&read_bounded(path, MAX_TEXT_LEN)?, &crate::sanitise::native(path))
}

/// Reads a key file's text that came from `place`.
///
/// # Errors
/// It is not one.
pub fn parse(text: &[u8], place: &str) -> Result<Keyring, StoreError> {
    Keyring::parse(text).map_err(|source| StoreError::Text { place: place.to_owned(), source })
}

/// The file of the local keyring, as it is; empty where there is none. [`super::kept`] knows if the keys lie in a file at all.
///
/// # Errors
/// It is there and cannot be read.
pub(super) fn load(common_dir: &Path) -> Result<Keyring, StoreError> {
    match read(&path(common_dir)) {
        Err(StoreError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
            Ok(Keyring::default())
        }
        Err(StoreError::Io(error)) => Err(unreadable::explain(&path(common_dir), error).into()),
        read => read,
    }
}

/// A keyring in another file; empty where there is none.
///
/// # Errors
/// It is there and cannot be read.
pub fn load_file(path: &Path) -> Result<Keyring, StoreError> {
    match read(path) {
        Err(StoreError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
            Ok(Keyring::default())
        }
        read => read,
    }
}

/// Writes the file of the local keyring; an empty one is removed.
///
/// # Errors
/// It cannot be written; then the old one is there still.
pub(super) fn save(common_dir: &Path, keyring: &Keyring) -> Result<(), StoreError> {
    let path = path(common_dir);
    if keyring.is_empty() {
        return match replace::remove(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(with_path(&path, &error).into())
            }
            _ => Ok(()),
        };
    }
    create_private_dir(&dir(common_dir))?;
    Ok(write_atomic(&path, keyring.to_text().as_bytes(), Access::Private)?)
}

fn copied_path(common_dir: &Path) -> PathBuf {
    dir(common_dir).join("copied")
}

/// The ids of the keys that have, or had, a copy elsewhere: taken from outside, or exported.
///
/// # Errors
/// The list is there and cannot be read.
pub fn copied(common_dir: &Path) -> io::Result<BTreeSet<KeyId>> {
    match read_bounded(&copied_path(common_dir), MAX_TEXT_LEN) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        read => {
            let text = read?;
            let lines = std::str::from_utf8(&text).unwrap_or_default().lines();
            Ok(lines.filter_map(KeyId::from_hex).collect())
        }
    }
}

/// Remembers that there is a copy of these keys elsewhere. Ids are no secret.
///
/// # Errors
/// The list cannot be read or written.
pub fn remember_copied(common_dir: &Path, ids: impl IntoIterator<Item = KeyId>) -> io::Result<()> {
    let mut all = copied(common_dir)?;
    let before = all.len();
    all.extend(ids);
    if all.len() == before {
        return Ok(());
    }
    create_private_dir(&dir(common_dir))?;
    let text: String = all.iter().map(|id| format!("{id}\n")).collect();
    write_atomic(&copied_path(common_dir), text.as_bytes(), Access::Private)
}

/// Who may read the local keyring; `None` where there is none.
pub fn exposure(common_dir: &Path) -> Option<Exposure> {
    crate::fs::exposure(&path(common_dir))
}

/// The keyring that the environment gives: a file's or a text. `None` where it gives none.
///
/// # Errors
/// A variable is set and what it gives is not a keyring: never taken for "no key".
pub fn from_environment() -> Result<Option<Keyring>, StoreError> {
    if let Some(path) = set_variable(KEYRING_VARIABLE) {
        return read(Path::new(&path)).map(Some);
    }
    let Some(text) = set_variable(KEY_VARIABLE) else { return Ok(None) };
    let text = Zeroizing::new(text.into_encoded_bytes());
    parse(&text, KEY_VARIABLE).map(Some)
}

fn set_variable(name: &str) -> Option<std::ffi::OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}
