//! Base64, base64url and hexadecimal digits: long runs of their letters, also over several lines.

use std::ops::Range;

use super::map::Map;
use super::{Budget, Decoded, Inside, Layout, View, extent};
use crate::secret::WipedVec;

/// Letters at least: those of 18 bytes.
const MIN: usize = 24;
/// Digits at least.
const MIN_HEX: usize = 32;
/// A line with so many letters goes on in the next one, as in PEM (RFC 7468: 64) and MIME (RFC 2045: 76).
const MIN_LINE: usize = 60;
/// Blanks before the letters of a line that goes on at most.
const MAX_INDENT: usize = 40;
/// What decides on a part: the line before or behind it, as far as it is asked for.
pub(super) const REACH: usize = 128;
/// Decoded bytes by which is judged what the rest may be.
const SAMPLE: usize = 48;
/// As many of them as are mostly enough.
const FEW: usize = 12;
/// Letters that are skipped at most, to find where the groups of four begin.
const SKIPPED: usize = 3;

const NONE: u8 = 0xff;

/// The six bits of each letter of both alphabets.
pub(super) const BITS: [u8; 256] = {
    let mut bits = [NONE; 256];
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut at = 0;
    while at < 64 {
        #[allow(clippy::cast_possible_truncation)]
        {
            bits[letters[at] as usize] = at as u8;
        }
        at += 1;
    }
    bits[b'-' as usize] = 62;
    bits[b'_' as usize] = 63;
    bits
};

fn is_letter(byte: u8) -> bool {
    BITS[usize::from(byte)] != NONE
}

pub(super) fn parts(
    text: &[u8],
    within: &[Range<usize>],
    budget: &mut Budget,
    inside: &mut Inside<'_>,
) {
    let mut done = 0;
    for range in within {
        let mut at = range.start.saturating_sub(REACH).max(done);
        let end = (range.end + REACH).min(text.len());
        // Only every MIN-th byte is looked at, as long as no run is near.
        while at + MIN <= end {
            let probe = &text[at..at + MIN];
            if let Some(before) = probe.iter().rposition(|&byte| !is_letter(byte)) {
                at += before + 1;
                continue;
            }
            let lines = lines(text, at, done);
            done = lines.last().map_or(at + MIN, |line| line.end);
            at = done;
            if !decode(text, &lines, budget, inside) {
                return;
            }
        }
    }
}

/// The run around `at`, line by line.
fn lines(text: &[u8], at: usize, done: usize) -> Vec<Range<usize>> {
    let run = |at: usize| {
        let before = text[done..at].iter().rposition(|&byte| !is_letter(byte));
        let start = before.map_or(done, |before| done + before + 1);
        let len = text[at..].iter().position(|&byte| !is_letter(byte));
        start..len.map_or(text.len(), |len| at + len)
    };
    let mut lines = vec![run(at)];
    let mut start = lines[0].start;
    while let Some(before) = line_before(text, start).filter(|&at| at > done) {
        let line = run(before - 1);
        if line.len() < MIN_LINE {
            break;
        }
        start = line.start;
        lines.push(line);
    }
    lines.reverse();
    while let Some(last) = lines.last().filter(|line| line.len() >= MIN_LINE) {
        let Some(next) = line_behind(text, last.end) else { break };
        lines.push(run(next));
    }
    lines
}

/// The end of the line before the one whose letters begin here, if nothing but blanks is between them.
fn line_before(text: &[u8], start: usize) -> Option<usize> {
    let blanks = text[..start].iter().rev().take_while(|&&byte| is_blank(byte)).count();
    let mut end = start.checked_sub(blanks + 1)?;
    if blanks > MAX_INDENT || text[end] != b'\n' {
        return None;
    }
    end -= usize::from(end > 0 && text[end - 1] == b'\r');
    (end > 0 && is_letter(text[end - 1])).then_some(end)
}

