//! An object as what it shares with another and what is new (git, "Documentation/gitformat-pack", "Deltified representation").

/// Bytes that must be the same before they are looked up; every place of the new object is looked at, and each of these of the
/// base.
const BLOCK: usize = 16;
/// Bytes that are copied at once at most: what every git reads.
const MAX_COPY: usize = 0x1_0000;
/// Bytes that are inserted at once at most.
const MAX_INSERT: usize = 0x7f;
/// Bytes of a base past which places do not fit into a copy.
const MAX_BASE: usize = u32::MAX as usize;

/// Makes deltas; keeps its memory from one to the next.
#[derive(Default)]
pub(super) struct Differ {
    /// By a hash of the block, its number in the base and one.
    blocks: Vec<u32>,
    shift: u32,
    out: Vec<u8>,
}

impl Differ {
    /// The delta that makes `new` of `base`, unless it would be longer than `limit` bytes.
    pub(super) fn delta(&mut self, base: &[u8], new: &[u8], limit: usize) -> Option<&[u8]> {
        if base.len() < BLOCK || base.len() > MAX_BASE {
            return None;
        }
        self.read(base);
        self.out.clear();
        length(&mut self.out, base.len());
        length(&mut self.out, new.len());
        // What is new and not written yet begins here.
        let mut start = 0;
        let mut at = 0;
        while at + BLOCK <= new.len() {
            let Some((mut from, mut len)) = self.find(base, new, at) else {
                at += 1;
                if self.out.len() + (at - start) > limit {
                    return None;
                }
                continue;
            };
            let back = base[..from].iter().rev().zip(new[start..at].iter().rev());
            let back = back.take_while(|(a, b)| a == b).count();
            (from, len) = (from - back, len + back);
            insert(&mut self.out, &new[start..at - back]);
            copy(&mut self.out, from, len);
            at = at - back + len;
            start = at;
        }
        insert(&mut self.out, &new[start..]);
        (self.out.len() <= limit).then_some(&self.out)
    }

    fn read(&mut self, base: &[u8]) {
        let count = base.len() / BLOCK;
        let size = (count * 2).next_power_of_two().max(16);
        self.blocks.clear();
        self.blocks.resize(size, 0);
        self.shift = u64::BITS - size.trailing_zeros();
        // The first of several that are the same counts: what follows it is longest.
        for (number, block) in base.as_chunks::<BLOCK>().0.iter().enumerate().rev() {
            let slot = hash(block, self.shift);
            self.blocks[slot] = u32::try_from(number + 1).unwrap_or(0);
        }
    }

    /// Where in the base that is which begins at a place of the new object, and how long it is.
    fn find(&self, base: &[u8], new: &[u8], at: usize) -> Option<(usize, usize)> {
        let block = new[at..].first_chunk::<BLOCK>()?;
        let number = self.blocks[hash(block, self.shift)].checked_sub(1)?;
        let from = number as usize * BLOCK;
        if base[from..from + BLOCK] != *block {
            return None;
        }
        Some((from, BLOCK + common(&base[from + BLOCK..], &new[at + BLOCK..])))
    }
}

/// How many bytes two texts begin with in common.
fn common(a: &[u8], b: &[u8]) -> usize {
    let pairs = a.as_chunks::<32>().0.iter().zip(b.as_chunks::<32>().0);
    let same = pairs.take_while(|(a, b)| a == b).count() * 32;
    same + a[same..].iter().zip(&b[same..]).take_while(|(a, b)| a == b).count()
}

fn hash(block: &[u8; BLOCK], shift: u32) -> usize {
    let (first, second) = block.split_at(BLOCK / 2);
    let word = |half: &[u8]| half.first_chunk().map_or(0, |half| u64::from_le_bytes(*half));
    let mixed = word(first).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) ^ word(second);
    let slot = mixed.wrapping_mul(0xd6e8_feb8_6659_fd93) >> shift;
    usize::try_from(slot).unwrap_or(0)
}

fn length(out: &mut Vec<u8>, mut len: usize) {
    while len > 0x7f {
        out.push(0x80 | byte(len & 0x7f));
        len >>= 7;
    }
    out.push(byte(len));
}

