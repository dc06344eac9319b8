//! The encrypted file: magic, nonce, AES-256-CTR (docs/format.md, section 6).

use std::io::{self, Read, Write};

use aes::Aes256;
use ctr::Ctr32BE;
use ctr::cipher::{InnerIvInit as _, StreamCipher as _};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

use super::KeyVersion;
use crate::format::GIT_CRYPT_MAGIC;
use crate::secret::WipedVec;

const NONCE_LEN: usize = 12;
/// Bytes before the ciphertext: the magic and the nonce. The ciphertext is as long as the plaintext.
pub const HEADER_LEN: usize = GIT_CRYPT_MAGIC.len() + NONCE_LEN;
/// Bytes that are worked on at once.
const PIECE: usize = 1 << 16;
/// Bytes of the longest plaintext: the low 32 bits of the counter block count blocks of 16 bytes, and must not wrap.
const MAX_LEN: u64 = 1 << 36;

/// Why a file did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It does not begin as git-crypt's files do.
    #[error("it is not encrypted by git-crypt")]
    NotEncrypted,
    /// It ends within the nonce.
    #[error("it begins like a git-crypt file, but is truncated")]
    Truncated,
    /// The nonce is not that of the plaintext: another key encrypted it, or it was changed. The format cannot tell which.
    #[error(
        "it does not open with this git-crypt key: another key encrypted it, or it was changed"
    )]
    Mismatch,
    /// Longer than the format can hold.
    #[error("it is larger than 64 GiB, which git-crypt's format cannot hold")]
    TooLong,
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Whether the beginning of a file, of at least [`HEADER_LEN`] bytes if it has as many, is that of git-crypt's.
///
/// What is shorter than a header is a file like any other: git-crypt encrypts it, whatever it begins with.
pub fn is_encrypted(start: &[u8]) -> bool {
    start.len() >= HEADER_LEN && start.starts_with(GIT_CRYPT_MAGIC)
}

/// Whether the plaintext of a file begins as an encrypted file does: it was encrypted twice.
///
/// Looks at the first bytes alone, so it also says so of a file that is damaged further behind.
pub fn is_encrypted_twice(key: &KeyVersion, start: &[u8]) -> bool {
    let Ok(nonce) = Nonce::read(start) else { return false };
    let mut begin = WipedVec::default();
    begin.extend_from_slice(start[HEADER_LEN..].get(..HEADER_LEN).unwrap_or_default());
    nonce.keystream(key).apply_keystream(&mut begin);
    is_encrypted(&begin)
}

/// The first 12 bytes of HMAC-SHA1 of the plaintext, which are nonce and tag at once.
#[derive(Clone, Copy, Debug)]
pub struct Nonce([u8; NONCE_LEN]);

impl Nonce {
    /// Reads the first [`HEADER_LEN`] bytes of a file.
    ///
    /// # Errors
    /// [`OpenError::NotEncrypted`] and [`OpenError::Truncated`].
    pub fn read(start: &[u8]) -> Result<Self, OpenError> {
        let rest = start.strip_prefix(GIT_CRYPT_MAGIC).ok_or(OpenError::NotEncrypted)?;
        let nonce = rest.first_chunk::<NONCE_LEN>().ok_or(OpenError::Truncated)?;
        Ok(Self(*nonce))
    }

    /// The [`HEADER_LEN`] bytes of a file with this nonce; of an encrypted empty file they are the whole.
    pub fn header(&self) -> [u8; HEADER_LEN] {
        let mut header = [0; HEADER_LEN];
        header[..GIT_CRYPT_MAGIC.len()].copy_from_slice(GIT_CRYPT_MAGIC);
        header[GIT_CRYPT_MAGIC.len()..].copy_from_slice(&self.0);
        header
    }

    /// Whether both are the same, in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// The initial counter block: the nonce, then a count of 0.
    fn keystream<'k>(&self, key: &'k KeyVersion) -> Ctr32BE<&'k Aes256> {
        let mut block = [0; 16];
        block[..NONCE_LEN].copy_from_slice(&self.0);
        let core = ctr::CtrCore::inner_iv_init(&key.cipher, &block.into());
        Ctr32BE::from_core(core)
    }
}

/// Computes a [`Nonce`] over plaintext that comes in pieces.
pub struct NonceHasher(Hmac<Sha1>);

impl NonceHasher {
    /// Begins with the HMAC key of this version.
    pub fn new(key: &KeyVersion) -> Self {
        Self(key.hmac.clone())
    }

    /// Adds the next piece.
    pub fn update(&mut self, plaintext: &[u8]) {
        self.0.update(plaintext);
    }

    /// The nonce of everything that was added.
    pub fn finish(self) -> Nonce {
        let mac = self.0.finalize().into_bytes();
        Nonce(*mac.first_chunk().expect("20 bytes of HMAC-SHA1"))
    }
}

impl Write for NonceHasher {
    fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        self.update(plaintext);
        Ok(plaintext.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Encrypts a plaintext that is in memory. The empty file stays empty.
pub fn seal(key: &KeyVersion, plaintext: &[u8]) -> Vec<u8> {
    let mut hasher = NonceHasher::new(key);
    hasher.update(plaintext);
    let mut blob = Vec::with_capacity(HEADER_LEN + plaintext.len());
    seal_stream(key, &hasher.finish(), plaintext, &mut blob)
        .expect("reading and writing memory does not fail");
    blob
}

/// Encrypts a plaintext whose nonce was computed in a first pass. The empty file stays empty.
///
/// The caller answers for the source giving, this second time, the bytes that were hashed.
///
/// # Errors
/// Those of source and sink; `FileTooLarge` past 64 GiB.
pub fn seal_stream(
    key: &KeyVersion,
    nonce: &Nonce,
    mut source: impl Read,
    mut sink: impl Write,
) -> io::Result<()> {
    let mut keystream = nonce.keystream(key);
    // The header goes out with the first piece: one packet for a small file.
    let mut piece = WipedVec::with_capacity(HEADER_LEN + PIECE);
    piece.extend_from_slice(&nonce.header());
    let mut from = HEADER_LEN;
    let mut length = 0;
    loop {
        let read = (&mut source).take(PIECE as u64).read_to_end(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        length += read as u64;
        if length > MAX_LEN {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        keystream.apply_keystream(&mut piece[from..]);
        sink.write_all(&piece)?;
        piece.clear();
        from = 0;
    }
}

/// Decrypts what follows the [`HEADER_LEN`] first bytes, and returns the length of the plaintext.
///
/// Only `Ok` says that what was written is what was encrypted: the nonce is compared, in constant time, behind the last
/// byte. So the caller reads twice, the first time into nowhere.
///
/// # Errors
/// [`OpenError`].
pub fn open_stream(
    key: &KeyVersion,
    nonce: &Nonce,
    mut source: impl Read,
    mut sink: impl Write,
) -> Result<u64, OpenError> {
    let mut keystream = nonce.keystream(key);
    let mut hasher = NonceHasher::new(key);
    let mut piece = WipedVec::with_capacity(PIECE);
    let mut length = 0;
    loop {
        piece.clear();
        let read = (&mut source).take(PIECE as u64).read_to_end(&mut piece)?;
        if read == 0 {
            break;
        }
        length += read as u64;
        if length > MAX_LEN {
            return Err(OpenError::TooLong);
        }
        keystream.apply_keystream(&mut piece);
        hasher.update(&piece);
        sink.write_all(&piece)?;
    }
    if !hasher.finish().matches(nonce) {
        return Err(OpenError::Mismatch);
    }
    Ok(length)
}
