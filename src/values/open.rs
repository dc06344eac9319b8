//! From the repository to the worktree: every token becomes the value that it seals.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::conflict::{self, Side};
use super::mode;
use super::spots::{Named, Spot, What, spots};
use super::token::{Place, Token, TokenError};
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
    /// A value cannot be sealed again to a public key.
    #[error("there are no random numbers: {0}")]
    Random(String),
}

impl OpenValuesError {
    /// Whether it is sound, and a newer program opens it.
    pub fn is_newer(&self) -> bool {
        matches!(self, Self::Token(_, TokenError::Newer(_)))
    }
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
        /// Those that were sealed to a public key, each with its place: sealed again, they must not become ordinary ones.
        received: Vec<(Place, String)>,
    },
    /// Values are sealed with keys that are not held, beginning with this one; nothing was opened.
    Locked(KeyId),
    /// No value is sealed.
    NoTokens,
}

/// The format in which the values of a stored file open, with the plaintext, where that is not this one.
pub fn opened_otherwise(
    format: Format,
    bytes: &[u8],
    ciphers: &mut Ciphers<'_>,
) -> Option<(Format, WipedVec)> {
    let mut opened = |format| match open_as(format, bytes, ciphers) {
        Ok(Opened::Plaintext { bytes, .. }) => Some((format, bytes)),
        _ => None,
    };
    if !may_hold_tokens(bytes) || opened(format).is_some() {
        return None;
    }
    FORMATS.into_iter().filter(|other| *other != format).find_map(opened)
}

/// Opens a file of this format; all of its values, or none, also on the sides of conflicts. Each must be read again where it stands, as one value under its
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
    match conflict::sides(bytes) {
        None => open_one(format, bytes, ciphers, |_| false, None),
        Some(sides) => open_sides(format, bytes, &sides, ciphers),
    }
}

