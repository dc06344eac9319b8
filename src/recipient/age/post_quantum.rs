//! Post-quantum recipients of age, `age1pq1…` (C2SP, age, "mlkem768x25519"): HPKE (RFC 9180) in base mode with the KEM
//! MLKEM768-X25519 (X-Wing), HKDF-SHA256 and ChaCha20-Poly1305.

use std::collections::HashSet;

use ::age::secrecy::ExposeSecret as _;
use ::age::{DecryptError, EncryptError};
use age_core::format::{FileKey, Stanza};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Checksum, Hrp};
use chacha20poly1305::aead::AeadInPlace as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _};
use ml_kem::kem::{Decapsulate as _, KeyExport as _};
use ml_kem::{DecapsulationKey768, EncapsulationKey768};
use sha3::{Digest as _, Sha3_256};
use shake::digest::{ExtendableOutput as _, Update as _, XofReader as _};
use x25519_dalek::{PublicKey as Point, StaticSecret};
use zeroize::Zeroizing;

use super::file::POST_QUANTUM as STANZA;
use crate::format::key_schedule;
use crate::secret::SecretBytes;

/// How a recipient begins.
pub(super) const BEGIN: &str = "age1pq1";
/// With what recipients and identities are written.
pub(super) const RECIPIENT_HRP: &str = "age1pq";
pub(super) const IDENTITY_HRP: &str = "AGE-SECRET-KEY-PQ-";
/// What a file key is wrapped for (`info`).
const INFO: &[u8] = b"age-encryption.org/mlkem768x25519";
/// "HPKE", MLKEM768-X25519, HKDF-SHA256, ChaCha20-Poly1305.
const SUITE: &[u8] = b"HPKE\x64\x7a\x00\x01\x00\x03";
/// What X-Wing hashes behind the secrets.
const LABEL: &[u8] = br"\.//^\";
/// Files that only such recipients open are not encrypted to others too (age, "labels").
const LABEL_OF_FILES: &str = "postquantum";

/// Bytes of a key of ML-KEM-768, of what it sends, and of the same of X25519 (FIPS 203, RFC 7748).
pub(super) const ML_KEM_KEY_LEN: usize = 1184;
pub(super) const ML_KEM_SENT_LEN: usize = 1088;
pub(super) const POINT_LEN: usize = 32;
/// Bytes of a sealed file key: it, and the tag.
const SEALED_LEN: usize = 16 + 16;

/// A recipient whose text was read; the key of ML-KEM is checked.
pub(super) struct Recipient {
    ml_kem: EncapsulationKey768,
    point: [u8; POINT_LEN],
}

/// An identity: the seed of both secret keys.
pub(super) struct Identity(SecretBytes<32>);

/// Bech32 of any length: an age recipient has more characters than its checksum is for.
pub(super) enum Long {}

impl Checksum for Long {
    type MidstateRepr = <Bech32 as Checksum>::MidstateRepr;
    type CorrectionField = <Bech32 as Checksum>::CorrectionField;
    const ROOT_GENERATOR: Self::CorrectionField = Bech32::ROOT_GENERATOR;
    const ROOT_EXPONENTS: core::ops::RangeInclusive<usize> = Bech32::ROOT_EXPONENTS;
    const CODE_LENGTH: usize = 1 << 12;
    const CHECKSUM_LENGTH: usize = Bech32::CHECKSUM_LENGTH;
    const GENERATOR_SH: [Self::MidstateRepr; 5] = Bech32::GENERATOR_SH;
    const TARGET_RESIDUE: Self::MidstateRepr = Bech32::TARGET_RESIDUE;
}

impl Recipient {
    /// Reads `age1pq1…`; `None` where it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let read = CheckedHrpstring::new::<Long>(text).ok()?;
        if read.hrp().as_str() != RECIPIENT_HRP {
            return None;
        }
        let bytes: Vec<u8> = read.byte_iter().collect();
        let (ml_kem, point) = bytes.split_at_checked(ML_KEM_KEY_LEN)?;
        let ml_kem = EncapsulationKey768::new(ml_kem.try_into().ok()?).ok()?;
        Some(Self { ml_kem, point: point.try_into().ok()? })
    }

    /// Its text.
    pub(super) fn text(&self) -> String {
        let bytes = [&self.ml_kem.to_bytes()[..], &self.point].concat();
        let hrp = Hrp::parse_unchecked(RECIPIENT_HRP);
        bech32::encode_lower::<Long>(hrp, &bytes).expect("it is not too long")
    }
}

