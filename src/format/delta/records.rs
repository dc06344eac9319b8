//! Chunks as records: compressed, padded, sealed, their lengths masked (format.md 2.3).

use std::collections::HashMap;
use std::io::{self, Read, Write};

use aes::Aes256;
use aes::cipher::{Array, BlockCipherEncrypt};
use aes_gcm::aead::AeadInOut;
use aes_gcm_siv::Aes256GcmSiv;
use sha2::{Digest, Sha256};

use super::cuts::Cutter;
use super::{MAX_CHUNK, MIN_LEN};
use crate::format::OpenError;
use crate::format::deflate::{Deflater, Inflater, Kept};
use crate::format::derive::Key;
use crate::format::padding::padme;
use crate::format::pass::{at_most, end_of};
use crate::format::segments::{TAG_LEN, nonce};
use crate::secret::WipedVec;

/// Bytes of the masked length.
const LENGTH_LEN: usize = 3;
/// Bytes before the ciphertext of a record.
const RECORD_HEAD: usize = TAG_LEN + LENGTH_LEN;
/// Bytes before the payload within the ciphertext.
const PLAIN_HEAD: usize = 4;
/// Bytes of the shortest ciphertext.
const MIN_RECORD: usize = 64;
/// Bytes of the longest ciphertext: a chunk of 65,536 bytes that is not compressed.
const MAX_RECORD: usize = 67_584;
/// How many bytes one byte of a record may stand for.
const MAX_RATIO: usize = 32;
/// The bit of a record's head that says that the payload is DEFLATE.
const COMPRESSED: u32 = 1 << 31;
/// Where the length of the payload begins in a record's head.
const LENGTH_SHIFT: u32 = 14;
/// The largest number of earlier chunks of the same content.
const MAX_BEFORE: u32 = (1 << LENGTH_SHIFT) - 1;
/// Bytes that are read at once.
const READ: usize = 65_536;

/// Bytes of the ciphertext of a record with a payload of `payload` bytes that stands for `chunk` bytes of plaintext.
fn record_len(payload: usize, chunk: usize) -> usize {
    let len = PLAIN_HEAD + payload.max(MIN_RECORD - PLAIN_HEAD).max(chunk.div_ceil(MAX_RATIO));
    padme(len as u64).and_then(|len| usize::try_from(len).ok()).expect("a chunk is short")
}

/// The ciphers of all records of a key.
struct RecordCipher {
    chunk: Aes256GcmSiv,
    length: Aes256,
}

impl RecordCipher {
    fn new(key: &Key) -> Self {
        Self { chunk: key.delta_chunk(), length: key.delta_length() }
    }

    fn mask(&self, tag: &[u8; TAG_LEN]) -> [u8; LENGTH_LEN] {
        let mut block = Array(*tag);
        self.length.encrypt_block(&mut block);
        [block[0], block[1], block[2]]
    }

    /// Makes a record of a plain that is behind [`RECORD_HEAD`] bytes.
    fn seal(&self, record: &mut [u8], last: bool) {
        let (head, plain) = record.split_at_mut(RECORD_HEAD);
        let len = u32::try_from(plain.len()).expect("a record is short").to_be_bytes();
        let tag = self
            .chunk
            .encrypt_inout_detached(&Array(nonce(0, last)), b"", plain.into())
            .expect("a record is far below the limit of the cipher")
            .0;
        head[..TAG_LEN].copy_from_slice(&tag);
        let mask = self.mask(&tag);
        let masked = head[TAG_LEN..].iter_mut().zip(&len[1..]).zip(mask);
        masked.for_each(|((out, byte), mask)| *out = byte ^ mask);
    }
}

/// Cuts plaintext into chunks and writes their records.
pub(in super::super) struct Writer<'s, S> {
    cipher: RecordCipher,
    cutter: Option<Cutter>,
    deflater: Option<Kept<Deflater>>,
    /// How often each chunk stood in this file, by its hash.
    before: HashMap<[u8; 32], u32>,
    length: u64,
    /// Plaintext whose chunk did not end yet, and where it begins.
    pending: WipedVec,
    begin: u64,
    ends: Vec<u64>,
    record: WipedVec,
    sink: &'s mut S,
    written: u64,
}

impl<'s, S: Write> Writer<'s, S> {
    pub(in super::super) fn new(key: &Key, length: u64, compress: bool, sink: &'s mut S) -> Self {
        Self {
            cipher: RecordCipher::new(key),
            cutter: Some(Cutter::new(key.delta_cut(), length)),
            deflater: compress.then(Kept::take),
            before: HashMap::new(),
            length,
            pending: WipedVec::default(),
            begin: 0,
            ends: Vec::new(),
            record: WipedVec::default(),
            sink,
            written: 0,
        }
    }

    /// Reads the whole plaintext.
    ///
    /// # Errors
    /// Those of source and sink; where the plaintext has not the length that was said.
    pub(in super::super) fn write(&mut self, mut source: impl Read) -> io::Result<()> {
        let mut unread = self.length;
        let mut part = WipedVec::zeroed(at_most(unread, READ));
        while unread > 0 {
            let now = at_most(unread, READ);
            source.read_exact(&mut part[..now])?;
            unread -= now as u64;
            self.pending.reserve_wiping(now);
            self.pending.extend_from_slice(&part[..now]);
            if let Some(cutter) = &mut self.cutter {
                cutter.push(&part[..now], &mut self.ends);
            }
            if unread == 0
                && let Some(cutter) = self.cutter.take()
            {
                cutter.finish(&mut self.ends);
            }
            self.write_records()?;
        }
        end_of(&mut source)
    }

