//! The public key of a key: who holds no more can seal to it, and opens nothing (format.md 8.4).

use std::fmt;

use x25519_dalek::{PublicKey as Point, StaticSecret};

use super::hpke::{self, POINT_LEN, TAG_LEN};
use super::{Key, KeyId};
use crate::secret::{SecretBytes, WipedVec};

/// Bytes that sealing to a public key adds: a point, and a tag.
pub(crate) const SEALED_TO_LEN: usize = POINT_LEN + TAG_LEN;
const INFO: &[u8] = b"git-shroud/v1/write-only";

/// An X25519 public key to which values are sealed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; POINT_LEN]);

/// Why a text is no public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// It does not have the form.
    #[error("it is not 64 hexadecimal digits")]
    Form,
    /// Everybody could open what is sealed to it.
    #[error("it is a point of low order, which protects nothing")]
    LowOrder,
}

impl PublicKey {
    /// Reads 64 hexadecimal digits in lower case.
    ///
    /// # Errors
    /// [`PublicKeyError`].
    pub fn from_hex(text: &str) -> Result<Self, PublicKeyError> {
        let bytes = crate::hex::read(text).ok_or(PublicKeyError::Form)?;
        match hpke::is_low_order(&bytes) {
            true => Err(PublicKeyError::LowOrder),
            false => Ok(Self(bytes)),
        }
    }

    /// The 32 bytes.
    pub fn bytes(&self) -> &[u8; POINT_LEN] {
        &self.0
    }

    /// Seals a message in place for the holders of the key with this id: what is sent before it, and its tag. `ephemeral` must be
    /// random, and be used once.
    pub(crate) fn seal(
        &self,
        id: KeyId,
        ephemeral: SecretBytes<POINT_LEN>,
        ad: &[u8],
        message: &mut [u8],
    ) -> ([u8; POINT_LEN], [u8; TAG_LEN]) {
        hpke::seal(&self.0, ephemeral, &info(id), ad, message)
            .expect("a point of low order was refused when it was read")
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::hex::lower(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What opens messages that were sealed to the public key.
pub(crate) struct Receiver {
    id: KeyId,
    secret: StaticSecret,
}

impl Receiver {
    fn public(&self) -> PublicKey {
        PublicKey(Point::from(&self.secret).to_bytes())
    }

    /// Opens a message with its tag in place; `None` where it was changed, or sealed for something else.
    pub(crate) fn open(
        &self,
        sent: &[u8; POINT_LEN],
        ad: &[u8],
        message: &mut WipedVec,
    ) -> Option<()> {
        hpke::open(&self.secret, sent, &info(self.id), ad, message)
    }
}

impl Key {
    /// What opens single values that were sealed to the public key.
    pub(crate) fn receiver(&self) -> Receiver {
        Receiver { id: self.id(), secret: StaticSecret::from(*self.write_only().expose()) }
    }

    /// The public key that belongs to it, whether or not a repository has published it.
    pub fn public(&self) -> PublicKey {
        self.receiver().public()
    }
}

fn info(id: KeyId) -> Vec<u8> {
    [INFO, &id.0].concat()
}
