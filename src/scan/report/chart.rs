//! The time lines of the page: places on one axis, from the first commit with a secret to the last.

use crate::scan::findings::{Finding, Occurrence, Report};

/// Times beyond which a commit's clock is not believed: 1980, and 2100.
const MIN: i64 = 315_532_800;
const MAX: i64 = 4_102_444_800;
/// Marks on the axis.
const TICKS: i64 = 5;

/// The axis: a range of seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    start: i64,
    end: i64,
}

/// A stretch of time, in thousandths of the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    /// Where it begins.
    pub(super) start: u32,
    /// Its length, never nothing.
    pub(super) length: u32,
    /// Whether it goes on: what is at HEAD has no end.
    pub(super) open: bool,
}

impl Axis {
    /// From the first time that a report names to the last; `None` where it names none.
    pub(super) fn of(report: &Report) -> Option<Self> {
        let occurrences = report.findings.iter().flat_map(|finding| &finding.occurrences);
        let times = occurrences.flat_map(|at| [&at.introduced, &at.last_seen]).flatten();
        let times = times.map(|origin| origin.time).chain(report.made);
        let times: Vec<_> = times.map(|time| time.clamp(MIN, MAX)).collect();
        Some(Self { start: *times.iter().min()?, end: *times.iter().max()? })
    }

    /// The times to be marked, evenly spaced; only one where there is but one time.
    pub(super) fn ticks(self) -> Vec<(u32, i64)> {
        if self.start == self.end {
            return vec![(0, self.start)];
        }
        let tick = |n| self.start + (self.end - self.start) * n / (TICKS - 1);
        (0..TICKS).map(tick).map(|time| (self.at(time), time)).collect()
    }

    fn at(self, time: i64) -> u32 {
        let length = (self.end - self.start).max(1);
        let at = (time.clamp(self.start, self.end) - self.start) * 1000 / length;
        u32::try_from(at).unwrap_or(0)
    }

    /// How long a value stood at a place; `None` where no commit has it.
    pub(super) fn bar(self, occurrence: &Occurrence) -> Option<Bar> {
        let first = occurrence.introduced.as_ref()?.time;
        let last = occurrence.last_seen.as_ref().map_or(first, |origin| origin.time);
        let start = self.at(first.min(last));
        let end = if occurrence.at_head { 1000 } else { self.at(last.max(first)) };
        // So that a moment can be seen, also at the very end.
        let start = start.min(992);
        Some(Bar { start, length: (end.saturating_sub(start)).max(8), open: occurrence.at_head })
    }

    /// How many values stood anywhere at each time: pairs of a place on the axis and the number from there on.
    pub(super) fn alive(self, findings: &[Finding]) -> Vec<(u32, u32)> {
        let mut changes = vec![0_i64; 1002];
        for finding in findings {
            let mut bars: Vec<_> =
                finding.occurrences.iter().filter_map(|at| self.bar(at)).collect();
            bars.sort_by_key(|bar| bar.start);
            let mut reached = None;
            for bar in bars {
                let end = if bar.open { 1001 } else { bar.start + bar.length };
                // Of two bars that meet, the second counts from where the first ends.
                let start = reached.map_or(bar.start, |reached: u32| reached.max(bar.start));
                if start < end {
                    changes[start as usize] += 1;
                    changes[end as usize] -= 1;
                    reached = Some(end);
                }
            }
        }
        let mut steps: Vec<(u32, u32)> = Vec::new();
        let mut alive = 0;
        for (at, change) in (0..=1000).zip(changes) {
            alive += change;
            let number = u32::try_from(alive).unwrap_or(0);
            if steps.last().is_none_or(|&(_, last)| last != number) {
                steps.push((at, number));
            }
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::report::tests::{finding, occurrence};

    fn report(occurrences: Vec<Vec<Occurrence>>) -> Report {
        let findings =
            occurrences.into_iter().map(|occurrences| Finding { occurrences, ..finding("v") });
        Report { findings: findings.collect(), ..Report::default() }
    }

    const DAY: i64 = 86_400;
    const T: i64 = 1_000_000_000;

    #[test]
    fn bars_lie_between_the_first_time_and_the_last() {
        let head = Occurrence { at_head: true, ..occurrence("b", T + 5 * DAY, T + 5 * DAY) };
        let report = report(vec![vec![occurrence("a", T, T + 10 * DAY)], vec![head]]);
        let axis = Axis::of(&report).unwrap();
        let bar = |finding: usize| axis.bar(&report.findings[finding].occurrences[0]).unwrap();
        assert_eq!(bar(0), Bar { start: 0, length: 1000, open: false });
        assert_eq!(bar(1), Bar { start: 500, length: 500, open: true });
        assert_eq!(axis.ticks()[2], (500, T + 5 * DAY));
        assert_eq!(axis.alive(&report.findings), [(0, 1), (500, 2), (1000, 1)]);
    }

    #[test]
    fn a_moment_and_clocks_that_are_wrong_do_no_harm() {
        let report = report(vec![vec![
            occurrence("a", i64::MIN, i64::MAX),
            occurrence("b", i64::MAX, i64::MIN),
            occurrence("c", T, T),
        ]]);
        let axis = Axis::of(&report).unwrap();
        for occurrence in &report.findings[0].occurrences {
            let bar = axis.bar(occurrence).unwrap();
            assert!(bar.length >= 8 && bar.start + bar.length <= 1000, "{bar:?}");
        }
        assert_eq!(axis.alive(&report.findings), [(0, 1), (1000, 0)]);
        let report = self::report(vec![vec![occurrence("a", T, T)]]);
        let axis = Axis::of(&report).unwrap();
        assert_eq!(axis.ticks(), [(0, T)]);
        assert_eq!(axis.bar(&report.findings[0].occurrences[0]).unwrap().length, 8);
        assert_eq!(Axis::of(&Report::default()), None);
    }

    #[test]
    fn a_value_at_several_places_counts_once() {
        let report = report(vec![vec![
            occurrence("a", T, T + 6 * DAY),
            occurrence("b", T + 2 * DAY, T + 4 * DAY),
            occurrence("c", T + 5 * DAY, T + 10 * DAY),
        ]]);
        let axis = Axis::of(&report).unwrap();
        assert_eq!(axis.alive(&report.findings), [(0, 1), (1000, 0)]);
    }
}
