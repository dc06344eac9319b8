//! The parts of a text that may be read in another way, for who wants to change what they say.

use std::ops::Range;

use super::layout::Layout;
use super::map::Map;
use super::{Budget, MAX_DECODED, MAX_RATIO, MIN_DECODED, View, escapes, runs, utf16};

/// A part of a text that may be read in another way: never a whole archive.
pub struct Part<'p> {
    /// In which.
    pub view: &'p View,
    /// What it says.
    pub bytes: &'p [u8],
    map: &'p Map,
    layout: &'p Layout,
}

/// Shows every part of a text, but for what is inside of them in turn. False where something was left out.
pub fn parts(text: &[u8], see: &mut dyn FnMut(&Part<'_>)) -> bool {
    let bytes = text.len().saturating_mul(MAX_RATIO).clamp(MIN_DECODED, MAX_DECODED);
    let mut budget = Budget { bytes, cut: false };
    let mut inside = |decoded: super::Decoded, _: &mut Budget| {
        let super::Decoded { view, bytes, map, layout, .. } = &decoded;
        see(&Part { view, bytes, map, layout });
    };
    let all = 0..text.len();
    let whole = std::slice::from_ref(&all);
    utf16::parts(text, whole, &mut budget, &mut inside);
    runs::parts(text, whole, &mut budget, &mut inside);
    escapes::parts(text, whole, &mut budget, &mut inside);
    !budget.cut
}

impl Part<'_> {
    /// The bytes of the outer text that hold these.
    pub fn outer(&self, range: &Range<usize>) -> Range<usize> {
        self.map.outer(range)
    }

    /// Whether as many bytes of the outer text stand for each byte wherever it is, so that [`Self::put`] works.
    pub fn is_even(&self) -> bool {
        !matches!(self.layout, Layout::Replaced)
    }

    /// What the outer text must hold, and where, so that these bytes stand at `at`. In base64, `url` chooses the letters of
    /// base64url where the part has neither kind.
    ///
    /// # Panics
    /// The part is not even, or ends before.
    pub fn put(&self, text: &[u8], at: usize, new: &[u8], url: bool) -> (Range<usize>, Vec<u8>) {
        match self.layout {
            Layout::Pairs(first) => {
                let range = first + 2 * at..first + 2 * (at + new.len());
                let mut outer = text[range.clone()].to_vec();
                outer.iter_mut().step_by(2).zip(new).for_each(|(old, new)| *old = *new);
                (range, outer)
            }
            Layout::Digits(lines) => {
                let places = places(lines, 2 * at..2 * (at + new.len()));
                let upper = lines.iter().any(|line| {
                    text[line.clone()].iter().any(|digit| (b'A'..=b'F').contains(digit))
                });
                let digits: &[u8] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
                let halves = new.iter().flat_map(|byte| [byte >> 4, byte & 15]);
                let digits: Vec<_> = halves.map(|half| digits[usize::from(half)]).collect();
                patched(text, &places, &digits)
            }
            Layout::Letters { lines, skipped } => {
                let first = at * 8 / 6;
                let last = ((at + new.len()) * 8).div_ceil(6);
                let places = places(lines, skipped + first..skipped + last);
                let has = |of: &[u8]| {
                    let line =
                        |line: &Range<usize>| text[line.clone()].iter().any(|c| of.contains(c));
                    lines.iter().any(line)
                };
                let url = has(b"-_") || (url && !has(b"+/"));
                let mut bits: Vec<u8> = places.iter().map(|&at| bits_of(text[at])).collect();
                put_bits(&mut bits, at * 8 - first * 6, new);
                let letters: Vec<u8> = bits.iter().map(|&bits| letter(bits, url)).collect();
                patched(text, &places, &letters)
            }
            Layout::Replaced => unreachable!("escapes have no even layout"),
        }
    }
}

/// Where these letters or digits are, of those in the lines.
fn places(lines: &[Range<usize>], wanted: Range<usize>) -> Vec<usize> {
    lines.iter().cloned().flatten().skip(wanted.start).take(wanted.len()).collect()
}

/// The bytes between the first and last of these places, with new ones at them.
fn patched(text: &[u8], places: &[usize], new: &[u8]) -> (Range<usize>, Vec<u8>) {
    let (Some(&first), Some(&last)) = (places.first(), places.last()) else {
        return (0..0, Vec::new());
    };
    let mut outer = text[first..=last].to_vec();
    for (&place, &byte) in places.iter().zip(new) {
        outer[place - first] = byte;
    }
    (first..last + 1, outer)
}

