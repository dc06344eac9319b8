//! What of a base's hits an object has too, and where it must be looked at again.
//!
//! A hit is decided by the bytes of its extent ([`super::matcher::Found::extent`]). Where all of it lies in one copied run, the object has the
//! same hit, moved. Every other hit of the object has, in its extent, a byte that was inserted or an edge of a run. So it
//! touches the parts around those, widened by the window.

use std::ops::Range;

use super::note::Note;

/// Bytes that an object shares with its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Where they are in the base.
    pub(crate) base: usize,
    /// Where they are in the object.
    pub(crate) at: usize,
    /// How many.
    pub(crate) len: usize,
}

/// The relation of an object to its base.
pub struct Change<'r> {
    runs: &'r [Run],
    base_len: usize,
    len: usize,
}

impl<'r> Change<'r> {
    /// `runs` in the order of the object, copies that continue one another as one.
    pub(crate) fn new(runs: &'r [Run], base_len: usize, len: usize) -> Self {
        Self { runs, base_len, len }
    }

    /// What is copied, in the order of the object.
    pub(crate) fn runs(&self) -> &[Run] {
        self.runs
    }

    /// Whether the run begins both the base and the object: then what is decided by the beginning is copied too.
    fn is_first(run: Run) -> bool {
        run.base == 0 && run.at == 0
    }

    /// Whether the run ends both.
    fn is_last(&self, run: Run) -> bool {
        run.base + run.len == self.base_len && run.at + run.len == self.len
    }

    /// The parts of the object that should be matched: what was inserted and every edge, with `window` bytes to both sides.
    pub(crate) fn fresh(&self, window: usize) -> Vec<Range<usize>> {
        self.fresh_from(window, window)
    }

    /// The same with so many bytes before and behind.
    pub(super) fn fresh_from(&self, before: usize, behind: usize) -> Vec<Range<usize>> {
        let mut fresh: Vec<Range<usize>> = Vec::new();
        let mut add = |start: usize, end: usize| {
            let (start, end) = (start.saturating_sub(before), (end + behind).min(self.len));
            match fresh.last_mut() {
                Some(last) if last.end >= start => last.end = last.end.max(end),
                _ if start < end => fresh.push(start..end),
                _ => {}
            }
        };
        let mut end = 0;
        for &run in self.runs {
            if !Self::is_first(run) {
                add(end, run.at);
            }
            end = run.at + run.len;
        }
        match self.runs.last() {
            Some(&last) if self.is_last(last) => {}
            _ => add(end, self.len),
        }
        fresh
    }

    /// Bytes that are not copied.
    pub(crate) fn inserted(&self) -> u64 {
        (self.len - self.runs.iter().map(|run| run.len).sum::<usize>()) as u64
    }

    /// Where the run's bytes are, in base or object: open at the side where both begin or end.
    fn bounds(&self, run: Run, start: usize) -> Range<i64> {
        let first = if Self::is_first(run) { i64::MIN } else { signed(start) };
        let last = if self.is_last(run) { i64::MAX } else { signed(start + run.len) };
        first..last
    }

    /// Calls `each` with what was found in the base and is copied with all that decides on it, and by how many bytes it moved.
    /// `known` is in the order of where `extent`s begin.
    pub(super) fn copied<T>(
        &self,
        known: &[T],
        extent: impl Fn(&T) -> &Range<i64>,
        mut each: impl FnMut(&T, i64),
    ) {
        for &run in self.runs {
            let bounds = self.bounds(run, run.base);
            let from = known.partition_point(|found| extent(found).start < bounds.start);
            let within = known[from..].iter().take_while(|found| extent(found).start < bounds.end);
            let by = signed(run.at) - signed(run.base);
            within
                .filter(|found| extent(found).end <= bounds.end)
                .for_each(|found| each(found, by));
        }
    }

    /// Where in the base these bytes of the object are; `None` where they are not all copied from one place.
    pub(crate) fn origin(&self, range: &Range<usize>) -> Option<usize> {
        let behind = self.runs.partition_point(|run| run.at <= range.start);
        let run = self.runs[behind.checked_sub(1)?];
        (range.end <= run.at + run.len).then(|| run.base + (range.start - run.at))
    }

    /// Whether what these bytes of the object decide is not decided by the same bytes in the base.
    pub(crate) fn is_fresh(&self, extent: &Range<i64>) -> bool {
        let behind =
            self.runs.partition_point(|&run| self.bounds(run, run.at).start <= extent.start);
        let run = behind.checked_sub(1).map(|before| self.runs[before]);
        run.is_none_or(|run| extent.end > self.bounds(run, run.at).end)
    }

    /// Calls `each` with every note of the base whose word, of the length that `len` says, was copied: where it is now, and
    /// whether all that decided there was copied with it. `known` is in the order of the places, and the result too.
    pub(super) fn notes(
        &self,
        known: &[Note],
        len: impl Fn(&Note) -> usize,
        mut each: impl FnMut(Note, bool),
    ) {
        for &run in self.runs {
            let bounds = self.bounds(run, run.base);
            let from = known.partition_point(|note| note.at() < run.base);
            let end = run.base + run.len;
            for note in known[from..].iter().take_while(|note| note.at() < end) {
                if note.at() + len(note) > end {
                    continue;
                }
                let extent = note.extent();
                let is_same = bounds.start <= extent.start && extent.end <= bounds.end;
                each(note.moved_to(note.at() - run.base + run.at), is_same);
            }
        }
    }
}

fn signed(at: usize) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(runs: &[Run], base_len: usize, len: usize) -> Vec<Range<usize>> {
        Change::new(runs, base_len, len).fresh(3)
    }

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "lists of ranges, some with a single one")]
    fn what_is_inserted_and_every_edge_is_fresh() {
        let run = |base, at, len| Run { base, at, len };
        assert_eq!(fresh(&[], 100, 10), [0..10]);
        assert!(fresh(&[run(0, 0, 100)], 100, 100).is_empty());
        // Cut off at the end, at the beginning, in the middle.
        assert_eq!(fresh(&[run(0, 0, 50)], 100, 50), [47..50]);
        assert_eq!(fresh(&[run(50, 0, 50)], 100, 50), [0..3]);
        assert_eq!(fresh(&[run(0, 0, 40), run(60, 40, 40)], 100, 80), [37..43]);
        // Inserted at the beginning, in the middle, at the end.
        assert_eq!(fresh(&[run(0, 2, 100)], 100, 102), [0..5]);
        assert_eq!(fresh(&[run(0, 0, 40), run(40, 42, 60)], 100, 102), [37..45]);
        assert_eq!(fresh(&[run(0, 0, 100)], 100, 102), [97..102]);
        assert!(fresh(&[], 100, 0).is_empty());
    }
}
