//! Where an earlier scan has found something, and nothing of what it was.
//!
//! Most hits are in many versions of a file. So the cache names one object for each different hit, which is looked at again;
//! of all others it says which of those hits they have, and where. Values are only ever read from objects that are here.

use super::{Key, key};

/// Bytes of a number in the file.
const NUMBER: usize = 4;
/// Numbers of a hit.
const NUMBERS: usize = 8;
/// Bytes of a hit that is looked at again: its object, and which of its hits it is.
const WHAT_LEN: usize = size_of::<Key>() + NUMBER;
/// Bytes before the hits of an object: its key, and how many hits it has.
const TEXT_LEN: usize = size_of::<Key>() + NUMBER;

/// A hit in an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KnownHit {
    /// Which of [`KnownTexts::whats`] it is.
    pub what: u32,
    /// The first byte and the one behind the last, where the text is not compressed.
    pub extent: (u32, u32),
    /// The first line and column, and the last; zero where the text is compressed.
    pub span: [u32; 4],
    /// The number of the remark beside it; zero for none.
    pub mark: u32,
}

impl KnownHit {
    fn to_bytes(self) -> [u8; NUMBER * NUMBERS] {
        let Self { what, extent, span, mark } = self;
        let numbers = [what, extent.0, extent.1, span[0], span[1], span[2], span[3], mark];
        let mut bytes = [0; NUMBER * NUMBERS];
        for (to, number) in bytes.as_chunks_mut().0.iter_mut().zip(numbers) {
            *to = number.to_be_bytes();
        }
        bytes
    }

    fn of(bytes: &[u8; NUMBER * NUMBERS]) -> Self {
        let mut numbers = [0; NUMBERS];
        for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks().0) {
            *number = u32::from_be_bytes(*bytes);
        }
        let [what, start, end, first, first_column, last, last_column, mark] = numbers;
        Self { what, extent: (start, end), span: [first, first_column, last, last_column], mark }
    }
}

/// The hits of an earlier scan.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct KnownTexts {
    /// For each different hit the object that has it, and which of that object's hits it is.
    whats: Vec<(Key, u32)>,
    /// The objects of `whats`, sorted.
    shown: Vec<Key>,
    /// Other objects with hits, sorted, each with the first of its hits and how many it has.
    texts: Vec<(Key, u32, u32)>,
    hits: Vec<KnownHit>,
}

impl KnownTexts {
    /// Of these hits, and these texts, each with its hits. Texts that `whats` names are left out.
    pub fn new<'t>(
        whats: Vec<(Key, u32)>,
        texts: impl Iterator<Item = (&'t gix::oid, Vec<KnownHit>)>,
    ) -> Self {
        let mut shown: Vec<Key> = whats.iter().map(|&(object, _)| object).collect();
        shown.sort_unstable();
        shown.dedup();
        let mut listed: Vec<_> = texts.map(|(id, hits)| (key(id), hits)).collect();
        listed.retain(|(object, _)| shown.binary_search(object).is_err());
        listed.sort_unstable_by_key(|&(object, _)| object);
        let mut all = Self { whats, shown, ..Self::default() };
        for (object, hits) in listed {
            let place = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
            all.texts.push((object, place(all.hits.len()), place(hits.len())));
            all.hits.extend(hits);
        }
        all
    }

    /// For each different hit the object that is looked at again, and which of its hits it is.
    pub fn whats(&self) -> &[(Key, u32)] {
        &self.whats
    }

    /// The hits of an object that is not looked at again; `None` for any other.
    pub fn of(&self, object: &Key) -> Option<&[KnownHit]> {
        let at = self.texts.binary_search_by(|(key, ..)| key.cmp(object)).ok()?;
        let (_, first, count) = self.texts[at];
        Some(&self.hits[first as usize..][..count as usize])
    }

    /// Whether all objects that are looked at again are among these.
    pub(super) fn all(&self, is_here: impl Fn(&Key) -> bool) -> bool {
        self.shown.iter().all(is_here)
    }

