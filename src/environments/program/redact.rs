//! What a program prints, with masks in place of the values that it was given.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use crate::detect::known::encode::forms;
use crate::environments::check::reuse::is_secret;
use crate::environments::environment::{Content, Environment};
use crate::environments::render::effective::effective;
use crate::environments::schema::Schema;

/// Bytes from which on the value of a secret is masked: one that is shorter stands in any text.
const MIN_SECRET: usize = 4;
/// Bytes from which on a value is masked that is not known to be a secret, nor to be none.
const MIN_UNKNOWN: usize = 8;
/// Bytes from which on a line of a file is masked for itself.
const MIN_LINE: usize = 16;
/// Bytes of the largest file that is looked for as a whole, and not by its lines alone.
const MAX_WHOLE: usize = 64 << 10;
/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;

/// The values that are masked, in every form in which they may be printed.
pub(super) struct Masks {
    automaton: AhoCorasick,
    /// All forms, in order.
    sorted: Vec<Vec<u8>>,
    /// What stands in the place of each form, in the order of the automaton.
    masks: Vec<String>,
    /// Bytes of the longest form.
    longest: usize,
}

impl Masks {
    /// Masks for what an environment has, but for what the schema says is no secret; with the names of secrets that are too
    /// short to be masked.
    pub(super) fn of<'e>(
        environment: &'e Environment,
        schema: Option<&'e Schema>,
    ) -> (Self, Vec<&'e str>) {
        let mut forms_of = BTreeMap::new();
        let mut short = Vec::new();
        for expands in [false, true] {
            for one in effective(environment, schema, expands) {
                let property = schema.and_then(|schema| schema.properties.get(one.name));
                let secret = match property {
                    Some(property) => property.of(&environment.name).secret,
                    None => is_secret(schema, one.name),
                };
                let is_open = property.is_some() && !secret;
                let least = if secret { MIN_SECRET } else { MIN_UNKNOWN };
                match one.text.len() {
                    _ if is_open => {}
                    len if len >= least => add(&mut forms_of, one.name, one.text.as_bytes()),
                    len if len > 0 && secret && !short.contains(&one.name) => short.push(one.name),
                    _ => {}
                }
            }
        }
        for file in &environment.files {
            let Content::Open(content) = &file.content else { continue };
            if content.len() <= MAX_WHOLE {
                add(&mut forms_of, &file.property, content.trim_ascii());
            }
            // The first and the last line of a key are those of every key.
            let lines = content.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
            for line in lines.filter(|line| line.len() >= MIN_LINE && !line.starts_with(b"-----")) {
                add(&mut forms_of, &file.property, line);
            }
        }
        (Self::new(forms_of), short)
    }

    fn new(forms_of: BTreeMap<Vec<u8>, String>) -> Self {
        let (sorted, masks): (Vec<_>, Vec<_>) = forms_of.into_iter().unzip();
        let mut builder = AhoCorasick::builder();
        let automaton = builder.match_kind(MatchKind::LeftmostLongest).build(&sorted);
        Self {
            automaton: automaton.expect("the values of an environment are no gigabytes"),
            longest: sorted.iter().map(Vec::len).max().unwrap_or(0),
            sorted,
            masks,
        }
    }

    /// Copies what a program prints, until it ends or nobody reads on.
    ///
    /// # Errors
    /// Those of reading and writing.
    pub(super) fn copy(&self, mut from: impl Read, mut to: impl Write) -> io::Result<()> {
        let mut masking = Masking { masks: self, held: Zeroizing::default() };
        let mut chunk = Zeroizing::new(vec![0; CHUNK]);
        loop {
            let len = match from.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            let mut out = Vec::new();
            match len {
                0 => masking.finish(&mut out),
                len => masking.push(&chunk[..len], &mut out),
            }
            to.write_all(&out)?;
            to.flush()?;
            if len == 0 {
                return Ok(());
            }
        }
    }

    /// Bytes at the end of a text with which a form may begin that is not whole yet.
    fn begun(&self, text: &[u8]) -> usize {
        let first = text.len().saturating_sub(self.longest.saturating_sub(1));
        let begun = (first..text.len()).find(|&at| self.begins(&text[at..]));
        begun.map_or(0, |at| text.len() - at)
    }

    /// Whether a form is longer than this and begins with it.
    fn begins(&self, part: &[u8]) -> bool {
        let at = self.sorted.partition_point(|form| form.as_slice() <= part);
        self.sorted.get(at).is_some_and(|form| form.starts_with(part))
    }
}

