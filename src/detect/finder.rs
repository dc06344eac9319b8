//! Finds words in a text, each wherever it is, in any case.
//!
//! At most places of a text no word begins, and the four bytes there say so: a few steps a byte, in tables that a processor keeps
//! at hand. An automaton for the same words has a hundred times as many bytes, and takes longer.

use std::ops::Range;

/// Bytes by which a place is judged. Words with fewer are looked for by their first three, as they are spelled.
const JUDGED: usize = 4;
/// Places that are judged at once, by eight bytes.
const PLACES: usize = 5;
/// Words at most: with more of them hardly a place is told to begin none.
const MOST: usize = 4096;
/// The bit that makes a small letter of a capital one, in four bytes.
const SMALL: u32 = 0x2020_2020;
/// Three of four bytes.
const THREE: u32 = 0x00ff_ffff;

/// A set of words, ready to be found.
pub(super) struct Finder {
    /// In small letters.
    words: Vec<Vec<u8>>,
    long: Table,
    short: Table,
    /// A bit for each number that [`slot`] gives to the first three bytes of a word, in small letters.
    any: Box<[u64; 1 << 10]>,
}

/// Which words may begin with what.
struct Table {
    /// A bit for each number that [`slot`] gives to the first bytes of a word.
    filter: Box<[u64; 1 << 10]>,
    /// By that number: which of `lists` has the words.
    heads: Vec<u16>,
    lists: Vec<Vec<u32>>,
}

/// A number for four bytes.
fn slot(bytes: u32) -> u16 {
    let [.., low, high] = bytes.wrapping_mul(0x9e37_79b1).to_le_bytes();
    u16::from_le_bytes([low, high])
}

impl Table {
    fn new() -> Self {
        let (filter, heads) = (Box::new([0; 1 << 10]), vec![0; 1 << 16]);
        Self { filter, heads, lists: vec![Vec::new()] }
    }

    fn add(&mut self, bytes: u32, word: u32) {
        let slot = slot(bytes);
        self.filter[usize::from(slot >> 6)] |= 1 << (slot & 63);
        let head = &mut self.heads[usize::from(slot)];
        if *head == 0 {
            // Where the numbers of lists are used up, the last one serves for all.
            let number = self.lists.len().min(usize::from(u16::MAX));
            *head = u16::try_from(number).unwrap_or(u16::MAX);
            self.lists.resize_with(number + 1, Vec::new);
        }
        let list = &mut self.lists[usize::from(*head)];
        if !list.contains(&word) {
            list.push(word);
        }
    }

    fn may_have(&self, slot: u16) -> bool {
        self.filter[usize::from(slot >> 6)] >> (slot & 63) & 1 != 0
    }

    fn words(&self, slot: u16) -> &[u32] {
        &self.lists[usize::from(self.heads[usize::from(slot)])]
    }
}

impl Finder {
    /// For these words, in small letters, each with the only spellings that count, or none if all do. `None` where they are
    /// too many, or one is too short.
    pub(super) fn new(words: &[Vec<u8>], spellings: &[Vec<Vec<u8>>]) -> Option<Self> {
        if words.len() > MOST || words.iter().any(|word| word.len() < 2) {
            return None;
        }
        let (mut long, mut short) = (Table::new(), Table::new());
        let mut any = Box::new([0; 1 << 10]);
        let mut may_begin = |bytes: u32| {
            let slot = slot((bytes | SMALL) & THREE);
            any[usize::from(slot >> 6)] |= 1 << (slot & 63);
        };
        for ((word, spellings), index) in words.iter().zip(spellings).zip(0_u32..) {
            if let Some(first) = word.first_chunk::<JUDGED>() {
                long.add(u32::from_le_bytes(*first) | SMALL, index);
                may_begin(u32::from_le_bytes(*first));
                continue;
            }
            let mut all = Vec::new();
            match spellings.is_empty() {
                true => beginnings(word, true, &mut all),
                false => spellings.iter().for_each(|word| beginnings(word, false, &mut all)),
            }
            for bytes in all {
                short.add(bytes, index);
                may_begin(bytes);
            }
        }
        Some(Self { words: words.to_vec(), long, short, any })
    }