fn insert(out: &mut Vec<u8>, bytes: &[u8]) {
    for part in bytes.chunks(MAX_INSERT) {
        out.push(byte(part.len()));
        out.extend_from_slice(part);
    }
}

fn copy(out: &mut Vec<u8>, mut from: usize, mut len: usize) {
    while len > 0 {
        let now = len.min(MAX_COPY);
        let place = out.len();
        let mut instruction = 0x80;
        out.push(0);
        let size = if now == MAX_COPY { 0 } else { now };
        for (bit, field) in
            [from, from >> 8, from >> 16, from >> 24, size, size >> 8].iter().enumerate()
        {
            if field & 0xff != 0 {
                instruction |= 1 << bit;
                out.push(byte(field & 0xff));
            }
        }
        out[place] = instruction;
        from += now;
        len -= now;
    }
}

fn byte(value: usize) -> u8 {
    u8::try_from(value).expect("it was masked to a byte")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does what the delta says.
    fn applied(base: &[u8], delta: &[u8]) -> Vec<u8> {
        let mut rest = delta.iter().copied();
        let mut length = || {
            let (mut value, mut shift) = (0, 0);
            loop {
                let byte = rest.next().unwrap();
                value |= usize::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    return value;
                }
            }
        };
        assert_eq!(length(), base.len());
        let len = length();
        let mut new = Vec::new();
        while let Some(instruction) = rest.next() {
            if instruction & 0x80 == 0 {
                assert_ne!(instruction, 0);
                new.extend(rest.by_ref().take(instruction.into()));
                continue;
            }
            let mut field = |bits: std::ops::Range<u32>| {
                bits.clone().fold(0, |value, bit| match instruction & (1 << bit) {
                    0 => value,
                    _ => value | usize::from(rest.next().unwrap()) << (8 * (bit - bits.start)),
                })
            };
            let from = field(0..4);
            let len = field(4..7);
            new.extend_from_slice(&base[from..from + if len == 0 { 0x1_0000 } else { len }]);
        }
        assert_eq!(new.len(), len);
        new
    }

    fn noise(len: usize, seed: u64) -> Vec<u8> {
        let mut state = seed;
        let next = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        };
        (0..len).map(next).collect()
    }

    #[test]
    fn what_is_shared_is_copied_and_the_rest_is_inserted() {
        let mut differ = Differ::default();
        let base = noise(300_000, 1);
        let edits = [
            base.clone(),
            [b"new ", &base[..]].concat(),
            [&base[..1000], b"something else", &base[1300..]].concat(),
            [&base[200_000..], &base[..50_000]].concat(),
            [&base[..100], &noise(500, 2), &base[100..]].concat(),
            base[7..].to_vec(),
        ];
        for new in edits {
            let delta = differ.delta(&base, &new, 1000).expect("it is short").to_vec();
            assert!(applied(&base, &delta) == new);
        }
    }

    #[test]
    fn any_two_texts_make_a_delta_that_is_right() {
        let mut differ = Differ::default();
        for seed in 0..200_u64 {
            let len = usize::try_from(seed * seed % 700).unwrap() + 16;
            // Few different bytes, so that much is the same by chance.
            let few = |bytes: Vec<u8>| bytes.iter().map(|byte| byte & 1).collect::<Vec<_>>();
            let (base, new) = (few(noise(len, seed)), few(noise(len * 3 / 2, seed + 1000)));
            let delta = differ.delta(&base, &new, usize::MAX).unwrap().to_vec();
            assert!(applied(&base, &delta) == new, "{seed}");
        }
    }

    #[test]
    fn what_shares_nothing_makes_none() {
        let mut differ = Differ::default();
        assert!(differ.delta(&noise(5000, 1), &noise(5000, 2), 2500).is_none());
        assert!(differ.delta(b"short", &noise(100, 1), 1000).is_none());
        assert_eq!(differ.delta(&noise(100, 1), b"", 1000).unwrap().len(), 2);
    }
}
