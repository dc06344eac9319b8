//! The seam between what is looked for and where.

use std::ops::Range;

use crate::detect::Hit;

/// Finds secrets in a text: by patterns, or by known values.
///
/// What it finds must depend on the near surroundings only, or an object that git stores as a change of another cannot be
/// judged by the change: whether a hit stands, and how, is decided by the bytes of [`Hit::matched`] and [`Self::window`]
/// bytes to both sides of it (less where the text begins or ends, which may count too). What reaches further is named by
/// [`Self::reaches_far`].
pub trait Matcher: Sync {
    /// Bytes before and behind a hit that may decide on it.
    fn window(&self) -> usize;

    /// Whether anything within these ranges may belong to a hit that reaches further than the window, as the first or last
    /// line of a PEM block does. A text that holds such a thing, and every text that is stored as a change of it, is
    /// matched as a whole.
    fn reaches_far(&self, text: &[u8], within: &[Range<usize>]) -> bool;

    /// Adds every hit in `text` whose `matched` shares a byte with any of the ranges. Others may be added too. The ranges
    /// are sorted and do not overlap.
    fn scan(&self, text: &[u8], within: &[Range<usize>], hits: &mut Vec<Hit>);
}
