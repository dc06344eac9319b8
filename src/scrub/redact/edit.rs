//! One round of replacing: what should be where, through all encodings.

use std::ops::Range;

use super::Redactor;
use super::marker::{Marker, Medium};
use super::needles;
use crate::detect::known::encode::{Form, hex, percent, utf16};
use crate::detect::views::{self, MAX_DEPTH, Part, View};

/// Bytes that take the place of others.
pub(super) struct Edit {
    range: Range<usize>,
    new: Vec<u8>,
    /// The value that stood there as it is, by its number; `None` where it was encoded in turn.
    plain: Option<usize>,
}

/// The text with all of these done; they are sorted and do not overlap.
pub(super) fn apply(text: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut result = Vec::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        result.extend_from_slice(&text[at..edit.range.start]);
        result.extend_from_slice(&edit.new);
        at = edit.range.end;
    }
    result.extend_from_slice(&text[at..]);
    result
}

/// How things should be written.
#[derive(Clone, Copy)]
struct Way {
    place: Medium,
    same_length: bool,
}

impl Way {
    fn marker(self, marker: &Marker, len: usize) -> Vec<u8> {
        match self.same_length {
            true => marker.fit(len, self.place),
            false => marker.whole(self.place).to_vec(),
        }
    }
}

impl Redactor {
    /// What should be replaced, sorted and without overlaps; of two that overlap the second waits for the next round.
    pub(super) fn edits(
        &self,
        text: &[u8],
        place: Medium,
        same_length: bool,
        depth: usize,
    ) -> Vec<Edit> {
        let way = Way { place, same_length };
        let places = self.needles.places(text);
        let mut edits: Vec<Edit> =
            places.iter().map(|found| self.direct(text, found, way)).collect();
        if depth < MAX_DEPTH {
            views::parts(text, &mut |part| self.inside(text, part, way, depth, &mut edits));
        }
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let mut end = 0;
        edits.retain(|edit| {
            let free = edit.range.start >= end && text[edit.range.clone()] != edit.new[..];
            end = if free { edit.range.end } else { end };
            free
        });
        edits
    }

    /// A value in one of its forms.
    fn direct(&self, text: &[u8], found: &needles::Spot, way: Way) -> Edit {
        let needle = found.needle;
        let marker = &self.markers[needle.value];
        let range = found.range.clone();
        let fit = |len| marker.fit(len, way.place);
        let in_length = |bytes: Vec<u8>| match way.same_length {
            true => fit(range.len()),
            false => bytes,
        };
        let whole = marker.whole(way.place);
        let url =
            way.place == Medium::Name || text[range.clone()].iter().any(|b| b"-_".contains(b));
        let (range, new) = match needle.form {
            Form::Plain => {
                let new = way.marker(marker, range.len());
                return Edit { range, new, plain: Some(needle.value) };
            }
            Form::Escaped => (range.clone(), in_length(whole.to_vec())),
            Form::Percent { all, upper } => (range.clone(), in_length(percent(whole, all, upper))),
            Form::Hex { upper } => (range, hex(&fit(needle.len), upper)),
            Form::Utf16 { big } => {
                let fitting = fit(range.len() / 2);
                (range, utf16(&String::from_utf8_lossy(&fitting), big))
            }
            Form::Base64 { before, .. } => {
                views::put_in_base64(text, &range, before, &fit(needle.len), url)
            }
        };
        Edit { range, new, plain: None }
    }

    /// What should be replaced in a part that is encoded.
    fn inside(&self, text: &[u8], part: &Part<'_>, way: Way, depth: usize, edits: &mut Vec<Edit>) {
        let same_length = way.same_length || part.is_even();
        for edit in self.edits(part.bytes, way.place, same_length, depth + 1) {
            if part.is_even() {
                let url = way.place == Medium::Name;
                let (range, new) = part.put(text, edit.range.start, &edit.new, url);
                edits.push(Edit { range, new, plain: None });
                continue;
            }
            let range = part.outer(&edit.range);
            let new = match edit.plain {
                Some(value) if way.same_length => self.markers[value].fit(range.len(), way.place),
                Some(value) => {
                    let marker = self.markers[value].whole(way.place);
                    let escaped = escapes(&text[range.clone()], part.view);
                    escape(marker, part.view, escaped >= edit.range.len())
                }
                None if edit.new.len() == edit.range.len() => in_place(text, part, &edit),
                // What was of one length in there need not be out here.
                None if way.same_length => vec![b'*'; range.len()],
                None => escape(&edit.new, part.view, false),
            };
            edits.push(Edit { range, new, plain: None });
        }
    }
}

/// How many escapes stand in a text.
fn escapes(text: &[u8], view: &View) -> usize {
    let mark = if *view == View::Percent { b'%' } else { b'\\' };
    text.iter().filter(|&&byte| byte == mark).count()
}

/// The text escaped: all of it, or what must be.
fn escape(text: &[u8], view: &View, all: bool) -> Vec<u8> {
    if *view == View::Percent {
        return percent(text, all, true);
    }
    let mut escaped = Vec::new();
    for &byte in text {
        match byte {
            _ if all => escaped.extend(format!("\\u{byte:04x}").bytes()),
            b'\\' | b'"' => escaped.extend([b'\\', byte]),
            byte => escaped.push(byte),
        }
    }
    escaped
}

/// New bytes each in place of an old one, escaped where that was, so that the length stays.
fn in_place(text: &[u8], part: &Part<'_>, edit: &Edit) -> Vec<u8> {
    let mut new = Vec::new();
    let mut done = part.outer(&edit.range).start;
    for (at, &byte) in edit.range.clone().zip(&edit.new) {
        let outer = part.outer(&(at..at + 1));
        if outer.end <= done {
            continue;
        }
        done = outer.end;
        let written = match (outer.len(), part.view) {
            (1, _) => vec![byte],
            (3, View::Percent) => percent(&[byte], true, true),
            (4, _) => format!("\\x{byte:02x}").into_bytes(),
            (6, _) => format!("\\u{byte:04x}").into_bytes(),
            (len, _) => [vec![byte], vec![b'*'; len.saturating_sub(1)]].concat(),
        };
        new.extend(written);
    }
    let outer = part.outer(&edit.range);
    new.resize(outer.len(), b'*');
    debug_assert!(outer.end <= text.len());
    new
}
