//! The entries of a tree that is stored as a change of another: those that are copied are not read again.

use std::ops::Range;

use super::names::{TreeEntry, entry};
use crate::detect::change::Change;

/// Where the entries of a tree begin, and at last where it ends.
pub(super) type Starts = Vec<u32>;

/// A base whose entries are known, and what was made of it.
pub(super) type Base<'b> = (&'b [u32], &'b Change<'b>);

/// Entries of the base, by their numbers, and by how many bytes they moved.
pub(super) struct Copied {
    pub(super) entries: Range<usize>,
    by: i64,
}

impl Copied {
    /// Where a byte of the base is now.
    pub(super) fn moved(&self, at: u32) -> u32 {
        u32::try_from(i64::from(at) + self.by).unwrap_or(u32::MAX)
    }
}

/// What a tree has at some place.
pub(super) enum Piece<'t> {
    New(TreeEntry<'t>),
    Copied(Copied),
}

/// Calls `each` with all entries in their order, and returns where they begin; `None` where the tree is damaged. Entries are
/// copied where all their bytes are.
pub(super) fn pieces<'t>(
    tree: &'t [u8],
    hash: gix::hash::Kind,
    base: Option<Base<'_>>,
    mut each: impl FnMut(Piece<'t>),
) -> Option<Starts> {
    let signed = |at: usize| i64::try_from(at).unwrap_or(i64::MAX);
    let (known, runs) = base.map_or((&[][..], &[][..]), |(known, change)| (known, change.runs()));
    let mut starts = Vec::with_capacity(known.len() + 1);
    let (mut at, mut next) = (0, 0);
    while at < tree.len() {
        while runs.get(next).is_some_and(|run| run.at + run.len <= at) {
            next += 1;
        }
        if let Some(run) = runs.get(next).filter(|run| run.at <= at) {
            let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let (from, end) = (place(run.base + at - run.at), place(run.base + run.len));
            if let Ok(first) = known.binary_search(&from) {
                let last = first + known[first..].partition_point(|&start| start <= end) - 1;
                if first < last {
                    let copied =
                        Copied { entries: first..last, by: signed(run.at) - signed(run.base) };
                    starts.extend(known[first..last].iter().map(|&start| copied.moved(start)));
                    at = copied.moved(known[last]) as usize;
                    each(Piece::Copied(copied));
                    continue;
                }
            }
        }
        let entry = entry(tree, at, hash.len_in_bytes())?;
        starts.push(u32::try_from(at).ok()?);
        at = entry.range.end;
        each(Piece::New(entry));
    }
    starts.push(u32::try_from(at).ok()?);
    Some(starts)
}

#[cfg(test)]
mod tests {
    use gix::hash::Kind;
    use proptest::prelude::*;

    use super::*;
    use crate::detect::change::Run;
    use crate::scan::walk::objects::names::entries;

    fn tree(names: &[u8]) -> Vec<u8> {
        let entry = |&name: &u8| {
            let name = "abcdefgh".repeat(usize::from(name % 3) + 1) + &name.to_string();
            [b"100644 ", name.as_bytes(), b"\0", &[name.len().to_le_bytes()[0]; 20]].concat()
        };
        names.iter().flat_map(entry).collect()
    }

    proptest! {
        #[test]
        fn copied_entries_are_those_of_the_whole_tree(
            base in proptest::collection::vec(any::<u8>(), 0..12),
            cuts in proptest::collection::vec((0_usize..400, 0_usize..200, 0_usize..4), 0..6),
        ) {
            let base = tree(&base);
            let known = pieces(&base, Kind::Sha1, None, |_| {}).unwrap();
            // Runs that may begin and end anywhere, with whole or broken entries between them.
            let (mut object, mut runs) = (Vec::new(), Vec::new());
            for (start, len, new) in cuts {
                let start = start.min(base.len());
                let end = (start + len).min(base.len());
                if start < end {
                    runs.push(Run { base: start, at: object.len(), len: end - start });
                    object.extend_from_slice(&base[start..end]);
                }
                object.extend(tree(&vec![7; new]));
            }
            let change = Change::new(&runs, base.len(), object.len());
            let mut seen = Vec::new();
            let starts = pieces(&object, Kind::Sha1, Some((&known, &change)), |piece| match piece {
                Piece::New(entry) => seen.push(entry.range),
                Piece::Copied(copied) => seen.extend(copied.entries.clone().map(|at| {
                    copied.moved(known[at]) as usize..copied.moved(known[at + 1]) as usize
                })),
            });
            let all: Option<Vec<_>> =
                entries(&object, Kind::Sha1).map(|entry| Some(entry?.range)).collect();
            prop_assert_eq!(starts.is_some(), all.is_some());
            if let (Some(starts), Some(all)) = (starts, all) {
                let expected: Vec<usize> = all.iter().map(|range| range.start).collect();
                prop_assert_eq!(&seen, &all);
                let found: Vec<_> = starts.iter().map(|&start| start as usize).collect();
                prop_assert_eq!(&found[..found.len() - 1], &expected[..]);
                prop_assert_eq!(starts[starts.len() - 1] as usize, object.len());
            }
        }
    }
}
