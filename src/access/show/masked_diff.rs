//! What changed in sealed files, without what they hold.

use std::io::Read as _;

use crate::clone::{CloneError, OpenClone};
use crate::config_format::{self, Difference};
use crate::error::Context as _;
use crate::format::{self, KeyId, OpenError, Sniff};
use crate::fs::open_regular;
use crate::git::attributes::Attributes;
use crate::git::changes::{Change, Side};
use crate::git::objects::{self, Blob, IN_MEMORY};
use crate::git_crypt::is_encrypted;
use crate::secret::WipedVec;
use crate::values::{self, Ciphers, OpenValuesError};

/// What can be said of a file.
pub enum FileDifference {
    /// It differs so.
    Differs(Difference),
    /// It is in a merge conflict.
    Unmerged,
    /// It cannot be compared, and why.
    Unknown(String),
}

/// Compares files that are sealed, or should be, on either side of a change; others, and those that do not differ, are left out.
///
/// # Errors
/// A file or the attributes cannot be read. What cannot be opened is a difference of its own.
pub fn compare(
    opened: &OpenClone,
    changed: impl IntoIterator<Item = (Vec<u8>, Change)>,
) -> Result<Vec<(Vec<u8>, FileDifference)>, CloneError> {
    let mut attributes = Attributes::new(&opened.repository)?;
    let mut differences = Vec::new();
    for (path, change) in changed {
        let declared = || Ok::<_, CloneError>(attributes.of(&path)?.is_encrypted());
        if let Some(difference) = judge(opened, &path, &change, declared)? {
            differences.push((path, difference));
        }
    }
    Ok(differences)
}

/// One side of a file, opened.
enum Opening {
    Content { bytes: WipedVec, sealed: bool },
    Closed { why: String, sealed: bool },
}

/// Compares the two sides; `None` where the file is none that should be sealed, or does not differ.
fn judge(
    opened: &OpenClone,
    path: &[u8],
    change: &Change,
    declared: impl FnOnce() -> Result<bool, CloneError>,
) -> Result<Option<FileDifference>, CloneError> {
    let (old, new) = match change {
        Change::Unmerged => return Ok(declared()?.then_some(FileDifference::Unmerged)),
        Change::Between(old, new) => (open(opened, path, *old)?, open(opened, path, *new)?),
    };
    let sealed = [&old, &new].into_iter().any(|side| match side {
        Opening::Content { sealed, .. } | Opening::Closed { sealed, .. } => *sealed,
    });
    if !sealed && !declared()? {
        return Ok(None);
    }
    let (old, new) = match (old, new) {
        (Opening::Closed { why, .. }, _) | (_, Opening::Closed { why, .. }) => {
            return Ok(Some(FileDifference::Unknown(why)));
        }
        (Opening::Content { bytes: old, .. }, Opening::Content { bytes: new, .. }) => (old, new),
    };
    if *old == *new {
        return Ok(None);
    }
    let difference =
        config_format::difference(path, &old, &new).context(|| crate::sanitise::path(path))?;
    Ok(Some(FileDifference::Differs(difference)))
}

fn open(opened: &OpenClone, path: &[u8], side: Side) -> Result<Opening, CloneError> {
    let closed = |why: String| Opening::Closed { why, sealed: false };
    let too_large = || closed(format!("it is larger than {} MiB", IN_MEMORY >> 20));
    let bytes = match side {
        Side::Absent => WipedVec::default(),
        Side::Blob(id) => match objects::read(&opened.repository, id)? {
            Blob::Memory(mut bytes) => {
                let mut wiped = WipedVec::default();
                std::mem::swap(&mut *wiped, &mut bytes);
                wiped
            }
            Blob::Large => return Ok(too_large()),
            Blob::Missing => {
                return Ok(closed("its blob is not in this clone".to_owned()));
            }
        },
        Side::Worktree => {
            let mut file = match open_regular(&opened.top()?.join(OpenClone::native(path)?)) {
                Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
                    return Ok(closed("it is not a regular file".to_owned()));
                }
                opened => opened.context(|| crate::sanitise::path(path))?,
            };
            let len = file.metadata().context(|| crate::sanitise::path(path))?.len();
            if len > IN_MEMORY {
                return Ok(too_large());
            }
            // With room for all of it, so that it is never moved; what is appended meanwhile is left out.
            let mut bytes = WipedVec::with_capacity(usize::try_from(len).unwrap_or(0));
            file.by_ref()
                .take(len)
                .read_to_end(&mut bytes)
                .context(|| crate::sanitise::path(path))?;
            bytes
        }
    };
    if is_encrypted(&bytes) {
        return Ok(match opened.git_crypt.open(None, &bytes) {
            Ok((.., bytes)) => Opening::Content { bytes, sealed: true },
            Err(_) if opened.git_crypt.is_empty() => {
                Opening::Closed { why: "no git-crypt key is held here".to_owned(), sealed: true }
            }
            Err(error) => Opening::Closed { why: error.to_string(), sealed: true },
        });
    }
    let sealed = |error: OpenError| Opening::Closed { why: error.to_string(), sealed: true };
    Ok(match format::sniff(&bytes) {
        Sniff::Sealed(id) => {
            match format::open(|id| opened.keyring.by_id(id).map(|entry| &entry.key), &bytes) {
                Ok(bytes) => Opening::Content { bytes, sealed: true },
                Err(OpenError::UnknownKey(_)) => {
                    Opening::Closed { why: not_held(opened, id), sealed: true }
                }
                Err(error) => sealed(error),
            }
        }
        Sniff::Truncated => sealed(OpenError::Truncated),
        Sniff::UnsupportedVersion(version) => sealed(OpenError::UnsupportedVersion(version)),
        Sniff::NotSealed => open_values(opened, path, bytes),
        Sniff::Empty | Sniff::GitCrypt => Opening::Content { bytes, sealed: false },
    })
}

fn not_held(opened: &OpenClone, id: KeyId) -> String {
    let key = match opened.known().identify(id) {
        Some((name, generation)) => format!("'{name}' generation {generation}"),
        None => format!("with id {id}"),
    };
    format!("the key {key} is not held here")
}

/// What is sealed by value, or plaintext.
fn open_values(opened: &OpenClone, path: &[u8], bytes: WipedVec) -> Opening {
    let format = values::format_of_path(path);
    match values::open(format, &bytes, &mut Ciphers::new(&opened.keyring)) {
        Ok(values::Opened::Plaintext { bytes, .. }) => Opening::Content { bytes, sealed: true },
        Ok(values::Opened::Locked(id)) => {
            Opening::Closed { why: not_held(opened, id), sealed: true }
        }
        Err(error @ OpenValuesError::Token(..)) => {
            Opening::Closed { why: error.to_string(), sealed: true }
        }
        Ok(values::Opened::NoTokens) | Err(_) => Opening::Content { bytes, sealed: false },
    }
}
