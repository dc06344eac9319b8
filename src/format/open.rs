//! Sealed bytes in, plaintext out: accepts exactly what sealing writes (format.md 2).

use std::io::{self, Read, Write};

use super::chunks::{CHUNK_LEN, ChunkCipher, TAG_LEN};
use super::derive::Key;
use super::header::{HEADER_LEN, Header};
use super::padding::{LENGTH_FIELD, padded_len};
use super::seal::at_most;
use super::{KeyId, OpenError};
use crate::secret::WipedVec;

/// Opens a sealed file that is in memory.
///
/// # Errors
/// [`OpenError`], one for each way in which bytes are not what sealing writes.
pub fn open<'k>(
    key: impl FnOnce(KeyId) -> Option<&'k Key>,
    sealed: &[u8],
) -> Result<WipedVec, OpenError> {
    let header = Header::parse(sealed)?;
    let key = key(header.key_id()).ok_or(OpenError::UnknownKey(header.key_id()))?;
    // Never grows, so that no reallocation leaves a copy of plaintext behind.
    let mut plaintext = WipedVec::with_capacity(sealed.len());
    open_stream(key, &header, &sealed[HEADER_LEN..], &mut *plaintext)?;
    Ok(plaintext)
}

/// Opens the body that follows `header` and returns the number of plaintext bytes written.
///
/// No plaintext of a chunk is written before its tag is verified. Only `Ok` says that the whole file is sound:
/// after an error what was written must be thrown away.
///
/// # Errors
/// [`OpenError`]; `Io` for those of source and sink.
pub fn open_stream(
    key: &Key,
    header: &Header,
    mut source: impl Read,
    mut sink: impl Write,
) -> Result<u64, OpenError> {
    if key.id() != header.key_id() {
        return Err(OpenError::UnknownKey(header.key_id()));
    }
    let mut cipher = ChunkCipher::new(key.file_cipher(&header.0));
    let mut siv = key.siv();
    let mut chunks = ChunkReader::new(&mut source)?;
    let mut padded = 0u64;
    let mut state: Option<Layout> = None;
    while let Some((chunk, last)) = chunks.next()? {
        let opened = cipher.open(chunk, last).map_err(|_| OpenError::Authentication)?;
        if opened.is_empty() {
            // A chunk is never empty: with one, two byte strings would open to the same plaintext.
            return Err(OpenError::Authentication);
        }
        padded += opened.len() as u64;
        let (layout, content) = match state.take() {
            Some(layout) => (layout, &*opened),
            None => Layout::read(opened)?,
        };
        let (plaintext, padding) = content.split_at(at_most(layout.unwritten, content.len()));
        if padding.iter().any(|&byte| byte != 0) {
            return Err(OpenError::Padding);
        }
        siv.update(plaintext);
        sink.write_all(plaintext).map_err(OpenError::Io)?;
        state = Some(Layout { unwritten: layout.unwritten - plaintext.len() as u64, ..layout });
    }
    let layout = state.ok_or(OpenError::Truncated)?;
    if layout.unwritten > 0 {
        return Err(OpenError::Length);
    }
    if layout.padded != padded {
        return Err(OpenError::Padding);
    }
    if !siv.finish().matches(&header.siv()) {
        return Err(OpenError::Siv);
    }
    Ok(layout.length)
}

/// What the length field announces, and how much of it is still to come.
struct Layout {
    length: u64,
    padded: u64,
    unwritten: u64,
}

impl Layout {
    fn read(first: &[u8]) -> Result<(Self, &[u8]), OpenError> {
        let (field, content) =
            first.split_first_chunk::<LENGTH_FIELD>().ok_or(OpenError::Truncated)?;
        let length = u64::from_be_bytes(*field);
        if length == 0 {
            // The empty file is never sealed: it stands for itself.
            return Err(OpenError::Padding);
        }
        let padded = padded_len(length).ok_or(OpenError::Length)?;
        Ok((Self { length, padded, unwritten: length }, content))
    }
}

/// Cuts the body into chunks and knows which is the last by looking ahead.
struct ChunkReader<R> {
    source: R,
    current: WipedVec,
    ahead: WipedVec,
}

impl<R: Read> ChunkReader<R> {
    fn new(mut source: R) -> Result<Self, OpenError> {
        let ahead = Self::read_chunk(&mut source, WipedVec::default())?;
        Ok(Self { source, current: WipedVec::default(), ahead })
    }

    fn read_chunk(source: &mut R, mut buffer: WipedVec) -> Result<WipedVec, OpenError> {
        buffer.clear();
        let chunk = (CHUNK_LEN + TAG_LEN) as u64;
        source.take(chunk).read_to_end(&mut buffer).map_err(OpenError::Io)?;
        Ok(buffer)
    }

    /// The next chunk with its tag, and whether it is the last.
    fn next(&mut self) -> Result<Option<(&mut [u8], bool)>, OpenError> {
        std::mem::swap(&mut self.current, &mut self.ahead);
        if self.current.is_empty() {
            return Ok(None);
        }
        if self.current.len() < CHUNK_LEN + TAG_LEN {
            self.ahead.clear();
        } else {
            let buffer = std::mem::take(&mut self.ahead);
            self.ahead = Self::read_chunk(&mut self.source, buffer)?;
        }
        Ok(Some((&mut self.current, self.ahead.is_empty())))
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
