//! From the repository to the worktree: every token becomes the value that it seals.

use std::collections::BTreeSet;
use std::ops::Range;

use super::mode;
use super::spots::{Named, Spot, What, spots};
use super::token::{PREFIX, Token, TokenError};
use super::{Ciphers, FORMATS, MAX_SEALED, may_hold_tokens};
use crate::config_format::{Doubt, Format};
use crate::format::KeyId;
use crate::secret::WipedVec;

/// Why the values of a file were not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenValuesError {
    /// The file holds what begins as sealed values do, and does not read.
    #[error("the file holds sealed values and does not read: line {}, {}", .0.line, .0.why)]
    DoesNotRead(Doubt),
    /// A sealed value does not open.
    #[error("{0}: {1}")]
    Token(Named, TokenError),
    /// It is longer than any that sealing writes.
    #[error("the file is larger than 16 MiB")]
    TooLarge,
}

/// What a file with sealed values is.
pub enum Opened {
    /// The file with all its values, and how many of them were sealed.
    Plaintext {
        /// The bytes.
        bytes: WipedVec,
        /// How many were sealed.
        values: usize,
        /// The keys that sealed them.
        keys: BTreeSet<KeyId>,
    },
    /// Values are sealed with keys that are not held, beginning with this one; nothing was opened.
    Locked(KeyId),
    /// No value is sealed.
    NoTokens,
}

/// Opens a file of this format; all of its values, or none. Each must be read again where it stands, as one value under its
/// names: else a part of it could be taken for a comment, and be stored as it is when the file is sealed again.
///
/// # Errors
/// [`OpenValuesError`].
pub fn open_as(
    format: Format,
    bytes: &[u8],
    ciphers: &mut Ciphers<'_>,
) -> Result<Opened, OpenValuesError> {
    if bytes.len() > MAX_SEALED {
        return Err(OpenValuesError::TooLarge);
    }
    let document = mode::read(format, bytes).map_err(OpenValuesError::DoesNotRead)?;
    let spots = spots(format, &document, None).map_err(OpenValuesError::DoesNotRead)?;
    let mut tokens = Vec::new();
    for spot in spots.iter().filter(|spot| spot.what == What::Token) {
        let token = read(format, bytes, spot).map_err(|why| broken(spot, why))?;
        tokens.push((spot, token));
    }
    if tokens.is_empty() {
        return Ok(Opened::NoTokens);
    }
    if let Some((_, token)) = tokens.iter().find(|(_, token)| ciphers.held(token.key()).is_none()) {
        return Ok(Opened::Locked(token.key()));
    }
    let mut plaintext = WipedVec::with_capacity(bytes.len());
    let mut keys = BTreeSet::new();
    let mut at = 0;
    let mut sealed = tokens.iter().peekable();
    let mut written = Vec::with_capacity(spots.len());
    for spot in &spots {
        plaintext.reserve_wiping(spot.range.end - at);
        plaintext.extend_from_slice(&bytes[at..spot.range.start]);
        at = spot.range.end;
        let start = plaintext.len();
        match sealed.next_if(|(of, _)| std::ptr::eq(*of, spot)) {
            None => plaintext.extend_from_slice(&bytes[spot.range.clone()]),
            Some((_, token)) => {
                let Some(held) = ciphers.held(token.key()) else { continue };
                let raw = ciphers.of(&held.key).open(token, &spot.place);
                let raw = raw.map_err(|why| broken(spot, why))?;
                keys.insert(token.key());
                plaintext.reserve_wiping(raw.len());
                plaintext.extend_from_slice(&raw);
            }
        }
        written.push((spot, start..plaintext.len()));
    }
    plaintext.reserve_wiping(bytes.len() - at);
    plaintext.extend_from_slice(&bytes[at..]);
    if let Some(line) = not_read_again(format, &plaintext, &written) {
        // What was moved is a sealed value: the first on that line or behind it, else the last.
        let moved = tokens.iter().find(|(spot, _)| spot.item.line >= line);
        let (spot, _) = moved.unwrap_or(&tokens[tokens.len() - 1]);
        return Err(broken(spot, TokenError::Place));
    }
    Ok(Opened::Plaintext { bytes: plaintext, values: tokens.len(), keys })
}

