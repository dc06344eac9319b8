//! Merging configuration files by their keys, for where two people add keys at one place.
//!
//! Both sides are laid against the base item by item. Every line of either side that the other did not take away is in the
//! result, and each side's lines are there in that side's order. All that is in doubt gives no result, and the conflict
//! of the merge by lines stands.

use super::align::{Alignment, align};
use crate::config_format::{Ending, Format, LineGroup, Lines, Tail};
use zeroize::Zeroizing;

/// Merges three versions; `None` where a person must decide.
pub fn by_key(
    format: Format,
    base: &[u8],
    ours: &[u8],
    theirs: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let read = |bytes| format.lines(bytes).filter(|lines| !lines.repeats);
    let [base, ours, theirs] = [read(base)?, read(ours)?, read(theirs)?];
    let tail = merge_tails(&base, &ours, &theirs)?;
    let items = Merge {
        base: &base.entries,
        ours: &align(&base.entries, &ours.entries)?,
        theirs: &align(&base.entries, &theirs.entries)?,
    }
    .items()?;
    let merged = Zeroizing::new(format.join(&items, tail));
    // Read again: a line may mean something else at its new place, as behind another section's header.
    let again = format.lines(&merged).filter(|again| again.entries == items)?;
    (!again.repeats).then_some(())?;
    Some(merged)
}

fn merge_tails(base: &Lines<'_>, ours: &Lines<'_>, theirs: &Lines<'_>) -> Option<Tail> {
    let mut endings = [base, ours, theirs].into_iter().filter_map(|document| document.tail.ending);
    let ending = endings.next();
    if endings.any(|other| Some(other) != ending) {
        return None;
    }
    let [b, o, t] = [base, ours, theirs].map(|document| document.tail.ends_line);
    // An empty file says nothing of how its last line ends.
    let ends_line = if base.entries.is_empty() { o || t } else { if o == b { t } else { o } };
    Some(Tail { ending: ending.or(Some(Ending::Lf)), ends_line })
}

struct Merge<'m, 't> {
    base: &'m [LineGroup<'t>],
    ours: &'m Alignment<'m, 't>,
    theirs: &'m Alignment<'m, 't>,
}

impl<'t> Merge<'_, 't> {
    fn items(&self) -> Option<Vec<LineGroup<'t>>> {
        let mut merged = Vec::new();
        let mut gap = 0;
        loop {
            // A run: places to add at, with nothing between them but what one side or the other took away.
            let kept =
                |at: &usize| self.ours.kept[*at].is_some() && self.theirs.kept[*at].is_some();
            let end = (gap..self.base.len()).find(kept).unwrap_or(self.base.len());
            self.run(gap, end, &mut merged)?;
            if end == self.base.len() {
                return Some(merged);
            }
            let pair = self.ours.kept[end].zip(self.theirs.kept[end]);
            let (ours, theirs) = pair.expect("the run ends with what both kept");
            merged.push(choose(&self.base[end], ours, theirs)?.clone());
            gap = end + 1;
        }
    }

    fn run(&self, first: usize, end: usize, merged: &mut Vec<LineGroup<'t>>) -> Option<()> {
        let ours = self.ours.added(first, end);
        let theirs = self.theirs.added(first, end);
        let took = |side: &Alignment<'_, '_>| -> Vec<usize> {
            (first..end).filter(|at| side.kept[*at].is_none()).collect()
        };
        let (ours_took, theirs_took) = (took(self.ours), took(self.theirs));
        // What one side took away, the other must have left as it was.
        for at in first..end {
            let left = self.ours.kept[at].or(self.theirs.kept[at]);
            if left.is_some_and(|item| item.content != self.base[at].content) {
                return None;
            }
        }
        if ours == theirs && ours_took == theirs_took {
            merged.extend_from_slice(&ours);
            return Some(());
        }
        // Where one side takes lines away, what the other adds may belong to them.
        if (!ours.is_empty() && !theirs_took.is_empty())
            || (!theirs.is_empty() && !ours_took.is_empty())
        {
            return None;
        }
        add_both(&ours, &theirs, merged)
    }
}

/// The version of an item that counts, if not both sides changed it.
fn choose<'i, 't>(
    base: &LineGroup<'t>,
    ours: &'i LineGroup<'t>,
    theirs: &'i LineGroup<'t>,
) -> Option<&'i LineGroup<'t>> {
    if ours.content == theirs.content || theirs.content == base.content {
        return Some(ours);
    }
    (ours.content == base.content).then_some(theirs)
}

/// What both sides added at one place: once what is the same, then ours, then theirs.
fn add_both<'t>(
    ours: &[LineGroup<'t>],
    theirs: &[LineGroup<'t>],
    merged: &mut Vec<LineGroup<'t>>,
) -> Option<()> {
    let same = ours.iter().zip(theirs).take_while(|(ours, theirs)| ours == theirs).count();
    let (before, ours) = ours.split_at(same);
    let theirs = &theirs[same..];
    let same =
        ours.iter().rev().zip(theirs.iter().rev()).take_while(|(ours, theirs)| ours == theirs);
    let same = same.count();
    let (ours, after) = ours.split_at(ours.len() - same);
    let theirs = &theirs[..theirs.len() - same];
    if !ours.is_empty() && !theirs.is_empty() {
        let has_key = |items: &[LineGroup<'_>]| items.iter().any(|item| item.key.is_some());
        let in_both = |item: &&LineGroup<'_>| {
            item.key.is_some() && theirs.iter().any(|other| other.key == item.key)
        };
        // A comment at the end of ours may speak of what follows it.
        let dangling = ours.last().is_some_and(LineGroup::is_comment);
        if !has_key(ours) || !has_key(theirs) || dangling || ours.iter().find(in_both).is_some() {
            return None;
        }
    }
    for items in [before, ours, theirs, after] {
        merged.extend_from_slice(items);
    }
    Some(())
}
