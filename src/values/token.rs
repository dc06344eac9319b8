//! A sealed value as text (docs/format.md, section 8): AES-256-SIV under the key of the values, bound to the value's name; or HPKE
//! to the public key of the key.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::siv::{AesSiv, TAG_LEN};
use crate::format::{Key, KeyId, PARTIAL_ID_LEN, Receiver, SEALED_TO_LEN, padme};
use crate::newer::Newer;
use crate::secret::WipedVec;

/// What every token begins with.
pub const PREFIX: &str = "shroud.v1.";
/// What a token of any version begins with: `shroud.v`, a number from 1, a dot.
const MARK: &str = "shroud.v";
const VERSION: u32 = 1;
pub(super) const ID_LEN: usize = PARTIAL_ID_LEN;
/// Bytes before the tag: of the key's id, and the flags.
const HEAD_LEN: usize = ID_LEN + 1;
/// The sign of a token's text, behind the prefix, that has the low six bits of the flags.
const FLAGS_SIGN: usize = (ID_LEN + 1) * 8 / 6 - 1;
const MIN_PADDED: usize = 32;
const MAX_STEPWISE: usize = 128;
/// The flag of a token with double quotes around it that belong to it.
const QUOTED: u8 = 1;
/// The flag of a token that was sealed to the public key.
pub(super) const TO_PUBLIC: u8 = 2;

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is of a later version.
    #[error("{0}")]
    Newer(Newer),
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
    #[error(
        "the sealed value has flags ({0}) that are unknown or not those of its place: {upgrade}",
        upgrade = crate::newer::upgrade()
    )]
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

/// The version of a text that begins as a token, in whichever version.
fn version(text: &[u8]) -> Option<u32> {
    let rest = text.strip_prefix(MARK.as_bytes())?;
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let is_number = (1..=9).contains(&digits) && rest[0] != b'0' && rest[digits] == b'.';
    is_number.then(|| std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()).flatten()
}

/// Whether a text begins as a token does, of this version or another.
pub fn begins_as_token(text: &[u8]) -> bool {
    version(text).is_some()
}

/// Whether what begins as a token is anywhere in these bytes.
pub(super) fn holds_token(bytes: &[u8]) -> bool {
    memchr::memmem::find_iter(bytes, MARK.as_bytes()).any(|at| begins_as_token(&bytes[at..]))
}

/// Where a value is: what binds a token to its place.
///
/// The names that lead to it, and not the number of a list's element: an element that is put in must change no other.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place(Vec<u8>);

impl Place {
    /// One with room for names of so many bytes in all, over so many steps.
    pub(super) fn with_capacity(names: usize, steps: usize) -> Self {
        Self(Vec::with_capacity(names + 6 * steps))
    }

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

    /// The names that lead here, as a token's associated data has them.
    pub fn names(&self) -> &[u8] {
        &self.0
    }

    /// Writes what is bound to a token with these flags at this place, over what `to` has.
    pub(super) fn associate(&self, flags: u8, to: &mut Vec<u8>) {
        to.clear();
        to.push(flags);
        to.extend_from_slice(&self.0);
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
        let Some(encoded) = text.strip_prefix(PREFIX.as_bytes()) else {
            let newer =
                Newer::than("sealed value", VERSION.into(), version(text).unwrap_or(0).into());
            return Err(newer.map_or(TokenError::NotToken, TokenError::Newer));
        };
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

    /// As it is written, without quotes.
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&self.bytes))
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
    /// What is bound to the token that is being made or opened.
    associated: Vec<u8>,
    /// The bytes of that token, with the value for a while.
    bytes: WipedVec,
}

impl Cipher {
    /// Derives what seals the values of this key.
    pub fn new(key: &Key) -> Self {
        let siv = AesSiv::new(key.values().expose());
        let (associated, bytes) = <_>::default();
        Self { id: key.id(), siv, receiver: key.receiver(), associated, bytes }
    }

