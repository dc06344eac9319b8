//! The sealed values of a stored file, each by itself.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use super::Ciphers;
use super::mode::{self, write};
use super::open::{OpenValuesError, open_as, openers, read, sealed_values};
use super::seal::write_sealed;
use super::spots::{Named, What, spots};
use super::token::Token;
use super::write_only::WriteOnly;
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

/// The new tokens of values that were set without the key: as the old ones were, they are the same wherever those were.
#[derive(Default)]
pub struct ToPublicAgain(Mutex<HashMap<String, String>>);

impl ToPublicAgain {
    fn of(&self, old: &Token, make: impl FnOnce() -> io::Result<String>) -> io::Result<String> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.get(&old.text()) {
            return Ok(known.clone());
        }
        let new = make()?;
        made.insert(old.text(), new.clone());
        Ok(new)
    }
}

/// The file with every token of a key that `next` names a successor of sealed again with that; `None` where there is none. One that was
/// sealed to a public key is sealed to that of the successor.
///
/// # Errors
/// [`OpenValuesError`]: its values open in no format, or there are no random numbers.
pub fn reseal<'k>(
    format: Option<Format>,
    bytes: &[u8],
    ciphers: &mut Ciphers<'k>,
    again: &ToPublicAgain,
    next: impl Fn(&'k Entry) -> Option<&'k Entry>,
) -> Result<Option<Vec<u8>>, OpenValuesError> {
    let mut refused = None;
    for candidate in openers(format, bytes) {
        match reseal_as(candidate, bytes, ciphers, again, &next) {
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
    again: &ToPublicAgain,
    next: impl Fn(&'k Entry) -> Option<&'k Entry>,
) -> Result<Option<Vec<u8>>, OpenValuesError> {
    // A token that may not be here gets no successor.
    open_as(format, bytes, ciphers)?;
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut changed) = (0, false);
    for (range, token, place, named) in sealed_values(format, bytes)? {
        let Some(held) = ciphers.held(token.key()) else { continue };
        let Some(next) = next(held).filter(|next| next.key.id() != held.key.id()) else { continue };
        let raw = ciphers.of(&held.key).open(&token, &place);
        let raw = raw.map_err(|why| OpenValuesError::Token(named, why))?;
        let seal = || WriteOnly::of(&next.key).seal(&raw, &place, mode::quotes(format));
        let to_public = token.is_to_public().then(|| again.of(&token, seal)).transpose();
        let to_public = to_public.map_err(|error| OpenValuesError::Random(error.to_string()))?;
        out.extend_from_slice(&bytes[at..range.start]);
        match to_public {
            Some(token) => write(format, &token, &mut out),
            None => write_sealed(format, ciphers.of(&next.key), &raw, &place, &mut out),
        }
        (at, changed) = (range.end, true);
    }
    out.extend_from_slice(&bytes[at..]);
    Ok(changed.then_some(out))
}