/// The same for a single value in base64: `letters` are those that depend on it alone, where so many bytes stand before it in
/// its first group. The letters beside them hold the rest of it, and keep what they hold of their neighbours.
pub fn put_in_base64(
    text: &[u8],
    letters: &Range<usize>,
    before: usize,
    new: &[u8],
    url: bool,
) -> (Range<usize>, Vec<u8>) {
    let is_letter = |at: usize| text.get(at).is_some_and(|&byte| bits_of(byte) < 64);
    let shared = !(before * 8).is_multiple_of(6);
    let first = match letters.start.checked_sub(usize::from(shared)) {
        Some(first) if is_letter(first) => first,
        _ => letters.start,
    };
    let shared_last = !((before + new.len()) * 8).is_multiple_of(6);
    let last = letters.end + usize::from(shared_last && is_letter(letters.end));
    let mut bits: Vec<u8> = text[first..last].iter().map(|&byte| bits_of(byte)).collect();
    let lacking = shared && first == letters.start;
    if lacking {
        bits.insert(0, 0);
    }
    put_bits(&mut bits, before * 8 % 6, new);
    let new = bits.iter().skip(usize::from(lacking)).map(|&bits| letter(bits, url)).collect();
    (first..last, new)
}

fn bits_of(byte: u8) -> u8 {
    runs::BITS[usize::from(byte)]
}

/// Writes bytes into groups of six bits, from a bit on, as far as there are groups.
fn put_bits(groups: &mut [u8], from: usize, bytes: &[u8]) {
    for (at, byte) in bytes.iter().enumerate() {
        for bit in 0..8 {
            let place = from + at * 8 + bit;
            let Some(group) = groups.get_mut(place / 6) else { return };
            let mask = 0b10_0000 >> (place % 6);
            if byte & (0x80 >> bit) == 0 { *group &= !mask } else { *group |= mask }
        }
    }
}

/// The letter of base64 or base64url for six bits (RFC 4648, sections 4 and 5).
fn letter(bits: u8, url: bool) -> u8 {
    match bits & 63 {
        bits @ 0..26 => b'A' + bits,
        bits @ 26..52 => b'a' + bits - 26,
        bits @ 52..62 => b'0' + bits - 52,
        62 if url => b'-',
        62 => b'+',
        _ if url => b'_',
        _ => b'/',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with `new` in place of `old` in its first part.
    fn changed(text: &str, old: &[u8], new: &[u8]) -> String {
        let mut result = text.as_bytes().to_vec();
        parts(text.as_bytes(), &mut |part| {
            let Some(at) = part.bytes.windows(old.len()).position(|window| window == old) else {
                return;
            };
            if result == text.as_bytes() {
                let (range, bytes) = part.put(text.as_bytes(), at, new, false);
                assert_eq!(range.len(), bytes.len());
                result.splice(range, bytes);
            }
        });
        String::from_utf8(result).unwrap()
    }

    #[test]
    fn bytes_are_put_back_as_they_were_written() {
        use base64::Engine as _;
        let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let (old, new) = ("a longer text, and hunter22 in it", "a longer text, and ******** in it");
        for before in ["", "x", "xy"] {
            let text = |of: &str| format!("k: {}\n", base64(&format!("{before}{of}")));
            assert_eq!(changed(&text(old), b"hunter22", b"********"), text(new));
        }
        let hex: fn(&str) -> String = |of| of.bytes().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(changed(&hex(old), b"hunter22", b"********"), hex(new));
        let wide = |of: &str| of.chars().flat_map(|c| [c, '\0']).collect::<String>();
        assert_eq!(changed(&wide(old), b"hunter22", b"********"), wide(new));
    }

    #[test]
    fn base64_in_lines_stays_in_lines() {
        use base64::Engine as _;
        let long = |of: &str| {
            let text = base64::engine::general_purpose::STANDARD.encode(format!(
                "{}{of}{}",
                "x".repeat(43),
                "y".repeat(60)
            ));
            let lines =
                text.as_bytes().chunks(64).map(|line| String::from_utf8(line.to_vec()).unwrap());
            lines.collect::<Vec<_>>().join("\r\n  ")
        };
        assert_eq!(changed(&long("hunter22"), b"hunter22", b"********"), long("********"));
    }
}
