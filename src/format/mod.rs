//! The sealed file: what clean writes into the repository (docs/format.md, sections 1 and 2).
//!
//! Two versions are written, [`WHOLE`] and [`DELTA`], and [`VERSION_1`] is read. Knows no file system, clock,
//! environment or process.

mod deflate;
mod delta;
mod derive;
mod form;
mod frames;
mod header;
mod hpke;
mod open;
mod padding;
mod pass;
mod seal;
mod segments;
mod write_only;

use std::io;

pub use delta::MIN_LEN as MIN_DELTA_PLAINTEXT;
pub(crate) use derive::PARTIAL_ID_LEN;
pub use derive::{KEY_ID_LEN, KEY_LEN, Key, KeyId, RosterKey, ScanKey, Siv, SivHasher};
pub use form::Form;
pub use header::{DELTA, GIT_CRYPT_MAGIC, Header, MAGIC, Sniff, VERSION_1, WHOLE, sniff};
pub(crate) use hpke::key_schedule;
pub use open::{open, open_stream, opens_to};
pub use padding::{can_hold, is_cut_off, may_be_sealed, padded_len, padme, sealed_len};
pub use seal::{Layout, Reread, Scratch, Sealing, compressed_len, seal};
pub(crate) use segments::SegmentCipher;
pub use segments::{SEGMENT_LEN, TAG_LEN};
pub use write_only::{PublicKey, PublicKeyError};
pub(crate) use write_only::{Receiver, SEALED_TO_LEN};

use crate::newer::Newer;

/// Bytes of a header: magic, version, key id, synthetic IV.
pub const HEADER_LEN: usize = MAGIC.len() + 1 + KEY_ID_LEN + derive::SIV_LEN;

/// Why bytes were not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The bytes do not begin with the magic.
    #[error("it is not a sealed file")]
    NotSealed,
    /// The file ends inside its header, or right after it.
    #[error("the sealed file is truncated")]
    Truncated,
    /// A version of the format that this program does not know.
    #[error("{}", unsupported(*.0))]
    UnsupportedVersion(u8),
    /// No key with this id is held.
    #[error("no key with id {0} is held")]
    UnknownKey(KeyId),
    /// A tag does not verify: bytes were changed, moved, cut off or appended.
    #[error("the sealed file is damaged: its content does not authenticate")]
    Authentication,
    /// An encoding of the content that this program does not know.
    #[error(
        "the sealed file is encoded in a way ({0}) that this program does not know: {upgrade}",
        upgrade = crate::newer::upgrade()
    )]
    UnsupportedEncoding(u8),
    /// Compressed content, a frame or a record is not what sealing writes.
    #[error("the sealed file is damaged: its compressed content is wrong")]
    Encoding,
    /// The length field names more bytes than the file has.
    #[error("the sealed file is damaged: it is shorter than its length field says")]
    Length,
    /// The padding is not the one that sealing writes.
    #[error("the sealed file is damaged: its padding is wrong")]
    Padding,
    /// The content is not the one that the header commits to.
    #[error("the sealed file is damaged: its content does not match its header")]
    Siv,
    /// Reading or writing failed.
    #[error(transparent)]
    Io(io::Error),
}

impl OpenError {
    /// Whether it is sound, and a newer program opens it.
    pub fn is_newer(&self) -> bool {
        matches!(self, Self::UnsupportedVersion(version) if *version > DELTA)
    }
}

fn unsupported(version: u8) -> String {
    match Newer::than("sealed file", DELTA.into(), version.into()) {
        Some(newer) => newer.to_string(),
        None => format!("the sealed file is damaged: there is no format version {version}"),
    }
}

#[cfg(test)]
mod tests;
