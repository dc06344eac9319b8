//! A text as lines that all end in the same way.

use std::ops::Range;

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
    /// `None` where lines end in different ways, and for what is not plain text: a zero byte, a byte order mark.
    pub(super) fn split(bytes: &'t [u8]) -> Option<Self> {
        if bytes.contains(&0) || bytes.starts_with(b"\xef\xbb\xbf") {
            return None;
        }
        let mut tail = Tail { ending: None, ends_line: false };
        let mut lines = Vec::new();
        let mut start = 0;
        for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
            let returned = at > start && bytes[at - 1] == b'\r';
            let ending = if returned { Ending::CrLf } else { Ending::Lf };
            if *tail.ending.get_or_insert(ending) != ending {
                return None;
            }
            lines.push(start..if returned { at - 1 } else { at });
            start = at + 1;
        }
        tail.ends_line = start == bytes.len() && start > 0;
        if start < bytes.len() {
            lines.push(start..bytes.len());
        }
        let text = Self { bytes, lines, tail };
        let lone_return = text.lines.iter().any(|line| bytes[line.clone()].contains(&b'\r'));
        (!lone_return).then_some(text)
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

    /// The line, `from` or later, that holds this byte.
    pub(super) fn line_of(&self, byte: usize, from: usize) -> Option<usize> {
        (from..self.len()).find(|&at| byte < self.lines[at].end)
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
