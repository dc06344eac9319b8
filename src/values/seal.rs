//! From the worktree to the repository: every value becomes a token.

use super::index::Index;
use super::mode::{self, Clear, Mode, quotes};
use super::open::{OpenValuesError, not_read_again, open_as, read};
use super::spots::{Named, Spot, What, is_masked, spots};
use super::token::{Place, Token, TokenError};
use super::{Ciphers, MAX_LEN};
use crate::config_format::{Doubt, Format};
use crate::format::Key;

/// Why a file was not sealed by value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It does not read to its last byte: it is to be sealed whole.
    #[error("line {}: {}", .0.line, .0.why)]
    DoesNotRead(Doubt),
    /// It is too large, or has too many values.
    #[error(
        "it is larger than 4 MiB or has more than 100,000 values, which is too much to be sealed by value"
    )]
    TooLarge,
    /// What begins as a sealed value is none that opens here.
    #[error("{0}: {1}")]
    Token(Named, TokenError),
    /// A program that shows values masked has written the mask back.
    #[error("{0} is a mask in the place of a sealed value, which would be lost")]
    Masked(Named),
    /// A value that is sealed in the index would be stored as plaintext by an attribute.
    #[error(
        "{0} is sealed in the index, and the attribute shroud-clear would store its new value as plaintext"
    )]
    Exempt(Named),
    /// No token can be made of a value, without the key.
    #[error("values cannot be sealed to the public key: {0}")]
    NotMade(String),
    /// A value is plaintext, and no key is held that could seal it.
    #[error("{0} is plaintext, and its key is not held here")]
    Locked(Named),
}

/// A file that is sealed by value.
pub struct Sealed {
    /// What is stored.
    pub bytes: Vec<u8>,
    /// How many of its values are sealed.
    pub values: usize,
}

/// Seals values as they are written, each at its place, to a public key: their tokens, without quotes.
pub type ToPublic<'s> = dyn FnMut(&[(&[u8], &Place)]) -> std::io::Result<Vec<String>> + 's;

/// What makes tokens of values.
pub enum Sealer<'s> {
    /// A key that is held.
    Key(&'s Key),
    /// The public key of one that is not.
    Public(&'s mut ToPublic<'s>),
}

/// Seals every value of a file that is not exempt. What the index has of a value that did not change is kept: a token that
/// `keeps` accepts, or that of a value that is exempt by now.
///
/// # Errors
/// [`SealError`].
pub fn seal(
    mode: (Format, &Clear),
    bytes: &[u8],
    sealer: Sealer<'_>,
    ciphers: &mut Ciphers<'_>,
    index: &Index,
    keeps: impl Fn(&Token) -> bool,
) -> Result<Sealed, SealError> {
    let (format, clear) = mode;
    if bytes.len() > MAX_LEN {
        return Err(SealError::TooLarge);
    }
    let document = mode::read(format, bytes).map_err(doubt)?;
    let spots = spots(format, &document, Some(clear)).map_err(doubt)?;
    let (key, made) = match sealer {
        Sealer::Key(key) => (Some(key), Vec::new()),
        Sealer::Public(to_public) => (None, made(to_public, bytes, &spots, index)?),
    };
    let mut made = made.into_iter();
    let mut out = Vec::with_capacity(bytes.len() + 90 * spots.len());
    let mut written = Vec::with_capacity(spots.len());
    let mut values = 0;
    let mut at = 0;
    for spot in &spots {
        out.extend_from_slice(&bytes[at..spot.range.start]);
        at = spot.range.end;
        let raw = &bytes[spot.range.clone()];
        let start = out.len();
        match spot.what {
            What::Empty => out.extend_from_slice(raw),
            What::Clear => match index.has(&spot.place) {
                false => out.extend_from_slice(raw),
                true => match index.find(&spot.place, raw, ciphers, |_| true) {
                    Some(kept) => {
                        out.extend_from_slice(kept);
                        values += 1;
                    }
                    None => return Err(SealError::Exempt(spot.named())),
                },
            },
            What::Token => {
                check_token(format, bytes, spot, ciphers)?;
                out.extend_from_slice(raw);
                values += 1;
            }
            What::Plain => {
                if is_masked(spot.item) && index.has(&spot.place) {
                    return Err(SealError::Masked(spot.named()));
                }
                values += 1;
                if let Some(kept) = index.find(&spot.place, raw, ciphers, &keeps) {
                    out.extend_from_slice(kept);
                } else {
                    let token = match key {
                        Some(key) => ciphers.of(key).seal(raw, &spot.place, quotes(format)),
                        None => made.next().expect("one was made of each value"),
                    };
                    write(format, &token, &mut out);
                }
            }
        }
        written.push((spot, start..out.len()));
    }
    out.extend_from_slice(&bytes[at..]);
    prove(format, &out, &written)?;
    if spots.iter().any(|spot| spot.what == What::Token)
        && let Err(OpenValuesError::Token(named, why)) = open_as(format, &out, ciphers)
    {
        return Err(SealError::Token(named, why));
    }
    Ok(Sealed { bytes: out, values })
}

