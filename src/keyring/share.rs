//! A key in shares, some of which make it again: Shamir over GF(256) (docs/format.md, section 4).
//!
//! The arithmetic is that of the crate vsss-rs, which was audited; here are only the texts and the checks around it.

use std::convert::Infallible;
use std::fmt::{self, Write as _};

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32m, Hrp};
use vsss_rs::Gf256;
use zeroize::{Zeroize as _, Zeroizing};

use super::described::{self, Described};
pub use super::marks::SHARE as TOKEN_PREFIX;
use super::{Entry, KeyName, token, words};
use crate::format::{KEY_ID_LEN, KEY_LEN, Key, KeyId};
use crate::newer::Newer;
use crate::secret::SecretBytes;

pub(super) const FIRST_LINE: &str = "git-shroud-share v1";
const HRP: &str = "git-shroud-share-";
const VERSION: u8 = 1;
/// Version, threshold, number, shares, generation, key id, value; the name follows.
const FIXED_LEN: usize = 4 + 4 + KEY_ID_LEN + KEY_LEN;
const MAX_NAME_LEN: usize = 64;

/// One share of a key. `threshold` of them make the key, fewer tell nothing about it.
pub struct Share {
    /// The key's name.
    pub key_name: KeyName,
    /// The key's generation.
    pub generation: u32,
    /// The id of the key that the shares make.
    pub key_id: KeyId,
    /// How many shares are needed, from 2.
    pub threshold: u8,
    /// Which share this is, from 1.
    pub number: u8,
    /// How many shares were made.
    pub shares: u8,
    value: SecretBytes<KEY_LEN>,
}

/// Why a key was not split, or shares do not make one. Never holds a token or a word.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// A threshold that makes no sense.
    #[error(
        "the threshold must be from 2 to the number of shares, and there can be at most 255 shares"
    )]
    Threshold,
    /// The source of randomness failed.
    #[error("the operating system provides no random bytes: {0}")]
    Random(String),
    /// The text holds no share.
    #[error("it holds no share of a key")]
    NotAShare,
    /// A character of the token is wrong.
    #[error("the share's checksum does not match: a character is wrong, missing or too many")]
    Damaged,
    /// It is of a later version.
    #[error("{0}")]
    Newer(Newer),
    /// The checksum holds, but what it guards makes no sense.
    #[error("the share is malformed")]
    Malformed,
    /// A line above the words is missing or malformed.
    #[error("the line '{0}' above the words of the share is missing or malformed")]
    Head(&'static str),
    /// The words of the share cannot be read.
    #[error(transparent)]
    Words(#[from] words::WordsError),
    /// The shares are not all of one key and one splitting.
    #[error("the shares belong to different keys, or to different runs of 'key split'")]
    Mixed,
    /// Two shares have one number and differ.
    #[error("two different shares have the number {0}: one of them is wrong")]
    Conflict(u8),
    /// Too few shares.
    #[error("{have} of {need} shares: {} more needed", need - have)]
    TooFew {
        /// How many were given.
        have: u8,
        /// How many are needed.
        need: u8,
    },
    /// Together they make another key.
    #[error("the shares make a different key than they say: one of them is wrong")]
    WrongKey,
}

/// Hands given randomness to vsss-rs, and remembers when there was none.
struct Source<F> {
    fill: F,
    failure: Option<String>,
}

impl<E: fmt::Display, F: FnMut(&mut [u8]) -> Result<(), E>> rand_core::TryRng for Source<F> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        let word = u32::from_le_bytes(bytes);
        bytes.zeroize();
        Ok(word)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        let word = u64::from_le_bytes(bytes);
        bytes.zeroize();
        Ok(word)
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        if let Err(error) = (self.fill)(to) {
            self.failure.get_or_insert(error.to_string());
        }
        Ok(())
    }
}

impl<E: fmt::Display, F: FnMut(&mut [u8]) -> Result<(), E>> rand_core::TryCryptoRng for Source<F> {}

