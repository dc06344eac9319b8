//! What a matcher remembers of a text, to judge a change of it.

use std::ops::Range;

/// A word of a text at which a matcher looked, and how far from there it may have looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    at: u32,
    /// What stands there; the matcher's own number for it.
    pub(super) what: u32,
    before: u32,
    after: u32,
}

impl Note {
    /// A word that begins at `at`; all that was decided there depends on the bytes of `extent`, which may reach past the ends
    /// of the text. `None` where that is too far away to be noted.
    pub(super) fn new(at: usize, what: u32, extent: &Range<i64>) -> Option<Self> {
        let place = i64::try_from(at).ok()?;
        Some(Self {
            at: u32::try_from(at).ok()?,
            what,
            before: u32::try_from(place - extent.start.min(place)).ok()?,
            after: u32::try_from(extent.end.max(place) - place).ok()?,
        })
    }

    /// Where the word begins.
    pub(super) fn at(&self) -> usize {
        self.at as usize
    }

    /// The bytes that decided there.
    pub(super) fn extent(&self) -> Range<i64> {
        i64::from(self.at) - i64::from(self.before)..i64::from(self.at) + i64::from(self.after)
    }

    /// The same somewhere else, in an object that is held in memory.
    pub(super) fn moved_to(self, at: usize) -> Self {
        Self { at: u32::try_from(at).unwrap_or(u32::MAX), ..self }
    }
}
