use proptest::prelude::*;

use super::*;
use crate::secret::SecretBytes;

fn key(byte: u8) -> Key {
    Key::new(SecretBytes::new([byte; KEY_LEN]))
}

fn open_with(key: &Key, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    open(|id| (id == key.id()).then_some(key), sealed).map(|plaintext| plaintext.to_vec())
}

fn plaintexts() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..600),
        (65_500usize..65_600, any::<u8>()).prop_map(|(n, byte)| vec![byte; n]),
        (131_000usize..131_100, any::<u8>()).prop_map(|(n, byte)| vec![byte; n]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_sealed_opens(plaintext in plaintexts()) {
        let key = key(1);
        let sealed = seal(&key, &plaintext);
        prop_assert_eq!(sealed.len() as u64, sealed_len(plaintext.len() as u64).unwrap());
        prop_assert!(is_sealed_len(sealed.len() as u64));
        prop_assert_eq!(open_with(&key, &sealed).unwrap(), plaintext);
    }

    #[test]
    fn no_changed_bit_is_accepted(plaintext in plaintexts(), at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let key = key(1);
        let mut sealed = seal(&key, &plaintext);
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        prop_assert!(open_with(&key, &sealed).is_err(), "byte {at} bit {bit}");
    }

    #[test]
    fn no_cut_is_accepted(plaintext in plaintexts(), at in any::<prop::sample::Index>()) {
        let key = key(1);
        let sealed = seal(&key, &plaintext);
        prop_assert!(open_with(&key, &sealed[..at.index(sealed.len())]).is_err());
    }

    #[test]
    fn no_appended_bytes_are_accepted(plaintext in plaintexts(), more in proptest::collection::vec(any::<u8>(), 1..40)) {
        let key = key(1);
        let mut sealed = seal(&key, &plaintext);
        sealed.extend_from_slice(&more);
        prop_assert!(open_with(&key, &sealed).is_err());
    }

    /// Somebody who holds the key builds a body of his own: it opens only if sealing would write it.
    #[test]
    fn what_opens_is_what_sealing_writes(
        length in prop_oneof![0u64..400, Just(65_528), Just(u64::MAX)],
        body_len in 0usize..700,
        fill in 0u8..2,
        cut in prop::option::of(0usize..700),
    ) {
        let key = key(1);
        let content = vec![fill; usize::try_from(length.min(700)).unwrap()];
        let mut siv = key.siv();
        siv.update(&content);
        let header = Header::new(key.id(), &siv.finish());
        let mut padded = length.to_be_bytes().to_vec();
        padded.extend_from_slice(&content);
        padded.resize(body_len, 0);
        let mut sealed = header.0.to_vec();
        let mut cipher = ChunkCipher::new(key.file_cipher(&header.0));
        let pieces = match cut {
            Some(cut) if cut < padded.len() => vec![padded[..cut].to_vec(), padded[cut..].to_vec()],
            _ => vec![padded],
        };
        let count = pieces.len();
        for (index, mut piece) in pieces.into_iter().enumerate() {
            cipher.seal(&mut piece, 0, index + 1 == count);
            sealed.extend_from_slice(&piece);
        }
        if let Ok(plaintext) = open_with(&key, &sealed) {
            prop_assert_eq!(seal(&key, &plaintext), sealed);
        }
    }

    #[test]
    fn no_bytes_make_opening_panic(sealed in proptest::collection::vec(any::<u8>(), 0..400), begin in 0usize..57) {
        let key = key(1);
        let mut bytes = seal(&key, b"x")[..begin.min(56)].to_vec();
        bytes.extend_from_slice(&sealed);
        prop_assert!(open_with(&key, &bytes).is_err());
    }
}

#[test]
fn an_empty_last_chunk_is_refused() {
    let key = key(1);
    let content = vec![7; CHUNK_LEN - 8];
    let mut siv = key.siv();
    siv.update(&content);
    let header = Header::new(key.id(), &siv.finish());
    let mut cipher = ChunkCipher::new(key.file_cipher(&header.0));
    let mut first = (content.len() as u64).to_be_bytes().to_vec();
    first.extend_from_slice(&content);
    let mut second = Vec::new();
    cipher.seal(&mut first, 0, false);
    cipher.seal(&mut second, 0, true);
    let sealed = [header.0.to_vec(), first, second].concat();
    assert!(matches!(open_with(&key, &sealed), Err(OpenError::Authentication)));
}

#[test]
fn another_key_is_named_and_not_tried() {
    let sealed = seal(&key(1), b"secret");
    let error = open_with(&key(2), &sealed).unwrap_err();
    assert!(matches!(error, OpenError::UnknownKey(id) if id == key(1).id()));
}

#[test]
fn the_empty_file_stands_for_itself() {
    assert!(seal(&key(1), b"").is_empty());
    assert_eq!(sniff(b""), Sniff::Empty);
}

#[test]
fn beginnings_are_told_apart() {
    let sealed = seal(&key(1), b"secret");
    assert_eq!(sniff(&sealed), Sniff::Sealed(key(1).id()));
    assert_eq!(sniff(&sealed[..56]), Sniff::Sealed(key(1).id()));
    assert_eq!(sniff(&sealed[..55]), Sniff::Truncated);
    assert_eq!(sniff(MAGIC), Sniff::Truncated);
    assert_eq!(sniff(&MAGIC[..6]), Sniff::NotSealed);
    assert_eq!(sniff(b"\0SHROUD\x02"), Sniff::UnsupportedVersion(2));
    assert_eq!(sniff(b"\0GITCRYPT\0rest"), Sniff::GitCrypt);
    assert_eq!(sniff(b"A=1\n"), Sniff::NotSealed);
}

#[test]
fn a_source_that_is_not_as_long_as_said_is_refused() {
    let key = key(1);
    let mut siv = key.siv();
    siv.update(b"abc");
    let siv = siv.finish();
    let mut sink = Vec::new();
    assert!(seal_stream(&key, &siv, 4, &b"abc"[..], &mut sink).is_err());
    assert!(seal_stream(&key, &siv, 2, &b"abc"[..], &mut sink).is_err());
}
