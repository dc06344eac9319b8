//! Percent encoding, and backslash escapes as in JSON and C.

use std::ops::Range;

use memchr::{memchr, memrchr};

use super::map::Map;
use super::{Budget, Decoded, Inside, Layout, View, extent};
use crate::secret::WipedVec;

/// Bytes of a line between two escapes that still belong together, and those before the first and behind the last.
const GAP: usize = 100;
/// What decides on a part of escapes: the bytes around it, to the next escape that is too far away.
const REACH: usize = 12;
/// Escapes that only stand for an end of line or a quote are read from this number on.
const MIN_PLAIN: usize = 2;

pub(super) fn parts(
    text: &[u8],
    within: &[Range<usize>],
    budget: &mut Budget,
    inside: &mut Inside<'_>,
) {
    percent(text, within, budget, inside);
    backslashes(text, within, budget, inside);
}

/// Words with `%` and two digits in them.
fn percent(text: &[u8], within: &[Range<usize>], budget: &mut Budget, inside: &mut Inside<'_>) {
    let (mut done, mut searched) = (0, 0);
    for range in within {
        let mut at = range.start.max(done);
        // A change of the word's end may be far from its first escape.
        while at > searched.max(done) && is_word(text[at - 1]) {
            at -= 1;
        }
        // So may one of its beginning be.
        let rest = text[range.end.max(searched)..].iter();
        searched = range.end.max(searched) + rest.take_while(|&&byte| is_word(byte)).count();
        while let Some(found) = text.get(at..searched).and_then(|rest| memchr(b'%', rest)) {
            let found = at + found;
            at = found + 1;
            if hex_byte(text, found + 1).is_none() {
                continue;
            }
            let before = text[done..found].iter().rposition(|&byte| !is_word(byte));
            let start = before.map_or(done, |before| done + before + 1);
            let len = text[found..].iter().position(|&byte| !is_word(byte));
            let part = start..len.map_or(text.len(), |len| found + len);
            done = part.end;
            at = done;
            if !budget.take(part.len()) {
                return;
            }
            let next = |at| Some((at + 3, hex_byte(text, at + 1)?));
            let (bytes, map, plain) = replace(text, &part, b'%', |at, out| {
                let (end, byte) = next(at)?;
                out.push(byte);
                Some(end)
            });
            let extent = extent(&part, 1);
            let layout = Layout::Replaced;
            inside(Decoded { view: View::Percent, bytes, map, layout, extent, plain }, budget);
        }
    }
}

/// What an encoded word consists of: the characters of a URI (RFC 3986, appendix A).
fn is_word(byte: u8) -> bool {
    WORD[usize::from(byte)]
}

const WORD: [bool; 256] = {
    let mut word = [false; 256];
    let signs = b"-._~:/?#[]@!$&()*+,;=%";
    let mut at = 0;
    while at < signs.len() {
        word[signs[at] as usize] = true;
        at += 1;
    }
    let mut byte: u8 = 0;
    while byte < 128 {
        word[byte as usize] |= byte.is_ascii_alphanumeric();
        byte += 1;
    }
    word
};