    /// Adds it to a file.
    pub(super) fn write(&self, to: &mut Vec<u8>) {
        let number = |to: &mut Vec<u8>, number: usize| {
            to.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
        };
        number(to, self.whats.len());
        for (object, hit) in &self.whats {
            to.extend_from_slice(object);
            to.extend_from_slice(&hit.to_be_bytes());
        }
        number(to, self.texts.len());
        for (object, first, count) in &self.texts {
            to.extend_from_slice(object);
            to.extend_from_slice(&count.to_be_bytes());
            let hits = &self.hits[*first as usize..][..*count as usize];
            hits.iter().for_each(|hit| to.extend_from_slice(&hit.to_bytes()));
        }
    }

    /// What the rest of a file says; `None` where it is damaged.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut number = || {
            let (number, after) = rest.split_first_chunk()?;
            rest = after;
            Some(u32::from_be_bytes(*number) as usize)
        };
        let count = number()?;
        let (whats, after) = rest.split_at_checked(count.checked_mul(WHAT_LEN)?)?;
        let whats = whats.as_chunks::<WHAT_LEN>().0.iter().filter_map(object_and_number);
        let whats: Vec<_> = whats.collect();
        rest = after;
        let (count, mut rest) = rest.split_first_chunk()?;
        let mut texts = Vec::new();
        for _ in 0..u32::from_be_bytes(*count) {
            let (head, after) = rest.split_first_chunk::<TEXT_LEN>()?;
            let (object, count) = object_and_number(head)?;
            let len = (count as usize).checked_mul(NUMBER * NUMBERS)?;
            let (hits, after) = after.split_at_checked(len)?;
            texts.push((object, hits.as_chunks().0.iter().map(KnownHit::of).collect::<Vec<_>>()));
            rest = after;
        }
        let is_sorted = texts.is_sorted_by(|a, b| a.0 < b.0);
        let is_named = |hit: &KnownHit| (hit.what as usize) < whats.len();
        let is_sound =
            rest.is_empty() && is_sorted && texts.iter().flat_map(|(_, hits)| hits).all(is_named);
        let mut all = Self::new(whats, std::iter::empty());
        for (object, hits) in texts {
            let place = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
            all.texts.push((object, place(all.hits.len()), place(hits.len())));
            all.hits.extend(hits);
        }
        is_sound.then_some(all)
    }
}

fn object_and_number(bytes: &[u8; WHAT_LEN]) -> Option<(Key, u32)> {
    let (object, number) = bytes.split_first_chunk()?;
    Some((*object, u32::from_be_bytes(number.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_damage_is_seen() {
        let id = |number: u8| gix::ObjectId::from_bytes_or_panic(&[number; 20]);
        let hit = |what, mark| KnownHit { what, extent: (3, 9), span: [1, 2, 3, 4], mark };
        let whats = vec![(key(&id(5)), 0), (key(&id(2)), 7)];
        let (a, b, shown) = (id(9), id(1), id(5));
        let texts = [(&*a, vec![hit(0, 0), hit(1, 2)]), (&*b, vec![hit(1, 1)]), (&*shown, vec![])];
        let known = KnownTexts::new(whats, texts.into_iter());
        assert_eq!(known.of(&key(&a)), Some(&[hit(0, 0), hit(1, 2)][..]));
        assert_eq!(known.of(&key(&b)), Some(&[hit(1, 1)][..]));
        assert!(known.of(&key(&shown)).is_none() && known.of(&key(&id(3))).is_none());
        assert!(known.all(|key| key[0] != 9) && !known.all(|key| key[0] != 2));
        let mut bytes = Vec::new();
        known.write(&mut bytes);
        assert_eq!(KnownTexts::read(&bytes), Some(known));
        (0..bytes.len()).for_each(|len| assert_eq!(KnownTexts::read(&bytes[..len]), None, "{len}"));
        // A number that is too large for the file, or that names none of its hits.
        for at in [0, 4 + 2 * WHAT_LEN, 4 + 2 * WHAT_LEN + 4 + size_of::<Key>(), bytes.len() - 32] {
            let mut bytes = bytes.clone();
            bytes[at] = 0xff;
            assert_eq!(KnownTexts::read(&bytes), None, "{at}");
        }
    }
}