    /// Calls `each` with the number and the place of every word that begins in a part of the text, in the order of their
    /// beginnings. It may end behind the part.
    pub(super) fn find(
        &self,
        text: &[u8],
        part: Range<usize>,
        mut each: impl FnMut(u32, Range<usize>),
    ) {
        let mut at_words = |at: usize, words: &[u32]| {
            for &word in words {
                let own = &self.words[word as usize];
                let is_here = text.get(at..at + own.len());
                if is_here.is_some_and(|here| here.eq_ignore_ascii_case(own)) {
                    each(word, at..at + own.len());
                }
            }
        };
        let mut judge = |at: usize, judged: u32| {
            let (long, short) = (slot(judged | SMALL), slot(judged & THREE));
            if self.long.may_have(long) {
                at_words(at, self.long.words(long));
            }
            if self.short.may_have(short) {
                at_words(at, self.short.words(short));
            }
        };
        let end = part.end.min(text.len());
        let mut at = part.start;
        // Several places at once, as hardly any of them begins a word.
        while at + PLACES <= end
            && let Some(eight) = text[at..].first_chunk()
        {
            let eight = u64::from_le_bytes(*eight);
            let small = eight | u64::from_le_bytes([b' '; 8]);
            let may_begin = |place: usize| self.may_begin(low(small >> (8 * place)));
            if may_begin(0) | may_begin(1) | may_begin(2) | may_begin(3) | may_begin(4) {
                for place in (0..PLACES).filter(|&place| may_begin(place)) {
                    judge(at + place, low(eight >> (8 * place)));
                }
            }
            at += PLACES;
        }
        // The last places, as if zeros followed.
        for at in at..end {
            let mut judged = [0; JUDGED];
            for (to, &from) in judged.iter_mut().zip(&text[at..]) {
                *to = from;
            }
            judge(at, u32::from_le_bytes(judged));
        }
    }

    /// Whether a word may begin with the first three of these bytes, in small letters.
    fn may_begin(&self, small: u32) -> bool {
        let slot = slot(small & THREE);
        self.any[usize::from(slot >> 6)] >> (slot & 63) & 1 != 0
    }
}

/// The first four of eight bytes.
fn low(bytes: u64) -> u32 {
    u32::try_from(bytes & u64::from(u32::MAX)).unwrap_or(0)
}

/// Adds the three bytes with which a short word may begin, and what may stand behind one of two.
fn beginnings(word: &[u8], any_case: bool, all: &mut Vec<u32>) {
    let forms = |at: usize| -> Vec<u8> {
        match word.get(at) {
            None => (0..=u8::MAX).collect(),
            Some(byte) if any_case && byte.is_ascii_alphabetic() => {
                vec![byte.to_ascii_lowercase(), byte.to_ascii_uppercase()]
            }
            Some(&byte) => vec![byte],
        }
    };
    for first in forms(0) {
        for second in forms(1) {
            let third = forms(2).into_iter();
            all.extend(third.map(|third| u32::from_le_bytes([first, second, third, 0])));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aho_corasick::AhoCorasick;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_word_is_found_wherever_it_is(
            words in proptest::collection::btree_set("[a-c_]{2,5}", 1..12),
            text in "[a-cA-C_ ]{0,60}",
            (start, end) in (0_usize..20, 0_usize..20),
        ) {
            let words: Vec<Vec<u8>> = words.into_iter().map(String::into_bytes).collect();
            let spellings = vec![Vec::new(); words.len()];
            let finder = Finder::new(&words, &spellings).unwrap();
            let part = start.min(text.len())..text.len().saturating_sub(end).max(start.min(text.len()));
            let mut found = Vec::new();
            finder.find(text.as_bytes(), part.clone(), |word, place| found.push((place.start, place.end, word)));
            let automaton =
                AhoCorasick::builder().ascii_case_insensitive(true).build(&words).unwrap();
            let mut expected: Vec<_> = automaton
                .find_overlapping_iter(&text)
                .map(|found| (found.start(), found.end(), found.pattern().as_u32()))
                .filter(|(start, ..)| part.contains(start))
                .collect();
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_spelling_is_found_where_it_counts() {
        let words = [b"ghp_".to_vec(), b"ey".to_vec()];
        let finder = Finder::new(&words, &[vec![b"ghp_".to_vec()], vec![b"eY".to_vec()]]).unwrap();
        let mut found = Vec::new();
        finder.find(b"ghp_ey eY", 0..9, |word, place| found.push((word, place.start)));
        assert!(found.contains(&(0, 0)) && found.contains(&(1, 7)), "{found:?}");
    }
}
