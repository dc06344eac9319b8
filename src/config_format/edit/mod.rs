//! Changing one value of a file, adding to it, and taking from it: every other byte stays. What was written is read again,
//! and must be what was meant, before anybody gets it.

mod insert;
mod region;
mod rename;

use std::collections::HashSet;
use std::ops::Range;

use zeroize::Zeroizing;

use super::item::{Item, Kind, Style, Tie};
use super::text::is_blank;
use super::{Document, Doubt, Format};
pub use insert::{insert, is_shown};
pub use rename::rename;

/// What is added to a file.
#[derive(Clone, Copy)]
pub enum Line<'v> {
    /// A key with its value; without quotes if `literal` and the format knows that.
    Value {
        /// The value.
        text: &'v str,
        /// Whether it is a number or boolean.
        literal: bool,
    },
    /// The same as a comment, which shows a default.
    Comment {
        /// The value.
        text: &'v str,
        /// Whether it is a number or boolean.
        literal: bool,
    },
}

/// Why a file was not changed. Holds nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file cannot be read.
    #[error(transparent)]
    Doubt(#[from] Doubt),
    /// The format cannot hold the value.
    #[error("{0}")]
    Value(&'static str),
    /// It is a section or a list.
    #[error("line {0}: this is a list or not a single value; change it by hand")]
    Compound(usize),
    /// The value comes from elsewhere, or others take it from here.
    #[error("line {0}: an alias or anchor ties this value to others; change it by hand")]
    Tied(usize),
    /// The new value would change what else is in the file.
    #[error("line {0}: the value cannot be exchanged without changing others; change it by hand")]
    Others(usize),
    /// JSON has none.
    #[error("JSON has no comments")]
    NoComments,
    /// The name cannot be written so that it is read again, or the place for it is not clear.
    #[error("there is no clear place for this name in the file; add it by hand")]
    NoPlace,
}

/// Gives the item at this place another value.
///
/// # Errors
/// [`EditError`].
pub fn replace(
    document: &Document<'_>,
    at: usize,
    text: &str,
    literal: bool,
) -> Result<Zeroizing<Vec<u8>>, EditError> {
    let item = &document.items[at];
    if item.kind.is_compound() {
        return Err(EditError::Compound(item.line));
    }
    if item.tie == Tie::Shared {
        return Err(EditError::Tied(item.line));
    }
    let literal = literal || item.kind.is_literal();
    let ways = document.ways(item, text, literal).map_err(EditError::Value)?;
    let before = &document.bytes[..item.value.start];
    // Where nothing stood behind the sign, a blank may be needed, and nothing else is to move.
    let bare = item.value.is_empty()
        && matches!(document.format, Format::Yaml | Format::Properties)
        && before.last().is_some_and(|byte| !is_blank(*byte) && !matches!(byte, b'=' | b'\n'));
    // Without a value a comment may be right behind the sign.
    let tail = item.value.is_empty() && document.bytes[item.value.end..].starts_with(b"#");
    let (blank, tail) = (if bare { " " } else { "" }, if tail { " " } else { "" });
    for raw in &ways {
        let place = |at| at..at;
        let (start, end) = (item.value.start, item.value.end);
        let parts = [(place(start), blank), (start..end, raw.as_str()), (place(end), tail)];
        let new = splice(document.bytes, &parts);
        if is_meant(document, &new, Some((at, text)), &[]) {
            return Ok(new);
        }
    }
    Err(if document.dialect.is_none() && document.format == Format::Env {
        EditError::Value(super::env_value::DIFFER)
    } else if document.dialect.is_none() && document.format == Format::Ini {
        EditError::Value(super::ini_value::DIFFER)
    } else if item.tie == Tie::Anchor {
        EditError::Tied(item.line)
    } else {
        EditError::Others(item.line)
    })
}

/// Takes the item at this place out of the file: its lines, or its part of the braces.
///
/// # Errors
/// [`EditError`].
pub fn remove(document: &Document<'_>, at: usize) -> Result<Zeroizing<Vec<u8>>, EditError> {
    let item = &document.items[at];
    let gone: Vec<usize> = std::iter::once(at).chain(document.children(at)).collect();
    let end = gone.iter().map(|at| document.items[*at].value.end).max().unwrap_or(item.value.end);
    let begin = if item.name.is_empty() { item.value.start } else { item.name.start };
    let bytes = document.bytes;
    // The lines as a whole; what is before it and up to the next; what is behind the one before it.
    let line = bytes[..begin].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let stop =
        bytes[end..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| end + at + 1);
    let comma = |byte: &u8| *byte == b',';
    let next = bytes[end..].iter().position(comma).map(|at| end + at + 1);
    let next = next.map(|at| at + bytes[at..].iter().take_while(|byte| is_blank(**byte)).count());
    let last = bytes[..begin].iter().rposition(comma);
    let ways = [
        Some(line..stop),
        next.map(|next| begin..next),
        last.map(|last| last..end),
        Some(begin..end),
    ];
    for range in ways.into_iter().flatten() {
        let new = splice(bytes, &[(range, "")]);
        if is_meant(document, &new, None, &gone) {
            return Ok(new);
        }
    }
    Err(EditError::Others(item.line))
}

/// The bytes with some ranges exchanged, which are given in order.
fn splice(bytes: &[u8], parts: &[(Range<usize>, &str)]) -> Zeroizing<Vec<u8>> {
    let len = bytes.len() + parts.iter().map(|(_, new)| new.len()).sum::<usize>();
    // Allocated once, so that no copy of it is left behind.
    let mut out = Zeroizing::new(Vec::with_capacity(len));
    let mut done = 0;
    for (range, new) in parts {
        out.extend_from_slice(&bytes[done..range.start]);
        out.extend_from_slice(new.as_bytes());
        done = range.end;
    }
    out.extend_from_slice(&bytes[done..]);
    out
}

/// Whether the new bytes hold what the document holds, without the items that are gone, and with this text at the target.
fn is_meant(
    document: &Document<'_>,
    new: &[u8],
    target: Option<(usize, &str)>,
    gone: &[usize],
) -> bool {
    let Ok(again) = document.format.parse_as(document.dialect, new) else { return false };
    let gone: HashSet<usize> = gone.iter().copied().collect();
    let kept = (0..document.items.len()).filter(|at| !gone.contains(at));
    let same = |(at, item): (usize, &Item)| {
        let old = &document.items[at];
        let place = item.path == old.path && item.document == old.document;
        match target {
            Some((target, text)) if target == at => {
                place
                    && *item.text == text
                    && !item.kind.is_compound()
                    && item.references.is_empty()
            }
            // What takes the value from there changes with it.
            Some((target, text)) if old.origin == Some(target) => place && *item.text == text,
            _ => place && is_same(item, old),
        }
    };
    again.items.len() + gone.len() == document.items.len()
        && kept.zip(&again.items).all(same)
        && target.is_none_or(|(at, _)| again.is_read_alike(at, document))
}

/// Whether two items mean the same.
fn is_same(one: &Item, other: &Item) -> bool {
    let empty = |item: &Item| item.kind == Kind::Mapping && item.style == Style::Flow;
    one.kind == other.kind
        && one.text == other.text
        && one.tie == other.tie
        && empty(one) == empty(other)
}

#[cfg(test)]
mod tests;
