//! From the 32 random bytes of a key to everything that is computed with it (format.md 1).

use std::fmt;
use std::io;

use aes::Aes256;
use aes_gcm::{Aes256Gcm, KeyInit};
use aes_gcm_siv::Aes256GcmSiv;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::HEADER_LEN;
use crate::secret::SecretBytes;

type HmacSha256 = Hmac<Sha256>;

/// Bytes of a key.
pub const KEY_LEN: usize = 32;
/// Bytes of a key id.
pub const KEY_ID_LEN: usize = 16;
/// Bytes of a key id that a sealed value holds.
pub(crate) const PARTIAL_ID_LEN: usize = 8;
/// Bytes of the key that seals single values: two of AES-256.
pub(crate) const VALUES_KEY_LEN: usize = 64;
/// Bytes of a synthetic IV.
pub(super) const SIV_LEN: usize = 32;

const SALT: &[u8] = b"git-shroud/v1";
const INFO_KEY_ID: &[u8] = b"git-shroud/v1/key-id";
const INFO_SIV: &[u8] = b"git-shroud/v1/siv";
const INFO_FILE: &[u8] = b"git-shroud/v1/file";
const INFO_DELTA_CHUNK: &[u8] = b"git-shroud/v1/delta-chunk";
const INFO_DELTA_LENGTH: &[u8] = b"git-shroud/v1/delta-length";
const INFO_DELTA_CUT: &[u8] = b"git-shroud/v1/delta-cut";
const INFO_ROSTER: &[u8] = b"git-shroud/v1/roster";
const INFO_SCAN: &[u8] = b"git-shroud/v1/scan";
const INFO_VALUES: &[u8] = b"git-shroud/v1/values";
const INFO_WRITE_ONLY: &[u8] = b"git-shroud/v1/write-only";

/// The public name of a key: 16 bytes derived from it, in the header of every file that it sealed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; KEY_ID_LEN]);

impl KeyId {
    /// Reads 32 hexadecimal digits in lower case.
    pub fn from_hex(text: &str) -> Option<Self> {
        crate::hex::read(text).map(Self)
    }

    /// An id that is known by its first bytes alone, as a sealed value has it (format.md 8).
    pub fn partial(start: [u8; PARTIAL_ID_LEN]) -> Self {
        let mut id = [0; KEY_ID_LEN];
        id[..PARTIAL_ID_LEN].copy_from_slice(&start);
        Self(id)
    }

    /// Whether it is this id, or all that is known of it is the same.
    pub fn names(self, id: Self) -> bool {
        self == id || self.is_partial() && self.0[..PARTIAL_ID_LEN] == id.0[..PARTIAL_ID_LEN]
    }

