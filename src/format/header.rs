//! The first 56 bytes, and how a sealed file is told from any other (format.md 2).

use super::HEADER_LEN;
use super::derive::{KeyId, Siv};

/// What every version of the format begins with.
pub const MAGIC: &[u8; 7] = b"\0SHROUD";
/// The version of before the first release: read, and written no more.
pub const VERSION_1: u8 = 1;
/// Sealed as a whole: what is written unless another layout was asked for.
pub const WHOLE: u8 = 2;
/// Sealed in records, so that git finds what two versions have in common.
pub const DELTA: u8 = 3;
/// What a git-crypt file begins with.
pub const GIT_CRYPT_MAGIC: &[u8; 10] = b"\0GITCRYPT\0";

/// What the first bytes of a file say it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniff {
    /// No bytes at all; stands for itself, sealed or not.
    Empty,
    /// Bytes that no git-shroud wrote.
    NotSealed,
    /// Begins as git-crypt's files do.
    GitCrypt,
    /// Sealed under the key with this id. Only opening tells whether the rest is sound.
    Sealed(KeyId),
    /// Begins with the magic and is cut off before its header ends.
    Truncated,
    /// Begins with the magic and a version that this program does not know.
    UnsupportedVersion(u8),
}

/// Looks at the beginning of a file; its first [`HEADER_LEN`] bytes are enough.
pub fn sniff(start: &[u8]) -> Sniff {
    if start.is_empty() {
        Sniff::Empty
    } else if start.starts_with(GIT_CRYPT_MAGIC) {
        Sniff::GitCrypt
    } else if !start.starts_with(MAGIC) {
        Sniff::NotSealed
    } else {
        match start.get(MAGIC.len()) {
            None => Sniff::Truncated,
            Some(&version) if !is_known(version) => Sniff::UnsupportedVersion(version),
            Some(_) => match Header::read(start) {
                Some(header) => Sniff::Sealed(header.key_id()),
                None => Sniff::Truncated,
            },
        }
    }
}

fn is_known(version: u8) -> bool {
    (VERSION_1..=DELTA).contains(&version)
}

/// The header of a sealed file, the same in all versions.
#[derive(Clone)]
pub struct Header(pub(super) [u8; HEADER_LEN]);

impl Header {
    pub(super) fn new(version: u8, key_id: KeyId, siv: &Siv) -> Self {
        let mut bytes = [0; HEADER_LEN];
        bytes[..7].copy_from_slice(MAGIC);
        bytes[7] = version;
        bytes[8..24].copy_from_slice(&key_id.0);
        bytes[24..].copy_from_slice(&siv.0);
        Self(bytes)
    }

    /// Reads a header of a version that is known; `None` for anything else.
    fn read(start: &[u8]) -> Option<Self> {
        let bytes: [u8; HEADER_LEN] = start.get(..HEADER_LEN)?.try_into().ok()?;
        (bytes.starts_with(MAGIC) && is_known(bytes[7])).then_some(Self(bytes))
    }

    /// Reads a header of a version that is known, or says why there is none.
    ///
    /// # Errors
    /// [`super::OpenError`]: not sealed, truncated, or of another version.
    pub fn parse(start: &[u8]) -> Result<Self, super::OpenError> {
        match sniff(start) {
            Sniff::Sealed(_) => Self::read(start).ok_or(super::OpenError::Truncated),
            Sniff::Truncated => Err(super::OpenError::Truncated),
            Sniff::UnsupportedVersion(version) => {
                Err(super::OpenError::UnsupportedVersion(version))
            }
            Sniff::Empty | Sniff::NotSealed | Sniff::GitCrypt => Err(super::OpenError::NotSealed),
        }
    }

    /// [`VERSION_1`], [`WHOLE`] or [`DELTA`].
    pub fn version(&self) -> u8 {
        self.0[7]
    }

    /// Which key sealed the file.
    pub fn key_id(&self) -> KeyId {
        KeyId(self.0[8..24].try_into().expect("16 bytes of 56"))
    }

    /// The synthetic IV.
    pub fn siv(&self) -> Siv {
        Siv(self.0[24..].try_into().expect("32 bytes of 56"))
    }
}
