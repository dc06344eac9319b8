//! Whether a stored version is of the format in which a file is sealed now: a test that opens next to nothing.

use std::collections::HashSet;
use std::ops::Range;

use super::Ciphers;
use super::index::Index;
use super::spots::Spot;
use super::token::{Place, Token};

/// Whether a file that was sealed has every token of the only version that was stored, at its names, but for values that are single words in it.
/// Then no reader takes a part of one for anything else.
pub(super) fn has_all_but_words(
    index: &Index<'_>,
    written: &[(&Spot<'_>, Range<usize>)],
    bytes: &[u8],
    ciphers: &mut Ciphers<'_>,
) -> bool {
    let Some(tokens) = index.only_tokens() else { return false };
    let now: HashSet<(&Place, &[u8])> =
        written.iter().map(|(spot, range)| (&spot.place, &bytes[range.clone()])).collect();
    let mut tokens = tokens.peekable();
    tokens.peek().is_some()
        && tokens.all(|(place, token, written)| {
            now.contains(&(place, written)) || is_word(place, token, ciphers)
        })
}

/// Whether a token opens to letters, digits and a few signs, in quotes or without.
fn is_word(place: &Place, token: &Token, ciphers: &mut Ciphers<'_>) -> bool {
    let Some(held) = ciphers.held(token.key()) else { return false };
    let Ok(raw) = ciphers.of(&held.key).open(token, place) else { return false };
    let word = match &raw[..] {
        [quote @ (b'"' | b'\''), word @ .., last] if last == quote => word,
        word => word,
    };
    let of_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    word.iter().all(of_word)
}
