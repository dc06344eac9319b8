//! What the index has of a file that is sealed by value: a value that did not change keeps its token.

use std::collections::HashMap;

use super::Ciphers;
use super::mode;
use super::open::read;
use super::spots::{What, spots};
use super::token::{Place, Token};
use crate::config_format::Format;

/// The sealed values of the versions that the index has, by where they are.
#[derive(Default)]
pub struct Index {
    tokens: HashMap<Place, Vec<(Token, Vec<u8>)>>,
}

impl Index {
    /// Reads the versions of the index. What does not read has none.
    pub fn read(format: Format, blobs: &[Vec<u8>]) -> Self {
        let mut tokens: HashMap<Place, Vec<(Token, Vec<u8>)>> = HashMap::new();
        for blob in blobs {
            let Ok(document) = mode::read(format, blob) else { continue };
            let Ok(spots) = spots(format, &document, None) else { continue };
            for spot in spots.into_iter().filter(|spot| spot.what == What::Token) {
                let Ok(token) = read(format, blob, &spot) else { continue };
                tokens.entry(spot.place).or_default().push((token, blob[spot.range].to_vec()));
            }
        }
        Self { tokens }
    }

    /// Whether a value at this place is sealed there.
    pub(super) fn has(&self, place: &Place) -> bool {
        self.tokens.contains_key(place)
    }

    /// The token, with its quotes, that opens to this value, if `keeps` accepts it.
    pub(super) fn find(
        &self,
        place: &Place,
        raw: &[u8],
        ciphers: &mut Ciphers<'_>,
        keeps: impl Fn(&Token) -> bool,
    ) -> Option<&[u8]> {
        let here = self.tokens.get(place)?;
        let opens = |token: &Token| {
            let Some(held) = ciphers.held(token.key()).filter(|_| keeps(token)) else {
                return false;
            };
            ciphers.of(&held.key).open(token, place).is_ok_and(|opened| *opened == *raw)
        };
        let mut opens = opens;
        here.iter().find(|(token, _)| opens(token)).map(|(_, written)| &written[..])
    }
}
