//! What of a base's hits an object has too, and where it must be looked at again.
//!
//! A hit is decided by the bytes of its extent ([`LocatedHit::extent`]). Where all of it lies in one copied run, the object has the
//! same hit, moved. Every other hit of the object has, in its extent, a byte that was inserted or an edge of a run. So it
//! touches the parts around those, widened by the window.

use std::ops::Range;

use super::delta::Run;
use crate::detect::LocatedHit;

/// The relation of an object to its base.
pub(super) struct Carry<'r> {
    runs: &'r [Run],
    base_len: usize,
    len: usize,
}

impl<'r> Carry<'r> {
    /// `runs` in the order of the object, as [`super::delta::Delta::apply`] lists them.
    pub(super) fn new(runs: &'r [Run], base_len: usize, len: usize) -> Self {
        Self { runs, base_len, len }
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
    pub(super) fn fresh(&self, window: usize, fresh: &mut Vec<Range<usize>>) {
        fresh.clear();
        let mut add = |start: usize, end: usize| {
            let (start, end) = (start.saturating_sub(window), (end + window).min(self.len));
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
    }

    /// Where the run's bytes are, in base or object: open at the side where both begin or end.
    fn bounds(&self, run: Run, start: usize) -> Range<i64> {
        let first = if Self::is_first(run) { i64::MIN } else { signed(start) };
        let last = if self.is_last(run) { i64::MAX } else { signed(start + run.len) };
        first..last
    }

    /// Adds what is copied of the base's hits, which are in the order of their extents' beginnings.
    pub(super) fn copied(&self, base: &[LocatedHit], found: &mut Vec<LocatedHit>) {
        for &run in self.runs {
            let bounds = self.bounds(run, run.base);
            let from = base.partition_point(|hit| hit.extent.start < bounds.start);
            let within = base[from..].iter().take_while(|hit| hit.extent.start < bounds.end);
            let whole = within.filter(|hit| hit.extent.end <= bounds.end);
            let by = signed(run.at) - signed(run.base);
            found.extend(whole.map(|hit| hit.moved(by)));
        }
    }

    /// Where in the base these bytes of the object are; `None` where they are not all copied from one place.
    pub(super) fn origin(&self, range: &Range<usize>) -> Option<usize> {
        let behind = self.runs.partition_point(|run| run.at <= range.start);
        let run = self.runs[behind.checked_sub(1)?];
        (range.end <= run.at + run.len).then(|| run.base + (range.start - run.at))
    }

    /// Whether a hit of the object is none that [`Self::copied`] brings.
    pub(super) fn is_fresh(&self, hit: &LocatedHit) -> bool {
        let behind =
            self.runs.partition_point(|&run| self.bounds(run, run.at).start <= hit.extent.start);
        let run = behind.checked_sub(1).map(|before| self.runs[before]);
        run.is_none_or(|run| hit.extent.end > self.bounds(run, run.at).end)
    }
}

fn signed(at: usize) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(runs: &[Run], base_len: usize, len: usize) -> Vec<Range<usize>> {
        let mut fresh = Vec::new();
        Carry::new(runs, base_len, len).fresh(3, &mut fresh);
        fresh
    }

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "lists of ranges, of which some have one")]
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
