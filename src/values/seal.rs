//! From the worktree to the repository: every value becomes a token.

use super::alike::has_all_but_words;
use super::index::{Chosen, Index, Past};
use super::left::Stored;
use super::mode::{self, Clear, quotes, write};
use super::open::{OpenValuesError, not_read_again, open_as, read};
use super::readers::disagreement;
use super::spots::{Named, Spot, What, is_masked, spots};
use super::token::{Cipher, Place, Token, TokenError};
use super::{Ciphers, MAX_LEN, WriteOnly};
use crate::config_format::{Document, Doubt, Format};
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
    /// What the index has opens in another format than the attributes say now, in which other bytes are values.
    #[error(
        "the index has it sealed by value in another format than .gitattributes says, which could store a part of a value as plaintext"
    )]
    OtherFormat,
    /// Another reader takes more for a value than the one of the format that an attribute says: the value, and both formats.
    #[error(
        "{0} is longer when the file is read as {2} than as {1}, as the attribute shroud-format says: a part of it would be stored as plaintext"
    )]
    Readers(Named, &'static str, &'static str),
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
    /// Whether the version that was stored is surely of this format, too.
    pub is_alike: bool,
    /// One that does not open, and was left as a stored version of the file has it.
    pub left: Option<(Named, TokenError)>,
}

/// Seals values as they are written, each at its place, to a public key: their tokens, without quotes.
pub type ToPublic<'s> = dyn FnMut(&[(&[u8], &Place)]) -> std::io::Result<Vec<String>> + 's;

impl From<(Named, TokenError)> for SealError {
    fn from((named, why): (Named, TokenError)) -> Self {
        Self::Token(named, why)
    }
}

/// What makes tokens of values.
pub enum Sealer<'s> {
    /// A key that is held.
    Key(&'s Key),
    /// The public key of one that is not.
    Public(&'s mut ToPublic<'s>),
}

