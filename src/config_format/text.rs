//! A text as lines that all end in the same way.

use std::ops::Range;

use super::{Doubt, Entry, Item, Key, Place};

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A line feed.
    Lf,
    /// A carriage return and a line feed.
    CrLf,
}

impl Ending {
    /// Its bytes.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
        }
    }
}

/// How the lines of a file end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    /// `None` where there is no line end.
    pub ending: Option<Ending>,
    /// Whether the last line has one.
    pub ends_line: bool,
}

/// A text with the places of its lines.
pub(super) struct Text<'t> {
    pub(super) bytes: &'t [u8],
    lines: Vec<Range<usize>>,
    pub(super) tail: Tail,
}

impl<'t> Text<'t> {
    /// Refuses lines that end in different ways, and what is not plain text: a zero byte, a byte order mark.
    pub(super) fn split(bytes: &'t [u8]) -> Result<Self, Doubt> {
        let line_at = |at: usize| bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        if bytes.starts_with(b"\xef\xbb\xbf") {
            return Err(Doubt::at(1, "the file begins with a byte order mark"));
        }
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(Doubt::at(1, "the file is in UTF-16; only UTF-8 is read"));
        }
        if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
            return Err(Doubt::at(line_at(at), "the file contains a zero byte"));
        }
        let mut tail = Tail { ending: None, ends_line: false };
        let mut lines = Vec::new();
        let mut start = 0;
        for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
            let returned = at > start && bytes[at - 1] == b'\r';
            let ending = if returned { Ending::CrLf } else { Ending::Lf };
            if *tail.ending.get_or_insert(ending) != ending {
                let why = "the line ends differently from those before (LF and CRLF)";
                return Err(Doubt::at(lines.len() + 1, why));
            }
            lines.push(start..if returned { at - 1 } else { at });
            start = at + 1;
        }
        tail.ends_line = start == bytes.len() && start > 0;
        if start < bytes.len() {
            lines.push(start..bytes.len());
        }
        let text = Self { bytes, lines, tail };
        let lone = text.lines.iter().position(|line| bytes[line.clone()].contains(&b'\r'));
        match lone {
            Some(at) => Err(Doubt::at(at + 1, "there is a carriage return inside the line")),
            None => Ok(text),
        }
    }

    /// What is wrong with the line at this place.
    pub(super) fn doubt(&self, at: usize, why: &'static str) -> Doubt {
        Doubt::at(at + 1, why)
    }

    /// A comment or blank line.
    pub(super) fn other(&self, at: usize) -> Entry<'t> {
        let content = self.line(at);
        let place = Place { line: at + 1, value: content.len()..content.len() };
        Entry { item: Item { key: None, content }, place }
    }

    /// Several lines that belong to a key; `value` is where its value is among the bytes of the file.
    pub(super) fn entry(
        &self,
        key: Key,
        first: usize,
        last: usize,
        value: Range<usize>,
    ) -> Entry<'t> {
        let start = self.place(first).start;
        let content = self.span(first, last);
        let place = Place { line: first + 1, value: value.start - start..value.end - start };
        Entry { item: Item { key: Some(key), content }, place }
    }

    /// The line, counted from 0, on which this byte stands.
    pub(super) fn line_at(&self, byte: usize) -> usize {
        self.lines.partition_point(|line| line.end < byte).min(self.lines.len().saturating_sub(1))
    }

    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Where a line begins and ends.
    pub(super) fn place(&self, at: usize) -> Range<usize> {
        self.lines[at].clone()
    }

    /// A line without its end.
    pub(super) fn line(&self, at: usize) -> &'t [u8] {
        &self.bytes[self.place(at)]
    }

    /// Several lines, without the end of the last.
    pub(super) fn span(&self, first: usize, last: usize) -> &'t [u8] {
        &self.bytes[self.lines[first].start..self.lines[last].end]
    }
}

/// Without blanks at the beginning.
pub(super) fn trim_start(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !is_blank(*byte)).unwrap_or(bytes.len());
    &bytes[start..]
}

/// Without blanks on both sides.
pub(super) fn trim(bytes: &[u8]) -> &[u8] {
    let bytes = trim_start(bytes);
    let end = bytes.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |last| last + 1);
    &bytes[..end]
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
