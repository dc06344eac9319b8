//! Which parts of a text are looked at, and where words begin and end.

use std::ops::{Range, RangeInclusive};

/// No match but that of a PEM block is longer than this, in bytes, with all that it depends on.
pub(super) const REACH: usize = 1536;
/// How far before a keyword a match of a nearby expression may begin, in bytes.
pub(super) const BEFORE: usize = 256;
/// How far after a keyword it may end.
pub(super) const AFTER: usize = 1024;
/// No keyword is longer than this, in bytes; a test holds the rules to it.
pub(crate) const LONGEST_KEYWORD: usize = 128;
/// From this many bytes on a token may go on after its match: expressions take at most 1,400 bytes.
pub(super) const LONG_TOKEN: usize = 1200;
/// Something shorter that has the mark of a service's tokens, and not their shape, is the beginning of one in a manual.
pub(super) const SHORT_TOKEN: usize = 24;
/// Room for the header lines of a PEM block, which may hold any character, in bytes.
const HEADERS: usize = 512;
/// The longest PEM block that is read, in bytes: an RSA key of 16,384 bits takes 13,000.
pub(super) const LONGEST_BLOCK: usize = 32 * 1024;

/// How far from a part keywords are looked for: in bytes before it and after it.
#[derive(Clone, Copy)]
pub(super) struct Margin(usize, usize);

/// For hits that touch the part. Their keyword is near their beginning.
pub(super) const OF_HITS: Margin = Margin(REACH + LONGEST_KEYWORD, 2 * BEFORE + LONGEST_KEYWORD);
/// For these, and for hits that overlap one of these and are better.
pub(super) const OF_RIVALS: Margin = Margin(2 * REACH, 2 * REACH);

/// The parts of the text in which a keyword can belong to a hit that touches `within`: ascending, not overlapping.
pub(super) fn around(
    text: &[u8],
    within: &[Range<usize>],
    Margin(before, after): Margin,
) -> Vec<Range<usize>> {
    let mut windows: Vec<Range<usize>> = Vec::new();
    for range in within {
        let end = range.end.saturating_add(after).min(text.len());
        let floor = windows.last().map_or(0, |last| last.start);
        let mut start = range.start.min(text.len()).saturating_sub(before);
        // A PEM block may have begun far above. Its bytes are few kinds, so that ordinary text ends the way at once.
        let furthest = start.saturating_sub(LONGEST_BLOCK).max(floor);
        while start > furthest && may_be_in_block(text[start - 1]) {
            start -= 1;
        }
        start = start.saturating_sub(HEADERS).max(floor);
        match windows.last_mut() {
            Some(last) if last.end >= start => last.end = last.end.max(end),
            _ => windows.push(start..end),
        }
    }
    windows
}

/// Whether a byte may be inside a PEM block: what base64, its line ends, their escapes and quotes, and the headers of RFC
/// 1421 are made of. Blocks are looked for backwards over these only.
pub(super) fn may_be_in_block(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte.is_ascii_whitespace()
        || matches!(
            byte,
            b'+' | b'/'
                | b'='
                | b'\\'
                | b'"'
                | b'\''
                | b','
                | b'-'
                | b':'
                | b'#'
                | b'*'
                | b'>'
                | b'|'
        )
}

/// Bytes of a line of base64 in a signature, a certificate or an attachment: OpenPGP and MIME break at 60 to 76 (RFC 4880,
/// 6.3; RFC 2045, 6.8).
const BLOCK_LINE: RangeInclusive<usize> = 60..=76;

/// How far [`in_block`] looks from the first byte of a token, in bytes to both sides: two lines, and as much again.
pub(super) const OF_BLOCK: usize = 4 * *BLOCK_LINE.end() + 2;

/// Whether a token is a part of a line of base64 that has another such line beside it: there its letters stand by chance.
pub(super) fn in_block(text: &[u8], token: &Range<usize>) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    // The letters of the line that has this byte, and its ends.
    let line = |at: usize| {
        let first = at.saturating_sub(2 * BLOCK_LINE.end());
        let last = (at + 2 * BLOCK_LINE.end()).min(text.len());
        let start = memchr::memrchr(b'\n', &text[first..at]).map_or(first, |end| first + end + 1);
        let end = memchr::memchr(b'\n', &text[at..last]).map_or(last, |end| at + end);
        let blanks = text[start..end].iter().take_while(|byte| is_blank(byte)).count();
        let trailing = text[start..end].iter().rev().take_while(|byte| is_blank(byte)).count();
        let letters = (start + blanks).min(end)..end.saturating_sub(trailing).max(start);
        let is_block = BLOCK_LINE.contains(&letters.len())
            && text[letters.clone()].iter().all(|&byte| is_letter(byte));
        (start, end, is_block.then_some(letters))
    };
    let (start, end, letters) = line(token.start);
    letters.is_some_and(|letters| letters != *token)
        && (start > 0 && line(start - 1).2.is_some()
            || end + 1 < text.len() && line(end + 1).2.is_some())
}

/// Whether a hit has a byte in one of the ranges.
pub(super) fn touches(matched: &Range<usize>, within: &[Range<usize>]) -> bool {
    let at = within.partition_point(|range| range.end <= matched.start);
    within.get(at).is_some_and(|range| range.start < matched.end && !range.is_empty())
}

/// Whether a word may begin here: nothing of a word is before, or it belongs to an escape.
pub(super) fn begins_word(text: &[u8], at: usize) -> bool {
    let Some(&before) = text[..at].last() else { return true };
    if !is_word(before) {
        // `box.ico-…` is the name of a file.
        return before != b'.' || at < 2 || !is_word(text[at - 2]);
    }
    match text[..at] {
        [.., b'\\', b'n' | b't' | b'r'] => true,
        // Percent encoding, as in `%3DAKIA…` and `%22AKIA…`.
        [.., b'%', high, low] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        _ => false,
    }
}

/// Whether a word may end here.
pub(super) fn ends_word(text: &[u8], at: usize) -> bool {
    at == 0 || text.get(at).is_none_or(|&after| !is_word(after))
}

/// Letters, digits and the low line: what a name or a token is made of.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Where a nearby expression is tried.
pub(super) fn near(text: &[u8], keyword: &Range<usize>) -> Range<usize> {
    keyword.start.saturating_sub(BEFORE)..(keyword.end + AFTER).min(text.len())
}

/// Whether the same keyword is often just before: such text is no file of secrets, and trying again at each would take
/// long.
pub(super) fn crowded(text: &[u8], keyword: &Range<usize>) -> bool {
    let before = &text[keyword.start.saturating_sub(BEFORE)..keyword.start];
    let word = &text[keyword.clone()];
    before.len() >= 8 * word.len() && memchr::memmem::find_iter(before, word).nth(7).is_some()
}

/// The line that holds `at`, as far as [`REACH`] goes.
pub(super) fn line(text: &[u8], at: usize) -> Range<usize> {
    let first = at.saturating_sub(BEFORE);
    let start = memchr::memrchr(b'\n', &text[first..at]).map_or(first, |found| first + found + 1);
    let last = (at + AFTER).min(text.len());
    let end = memchr::memchr(b'\n', &text[at..last]).map_or(last, |found| at + found);
    start..end
}