    fn is_partial(self) -> bool {
        self.0[PARTIAL_ID_LEN..].iter().all(|byte| *byte == 0)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = if self.is_partial() { PARTIAL_ID_LEN } else { KEY_ID_LEN };
        f.write_str(&crate::hex::lower(&self.0[..known]))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The synthetic IV: HMAC-SHA256 of the whole plaintext.
#[derive(Clone, Copy)]
pub struct Siv(pub(super) [u8; SIV_LEN]);

impl Siv {
    /// The 32 bytes, as they are in a header.
    pub fn bytes(&self) -> &[u8; SIV_LEN] {
        &self.0
    }

    /// Compares in constant time.
    pub(crate) fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// A key: 32 random bytes, used for nothing but deriving (RFC 5869).
pub struct Key {
    bytes: SecretBytes<KEY_LEN>,
    id: KeyId,
    prk: Hkdf<Sha256>,
    siv: HmacSha256,
}

impl Key {
    /// Takes 32 random bytes.
    pub fn new(bytes: SecretBytes<KEY_LEN>) -> Self {
        let prk = Hkdf::<Sha256>::new(Some(SALT), bytes.expose());
        let mut id = KeyId([0; KEY_ID_LEN]);
        prk.expand(INFO_KEY_ID, &mut id.0).expect("16 bytes are fewer than 255 blocks");
        let siv_key: SecretBytes<KEY_LEN> = expand(&prk, &[INFO_SIV]);
        let siv = HmacSha256::new_from_slice(siv_key.expose()).expect("HMAC takes any key length");
        Self { bytes, id, prk, siv }
    }

    /// Makes a key from the given source of randomness.
    ///
    /// # Errors
    /// Whatever the source says when it cannot give 32 bytes.
    pub fn generate<E>(random: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut outcome = Ok(());
        let bytes = SecretBytes::filled(|buffer| outcome = random(buffer));
        outcome.map(|()| Self::new(bytes))
    }

    /// The key's public name.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The 32 bytes themselves, for writing a token.
    pub fn expose(&self) -> &[u8; KEY_LEN] {
        self.bytes.expose()
    }

    /// Whether two keys are the same, in constant time.
    pub fn same_as(&self, other: &Self) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }

    /// Starts the synthetic IV of a plaintext that comes in pieces.
    pub fn siv(&self) -> SivHasher {
        SivHasher(self.siv.clone())
    }

    /// The cipher of the one file that has this header, as version 1 uses it.
    pub(super) fn file_gcm(&self, header: &[u8; HEADER_LEN]) -> Aes256Gcm {
        Aes256Gcm::new(expand::<KEY_LEN>(&self.prk, &[INFO_FILE, header]).expose().into())
    }

    /// The cipher of the one file that has this header, as version 2 uses it.
    pub(super) fn file_gcm_siv(&self, header: &[u8; HEADER_LEN]) -> Aes256GcmSiv {
        Aes256GcmSiv::new(expand::<KEY_LEN>(&self.prk, &[INFO_FILE, header]).expose().into())
    }

    /// What seals the records of version 3.
    pub(super) fn delta_chunk(&self) -> Aes256GcmSiv {
        Aes256GcmSiv::new(expand::<KEY_LEN>(&self.prk, &[INFO_DELTA_CHUNK]).expose().into())
    }

    /// What masks the lengths of the records of version 3.
    pub(super) fn delta_length(&self) -> Aes256 {
        Aes256::new(expand::<KEY_LEN>(&self.prk, &[INFO_DELTA_LENGTH]).expose().into())
    }

    /// What decides where the chunks of version 3 end.
    pub(super) fn delta_cut(&self) -> Aes256 {
        Aes256::new(expand::<KEY_LEN>(&self.prk, &[INFO_DELTA_CUT]).expose().into())
    }

    /// The key that authenticates `.shroud/` (format.md 5).
    pub fn roster(&self) -> RosterKey {
        RosterKey(expand(&self.prk, &[INFO_ROSTER]))
    }

    /// The key that names secret values in allow lists and reports (format.md 7).
    pub fn scan(&self) -> ScanKey {
        ScanKey(expand(&self.prk, &[INFO_SCAN]))
    }

    /// The two halves of the key that seals single values (format.md 8).
    pub(crate) fn values(&self) -> SecretBytes<VALUES_KEY_LEN> {
        expand(&self.prk, &[INFO_VALUES])
    }

    /// The private key of the public key (format.md 8.4).
    pub(super) fn write_only(&self) -> SecretBytes<KEY_LEN> {
        expand(&self.prk, &[INFO_WRITE_ONLY])
    }
}

fn expand<const N: usize>(prk: &Hkdf<Sha256>, info: &[&[u8]]) -> SecretBytes<N> {
    SecretBytes::filled(|out| {
        prk.expand_multi_info(info, out).expect("64 bytes are fewer than 255 blocks");
    })
}

/// Computes a [`Siv`] over plaintext that comes in pieces.
pub struct SivHasher(HmacSha256);

impl SivHasher {
    /// Adds the next piece.
    pub fn update(&mut self, plaintext: &[u8]) {
        self.0.update(plaintext);
    }

    /// The synthetic IV of everything that was added.
    pub fn finish(self) -> Siv {
        Siv(self.0.finalize().into_bytes().into())
    }
}

impl io::Write for SivHasher {
    fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        self.update(plaintext);
        Ok(plaintext.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Authenticates the tracked files of `.shroud/`: HMAC-SHA256.
pub struct RosterKey(SecretBytes<KEY_LEN>);

impl RosterKey {
    fn mac(&self, message: &[u8]) -> HmacSha256 {
        let mut mac =
            HmacSha256::new_from_slice(self.0.expose()).expect("HMAC takes any key length");
        mac.update(message);
        mac
    }

    /// The mac of a message, 32 bytes.
    pub fn sign(&self, message: &[u8]) -> [u8; 32] {
        self.mac(message).finalize().into_bytes().into()
    }

    /// Whether `mac` is the mac of `message`, in constant time.
    pub fn verify(&self, message: &[u8], mac: &[u8]) -> bool {
        self.mac(message).verify_slice(mac).is_ok()
    }
}

/// Names secret values in allow lists and reports: HMAC-SHA256.
pub struct ScanKey(SecretBytes<KEY_LEN>);

impl ScanKey {
    /// One that everybody knows who can read the repository, for a clone that holds no key.
    pub fn from_salt(salt: &[u8; KEY_LEN]) -> Self {
        Self(SecretBytes::new(*salt))
    }

    /// The mac of what the parts are together, 32 bytes.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac =
            HmacSha256::new_from_slice(self.0.expose()).expect("HMAC takes any key length");
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }
}