/// Splits a key into `shares` shares, any `threshold` of which make it again.
///
/// # Errors
/// [`ShareError::Threshold`], unless 2 <= threshold <= shares; [`ShareError::Random`].
pub fn split<E: fmt::Display>(
    entry: &Entry,
    threshold: u8,
    shares: u8,
    random: impl FnMut(&mut [u8]) -> Result<(), E>,
) -> Result<Vec<Share>, ShareError> {
    if threshold < 2 || threshold > shares {
        return Err(ShareError::Threshold);
    }
    let mut source = Source { fill: random, failure: None };
    let (need, all) = (usize::from(threshold), usize::from(shares));
    let values = Gf256::split_bytes(need, all, entry.key.expose(), &mut source)
        .map(Zeroizing::new)
        .map_err(|_| ShareError::Threshold)?;
    if let Some(failure) = source.failure {
        return Err(ShareError::Random(failure));
    }
    let share = |value: &Vec<u8>| Share {
        key_name: entry.name.clone(),
        generation: entry.generation,
        key_id: entry.key.id(),
        threshold,
        number: value[0],
        shares,
        value: SecretBytes::filled(|bytes| bytes.copy_from_slice(&value[1..])),
    };
    Ok(values.iter().map(share).collect())
}

/// Makes the key from its shares. The same share twice counts once.
///
/// # Errors
/// [`ShareError`]; the key that is returned has the id that the shares name.
pub fn combine(shares: &[Share]) -> Result<Entry, ShareError> {
    let first = shares.first().ok_or(ShareError::NotAShare)?;
    let mut distinct: Vec<&Share> = Vec::new();
    for share in shares {
        if !share.is_made_with(first) {
            return Err(ShareError::Mixed);
        }
        match distinct.iter().find(|other| other.number == share.number) {
            None => distinct.push(share),
            Some(other) if other.value.expose() == share.value.expose() => {}
            Some(_) => return Err(ShareError::Conflict(share.number)),
        }
    }
    let have = u8::try_from(distinct.len()).expect("a number is one byte");
    if have < first.threshold {
        return Err(ShareError::TooFew { have, need: first.threshold });
    }
    let values = distinct.iter().map(|share| {
        let mut value = Vec::with_capacity(1 + KEY_LEN);
        value.push(share.number);
        value.extend_from_slice(share.value.expose());
        value
    });
    let values = Zeroizing::new(values.collect::<Vec<_>>());
    let bytes = Gf256::combine_bytes(&*values).map_err(|_| ShareError::WrongKey)?;
    let bytes = Zeroizing::new(bytes);
    let key = Key::new(SecretBytes::filled(|key| key.copy_from_slice(&bytes)));
    if key.id() != first.key_id {
        return Err(ShareError::WrongKey);
    }
    Ok(Entry { name: first.key_name.clone(), generation: first.generation, key })
}

/// Whether a text is meant to be a share: it says so, or a line of it begins as the token of one.
pub fn is_meant(text: &str) -> bool {
    described::split(text, FIRST_LINE).is_some() || token_lines(text).next().is_some()
}

/// Reads every share of a text: each line with a token; where there is none, one share in words.
///
/// # Errors
/// [`ShareError`].
pub fn parse(text: &str) -> Result<Vec<Share>, ShareError> {
    let shares = token_lines(text).map(Share::from_token).collect::<Result<Vec<_>, _>>()?;
    if !shares.is_empty() {
        return Ok(shares);
    }
    let (head, body) = described::split(text, FIRST_LINE).ok_or(ShareError::NotAShare)?;
    Share::from_words(head, body).map(|share| vec![share])
}

fn token_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| token::begins_with(line, TOKEN_PREFIX))
}

fn hrp() -> Hrp {
    Hrp::parse(HRP).expect("the human-readable part is printable ASCII")
}

