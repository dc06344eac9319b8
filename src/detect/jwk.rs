//! Private keys in JSON (RFC 7517): an object with a key type, and a member that only a private key has.
//!
//! Programs write the same object without quotes around names, and settings hold it as a text with escapes, so it is not
//! parsed as JSON: members are looked for by name, between the braces around the key type.

use std::ops::Range;

use super::hit::Hit;
use super::rank::Rank;
use super::window::is_word;
use super::{placeholder, random};

/// Bytes before the key type in which a member is looked for: a part of a text is searched no further behind it.
pub(super) const BEFORE: usize = 512;
/// Bytes from the key type to the end of a member: the numbers of an RSA key of 4,096 bits take 1,450.
pub(super) const BEHIND: usize = 1500;
/// Characters of the shortest secret: 96 bits. Shorter ones are examples.
const SHORTEST: usize = 16;
/// Characters of the longest: the private exponent of an RSA key of 8,192 bits.
const LONGEST: usize = 1366;

/// A private key whose key type is at the keyword.
pub(super) fn at(text: &[u8], keyword: &Range<usize>) -> Option<Hit> {
    let alone = keyword.start.checked_sub(1).is_none_or(|at| !is_word(text[at]));
    let kind = member(text, keyword.end).filter(|_| alone)?;
    let is_symmetric = match &text[kind.clone()] {
        b"oct" => true,
        b"EC" | b"OKP" | b"RSA" => false,
        _ => return None,
    };
    let object = object(text, keyword)?;
    // The other numbers of an RSA key tell the private one.
    let names: &[&[u8]] = if is_symmetric { &[b"k"] } else { &[b"d", b"p", b"q", b"dq", b"dp"] };
    let (matched, value) = names.iter().find_map(|name| {
        let mut places = memchr::memmem::find_iter(&text[object.clone()], name);
        places.find_map(|at| {
            let start = object.start + at;
            let value = member(text, start + name.len()).filter(|_| !is_word(text[start - 1]))?;
            let matched = keyword.start.min(value.start)..kind.end.max(value.end);
            (is_drawn(&text[value.clone()]) && matched.end - keyword.start <= BEHIND)
                .then_some((matched, value))
        })
    })?;
    let fact = if is_symmetric { "a symmetric key" } else { "a private key" };
    Some(Hit { facts: vec![fact.into()], ..Hit::sure(value, matched, Rank::High) })
}

fn is_drawn(secret: &[u8]) -> bool {
    (SHORTEST..=LONGEST).contains(&secret.len())
        && secret.iter().all(|&byte| is_word(byte) || byte == b'-')
        && !placeholder::is(secret)
        && random::is(&secret[..secret.len().min(128)], SHORTEST)
}

/// The quoted value of a member whose name ends here.
fn member(text: &[u8], name_end: usize) -> Option<Range<usize>> {
    let skip = |at: usize, wanted: &[u8]| {
        let rest = &text[at..(at + 8).min(text.len())];
        at + rest.iter().take_while(|byte| wanted.contains(byte)).count()
    };
    let colon = skip(name_end, b"\\\"' ");
    if !matches!(text.get(colon), Some(b':' | b'=')) {
        return None;
    }
    let open = skip(colon + 1, b"> \\");
    let quote = *text.get(open).filter(|byte| matches!(byte, b'"' | b'\''))?;
    let last = (open + 2 + LONGEST).min(text.len());
    let end = open + 1 + memchr::memchr2(quote, b'\n', &text[open + 1..last])?;
    let escaped = text[end - 1] == b'\\';
    (text[end] == quote).then_some(open + 1..end - usize::from(escaped))
}

/// What is between the nearest braces around the key type, as far as it is looked for: objects beside it do not count, nor
/// do those in it.
fn object(text: &[u8], keyword: &Range<usize>) -> Option<Range<usize>> {
    let first = keyword.start.saturating_sub(BEFORE);
    let last = (keyword.end + BEHIND).min(text.len());
    let start = match memchr::memrchr2(b'{', b'}', &text[first..keyword.start]) {
        Some(at) if text[first + at] == b'}' => return None,
        Some(at) => first + at + 1,
        None if first == 0 => return None,
        None => first + 1,
    };
    let cut = memchr::memchr2(b'{', b'}', &text[keyword.end..last]);
    Some(start..cut.map_or(last, |at| keyword.end + at))
}
