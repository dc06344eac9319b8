//! What is looked for: values in every form in which they may be written.

use std::collections::BTreeMap;
use std::ops::Range;

use zeroize::Zeroize as _;

use super::Value;
use crate::detect::known::encode::{Form, forms};
use crate::detect::matcher::Matcher;
use crate::detect::strings::Strings;
use crate::detect::{Hit, Rank};

/// The fewest characters of a line of a key by which the key is known.
const MIN_KEY_LINE: usize = 40;

/// Finds values, anywhere: also inside of a longer word.
pub struct Needles {
    strings: Strings,
    /// What each string is: the value it is a form of, and how many bytes it has.
    of: Vec<Needle>,
    longest: usize,
}

/// A form of a value.
#[derive(Clone, Copy)]
pub(super) struct Needle {
    /// Counts the values.
    pub(super) value: usize,
    pub(super) form: Form,
    /// Bytes of what is written in this form: the value, or a line of it.
    pub(super) len: usize,
}

/// A needle in a text.
#[derive(Clone)]
pub(super) struct Spot {
    pub(super) range: Range<usize>,
    pub(super) needle: Needle,
}

impl Needles {
    /// For these values; [`Hit::rule`] counts them.
    pub fn new(values: &[Value]) -> Self {
        let mut needles: BTreeMap<Vec<u8>, Needle> = BTreeMap::new();
        for (number, value) in values.iter().enumerate() {
            let whole = value.secret.expose();
            for part in std::iter::once(whole).chain(key_lines(whole)) {
                for (bytes, form) in forms(part) {
                    let needle = Needle { value: number, form, len: part.len() };
                    // What a value is as it is counts before what another one is in some other form.
                    let known = needles.entry(bytes).or_insert(needle);
                    if form == Form::Plain && known.form != Form::Plain {
                        *known = needle;
                    }
                }
            }
        }
        let longest = needles.keys().map(Vec::len).max().unwrap_or(0);
        let strings = Strings::new(needles.keys().map(Vec::as_slice));
        let wipe = |(mut bytes, needle): (Vec<u8>, Needle)| {
            bytes.zeroize();
            needle
        };
        Self { strings, of: needles.into_iter().map(wipe).collect(), longest }
    }

    /// Whether any of them is in a text as it is.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        self.strings.is_in(text)
    }

    /// All of them, longest first; of those that overlap the longest alone.
    pub(super) fn places(&self, text: &[u8]) -> Vec<Spot> {
        let mut all = Vec::new();
        self.each(text, |spot| all.push(spot));
        all.sort_by_key(|place| (std::cmp::Reverse(place.range.len()), place.range.start));
        let mut chosen: BTreeMap<usize, Spot> = BTreeMap::new();
        for place in all {
            let before = chosen.range(..place.range.end).next_back();
            if before.is_none_or(|(_, before)| before.range.end <= place.range.start) {
                chosen.insert(place.range.start, place);
            }
        }
        chosen.into_values().collect()
    }

    fn each(&self, text: &[u8], mut each: impl FnMut(Spot)) {
        self.strings.each(text, |number, range| each(Spot { range, needle: self.of[number] }));
    }
}

impl Matcher for Needles {
    fn window(&self) -> usize {
        0
    }

    fn scan(&self, text: &[u8], within: &[Range<usize>], hits: &mut Vec<Hit>) {
        let mut reached = 0;
        for range in within {
            let start = range.start.saturating_sub(self.longest).min(text.len());
            let end = range.end.saturating_add(self.longest).min(text.len());
            self.each(&text[start..end], |place| {
                let found = start + place.range.start..start + place.range.end;
                let touches = found.start < range.end && range.start < found.end;
                // A hit that touches two ranges is named with the first.
                if touches && !(reached > 0 && found.start < reached) {
                    let mut hit = Hit::sure(found.clone(), found, Rank::Certain);
                    hit.rule = place.needle.value;
                    hits.push(hit);
                }
            });
            reached = range.end;
        }
    }
}

/// The long lines of a key in PEM, but for the first, which is mostly what all keys of a kind begin with: a line tells the key,
/// however the block is wrapped or indented elsewhere.
fn key_lines(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_key = value.starts_with(b"-----BEGIN");
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let lines = value.split(|byte| matches!(byte, b'\n' | b'\\')).map(move |line| {
        // Behind the backslash of an escaped end of line is its 'n' or 'r'.
        let escaped = value.contains(&b'\\') && matches!(line.first(), Some(b'n' | b'r'));
        line[usize::from(escaped)..].trim_ascii()
    });
    let lines = lines
        .filter(move |line| is_key && line.len() >= MIN_KEY_LINE && line.iter().all(is_letter));
    lines.skip(1)
}