    /// The id of the key.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Seals a value as it is written, and writes the token behind `out`, without quotes. The same value at the same place gives
    /// the same token.
    pub fn seal(&mut self, raw: &[u8], place: &Place, quoted: bool, out: &mut Vec<u8>) {
        let (flags, len) = (flags(quoted), HEAD_LEN + TAG_LEN + padded_len(raw.len()));
        place.associate(flags, &mut self.associated);
        let bytes = &mut self.bytes;
        bytes.clear();
        bytes.reserve_wiping(len);
        bytes.extend_from_slice(&self.id.0[..ID_LEN]);
        bytes.push(flags);
        bytes.extend_from_slice(&[0; TAG_LEN]);
        bytes.extend_from_slice(raw);
        bytes.push(0x80);
        bytes.resize(len, 0);
        let (head, padded) = bytes.split_at_mut(HEAD_LEN + TAG_LEN);
        head[HEAD_LEN..].copy_from_slice(&self.siv.seal(&self.associated, padded));
        encode(bytes, out);
    }

    /// The token of a value, without quotes.
    pub fn token(&mut self, raw: &[u8], place: &Place, quoted: bool) -> String {
        let mut text = Vec::new();
        self.seal(raw, place, quoted, &mut text);
        String::from_utf8(text).expect("base64 is ASCII")
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
            place.associate(token.flags(), &mut self.associated);
            self.receiver
                .open(sent, &self.associated, &mut raw)
                .ok_or(TokenError::Authentication)?;
            raw
        } else {
            let (tag, sealed) = token.bytes[HEAD_LEN..].split_at(TAG_LEN);
            let tag: &[u8; TAG_LEN] = tag.try_into().map_err(|_| TokenError::Length)?;
            let mut raw = WipedVec::with_capacity(sealed.len());
            raw.extend_from_slice(sealed);
            place.associate(token.flags(), &mut self.associated);
            if !self.siv.open(&self.associated, &mut raw, tag) {
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

/// Writes the bytes of a token as text, without quotes.
pub(super) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(PREFIX.as_bytes());
    let start = out.len();
    out.resize(start + (4 * bytes.len()).div_ceil(3), 0);
    let written = URL_SAFE_NO_PAD.encode_slice(bytes, &mut out[start..]);
    written.expect("base64 without padding is as long as the buffer");
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

/// What looks like a token, wherever it is: a test that needs no reader.
pub fn tokens(bytes: &[u8]) -> impl Iterator<Item = Token> {
    let begins = memchr::memmem::find_iter(bytes, PREFIX.as_bytes());
    begins.filter_map(|at| token_at(bytes, at))
}

/// Those of them that were sealed to a public key. The others are not decoded.
pub(super) fn public_tokens(bytes: &[u8]) -> impl Iterator<Item = Token> {
    let begins = memchr::memmem::find_iter(bytes, PREFIX.as_bytes());
    // The low bits of the flags, behind the id of the key, are one sign: 2 and 3 are C and D.
    let may_be =
        |at: &usize| matches!(bytes.get(at + PREFIX.len() + FLAGS_SIGN), Some(b'C' | b'D'));
    let found = begins.filter(may_be).filter_map(|at| token_at(bytes, at));
    found.filter(Token::is_to_public)
}

/// Whether what looks like a token was sealed to a public key.
pub fn has_public(bytes: &[u8]) -> bool {
    public_tokens(bytes).next().is_some()
}

fn token_at(bytes: &[u8], at: usize) -> Option<Token> {
    let rest = &bytes[at + PREFIX.len()..];
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let len = rest.iter().position(|byte| !is_sign(byte)).unwrap_or(rest.len());
    Token::parse(&bytes[at..at + PREFIX.len() + len]).ok()
}

/// The keys that what looks like a token names.
pub fn named_keys(bytes: &[u8]) -> BTreeSet<KeyId> {
    tokens(bytes).map(|token| token.key()).collect()
}

#[cfg(test)]
#[path = "tests/token.rs"]
mod tests;
