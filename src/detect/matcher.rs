//! The seam between what is looked for and where.

use std::ops::Range;

use super::change::Change;
use super::hit::Hit;
use super::note::Note;

/// Finds secrets in a text: by patterns, or by known values.
///
/// What it finds must depend on the near surroundings only, or an object that git stores as a change of another cannot be
/// judged by the change: each hit comes with the bytes that decide on it ([`Found`]).
pub trait Matcher: Sync {
    /// Bytes before and behind [`Hit::matched`] that may decide on a hit, where [`Self::look`] does not say more exactly.
    fn window(&self) -> usize;

    /// Whether a hit may depend on all of its text. Then every text is matched as a whole.
    fn reaches_far(&self) -> bool {
        false
    }

    /// Adds every hit in `text` whose `matched` shares a byte with any of the ranges. Others may be added too. The ranges
    /// are sorted and do not overlap.
    fn scan(&self, text: &[u8], within: &[Range<usize>], hits: &mut Vec<Hit>);

    /// Adds every hit in a text, also those that another one makes go (see [`Self::keep`]). What is noted serves for changes
    /// of the text.
    fn look(&self, text: &[u8], _notes: &mut Vec<Note>) -> Vec<Found> {
        let whole = 0..text.len();
        let mut hits = Vec::new();
        self.scan(text, &[whole], &mut hits);
        hits.into_iter().map(|hit| Found::new(hit, self.window())).collect()
    }

    /// The same for a text that was stored as a change of another, where the base had these notes. Adds those hits alone on
    /// which something else decides than in the base.
    fn look_again(
        &self,
        text: &[u8],
        change: &Change<'_>,
        _known: &[Note],
        _notes: &mut Vec<Note>,
    ) -> Vec<Found> {
        let mut hits = Vec::new();
        self.scan(text, &change.fresh(self.window()), &mut hits);
        let found = hits.into_iter().map(|hit| Found::new(hit, self.window()));
        found.filter(|found| change.is_fresh(&found.extent)).collect()
    }

    /// Which of the hits in a text stay, each with the place of its value; `None` if all do. Hits that are far from one
    /// another are independent of one another.
    fn keep(&self, _hits: &[(&Range<usize>, &Hit)]) -> Option<Vec<bool>> {
        None
    }
}

/// A hit, and the bytes that decide on it.
pub struct Found {
    /// The hit.
    pub hit: Hit,
    /// All that decides on it; reaches below zero, or past the end, where the text ended before.
    pub(crate) extent: Range<i64>,
}

impl Found {
    /// A hit on which so many bytes to both sides decide.
    fn new(hit: Hit, window: usize) -> Self {
        let signed = |at: usize| i64::try_from(at).unwrap_or(i64::MAX);
        let window = signed(window);
        let extent = signed(hit.matched.start) - window..signed(hit.matched.end) + window;
        Self { hit, extent }
    }
}
