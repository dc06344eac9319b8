//! Sealing and opening, whole: what is sealed opens, and nothing else does.

mod forged;
mod records;
mod vectors;
mod version_1;

use proptest::prelude::*;

use super::*;
use crate::secret::SecretBytes;

const PLAIN: Layout = Layout { compress: false, delta: false };

fn key(byte: u8) -> Key {
    Key::new(SecretBytes::new([byte; KEY_LEN]))
}

fn open_with(key: &Key, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    open(|id| (id == key.id()).then_some(key), sealed).map(|plaintext| plaintext.to_vec())
}

fn plaintexts() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..600),
        proptest::collection::vec(prop_oneof![Just(b'a'), Just(b'='), Just(b'\n')], 1..5_000),
        (65_500usize..65_600, any::<u8>()).prop_map(|(n, byte)| vec![byte; n]),
        (131_000usize..131_100, any::<u8>()).prop_map(|(n, byte)| vec![byte; n]),
        (262_100usize..262_200).prop_map(noise),
        (262_100usize..524_300).prop_map(text),
    ]
}

/// Bytes that do not compress.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[4]
    };
    (0..len).map(|_| next()).collect()
}

/// Lines that do.
fn text(len: usize) -> Vec<u8> {
    (0..).flat_map(|n| format!("setting_{n}=value {}\n", n * 7).into_bytes()).take(len).collect()
}

fn layouts() -> impl Strategy<Value = Layout> {
    (any::<bool>(), any::<bool>()).prop_map(|(compress, delta)| Layout { compress, delta })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_sealed_opens(plaintext in plaintexts(), layout in layouts()) {
        let key = key(1);
        let sealed = seal(&key, layout, &plaintext);
        prop_assert!(may_be_sealed(sealed.len() as u64));
        prop_assert!(!is_cut_off(&sealed, sealed.len() as u64));
        prop_assert!(can_hold(&sealed, sealed.len() as u64, plaintext.len() as u64));
        prop_assert_eq!(open_with(&key, &sealed).unwrap(), plaintext);
    }

    #[test]
    fn what_is_sealed_opens_to_its_content_and_to_no_other(
        plaintext in plaintexts(),
        layout in layouts(),
        at in any::<prop::sample::Index>(),
    ) {
        prop_assume!(!plaintext.is_empty());
        let sealed = seal(&key(1), layout, &plaintext);
        let header = Header::parse(&sealed).unwrap();
        let opens_to = |content: &[u8]| opens_to(&key(1), &header, &sealed[HEADER_LEN..], content).unwrap();
        prop_assert!(opens_to(&plaintext));
        let at = at.index(plaintext.len());
        prop_assert!(!opens_to(&plaintext[..at]));
        prop_assert!(!opens_to(&[&plaintext[..], &plaintext[at..]].concat()));
        let mut other = plaintext.clone();
        other[at] ^= 1;
        prop_assert!(!opens_to(&other));
        let mut damaged = sealed.clone();
        let bit = HEADER_LEN + at % (sealed.len() - HEADER_LEN);
        damaged[bit] ^= 1;
        let opened = super::opens_to(&key(1), &header, &damaged[HEADER_LEN..], &plaintext[..]);
        prop_assert!(!opened.unwrap_or(false));
    }

    #[test]
    fn compressing_never_makes_a_file_longer(plaintext in plaintexts()) {
        let (key, length) = (key(1), plaintext.len() as u64);
        let sealed = seal(&key, Layout::default(), &plaintext).len() as u64;
        let stored = seal(&key, PLAIN, &plaintext).len() as u64;
        prop_assert_eq!(Some(stored), sealed_len(length));
        prop_assert!(sealed <= stored);
        prop_assert_eq!(compressed_len(&plaintext), (sealed < stored).then_some(sealed));
    }

    #[test]
    fn no_changed_bit_is_accepted(
        plaintext in plaintexts(),
        layout in layouts(),
        at in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let key = key(1);
        let mut sealed = seal(&key, layout, &plaintext);
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        prop_assert!(open_with(&key, &sealed).is_err(), "byte {at} bit {bit}");
    }

    #[test]
    fn no_cut_is_accepted(
        plaintext in plaintexts(),
        layout in layouts(),
        at in any::<prop::sample::Index>(),
    ) {
        let key = key(1);
        let sealed = seal(&key, layout, &plaintext);
        prop_assert!(open_with(&key, &sealed[..at.index(sealed.len())]).is_err());
    }

    #[test]
    fn no_appended_bytes_are_accepted(
        plaintext in plaintexts(),
        layout in layouts(),
        more in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        let key = key(1);
        let mut sealed = seal(&key, layout, &plaintext);
        sealed.extend_from_slice(&more);
        prop_assert!(open_with(&key, &sealed).is_err());
    }

    #[test]
    fn no_bytes_make_opening_panic(
        sealed in proptest::collection::vec(any::<u8>(), 0..400),
        begin in 0usize..57,
        version in 1u8..4,
    ) {
        let key = key(1);
        let mut bytes = seal(&key, PLAIN, b"x")[..begin.min(56)].to_vec();
        if let Some(byte) = bytes.get_mut(7) {
            *byte = version;
        }
        bytes.extend_from_slice(&sealed);
        prop_assert!(open_with(&key, &bytes).is_err());
    }
}

