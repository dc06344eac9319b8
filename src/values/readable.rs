//! What stays readable in a file that is sealed by value: its comments, and the values of exempt names.

use std::ops::Range;

use zeroize::Zeroizing;

use super::mode::{self, Clear};
use super::spots::{Named, What, spots};
use crate::config_format::{Format, Role};

/// A part of a plaintext that is stored as it is, and what of the rest is sealed.
pub struct Readable {
    /// The parts, in the file's order: their bytes, and the name of the value that it is; a comment has none.
    pub parts: Vec<(Range<usize>, Option<Named>)>,
    /// The values that are sealed, as the program that reads the file gets them.
    pub sealed: Vec<(Named, Zeroizing<String>)>,
}

/// Parts a plaintext. `None` where it does not read, and is sealed whole.
pub fn readable((format, clear): (Format, &Clear), bytes: &[u8]) -> Option<Readable> {
    let document = mode::read(format, bytes).ok()?;
    let spots = spots(format, &document, Some(clear)).ok()?;
    let mut parts = Vec::new();
    let mut sealed = Vec::new();
    let mut values = Vec::new();
    for spot in &spots {
        match spot.what {
            What::Empty => {}
            What::Clear => parts.push((spot.range.clone(), Some(spot.named()))),
            What::Token => values.push(spot.range.clone()),
            What::Plain => {
                values.push(spot.range.clone());
                sealed.push((spot.named(), spot.item.text.clone()));
            }
        }
    }
    values.sort_by_key(|range| range.start);
    // Of `.env` files a value may be what is read as a comment.
    let is_sealed = |comment: &Range<usize>| {
        let before = values.partition_point(|value| value.start < comment.end);
        before > 0 && values[before - 1].end > comment.start
    };
    let comments = document.spans.iter().filter(|span| span.role == Role::Comment);
    let comments = comments.map(|span| span.range.clone()).filter(|range| !is_sealed(range));
    parts.extend(comments.map(|range| (range, None)));
    parts.sort_by_key(|(range, _)| range.start);
    Some(Readable { parts, sealed })
}
