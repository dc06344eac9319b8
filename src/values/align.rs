//! Which of several values with the same names is which.

use std::collections::{HashMap, VecDeque};

use crate::secret::WipedVec;

/// Whether a value is the same.
pub(super) fn is_same(raw: &[u8], old: Option<&WipedVec>) -> bool {
    old.is_some_and(|old| **old == *raw)
}

/// What of the values that a version had each new one is, by their order.
pub(super) fn align(raws: &[&[u8]], opened: &[Option<WipedVec>]) -> Vec<Option<usize>> {
    let mut aligned = vec![None; raws.len()];
    let start = raws.iter().zip(opened).take_while(|(raw, old)| is_same(raw, old.as_ref())).count();
    let (rest, old_rest) = (&raws[start..], &opened[start..]);
    let both = rest.iter().rev().zip(old_rest.iter().rev());
    let end = both.take_while(|(raw, old)| is_same(raw, old.as_ref())).count();
    (0..start).for_each(|at| aligned[at] = Some(at));
    (0..end).for_each(|at| aligned[raws.len() - 1 - at] = Some(opened.len() - 1 - at));
    let mut between: HashMap<&[u8], VecDeque<usize>> = HashMap::new();
    for (at, old) in opened.iter().enumerate().take(opened.len() - end).skip(start) {
        if let Some(old) = old {
            between.entry(old).or_default().push_back(at);
        }
    }
    for at in start..raws.len() - end {
        aligned[at] = between.get_mut(raws[at]).and_then(VecDeque::pop_front);
    }
    aligned
}