/// As [`open_as`], of a file without conflicts, but for the values that `is_left` names: they stay as they are.
pub(super) fn open_but(
    format: Format,
    bytes: &[u8],
    ciphers: &mut Ciphers<'_>,
    is_left: impl Fn(&Spot<'_>) -> bool,
) -> Result<Opened, OpenValuesError> {
    open_one(format, bytes, ciphers, is_left, None)
}

/// Opens each side of a file with conflicts, and puts its values where the file has them.
fn open_sides(
    format: Format,
    bytes: &[u8],
    sides: &[Side],
    ciphers: &mut Ciphers<'_>,
) -> Result<Opened, OpenValuesError> {
    let mut raws: BTreeMap<usize, (usize, WipedVec)> = BTreeMap::new();
    let mut starts: Vec<BTreeSet<usize>> = Vec::new();
    let (mut all_keys, mut all_received) = (BTreeSet::new(), Vec::new());
    for side in sides {
        let mut here = BTreeSet::new();
        let mut replaced = Vec::new();
        let opened = open_one(format, &side.bytes, ciphers, |_| false, Some(&mut replaced));
        match opened.map_err(|error| in_file(side, error))? {
            Opened::Locked(id) => return Ok(Opened::Locked(id)),
            Opened::NoTokens => {}
            Opened::Plaintext { bytes: plaintext, keys, received, .. } => {
                for (token, raw) in replaced {
                    let Some(place) = side.in_file(&token) else { continue };
                    let mut copy = WipedVec::with_capacity(raw.len());
                    copy.extend_from_slice(&plaintext[raw]);
                    here.insert(place.start);
                    raws.insert(place.start, (place.end, copy));
                }
                all_keys.extend(keys);
                all_received.extend(received);
            }
        }
        starts.push(here);
    }
    if raws.is_empty() {
        return Ok(Opened::NoTokens);
    }
    // Else whoever takes one side could have a value of the other in a comment, which is stored as it is.
    let is_comment = |start: usize, end: usize| {
        let mut sides = sides.iter().zip(&starts);
        sides.any(|(side, here)| side.has(&(start..end)) && !here.contains(&start))
    };
    if let Some((start, _)) = raws.iter().find(|(start, (end, _))| is_comment(**start, *end)) {
        let line = 1 + memchr::memchr_iter(b'\n', &bytes[..*start]).count();
        let why = "on one side of the conflict a sealed value is something else";
        return Err(OpenValuesError::DoesNotRead(Doubt { line, why }));
    }
    let mut plaintext = WipedVec::with_capacity(bytes.len());
    let mut at = 0;
    for (start, (end, raw)) in &raws {
        plaintext.reserve_wiping(start.saturating_sub(at) + raw.len());
        plaintext.extend_from_slice(&bytes[at..*start]);
        plaintext.extend_from_slice(raw);
        at = *end;
    }
    plaintext.reserve_wiping(bytes.len() - at);
    plaintext.extend_from_slice(&bytes[at..]);
    let (values, keys, received) = (raws.len(), all_keys, all_received);
    Ok(Opened::Plaintext { bytes: plaintext, values, keys, received })
}

/// The error of a side, with the line of the file.
fn in_file(side: &Side, mut error: OpenValuesError) -> OpenValuesError {
    match &mut error {
        OpenValuesError::DoesNotRead(doubt) => doubt.line = side.line(doubt.line),
        OpenValuesError::Token(named, _) => named.line = side.line(named.line),
        OpenValuesError::TooLarge | OpenValuesError::Random(_) => {}
    }
    error
}

/// Opens a file without conflicts; puts into `replaced` where each token was, and where its value is.
fn open_one(
    format: Format,
    bytes: &[u8],
    ciphers: &mut Ciphers<'_>,
    is_left: impl Fn(&Spot<'_>) -> bool,
    mut replaced: Option<&mut Vec<(Range<usize>, Range<usize>)>>,
) -> Result<Opened, OpenValuesError> {
    let document = mode::read(format, bytes).map_err(OpenValuesError::DoesNotRead)?;
    let spots = spots(format, &document, None).map_err(OpenValuesError::DoesNotRead)?;
    let mut tokens = Vec::new();
    let sealed = spots.iter().filter(|spot| spot.what == What::Token && !is_left(spot));
    for spot in sealed {
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
    let mut received = Vec::new();
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
                if token.is_to_public() {
                    received.push((spot.place.clone(), token.text()));
                }
                plaintext.reserve_wiping(raw.len());
                plaintext.extend_from_slice(&raw);
                if let Some(replaced) = &mut replaced {
                    replaced.push((spot.range.clone(), start..plaintext.len()));
                }
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
    Ok(Opened::Plaintext { bytes: plaintext, values: tokens.len(), keys, received })
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
    let sides = conflict::sides(bytes);
    // How many there are, if all are sound.
    let count = |format: Format, bytes: &[u8]| {
        let document = mode::read(format, bytes).ok()?;
        let spots = spots(format, &document, None).ok()?;
        let mut tokens = spots.iter().filter(|spot| spot.what == What::Token);
        tokens.try_fold(0, |count, spot| read(format, bytes, spot).is_ok().then_some(count + 1))
    };
    likeliest_first(format, bytes).filter(move |&format| {
        let all: Option<usize> = match &sides {
            None => count(format, bytes),
            Some(sides) => sides.iter().map(|side| count(format, &side.bytes)).sum(),
        };
        all.is_some_and(|all| all > 0)
    })
}

/// A sealed value: where it is in its file, its token, its place, and what people call it.
pub(super) type SealedValue = (Range<usize>, Token, Place, Named);

/// The sealed values of a file, in its order; also those on the sides of conflicts.
///
/// # Errors
/// [`OpenValuesError`].
pub(super) fn sealed_values(
    format: Format,
    bytes: &[u8],
) -> Result<Vec<SealedValue>, OpenValuesError> {
    let of = |bytes: &[u8]| {
        let document = mode::read(format, bytes).map_err(OpenValuesError::DoesNotRead)?;
        let spots = spots(format, &document, None).map_err(OpenValuesError::DoesNotRead)?;
        let sealed = spots.into_iter().filter(|spot| spot.what == What::Token);
        let read = sealed.map(|spot| {
            let token = read(format, bytes, &spot).map_err(|why| broken(&spot, why))?;
            let named = spot.named();
            Ok((spot.range, token, spot.place, named))
        });
        read.collect::<Result<Vec<_>, _>>()
    };
    let Some(sides) = conflict::sides(bytes) else { return of(bytes) };
    let mut found = BTreeMap::new();
    for side in &sides {
        for (range, token, place, named) in of(&side.bytes).map_err(|it| in_file(side, it))? {
            if let Some(range) = side.in_file(&range) {
                found.entry(range.start).or_insert((range, token, place, named));
            }
        }
    }
    Ok(found.into_values().collect())
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
