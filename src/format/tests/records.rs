//! Sealing in records: where chunks end, and what two versions share.

use proptest::prelude::*;

use super::*;
use crate::format::delta::cuts::{Cutter, window};

const LAYOUT: Layout = Layout { compress: true, delta: true };

fn own_key() -> Key {
    Key::new(SecretBytes::new([5; KEY_LEN]))
}

fn opened(sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    let key = own_key();
    open(|id| (id == key.id()).then_some(&key), sealed).map(|plaintext| plaintext.to_vec())
}

fn cuts(content: &[u8], part: usize) -> Vec<u64> {
    let mut cutter = Cutter::new(own_key().delta_cut(), content.len() as u64);
    let mut ends = Vec::new();
    content.chunks(part).for_each(|part| cutter.push(part, &mut ends));
    cutter.finish(&mut ends);
    ends
}

/// The rules of format.md 2.3 word for word, as slow as they are written.
fn cuts_by_the_book(content: &[u8]) -> Vec<u64> {
    use aes::cipher::{Array, BlockCipherEncrypt};
    let (n, w) = (content.len(), usize::try_from(window(content.len() as u64)).unwrap());
    let padded = [vec![0; 64], content.to_vec()].concat();
    let candidates: Vec<(usize, u64)> = (0..n)
        .filter(|&i| matches!(content[i], 0 | 0x0a | 0x2c | 0x3b | 0x3e | 0x7d))
        .map(|i| {
            let mut state = Array([0; 16]);
            for block in padded[i + 1..i + 65].chunks(16) {
                state.iter_mut().zip(block).for_each(|(a, b)| *a ^= b);
                own_key().delta_cut().encrypt_block(&mut state);
            }
            (i, u64::from_be_bytes(state[..8].try_into().unwrap()))
        })
        .collect();
    let near = |i: usize, j: usize| i != j && i.abs_diff(j) <= w;
    let left: Vec<(usize, u64)> = candidates
        .iter()
        .filter(|(i, v)| !candidates.iter().any(|(j, u)| near(*i, *j) && u == v))
        .copied()
        .collect();
    let mut ends = Vec::new();
    let mut last = 0;
    let cut = |i: &usize, v: &u64| {
        w <= *i && i + w < n && !left.iter().any(|(j, u)| near(*i, *j) && u <= v)
    };
    let found = left.iter().filter(|(i, v)| cut(i, v)).map(|(i, _)| i + 1).chain([n]);
    for end in found {
        while end - last > 8 * w {
            last += 8 * w;
            ends.push(last as u64);
        }
        last = end;
        ends.push(last as u64);
    }
    ends
}

fn lines(lines: usize) -> Vec<u8> {
    (0..lines).flat_map(|n| format!("setting_{n}: {:x}\n", n * n * 7919).into_bytes()).collect()
}

fn contents() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..6000),
        proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), Just(b',')], 1..6000),
        (1usize..12_000, 1usize..40).prop_map(|(n, line)| {
            [vec![b'x'; line], b"\n".to_vec()].concat().into_iter().cycle().take(n).collect()
        }),
        (1usize..300).prop_map(text),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn content_in_parts_is_cut_as_the_rules_say(content in contents(), part in 1usize..5000) {
        prop_assert_eq!(cuts(&content, part), cuts_by_the_book(&content));
    }

    #[test]
    fn what_is_sealed_in_records_opens(content in contents(), compress in any::<bool>()) {
        let content = content.repeat(8_192usize.div_ceil(content.len()));
        let sealed = seal(&own_key(), Layout { compress, delta: true }, &content);
        prop_assert_eq!(sealed[7], DELTA);
        prop_assert_eq!(opened(&sealed).unwrap(), content);
    }

    #[test]
    fn no_changed_bit_is_accepted(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut sealed = seal(&own_key(), LAYOUT, &lines(900));
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        prop_assert!(opened(&sealed).is_err());
    }

    #[test]
    fn no_cut_is_accepted(at in any::<prop::sample::Index>()) {
        let sealed = seal(&own_key(), LAYOUT, &lines(900));
        prop_assert!(opened(&sealed[..at.index(sealed.len())]).is_err());
    }
}

/// The records of a sealed file, without a key: the lengths are masked, so they are found by what two files share.
fn shared_bytes(a: &[u8], b: &[u8]) -> usize {
    let windows: std::collections::HashSet<&[u8]> = a[HEADER_LEN..].windows(64).collect();
    b[HEADER_LEN..].windows(64).filter(|window| windows.contains(window)).count()
}

#[test]
fn an_edit_leaves_most_records_as_they_were() {
    let before = lines(4000);
    let mut after = before.clone();
    after[60_000] = b'#';
    let (a, b) = (seal(&own_key(), LAYOUT, &before), seal(&own_key(), LAYOUT, &after));
    assert!(shared_bytes(&a, &b) * 20 > b.len() * 19, "{} of {}", shared_bytes(&a, &b), b.len());
}

#[test]
fn no_two_records_of_a_file_are_alike() {
    let sealed = seal(&own_key(), LAYOUT, &vec![0; 100_000]);
    let records: std::collections::HashSet<&[u8]> = sealed[HEADER_LEN..].windows(16).collect();
    assert_eq!(records.len(), sealed.len() - HEADER_LEN - 15);
}

#[test]
fn short_contents_are_sealed_whole() {
    let content = lines(1000);
    assert_eq!(seal(&own_key(), LAYOUT, &content[..8_191])[7], WHOLE);
    assert_eq!(seal(&own_key(), LAYOUT, &content[..8_192])[7], DELTA);
}

#[test]
fn a_window_grows_with_the_root_of_the_length() {
    let lengths = [1, 8_192, 65_536, 262_143, 262_144, 1 << 26, 1 << 40];
    assert_eq!(lengths.map(window), [256, 256, 256, 256, 512, 8_192, 8_192]);
}
