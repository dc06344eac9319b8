//! A user and a password in one text: behind `Basic`, and on their way into base64.

use std::ops::Range;

use base64::Engine as _;

use super::blanks::skip_blanks;
use super::encoding::BASE64;
use super::hit::Hit;
use super::quoted::quoted;
use super::rank::Rank;
use super::window::is_word;
use super::{placeholder, published, random, trivial};

/// Digits of base64 of the shortest pair.
const SHORTEST: usize = 8;
/// The same of the longest.
const LONGEST: usize = 512;
/// From so many random bytes on a password on a command line is *high*.
pub(super) const SURE_PASSWORD: usize = 16;
/// Bytes of the shortest password that counts.
const SHORTEST_PASSWORD: usize = 4;

/// `Basic dXNlcjpwYXNzd29yZA==` anywhere, as programs and their tests hold it. Proved by decoding it.
pub(super) fn basic(text: &[u8], keyword: &Range<usize>) -> Option<Hit> {
    let begins = keyword.start.checked_sub(1).is_none_or(|at| !is_word(text[at]));
    let start = keyword.end;
    let digit = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'+' | b'/' | b'=');
    let last = (start + LONGEST).min(text.len());
    let length = text[start.min(last)..last].iter().take_while(digit).count();
    if !begins || length < SHORTEST {
        return None;
    }
    decoded(text, start..start + length, keyword.start)
}

/// `user:password` in base64.
pub(super) fn decoded(text: &[u8], value: Range<usize>, start: usize) -> Option<Hit> {
    let decoded = BASE64.decode(&text[value.clone()]).ok()?;
    let colon = memchr::memchr(b':', &decoded)?;
    let (user, password) = (&decoded[..colon], &decoded[colon + 1..]);
    let printable = decoded.iter().all(|&byte| byte >= b' ' && byte != 0x7f);
    let is_pair = printable && user.len() + password.len() >= SHORTEST_PASSWORD;
    if !is_pair
        || std::str::from_utf8(&decoded).is_err()
        || published::is(&text[value.clone()])
        || placeholder::is(password) && !password.is_empty()
    {
        return None;
    }
    let (_, usual) = password_rank(if password.is_empty() { user } else { password });
    let is_manual = user == password
        || matches!(&user.to_ascii_lowercase()[..], b"" | b"user" | b"username" | b"test" | b"foo");
    let rank = match (usual, is_manual || password.is_empty()) {
        (true, true) => Rank::Low,
        (true, false) => Rank::Medium,
        (false, _) => Rank::High,
    };
    let mut facts = vec!["decodes to a user and a password".into()];
    facts.extend(usual.then_some("a usual word".into()));
    Some(Hit { facts, ..Hit::sure(value.clone(), start..value.end, rank) })
}

/// `b64encode(b"user:password")`, `btoa('user:password')`: the password.
pub(super) fn encoded(text: &[u8], keyword: &Range<usize>) -> Option<Hit> {
    let mut at = keyword.end;
    skip_blanks(text, &mut at);
    let pair = quoted(text, at)?;
    let colon = pair.start + memchr::memchr(b':', &text[pair.clone()])?;
    let (user, value) = (&text[pair.start..colon], colon + 1..pair.end);
    let password = &text[value.clone()];
    let is_name = !user.is_empty()
        && user.iter().all(|&byte| is_word(byte) || matches!(byte, b'.' | b'-' | b'@' | b'+'));
    if !is_name
        || password.starts_with(b"//")
        || password.len() < SHORTEST_PASSWORD
        || placeholder::is(password)
        || password.contains(&b' ')
    {
        return None;
    }
    let (rank, usual) = password_rank(password);
    let facts = if usual { vec!["a usual word".into()] } else { Vec::new() };
    Some(Hit { facts, ..Hit::sure(value.clone(), keyword.start..value.end, rank) })
}

/// `IDENTIFIED BY 'password'`, `IDENTIFIED WITH plugin BY 'password'`, as in MySQL and Oracle.
pub(super) fn identified(text: &[u8], keyword: &Range<usize>) -> Option<Hit> {
    let last = (keyword.end + 96).min(text.len());
    let rest = text[keyword.end..last].to_ascii_lowercase();
    let by = memchr::memmem::find(&rest, b"by ")?;
    let between = rest[..by].trim_ascii();
    let plugin = between.strip_prefix(b"with ").unwrap_or(between);
    let is_plugin = plugin.iter().all(|&byte| is_word(byte) || matches!(byte, b'\'' | b'"' | b'`'));
    if !is_plugin || between.len() == plugin.len() && !between.is_empty() {
        return None;
    }
    let mut at = keyword.end + by + 3;
    skip_blanks(text, &mut at);
    let value = quoted(text, at)?;
    let password = &text[value.clone()];
    // In a sentence something may be identified by a quoted word.
    let after = &text[value.end + 1..(value.end + 12).min(text.len())];
    let goes_on = after.first() == Some(&b' ')
        && after.get(1).is_some_and(u8::is_ascii_lowercase)
        && ![&b"with"[..], b"require", b"and", b"default"]
            .iter()
            .any(|word| after[1..].starts_with(word));
    if password.len() < SHORTEST_PASSWORD
        || goes_on
        || placeholder::is_phrase(password)
        || placeholder::is(password)
        || is_concatenation(password)
    {
        return None;
    }
    let (rank, usual) = password_rank(password);
    let facts = if usual { vec!["a usual word".into()] } else { Vec::new() };
    Some(Hit { facts, ..Hit::sure(value.clone(), keyword.start..value.end, rank) })
}

/// `" + name + "`: the quotes are those of the texts before and behind.
pub(super) fn is_concatenation(value: &[u8]) -> bool {
    let [first @ (b'"' | b'\'' | b'`'), inner @ .., last] = value else { return false };
    let inner = inner.trim_ascii();
    let joins = |byte: Option<&u8>| matches!(byte, Some(b'+' | b'.' | b'&' | b'|' | b','));
    let is_joined = joins(inner.first()) && joins(inner.last());
    first == last && inner.len() > 2 && (is_joined || inner[0] == b'$')
}

/// How sure a password is that only its place tells, and whether it is a usual word.
pub(super) fn password_rank(secret: &[u8]) -> (Rank, bool) {
    if trivial::is(secret) || is_usual(secret) {
        (Rank::Low, true)
    } else if random::is(secret, SURE_PASSWORD) {
        (Rank::High, false)
    } else {
        (Rank::Medium, false)
    }
}

/// What manuals write in the place of a password, and no word.
fn is_usual(secret: &[u8]) -> bool {
    matches!(&secret.to_ascii_lowercase()[..], b"api_token" | b"yyy")
}