/// The line of the first value that is not read again where it was written, under the names that it had.
pub(super) fn not_read_again(
    format: Format,
    bytes: &[u8],
    written: &[(&Spot<'_>, Range<usize>)],
) -> Option<usize> {
    let first = written.first().map_or(1, |(spot, _)| spot.item.line);
    let Ok(document) = mode::read(format, bytes) else { return Some(first) };
    let Ok(again) = spots(format, &document, None) else { return Some(first) };
    let mut again = again.iter();
    for (spot, range) in written {
        match again.next() {
            Some(found) if found.range == *range && found.place == spot.place => {}
            _ => return Some(spot.item.line),
        }
    }
    again.next().map(|_| first)
}

/// Opens a file in the format that it is meant to have alone, if that is known. What opens in another may not be written to the worktree,
/// as sealing it again would find other values. Else as [`open`], this one first.
///
/// # Errors
/// As [`open`].
pub fn open_in(
    meant: Option<Format>,
    likeliest: Option<Format>,
    bytes: &[u8],
    ciphers: &mut Ciphers<'_>,
) -> Result<Opened, OpenValuesError> {
    match meant {
        _ if !may_hold_tokens(bytes) => Ok(Opened::NoTokens),
        Some(format) => open_as(format, bytes, ciphers),
        None => open(likeliest, bytes, ciphers),
    }
}

/// As [`open_as`], where the format may be this one or is not known: sealed values open in the right one alone.
///
/// # Errors
/// That of the format that is named; else of the first in which the file reads.
pub fn open(
    format: Option<Format>,
    bytes: &[u8],
    ciphers: &mut Ciphers<'_>,
) -> Result<Opened, OpenValuesError> {
    if !may_hold_tokens(bytes) {
        return Ok(Opened::NoTokens);
    }
    let mut first = None;
    // As in a comment: where the file reads as it should, what else could be in it counts only if it opens.
    let mut has_none = false;
    for (at, candidate) in likeliest_first(format, bytes).enumerate() {
        match open_as(candidate, bytes, ciphers) {
            Ok(Opened::NoTokens) => has_none |= at == 0 && format.is_some(),
            Ok(opened) => return Ok(opened),
            Err(error) => {
                let better = matches!(first, Some(OpenValuesError::DoesNotRead(_)))
                    && matches!(error, OpenValuesError::Token(..));
                if first.is_none() || better {
                    first = Some(error);
                }
            }
        }
    }
    match first {
        Some(error) if !has_none => Err(error),
        _ => Ok(Opened::NoTokens),
    }
}

/// The first format in which the values of a file may be sealed. Where no name tells it, others may read the file too, under
/// other names: only a key tells which one it is.
pub fn opener(format: Option<Format>, bytes: &[u8]) -> Option<Format> {
    openers(format, bytes).next()
}

/// All formats, the likeliest first: what a name or an attribute tells, then those whose readers find the most sealed values. One that
/// finds fewer might open a part of the file.
fn likeliest_first(format: Option<Format>, bytes: &[u8]) -> impl Iterator<Item = Format> {
    let others = move || {
        let others = FORMATS.into_iter().filter(move |other| Some(*other) != format);
        let mut others: Vec<(usize, Format)> =
            others.map(|other| (count_tokens(other, bytes), other)).collect();
        others.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        others.into_iter().map(|(_, other)| other)
    };
    format.into_iter().chain(std::iter::once_with(others).flatten())
}

fn count_tokens(format: Format, bytes: &[u8]) -> usize {
    let Ok(document) = mode::read(format, bytes) else { return 0 };
    let Ok(spots) = spots(format, &document, None) else { return 0 };
    spots.iter().filter(|spot| spot.what == What::Token).count()
}

/// All formats in which the values of a file may be sealed.
pub(super) fn openers(format: Option<Format>, bytes: &[u8]) -> impl Iterator<Item = Format> {
    likeliest_first(format, bytes).filter(|&format| {
        let Ok(document) = mode::read(format, bytes) else { return false };
        spots(format, &document, None).is_ok_and(|spots| {
            let mut tokens = spots.iter().filter(|spot| spot.what == What::Token).peekable();
            tokens.peek().is_some() && tokens.all(|spot| read(format, bytes, spot).is_ok())
        })
    })
}

/// The token at a spot, if it is written as sealing writes it.
pub(super) fn read(format: Format, bytes: &[u8], spot: &Spot<'_>) -> Result<Token, TokenError> {
    let raw = &bytes[spot.range.clone()];
    let bare = match mode::quotes(format) {
        true => raw.strip_prefix(b"\"").and_then(|raw| raw.strip_suffix(b"\"")),
        false => Some(raw),
    };
    let token = Token::parse(bare.ok_or(TokenError::NotToken)?)?;
    match token.is_quoted() == mode::quotes(format) {
        true => Ok(token),
        false => Err(TokenError::Flags(token.flags())),
    }
}

pub(super) fn broken(spot: &Spot<'_>, why: TokenError) -> OpenValuesError {
    OpenValuesError::Token(spot.named(), why)
}

/// What looks like a token, wherever it is: a test that needs no reader.
pub fn tokens(bytes: &[u8]) -> impl Iterator<Item = Token> {
    memchr::memmem::find_iter(bytes, PREFIX.as_bytes()).filter_map(|at| {
        let rest = &bytes[at + PREFIX.len()..];
        let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let len = rest.iter().position(|byte| !is_sign(byte)).unwrap_or(rest.len());
        Token::parse(&bytes[at..at + PREFIX.len() + len]).ok()
    })
}

/// The keys that what looks like a token names.
pub fn named_keys(bytes: &[u8]) -> BTreeSet<KeyId> {
    tokens(bytes).map(|token| token.key()).collect()
}