    /// Bytes of all records.
    pub(in super::super) fn finish(self) -> io::Result<u64> {
        Ok(self.written)
    }

    fn write_records(&mut self) -> io::Result<()> {
        let mut done = 0;
        for end in std::mem::take(&mut self.ends) {
            let len = at_most(end - self.begin, MAX_CHUNK);
            let chunk = &self.pending[done..done + len];
            self.record.clear();
            push_plain(&mut self.deflater, &mut self.before, chunk, &mut self.record);
            self.cipher.seal(&mut self.record, end == self.length);
            self.sink.write_all(&self.record)?;
            self.written += self.record.len() as u64;
            done += len;
            self.begin = end;
        }
        self.pending.drain(..done);
        Ok(())
    }
}

/// Appends room for the head of a record, and the plain of `chunk`.
fn push_plain(
    deflater: &mut Option<Kept<Deflater>>,
    before: &mut HashMap<[u8; 32], u32>,
    chunk: &[u8],
    record: &mut WipedVec,
) {
    record.reserve_wiping(RECORD_HEAD + MAX_RECORD);
    let from = RECORD_HEAD + PLAIN_HEAD;
    record.resize(from, 0);
    let mut head = 0;
    if let Some(deflater) = deflater
        && deflater.deflate(chunk, record)
    {
        if record_len(record.len() - from, chunk.len()) < record_len(chunk.len(), chunk.len()) {
            head = COMPRESSED;
        } else {
            record.truncate(from);
        }
    }
    if head == 0 {
        record.extend_from_slice(chunk);
    }
    let payload = record.len() - from;
    let earlier = before.entry(Sha256::digest(chunk).into()).or_default();
    head |= u32::try_from(payload).expect("a chunk is short") << LENGTH_SHIFT;
    head |= (*earlier).min(MAX_BEFORE);
    *earlier += 1;
    record[RECORD_HEAD..from].copy_from_slice(&head.to_be_bytes());
    record.resize(RECORD_HEAD + record_len(payload, chunk.len()), 0);
}

/// Opens the records of a file.
///
/// # Errors
/// [`OpenError`]; `Io` for those of source and sink.
pub(in super::super) fn open(
    key: &Key,
    mut source: impl Read,
    mut sink: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), OpenError> {
    let cipher = RecordCipher::new(key);
    let mut inflater = Kept::<Inflater>::take();
    let mut record = WipedVec::zeroed(MAX_RECORD);
    let mut length = 0;
    let mut head = [0; RECORD_HEAD];
    let mut read = fill(&mut source, &mut head)?;
    if read == 0 {
        return Err(OpenError::Truncated);
    }
    while read > 0 {
        let (tag, masked) = head.split_first_chunk::<TAG_LEN>().expect("longer than a tag");
        let mask = cipher.mask(tag);
        let len =
            u32::from_be_bytes([0, masked[0] ^ mask[0], masked[1] ^ mask[1], masked[2] ^ mask[2]])
                as usize;
        if read < RECORD_HEAD || !(MIN_RECORD..=MAX_RECORD).contains(&len) {
            return Err(OpenError::Authentication);
        }
        let tag = *tag;
        let plain = &mut record[..len];
        if fill(&mut source, plain)? < len {
            return Err(OpenError::Authentication);
        }
        read = fill(&mut source, &mut head)?;
        let nonce = Array(nonce(0, read == 0));
        cipher
            .chunk
            .decrypt_inout_detached(&nonce, b"", (&mut *plain).into(), &Array(tag))
            .map_err(|_| OpenError::Authentication)?;
        let chunk = open_plain(plain, &mut inflater)?;
        length += chunk.len() as u64;
        sink(chunk).map_err(OpenError::Io)?;
    }
    if length < MIN_LEN {
        return Err(OpenError::Encoding);
    }
    Ok(())
}

/// The chunk that the plain of a record stands for.
fn open_plain<'p>(plain: &'p [u8], inflater: &'p mut Inflater) -> Result<&'p [u8], OpenError> {
    let (head, rest) = plain.split_first_chunk::<PLAIN_HEAD>().ok_or(OpenError::Encoding)?;
    let head = u32::from_be_bytes(*head);
    let len = (head & !COMPRESSED) >> LENGTH_SHIFT;
    let len = len as usize;
    if len == 0 || len > rest.len() {
        return Err(OpenError::Encoding);
    }
    let (payload, padding) = rest.split_at(len);
    let is_compressed = head & COMPRESSED != 0;
    let chunk = if is_compressed {
        inflater.inflate(payload, MAX_CHUNK).ok_or(OpenError::Encoding)?
    } else {
        payload
    };
    if chunk.is_empty() || chunk.len() > MAX_CHUNK {
        return Err(OpenError::Encoding);
    }
    let expected = record_len(len, chunk.len());
    if is_compressed && expected >= record_len(chunk.len(), chunk.len()) {
        return Err(OpenError::Encoding);
    }
    if plain.len() != expected || padding.iter().any(|&byte| byte != 0) {
        return Err(OpenError::Padding);
    }
    Ok(chunk)
}

/// Reads until the buffer is full or the source ends.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> Result<usize, OpenError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(OpenError::Io(error)),
        }
    }
    Ok(filled)
}
