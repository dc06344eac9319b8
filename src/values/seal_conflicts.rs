//! Sealing a file with the marks of conflicts by value: each side by itself.
//!
//! Sealed whole, equal files would look equal, and whoever has set values in them without the key could test guesses.

use std::collections::BTreeMap;

use super::conflict;
use super::index::{Chosen, Index, Past};
use super::mode::{self, Clear};
use super::only_tokens::in_file;
use super::open::open_as;
use super::seal::{SealError, Sealed, doubt, refuse_disagreement, write_chosen};
use super::spots::{What, spots};
use super::token::Token;
use super::{Ciphers, MAX_LEN, Opened};
use crate::config_format::{Doubt, Format};
use crate::format::Key;

/// Seals every value on every side of a file with conflicts, as [`super::seal`] does in a file without.
///
/// # Errors
/// [`SealError`].
pub fn seal_conflicts(
    mode: (Format, &Clear),
    bytes: &[u8],
    key: &Key,
    ciphers: &mut Ciphers<'_>,
    past: Past<'_>,
    keeps: impl Fn(&Token) -> bool,
) -> Result<Sealed, SealError> {
    const NONE: &str = "the marks of a merge conflict do not belong together";
    const WHY: &str = "on one side of the conflict a value would be read otherwise";
    let (format, clear) = mode;
    let refused = |line, why| SealError::DoesNotRead(Doubt { line, why });
    if bytes.len() > MAX_LEN {
        return Err(SealError::TooLarge);
    }
    let sides = conflict::sides(bytes).ok_or_else(|| refused(1, NONE))?;
    // Where each value ends in the file, and its token.
    let mut written: BTreeMap<usize, (usize, Vec<u8>)> = BTreeMap::new();
    for side in &sides {
        let in_file = |error| in_file(side, error);
        let document = mode::read(format, &side.bytes).map_err(doubt).map_err(in_file)?;
        let spots = spots(format, &document, Some(clear)).map_err(doubt).map_err(in_file)?;
        refuse_disagreement((format, clear), &document, &spots, &past).map_err(in_file)?;
        let index = Index::read(format, past, &spots);
        let chosen = index.choose(&side.bytes, &spots, key.id(), ciphers, &keeps);
        for (number, spot) in spots.iter().enumerate() {
            match spot.what {
                What::Plain => {}
                What::Clear if index.has(&spot.place) && !past.opens_exempt => {
                    return Err(in_file(SealError::Exempt(spot.named())));
                }
                What::Empty | What::Clear | What::Token => continue,
            }
            let line = side.line(spot.item.line);
            let range = side.in_file(&spot.range).ok_or_else(|| refused(line, WHY))?;
            if written.contains_key(&range.start) {
                continue;
            }
            let chosen = chosen.get(number).copied().unwrap_or(Chosen::Ordinary);
            let value = (&side.bytes[spot.range.clone()], spot, range.start);
            let mut token = Vec::new();
            write_chosen(format, chosen, value, (key, &past), ciphers, &mut token)?;
            written.insert(range.start, (range.end, token));
        }
    }
    let mut out = Vec::with_capacity(bytes.len() + 90 * written.len());
    let mut at = 0;
    for (start, (end, token)) in &written {
        out.extend_from_slice(bytes.get(at..*start).ok_or_else(|| refused(1, WHY))?);
        out.extend_from_slice(token);
        at = *end;
    }
    out.extend_from_slice(&bytes[at..]);
    match open_as(format, &out, ciphers) {
        Ok(Opened::Plaintext { bytes: again, .. }) if **again == *bytes => {
            Ok(Sealed { bytes: out, values: written.len(), is_alike: false, left: None })
        }
        _ => Err(refused(1, WHY)),
    }
}
