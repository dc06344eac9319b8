//! A hit, and where it is in a text that may have been read in other ways to find it.

use std::ops::Range;
use std::sync::Arc;

use super::View;
use crate::detect::hit::Hit;
use crate::detect::secret::Secret;

/// What was found, apart from where it is: shared by all texts that hold it in the same place of their history.
#[derive(Debug)]
pub struct Matched {
    /// Which of the matchers found it: an index into those that [`super::Seer::new`] was given.
    pub matcher: usize,
    /// Rule, rank and facts. Its ranges are those in the innermost view at the time it was first found; use those of
    /// [`LocatedHit`].
    pub hit: Hit,
    /// How the text had to be read, outermost first; empty where it is in the text as it is.
    pub views: Vec<View>,
    /// The value.
    pub value: Secret,
    /// The value with what makes it recognisable ([`Hit::matched`]), at most [`MAX_MATCHED`] bytes of it.
    pub matched: Secret,
}

impl Matched {
    /// Whether both are the same value, found in the same way, wherever.
    pub fn says_the_same(&self, other: &Self) -> bool {
        (self.matcher, &self.views) == (other.matcher, &other.views)
            && self.value.expose() == other.value.expose()
            && self.hit.says_the_same(&other.hit)
    }
}

/// Bytes of [`Matched::matched`] at most.
pub const MAX_MATCHED: usize = 1024;

/// A hit in one text.
#[derive(Clone, Debug)]
pub struct LocatedHit {
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

impl LocatedHit {
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
