//! Maps by the ids of objects. Ids are hashes already, so a few steps spread them; a random number keeps those who make objects
//! from choosing which of them collide.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher, RandomState};

/// A map by ids, or by their first bytes.
pub(crate) type IdMap<K, V> = HashMap<K, V, IdState>;
/// A set of ids, or of their first bytes.
pub(crate) type IdSet<K> = HashSet<K, IdState>;

/// Makes the hashes of one map.
#[derive(Clone)]
pub(crate) struct IdState(u64);

impl Default for IdState {
    fn default() -> Self {
        Self(RandomState::new().build_hasher().finish())
    }
}

impl BuildHasher for IdState {
    type Hasher = IdHasher;

    fn build_hasher(&self) -> IdHasher {
        IdHasher(self.0)
    }
}

/// Hashes one id.
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, id: &[u8]) {
        let first = id.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
        let product = u128::from(first ^ self.0) * 0x9e37_79b9_7f4a_7c15_u128;
        let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(0);
        self.0 = half(product >> 64) ^ half(product);
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Tells of most ids that they are none of a set, in one step.
pub(crate) struct Sieve(Vec<u64>);

impl Sieve {
    /// Bits of an id that are looked at.
    const BITS: u32 = 18;

    /// For these ids.
    pub(crate) fn new<'i>(ids: impl Iterator<Item = &'i gix::oid>) -> Self {
        let mut sieve = Self(vec![0; (1 << Self::BITS) / 64]);
        for id in ids {
            let at = Self::place(id);
            sieve.0[at / 64] |= 1 << (at % 64);
        }
        sieve
    }

    /// Whether the id may be one of them.
    pub(crate) fn may_have(&self, id: &gix::oid) -> bool {
        let at = Self::place(id);
        self.0[at / 64] & 1 << (at % 64) != 0
    }

    fn place(id: &gix::oid) -> usize {
        let first = id.as_bytes().first_chunk().map_or(0, |first| u32::from_be_bytes(*first));
        (first >> (u32::BITS - Self::BITS)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sieve_keeps_its_own_ids_and_few_others() {
        let id = |number: u32| {
            let hash = sha1::Sha1::digest(number.to_le_bytes());
            gix::ObjectId::from_bytes_or_panic(&hash)
        };
        use sha1::Digest as _;
        let own: Vec<_> = (0..1000).map(id).collect();
        let sieve = Sieve::new(own.iter().map(AsRef::as_ref));
        assert!(own.iter().all(|id| sieve.may_have(id)));
        assert!((1000..11_000).filter(|&number| sieve.may_have(&id(number))).count() < 200);
        let set: IdSet<gix::ObjectId> = own.iter().copied().collect();
        assert!(set.len() == 1000 && own.iter().all(|id| set.contains(id)));
    }
}
