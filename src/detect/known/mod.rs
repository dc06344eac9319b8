//! Values that are sealed today, or were: looked for wherever they are plaintext.
//!
//! Base64, hexadecimal digits, percent encoding and UTF-16 of a longer text are views, which every matcher is shown. A single
//! value may be too short for a view, so it is looked for in each encoding itself, too.

pub mod encode;
mod extract;

pub use extract::is_trivial;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Secret;
use crate::detect::matcher::Matcher;
use crate::detect::strings::Strings;
use crate::detect::{Hit, Rank};

/// Values that are looked for at most; where there are more, the files with the rest are named.
pub const MAX_VALUES: usize = 50_000;
/// Bytes of a value that are looked for: of a longer one its beginning, which tells it as well.
const MAX_VALUE: usize = 4096;

/// Gathers values of sealed files.
#[derive(Default)]
pub struct Gathering {
    values: BTreeSet<Vec<u8>>,
    /// Lines of keys and beginnings of long values, each with what it belongs to.
    parts: BTreeMap<Vec<u8>, Vec<u8>>,
    trivial: BTreeSet<Vec<u8>>,
    /// Files some of whose values are too many to be looked for.
    beyond: BTreeSet<Vec<u8>>,
}

impl Drop for Gathering {
    fn drop(&mut self) {
        use zeroize::Zeroize as _;
        for mut value in std::mem::take(&mut self.values) {
            value.zeroize();
        }
        for mut value in std::mem::take(&mut self.trivial) {
            value.zeroize();
        }
        for (mut part, mut whole) in std::mem::take(&mut self.parts) {
            part.zeroize();
            whole.zeroize();
        }
    }
}

impl Gathering {
    /// Adds the values of one version of a sealed file, opened. The path's name tells its format.
    pub fn add(&mut self, path: &[u8], plaintext: &[u8]) {
        for value in extract::values(path, plaintext) {
            if is_trivial(&value) {
                self.trivial.insert(value.to_vec());
            } else if value.len() > MAX_VALUE {
                self.add_part(path, &value[..MAX_VALUE], &value);
            } else if self.values.contains(&value[..]) || self.has_room() {
                self.values.insert(value.to_vec());
            } else {
                self.beyond.insert(path.to_vec());
            }
        }
        for (part, whole) in extract::key_lines(plaintext) {
            self.add_part(path, &part[..part.len().min(MAX_VALUE)], whole);
        }
    }

    fn add_part(&mut self, path: &[u8], part: &[u8], whole: &[u8]) {
        if self.parts.contains_key(part) || self.has_room() {
            self.parts.insert(part.to_vec(), whole.to_vec());
        } else {
            self.beyond.insert(path.to_vec());
        }
    }

    fn has_room(&self) -> bool {
        self.values.len() + self.parts.len() < MAX_VALUES
    }

    /// Files with values that are not looked for, as there are more than [`MAX_VALUES`].
    pub fn beyond(&self) -> &BTreeSet<Vec<u8>> {
        &self.beyond
    }

    /// A matcher for all of them.
    pub fn finish(self) -> KnownValues {
        let mut needles: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        let mut values = Vec::new();
        for value in &self.values {
            for needle in encode::forms(value).into_keys() {
                needles.entry(needle).or_insert(values.len());
            }
            values.push(Secret::new(value));
        }
        for (part, whole) in &self.parts {
            for needle in encode::forms(part).into_keys() {
                needles.entry(needle).or_insert(values.len());
            }
            values.push(Secret::new(whole));
        }
        let longest = needles.keys().map(Vec::len).max().unwrap_or(0);
        let strings = Strings::new(needles.keys().map(Vec::as_slice));
        let of = needles.into_iter().map(|(mut needle, value)| {
            zeroize::Zeroize::zeroize(&mut needle);
            value
        });
        KnownValues {
            strings,
            of: of.collect(),
            values,
            longest,
            trivial: self.trivial.len() as u64,
        }
    }
}

/// Finds the values; [`Hit::rule`] counts them.
pub struct KnownValues {
    strings: Strings,
    /// The value of each string.
    of: Vec<usize>,
    values: Vec<Secret>,
    longest: usize,
    trivial: u64,
}

impl KnownValues {
    /// The value that a hit names, as it is in the sealed file.
    pub fn value(&self, number: usize) -> &[u8] {
        self.values[number].expose()
    }

    /// All values that are looked for, in an order that depends on them alone.
    pub(crate) fn values(&self) -> impl Iterator<Item = &[u8]> {
        self.values.iter().map(Secret::expose)
    }

    /// How many values are looked for.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Values that are not looked for, as they are too short or too common.
    pub fn trivial(&self) -> u64 {
        self.trivial
    }
}

impl Matcher for KnownValues {
    fn window(&self) -> usize {
        // What is beside a value tells whether it is a word of its own.
        1
    }

    fn scan(&self, text: &[u8], within: &[Range<usize>], hits: &mut Vec<Hit>) {
        let mut reached = 0;
        for range in within {
            let start = range.start.saturating_sub(self.longest).min(text.len());
            let end = range.end.saturating_add(self.longest).min(text.len());
            self.strings.each(&text[start..end], |number, found| {
                let place = start + found.start..start + found.end;
                let touches = place.start < range.end && range.start < place.end;
                // A hit that touches two ranges is named with the first.
                let value = self.of[number];
                let plain = text[place.clone()] == *self.value(value);
                let known = reached > 0 && place.start < reached;
                if touches && !known && (!plain || is_alone(text, &place)) {
                    let hit = Hit::sure(place.clone(), place, Rank::Certain);
                    hits.push(Hit { rule: value, ..hit });
                }
            });
            reached = range.end;
        }
    }
}

