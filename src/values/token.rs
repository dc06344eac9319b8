//! A sealed value as text (docs/format.md, section 8): AES-256-SIV under the key of the values, bound to the value's name; or HPKE
//! to the public key of the key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::siv::{AesSiv, TAG_LEN};
use crate::format::{Key, KeyId, PARTIAL_ID_LEN, Receiver, SEALED_TO_LEN, padme};
use crate::secret::WipedVec;

/// What every token begins with.
pub const PREFIX: &str = "shroud.v1.";
pub(super) const ID_LEN: usize = PARTIAL_ID_LEN;
/// Bytes before the tag: of the key's id, and the flags.
const HEAD_LEN: usize = ID_LEN + 1;
const MIN_PADDED: usize = 32;
const MAX_STEPWISE: usize = 128;
/// The flag of a token with double quotes around it that belong to it.
const QUOTED: u8 = 1;
/// The flag of a token that was sealed to the public key.
pub(super) const TO_PUBLIC: u8 = 2;

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It does not begin as a token.
    #[error("it is not a sealed value")]
    NotToken,
    /// It is no base64url without padding, or its last character has bits that nothing uses.
    #[error("the sealed value is damaged: it is not base64url")]
    Encoding,
    /// It is shorter than any, or of a length that none has.
    #[error("the sealed value is damaged: it has a wrong length")]
    Length,
    /// It has a flag that this program does not know, or another than its place asks for.
    #[error("the sealed value has flags ({0}) that are unknown or not those of its place")]
    Flags(u8),
    /// It was changed, or it was sealed under another name or key.
    #[error("the sealed value is damaged, or was moved from another name")]
    Authentication,
    /// It opens, and what is in it would not be one value here, but more or less.
    #[error(
        "what is sealed would be more or less than one value here: it comes from a file of another format, or somebody made it so"
    )]
    Place,
    /// The padding is not the one that sealing writes.
    #[error("the sealed value is damaged: its padding is wrong")]
    Padding,
}

/// Where a value is: what binds a token to its place.
///
/// The names that lead to it, and not the number of a list's element: an element that is put in must change no other.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place(Vec<u8>);

impl Place {
    /// The place of an element of a list that is here, and of what is in it.
    pub fn push_element(&mut self) {
        self.push_name("[]");
    }

    /// The place with this name here.
    pub fn push_name(&mut self, name: &str) {
        let len = u32::try_from(name.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&len.to_be_bytes());
        self.0.extend_from_slice(name.as_bytes());
    }

    pub(super) fn associated(&self, flags: u8) -> Vec<u8> {
        [&[flags][..], &self.0].concat()
    }
}

/// A token as it is written; only its form was looked at.
#[derive(Clone)]
pub struct Token {
    bytes: Vec<u8>,
}

impl Token {
    /// Reads a token, without quotes. Needs no key.
    ///
    /// # Errors
    /// [`TokenError`]: it can be none.
    pub fn parse(text: &[u8]) -> Result<Self, TokenError> {
        let encoded = text.strip_prefix(PREFIX.as_bytes()).ok_or(TokenError::NotToken)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TokenError::Encoding)?;
        if bytes.len() < HEAD_LEN + TAG_LEN + MIN_PADDED {
            return Err(TokenError::Length);
        }
        let added = match bytes[ID_LEN] {
            0 | QUOTED => TAG_LEN,
            flags if flags & !QUOTED == TO_PUBLIC => SEALED_TO_LEN,
            flags => return Err(TokenError::Flags(flags)),
        };
        match bytes.len().checked_sub(HEAD_LEN + added).is_some_and(is_padded_len) {
            true => Ok(Self { bytes }),
            false => Err(TokenError::Length),
        }
    }

    /// The key that it names: as much of its id as a token has.
    pub fn key(&self) -> KeyId {
        let mut start = [0; ID_LEN];
        start.copy_from_slice(&self.bytes[..ID_LEN]);
        KeyId::partial(start)
    }

    /// Whether double quotes around it belong to it.
    pub fn is_quoted(&self) -> bool {
        self.flags() & QUOTED != 0
    }

    /// Whether it was sealed to the public key: whoever did so need not have held the key.
    pub fn is_to_public(&self) -> bool {
        self.flags() & TO_PUBLIC != 0
    }

    /// Bytes of the value with its padding, of a token that was sealed to the public key.
    pub(super) fn to_public_len(&self) -> usize {
        self.bytes.len().saturating_sub(HEAD_LEN + SEALED_TO_LEN)
    }

    pub(super) fn flags(&self) -> u8 {
        self.bytes[ID_LEN]
    }
}