/// Parts of lines with backslashes in them.
fn backslashes(text: &[u8], within: &[Range<usize>], budget: &mut Budget, inside: &mut Inside<'_>) {
    let mut done = 0;
    for range in within {
        let mut at = range.start.saturating_sub(GAP + REACH).max(done);
        let end = (range.end + GAP + REACH).min(text.len());
        while let Some(found) = text.get(at..end).and_then(|rest| memchr(b'\\', rest)) {
            let (mut first, mut last) = (at + found, at + found);
            while let Some(before) = near(text, done, first) {
                first = before;
            }
            let (mut plain, mut telling) = (0, false);
            let mut next = Some(first);
            while let Some(slash) = next {
                match text.get(slash + 1) {
                    Some(b'u' | b'x') => telling = true,
                    Some(b'n' | b't' | b'r' | b'"' | b'\'' | b'/' | b'\\') => plain += 1,
                    _ => {}
                }
                last = slash + 1;
                let from = if text.get(last) == Some(&b'\\') { last } else { slash };
                let end = (from + GAP + 2).min(text.len());
                let rest = text.get(last..end).unwrap_or_default();
                // What is behind the backslash may end the line, and is no backslash of its own.
                let line = &rest[..memchr(b'\n', rest).unwrap_or(rest.len())];
                let line = line.get(1..).unwrap_or_default();
                next = memchr(b'\\', line).map(|near| last + 1 + near);
            }
            let margin = &text[first.saturating_sub(GAP).max(done)..first];
            let start = first - (margin.len() - memrchr(b'\n', margin).map_or(0, |line| line + 1));
            let behind = &text[(last + 1).min(text.len())..];
            let behind = &behind[..behind.len().min(GAP)];
            let end_of_line = memchr(b'\n', behind).unwrap_or(behind.len());
            let part = start..(last + 1 + end_of_line).min(text.len());
            done = last + 1;
            at = done;
            if !telling && plain < MIN_PLAIN {
                continue;
            }
            if !budget.take(part.len()) {
                return;
            }
            let (bytes, map, plain) =
                replace(text, &part, b'\\', |at, out| unescaped(text, at, out));
            let extent = extent(&part, REACH);
            let layout = Layout::Replaced;
            inside(Decoded { view: View::Escapes, bytes, map, layout, extent, plain }, budget);
        }
    }
}

/// The backslash before this one, if it is near and on the same line.
fn near(text: &[u8], done: usize, at: usize) -> Option<usize> {
    let start = at.saturating_sub(GAP + 1).max(done);
    let line = &text[start..at];
    let line_start = memrchr(b'\n', line).map_or(0, |end| end + 1);
    memrchr(b'\\', &line[line_start..]).map(|slash| start + line_start + slash)
}

/// What the escape at `at` stands for, and where it ends.
fn unescaped(text: &[u8], at: usize, out: &mut Vec<u8>) -> Option<usize> {
    let byte = match *text.get(at + 1)? {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'x' => {
            out.push(hex_byte(text, at + 2)?);
            return Some(at + 4);
        }
        b'u' => {
            let unit = u32::from(hex_byte(text, at + 2)?) << 8 | u32::from(hex_byte(text, at + 4)?);
            // Half of a pair is no character; neither half is ever part of a secret.
            let letter = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
            out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(at + 6);
        }
        byte @ (b'"' | b'\'' | b'/' | b'\\') => byte,
        _ => return None,
    };
    out.push(byte);
    Some(at + 2)
}

fn hex_byte(text: &[u8], at: usize) -> Option<u8> {
    let digits = std::str::from_utf8(text.get(at..at + 2)?).ok()?;
    if digits.starts_with('+') {
        return None;
    }
    u8::from_str_radix(digits, 16).ok()
}

/// The part with everything replaced that begins with `mark` and that `read` knows: it writes what stands for it, and
/// returns where it ends. Also the parts of the result where nothing was replaced.
fn replace(
    text: &[u8],
    part: &Range<usize>,
    mark: u8,
    read: impl Fn(usize, &mut Vec<u8>) -> Option<usize>,
) -> (WipedVec, Map, Vec<Range<usize>>) {
    // No escape is shorter than what it stands for.
    let mut bytes = WipedVec::with_capacity(part.len() + 4);
    let (mut map, mut plain) = (Map::default(), Vec::new());
    map.piece(0, part.start, (1, 1));
    let (mut at, mut since) = (part.start, 0);
    while at < part.end {
        let rest = &text[at..part.end];
        let Some(found) = memchr(mark, rest) else {
            bytes.extend_from_slice(rest);
            break;
        };
        bytes.extend_from_slice(&rest[..found]);
        at += found;
        let decoded = bytes.len();
        match read(at, &mut bytes).filter(|&end| end <= part.end) {
            Some(end) => {
                plain.push(since..decoded);
                map.piece(decoded, at, (0, 1));
                map.piece(bytes.len(), end, (1, 1));
                since = bytes.len();
                at = end;
            }
            None => {
                bytes.truncate(decoded);
                bytes.push(mark);
                at += 1;
            }
        }
    }
    plain.push(since..bytes.len());
    (bytes, map.finish(part.end), plain)
}
