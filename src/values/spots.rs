//! Where the values of a file are, and what binds each to its name. Anything in doubt is refused, and the file is sealed whole.

use std::ops::Range;

use super::mode::Clear;
use super::token::{Place, begins_as_token};
use crate::config_format::{Document, Doubt, Format, Item, Role, Span, Step, Style, Tie};

/// A value of a file.
pub(super) struct Spot<'d> {
    /// Its bytes, with quotes.
    pub(super) range: Range<usize>,
    pub(super) place: Place,
    pub(super) item: &'d Item,
    pub(super) what: What,
}

/// What is at a spot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Nothing, which stays as it is.
    Empty,
    /// What begins as a sealed value does.
    Token,
    /// A value that stays plaintext, by its name.
    Clear,
    /// A value that must be sealed.
    Plain,
}

impl Spot<'_> {
    /// The value's name and line, for people.
    pub(super) fn named(&self) -> Named {
        Named { name: crate::sanitise::line(&self.item.full_name()), line: self.item.line }
    }
}

/// Which value is meant, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its name, with what a terminal may not show escaped; empty where the file is one value.
    pub name: String,
    /// Its line, counted from 1.
    pub line: usize,
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name.as_str() {
            "" => write!(f, "the value on line {}", self.line),
            name => write!(f, "'{name}' on line {}", self.line),
        }
    }
}

/// The spots of a file, in its order. `clear` is given where the file may be sealed: then more is refused, and some names are
/// exempt.
pub(super) fn spots<'d>(
    format: Format,
    document: &'d Document<'_>,
    clear: Option<&Clear>,
) -> Result<Vec<Spot<'d>>, Doubt> {
    refuse_marks(document.bytes)?;
    if format == Format::Yaml && clear.is_some() {
        refuse_merge_keys(document)?;
    }
    let mut spots = Vec::with_capacity(document.items.len());
    for item in document.items.iter().filter(|item| item.is_scalar()) {
        // The bytes of an alias say no value.
        if matches!(item.tie, Tie::Alias | Tie::Shared) {
            continue;
        }
        let range = range(format, document.bytes, item);
        let what = what(&document.bytes[range.clone()], item, clear);
        let doubt = |why| Doubt { line: item.line, why };
        if clear.is_some() && what != What::Clear && what != What::Empty {
            match item.tie {
                Tie::Tag => return Err(doubt("there is a tag at the value")),
                Tie::Anchor => return Err(doubt("there is an anchor at the value")),
                _ => {}
            }
            if format == Format::Ini && is_unclosed(&document.bytes[range.clone()]) {
                return Err(doubt("the quote is not closed"));
            }
        }
        spots.push(Spot { range, place: place(item), item, what });
    }
    Ok(spots)
}

/// The bytes of a value. Of `.env` files also what some readers take for a comment in its place: to others it is the value.
fn range(format: Format, bytes: &[u8], item: &Item) -> Range<usize> {
    let value = item.value.clone();
    if format != Format::Env || !value.is_empty() {
        return value;
    }
    let line = bytes[value.end..].split(|byte| matches!(byte, b'\n')).next().unwrap_or_default();
    let start = line.len() - line.trim_ascii_start().len();
    match line.trim_ascii().len() {
        0 => value,
        len => value.end + start..value.end + start + len,
    }
}

fn what(raw: &[u8], item: &Item, clear: Option<&Clear>) -> What {
    if matches!(raw, b"" | b"\"\"" | b"''" | b"``") {
        What::Empty
    } else if is_token(raw) || begins_as_token(item.text.as_bytes()) {
        What::Token
    } else if clear.is_some_and(|clear| clear.allows(item)) {
        What::Clear
    } else {
        What::Plain
    }
}

/// Whether a value begins as a token does, in whichever quotes.
fn is_token(raw: &[u8]) -> bool {
    let inner = raw.strip_prefix(b"\"").or(raw.strip_prefix(b"'")).unwrap_or(raw);
    begins_as_token(inner)
}

fn place(item: &Item) -> Place {
    let names = item.path.0.iter().map(|step| match step {
        Step::Name(name) => name.len(),
        Step::Index(_) => 0,
    });
    let mut place = Place::with_capacity(names.sum(), item.path.0.len());
    for step in &item.path.0 {
        match step {
            Step::Name(name) => place.push_name(name),
            Step::Index(_) => place.push_element(),
        }
    }
    place
}

/// Some programs go on with such a value on the next line, which this reader would take for a name.
fn is_unclosed(raw: &[u8]) -> bool {
    let Some(quote) = raw.first().filter(|byte| matches!(byte, b'"' | b'\'')) else {
        return false;
    };
    !raw[1..].contains(quote)
}

/// What git writes into a file that it could not merge: some readers take a part of it for names and values.
fn refuse_marks(bytes: &[u8]) -> Result<(), Doubt> {
    for mark in ["<<<<<<< ", "||||||| ", ">>>>>>> "] {
        let found = memchr::memmem::find_iter(bytes, mark.as_bytes());
        let mut begins = found.filter(|at| *at == 0 || bytes[at - 1] == b'\n');
        if let Some(at) = begins.next() {
            let line = 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
            return Err(Doubt { line, why: "this is a mark of a merge conflict" });
        }
    }
    Ok(())
}

/// What is merged has the name of another place, under which nobody could open it.
fn refuse_merge_keys(document: &Document<'_>) -> Result<(), Doubt> {
    let bytes = document.bytes;
    let is_merge =
        |span: &&Span| span.role == Role::Name && bytes.get(span.range.clone()) == Some(b"<<");
    match document.spans.iter().find(is_merge) {
        None => Ok(()),
        Some(span) => {
            let line = 1 + bytes[..span.range.start].iter().filter(|byte| **byte == b'\n').count();
            Err(Doubt { line, why: "there is a merge key" })
        }
    }
}

/// Whether a value is what programs write in the place of one that they do not show.
pub(super) fn is_masked(item: &Item) -> bool {
    let text = item.text.trim();
    let only = |sign: char| text.chars().count() >= 3 && text.chars().all(|c| c == sign);
    let words = ["redacted", "masked", "hidden", "filtered", "secret"];
    let in_brackets = [('<', '>'), ('[', ']'), ('(', ')')].into_iter().any(|(open, close)| {
        let inner = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        inner.is_some_and(|inner| words.iter().any(|word| inner.eq_ignore_ascii_case(word)))
    });
    item.style != Style::Block && (only('*') || only('•') || only('●') || in_brackets)
}
