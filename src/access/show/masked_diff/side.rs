//! One side of a file that differs, opened as far as the held keys allow.

use std::io::Read as _;

use crate::clone::{CloneError, OpenClone};
use crate::config_format::Format;
use crate::error::Context as _;
use crate::format::{self, Header, KeyId, OpenError, Sniff};
use crate::fs::open_regular;
use crate::git::changes::Side;
use crate::git::objects::{self, Blob, IN_MEMORY};
use crate::git_crypt::is_encrypted;
use crate::secret::WipedVec;
use crate::values::{self, Ciphers, OpenValuesError};

/// One side of a file.
pub(super) enum Opening {
    /// It is not there.
    Absent,
    /// It is not sealed. In the worktree that is how it should be.
    Plain { bytes: WipedVec, stored: bool },
    /// It is sealed whole, and opens to this.
    Whole(WipedVec),
    /// It is sealed by value: as it is stored, not opened yet.
    ByValue(Format, WipedVec),
    /// It is sealed whole with a key that is not held.
    Locked { seal: Option<Seal>, why: String },
    /// It cannot be looked at.
    Unknown { why: String, sealed: bool },
}

/// What tells the content of a file that is sealed whole, without its key: equal for equal contents under one key.
#[derive(Clone, Copy)]
pub(super) struct Seal {
    key: KeyId,
    siv: [u8; 32],
}

impl Seal {
    /// Whether two files have the same content; `None` where nothing tells.
    pub(super) fn is_same(self, other: Self) -> Option<bool> {
        (self.key == other.key).then(|| self.siv == other.siv)
    }
}

impl Opening {
    /// Whether it is sealed.
    pub(super) fn is_sealed(&self) -> bool {
        match self {
            Self::Whole(_) | Self::ByValue(..) | Self::Locked { .. } => true,
            Self::Absent | Self::Plain { .. } => false,
            Self::Unknown { sealed, .. } => *sealed,
        }
    }

    /// Reads and opens a side. `format` is what the path's attributes or name say.
    pub(super) fn read(
        opened: &OpenClone,
        (path, format): (&[u8], Option<Format>),
        side: Side,
    ) -> Result<Self, CloneError> {
        let unknown = |why: String| Self::Unknown { why, sealed: false };
        let too_large = || unknown(format!("it is larger than {} MiB", IN_MEMORY >> 20));
        let (bytes, stored) = match side {
            Side::Absent => return Ok(Self::Absent),
            Side::Blob(id) => match objects::read(&opened.repository, id)? {
                Blob::Memory(mut bytes) => {
                    let mut wiped = WipedVec::default();
                    std::mem::swap(&mut *wiped, &mut bytes);
                    (wiped, true)
                }
                Blob::Large => return Ok(too_large()),
                Blob::Missing => {
                    return Ok(unknown("its blob is not in this clone".to_owned()));
                }
            },
            Side::Worktree => {
                let mut file = match open_regular(&opened.top()?.join(OpenClone::native(path)?)) {
                    Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
                        return Ok(unknown("it is not a regular file".to_owned()));
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
                (bytes, false)
            }
        };
        Ok(open(opened, format, bytes, stored))
    }
}

fn open(opened: &OpenClone, format: Option<Format>, bytes: WipedVec, stored: bool) -> Opening {
    if is_encrypted(&bytes) {
        let locked = |why| Opening::Locked { seal: None, why };
        return match opened.git_crypt.open(None, &bytes) {
            Ok((.., bytes)) => Opening::Whole(bytes),
            Err(_) if opened.git_crypt.is_empty() => {
                locked("no git-crypt key is held here".to_owned())
            }
            Err(error) => locked(error.to_string()),
        };
    }
    let damaged = |error: OpenError| Opening::Unknown { why: error.to_string(), sealed: true };
    match format::sniff(&bytes) {
        Sniff::Sealed(id) => {
            match format::open(|id| opened.keyring.by_id(id).map(|entry| &entry.key), &bytes) {
                Ok(bytes) => Opening::Whole(bytes),
                Err(OpenError::UnknownKey(_)) => {
                    let header = Header::parse(&bytes).ok();
                    let seal = header.map(|header| Seal { key: id, siv: *header.siv().bytes() });
                    Opening::Locked { seal, why: not_held(opened, id) }
                }
                Err(error) => damaged(error),
            }
        }
        Sniff::Truncated => damaged(OpenError::Truncated),
        Sniff::UnsupportedVersion(version) => damaged(OpenError::UnsupportedVersion(version)),
        Sniff::NotSealed => open_values(opened, format, bytes, stored),
        Sniff::Empty | Sniff::GitCrypt => Opening::Plain { bytes, stored },
    }
}

fn not_held(opened: &OpenClone, id: KeyId) -> String {
    let key = match opened.known().identify(id) {
        Some((name, generation)) => format!("'{name}' generation {generation}"),
        None => format!("with id {id}"),
    };
    format!("the key {key} is not held here")
}

/// What is sealed by value, or plaintext.
fn open_values(
    opened: &OpenClone,
    format: Option<Format>,
    bytes: WipedVec,
    stored: bool,
) -> Opening {
    if !values::may_hold_tokens(&bytes) {
        return Opening::Plain { bytes, stored };
    }
    if let Some(format) = values::opener(format, &bytes) {
        return Opening::ByValue(format, bytes);
    }
    match values::open(format, &bytes, &mut Ciphers::new(&opened.keyring)) {
        Err(error @ OpenValuesError::Token(..)) => {
            Opening::Unknown { why: error.to_string(), sealed: true }
        }
        _ => Opening::Plain { bytes, stored },
    }
}
