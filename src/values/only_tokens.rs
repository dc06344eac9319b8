//! Storing a file without its key: as it is, if every value is sealed, exempt or empty.

use std::collections::HashSet;

use super::Ciphers;
use super::conflict::{self, Side};
use super::left::Stored;
use super::mode::{self, Clear, Mode};
use super::seal::{SealError, check_token, doubt};
use super::spots::{What, spots};
use super::token::Place;
use crate::config_format::Format;

/// Looks at a file in a clone that holds no key for it: it may be stored as it is, if every value is sealed, exempt or empty, also on each
/// side of a conflict.
///
/// # Errors
/// [`SealError`].
pub fn only_tokens(
    mode: &Mode,
    bytes: &[u8],
    ciphers: &mut Ciphers<'_>,
) -> Result<usize, SealError> {
    only_tokens_over(mode, bytes, &[], ciphers)
}

/// As [`only_tokens`], of a file that is stored already: no value that is sealed there becomes plaintext, exempt or not; and one that does not
/// open there may stay.
///
/// # Errors
/// [`SealError`].
pub fn only_tokens_over(
    mode: &Mode,
    bytes: &[u8],
    stored: &[Vec<u8>],
    ciphers: &mut Ciphers<'_>,
) -> Result<usize, SealError> {
    let format = mode.format.ok_or_else(super::no_format)?;
    if bytes.len() > super::MAX_SEALED {
        return Err(SealError::TooLarge);
    }
    let sealed = stored.iter().flat_map(|blob| sealed_places(format, blob)).collect();
    let before = (&sealed, &Stored::new(format, stored));
    let Some(sides) = conflict::sides(bytes) else {
        return only_tokens_in(format, &mode.clear, bytes, before, ciphers);
    };
    let of_side = |side: &Side| {
        let found = only_tokens_in(format, &mode.clear, &side.bytes, before, ciphers);
        found.map_err(|error| in_file(side, error))
    };
    sides.iter().map(of_side).sum()
}

/// The places of all values of a file; none of one that does not read.
pub fn places(format: Format, bytes: &[u8]) -> HashSet<Place> {
    let Ok(document) = mode::read(format, bytes) else { return HashSet::new() };
    let spots = spots(format, &document, None).unwrap_or_default();
    spots.into_iter().map(|spot| spot.place).collect()
}

/// The places of the sealed values of a stored file.
fn sealed_places(format: Format, stored: &[u8]) -> Vec<Place> {
    let places_in = |bytes: &[u8]| -> Vec<Place> {
        let Ok(document) = mode::read(format, bytes) else { return Vec::new() };
        let spots = spots(format, &document, None).unwrap_or_default();
        let sealed = spots.into_iter().filter(|spot| spot.what == What::Token);
        sealed.map(|spot| spot.place).collect()
    };
    match conflict::sides(stored) {
        None => places_in(stored),
        Some(sides) => sides.iter().flat_map(|side| places_in(&side.bytes)).collect(),
    }
}

/// The error of a side, with the line of the file.
pub(super) fn in_file(side: &Side, mut error: SealError) -> SealError {
    match &mut error {
        SealError::DoesNotRead(doubt) => doubt.line = side.line(doubt.line),
        SealError::Token(named, _)
        | SealError::Locked(named)
        | SealError::Exempt(named)
        | SealError::Readers(named, ..) => named.line = side.line(named.line),
        _ => {}
    }
    error
}

fn only_tokens_in(
    format: Format,
    clear: &Clear,
    bytes: &[u8],
    (sealed, stored): (&HashSet<Place>, &Stored<'_>),
    ciphers: &mut Ciphers<'_>,
) -> Result<usize, SealError> {
    let document = mode::read(format, bytes).map_err(doubt)?;
    let spots = spots(format, &document, Some(clear)).map_err(doubt)?;
    let mut values = 0;
    for spot in &spots {
        match spot.what {
            What::Clear if sealed.contains(&spot.place) => {
                return Err(SealError::Exempt(spot.named()));
            }
            What::Empty | What::Clear => {}
            What::Token => match check_token(format, bytes, spot, ciphers) {
                Err(refused) if !stored.has(bytes, spot) => return Err(refused.into()),
                Ok(()) | Err(_) => values += 1,
            },
            What::Plain => return Err(SealError::Locked(spot.named())),
        }
    }
    Ok(values)
}