/// What sealing a file with this key gives, where nothing is kept and nothing stands in the way. That it comes back is not
/// proved: it tells whether a file is the one that is stored.
pub fn unproved(
    mode: (Format, &Clear),
    bytes: &[u8],
    key: &Key,
    ciphers: &mut Ciphers<'_>,
) -> Option<Vec<u8>> {
    let (format, clear) = mode;
    if bytes.len() > MAX_LEN {
        return None;
    }
    let document = mode::read(format, bytes).ok()?;
    let spots = spots(format, &document, Some(clear)).ok()?;
    let mut out = Vec::with_capacity(bytes.len() + 90 * spots.len());
    let mut at = 0;
    for spot in &spots {
        let raw = &bytes[spot.range.clone()];
        out.extend_from_slice(&bytes[at..spot.range.start]);
        at = spot.range.end;
        match spot.what {
            What::Token => return None,
            What::Empty | What::Clear => out.extend_from_slice(raw),
            What::Plain => {
                let token = ciphers.of(key).seal(raw, &spot.place, quotes(format));
                write(format, &token, &mut out);
            }
        }
    }
    out.extend_from_slice(&bytes[at..]);
    Some(out)
}

/// Writes a token with the quotes that belong to it.
pub(super) fn write(format: Format, token: &str, out: &mut Vec<u8>) {
    let quote: &[u8] = if quotes(format) { b"\"" } else { b"" };
    [quote, token.as_bytes(), quote].iter().for_each(|part| out.extend(*part));
}

/// The new token of each value that must be sealed to a public key, in their order.
fn made(
    to_public: &mut ToPublic<'_>,
    bytes: &[u8],
    spots: &[Spot<'_>],
    index: &Index,
) -> Result<Vec<String>, SealError> {
    let plain = spots.iter().filter(|spot| spot.what == What::Plain);
    // Before a token is made and remembered of what is refused.
    let masked = plain.clone().find(|spot| is_masked(spot.item) && index.has(&spot.place));
    if let Some(spot) = masked {
        return Err(SealError::Masked(spot.named()));
    }
    let values: Vec<_> = plain.map(|spot| (&bytes[spot.range.clone()], &spot.place)).collect();
    match values.is_empty() {
        true => Ok(Vec::new()),
        false => to_public(&values).map_err(|error| SealError::NotMade(error.to_string())),
    }
}

/// Refuses what would not come back: every value must be read again where it was written, under the names that it had.
fn prove(
    format: Format,
    bytes: &[u8],
    written: &[(&Spot<'_>, std::ops::Range<usize>)],
) -> Result<(), SealError> {
    const WHY: &str = "a sealed value in this place would be read otherwise";
    match not_read_again(format, bytes, written) {
        None => Ok(()),
        Some(line) => Err(SealError::DoesNotRead(Doubt { line, why: WHY })),
    }
}

/// Looks at a file in a clone that holds no key for it: it may be stored as it is, if every value is sealed, exempt or empty.
///
/// # Errors
/// [`SealError`].
pub fn only_tokens(
    mode: &Mode,
    bytes: &[u8],
    ciphers: &mut Ciphers<'_>,
) -> Result<usize, SealError> {
    let format = mode.format.ok_or_else(super::no_format)?;
    if bytes.len() > super::MAX_SEALED {
        return Err(SealError::TooLarge);
    }
    let document = mode::read(format, bytes).map_err(doubt)?;
    let spots = spots(format, &document, Some(&mode.clear)).map_err(doubt)?;
    let mut values = 0;
    for spot in &spots {
        match spot.what {
            What::Empty | What::Clear => {}
            What::Token => {
                check_token(format, bytes, spot, ciphers)?;
                values += 1;
            }
            What::Plain => return Err(SealError::Locked(spot.named())),
        }
    }
    Ok(values)
}

/// A token that is there already must open, if its key is held.
fn check_token(
    format: Format,
    bytes: &[u8],
    spot: &Spot<'_>,
    ciphers: &mut Ciphers<'_>,
) -> Result<(), SealError> {
    let refused = |why| SealError::Token(spot.named(), why);
    let token = read(format, bytes, spot).map_err(refused)?;
    match ciphers.held(token.key()) {
        None => Ok(()),
        Some(held) => ciphers.of(&held.key).open(&token, &spot.place).map(drop).map_err(refused),
    }
}

fn doubt(doubt: Doubt) -> SealError {
    if doubt.is_too_many() { SealError::TooLarge } else { SealError::DoesNotRead(doubt) }
}