#[test]
fn a_file_is_written_the_same_from_memory_and_through_a_scratch() {
    let key = key(1);
    for plaintext in [text(700_000), noise(700_000), [text(300_000), noise(300_000)].concat()] {
        for layout in [PLAIN, Layout::default(), Layout { compress: true, delta: true }] {
            let mut siv = key.siv();
            siv.update(&plaintext);
            let (siv, length) = (siv.finish(), plaintext.len() as u64);
            let scratch = crate::secret::WipedVec::default();
            let mut source = plaintext.as_slice();
            let mut sealing =
                Sealing::begin(&key, &siv, length, layout, &mut source, scratch).unwrap();
            let mut sealed = Vec::new();
            sealing.write(&key, &mut source, &mut sealed).unwrap();
            assert_eq!(sealing.len(), sealed.len() as u64);
            assert!(sealed == seal(&key, layout, &plaintext));
        }
    }
}

#[test]
fn another_key_is_named_and_not_tried() {
    let sealed = seal(&key(1), PLAIN, b"secret");
    let error = open_with(&key(2), &sealed).unwrap_err();
    assert!(matches!(error, OpenError::UnknownKey(id) if id == key(1).id()));
}

#[test]
fn the_empty_file_stands_for_itself() {
    assert!(seal(&key(1), Layout::default(), b"").is_empty());
    assert_eq!(sniff(b""), Sniff::Empty);
}

#[test]
fn beginnings_are_told_apart() {
    let sealed = seal(&key(1), PLAIN, b"secret");
    assert_eq!(sniff(&sealed), Sniff::Sealed(key(1).id()));
    assert_eq!(sniff(&sealed[..56]), Sniff::Sealed(key(1).id()));
    assert_eq!(sniff(&sealed[..55]), Sniff::Truncated);
    assert_eq!(sniff(MAGIC), Sniff::Truncated);
    assert_eq!(sniff(&MAGIC[..6]), Sniff::NotSealed);
    assert_eq!(sniff(b"\0SHROUD\x00"), Sniff::UnsupportedVersion(0));
    assert_eq!(sniff(b"\0SHROUD\x04"), Sniff::UnsupportedVersion(4));
    assert_eq!(sniff(b"\0GITCRYPT\0rest"), Sniff::GitCrypt);
    assert_eq!(sniff(b"A=1\n"), Sniff::NotSealed);
}

#[test]
fn a_source_that_is_not_as_long_as_said_is_refused() {
    let key = key(1);
    let mut siv = key.siv();
    siv.update(b"abc");
    let siv = siv.finish();
    for layout in [PLAIN, Layout::default()] {
        for length in [2, 4] {
            let (mut source, scratch) = (&b"abc"[..], crate::secret::WipedVec::default());
            let sealed = Sealing::begin(&key, &siv, length, layout, &mut source, scratch)
                .and_then(|mut sealing| sealing.write(&key, &mut source, Vec::new()));
            assert!(sealed.is_err(), "{length} {layout:?}");
        }
    }
}