/// Whether a value is not the inside of a longer word. A long one counts anywhere.
fn is_alone(text: &[u8], place: &Range<usize>) -> bool {
    const LONG: usize = 12;
    if place.len() >= LONG {
        return true;
    }
    let joins = |a: Option<&u8>, b: Option<&u8>| {
        a.is_some_and(u8::is_ascii_alphanumeric) && b.is_some_and(u8::is_ascii_alphanumeric)
    };
    let before = place.start.checked_sub(1).and_then(|at| text.get(at));
    !joins(before, text.get(place.start))
        && !joins(place.end.checked_sub(1).and_then(|at| text.get(at)), text.get(place.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(files: &[(&str, &str)]) -> KnownValues {
        let mut gathering = Gathering::default();
        for (path, text) in files {
            gathering.add(path.as_bytes(), text.as_bytes());
        }
        gathering.finish()
    }

    fn finds(known: &KnownValues, text: &[u8]) -> Vec<String> {
        let mut hits = Vec::new();
        known.scan(text, std::slice::from_ref(&(0..text.len())), &mut hits);
        let value = |hit: &Hit| String::from_utf8(known.value(hit.rule).to_vec()).unwrap();
        hits.iter().map(value).collect::<BTreeSet<_>>().into_iter().collect()
    }

    #[test]
    fn a_value_is_found_in_every_encoding() {
        let known = known(&[("a.env", "PASSWORD='q%u/i\"cK7v'\nDEBUG=true\nN=5\n")]);
        assert_eq!((known.len(), known.trivial()), (1, 2));
        let value = "q%u/i\"cK7v";
        let wide: Vec<u8> = value.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let narrow: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
        use base64::Engine as _;
        let base64 = |before: &str| {
            base64::engine::general_purpose::STANDARD.encode(format!("{before}{value}:tail"))
        };
        let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        for text in [
            format!("x {value} y"),
            base64(""),
            base64("a"),
            base64("ab"),
            hex.to_uppercase(),
            hex,
            "q%25u%2Fi%22cK7v".to_owned(),
            "{\"a\": \"q%u/i\\\"cK7v\"}".to_owned(),
        ] {
            assert_eq!(finds(&known, text.as_bytes()), [value], "{text}");
        }
        assert_eq!(finds(&known, &wide), [value]);
        assert_eq!(finds(&known, &narrow), [value]);
        assert!(finds(&known, b"q%u/i\"cK7w").is_empty());
    }

    #[test]
    fn a_long_value_is_found_by_its_beginning() {
        let long: String = (0..4000).map(|n| format!("{:03}q", (n * 7919) % 997)).collect();
        let known = known(&[("a.env", &format!("LONG={long}\n"))]);
        assert_eq!((known.len(), known.trivial()), (1, 0));
        assert_eq!(finds(&known, format!("x = '{long}'").as_bytes()), [long]);
    }

    #[test]
    fn values_past_the_bound_are_named_with_their_file_and_are_not_trivial() {
        let mut gathering = Gathering::default();
        let value = |n: usize| format!("Vq{:07}-xK", n * 7919 % 1_000_003);
        let all: Vec<String> = (0..=MAX_VALUES).map(value).collect();
        gathering.add(b"first.json", serde_json::to_string(&all[..MAX_VALUES]).unwrap().as_bytes());
        assert!(gathering.beyond().is_empty());
        // One that is known already takes no room.
        gathering.add(b"known.env", format!("A={}\n", all[0]).as_bytes());
        assert!(gathering.beyond().is_empty());
        gathering.add(b"last.env", format!("A={}\n", all[MAX_VALUES]).as_bytes());
        assert_eq!(gathering.beyond(), &BTreeSet::from([b"last.env".to_vec()]));
        let block = "Q".repeat(64);
        let key =
            format!("-----BEGIN PRIVATE KEY-----\n{block}\n{block}x\n-----END PRIVATE KEY-----\n");
        gathering.add(b"tls.key", key.as_bytes());
        assert!(gathering.beyond().contains(&b"tls.key"[..]));
        assert!(gathering.trivial.is_empty());
    }

    #[test]
    fn a_short_value_within_a_word_is_none() {
        let known = known(&[("a.env", "A=kq7vzx\n")]);
        assert_eq!(finds(&known, b"a=kq7vzx;"), ["kq7vzx"]);
        assert!(finds(&known, b"akq7vzx kq7vzx9").is_empty());
    }

    #[test]
    fn ranges_find_what_touches_them_once() {
        let known = known(&[("a.env", "A=kq7vzx-9mLw2p-xQ\n")]);
        let text = b"......kq7vzx-9mLw2p-xQ......";
        let mut hits = Vec::new();
        known.scan(text, &[8..9, 12..13], &mut hits);
        assert_eq!(hits.len(), 1);
        hits.clear();
        known.scan(text, &[0..3, 24..28], &mut hits);
        assert!(hits.is_empty());
    }
}
