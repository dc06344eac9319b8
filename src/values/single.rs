//! The sealed values of a stored file, each by itself.

use super::Ciphers;
use super::mode;
use super::open::{OpenValuesError, broken, open_as, openers, read};
use super::seal::write;
use super::spots::{Named, What, spots};
use crate::config_format::Format;
use crate::format::KeyId;
use crate::keyring::Entry;
use crate::secret::WipedVec;

/// A sealed value, opened.
pub struct Value {
    /// Its name and line, for people.
    pub named: Named,
    /// The key that sealed it.
    pub key: KeyId,
    /// As it is written.
    pub raw: WipedVec,
}

/// The sealed values of a file that open with keys that are held, each by itself. The format is the first in which all open,
/// else that in which most do.
pub fn each(format: Option<Format>, bytes: &[u8], ciphers: &mut Ciphers<'_>) -> Vec<Value> {
    let mut best = Vec::new();
    for candidate in openers(format, bytes) {
        let (found, opens_all) = each_as(candidate, bytes, ciphers);
        if opens_all {
            return found;
        }
        if found.len() > best.len() {
            best = found;
        }
    }
    best
}

/// And whether all opened whose keys are held.
fn each_as(format: Format, bytes: &[u8], ciphers: &mut Ciphers<'_>) -> (Vec<Value>, bool) {
    let mut found = Vec::new();
    let Ok(document) = mode::read(format, bytes) else { return (found, false) };
    let Ok(spots) = spots(format, &document, None) else { return (found, false) };
    let mut opens_all = true;
    for spot in spots.iter().filter(|spot| spot.what == What::Token) {
        let Ok(token) = read(format, bytes, spot) else { continue };
        let Some(held) = ciphers.held(token.key()) else { continue };
        match ciphers.of(&held.key).open(&token, &spot.place) {
            Ok(raw) => found.push(Value { named: spot.named(), key: held.key.id(), raw }),
            Err(_) => opens_all = false,
        }
    }
    (found, opens_all)
}

/// The file with its sealed values, and nothing in the place of others: what must be nowhere else. `None` where its values do
/// not open here.
pub fn only_sealed(
    format: Option<Format>,
    bytes: &[u8],
    ciphers: &mut Ciphers<'_>,
) -> Option<WipedVec> {
    openers(format, bytes).find_map(|candidate| only_sealed_as(candidate, bytes, ciphers))
}

fn only_sealed_as(format: Format, bytes: &[u8], ciphers: &mut Ciphers<'_>) -> Option<WipedVec> {
    let document = mode::read(format, bytes).ok()?;
    let spots = spots(format, &document, None).ok()?;
    let mut plaintext = WipedVec::with_capacity(bytes.len());
    let mut at = 0;
    for spot in &spots {
        plaintext.extend_from_slice(&bytes[at..spot.range.start]);
        at = spot.range.end;
        match spot.what {
            What::Token => {
                let token = read(format, bytes, spot).ok()?;
                let held = ciphers.held(token.key())?;
                let raw = ciphers.of(&held.key).open(&token, &spot.place).ok()?;
                plaintext.extend_from_slice(&raw);
            }
            _ if mode::quotes(format) => plaintext.extend_from_slice(b"\"\""),
            _ => {}
        }
    }
    plaintext.extend_from_slice(&bytes[at..]);
    Some(plaintext)
}

/// The file with every token of a key that `next` names a successor of sealed again with that; `None` where there is none.
///
/// # Errors
/// [`OpenValuesError`]: its values open in no format.
pub fn reseal<'k>(
    format: Option<Format>,
    bytes: &[u8],
    ciphers: &mut Ciphers<'k>,
    next: impl Fn(&'k Entry) -> Option<&'k Entry>,
) -> Result<Option<Vec<u8>>, OpenValuesError> {
    let mut refused = None;
    for candidate in openers(format, bytes) {
        match reseal_as(candidate, bytes, ciphers, &next) {
            Ok(resealed) => return Ok(resealed),
            Err(error) => drop(refused.get_or_insert(error)),
        }
    }
    refused.map_or(Ok(None), Err)
}

fn reseal_as<'k>(
    format: Format,
    bytes: &[u8],
    ciphers: &mut Ciphers<'k>,
    next: impl Fn(&'k Entry) -> Option<&'k Entry>,
) -> Result<Option<Vec<u8>>, OpenValuesError> {
    // A token that may not be here gets no successor.
    open_as(format, bytes, ciphers)?;
    let document = mode::read(format, bytes).map_err(OpenValuesError::DoesNotRead)?;
    let spots = spots(format, &document, None).map_err(OpenValuesError::DoesNotRead)?;
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut changed) = (0, false);
    for spot in spots.iter().filter(|spot| spot.what == What::Token) {
        let token = read(format, bytes, spot).map_err(|why| broken(spot, why))?;
        let Some(held) = ciphers.held(token.key()) else { continue };
        let Some(next) = next(held).filter(|next| next.key.id() != held.key.id()) else { continue };
        let raw = ciphers.of(&held.key).open(&token, &spot.place);
        let raw = raw.map_err(|why| broken(spot, why))?;
        let sealed = ciphers.of(&next.key).seal(&raw, &spot.place, mode::quotes(format));
        out.extend_from_slice(&bytes[at..spot.range.start]);
        write(format, &sealed, &mut out);
        (at, changed) = (spot.range.end, true);
    }
    out.extend_from_slice(&bytes[at..]);
    Ok(changed.then_some(out))
}
