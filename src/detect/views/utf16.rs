//! UTF-16, also without a byte order mark and inside of something else: letters with a zero byte between them.

use std::ops::Range;

use memchr::memchr;

use super::map::Map;
use super::{Budget, Decoded, Inside, Layout, View, extent};
use crate::secret::WipedVec;

/// Characters at least.
const MIN: usize = 8;
/// What decides on a part: the pairs before and behind it.
const REACH: usize = 2;

pub(super) fn parts(
    text: &[u8],
    within: &[Range<usize>],
    budget: &mut Budget,
    inside: &mut Inside<'_>,
) {
    // Which of the two bytes comes first makes no difference: letters and zeros take turns.
    let is_pair = |at: usize| {
        text.get(at).is_some_and(|&byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=0x7e))
            && text.get(at + 1) == Some(&0)
    };
    let mut done = 0;
    for range in within {
        let mut at = range.start.max(done);
        let end = (range.end + REACH).min(text.len());
        while let Some(zero) = text.get(at..end).and_then(|rest| memchr(0, rest)) {
            let zero = at + zero;
            at = zero + 1;
            let Some(mut first) = zero.checked_sub(1).filter(|&first| is_pair(first)) else {
                continue;
            };
            while let Some(before) = first.checked_sub(2).filter(|&before| is_pair(before)) {
                first = before;
            }
            let mut last = zero - 1;
            while is_pair(last + 2) {
                last += 2;
            }
            at = last + 2;
            done = at;
            let len = (last - first) / 2 + 1;
            if len < MIN {
                continue;
            }
            if !budget.take(len) {
                return;
            }
            let part = first..last + 2;
            let mut bytes = WipedVec::with_capacity(len);
            bytes.extend(text[part.clone()].iter().step_by(2));
            let mut map = Map::default();
            map.piece(0, first, (2, 1));
            let map = map.finish(part.end);
            let extent = extent(&part, REACH);
            let layout = Layout::Pairs(first);
            let plain = Vec::new();
            inside(Decoded { view: View::Utf16, bytes, map, layout, extent, plain }, budget);
        }
    }
}
