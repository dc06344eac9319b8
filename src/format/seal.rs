//! Plaintext in, sealed bytes out: deterministic, one chunk in memory at a time (format.md 2).

use std::io::{self, Read, Write};

use super::chunks::{CHUNK_LEN, ChunkCipher, TAG_LEN};
use super::derive::{Key, Siv};
use super::header::Header;
use super::padding::padded_len;
use crate::secret::WipedVec;

/// Seals a plaintext that is in memory. The empty file stays empty.
pub fn seal(key: &Key, plaintext: &[u8]) -> Vec<u8> {
    let mut siv = key.siv();
    siv.update(plaintext);
    let length = plaintext.len() as u64;
    let sealed_len = super::sealed_len(length).and_then(|len| usize::try_from(len).ok());
    let mut sealed = Vec::with_capacity(sealed_len.unwrap_or(0));
    seal_stream(key, &siv.finish(), length, plaintext, &mut sealed)
        .expect("reading and writing memory does not fail");
    sealed
}

/// Seals `length` bytes of plaintext, of which `siv` was computed in a first pass.
///
/// The caller answers for the source giving, this second time, the bytes that were hashed.
///
/// # Errors
/// Those of source and sink; `UnexpectedEof` or `InvalidData` where the source has fewer or more than `length` bytes.
pub fn seal_stream(
    key: &Key,
    siv: &Siv,
    length: u64,
    mut source: impl Read,
    mut sink: impl Write,
) -> io::Result<()> {
    if length == 0 {
        return Ok(());
    }
    let padded = padded_len(length).ok_or(io::ErrorKind::FileTooLarge)?;
    let header = Header::new(key.id(), siv);
    let mut cipher = ChunkCipher::new(key.file_cipher(&header.0));

    // The header goes out with the first chunk: one packet for a small file.
    let capacity = at_most(padded, CHUNK_LEN);
    let mut bytes = WipedVec::with_capacity(header.0.len() + capacity + TAG_LEN);
    bytes.extend_from_slice(&header.0);
    let mut chunk_at = bytes.len();
    bytes.extend_from_slice(&length.to_be_bytes());
    let (mut unread, mut unsealed) = (length, padded);
    while unsealed > 0 {
        let chunk_len = at_most(unsealed, CHUNK_LEN);
        let filled = bytes.len();
        let plaintext = at_most(unread, chunk_at + chunk_len - filled);
        bytes.resize(chunk_at + chunk_len, 0);
        source.read_exact(&mut bytes[filled..filled + plaintext])?;
        unread -= plaintext as u64;
        unsealed -= chunk_len as u64;
        cipher.seal(&mut bytes, chunk_at, unsealed == 0);
        sink.write_all(&bytes)?;
        bytes.clear();
        chunk_at = 0;
    }
    match source.read(&mut [0])? {
        0 => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the file grew while it was read")),
    }
}

/// The smaller of the two, as an index.
pub(super) fn at_most(n: u64, limit: usize) -> usize {
    usize::try_from(n).map_or(limit, |n| n.min(limit))
}
