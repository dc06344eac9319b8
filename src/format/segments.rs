//! Authenticated encryption of one stretch of 65,536 bytes (format.md 2).

use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::array::Array;
use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::{Aes256Gcm, Error};
use aes_gcm_siv::Aes256GcmSiv;

/// Bytes of padded content in every segment but the last.
pub const SEGMENT_LEN: usize = 65_536;
/// Bytes of the tag behind each segment.
pub const TAG_LEN: usize = 16;

/// Numbers the segments of one file and marks the last, as the nonce does.
pub(crate) struct SegmentCipher<C = Aes256Gcm> {
    cipher: C,
    index: u64,
}

/// The cipher of a file: which one it is, its version says.
pub(super) enum FileCipher {
    /// Version 1.
    Gcm(SegmentCipher<Aes256Gcm>),
    /// Version 2.
    GcmSiv(SegmentCipher<Aes256GcmSiv>),
}

impl FileCipher {
    /// Opens the next segment; see [`SegmentCipher::open`].
    pub(super) fn open<'s>(
        &mut self,
        segment: &'s mut [u8],
        last: bool,
    ) -> Result<&'s mut [u8], Error> {
        match self {
            Self::Gcm(cipher) => cipher.open(segment, last),
            Self::GcmSiv(cipher) => cipher.open(segment, last),
        }
    }
}

/// u88(index) || u8(1 if last): the index takes bytes 3 to 10, as 2^64 segments do not exist.
pub(super) fn nonce(index: u64, last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[3..11].copy_from_slice(&index.to_be_bytes());
    nonce[11] = u8::from(last);
    nonce
}

impl<C: AeadInOut<NonceSize = U12, TagSize = U16>> SegmentCipher<C> {
    pub(crate) fn new(cipher: C) -> Self {
        Self { cipher, index: 0 }
    }

    fn next_nonce(&mut self, last: bool) -> [u8; 12] {
        self.index += 1;
        nonce(self.index - 1, last)
    }

    /// Encrypts the segment that begins at `from`, and appends its tag.
    pub(crate) fn seal(&mut self, bytes: &mut Vec<u8>, from: usize, last: bool) {
        let nonce = Array(self.next_nonce(last));
        let tag = self
            .cipher
            .encrypt_inout_detached(&nonce, b"", (&mut bytes[from..]).into())
            .expect("a segment is far below the limit of the cipher");
        bytes.extend_from_slice(&tag);
    }

    /// Verifies the tag at the end of `segment`, decrypts, and returns the plaintext before it.
    ///
    /// # Errors
    /// The tag does not verify; then `segment` holds no plaintext.
    pub(crate) fn open<'s>(
        &mut self,
        segment: &'s mut [u8],
        last: bool,
    ) -> Result<&'s mut [u8], Error> {
        let nonce = Array(self.next_nonce(last));
        let at = segment.len().checked_sub(TAG_LEN).ok_or(Error)?;
        let (body, tag) = segment.split_at_mut(at);
        let tag: [u8; TAG_LEN] = (&*tag).try_into().map_err(|_| Error)?;
        self.cipher.decrypt_inout_detached(&nonce, b"", (&mut *body).into(), &Array(tag))?;
        Ok(body)
    }
}