/// Seals every value of a file that is not exempt. What its past has of a value that did not change is kept: a token that
/// `keeps` accepts, or that of a value that is exempt by now. With a key that is held, a value that was set without it gets a token to its public key
/// where none is kept. What is sealed and does not open is refused, unless a side of its past has the same bytes there.
///
/// # Errors
/// [`SealError`].
pub fn seal(
    mode: (Format, &Clear),
    bytes: &[u8],
    sealer: Sealer<'_>,
    ciphers: &mut Ciphers<'_>,
    past: Past<'_>,
    keeps: impl Fn(&Token) -> bool,
) -> Result<Sealed, SealError> {
    let (format, clear) = mode;
    if bytes.len() > MAX_LEN {
        return Err(SealError::TooLarge);
    }
    let document = mode::read(format, bytes).map_err(doubt)?;
    let mut spots = spots(format, &document, Some(clear)).map_err(doubt)?;
    refuse_disagreement((format, clear), &document, &spots, &past)?;
    let index = &Index::read(format, past, &spots);
    // What is sealed there stays sealed, exempt or not, also with a new key.
    let exempt = |spot: &&mut Spot<'_>| spot.what == What::Clear && index.has(&spot.place);
    for spot in spots.iter_mut().filter(exempt).filter(|_| !past.opens_exempt) {
        match index.find(&spot.place, &bytes[spot.range.clone()], ciphers) {
            Some(_) => spot.what = What::Plain,
            None => return Err(SealError::Exempt(spot.named())),
        }
    }
    let (key, made) = match sealer {
        Sealer::Key(key) => (Some(key), Vec::new()),
        Sealer::Public(to_public) => (None, made(to_public, bytes, &spots, index)?),
    };
    let chosen = match key {
        Some(key) => index.choose(bytes, &spots, key.id(), ciphers, keeps),
        None => Vec::new(),
    };
    let mut made = made.into_iter();
    let mut out = Vec::with_capacity(bytes.len() + 90 * spots.len());
    let mut written = Vec::with_capacity(spots.len());
    let mut values = 0;
    let stored = Stored::new(format, past.sides);
    let mut left = None;
    let mut at = 0;
    for (number, spot) in spots.iter().enumerate() {
        out.extend_from_slice(&bytes[at..spot.range.start]);
        at = spot.range.end;
        let raw = &bytes[spot.range.clone()];
        let start = out.len();
        match spot.what {
            What::Empty | What::Clear => out.extend_from_slice(raw),
            What::Token => {
                if let Err(refused) = check_token(format, bytes, spot, ciphers) {
                    if !stored.has(bytes, spot) {
                        return Err(refused.into());
                    }
                    left.get_or_insert(refused);
                }
                out.extend_from_slice(raw);
                values += 1;
            }
            What::Plain => {
                if is_masked(spot.item) && index.has(&spot.place) {
                    return Err(SealError::Masked(spot.named()));
                }
                values += 1;
                let chosen = chosen.get(number).copied().unwrap_or(Chosen::Ordinary);
                match key {
                    Some(key) => {
                        let value = (raw, spot, number);
                        write_chosen(format, chosen, value, (key, &past), ciphers, &mut out)?;
                    }
                    None => {
                        let token = made.next().expect("one was made of each value");
                        write(format, &token, &mut out);
                    }
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
        if !stored.excuses(&out, ciphers) {
            return Err(SealError::Token(named, why));
        }
        left.get_or_insert((named, why));
    }
    let is_alike = has_all_but_words(index, &written, &out, ciphers);
    Ok(Sealed { bytes: out, values, is_alike, left })
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
    let cipher = ciphers.of(key);
    let mut out = Vec::with_capacity(2 * bytes.len() + 90 * spots.len());
    let mut at = 0;
    for spot in &spots {
        let raw = &bytes[spot.range.clone()];
        out.extend_from_slice(&bytes[at..spot.range.start]);
        at = spot.range.end;
        match spot.what {
            What::Token => return None,
            What::Empty | What::Clear => out.extend_from_slice(raw),
            What::Plain => write_sealed(format, cipher, raw, &spot.place, &mut out),
        }
    }
    out.extend_from_slice(&bytes[at..]);
    Some(out)
}

/// Writes the token that was chosen for a value, the one with this number in its file.
pub(super) fn write_chosen(
    format: Format,
    chosen: Chosen<'_>,
    (raw, spot, number): (&[u8], &Spot<'_>, usize),
    (key, past): (&Key, &Past<'_>),
    ciphers: &mut Ciphers<'_>,
    out: &mut Vec<u8>,
) -> Result<(), SealError> {
    match chosen {
        Chosen::Keep(kept) => out.extend_from_slice(kept),
        Chosen::Ordinary => write_sealed(format, ciphers.of(key), raw, &spot.place, out),
        Chosen::ToPublic => {
            let (to, value) = (WriteOnly::of(key), (raw, &spot.place));
            let token = ciphers.fresh.token(past, number, &to, value, quotes(format));
            write(format, &token.map_err(|error| SealError::NotMade(error.to_string()))?, out);
        }
    }
    Ok(())
}

/// Seals a value, and writes its token with the quotes that belong to it.
pub(super) fn write_sealed(
    format: Format,
    cipher: &mut Cipher,
    raw: &[u8],
    place: &Place,
    out: &mut Vec<u8>,
) {
    let quoted = quotes(format);
    let quote: &[u8] = if quoted { b"\"" } else { b"" };
    out.extend_from_slice(quote);
    cipher.seal(raw, place, quoted, out);
    out.extend_from_slice(quote);
}

/// Refuses what another reader takes for a part of a value, and would be stored as it is.
pub(super) fn refuse_disagreement(
    (format, clear): (Format, &Clear),
    document: &Document<'_>,
    spots: &[Spot<'_>],
    past: &Past<'_>,
) -> Result<(), SealError> {
    match disagreement(format, clear, document, spots, past) {
        None => Ok(()),
        Some((named, other)) => Err(SealError::Readers(named, format.name(), other.name())),
    }
}

/// The new token of each value that must be sealed to a public key, in their order.
fn made(
    to_public: &mut ToPublic<'_>,
    bytes: &[u8],
    spots: &[Spot<'_>],
    index: &Index<'_>,
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

/// A token that is there already must open, if its key is held.
pub(super) fn check_token(
    format: Format,
    bytes: &[u8],
    spot: &Spot<'_>,
    ciphers: &mut Ciphers<'_>,
) -> Result<(), (Named, TokenError)> {
    let refused = |why| (spot.named(), why);
    let token = read(format, bytes, spot).map_err(refused)?;
    match ciphers.held(token.key()) {
        None => Ok(()),
        Some(held) => ciphers.of(&held.key).open(&token, &spot.place).map(drop).map_err(refused),
    }
}

pub(super) fn doubt(doubt: Doubt) -> SealError {
    if doubt.is_too_many() { SealError::TooLarge } else { SealError::DoesNotRead(doubt) }
}
