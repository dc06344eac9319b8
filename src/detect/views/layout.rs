//! How the bytes of a part lie in the outer text.

use std::ops::Range;

/// How the bytes of a part lie in the outer text.
#[derive(Debug)]
pub(super) enum Layout {
    /// Every second byte from here on.
    Pairs(usize),
    /// Pairs of hexadecimal digits in these lines.
    Digits(Vec<Range<usize>>),
    /// Letters of base64 in these lines, but for so many of the first.
    Letters { lines: Vec<Range<usize>>, skipped: usize },
    /// Escapes, which are of different lengths; or compressed.
    Replaced,
}
