//! The seam between what is looked for and where.

use std::ops::Range;
use std::sync::Arc;

use crate::secret::WipedVec;

use super::views::View;
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

/// What was found, apart from where it is: shared by all texts that hold it in the same place of their history.
#[derive(Debug)]
pub struct Matched {
    /// Which of the matchers found it: an index into those that [`super::Seer::new`] was given.
    pub matcher: usize,
    /// Rule, rank and facts. Its ranges are those in the innermost view at the time it was first found; use those of
    /// [`Found`].
    pub hit: Hit,
    /// How the text had to be read, outermost first; empty where it is in the text as it is.
    pub views: Vec<View>,
    /// The value.
    pub value: Value,
    /// The value with what makes it recognisable ([`Hit::matched`]), at most [`MAX_MATCHED`] bytes of it.
    pub matched: Value,
}

/// Bytes of [`Matched::matched`] at most.
pub const MAX_MATCHED: usize = 1024;

/// Bytes of a secret: no `Debug`, wiped on drop.
pub struct Value(WipedVec);

impl Value {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut value = WipedVec::with_capacity(bytes.len());
        value.extend_from_slice(bytes);
        Self(value)
    }

    /// The bytes, for the one call that needs them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secret bytes", self.0.len())
    }
}

/// A hit in one text.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it is. Texts that were stored as changes of one another share it, so that the pointer tells a value that was
    /// seen before.
    pub what: Arc<Matched>,
    /// Where the value is in the text, in bytes: where it is encoded, the bytes that hold it.
    pub place: Range<usize>,
    /// Where it is with what makes it recognisable.
    pub around: Range<usize>,
    /// All the bytes that decide on it. Reaches below zero, or past the end, where the text ended before the window did.
    pub(crate) extent: Range<i64>,
}

impl Found {
    /// The order of hits, the same whichever way they were found: by where begins what decides on them.
    pub(crate) fn order(&self) -> impl Ord + '_ {
        let what = &*self.what;
        let hit = (what.matcher, what.hit.rule, what.hit.rank);
        let (place, around) = (&self.place, &self.around);
        let bounds = (self.extent.start, place.start, place.end, around.start, around.end);
        (bounds, hit, &what.views)
    }

    /// The same hit, so many bytes further.
    pub(crate) fn moved(&self, by: i64) -> Self {
        let shift = |range: &Range<usize>| {
            let at = |at: usize| at.saturating_add_signed(isize::try_from(by).unwrap_or(0));
            at(range.start)..at(range.end)
        };
        Self {
            what: Arc::clone(&self.what),
            place: shift(&self.place),
            around: shift(&self.around),
            extent: self.extent.start + by..self.extent.end + by,
        }
    }
}