/// Every form of a value.
fn add(forms_of: &mut BTreeMap<Vec<u8>, String>, name: &str, value: &[u8]) {
    if value.len() < MIN_SECRET {
        return;
    }
    let mask = format!("***{}***", crate::sanitise::line(name));
    // To its last letter, where nothing follows the value but the line feed of 'echo'.
    let line = [value, b"\n"].concat();
    let ends = [value, &line].map(|text| STANDARD_NO_PAD.encode(text).into_bytes());
    for form in forms(value).into_keys().chain(ends) {
        forms_of.entry(form).or_insert_with(|| mask.clone());
    }
}

/// A text that comes in pieces, wherever they are cut.
struct Masking<'m> {
    masks: &'m Masks,
    /// What may be the beginning of a value.
    held: Zeroizing<Vec<u8>>,
}

impl Masking<'_> {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.held.extend_from_slice(bytes);
        loop {
            // A match that begins before this can be no longer than it is.
            let sure = self.held.len() - self.masks.begun(&self.held);
            let end = self.put(sure, out);
            self.held.drain(..end);
            // Behind a match that ends later another value may begin, or none.
            if end <= sure {
                return;
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        let end = self.put(self.held.len(), out);
        self.held.drain(..end);
    }

    /// Puts out what begins before `sure`; returns where that ends.
    fn put(&self, sure: usize, out: &mut Vec<u8>) -> usize {
        let mut at = 0;
        for found in self.masks.automaton.find_iter(self.held.as_slice()) {
            if found.start() >= sure {
                break;
            }
            out.extend_from_slice(&self.held[at..found.start()]);
            out.extend_from_slice(self.masks.masks[found.pattern()].as_bytes());
            at = found.end();
        }
        if at < sure {
            out.extend_from_slice(&self.held[at..sure]);
            at = sure;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masks(values: &[(&str, &str)]) -> Masks {
        let mut forms_of = BTreeMap::new();
        values.iter().for_each(|(name, value)| add(&mut forms_of, name, value.as_bytes()));
        Masks::new(forms_of)
    }

    fn masked(masks: &Masks, pieces: &[&[u8]]) -> String {
        let mut masking = Masking { masks, held: Zeroizing::default() };
        let mut out = Vec::new();
        pieces.iter().for_each(|piece| masking.push(piece, &mut out));
        masking.finish(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_are_masked_in_every_form_and_wherever_they_are_cut() {
        let masks = masks(&[("DB", "hunter2-and-more"), ("LONGER", "hunter2-and-more-still")]);
        assert_eq!(masked(&masks, &[b"a hunter2-and-more b"]), "a ***DB*** b");
        assert_eq!(masked(&masks, &[b"hunter2-and-", b"more-sti", b"ll"]), "***LONGER***");
        assert_eq!(masked(&masks, &[b"hunter2-and-more-sti", b"x"]), "***DB***-stix");
        assert_eq!(masked(&masks, &[b"hunter2-and", b" no"]), "hunter2-and no");
        // printf 'hunter2-and-more' | base64, xxd -p
        assert_eq!(masked(&masks, &[b"aHVudGVyMi1h", b"bmQtbW9yZQ=="]), "***DB***==");
        assert_eq!(masked(&masks, &[b"68756e746572322d616e642d6d6f7265"]), "***DB***");
    }

    #[test]
    fn what_can_be_no_value_is_not_held_back() {
        let masks = masks(&[("DB", "hunter2-and-more")]);
        let mut masking = Masking { masks: &masks, held: Zeroizing::default() };
        let mut out = Vec::new();
        masking.push(b"Password: ", &mut out);
        assert_eq!(out, b"Password: ");
        masking.push(b"hunt", &mut out);
        assert_eq!(out, b"Password: ");
        masking.push(b"ing", &mut out);
        assert_eq!(out, b"Password: hunting");
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(text in "[ab]{0,60}", cuts in prop::collection::vec(0..60_usize, 0..8)) {
            let values = ["aaab", "abab", "aabbaab", "bbbbbbbb"];
            let masks = masks(&values.map(|value| (value, value)));
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|cut| &text.as_bytes()[cut[0]..cut[1]]).collect();
            let whole = masks.automaton.replace_all(&text, &masks.masks);
            prop_assert_eq!(masked(&masks, &pieces), whole);
        }
    }
}
