//! Two readers of one file: that of the format that an attribute names, and that of another one, which is told by the file's name.
//!
//! Anybody who pushed last may have written the attribute. Where the other reader takes more for a value, a part of what somebody writes could
//! be stored as a comment or a name. So it is refused. What git has already as it is stays: it is readable anyway.

use std::collections::HashSet;
use std::ops::Range;

use super::index::Past;
use super::mode::{self, Clear, FORMATS, format_of_path};
use super::spots::{Named, Spot, What, spots};
use super::token::Place;
use crate::config_format::{Document, Format, Role};
use crate::secret::WipedVec;

/// A value and the format of another reader that takes more bytes for it: bytes that would stay readable, and that no stored version shows.
///
/// That reader is the one of the file's name. Where the name tells none, each format is tried, for values of several lines alone.
pub(super) fn disagreement(
    format: Format,
    clear: &Clear,
    document: &Document<'_>,
    found: &[Spot<'_>],
    past: &Past<'_>,
) -> Option<(Named, Format)> {
    let told = format_of_path(past.path);
    if past.path.is_empty() || told == Some(format) {
        return None;
    }
    let bytes = document.bytes;
    let stored = Readable::of_versions(format, past.sides);
    let comments = document.spans.iter().filter(|span| span.role == Role::Comment);
    let (known, new): (Vec<_>, Vec<_>) = comments
        .map(|span| span.range.clone())
        .partition(|range| stored.comments.contains(bytes[range.clone()].trim_ascii()));
    // Whoever pushed may have written a comment that the other reader cannot read.
    let mut others = WipedVec::with_capacity(bytes.len());
    others.extend_from_slice(bytes);
    for byte in known.into_iter().flat_map(|range| others_of(range, bytes)) {
        others[byte] = b' ';
    }
    let candidates = FORMATS.into_iter().filter(|other| match told {
        Some(told) => *other == told,
        None => *other != format,
    });
    for other in candidates {
        let Ok(read) = mode::read(other, &others) else { continue };
        let Ok(values) = spots(other, &read, None) else { continue };
        let is_meant = |value: &&Spot<'_>| {
            value.what == What::Plain
                && !clear.allows(value.item)
                && (told.is_some() || bytes[value.range.clone()].contains(&b'\n'))
        };
        for value in values.iter().filter(is_meant) {
            if shows_more(value, found, &new, &stored.places) {
                return Some((value.named(), other));
            }
        }
    }
    None
}

/// The bytes of a comment that are blanked: all but line ends.
fn others_of(range: Range<usize>, bytes: &[u8]) -> impl Iterator<Item = usize> {
    range.filter(|at| !matches!(bytes[*at], b'\n' | b'\r'))
}

/// Whether a part of a value, as the other reader takes it, would be readable: behind a beginning that both take for a value there is a new comment,
/// or a new name.
fn shows_more(
    value: &Spot<'_>,
    found: &[Spot<'_>],
    comments: &[Range<usize>],
    stored: &HashSet<Place>,
) -> bool {
    let begins_in = |spot: &Spot<'_>| spot.range.contains(&value.range.start);
    let overlaps =
        |range: &Range<usize>| range.start < value.range.end && value.range.start < range.end;
    let is_name = |spot: &Spot<'_>| {
        overlaps(&spot.range) && !begins_in(spot) && !stored.contains(&spot.place)
    };
    found.iter().any(begins_in) && (comments.iter().any(overlaps) || found.iter().any(is_name))
}

/// What is readable in stored versions of a file.
#[derive(Default)]
struct Readable {
    comments: HashSet<Vec<u8>>,
    /// The names of their values.
    places: HashSet<Place>,
}

impl Readable {
    fn of_versions(format: Format, versions: &[Vec<u8>]) -> Self {
        let mut all = Self::default();
        for version in versions {
            let Ok(document) = mode::read(format, version) else { continue };
            let comments = document.spans.iter().filter(|span| span.role == Role::Comment);
            let text = |range: &Range<usize>| version[range.clone()].trim_ascii().to_vec();
            all.comments.extend(comments.map(|span| text(&span.range)));
            let spots = spots(format, &document, None).unwrap_or_default();
            all.places.extend(spots.into_iter().map(|spot| spot.place));
        }
        all
    }
}