impl ::age::Recipient for Recipient {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let random = || -> Result<Zeroizing<[u8; 32]>, EncryptError> {
            let mut bytes = Zeroizing::new([0; 32]);
            getrandom::fill(&mut *bytes)
                .map_err(|error| EncryptError::Io(std::io::Error::other(error.to_string())))?;
            Ok(bytes)
        };
        let (sent, shared) = self.ml_kem.encapsulate_deterministic(&(*random()?).into());
        let secret = StaticSecret::from(*random()?);
        let point = Point::from(&secret).to_bytes();
        let of_points = secret.diffie_hellman(&Point::from(self.point));
        let shared = combine(&shared, of_points.as_bytes(), &point, &self.point);
        let mut sealed = file_key.expose_secret().to_vec();
        let (cipher, nonce) = cipher(&shared);
        cipher
            .encrypt_in_place(nonce.expose().into(), b"", &mut sealed)
            .expect("a file key is short");
        let sent = BASE64_STANDARD_NO_PAD.encode([&sent[..], &point].concat());
        let stanza = Stanza { tag: STANZA.to_owned(), args: vec![sent], body: sealed };
        Ok((vec![stanza], HashSet::from([LABEL_OF_FILES.to_owned()])))
    }
}

impl Identity {
    /// Reads `AGE-SECRET-KEY-PQ-1…`; `None` where it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let read = CheckedHrpstring::new::<Bech32>(text).ok()?;
        let is_meant = read.hrp().as_str() == IDENTITY_HRP && text == text.to_ascii_uppercase();
        if !is_meant || read.byte_iter().len() != 32 {
            return None;
        }
        Some(Self(SecretBytes::filled(|seed| {
            seed.iter_mut().zip(read.byte_iter()).for_each(|(to, byte)| *to = byte);
        })))
    }

    /// Both secret keys.
    fn keys(&self) -> (DecapsulationKey768, StaticSecret) {
        let mut seeds = Zeroizing::new([0; 96]);
        let mut hash = shake::Shake256::default();
        hash.update(self.0.expose());
        hash.finalize_xof().read(&mut *seeds);
        let (ml_kem, point) = seeds.split_at(64);
        let ml_kem = DecapsulationKey768::from_seed(ml_kem.try_into().expect("64 bytes"));
        let mut secret = Zeroizing::new([0; 32]);
        secret.copy_from_slice(point);
        (ml_kem, StaticSecret::from(*secret))
    }

    /// To whom is encrypted what this opens.
    pub(super) fn recipient(&self) -> Recipient {
        let (ml_kem, secret) = self.keys();
        let point = Point::from(&secret).to_bytes();
        Recipient { ml_kem: ml_kem.encapsulation_key().clone(), point }
    }

    fn open(&self, stanza: &Stanza) -> Option<FileKey> {
        let sent = BASE64_STANDARD_NO_PAD.decode(stanza.args.first()?).ok()?;
        let (ml_kem_sent, point) = sent.split_at_checked(ML_KEM_SENT_LEN)?;
        let point: [u8; POINT_LEN] = point.try_into().ok()?;
        let (ml_kem, secret) = self.keys();
        let shared = ml_kem.decapsulate(ml_kem_sent.try_into().ok()?);
        let of_points = secret.diffie_hellman(&Point::from(point));
        let own = Point::from(&secret).to_bytes();
        let shared = combine(&shared, of_points.as_bytes(), &point, &own);
        let (cipher, nonce) = cipher(&shared);
        let mut opened = Zeroizing::new(stanza.body.clone());
        cipher.decrypt_in_place(nonce.expose().into(), b"", &mut *opened).ok()?;
        Some(FileKey::init_with_mut(|key| key.copy_from_slice(&opened)))
    }
}

impl ::age::Identity for Identity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        if stanza.tag != STANZA {
            return None;
        }
        // age demands both: else what a header holds could be of any size.
        if stanza.args.len() != 1 || stanza.body.len() != SEALED_LEN {
            return Some(Err(DecryptError::InvalidHeader));
        }
        // Another recipient's looks as one that was changed.
        self.open(stanza).map(Ok)
    }
}

/// X-Wing's combiner: the secrets of both, and what was sent to which point.
fn combine(ml_kem: &[u8], of_points: &[u8], sent: &[u8], receiver: &[u8]) -> SecretBytes<32> {
    let mut hash = Sha3_256::new();
    for part in [ml_kem, of_points, sent, receiver, LABEL] {
        sha3::Digest::update(&mut hash, part);
    }
    SecretBytes::filled(|shared| shared.copy_from_slice(&hash.finalize()))
}

/// The cipher and nonce of the only message.
fn cipher(shared: &SecretBytes<32>) -> (ChaCha20Poly1305, SecretBytes<12>) {
    let (key, nonce) = key_schedule(SUITE, shared, INFO);
    (ChaCha20Poly1305::new(key.expose().into()), nonce)
}
