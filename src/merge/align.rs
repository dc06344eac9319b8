//! What of a base a side has kept, and what it has added where.

use std::collections::HashMap;

use crate::config_format::LineGroup;

/// Comparisons of comments and blank lines between two keys, at most.
const MAX_TABLE: usize = 1 << 20;

/// A side beside its base.
pub(super) struct Alignment<'d, 't> {
    /// For each item of the base what the side has of it; `None` where it was taken away.
    pub(super) kept: Vec<Option<&'d LineGroup<'t>>>,
    /// What the side has added, each with the place of the base's item before which it stands.
    added: Vec<(usize, &'d LineGroup<'t>)>,
}

impl<'t> Alignment<'_, 't> {
    /// What was added before any of these items of the base, and before the one at `end`.
    pub(super) fn added(&self, first: usize, end: usize) -> Vec<LineGroup<'t>> {
        let added = self.added.iter().filter(|(place, _)| (first..=end).contains(place));
        added.map(|(_, item)| (*item).clone()).collect()
    }
}

/// Lays a side against its base: keys by their names, and between them other lines by their text. `None` where the side
/// has keys in another order than the base, or too much between two of them.
pub(super) fn align<'d, 't>(
    base: &[LineGroup<'t>],
    side: &'d [LineGroup<'t>],
) -> Option<Alignment<'d, 't>> {
    let keyed = side.iter().enumerate();
    let places: HashMap<_, _> =
        keyed.filter_map(|(at, item)| item.key.as_ref().map(|key| (key, at))).collect();
    let mut pairs = Vec::new();
    let (mut base_at, mut side_at) = (0, 0);
    for (at, item) in base.iter().enumerate() {
        let Some(&place) = item.key.as_ref().and_then(|key| places.get(key)) else { continue };
        if place < side_at {
            return None;
        }
        match_lines(base, side, (base_at, at), (side_at, place), &mut pairs)?;
        pairs.push((at, place));
        (base_at, side_at) = (at + 1, place + 1);
    }
    match_lines(base, side, (base_at, base.len()), (side_at, side.len()), &mut pairs)?;

    let mut alignment = Alignment { kept: vec![None; base.len()], added: Vec::new() };
    let (mut before, mut next) = (0, 0);
    pairs.push((base.len(), side.len()));
    for (base_at, side_at) in pairs {
        alignment.added.extend(side[next..side_at].iter().map(|item| (before, item)));
        if let Some(item) = side.get(side_at) {
            alignment.kept[base_at] = Some(item);
        }
        (before, next) = (base_at + 1, side_at + 1);
    }
    Some(alignment)
}

/// Adds the longest common subsequence of the comments and blank lines in two ranges, which have no key in common.
fn match_lines(
    base: &[LineGroup<'_>],
    side: &[LineGroup<'_>],
    (base_from, base_to): (usize, usize),
    (side_from, side_to): (usize, usize),
    pairs: &mut Vec<(usize, usize)>,
) -> Option<()> {
    let (rows, columns) = (base_to - base_from, side_to - side_from);
    if rows == 0 || columns == 0 {
        return Some(());
    }
    let width = columns + 1;
    if rows.saturating_add(1).saturating_mul(width) > MAX_TABLE {
        return None;
    }
    let same = |row: usize, column: usize| {
        let (base, side) = (&base[base_from + row], &side[side_from + column]);
        base.key.is_none() && side.key.is_none() && base.content == side.content
    };
    // For each pair of places how much is in common from there on.
    let mut common = vec![0u32; (rows + 1) * width];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            common[row * width + column] = if same(row, column) {
                common[(row + 1) * width + column + 1] + 1
            } else {
                common[(row + 1) * width + column].max(common[row * width + column + 1])
            };
        }
    }
    let (mut row, mut column) = (0, 0);
    while row < rows && column < columns {
        if same(row, column) {
            pairs.push((base_from + row, side_from + column));
            (row, column) = (row + 1, column + 1);
        } else if common[(row + 1) * width + column] >= common[row * width + column + 1] {
            row += 1;
        } else {
            column += 1;
        }
    }
    Some(())
}
