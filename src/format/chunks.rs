//! AES-256-GCM over one stretch of 65,536 bytes (format.md 2).

use aes_gcm::aead::{AeadInOut, array::Array};
use aes_gcm::{Aes256Gcm, Error};

/// Bytes of padded plaintext in every chunk but the last.
pub const CHUNK_LEN: usize = 65_536;
/// Bytes of the tag behind each chunk.
pub const TAG_LEN: usize = 16;

/// Numbers the chunks of one file and marks the last, as the nonce does.
pub(crate) struct ChunkCipher {
    cipher: Aes256Gcm,
    index: u64,
}

impl ChunkCipher {
    pub(crate) fn new(cipher: Aes256Gcm) -> Self {
        Self { cipher, index: 0 }
    }

    /// u88(chunk index) || u8(1 if last): the index takes bytes 3 to 10, as 2^64 chunks do not exist.
    fn next_nonce(&mut self, last: bool) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&self.index.to_be_bytes());
        nonce[11] = u8::from(last);
        self.index += 1;
        nonce
    }

    /// Encrypts the chunk that begins at `from`, and appends its tag.
    pub(crate) fn seal(&mut self, bytes: &mut Vec<u8>, from: usize, last: bool) {
        let nonce = Array(self.next_nonce(last));
        let tag = self
            .cipher
            .encrypt_inout_detached(&nonce, b"", (&mut bytes[from..]).into())
            .expect("a chunk is far below the limit of AES-GCM");
        bytes.extend_from_slice(&tag);
    }

    /// Verifies the tag at the end of `chunk`, decrypts, and returns the plaintext before it.
    ///
    /// # Errors
    /// The tag does not verify; then `chunk` holds no plaintext.
    pub(crate) fn open<'c>(
        &mut self,
        chunk: &'c mut [u8],
        last: bool,
    ) -> Result<&'c mut [u8], Error> {
        let nonce = Array(self.next_nonce(last));
        let at = chunk.len().checked_sub(TAG_LEN).ok_or(Error)?;
        let (body, tag) = chunk.split_at_mut(at);
        let tag: [u8; TAG_LEN] = (&*tag).try_into().map_err(|_| Error)?;
        self.cipher.decrypt_inout_detached(&nonce, b"", (&mut *body).into(), &Array(tag))?;
        Ok(body)
    }
}