/// Where the letters of the next line begin, likewise.
fn line_behind(text: &[u8], end: usize) -> Option<usize> {
    let end = end + usize::from(text.get(end) == Some(&b'\r'));
    if text.get(end) != Some(&b'\n') {
        return None;
    }
    let rest = &text[end + 1..];
    let blanks = rest.iter().take_while(|&&byte| is_blank(byte)).count();
    let begins = blanks <= MAX_INDENT && rest.get(blanks).is_some_and(|&byte| is_letter(byte));
    begins.then_some(end + 1 + blanks)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Hands over what the run may be; false where the budget is used up.
fn decode(
    text: &[u8],
    lines: &[Range<usize>],
    budget: &mut Budget,
    inside: &mut Inside<'_>,
) -> bool {
    let letters = || lines.iter().flat_map(|line| text[line.clone()].iter().copied());
    let count: usize = lines.iter().map(Range::len).sum();
    if letters().all(|byte| byte.is_ascii_hexdigit()) {
        return count < MIN_HEX || digits(text, lines, budget, inside);
    }
    if let [line] = lines
        && count >= MIN_HEX
    {
        // Digits may be behind '0x', or behind a path.
        let mut start = line.start;
        while let Some(probe) = text[..line.end].get(start..start + MIN_HEX) {
            if let Some(other) = probe.iter().rposition(|byte| !byte.is_ascii_hexdigit()) {
                start += other + 1;
                continue;
            }
            let rest = text[start..line.end].iter();
            let digits_only =
                start..start + rest.take_while(|byte| byte.is_ascii_hexdigit()).count();
            start = digits_only.end;
            if !digits(text, &[digits_only], budget, inside) {
                return false;
            }
        }
    }
    let mut first = [0; SKIPPED + SAMPLE / 3 * 4];
    let mut first_len = 0;
    for line in lines {
        let room = &mut first[first_len..];
        let count = room.len().min(line.len());
        room[..count].copy_from_slice(&text[line.start..line.start + count]);
        first_len += count;
    }
    let first = &first[..first_len];
    // Letters of something else may be before it, such as a path.
    for skipped in 0..=SKIPPED {
        if !may_be_worth_it(&first[skipped.min(first_len)..]) {
            continue;
        }
        if !budget.take(count / 4 * 3) {
            return false;
        }
        let mut bytes = WipedVec::zeroed((count - skipped).div_ceil(4) * 3);
        let len = triples(letters().skip(skipped), &mut bytes);
        bytes.truncate(len);
        hand_over(View::Base64, bytes, lines, skipped, budget, inside);
        break;
    }
    true
}

/// Hands over what a run of hexadecimal digits stands for, likewise.
fn digits(
    text: &[u8],
    lines: &[Range<usize>],
    budget: &mut Budget,
    inside: &mut Inside<'_>,
) -> bool {
    let digits = || lines.iter().flat_map(|line| text[line.clone()].iter().copied());
    let count = lines.iter().map(Range::len).sum::<usize>() / 2;
    let mut bytes = WipedVec::with_capacity(count);
    bytes.extend(octets(digits()).take(SAMPLE));
    if !is_worth_it(&bytes) {
        return true;
    }
    if !budget.take(count) {
        return false;
    }
    bytes.extend(octets(digits()).skip(SAMPLE));
    hand_over(View::Hex, bytes, lines, 0, budget, inside);
    true
}

/// Hands over what was decoded behind `skipped` letters.
fn hand_over(
    view: View,
    bytes: WipedVec,
    lines: &[Range<usize>],
    skipped: usize,
    budget: &mut Budget,
    inside: &mut Inside<'_>,
) {
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return };
    let ratio = if view == View::Hex { (2, 1) } else { (4, 3) };
    let mut map = Map::default();
    let mut before = 0;
    for line in lines {
        // Letters that are skipped all stand in the first line.
        let outer = if before == 0 { line.start + skipped } else { line.start };
        let letters = if before == 0 { 0 } else { before - skipped };
        map.piece(letters * ratio.1 / ratio.0, outer, ratio);
        before += line.len();
    }
    let extent = extent(&(first.start..last.end), REACH);
    let map = map.finish(last.end);
    let layout = match view {
        View::Hex => Layout::Digits(lines.to_vec()),
        _ => Layout::Letters { lines: lines.to_vec(), skipped },
    };
    inside(Decoded { view, bytes, map, layout, extent, plain: Vec::new() }, budget);
}

/// Pairs of hexadecimal digits as bytes.
fn octets(mut digits: impl Iterator<Item = u8>) -> impl Iterator<Item = u8> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => byte - b'0',
        _ => (byte | 0x20) - b'a' + 10,
    };
    std::iter::from_fn(move || Some(digit(digits.next()?) << 4 | digit(digits.next()?)))
}

/// Decodes letters into `out` as far as there is room for three bytes; returns how many bytes were written.
fn triples(mut letters: impl Iterator<Item = u8>, out: &mut [u8]) -> usize {
    let mut written = 0;
    for room in out.chunks_exact_mut(3) {
        let (mut group, mut count) = (0_u32, 0);
        while count < 4
            && let Some(letter) = letters.next()
        {
            group |= u32::from(BITS[usize::from(letter)] & 0x3f) << (18 - 6 * count);
            count += 1;
        }
        room.copy_from_slice(&group.to_be_bytes()[1..]);
        // Two letters hold one byte, three hold two.
        written += [0, 0, 1, 2, 3][count as usize];
        if count < 4 {
            break;
        }
    }
    written
}

/// Whether these may be the first letters of something that can be read. Most are not, and their first bytes say so.
fn may_be_worth_it(letters: &[u8]) -> bool {
    let mut sample = [0; SAMPLE];
    let start = triples(letters.iter().copied().take(4), &mut sample[..3]);
    let is_archive = matches!(sample[..start], [0x1f, 0x8b, 8] | [b'P', b'K', 3]);
    if !is_archive && sample[..start].iter().any(is_odd) {
        return false;
    }
    // Of random letters hardly any are left here.
    let few = triples(letters.iter().copied(), &mut sample[..FEW]);
    let is_broken = |bytes: &[u8]| {
        bytes.iter().any(is_odd)
            || std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_some())
    };
    if !is_archive && is_broken(&sample[..few]) {
        return false;
    }
    let len = triples(letters.iter().copied(), &mut sample);
    is_worth_it(&sample[..len])
}

/// Whether no text has this byte.
fn is_odd(byte: &u8) -> bool {
    *byte < b' ' && !matches!(byte, 0 | b'\t' | b'\n' | b'\r' | 0x1b)
}

/// Whether these may be the first bytes of something that can be read: text, or compressed.
fn is_worth_it(sample: &[u8]) -> bool {
    if sample.starts_with(&[0x1f, 0x8b, 8]) || sample.starts_with(b"PK\x03\x04") {
        return true;
    }
    // The last character may be cut off, and text may be UTF-16.
    let is_text = match std::str::from_utf8(sample) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    is_text && sample.len() >= 12 && !sample.iter().any(is_odd)
}