/// The flags of a token that a holder of the key makes.
pub(super) fn flags(quoted: bool) -> u8 {
    if quoted { QUOTED } else { 0 }
}

/// Seals and opens single values with one key.
pub struct Cipher {
    id: KeyId,
    siv: AesSiv,
    receiver: Receiver,
}

impl Cipher {
    /// Derives what seals the values of this key.
    pub fn new(key: &Key) -> Self {
        let siv = AesSiv::new(key.values().expose());
        Self { id: key.id(), siv, receiver: key.receiver() }
    }

    /// The id of the key.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Seals a value as it is written; the same value at the same place gives the same token. Without the quotes.
    pub fn seal(&mut self, raw: &[u8], place: &Place, quoted: bool) -> String {
        let flags = flags(quoted);
        let len = padded_len(raw.len());
        let mut bytes = WipedVec::with_capacity(HEAD_LEN + TAG_LEN + len);
        bytes.extend_from_slice(&self.id.0[..ID_LEN]);
        bytes.push(flags);
        bytes.extend_from_slice(&[0; TAG_LEN]);
        bytes.extend_from_slice(raw);
        bytes.push(0x80);
        bytes.resize(HEAD_LEN + TAG_LEN + len, 0);
        let (head, padded) = bytes.split_at_mut(HEAD_LEN + TAG_LEN);
        head[HEAD_LEN..].copy_from_slice(&self.siv.seal(&[&[flags], &place.0], padded));
        let mut text = String::with_capacity(PREFIX.len() + bytes.len().div_ceil(3) * 4);
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(&*bytes, &mut text);
        text
    }

    /// Opens a token of this key: the value as it is written.
    ///
    /// # Errors
    /// [`TokenError`]; nothing of the value is in it.
    pub fn open(&mut self, token: &Token, place: &Place) -> Result<WipedVec, TokenError> {
        if !token.key().names(self.id) {
            return Err(TokenError::Authentication);
        }
        let mut raw = if token.is_to_public() {
            let sent = &token.bytes[HEAD_LEN..];
            let (sent, sealed) = sent.split_first_chunk().ok_or(TokenError::Length)?;
            let mut raw = WipedVec::with_capacity(sealed.len());
            raw.extend_from_slice(sealed);
            let ad = place.associated(token.flags());
            self.receiver.open(sent, &ad, &mut raw).ok_or(TokenError::Authentication)?;
            raw
        } else {
            let (tag, sealed) = token.bytes[HEAD_LEN..].split_at(TAG_LEN);
            let tag: &[u8; TAG_LEN] = tag.try_into().map_err(|_| TokenError::Length)?;
            let mut raw = WipedVec::with_capacity(sealed.len());
            raw.extend_from_slice(sealed);
            if !self.siv.open(&[&[token.flags()], &place.0], &mut raw, tag) {
                return Err(TokenError::Authentication);
            }
            raw
        };
        let end = raw.iter().rposition(|byte| *byte != 0).ok_or(TokenError::Padding)?;
        if raw[end] != 0x80 || padded_len(end) != raw.len() {
            return Err(TokenError::Padding);
        }
        raw.truncate(end);
        Ok(raw)
    }
}

/// Bytes of a value of `len` bytes with its padding.
pub(super) fn padded_len(len: usize) -> usize {
    let stepwise = (len + 1).next_multiple_of(MIN_PADDED);
    if stepwise <= MAX_STEPWISE {
        return stepwise;
    }
    let padme = padme(len as u64 + 1).and_then(|len| usize::try_from(len).ok());
    stepwise.max(padme.unwrap_or(usize::MAX))
}

/// Whether a value with its padding can have so many bytes.
fn is_padded_len(len: usize) -> bool {
    len > 0 && padded_len(len - 1) == len
}

#[cfg(test)]
#[path = "tests/token.rs"]
mod tests;