impl Share {
    /// The share as one word of text, which alone carries everything.
    pub fn to_token(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(FIXED_LEN + MAX_NAME_LEN));
        bytes.extend_from_slice(&[VERSION, self.threshold, self.number, self.shares]);
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes.extend_from_slice(&self.key_id.0);
        bytes.extend_from_slice(self.value.expose());
        bytes.extend_from_slice(self.key_name.as_str().as_bytes());
        let mut token = Zeroizing::new(String::with_capacity(256));
        bech32::encode_upper_to_fmt::<Bech32m, _>(&mut *token, hrp(), &bytes)
            .expect("a String takes any text, and a name has 64 bytes at most");
        token
    }

    /// The text of the share: which one it is, its token, and its value in words too if they are wanted.
    pub fn to_text(&self, with_words: bool) -> Zeroizing<String> {
        let described =
            Described { name: self.key_name.clone(), generation: self.generation, id: self.key_id };
        let mut text = Zeroizing::new(String::with_capacity(2048));
        let Self { number, shares, threshold, .. } = self;
        write!(
            text,
            "{FIRST_LINE}\n{}share {number} of {shares}\nthreshold {threshold}\n\n{}\n",
            described.to_lines(),
            *self.to_token()
        )
        .expect("a String takes any text");
        if with_words {
            text.push('\n');
            text.push_str(&words::numbered(self.value.expose()));
        }
        text
    }

    fn from_token(text: &str) -> Result<Self, ShareError> {
        let checked = CheckedHrpstring::new::<Bech32m>(text).map_err(|_| ShareError::Damaged)?;
        let version = checked.byte_iter().next().unwrap_or_default();
        if let Some(newer) = Newer::than("share", VERSION.into(), version.into()) {
            return Err(ShareError::Newer(newer));
        }
        let length = checked.byte_iter().len();
        if !(FIXED_LEN + 1..=FIXED_LEN + MAX_NAME_LEN).contains(&length) {
            return Err(ShareError::Malformed);
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(length));
        bytes.extend(checked.byte_iter());
        let (fixed, name) = bytes.split_at(FIXED_LEN);
        if checked.hrp() != hrp() || fixed[0] != VERSION {
            return Err(ShareError::Malformed);
        }
        let name = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok());
        let generation: [u8; 4] = fixed[4..8].try_into().expect("these are 4 bytes");
        let id = fixed[8..8 + KEY_ID_LEN].try_into().expect("these are 16 bytes");
        let share = Self {
            key_name: name.ok_or(ShareError::Malformed)?,
            generation: u32::from_be_bytes(generation),
            key_id: KeyId(id),
            threshold: fixed[1],
            number: fixed[2],
            shares: fixed[3],
            value: SecretBytes::filled(|to| to.copy_from_slice(&fixed[8 + KEY_ID_LEN..])),
        };
        if !share.is_sound() {
            return Err(ShareError::Malformed);
        }
        // The bits that the last character leaves unused are zero, so a share has one token only.
        if share.to_token().eq_ignore_ascii_case(text) {
            Ok(share)
        } else {
            Err(ShareError::Damaged)
        }
    }

    fn from_words(head: &str, body: &str) -> Result<Self, ShareError> {
        let Described { name, generation, id } =
            Described::parse(head).map_err(ShareError::Head)?;
        let counted = described::field(head, "share").and_then(|text| {
            let (number, shares) = text.split_once(" of ")?;
            Some((described::number(number.trim())?, described::number(shares.trim())?))
        });
        let (number, shares) = counted.ok_or(ShareError::Head("share"))?;
        let threshold = described::field(head, "threshold").and_then(described::number);
        let share = Self {
            key_name: name,
            generation,
            key_id: id,
            threshold: threshold.ok_or(ShareError::Head("threshold"))?,
            number,
            shares,
            value: words::decode_bytes(body)?,
        };
        if share.is_sound() { Ok(share) } else { Err(ShareError::Malformed) }
    }

    fn is_sound(&self) -> bool {
        self.generation >= 1
            && (2..=self.shares).contains(&self.threshold)
            && (1..=self.shares).contains(&self.number)
    }

    fn is_made_with(&self, other: &Self) -> bool {
        self.key_id == other.key_id
            && self.key_name == other.key_name
            && self.generation == other.generation
            && self.threshold == other.threshold
            && self.shares == other.shares
    }
}

#[cfg(test)]
mod tests;
