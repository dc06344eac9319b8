//! Which of very many strings are in a text, each wherever it is, exactly as it is spelled.
//!
//! At most places none begins, and the first four bytes there say so, or the first eight. Where one may begin, it is looked for in a sorted list, so
//! that half a million strings take little more room than their bytes; an automaton takes fifty times as much.

use std::ops::{ControlFlow, Range};

use crate::secret::WipedVec;

/// Places that are judged at once, by eight bytes.
const PLACES: usize = 5;
/// Bits of the filter for each string, so that few places are taken for the beginning of one; and of the whole filter, at
/// least and at most, as powers of two: what a processor keeps at hand.
const BITS_EACH: usize = 32;
const FEWEST_BITS: u32 = 12;
const MOST_BITS: u32 = 22;
/// No string.
const NONE: u32 = u32::MAX;

/// Strings, ready to be found. They may be secret.
pub(crate) struct Strings {
    /// All of them, in their order.
    bytes: WipedVec,
    /// Where each ends.
    ends: Vec<usize>,
    /// The longest other one that each begins with.
    within: Vec<u32>,
    /// A bit for each number that [`Self::slot`] gives to the first bytes of a string.
    filter: Vec<u64>,
    /// The same for the first eight bytes.
    second: Vec<u64>,
    bits: u32,
    /// Of eight bytes those of the shortest string.
    mask: u64,
    shortest: usize,
}

impl Strings {
    /// These strings, sorted and each once; none is empty.
    pub(crate) fn new<'s>(sorted: impl Iterator<Item = &'s [u8]> + Clone) -> Self {
        let (mut len, mut count, mut shortest) = (0, 0_usize, usize::MAX);
        for string in sorted.clone() {
            len += string.len();
            count += 1;
            shortest = shortest.min(string.len());
        }
        let bits = (count * BITS_EACH).next_power_of_two().ilog2().clamp(FEWEST_BITS, MOST_BITS);
        let judged = u32::try_from(8 * shortest.min(size_of::<u64>())).unwrap_or(u64::BITS);
        let mut all = Self {
            bytes: WipedVec::with_capacity(len),
            ends: Vec::with_capacity(count),
            within: Vec::with_capacity(count),
            filter: vec![0; (1 << bits) / 64],
            second: vec![0; (1 << bits) / 64],
            bits,
            mask: u64::MAX >> (u64::BITS - judged),
            shortest,
        };
        // The strings with which the last one begins, the longest last.
        let mut open: Vec<u32> = Vec::new();
        for (string, number) in sorted.zip(0_u32..) {
            all.bytes.extend_from_slice(string);
            all.ends.push(all.bytes.len());
            while open.last().is_some_and(|&last| !string.starts_with(all.string(last))) {
                open.pop();
            }
            all.within.push(open.last().copied().unwrap_or(NONE));
            open.push(number);
            let eight = first_eight(string);
            let (first, second) = (all.slot(low(eight)), all.second_slot(eight));
            all.filter[first / 64] |= 1 << (first % 64);
            all.second[second / 64] |= 1 << (second % 64);
        }
        all
    }

    /// Bytes of the string with this number.
    fn string(&self, number: u32) -> &[u8] {
        let number = number as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[number]]
    }

    fn slot(&self, four: u32) -> usize {
        let judged = four & low(self.mask);
        (judged.wrapping_mul(0x9e37_79b1) >> (u32::BITS - self.bits)) as usize
    }

    fn second_slot(&self, eight: u64) -> usize {
        let product = (eight & self.mask).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::try_from(product >> (u64::BITS - self.bits)).unwrap_or(0)
    }

    fn may_begin(&self, four: u32) -> bool {
        let slot = self.slot(four);
        self.filter[slot / 64] >> (slot % 64) & 1 != 0
    }

    /// Whether any of them is in a text.
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        self.find(text, |_, _| ControlFlow::Break(())).is_break()
    }

    /// Calls `each` with the number and the place of every string in a text.
    pub(crate) fn each(&self, text: &[u8], mut each: impl FnMut(usize, Range<usize>)) {
        let _ = self.find(text, |number, place| {
            each(number, place);
            ControlFlow::Continue(())
        });
    }

    /// The same, until it says to stop.
    fn find(
        &self,
        text: &[u8],
        mut each: impl FnMut(usize, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Some(end) = (text.len() + 1).checked_sub(self.shortest) else {
            return ControlFlow::Continue(());
        };
        let mut at = 0;
        while let Some(eight) = text[at..].first_chunk() {
            let eight = u64::from_le_bytes(*eight);
            let may_begin = |place: usize| self.may_begin(low(eight >> (8 * place)));
            if may_begin(0) | may_begin(1) | may_begin(2) | may_begin(3) | may_begin(4) {
                for place in (0..PLACES).filter(|&place| may_begin(place)) {
                    self.at(text, at + place, &mut each)?;
                }
            }
            at += PLACES;
        }
        let may_begin = |&at: &usize| self.may_begin(low(first_eight(&text[at..])));
        (at..end).filter(may_begin).try_for_each(|at| self.at(text, at, &mut each))
    }

    /// Calls `each` with the strings that begin here.
    fn at(
        &self,
        text: &[u8],
        at: usize,
        each: &mut impl FnMut(usize, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let rest = &text[at..];
        let second = self.second_slot(first_eight(rest));
        if self.second[second / 64] >> (second % 64) & 1 == 0 {
            return ControlFlow::Continue(());
        }
        // The last one that is not greater than the rest begins with all that begin here.
        let (mut first, mut behind) = (0, u32::try_from(self.ends.len()).unwrap_or(NONE));
        while first < behind {
            let middle = first + (behind - first) / 2;
            match self.string(middle) <= rest {
                true => first = middle + 1,
                false => behind = middle,
            }
        }
        let mut number = first.checked_sub(1).unwrap_or(NONE);
        while number != NONE {
            let string = self.string(number);
            if rest.starts_with(string) {
                each(number as usize, at..at + string.len())?;
            }
            number = self.within[number as usize];
        }
        ControlFlow::Continue(())
    }
}

/// The first eight bytes, as if zeros followed.
fn first_eight(bytes: &[u8]) -> u64 {
    if let Some(eight) = bytes.first_chunk() {
        return u64::from_le_bytes(*eight);
    }
    let mut eight = [0; 8];
    eight[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(eight)
}

/// The first four of eight bytes.
fn low(bytes: u64) -> u32 {
    u32::try_from(bytes & u64::from(u32::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aho_corasick::AhoCorasick;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_string_is_found_wherever_it_is(
            strings in proptest::collection::btree_set("[ab]{1,7}|[a-c]{4,11}", 0..12),
            text in "[a-c]{0,60}",
            least in 1_usize..10,
        ) {
            let strings: Vec<_> = strings.into_iter().filter(|string| string.len() >= least).collect();
            let set = Strings::new(strings.iter().map(String::as_bytes));
            let mut found = Vec::new();
            set.each(text.as_bytes(), |number, place| found.push((place.start, place.end, number)));
            let automaton = AhoCorasick::new(&strings).unwrap();
            let mut expected: Vec<_> = automaton
                .find_overlapping_iter(&text)
                .map(|found| (found.start(), found.end(), found.pattern().as_usize()))
                .collect();
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(set.is_in(text.as_bytes()), !expected.is_empty());
            prop_assert_eq!(found, expected);
        }
    }
}
