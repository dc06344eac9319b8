//! A text as lines, for the readers that are this project's own.

use std::ops::Range;

use super::Doubt;
use super::build::Builder;

/// A text with the places of its lines, without their ends.
pub(super) struct Text<'t> {
    pub(super) bytes: &'t [u8],
    lines: Vec<Range<usize>>,
}

impl<'t> Text<'t> {
    /// Refuses a carriage return that no line feed follows.
    pub(super) fn split(builder: &Builder<'_>, bytes: &'t [u8]) -> Result<Self, Doubt> {
        let returns = memchr::memchr(b'\r', bytes).is_some();
        let mut lines = Vec::new();
        let mut start = 0;
        while start < bytes.len() {
            let feed = memchr::memchr(b'\n', &bytes[start..]).map(|at| start + at);
            let mut end = feed.unwrap_or(bytes.len());
            if returns {
                if feed.is_some() && bytes[start..end].ends_with(b"\r") {
                    end -= 1;
                }
                if memchr::memchr(b'\r', &bytes[start..end]).is_some() {
                    return Err(builder.doubt(start, "there is a carriage return inside the line"));
                }
            }
            lines.push(start..end);
            start = feed.map_or(bytes.len(), |feed| feed + 1);
        }
        Ok(Self { bytes, lines })
    }

    /// The line, counted from 0, on which this byte is.
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
    matches!(byte, b' ' | b'\t' | b'\x0c')
}
